//! `runr doctor`: says what is wrong with runr's own files and processes, and repairs what is safe to.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::Path;

use jiff::Timestamp;

use crate::cli::runtime::block_on;
use crate::cli::{Context, Exit};
use crate::house::{
    Configured, Finding, Fix, Level, Surroundings, gather, judge, judge_repositories,
    judge_workers, look, mend, show,
};
use crate::model::{CommandLine, TaskId, TaskKind, Unread, Unreadable};
use crate::orchestrate::Recovery;
use crate::project::{self, Project};
use crate::report::{look_at, one_line};
use crate::store::{JournalHealth, Layout, Store, Stores, examine};

/// Exit codes: 0 nothing is broken · 1 problems were found · 4 runr's own state cannot be read
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Carry out the repairs that lose nothing; without it nothing is changed
    #[arg(long)]
    fix: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// What `--fix` did.
#[derive(Debug, Default)]
struct Done {
    lines: Vec<String>,
    failed: Vec<String>,
}

pub fn run(context: &Context, args: Args) -> anyhow::Result<Exit> {
    let project = context.project()?;
    let mut done = Done::default();
    let mut findings = match args.fix {
        true => fix_all(&project, &mut done)?,
        false => judge(&gather(&project.root)?),
    };
    findings.extend(workers(&project)?);
    findings.extend(repositories(&project));
    let problems = count(&findings, Level::Problem);
    let mut out = context.out();
    if args.json {
        let whole = serde_json::json!({
            "schema_version": 1,
            "problems": problems,
            "warnings": count(&findings, Level::Warning),
            "findings": findings,
            "fixed": done.lines,
            "not_fixed": done.failed,
        });
        writeln!(out, "{}", serde_json::to_string_pretty(&whole)?)?;
    } else {
        let clean = |text: &str| one_line(text).into_owned();
        for line in &done.lines {
            writeln!(out, "fixed    {}", clean(line))?;
        }
        for line in &done.failed {
            writeln!(out, "not fixed: {}", clean(line))?;
        }
        out.write_all(show(&findings, &clean).as_bytes())?;
        let fixable = findings.iter().any(|finding| finding.fix.is_some());
        if fixable && !args.fix && !context.quiet() {
            writeln!(
                context.err(),
                "  help: runr doctor --fix    does what is said above"
            )?;
        }
    }
    Ok(match problems == 0 && done.failed.is_empty() {
        true => Exit::OK,
        false => Exit::FAILED,
    })
}

/// Looks at the workers that the configuration and the tasks name. Without valid files none is known, which
/// `runr check` tells.
fn workers(project: &Project) -> anyhow::Result<Vec<Finding>> {
    let Ok(loaded) = project::load(project, None) else {
        return Ok(Vec::new());
    };
    let config = &loaded.config;
    let mut names: BTreeSet<&str> = config.workers.keys().map(String::as_str).collect();
    names.extend(config.worker.as_deref());
    names.extend(
        loaded
            .plan
            .tasks()
            .iter()
            .filter_map(|task| task.worker.as_deref()),
    );
    names.remove("shell");
    let configured: Vec<Configured> = names
        .into_iter()
        .map(|name| {
            let command = config.workers.get(name).and_then(|it| it.command.as_ref());
            Configured {
                name: name.to_owned(),
                program: command.and_then(|command| match command {
                    CommandLine::Argv(words) => words.first().cloned(),
                    CommandLine::Shell(text) => text.split_whitespace().next().map(str::to_owned),
                }),
            }
        })
        .collect();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let around = Surroundings {
        path: std::env::split_paths(&path).collect(),
        home: std::env::var_os("HOME").map(Into::into),
        variables: std::env::vars_os()
            .filter(|(_, value)| !value.is_empty())
            .filter_map(|(name, _)| name.into_string().ok())
            .collect(),
    };
    let looked = block_on(async { Ok(look(&configured, &around).await) })?;
    Ok(judge_workers(&looked))
}

