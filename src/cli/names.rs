//! Finds the task that a person means.

use crate::cli::exit::Failure;
use crate::model::{Alias, Whose};
use crate::plan::{Plan, TaskIx};
use crate::report::shell_word;

/// The task named on the command line: its id, its path from the root, its id without `.md`, or a part that
/// begins one id or file name only (`03` for `net/03-http.md`).
///
/// # Errors
/// When nothing matches, naming what is near; or when several do, naming them.
pub fn task(plan: &Plan, name: &str) -> Result<TaskIx, Failure> {
    let wanted = name.trim_start_matches("./");
    let wanted = wanted.strip_prefix(".runr/tasks/").unwrap_or(wanted);
    if wanted.trim().is_empty() {
        return Err(Failure::usage("the name of a task is empty")
            .help("runr tasks list    shows all tasks"));
    }
    let renamed = under_its_first_name(plan, wanted);
    let wanted = renamed.as_deref().unwrap_or(wanted);
    let ids = || plan.numbers().map(|ix| (ix, plan.task(ix).id.as_str()));
    let last = |id: &str| id.rsplit('/').next().unwrap_or_default().to_owned();
    // From the strictest reading to the loosest; the first that finds something decides.
    let readings: [&dyn Fn(&str) -> bool; 4] = [
        &|id| id == wanted,
        &|id| id.strip_suffix(".md") == Some(wanted),
        &|id| last(id) == wanted || last(id).strip_suffix(".md") == Some(wanted),
        &|id| id.starts_with(wanted) || last(id).starts_with(wanted),
    ];
    for reading in readings {
        let found: Vec<(TaskIx, &str)> = ids().filter(|(_, id)| reading(id)).collect();
        match found.as_slice() {
            [] => {}
            [(ix, _)] => return Ok(*ix),
            several => {
                let names: Vec<String> = several
                    .iter()
                    .take(5)
                    .map(|(_, id)| format!("`{id}`"))
                    .collect();
                let more = if several.len() > 5 { ", …" } else { "" };
                return Err(
                    Failure::usage(format!("`{name}` is not the name of one task"))
                        .help(format!("it could be {}{more}", names.join(", "))),
                );
            }
        }
    }
    let nearest = ids()
        .map(|(_, id)| {
            (
                strsim::jaro_winkler(id.trim_end_matches(".md"), wanted.trim_end_matches(".md")),
                id,
            )
        })
        .filter(|(score, _)| *score > 0.75)
        .max_by(|a, b| a.0.total_cmp(&b.0));
    let failure = Failure::usage(format!("no task `{name}`"));
    Err(match nearest {
        Some((_, id)) => failure.help(format!("did you mean `{id}`?")),
        None => failure.help("runr tasks list    shows all tasks"),
    })
}

/// A repository may have several names in the configuration, and the plan knows it by the first: `lib2:x` is `lib:x`
/// then. `None`: the name is as the plan has it.
fn under_its_first_name(plan: &Plan, wanted: &str) -> Option<String> {
    let (alias, task) = wanted.split_once(':')?;
    let repositories = plan.repositories();
    let known = repositories.known_by(Whose::Home);
    let whose = *known.get(&Alias::parse(alias)?)?;
    Some(match repositories.get(whose) {
        None => task.to_owned(),
        Some(other) => format!("{}:{task}", other.alias.as_str()),
    })
}

/// As [`task`], for what can be done in the task's own repository only.
///
/// # Errors
/// As for [`task`]; and when it is another repository's: the command `runr VERB` there is named.
pub fn own(plan: &Plan, name: &str, verb: &str) -> Result<TaskIx, Failure> {
    let ix = task(plan, name)?;
    let id = &plan.task(ix).id;
    let repositories = plan.repositories();
    match repositories.get(repositories.whose(id)) {
        None => Ok(ix),
        Some(other) => {
            let own = repositories.own(id);
            let (folder, own) = (shell_word(&other.typed), shell_word(own.as_str()));
            let failure = Failure::usage(format!("`{id}` is a task of another repository"));
            Err(failure.help(format!("runr -C {folder} {verb} {own}    does it there")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::sample;

    #[test]
    fn people_name_tasks_in_many_ways() {
        let plan = sample(&[
            ("00-setup.md", &[]),
            ("net/03-http.md", &[]),
            ("net/04-tls.md", &[]),
            ("ui/03-http.md", &[]),
        ]);
        for (name, expected) in [
            ("00-setup.md", 0),
            ("00-setup", 0),
            (".runr/tasks/00-setup.md", 0),
            ("00", 0),
            ("net/03-http", 1),
            ("04-tls", 2),
            ("04", 2),
            ("ui/", 3),
        ] {
            assert_eq!(
                task(&plan, name).map_err(|e| e.message),
                Ok(TaskIx(expected)),
                "{name}"
            );
        }
        let several = task(&plan, "03-http").unwrap_err();
        assert_eq!(
            several.help,
            ["it could be `net/03-http.md`, `ui/03-http.md`"]
        );
        assert_eq!(
            task(&plan, "00-steup").unwrap_err().help,
            ["did you mean `00-setup.md`?"]
        );
        assert_eq!(
            task(&plan, " ").unwrap_err().message,
            "the name of a task is empty"
        );
        assert_eq!(task(&plan, "zebra").unwrap_err().message, "no task `zebra`");
    }
}
