//! `runr tasks add`, `edit` and `import` as a person uses them.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::Fixture;

fn small() -> Fixture {
    Fixture::with(&[
        (
            ".runr/tasks/00-setup.md",
            "---\nrun: 'true'\n---\n# Setup\n",
        ),
        (
            ".runr/tasks/net/03-http.md",
            "---\nrun: 'true'\n---\n# HTTP\n",
        ),
    ])
}

fn read(fixture: &Fixture, path: &str) -> String {
    fs::read_to_string(fixture.root().join(path)).unwrap_or_else(|e| panic!("{path}: {e}"))
}

fn fixture_folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/import")
        .join(name)
}

#[test]
fn add_writes_the_next_file_and_it_runs() {
    let fixture = small();
    let args = [
        "tasks",
        "add",
        "Try: \"the\" net",
        "--depends-on",
        "00,03",
        "--run",
        "echo 'a: b' # c",
        "--owns",
        "src/**",
        "--tag",
        "net",
        "--set",
        "priority=10",
        "--body",
        "Do it.\n",
    ];
    let before = fixture.snapshot();
    let dry = fixture.runr(&[&args[..], &["--dry-run"]].concat());
    assert_eq!((dry.code, dry.err.as_str()), (0, ""));
    assert_eq!(before, fixture.snapshot());
    let ran = fixture.runr(&args);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    assert_eq!(ran.out, "wrote .runr/tasks/01-try-the-net.md\n");
    let text = read(&fixture, ".runr/tasks/01-try-the-net.md");
    assert_eq!(
        text,
        "---\ndepends_on: [00-setup.md, net/03-http.md]\nrun: \"echo 'a: b' # c\"\nowns: [\"src/**\"]\ntags: [net]\npriority: 10\n---\n# Try: \"the\" net\n\nDo it.\n"
    );
    assert!(dry.out.ends_with(&text), "{}", dry.out);
    let run = fixture.runr(&["run"]);
    assert_eq!(run.code, 0, "{}", run.err);
    let second = fixture.runr(&[
        "tasks",
        "add",
        "More",
        "--into",
        "net",
        "--type",
        "manual",
        "--depends-on",
        "01",
        "--json",
    ]);
    assert_eq!(second.code, 0, "{}", second.err);
    let said: serde_json::Value = serde_json::from_str(&second.out).unwrap();
    assert_eq!(said["task"], "net/04-more.md");
    assert_eq!(said["written"], true);
    assert_eq!(
        read(&fixture, ".runr/tasks/net/04-more.md"),
        "---\ndepends_on: [01-try-the-net.md]\ntype: manual\n---\n# More\n"
    );
}

#[test]
fn add_refuses_what_would_break_the_project() {
    let fixture = small();
    fixture.write(
        "orchestration.yaml",
        "tracks:\n  - name: a\n    steps:\n      - task: 00-setup.md\n",
    );
    let before = fixture.snapshot();
    for (args, code, words) in [
        (&["X", "--depends-on", "gone"][..], 2, "no task `gone`"),
        (&["X", "--id", "00-setup"], 2, "is there already"),
        (&["X", "--id", "../../x"], 2, "leaves its folder"),
        (&["X", "--id", "/etc/x"], 2, "leaves its folder"),
        (&["X", "--id", ".x"], 2, "begin with a dot"),
        (&["X", "--into", "../x"], 2, "no folder below"),
        (&["X", "--set", "priorty=1"], 2, "did you mean `priority`?"),
        (&["X", "--set", "status=completed"], 2, "not obeyed"),
        (&["X", "--set", "priority=high"], 2, "takes a whole number"),
        (&["X", "--track", "b"], 2, "its tracks are a"),
        (&[" "], 2, "needs a title"),
    ] {
        let ran = fixture.runr(&[&["tasks", "add"], args].concat());
        assert_eq!(ran.code, code, "{args:?} {}", ran.err);
        assert!(ran.err.contains(words), "{args:?}: {}", ran.err);
        assert_eq!(before, fixture.snapshot(), "{args:?}");
    }
}

