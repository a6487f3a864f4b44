//! What may come next on a command line, asked by a shell while somebody types: names of tasks, runs, orchestrations,
//! tracks and workers.
//!
//! Knows names only: it lists folders and reads no task. Says nothing when something is amiss, for nobody could read it.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Command, CommandFactory as _};
use clap_complete::engine::{ArgValueCompleter, CompletionCandidate};
use clap_complete::env::{CompleteEnv, Shells};

use crate::cli::args::Args;
use crate::cli::{Exit, quoting};
use crate::project::{self, Project};
use crate::spec;

/// The variable by which a shell asks. Others than the usual one of the library would not need a script of ours.
const ASKED: &str = "RUNR_COMPLETE";

/// Set by bash when the word that is being typed does not begin with a quote.
const BARE: &str = "RUNR_COMPLETE_BARE";

/// What bash needs beside the script of the library.
const BASH: &str = include_str!("runr.bash");

/// Candidates that are given: nobody reads more.
const MOST: usize = 2000;

/// Answers a shell, if it was one that started this process.
#[must_use]
pub fn answer() -> Option<Exit> {
    std::env::var_os(ASKED)?;
    let here = std::env::current_dir().ok();
    let asked = CompleteEnv::with_factory(|| equipped(Args::command()))
        .var(ASKED)
        .bin("runr")
        .completer("runr")
        .try_complete(std::env::args_os(), here.as_deref());
    match asked {
        Ok(false) => None,
        // A half typed line is no error that anybody should see.
        Ok(true) | Err(_) => Some(Exit::OK),
    }
}

/// Writes the script that makes a shell ask.
///
/// # Errors
/// When it cannot be written.
pub fn script(shell: clap_complete::Shell, out: &mut Vec<u8>) -> std::io::Result<()> {
    let shells = Shells::builtins();
    let name = shell.to_string();
    let completer = shells
        .completer(&name)
        .ok_or(std::io::ErrorKind::NotFound)?;
    completer.write_registration(ASKED, "runr", "runr", "runr", out)?;
    if shell == clap_complete::Shell::Bash {
        out.extend_from_slice(BASH.as_bytes());
    }
    Ok(())
}

/// Gives every argument the completer of what its value is called in the help.
fn equipped(command: Command) -> Command {
    let with_own = command.mut_args(|arg| {
        let named = arg.get_value_names().and_then(|names| names.first());
        let called = named.map(ToString::to_string).unwrap_or_default();
        let own = arg.get_id().as_str().to_uppercase();
        let completer = completer(&called).or_else(|| match called.is_empty() {
            true => completer(&own),
            false => None,
        });
        match completer {
            Some(completer) if arg.get_action().takes_values() => arg.add(completer),
            _ => arg,
        }
    });
    with_own.mut_subcommands(equipped)
}

/// What completes a value that is called so.
fn completer(called: &str) -> Option<ArgValueCompleter> {
    let names: fn(&Project) -> Vec<String> = match called {
        "TASK" => task_names,
        "ORCH" => orchestration_names,
        "RUN|TASK" | "RUN|ORCH" | "RUN" => run_names,
        "ORCH|TASK" => |project| [task_names(project), orchestration_names(project)].concat(),
        "TRACK" => track_names,
        "WORKER" => worker_names,
        _ => return None,
    };
    Some(ArgValueCompleter::new(move |current: &OsStr| {
        matching(current, names)
    }))
}

/// The names that begin as typed, of the project that the line is about.
fn matching(current: &OsStr, names: impl Fn(&Project) -> Vec<String>) -> Vec<CompletionCandidate> {
    let Some(current) = current.to_str().map(quoting::taken_off) else {
        return Vec::new();
    };
    // The last of several with commas between is the one being typed.
    let (before, typed) = match current.rsplit_once(',') {
        Some((before, typed)) => (format!("{before},"), typed),
        None => (String::new(), current.as_str()),
    };
    let Some(project) = project() else {
        return Vec::new();
    };
    let mut found = names(&project);
    found.retain(|name| name.starts_with(typed) && !name.chars().any(char::is_control));
    found.truncate(MOST);
    // The other shells put marks before what they would take for something else themselves.
    let bare = std::env::var_os(BARE).is_some();
    let candidate = |name: String| {
        let word = format!("{before}{name}");
        CompletionCandidate::new(match bare {
            true => quoting::put_on(&word),
            false => word,
        })
    };
    found.into_iter().map(candidate).collect()
}