/// Looks whether the other repositories that the configuration names can be read. With invalid files here nothing is
/// known of them.
fn repositories(project: &Project) -> Option<Finding> {
    let loaded = project::load(project, None).ok()?;
    let plan = &loaded.plan;
    // What is wrong with this repository's own journal has been said.
    let home = Store::open(&project.root).ok()?;
    let ids = plan.tasks().iter().map(|task| &task.id);
    let stores = Stores::open(home, plan.repositories(), ids);
    let mut repositories = stores.repositories().clone();
    for (number, other) in plan.repositories().others().iter().enumerate() {
        // Other commands read no more of a journal than what its cache does not have.
        if other.unknown.is_none()
            && let Some(why) = damage_of(&other.root)
        {
            repositories.set_unknown(number, Unreadable::new(Unread::Journal, why));
        }
    }
    let unreadable: Vec<_> = repositories.unreadable().collect();
    let mut looks: Vec<String> = Vec::new();
    for (other, unknown) in &unreadable {
        let look = look_at(other, unknown.what);
        let line = format!("{}    {}", look.command, look.why);
        if !looks.iter().any(|known| known.starts_with(&look.command)) {
            looks.push(line);
        }
    }
    judge_repositories(
        plan.repositories().others().len(),
        &unreadable,
        looks.join("; "),
    )
}

/// What is wrong with the journal of another repository, read from its first line to the last.
fn damage_of(root: &Path) -> Option<String> {
    let layout = Layout::new(root);
    match examine(&layout).map(|examination| examination.journal) {
        Err(error) => Some(error.to_string()),
        Ok(JournalHealth::Damaged { before, .. }) => {
            Some(format!("its journal is damaged behind line {before}"))
        }
        Ok(JournalHealth::Lost { .. }) => Some("its journal has lost lines".to_owned()),
        Ok(JournalHealth::Newer) => Some("its journal was written by a newer runr".to_owned()),
        Ok(JournalHealth::None | JournalHealth::Whole { .. } | JournalHealth::Torn { .. }) => None,
    }
}

fn count(findings: &[Finding], level: Level) -> usize {
    let of_level = findings.iter().filter(|finding| finding.level == level);
    of_level.count()
}

/// Fixes one thing at a time and looks again: what is judged later rests on what was fixed before.
fn fix_all(project: &Project, done: &mut Done) -> anyhow::Result<Vec<Finding>> {
    let mut tried = BTreeSet::new();
    loop {
        let findings = judge(&gather(&project.root)?);
        let next = findings
            .iter()
            .filter(|finding| !tried.contains(&finding.check))
            .find_map(|finding| Some((finding.check, finding.fix.clone()?)));
        let Some((check, fix)) = next else {
            return Ok(findings);
        };
        tried.insert(check);
        let mended = match &fix {
            Fix::Settle => settle(project),
            fix => mend(&project.root, fix, Timestamp::now())
                .map(|mended| mended.0)
                .map_err(anyhow::Error::from),
        };
        match mended {
            Ok(lines) => done.lines.extend(lines),
            Err(error) => {
                let causes: Vec<String> = error.chain().map(ToString::to_string).collect();
                done.failed
                    .push(format!("{}: {}", check.word(), causes.join(": ")));
            }
        }
    }
}

/// Records what became of the runs of dead orchestrators. Which tasks are hybrid is in the task files:
/// with these unreadable, a worker's success could pass for an approval.
fn settle(project: &Project) -> anyhow::Result<Vec<String>> {
    let Ok(loaded) = project::load(project, None) else {
        anyhow::bail!("the task files have errors: `runr check` names them");
    };
    let hybrid = |id: &TaskId| {
        let found = loaded.plan.find(id);
        found.is_some_and(|ix| loaded.plan.task(ix).kind == TaskKind::Hybrid)
    };
    let mut store = Store::open(&project.root)?;
    let before = store.state().open.len();
    let recovered = block_on(
        Recovery {
            store: &mut store,
            hybrid: &hybrid,
            own: None,
        }
        .run(),
    )?;
    drop(recovered);
    store.write_cache()?;
    let settled = before.saturating_sub(store.state().open.len());
    Ok(vec![format!(
        "recorded what became of {settled} runs and of their orchestrations"
    )])
}
