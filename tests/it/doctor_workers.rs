//! `runr doctor` and the configured workers, with a program that stands in for the real one.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::Value;

use crate::support_sealed::{Sealed, Told, told};

const HELP: &str = "--print --output-format --session-id --resume --settings --permission-mode";

/// A project whose worker is Claude Code, and a program of its name that answers so.
fn project(help: &str, logged_in: &str) -> Sealed {
    let sealed = Sealed::new();
    sealed.put(".runr/config.yaml", "worker: claude-code\n");
    sealed.put(".runr/tasks/a.md", "---\nrun: 'true'\n---\n# A\n");
    let script = format!(
        "#!/bin/sh\ncase \"$*\" in\n--version) echo '9.9.9 (Claude Code)';;\n--help) echo '{help}';;\n'auth status') exit {logged_in};;\n*) echo \"asked $*\" >> \"$0.spent\"; exit 9;;\nesac\n"
    );
    sealed.put("bin/claude", &script);
    let path = sealed.root().join("bin/claude");
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    sealed
}

fn doctor(sealed: &Sealed, env: &[(&str, &str)]) -> (Told, Value) {
    let path = format!("{}/bin:/usr/bin:/bin", sealed.root().display());
    let mut command = sealed.command(env!("CARGO_BIN_EXE_runr"));
    command
        .args(["doctor", "--json"])
        .env("PATH", path)
        .envs(env.iter().copied());
    let told = told(&mut command);
    let whole: Value = serde_json::from_str(&told.stdout).expect("one object");
    let found = whole["findings"].as_array().unwrap().iter();
    let mut workers = found.filter(|finding| finding["check"] == "workers");
    let finding = workers.next().expect("a finding about the worker").clone();
    assert!(workers.next().is_none());
    (told, finding)
}

#[test]
fn a_worker_is_looked_at_without_spending() {
    for (help, logged_in, env, level, words) in [
        (HELP, "0", &[][..], "ok", "9.9.9 (Claude Code), logged in"),
        (HELP, "1", &[("ANTHROPIC_API_KEY", "k")], "ok", "logged in"),
        (HELP, "1", &[], "warning", "not logged in"),
        (
            "--print --resume",
            "0",
            &[],
            "problem",
            "does not understand",
        ),
    ] {
        let sealed = project(help, logged_in);
        let (told, finding) = doctor(&sealed, env);
        assert_eq!(finding["level"], level, "{finding}");
        assert!(
            finding["line"].as_str().unwrap().contains(words),
            "{finding}"
        );
        assert_eq!(told.code == Some(1), level == "problem", "{finding}");
        assert!(!sealed.root().join("bin/claude.spent").exists());
    }
}

#[test]
fn a_worker_that_is_not_there_is_a_problem() {
    let sealed = project(HELP, "0");
    fs::remove_file(sealed.root().join("bin/claude")).unwrap();
    let (told, finding) = doctor(&sealed, &[]);
    assert_eq!(told.code, Some(1));
    assert!(
        finding["line"]
            .as_str()
            .unwrap()
            .contains("there is no program `claude`"),
        "{finding}"
    );
}

/// With the real program, where it is installed: it understands what the check asks for.
#[test]
fn the_real_claude_understands_its_flags() {
    let Some(folder) = std::env::var_os("RUNR_REAL_AGENTS") else {
        let _ = writeln!(
            std::io::stderr(),
            "skipped: no claude CLI (RUNR_REAL_AGENTS is not set)"
        );
        return;
    };
    let sealed = project(HELP, "0");
    let real = std::path::Path::new(&folder).join("node_modules/.bin/claude");
    fs::remove_file(sealed.root().join("bin/claude")).unwrap();
    std::os::unix::fs::symlink(real, sealed.root().join("bin/claude")).unwrap();
    let (_, finding) = doctor(&sealed, &[]);
    assert_eq!(finding["level"], "warning", "{finding}");
    assert!(
        finding["line"]
            .as_str()
            .unwrap()
            .contains("(Claude Code); not logged in"),
        "{finding}"
    );
}