/// The project of the folder, or of what `-C` says on the line that is being typed.
fn project() -> Option<Project> {
    let words: Vec<OsString> = std::env::args_os().collect();
    let mut folder = std::env::current_dir().ok()?;
    let named = words.iter().enumerate().find_map(|(at, word)| {
        let word = word.to_str()?;
        match word {
            "-C" | "--repo" => words.get(at + 1).map(PathBuf::from),
            _ => word.strip_prefix("--repo=").map(PathBuf::from),
        }
    });
    if let Some(named) = named {
        folder.push(named);
    }
    project::find(&folder)
}

/// The project's own tasks, and those of the repositories that its configuration names.
fn task_names(project: &Project) -> Vec<String> {
    let mut names = tasks_below(&project.root);
    let config = config(project);
    for repo in config.iter().flat_map(|config| &config.repos) {
        let alias = repo.alias.value.as_str();
        let there = tasks_below(&project.root.join(&*repo.folder.value));
        names.extend(there.into_iter().map(|name| format!("{alias}:{name}")));
    }
    names
}

fn tasks_below(root: &Path) -> Vec<String> {
    let mut names = Vec::new();
    let mut folders = vec![String::new()];
    let top = root.join(".runr/tasks");
    while let Some(folder) = folders.pop() {
        for (name, is_folder) in entries(&top.join(&folder)) {
            let id = format!("{folder}{name}");
            match is_folder {
                true if folders.len() < MOST => folders.push(format!("{id}/")),
                false if name.ends_with(".md") => names.push(id),
                _ => {}
            }
        }
        if names.len() > 10 * MOST {
            break;
        }
    }
    names.sort();
    names
}

/// Names in a folder, and whether each is a folder itself. Hidden ones are left out, links not followed.
fn entries(folder: &Path) -> Vec<(String, bool)> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    entries
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let name = entry.file_name().into_string().ok()?;
            let is_folder = entry.file_type().ok()?.is_dir();
            (!name.starts_with('.')).then_some((name, is_folder))
        })
        .collect()
}

/// The newest first.
fn newest(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = entries(folder).into_iter().map(|(name, _)| name).collect();
    names.sort_by(|a, b| b.cmp(a));
    names.truncate(100);
    names
}

fn orchestration_names(project: &Project) -> Vec<String> {
    newest(&project.root.join(".runr/orchestrations"))
}

/// Runs and orchestrations, and the tasks whose last run may be meant.
fn run_names(project: &Project) -> Vec<String> {
    let mut names = task_names(project);
    names.extend(newest(&project.root.join(".runr/runs")));
    names.extend(orchestration_names(project));
    names
}

fn track_names(project: &Project) -> Vec<String> {
    let mut names = Vec::new();
    for file in [".runr/orchestration.yaml", "orchestration.yaml"] {
        let Ok(Some(text)) = project::read_text(&project.root, file) else {
            continue;
        };
        let doc = spec::read_orchestration(&Arc::from(file), text.as_bytes(), &mut Vec::new());
        let tracks = doc.map(|doc| doc.tracks).unwrap_or_default();
        names = tracks
            .iter()
            .map(|track| track.name.value.to_string())
            .collect();
        break;
    }
    names
}

fn worker_names(project: &Project) -> Vec<String> {
    let mut names = ["claude-code", "codex", "shell"]
        .map(str::to_owned)
        .to_vec();
    let config = config(project);
    let configured = config.iter().flat_map(|config| &config.workers);
    names.extend(configured.map(|worker| worker.name.value.to_string()));
    names.sort();
    names.dedup();
    names
}

/// The configuration, if there is one and it can be read.
fn config(project: &Project) -> Option<spec::ConfigDoc> {
    [".runr/config.yaml", ".runr/runr.config.json"]
        .into_iter()
        .find_map(|file| {
            let text = project::read_text(&project.root, file).ok()??;
            spec::read_config(&Arc::from(file), text.as_bytes(), &mut Vec::new())
        })
}
