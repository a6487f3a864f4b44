//! `runr tasks add`: writes a new task file, after the whole project was checked with it.

use std::io::{Read as _, Write as _};

use anyhow::Context as _;
use serde_json::json;

use crate::cli::commands::tasks::changes::Keys;
use crate::cli::{Context, Exit, Failure, names};
use crate::intake::{Draft, next_name, reference};
use crate::model::TaskId;
use crate::plan::Plan;
use crate::project::{self, Edits, Loaded, Project};
use crate::report::shell_word;
use crate::spec::{Change, MAX_BYTES, StepEditError, scalar, scalars, with_changes, with_step};
use crate::store::{Layout, prepare};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// What it is called; its first heading, and the words of its file's name
    title: String,
    /// What it waits for: tasks as `03`, `03-http` or `net/03-http.md`
    #[arg(long, value_name = "TASK", value_delimiter = ',')]
    depends_on: Vec<String>,
    /// Who does it [default: automated]
    #[arg(long = "type", value_name = "TYPE")]
    kind: Option<Kind>,
    /// The command that does it, for the shell
    #[arg(long, value_name = "COMMAND")]
    run: Option<String>,
    /// Who works on it
    #[arg(long, value_name = "WORKER")]
    worker: Option<String>,
    /// A path pattern that it may change; may be given several times
    #[arg(long, value_name = "PATTERN")]
    owns: Vec<String>,
    /// A tag; may be given several times
    #[arg(long, value_name = "TAG")]
    tag: Vec<String>,
    /// What is asked; `-` reads it from stdin
    #[arg(long, value_name = "TEXT")]
    body: Option<String>,
    #[command(flatten)]
    keys: Keys,
    /// Put it behind the last step of this track of the orchestration file
    #[arg(long, value_name = "TRACK")]
    track: Option<String>,
    /// The folder below .runr/tasks/ to put it into
    #[arg(long, value_name = "FOLDER", conflicts_with = "id")]
    into: Option<String>,
    /// Its file below .runr/tasks/ [default: the folder's next number and the title]
    #[arg(long, value_name = "ID")]
    id: Option<String>,
    /// Print what would be written and change nothing
    #[arg(short = 'n', long)]
    dry_run: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Kind {
    /// Its worker does it
    Automated,
    /// A person does it
    Manual,
    /// Its worker does it and a person approves it
    Hybrid,
}

pub fn run(context: &Context, args: Args) -> anyhow::Result<Exit> {
    if args.title.trim().is_empty() {
        return Err(Failure::usage("a task needs a title").into());
    }
    let project = context.project()?;
    let loaded = context.load(&project, None)?;
    let id = id(&args, &loaded.plan)?;
    let file = id.status_key();
    if project.root.join(&file).symlink_metadata().is_ok() {
        return Err(Failure::usage(format!("`{file}` is there already"))
            .help(format!(
                "runr tasks edit {}    changes it",
                shell_word(id.as_str())
            ))
            .into());
    }
    let needs = needs(&args, &loaded.plan, &id)?;
    let text = text(&args, &needs)?;
    let mut edits = Edits::default();
    edits.put(file.as_str(), text.as_str());
    let step = step(&args, &project, &loaded, &id)?;
    if let Some(step) = &step {
        edits.put(step.file.as_str(), step.after.as_str());
    }
    context.load_with(&project, &edits)?;
    if !args.dry_run {
        write(&project, &file, &text, step.as_ref())?;
    }
    let mut out = context.out();
    if args.json {
        let said = json!({
            "schema_version": 1,
            "task": id,
            "file": file,
            "depends_on": needs,
            "track": args.track,
            "text": text,
            "written": !args.dry_run,
        });
        writeln!(out, "{said}")?;
    } else if args.dry_run {
        writeln!(out, "would write {file}:")?;
        out.write_all(text.as_bytes())?;
        if let (Some(step), Some(track)) = (&step, &args.track) {
            writeln!(out, "would add it to the track {track} in {}", step.file)?;
        }
    } else {
        writeln!(out, "wrote {file}")?;
        if let (Some(step), Some(track)) = (&step, &args.track) {
            writeln!(out, "added it to the track {track} in {}", step.file)?;
        }
    }
    Ok(Exit::OK)
}

/// The id asked for, or one of the folder's next number and the title.
fn id(args: &Args, plan: &Plan) -> Result<TaskId, Failure> {
    let name = match &args.id {
        Some(id) => {
            let id = id.trim_start_matches("./");
            let id = id.strip_prefix(".runr/tasks/").unwrap_or(id);
            match id.ends_with(".md") {
                true => id.to_owned(),
                false => format!("{id}.md"),
            }
        }
        None => {
            let folder = folder(args.into.as_deref().unwrap_or_default())?;
            let ids = plan.numbers().map(|ix| plan.task(ix).id.as_str());
            let names = ids.filter_map(|id| {
                let name = id.strip_prefix(&folder)?;
                (name.ends_with(".md") && !name.contains('/')).then_some(name)
            });
            let next = next_name(names, &args.title);
            format!("{folder}{next}")
        }
    };
    let hidden = name.split('/').any(|part| part.starts_with('.'));
    match TaskId::parse(&name) {
        Ok(id) if !hidden => Ok(id),
        Ok(_) => Err(Failure::usage(format!(
            "a task cannot be called `{name}`: names that begin with a dot are not read"
        ))),
        Err(error) => Err(Failure::usage(format!("no task can be called so: {error}"))),
    }
}