#[test]
fn add_puts_a_task_into_a_track() {
    let fixture = small();
    let file = "tracks:\n  - name: a # first\n    steps:\n      - task: 00-setup.md\n\n  - name: b\n    steps: [{ run: 'true' }]\n";
    fixture.write("orchestration.yaml", file);
    let ran = fixture.runr(&["tasks", "add", "New", "--track", "a", "--run", "true"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    assert_eq!(
        read(&fixture, "orchestration.yaml"),
        file.replace("00-setup.md\n", "00-setup.md\n      - task: 01-new.md\n")
    );
    let again = fixture.runr(&[
        "tasks",
        "add",
        "Other",
        "--track",
        "b",
        "--depends-on",
        "01",
    ]);
    assert_eq!(again.code, 0, "{}", again.err);
    // A circle through the track's order is refused, and names the places in the file to be.
    let before = fixture.snapshot();
    fixture.runr(&["tasks", "edit", "00", "--add-depends-on", "01"]);
    assert_eq!(before, fixture.snapshot());
}

#[test]
fn edit_changes_what_is_asked_and_no_other_byte() {
    let fixture = small();
    let file = ".runr/tasks/05-x.md";
    let text = "\u{feff}---\r\n# about it\r\ndepends_on:   # why\r\n  - 00-setup   # one\r\nx-mine:  {a:  1}\r\nrun: 'true'\r\n---\r\n# T  \r\nrun: no\r\n";
    fixture.write(file, text);
    let ran = fixture.runr(&[
        "tasks",
        "edit",
        "05",
        "--add-depends-on",
        "03",
        "--set",
        "timeout=45m",
    ]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    let expected = text
        .replace("# one\r\n", "# one\r\n  - net/03-http.md\r\n")
        .replace("run: 'true'\r\n", "run: 'true'\r\ntimeout: 45m\r\n");
    assert_eq!(read(&fixture, file), expected);
    // What is there in another spelling is not added again.
    let same = fixture.runr(&["tasks", "edit", "05", "--add-depends-on", "00"]);
    assert_eq!(
        (same.code, same.out.as_str()),
        (0, ".runr/tasks/05-x.md says so already\n")
    );
    let back = fixture.runr(&[
        "tasks",
        "edit",
        "05",
        "--remove-depends-on",
        "net/03-http.md",
        "--unset",
        "timeout",
    ]);
    assert_eq!(back.code, 0, "{}", back.err);
    assert_eq!(read(&fixture, file), text);
    let other = fixture.runr(&["tasks", "edit", "05", "--depends-on", "03"]);
    assert_eq!(other.code, 0, "{}", other.err);
    assert_eq!(
        read(&fixture, file),
        text.replace("00-setup   # one", "net/03-http.md")
    );
}

#[test]
fn edit_refuses_circles_and_unknown_names_and_can_repair() {
    let fixture = small();
    fixture.write(
        ".runr/tasks/05-x.md",
        "---\ndepends_on: [net/03-http.md]\n---\n# X\n",
    );
    let before = fixture.snapshot();
    for (args, words) in [
        (
            &["03", "--add-depends-on", "05"][..],
            "net/03-http.md → 05-x.md",
        ),
        (&["05", "--remove-depends-on", "00"], "does not depend on"),
        (&["05", "--set", "priority=high"], "takes a whole number"),
        (&["05"], "nothing to change"),
        (&["05", "--unset", "nothing"], "has no key `nothing`"),
    ] {
        let ran = fixture.runr(&[&["tasks", "edit"], args].concat());
        assert_eq!(ran.code, 2, "{args:?} {}", ran.err);
        assert!(ran.err.contains(words), "{args:?}: {}", ran.err);
        assert_eq!(before, fixture.snapshot());
    }
    fixture.write(
        ".runr/tasks/05-x.md",
        "---\ndepends_on: [gone.md]\n---\n# X\n",
    );
    let ran = fixture.runr(&["tasks", "edit", "05-x", "--remove-depends-on", "gone.md"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert_eq!(read(&fixture, ".runr/tasks/05-x.md"), "---\n---\n# X\n");
}

/// Each source: what is written, with what it waits for, and what is done.
#[test]
fn import_keeps_order_and_what_is_done() {
    for (name, folder, expected) in [
        (
            "taskmaster",
            "taskmaster",
            &[
                "01-set-up-project-repository done <",
                "02-design-the-data-model < 01-set-up-project-repository 02.01-write-the-migration 02.02-seed-the-database",
                "02.01-write-the-migration done < 01-set-up-project-repository",
                "02.02-seed-the-database < 02.01-write-the-migration 01-set-up-project-repository",
                "03-serve-the-api-notes-users < 02-design-the-data-model",
            ][..],
        ),
        (
            "backlog",
            "backlog",
            &[
                "00-start done <",
                "01-set-up-the-build done <",
                "02-publish-the-docs-everywhere < 01-set-up-the-build 02.01-choose-a-theme",
                "02.01-choose-a-theme < 01-set-up-the-build",
            ],
        ),
        (
            "beads",
            "beads",
            &[
                "notes-a1b-1-conflict-rules done <",
                "notes-a1b-2-transport < notes-a1b-1-conflict-rules",
                "notes-a1b-sync < notes-a1b-1-conflict-rules notes-a1b-2-transport",
                "notes-c3d-typo-in-the-help <",
            ],
        ),
        (
            "spec-kit/specs/001-photo-albums",
            "001-photo-albums",
            &[
                "t001-create-project-structure-per-implementation-plan done <",
                "t002-initialise-the-project-with-sqlite done < t001-create-project-structure-per-implementation-plan",
                "t003-configure-linting-in-eslintrc < t002-initialise-the-project-with-sqlite",
                "t004-contract-test-get-albums-in-tests-contract < t003-configure-linting-in-eslintrc",
                "t005-integration-test-of-sorting-in-tests-integration < t003-configure-linting-in-eslintrc",
                "t006-album-model-in-src-models-album-ts < t004-contract-test-get-albums-in-tests-contract t005-integration-test-of-sorting-in-tests-integration",
                "t007-album-service-in-src-services-album-ts-depends < t006-album-model-in-src-models-album-ts",
            ],
        ),
    ] {
        let fixture = Fixture::new();
        let source = fixture_folder(name);
        let source = source.to_str().unwrap();
        let before = fixture.snapshot();
        let dry = fixture.runr(&["tasks", "import", source, "--dry-run", "--into", folder]);
        assert_eq!(dry.code, 0, "{name}: {}", dry.err);
        assert_eq!(before, fixture.snapshot(), "{name}");
        let ran = fixture.runr(&["tasks", "import", source, "--json", "--into", folder]);
        assert_eq!(ran.code, 0, "{name}: {}", ran.err);
        let said: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
        let bare = |id: &serde_json::Value| {
            let id = id
                .as_str()
                .unwrap()
                .strip_prefix(&format!("{folder}/"))
                .unwrap();
            id.strip_suffix(".md").unwrap().to_owned()
        };
        let mut rows: Vec<String> = said["tasks"]
            .as_array()
            .unwrap()
            .iter()
            .map(|task| {
                let done = if task["completed"] == true {
                    " done"
                } else {
                    ""
                };
                let needs: Vec<String> = task["depends_on"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(bare)
                    .collect();
                format!("{}{done} < {}", bare(&task["task"]), needs.join(" "))
                    .trim_end()
                    .to_owned()
            })
            .collect();
        rows.sort();
        assert_eq!(rows, expected, "{name}");
        // What was written says the same, as runr reads it.
        let list = fixture.runr(&["tasks", "list", "--json"]);
        assert_eq!((list.code, list.err.as_str()), (0, ""), "{name}");
        let list: serde_json::Value = serde_json::from_str(&list.out).unwrap();
        let completed = list["tasks"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|task| task["status"] == "completed");
        let wanted = expected.iter().filter(|row| row.contains(" done")).count();
        assert_eq!(completed.count(), wanted, "{name}");
        // Again, nothing is left to do.
        let before = fixture.snapshot();
        let again = fixture.runr(&["tasks", "import", source, "--into", folder]);
        assert_eq!(again.code, 0, "{}", again.err);
        assert!(again.out.contains("nothing new: all "), "{}", again.out);
        assert_eq!(before, fixture.snapshot(), "{name}");
    }
}

#[test]
fn import_keeps_texts_and_says_where_they_come_from() {
    let fixture = Fixture::new();
    let source = fixture_folder("taskmaster");
    let ran = fixture.runr(&["tasks", "import", source.to_str().unwrap()]);
    assert_eq!(
        ran.out,
        "imported 5 tasks of taskmaster into .runr/tasks/taskmaster/, 2 completed there and here\n"
    );
    assert_eq!(ran.err, "note: 1 cancelled or deleted, left out\n");
    assert_eq!(
        read(
            &fixture,
            ".runr/tasks/taskmaster/01-set-up-project-repository.md"
        ),
        "---\npriority: 10\nx-imported: \"taskmaster 1\"\n---\n# Set up project repository\n\nInitialise the repository with the basic folder structure.\n\n## Details\n\n1. Create the package\n2. Add ESLint and Prettier\n\n## Test strategy\n\nRun the linter on an empty project.\n"
    );
    let journal = read(&fixture, ".runr/journal.jsonl");
    assert!(
        journal.contains("done in taskmaster, as `2.1`"),
        "{journal}"
    );
    // A change of the text after it was taken over is seen.
    fixture.runr(&["tasks", "edit", "taskmaster/01", "--set", "priority=20"]);
    let status = fixture.runr(&["status", "--tasks"]);
    assert!(
        status.out.contains("stale: its text changed"),
        "{}",
        status.out
    );
}

/// Shapes that stand in public repositories: older file names, memories among issues, ids for links, other marks.
#[test]
fn import_reads_what_is_found_in_the_wild() {
    let fixture = Fixture::new();
    fixture.write(
        "old/.beads/beads.jsonl",
        concat!(
            r#"{"_type":"issue","id":"a-1","title":"Dig","status":"closed"}"#,
            "\n",
            r#"{"_type":"memory","key":"soil","value":"wet"}"#,
            "\n",
            r#"{"_type":"issue","id":"a-2","title":"Plant","status":"open","dependencies":["a-1"]}"#,
            "\n",
        ),
    );
    fixture.write(
        "marks/TODO.md",
        "<!--\n- [ ] sample\n-->\n- [x] dig\n- [~] T008 plant, half of it\n- [-] dance\n- [ ] water\n",
    );
    fixture.write(
        "whole/tasks.json",
        "{\"tasks\": [{\"id\": \"1\", \"title\": \"Garden\", \"subtasks\": [{\"id\": 1, \"title\": \"Enjoy\", \"dependencies\": [\"1\"], \"acceptanceCriteria\": \"in the sun\"}]}]}",
    );
    for (source, expected, note) in [
        (
            "old",
            &[
                "beads/a-1-dig.md <",
                "beads/a-2-plant.md < beads/a-1-dig.md",
            ][..],
            "1 records that are no issues, left out",
        ),
        (
            "marks",
            &[
                "marks/01-dig.md <",
                "marks/03-water.md < marks/t008-plant-half-of-it.md",
                "marks/t008-plant-half-of-it.md < marks/01-dig.md",
            ],
            "1 cancelled or deleted, left out",
        ),
        (
            "whole",
            &[
                "taskmaster/01-garden.md <",
                "taskmaster/01.01-enjoy.md < taskmaster/01-garden.md",
            ],
            "is a part of `1` and needs it",
        ),
    ] {
        let ran = fixture.runr(&["tasks", "import", source, "--json"]);
        assert_eq!(ran.code, 0, "{source}: {}", ran.err);
        let said: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
        let words = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
        let mut rows: Vec<String> = said["tasks"]
            .as_array()
            .unwrap()
            .iter()
            .map(|task| {
                let needs = task["depends_on"].as_array().unwrap().iter().map(words);
                let needs = needs.collect::<Vec<_>>().join(" ");
                format!("{} < {needs}", words(&task["task"]))
                    .trim_end()
                    .to_owned()
            })
            .collect();
        rows.sort();
        assert_eq!(rows, expected, "{source}");
        assert!(said.to_string().contains(note), "{source}: {said}");
    }
    let criteria = read(&fixture, ".runr/tasks/taskmaster/01.01-enjoy.md");
    assert!(criteria.contains("in the sun"), "{criteria}");
}

#[test]
fn import_refuses_what_cannot_be_trusted() {
    let fixture = small();
    fixture.write("circle.json", "{\"tasks\": [\n{\"id\": 1, \"title\": \"a\", \"dependencies\": [2]},\n{\"id\": 2, \"title\": \"b\", \"dependencies\": [1]}]}");
    fixture.write("broken.jsonl", "{\"id\":\"a\",\"title\":\"x\"}\n{\"id\":\n");
    fixture.write(
        "broken.json",
        "{\"tasks\": [\n  {\"id\": 1, \"title\": \"a\"},\n  {\"id\": 2,, }]}\n",
    );
    fixture.write("words.md", "# No list\n");
    fixture.write(
        "twice.jsonl",
        "{\"id\":\"a\",\"title\":\"x\"}\n{\"id\":\"a\",\"title\":\"y\"}\n",
    );
    fixture.write("big.md", "- [ ] x\n".repeat((17 << 20) / 8));
    fixture.write("many.md", "- [ ] x\n".repeat(10_001));
    fixture.write("bytes.md", b"- [ ] \xff\n");
    fixture.write("both/tasks.md", "- [ ] x\n");
    fixture.write("both/issues.jsonl", "{\"id\":\"a\",\"title\":\"x\"}\n");
    let before = fixture.snapshot();
    for (file, words) in [
        (
            "circle.json",
            "`2` (circle.json:3) → `1` (circle.json:2) → `2`",
        ),
        ("broken.jsonl", "broken.jsonl:2"),
        ("broken.json", "error: broken.json:3:12: "),
        ("words.md", "no tasks of a known tool"),
        (
            "twice.jsonl",
            "twice.jsonl:2: `a` stands here again, first in twice.jsonl:1",
        ),
        ("big.md", "larger than 16 MiB"),
        ("many.md", "10001 tasks"),
        ("bytes.md", "not UTF-8"),
        ("both", "several tools: beads, checklist"),
        ("gone.json", "cannot read `gone.json`"),
    ] {
        let ran = fixture.runr(&["tasks", "import", file]);
        assert_eq!(ran.code, 2, "{file}: {}", ran.err);
        assert!(ran.err.contains(words), "{file}: {}", ran.err);
        assert_eq!(before, fixture.snapshot(), "{file}");
    }
    // Names and texts are harmless whatever they say.
    fixture.write("evil.jsonl", "{\"id\":\"../../../etc/x\",\"title\":\"---\\u001b[31m\\n../..\",\"description\":\"---\\nrun: rm\\u0000\"}\n");
    let ran = fixture.runr(&["tasks", "import", "evil.jsonl"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let text = read(&fixture, ".runr/tasks/beads/etc-x-31m.md");
    assert_eq!(
        text,
        "---\nx-imported: \"beads ../../../etc/x\"\n---\n# ---[31m ../..\n\n---\nrun: rm\n"
    );
}

#[test]
fn import_takes_the_last_of_a_backlogs_own_statuses_as_done() {
    let fixture = small();
    fixture.write(
        "backlog/config.yml",
        "project_name: \"x\"\nstatuses: [\"Idea\", \"In Progress\", \"Shipped\"]\n",
    );
    for (n, status) in [(1, "Shipped"), (2, "Idea"), (3, "In Progress")] {
        fixture.write(
            &format!("backlog/tasks/task-{n} - T.md"),
            format!("---\nid: task-{n}\ntitle: T{n}\nstatus: {status}\n---\n"),
        );
    }
    for (from, into) in [
        (".", "a"),
        ("backlog", "b"),
        ("backlog/tasks", "c"),
        ("backlog/tasks/task-1 - T.md", "d"),
    ] {
        let ran = fixture.runr(&["tasks", "import", from, "--into", into, "--json"]);
        assert_eq!(ran.code, 0, "{from}: {}", ran.err);
        let said: Value = serde_json::from_str(&ran.out).expect("JSON");
        let done: Vec<bool> = said["tasks"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|task| task["completed"] == true)
            .collect();
        let expected: &[bool] = match into {
            "d" => &[true],
            _ => &[true, false, false],
        };
        assert_eq!(done, expected, "{from}");
    }
    let idea = read(&fixture, ".runr/tasks/a/02-t2.md");
    assert!(!idea.contains("tags"), "{idea}");
    fixture.write("backlog/config.yml", "statuses: [\n");
    let ran = fixture.runr(&["tasks", "import", "backlog", "--into", "e"]);
    assert_eq!(ran.code, 2);
    assert!(
        ran.err.contains("backlog/config.yml:") && ran.err.contains("not valid YAML"),
        "{}",
        ran.err
    );
}
