//! `runr init`, `completions` and `man`.

use crate::support_sealed::{Sealed, told};

#[test]
fn a_new_project_is_valid_and_its_first_task_runs() {
    let sealed = Sealed::new();
    let init = sealed.runr(&["init"]).exits(0);
    assert!(
        init.stdout.contains("created  .runr/config.yaml"),
        "{}",
        init.stdout
    );
    assert!(
        init.stdout.contains("no test command was found"),
        "{}",
        init.stdout
    );
    sealed.runr(&["check", "--strict"]).exits(0);
    sealed.runr(&["run", "--task", "00-hello.md"]).exits(0);
    assert_eq!(sealed.statuses()["00-hello.md"], "completed");
}

#[test]
fn every_default_of_the_configuration_is_valid_when_it_is_uncommented() {
    let sealed = Sealed::new();
    sealed.runr(&["init"]).exits(0);
    let plain = sealed.text(".runr/config.yaml");
    // A key and its value, not a sentence: `# jobs: 4`, `#   idle: none`.
    let setting = |line: &str| {
        let key = line
            .trim_start_matches(['#', ' '])
            .split(':')
            .next()
            .unwrap_or_default();
        line.contains(':')
            && !key.is_empty()
            && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    let open: Vec<String> = plain
        .lines()
        .filter(|line| line.starts_with('#') && setting(line) && !line.ends_with("worker:"))
        .map(|line| {
            line.trim_start_matches("# ")
                .trim_start_matches('#')
                .to_owned()
        })
        .collect();
    assert!(open.len() > 15, "{open:#?}");
    sealed.put(".runr/config.yaml", &open.join("\n"));
    sealed.runr(&["check", "--strict"]).exits(0);
}

#[test]
fn what_is_found_becomes_the_verification() {
    let sealed = Sealed::new();
    sealed.put("Makefile", "test:\n\t@echo tested >> tested.txt\n");
    sealed.put("package.json", r#"{ "scripts": { "build": "x" } }"#);
    let init = sealed.runr(&["init"]).exits(0);
    for line in [
        "found Node (package.json, without a `test` script): no known test command",
        "found Make (Makefile with a `test` target): make test",
        "these commands verify every task: `verify.tier0`",
    ] {
        assert!(init.stdout.contains(line), "{line}\n{}", init.stdout);
    }
    assert!(sealed.text(".runr/config.yaml").contains(
        "\nverify:\n  tier0:\n    # Make: Makefile with a `test` target\n    - make test\n"
    ));
    sealed.runr(&["check", "--strict"]).exits(0);
}

#[test]
fn nothing_is_overwritten_and_a_dry_run_writes_nothing() {
    let sealed = Sealed::new();
    let dry = sealed.runr(&["init", "--dry-run"]).exits(0);
    assert!(
        dry.stdout.contains("would create .runr/config.yaml"),
        "{}",
        dry.stdout
    );
    assert!(sealed.files().is_empty());

    sealed.put(".runr/config.yaml", "jobs: 1\n");
    sealed.put(".runr/tasks/net/own.md", "---\nrun: 'true'\n---\n# Own\n");
    let before = sealed.files();
    let init = sealed.runr(&["init"]).exits(0);
    assert_eq!(sealed.files(), before);
    assert!(
        init.stdout.contains("kept     .runr/config.yaml"),
        "{}",
        init.stdout
    );
    assert!(
        init.stdout
            .contains("kept     .runr/tasks/ (with net/own.md)"),
        "{}",
        init.stdout
    );
}

#[test]
fn the_older_configuration_counts_as_one() {
    let sealed = Sealed::new();
    sealed.put(".runr/runr.config.json", "{}");
    sealed.runr(&["init"]).exits(0);
    assert!(!sealed.files().contains_key(".runr/config.yaml"));
    sealed.runr(&["check", "--strict"]).exits(0);
}

#[test]
fn a_file_in_the_way_is_named() {
    let sealed = Sealed::new();
    sealed.put(".runr", "a file");
    let init = sealed.runr(&["init"]).exits(2);
    assert!(init.stderr.contains(".runr` is a file"), "{}", init.stderr);
    assert_eq!(sealed.files().len(), 1);
}

#[test]
fn scripts_for_shells_are_printed() {
    let sealed = Sealed::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = sealed.runr(&["completions", shell]).exits(0).stdout;
        // It asks runr: what bash then offers is tried in `editors`.
        assert!(script.contains("RUNR_COMPLETE"), "{shell}: {script}");
        if shell == "bash" {
            sealed.put("runr.bash", &script);
            told(sealed.command("bash").args(["-n", "runr.bash"])).exits(0);
        }
    }
    sealed.runr(&["completions", "tcsh"]).exits(2);
}

#[test]
fn every_command_has_a_manual_page() {
    let sealed = Sealed::new();
    let page = sealed.runr(&["man"]).exits(0).stdout;
    assert!(page.contains(".TH runr 1"), "{page}");
    assert!(page.contains(".SH NAME") && page.contains("orchestrate"));

    let out = sealed.runr(&["man", "--out", "pages"]).exits(0);
    let files = sealed.files();
    for name in [
        "runr.1",
        "runr-status.1",
        "runr-orchestrate-run.1",
        "runr-man.1",
    ] {
        let page = files
            .get(&format!("pages/{name}"))
            .unwrap_or_else(|| panic!("no {name} in {}", out.stdout));
        let title = name.trim_end_matches(".1");
        assert!(page.contains(&format!(".TH {title} 1")), "{name}: {page}");
        assert!(page.contains(".SH SYNOPSIS"), "{name}");
    }
    assert_eq!(out.stdout.lines().count(), files.len());
}
