//! Are the configured workers there, do they know who pays, and do they understand what they are told?
//!
//! Looks without spending: a version, a help text, a login that the program itself tells of or that a
//! variable or file stands for. Knows the programs of the built-in workers. Does not know what runr will
//! ask of them.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;

use crate::house::finding::{Check, Finding};

/// How long a program may take to answer. Their first start is slow.
const PATIENCE: Duration = Duration::from_secs(20);

/// A worker of the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Configured {
    pub name: String,
    /// What is started. `None`: the built-in program of that name.
    pub program: Option<String>,
}

/// What of the environment is looked at.
#[derive(Debug, Clone, Default)]
pub struct Surroundings {
    /// Of `PATH`, in order.
    pub path: Vec<PathBuf>,
    pub home: Option<PathBuf>,
    /// Variables that are set and not empty, by name.
    pub variables: Vec<String>,
}

/// What is known of one worker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Worker {
    pub name: String,
    pub program: String,
    /// `None`: not found.
    pub found: Option<PathBuf>,
    /// The first line of its version. `None`: it did not say.
    pub version: Option<String>,
    pub login: Login,
    /// Flags that it needs and its help does not name. `None`: it gave no help.
    pub missing: Option<Vec<&'static str>>,
}

/// Does it know who pays?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Login {
    /// A variable or a file stands for it, or the program says so.
    There,
    Missing,
    /// It is not known how to tell.
    Unknown,
}

/// How a built-in worker is asked.
struct Known {
    program: &'static str,
    help: &'static [&'static str],
    flags: &'static [&'static str],
    variables: &'static [&'static str],
    /// From the home folder.
    files: &'static [&'static str],
    status: &'static [&'static str],
    log_in: &'static str,
}

const CLAUDE: Known = Known {
    program: "claude",
    help: &["--help"],
    flags: &[
        "--print",
        "--output-format",
        "--session-id",
        "--resume",
        "--settings",
        "--permission-mode",
    ],
    variables: &[
        "ANTHROPIC_API_KEY",
        "ANTHROPIC_AUTH_TOKEN",
        "CLAUDE_CODE_OAUTH_TOKEN",
        "CLAUDE_CODE_USE_BEDROCK",
        "CLAUDE_CODE_USE_VERTEX",
    ],
    files: &[".claude/.credentials.json"],
    status: &["auth", "status"],
    log_in: "claude auth login    logs in; or set ANTHROPIC_API_KEY",
};

const CODEX: Known = Known {
    program: "codex",
    help: &["exec", "--help"],
    flags: &["--json", "--sandbox", "--config"],
    variables: &["OPENAI_API_KEY", "CODEX_API_KEY"],
    files: &[".codex/auth.json"],
    status: &["login", "status"],
    log_in: "codex login    logs in; or set OPENAI_API_KEY",
};

fn known(name: &str) -> Option<&'static Known> {
    match name {
        "claude-code" => Some(&CLAUDE),
        "codex" => Some(&CODEX),
        _ => None,
    }
}

/// Looks at every worker, one after the other.
pub async fn look(configured: &[Configured], around: &Surroundings) -> Vec<Worker> {
    let mut workers = Vec::new();
    for worker in configured {
        workers.push(one(worker, around).await);
    }
    workers
}

async fn one(worker: &Configured, around: &Surroundings) -> Worker {
    let known = known(&worker.name);
    let program = match (&worker.program, known) {
        (Some(program), _) => program.clone(),
        (None, Some(known)) => known.program.to_owned(),
        (None, None) => worker.name.clone(),
    };
    let found = find(&program, around);
    let mut looked = Worker {
        name: worker.name.clone(),
        program,
        found: found.clone(),
        version: None,
        login: Login::Unknown,
        missing: Some(Vec::new()),
    };
    // What a program of the user's own understands is not known: it is not started.
    let (Some(path), Some(known)) = (found, known) else {
        return looked;
    };
    let version = ask(&path, &["--version"]).await;
    looked.version = version
        .filter(|told| told.ok)
        .and_then(|told| told.text.lines().next().map(|line| line.trim().to_owned()));
    looked.login = login(&path, known, around).await;
    looked.missing = ask(&path, known.help)
        .await
        .filter(|told| told.ok)
        .map(|told| {
            let flags = known.flags.iter().copied();
            flags.filter(|flag| !names(&told.text, flag)).collect()
        });
    looked
}

async fn login(path: &Path, known: &Known, around: &Surroundings) -> Login {
    let set = |name: &&str| around.variables.iter().any(|variable| variable == *name);
    let there = |file: &&str| {
        let home = around.home.as_deref();
        home.is_some_and(|home| home.join(file).is_file())
    };
    if known.variables.iter().any(set) || known.files.iter().any(there) {
        return Login::There;
    }
    match ask(path, known.status).await {
        Some(told) if told.ok => Login::There,
        Some(_) => Login::Missing,
        None => Login::Unknown,
    }
}

