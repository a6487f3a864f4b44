//! Stale tasks: what makes them stale, run again when asked or configured, accepted by a person.

use crate::support_sealed::{Sealed, Told};

/// `a` and `b` after it count how often they run; `c` reads an input.
fn project() -> Sealed {
    let sealed = Sealed::new();
    for (name, extra) in [
        ("a", ""),
        ("b", "depends_on: a.md\n"),
        ("c", "inputs: [in.txt]\n"),
    ] {
        sealed.put(
            &format!(".runr/tasks/{name}.md"),
            &format!("---\nrun: echo {name} >> ran\n{extra}---\n# {name}\n"),
        );
    }
    sealed.put("in.txt", "1");
    sealed.runr(&["run", "-j1", "--quiet"]).exits(0);
    sealed
}

fn ran(sealed: &Sealed) -> String {
    let mut lines: Vec<String> = sealed.text("ran").lines().map(str::to_owned).collect();
    lines.sort();
    lines.concat()
}

fn notes(sealed: &Sealed) -> Told {
    sealed.runr(&["status", "--tasks"]).exits(0)
}

fn change(sealed: &Sealed, name: &str) {
    let path = format!(".runr/tasks/{name}.md");
    let text = sealed.text(&path);
    sealed.put(&path, &format!("{text}More.\n"));
}

#[test]
fn what_is_stale_is_run_again_only_when_asked_and_once() {
    let sealed = project();
    assert_eq!(ran(&sealed), "abc");
    change(&sealed, "a");
    sealed.put("in.txt", "2");
    let told = notes(&sealed);
    assert!(told.stdout.contains("stale: its text changed"), "{told:?}");
    assert!(
        told.stdout.contains("stale: its text or inputs changed"),
        "{told:?}"
    );
    let why = sealed.runr(&["why", "a"]).exits(0);
    assert!(why.stdout.contains("stale: its text changed"), "{why:?}");
    assert!(!why.stdout.contains("its inputs"), "{why:?}");
    let why = sealed.runr(&["why", "c"]).exits(0);
    assert!(why.stdout.contains("  its inputs: in.txt\n"), "{why:?}");
    sealed.runr(&["run", "--quiet"]).exits(0);
    assert_eq!(ran(&sealed), "abc", "nobody asked");
    let plan = sealed.runr(&["run", "-n", "--rerun-stale"]).exits(0);
    for name in ["a.md", "b.md", "c.md"] {
        assert!(plan.stdout.contains(name), "{plan:?}");
    }
    // With `a` goes `b`, which was made on top of it.
    sealed
        .runr(&["run", "--rerun-stale", "-j1", "--quiet"])
        .exits(0);
    assert_eq!(ran(&sealed), "aabbcc");
    assert!(!notes(&sealed).stdout.contains("stale"));
    sealed.runr(&["run", "--rerun-stale", "--quiet"]).exits(0);
    assert_eq!(ran(&sealed), "aabbcc");
}

#[test]
fn the_configuration_can_ask_for_it() {
    let sealed = project();
    sealed.put(".runr/config.yaml", "stale: rerun\n");
    change(&sealed, "b");
    let plan = sealed.runr(&["plan"]).exits(0);
    assert!(plan.stdout.contains("b.md"), "{plan:?}");
    sealed.runr(&["orchestrate", "run", "--quiet"]).exits(0);
    assert_eq!(ran(&sealed), "abbc");
    sealed.runr(&["run", "--task", "a", "--quiet"]).exits(0);
    assert_eq!(ran(&sealed), "abbc", "`a` is not stale");
}

#[test]
fn a_stale_task_that_fails_again_is_failed() {
    let sealed = project();
    let path = ".runr/tasks/a.md";
    let text = sealed.text(path).replace("echo a >> ran", "\"false\"");
    sealed.put(path, &text);
    sealed.runr(&["run", "--rerun-stale", "--quiet"]).exits(1);
    let told = notes(&sealed);
    assert!(told.stdout.contains("✗ a.md  failed"), "{told:?}");
    assert_eq!(ran(&sealed), "abc", "`b` would have been made on top of it");
}

#[test]
fn a_person_accepts_a_stale_task_as_it_is() {
    let sealed = project();
    change(&sealed, "a");
    sealed.put("in.txt", "2");
    sealed.runr(&["tasks", "complete", "a", "c"]).exits(0);
    // `b` was made on top of an older `a`.
    let told = notes(&sealed);
    assert!(
        told.stdout.contains("stale: a.md was completed anew"),
        "{told:?}"
    );
    assert!(told.stdout.contains("(1 stale)"), "{told:?}");
    sealed.runr(&["tasks", "complete", "b"]).exits(0);
    assert!(!notes(&sealed).stdout.contains("stale"));
    sealed.runr(&["run", "--rerun-stale", "--quiet"]).exits(0);
    assert_eq!(ran(&sealed), "abc");
    // Accepted does not mean for ever.
    sealed.runr(&["tasks", "reset", "a"]).exits(0);
    change(&sealed, "a");
    sealed.runr(&["run", "--task", "a", "--quiet"]).exits(0);
    let told = notes(&sealed);
    assert!(
        told.stdout.contains("stale: a.md was completed anew"),
        "{told:?}"
    );
}
