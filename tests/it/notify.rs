//! `notify:` of the configuration: a command hears what happens, and can neither fail a run nor hold it up.

use std::fs;

use serde_json::Value;

use crate::support::Fixture;

fn project(notify: &str) -> Fixture {
    let config = format!("worker: shell\nisolation: none\nnotify: {notify}\n");
    let fixture = Fixture::with(&[
        (".runr/tasks/00-good.md", "---\nrun: 'true'\n---\n# Good\n"),
        (".runr/tasks/01-bad.md", "---\nrun: 'exit 3'\n---\n# Bad\n"),
        (
            ".runr/tasks/02-yours.md",
            "---\ntype: manual\n---\n# Yours\n",
        ),
        (
            ".runr/tasks/03-look.md",
            "---\ntype: hybrid\nrun: 'true'\n---\n# Look\n",
        ),
    ]);
    fixture.write(".runr/config.yaml", config);
    fixture
}

/// What the command wrote down, sorted: it runs once for each, several at a time.
fn heard(fixture: &Fixture) -> Vec<Value> {
    let mut all: Vec<Value> = fs::read_dir(fixture.root())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ext| ext == "heard"))
        .map(|path| serde_json::from_slice(&fs::read(path).unwrap()).unwrap())
        .collect();
    all.sort_by_key(|value| (value["event"].to_string(), value["task"].to_string()));
    all
}

/// Writes its input into a file of its own, and noise to where nobody looks.
const LISTENER: &str = "'echo noise; echo noise >&2; cat > $$.heard'";

#[test]
fn a_command_hears_of_what_it_asked_for() {
    for (on, expected) in [
        (
            "",
            &[
                ("failure", "01-bad.md", "worker_failed"),
                ("finish", "", ""),
                ("needs_you", "02-yours.md", ""),
                ("needs_you", "03-look.md", ""),
            ][..],
        ),
        (
            ", on: [failure]",
            &[("failure", "01-bad.md", "worker_failed")],
        ),
        (", on: finish", &[("finish", "", "")]),
    ] {
        let fixture = project(&format!("{{ command: {LISTENER}{on} }}"));
        let ran = fixture.runr(&["run"]);
        assert_eq!(ran.code, 1, "{}", ran.err);
        assert!(!ran.err.contains("noise") && !ran.out.contains("noise"));
        assert!(!ran.err.contains("warning"), "{}", ran.err);
        let heard = heard(&fixture);
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let seen: Vec<(String, String, String)> = heard
            .iter()
            .map(|value| {
                (
                    text(&value["event"]),
                    text(&value["task"]),
                    text(&value["reason"]),
                )
            })
            .collect();
        let expected: Vec<(String, String, String)> = expected
            .iter()
            .map(|(a, b, c)| ((*a).to_owned(), (*b).to_owned(), (*c).to_owned()))
            .collect();
        assert_eq!(seen, expected, "{on}");
        for value in &heard {
            assert_eq!(value["schema_version"], 1);
            assert!(text(&value["orchestration"]).starts_with("orch-"));
            assert_eq!(
                text(&value["project"]),
                fixture.root().canonicalize().unwrap().to_string_lossy()
            );
            assert!(!text(&value["text"]).is_empty());
            if value["event"] == "finish" {
                assert_eq!(value["exit"], 1);
            }
            // What is to be typed is a command as it stands.
            let next: Vec<String> = value["next"].as_array().unwrap().iter().map(text).collect();
            assert!(!next.is_empty() && next.len() <= 3, "{value}");
            for command in &next {
                let words: Vec<&str> = command.split(' ').collect();
                assert_eq!(words[0], "runr");
                let tried = match words[1] {
                    // Without doing it: what it would ask for is there.
                    "run" => fixture.runr(&[&words[1..], &["--dry-run"]].concat()),
                    "tasks" if words[2] != "show" => continue,
                    _ => fixture.runr(&words[1..]),
                };
                assert!(matches!(tried.code, 0 | 3), "{command}: {}", tried.err);
            }
            let title = match text(&value["task"]).as_str() {
                "01-bad.md" => "Bad",
                "02-yours.md" => "Yours",
                "03-look.md" => "Look",
                _ => "",
            };
            assert_eq!(text(&value["title"]), title);
        }
    }
}

#[test]
fn those_who_do_not_listen_fail_nothing() {
    for (notify, words) in [
        (
            "{ command: [no-such-program-anywhere] }",
            "the command of `notify` failed: `no-such-program-anywhere` cannot be started: ",
        ),
        (
            "'exit 7'",
            "the command of `notify` failed: `exit 7` ended with exit code 7\n",
        ),
        // There is no bus in the sealed environment.
        ("{ desktop: true }", "the desktop was not notified"),
    ] {
        let fixture = project(notify);
        let ran = fixture.runr(&["run", "--task", "00-good"]);
        assert_eq!(ran.code, 0, "{notify}: {}", ran.err);
        assert_eq!(ran.err.matches(words).count(), 1, "{notify}: {}", ran.err);
        // Whoever comes later reads it too.
        for args in [&["report"][..], &["report", "--md"]] {
            let report = fixture.runr(args);
            let at = report.out.replace('\\', "").matches(words).count();
            assert_eq!(at, 1, "{notify}: {}", report.out);
        }
    }
}

/// Those that were told are done with: however many come in a run, each arrives.
#[test]
fn more_than_are_told_at_once_arrive_in_the_course_of_a_run() {
    let fixture = Fixture::new();
    let told = fixture.root().join("told");
    let made = std::process::Command::new("mkfifo").arg(&told).status();
    assert!(made.unwrap().success());
    // Each listener waits until somebody reads that it has heard: the next task, and the listener of the end.
    fixture.write(
        "tell.sh",
        "said=$(cat)\necho \"$said\" > $$.heard\n\
         case $said in *'\"finish\"'*) read _ < told;; *) echo > told;; esac\n",
    );
    fixture.write(
        ".runr/config.yaml",
        "isolation: none\nretries: { max: 0 }\nnotify: { command: [sh, tell.sh] }\n",
    );
    for n in 0..20 {
        let waits = if n == 0 { "" } else { "read _ < told; " };
        fixture.write(
            &format!(".runr/tasks/{n:02}.md"),
            format!("---\nrun: '{waits}exit 1'\ntimeout: 10s\n---\n"),
        );
    }
    let ran = fixture.runr(&["run", "-j1"]);
    assert_eq!(ran.code, 1);
    assert!(!ran.err.contains("left out"), "{}", ran.err);
    assert_eq!(heard(&fixture).len(), 21);
}

/// The run ends although its listener does not, and nothing of that is left alive.
#[test]
fn one_who_never_ends_is_ended() {
    let fixture = project("{ command: 'sleep 1000 & echo $! > child; wait', on: [finish] }");
    let ran = fixture.runr(&["run", "--task", "00-good"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.err.contains("took too long"), "{}", ran.err);
    let child = fs::read_to_string(fixture.root().join("child")).unwrap();
    let stat = fs::read_to_string(format!("/proc/{}/stat", child.trim())).unwrap_or_default();
    // Gone, or dead and not yet buried by the system's first process.
    assert!(stat.is_empty() || stat.contains(") Z "), "{stat}");
}