/// Is the flag named as a whole word?
fn names(help: &str, flag: &str) -> bool {
    help.match_indices(flag).any(|(at, _)| {
        let next = help[at + flag.len()..].chars().next();
        !next.is_some_and(|c| c.is_ascii_alphanumeric() || c == '-')
    })
}

fn find(program: &str, around: &Surroundings) -> Option<PathBuf> {
    if program.contains('/') {
        let path = PathBuf::from(program);
        return path.is_file().then_some(path);
    }
    let mut all = around.path.iter().map(|folder| folder.join(program));
    all.find(|path| path.is_file())
}

struct Told {
    ok: bool,
    text: String,
}

/// Runs a program to its end and gives what it printed. `None`: it could not be run, or took too long.
async fn ask(path: &Path, args: &[&str]) -> Option<Told> {
    let asked = Command::new(path)
        .args(args)
        .stdin(Stdio::null())
        .env("DISABLE_AUTOUPDATER", "1")
        .env("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1")
        .current_dir("/")
        .kill_on_drop(true)
        .output();
    let output = tokio::time::timeout(PATIENCE, asked).await.ok()?.ok()?;
    Some(Told {
        ok: output.status.success(),
        text: String::from_utf8_lossy(&output.stdout).into_owned(),
    })
}

/// Judges the workers, one finding each. Pure.
#[must_use]
pub fn judge_workers(workers: &[Worker]) -> Vec<Finding> {
    workers.iter().map(judge).collect()
}

fn judge(worker: &Worker) -> Finding {
    let is = Check::Workers;
    let name = &worker.name;
    let Some(path) = &worker.found else {
        return Finding::problem(
            is,
            format!("`{name}`: there is no program `{}`", worker.program),
        )
        .means("its tasks end as `worker_missing`")
        .remedy("install it, or name another worker in the configuration");
    };
    let known = known(name);
    let version = worker
        .version
        .as_deref()
        .unwrap_or("it does not say its version");
    let line = match known {
        Some(_) => format!("`{name}`: {version}"),
        None => format!("`{name}`: {}", path.display()),
    };
    match (&worker.missing, worker.login, known) {
        (None, _, _) => Finding::problem(is, format!("{line}; it does not show its help"))
            .means("what it understands is not known")
            .remedy(format!("`{} --help` has to work", worker.program)),
        (Some(missing), _, _) if !missing.is_empty() => Finding::problem(
            is,
            format!("{line}; it does not understand all that it is told"),
        )
        .details(missing.iter().map(|flag| (*flag).to_owned()))
        .means("its tasks would fail at their start")
        .remedy("install a newer one"),
        (_, Login::Missing, Some(known)) => Finding::warning(is, format!("{line}; not logged in"))
            .means("its tasks end as `auth_required`")
            .remedy(known.log_in),
        (_, Login::There, _) => Finding::ok(is, format!("{line}, logged in")),
        _ => Finding::ok(is, line),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::house::finding::Level;

    fn worker(name: &str) -> Worker {
        Worker {
            name: name.to_owned(),
            program: "claude".to_owned(),
            found: Some(PathBuf::from("/bin/claude")),
            version: Some("2.1.330 (Claude Code)".to_owned()),
            login: Login::There,
            missing: Some(Vec::new()),
        }
    }

    #[test]
    fn each_fact_has_its_finding() {
        let good = worker("claude-code");
        for (worker, level, words) in [
            (good.clone(), Level::Ok, "2.1.330 (Claude Code), logged in"),
            (
                Worker {
                    found: None,
                    ..good.clone()
                },
                Level::Problem,
                "there is no program `claude`",
            ),
            (
                Worker {
                    login: Login::Missing,
                    ..good.clone()
                },
                Level::Warning,
                "not logged in",
            ),
            (
                Worker {
                    missing: Some(vec!["--session-id"]),
                    ..good.clone()
                },
                Level::Problem,
                "does not understand",
            ),
            (
                Worker {
                    missing: None,
                    ..good.clone()
                },
                Level::Problem,
                "does not show its help",
            ),
            (
                Worker {
                    login: Login::Unknown,
                    ..worker("aider")
                },
                Level::Ok,
                "/bin/claude",
            ),
        ] {
            let finding = judge(&worker);
            assert_eq!(finding.level, level, "{finding:?}");
            assert!(finding.line.contains(words), "{finding:?}");
        }
    }

    #[test]
    fn a_flag_is_a_whole_word() {
        let help = "  --json-schema S\n  --model M";
        for (flag, named) in [
            ("--json", false),
            ("--model", true),
            ("--json-schema", true),
        ] {
            assert_eq!(names(help, flag), named, "{flag}");
        }
    }
}