/// A folder below `.runr/tasks/`, empty or ending in `/`.
///
/// # Errors
/// When it leaves that folder.
pub fn folder(name: &str) -> Result<String, Failure> {
    let name = name.trim_start_matches("./").trim_matches('/');
    let name = name
        .strip_prefix(".runr/tasks")
        .unwrap_or(name)
        .trim_matches('/');
    if name.is_empty() {
        return Ok(String::new());
    }
    match TaskId::parse(name) {
        Ok(_) if name.split('/').all(|part| !part.starts_with('.')) => Ok(format!("{name}/")),
        _ => Err(Failure::usage(format!(
            "`{}` is no folder below .runr/tasks/",
            name.escape_debug()
        ))),
    }
}

/// The prerequisites, as the new file names them.
fn needs(args: &Args, plan: &Plan, id: &TaskId) -> Result<Vec<String>, Failure> {
    let exists = |name: &str| TaskId::parse(name).is_ok_and(|id| plan.find(&id).is_some());
    args.depends_on
        .iter()
        .map(|typed| named(plan, id, typed, &exists))
        .collect()
}

/// A prerequisite that a person names, as the file of `id` writes it.
///
/// # Errors
/// When it means no task, or several.
pub fn named(
    plan: &Plan,
    id: &TaskId,
    typed: &str,
    exists: &dyn Fn(&str) -> bool,
) -> Result<String, Failure> {
    // A task of another repository: the check of all files says whether it is there.
    if typed.contains(':') {
        return Ok(typed.to_owned());
    }
    let target = &plan.task(names::task(plan, typed)?).id;
    Ok(match target.is_inline() {
        true => target.as_str().to_owned(),
        false => reference(id.as_str(), target.as_str(), exists),
    })
}

fn text(args: &Args, needs: &[String]) -> anyhow::Result<String> {
    let mut keys = Vec::new();
    if !needs.is_empty() {
        keys.push(("depends_on", scalars(needs)));
    }
    match args.kind {
        Some(Kind::Manual) => keys.push(("type", "manual".to_owned())),
        Some(Kind::Hybrid) => keys.push(("type", "hybrid".to_owned())),
        Some(Kind::Automated) | None => {}
    }
    if let Some(worker) = &args.worker {
        keys.push(("worker", scalar(worker)));
    }
    if let Some(command) = &args.run {
        keys.push(("run", scalar(command)));
    }
    for (key, texts) in [("owns", &args.owns), ("tags", &args.tag)] {
        if !texts.is_empty() {
            keys.push((key, scalars(texts)));
        }
    }
    let draft = Draft {
        title: args.title.clone(),
        body: body(args.body.as_deref())?,
        keys,
    };
    let changes: Vec<Change> = args.keys.changes()?;
    with_changes(&draft.text(), &changes).context("cannot write the frontmatter")
}

fn body(given: Option<&str>) -> anyhow::Result<String> {
    match given {
        Some("-") => {
            let mut text = String::new();
            let read = std::io::stdin()
                .lock()
                .take(MAX_BYTES)
                .read_to_string(&mut text);
            read.context("cannot read the text from stdin")?;
            Ok(text)
        }
        given => Ok(given.unwrap_or_default().to_owned()),
    }
}

/// A change of the orchestration file.
struct Step {
    file: String,
    before: String,
    after: String,
}

fn step(
    args: &Args,
    project: &Project,
    loaded: &Loaded,
    id: &TaskId,
) -> anyhow::Result<Option<Step>> {
    let Some(track) = &args.track else {
        return Ok(None);
    };
    let none = || {
        Failure::usage(format!(
            "there is no orchestration file with a track `{track}`"
        ))
        .help("runr tasks add without --track writes a task outside of all tracks")
    };
    let path = loaded.orchestration.as_ref().ok_or_else(none)?;
    let file = path.to_string_lossy().into_owned();
    let before = project::read_text(&project.root, &file)?.ok_or_else(none)?;
    // From the orchestration file's own folder, and from `.runr/tasks/`: the id means the task from both.
    let after = with_step(&before, track, id.as_str()).map_err(|error| {
        let failure = Failure::usage(format!("{file}: {error}"));
        match &error {
            StepEditError::NoTrack { tracks, .. } => {
                failure.help(format!("its tracks are {}", tracks.join(", ")))
            }
            StepEditError::Form { .. } => failure.help(format!("add `- task: {id}` to it by hand")),
            StepEditError::Unreadable => failure,
        }
    })?;
    Ok(Some(Step {
        file,
        before,
        after,
    }))
}

fn write(project: &Project, file: &str, text: &str, step: Option<&Step>) -> anyhow::Result<()> {
    prepare(&Layout::new(&project.root))?;
    let mut own = Edits::default();
    own.put(file, text);
    own.create(&project.root)?;
    if let Some(step) = step
        && let Err(error) = project::rewrite(&project.root, &step.file, &step.before, &step.after)
    {
        // Both or none.
        std::fs::remove_file(project.root.join(file))?;
        return Err(error.into());
    }
    Ok(())
}
