//! What editors and shells ask of runr: schemas, and what may come next on a command line.

use std::process::Command;

use crate::support::{Fixture, of_repository};

#[test]
fn schemas_are_json_and_are_named_in_the_readme() {
    let fixture = Fixture::new();
    for kind in ["task", "config", "orchestration"] {
        let ran = fixture.runr(&["schema", kind]);
        assert_eq!((ran.code, ran.err.as_str()), (0, ""));
        let schema: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
        assert_eq!(schema["type"], "object", "{kind}");
        assert!(
            of_repository("README.md").contains(&format!("runr schema {kind}")),
            "{kind}"
        );
    }
    assert_eq!(fixture.runr(&["schema", "words"]).code, 2);
}

fn project() -> Fixture {
    let fixture = Fixture::with(&[
        (
            ".runr/tasks/00-setup.md",
            "---\nrun: 'true'\n---\n# Setup\n",
        ),
        (
            ".runr/tasks/net/03-http.md",
            "---\nrun: 'true'\n---\n# HTTP\n",
        ),
        (
            ".runr/config.yaml",
            "workers: { mine: { command: [cat] } }\n",
        ),
        (
            "orchestration.yaml",
            "tracks:\n  - name: engine\n    steps: [{ run: 'true' }]\n",
        ),
    ]);
    let run = ".runr/runs/20250108-144530-p2mx/state.json";
    fixture.write(run, "{}").write(
        ".runr/orchestrations/orch-20250108-144530-p2mx/plan.json",
        "{}",
    );
    fixture
}

/// What bash offers when the last of these words is being typed.
fn offered(fixture: &Fixture, words: &[&str]) -> Vec<String> {
    let script = fixture.runr(&["completions", "bash"]).out;
    let folder = std::path::Path::new(env!("CARGO_BIN_EXE_runr"))
        .parent()
        .unwrap();
    let quoted: Vec<String> = words.iter().map(|word| format!("'{word}'")).collect();
    let last = words.len() - 1;
    let drive = format!(
        "{script}\nCOMP_LINE='{}'; COMP_WORDS=({}); COMP_CWORD={last}; COMP_TYPE=9\n_runr runr '{}' '{}'\nprintf '%s\\n' \"${{COMPREPLY[@]}}\"\n",
        line(words),
        quoted.join(" "),
        words[last],
        words[last - 1],
    );
    let runr = fixture.command(&[]);
    let mut bash = Command::new("bash");
    bash.args(["--norc", "--noprofile", "-c", &drive])
        .env_clear();
    for (name, value) in runr.get_envs() {
        if let Some(value) = value {
            bash.env(name, value);
        }
    }
    bash.env("PATH", format!("{}:/usr/bin:/bin", folder.display()));
    let done = bash.current_dir(fixture.root()).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&done.stderr), "", "silent");
    let text = String::from_utf8(done.stdout).unwrap();
    // Flags are offered too; clap's own tests see to those.
    text.lines()
        .map(|line| line.trim_end().to_owned())
        .filter(|line| !line.is_empty() && !line.starts_with('-'))
        .collect()
}

/// The words as they are typed: a mark that bash takes for a word of its own follows its neighbours at once.
fn line(words: &[&str]) -> String {
    let mut line = String::new();
    let mut glued = true;
    for word in words {
        let mark = matches!(*word, ":" | "=");
        if !glued && !mark {
            line.push(' ');
        }
        line.push_str(word);
        glued = mark;
    }
    line
}

#[test]
fn bash_takes_names_for_what_they_are() {
    let fixture = project();
    for name in ["02 with space", "04-$x", "05-a:b"] {
        fixture.write(&format!(".runr/tasks/{name}.md"), "# New\n");
    }
    for (words, expected) in [
        (&["runr", "why", "02"][..], r"02\ with\ space.md"),
        (&["runr", "why", r"02\ w"], r"02\ with\ space.md"),
        (&["runr", "why", "04"], r"04-\$x.md"),
        // What bash has split at the colon stays where it is.
        (&["runr", "why", "05-a", ":"], "b.md"),
        (&["runr", "why", "05-a", ":", "b"], "b.md"),
        (&["runr", "run", "--task", "=", "05"], "05-a:b.md"),
    ] {
        assert_eq!(offered(&fixture, words), [expected], "{words:?}");
    }
}

#[test]
fn bash_completes_names_as_they_are_now() {
    let fixture = project();
    for (words, expected) in [
        (
            &["runr", "tasks", "show", ""][..],
            &["00-setup.md", "net/03-http.md"][..],
        ),
        (&["runr", "why", "net"], &["net/03-http.md"]),
        (&["runr", "run", "--task", "00"], &["00-setup.md"]),
        (&["runr", "tasks", "add", "x", "--track", ""], &["engine"]),
        (&["runr", "tasks", "add", "x", "--worker", "m"], &["mine"]),
        (&["runr", "logs", "2025"], &["20250108-144530-p2mx"]),
        (&["runr", "resume", "orch"], &["orch-20250108-144530-p2mx"]),
        (&["runr", "tasks", "edi"], &["edit"]),
    ] {
        assert_eq!(offered(&fixture, words), expected, "{words:?}");
    }
    fixture.write(".runr/tasks/00-new.md", "# New\n");
    assert_eq!(offered(&fixture, &["runr", "why", "00-n"]), ["00-new.md"]);
}

#[test]
fn completion_is_silent_when_something_is_amiss() {
    let fixture = project();
    fixture.write(".runr/config.yaml", "workers: [\n");
    fixture.write("orchestration.yaml", "tracks: 3\n");
    fixture.write(".runr/tasks/bad.md", "---\nx: [\n");
    let offer = |words: &[&str]| offered(&fixture, words).join("");
    assert_eq!(offer(&["runr", "tasks", "add", "x", "--track", ""]), "");
    assert_eq!(offer(&["runr", "-C", "/nowhere", "why", ""]), "");
    assert!(offer(&["runr", "why", ""]).contains("bad.md"));
}
