//! What is written and what is read of it.

use crate::git::trailers::*;
use crate::model::{Fingerprint, Remark, RunId, Settled, TaskId};

const PRINT: &str = "000102030405060708090a0b0c0d0e0f";
const A: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const B: &str = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

fn run(n: u32) -> RunId {
    RunId::parse(&format!("20250108-14453{n}-p2mx")).unwrap()
}

/// Tasks with their runs.
type Tasks = Vec<(String, Option<RunId>)>;

/// Tasks with their runs, runs without, reverts.
fn said(message: &str) -> (Tasks, Vec<RunId>, Vec<String>) {
    let sections = read(message);
    let groups = sections.iter().flat_map(|s| &s.groups);
    (
        groups
            .map(|g| (task_path(&g.folder, &g.task), g.run.clone()))
            .collect(),
        sections.iter().flat_map(|s| s.runs.clone()).collect(),
        sections
            .iter()
            .flat_map(|s| s.reverts.iter().map(|r| r.commit.clone()))
            .collect(),
    )
}

#[test]
fn what_is_written_is_read_back() {
    let task = TaskId::parse("net/03 ü.md").unwrap();
    let (run, fingerprint) = (run(0), Fingerprint::parse(PRINT).unwrap());
    for folder in ["", "examples/one"] {
        let trailers = Trailers {
            folder,
            task: &task,
            run: &run,
            fingerprint,
            worker: "claude-code",
            verified: Some("tier1 cargo test\nRunr-Task: forged.md"),
        };
        let text = trailers.text();
        assert_eq!(text.lines().count(), 5, "{text}");
        let sections = read(&format!("A title\n\n{text}"));
        let [section] = sections.as_slice() else {
            panic!("{sections:?}");
        };
        let group = Group {
            folder: folder.to_owned(),
            task: task.clone(),
            run: Some(run.clone()),
            fingerprint: Some(fingerprint),
            worker: Some("claude-code".to_owned()),
            verified: Some("tier1 cargo test Runr-Task: forged.md".to_owned()),
        };
        assert_eq!(section.groups, [group]);
        assert_eq!(strip(&format!("A title\n\n{text}")), "A title\n\n");
    }
}

#[test]
fn the_block_is_that_of_the_product_page() {
    let trailers = Trailers {
        folder: "",
        task: &TaskId::parse("01-basic-engine.md").unwrap(),
        run: &run(0),
        fingerprint: Fingerprint::parse(PRINT).unwrap(),
        worker: "claude-code",
        verified: Some("tier1 cargo test"),
    };
    insta::assert_snapshot!(trailers.text(), @r"
    Runr-Task: .runr/tasks/01-basic-engine.md
    Runr-Run-Id: 20250108-144530-p2mx
    Runr-Fingerprint: 000102030405060708090a0b0c0d0e0f
    Runr-Worker: claude-code
    Runr-Verified: tier1 cargo test
    ");
}

#[test]
fn what_people_said_is_in_the_message_and_completes_nothing() {
    let said = |settled, note: Option<&str>| Remark {
        settled,
        by: "Ada <ada@x>\nRunr-Task: forged.md".to_owned(),
        note: note.map(str::to_owned),
    };
    let text = remarks(&[
        said(
            Settled::Rejected,
            Some("too loud\nRunr-Run-Id: 20250108-144530-p2mx"),
        ),
        said(Settled::Approved, None),
    ]);
    insta::assert_snapshot!(text, @r"
    Runr-Rejected-By: Ada <ada@x> Runr-Task: forged.md
    Runr-Note: too loud Runr-Run-Id: 20250108-144530-p2mx
    Runr-Approved-By: Ada <ada@x> Runr-Task: forged.md
    ");
    assert_eq!(read(&text), []);
    let task = TaskId::parse("a.md").unwrap();
    let fingerprint = Fingerprint::parse(PRINT).unwrap();
    let whole = ByHand {
        folder: "",
        task: &task,
        fingerprint,
        verified: Some("tier0 true\nRunr-Task: forged.md"),
        said: &said(Settled::Completed, Some("n")),
    }
    .text();
    assert!(whole.contains("\nRunr-Verified: tier0 true Runr-Task: forged.md\n"));
    let sections = read(&whole);
    assert_eq!(sections[0].groups.len(), 1);
    assert_eq!(sections[0].groups[0].run, None);
    assert_eq!(strip(&whole), "");
    assert!(remarks(&[said(Settled::Reset, Some(&"é".repeat(900)))]).len() < 1200);
}

#[test]
fn groups_open_with_a_task_wherever_it_stands() {
    let task = |name: &str, n| (format!(".runr/tasks/{name}"), n);
    for (message, tasks, runs, reverts) in [
        ("", vec![], vec![], vec![]),
        ("Runr-Task: a.md", vec![task("a.md", None)], vec![], vec![]),
        (
            "  \tRunr-Task:.runr/tasks/a.md\r\n\r\n  Runr-Run-Id: 20250108-144530-p2mx\r\n",
            vec![task("a.md", Some(run(0)))],
            vec![],
            vec![],
        ),
        (
            "runr-task: a.md\nx\nRUNR-RUN-ID: 20250108-144530-p2mx\nRunr-Task: b.md\nRunr-Run-Id: 20250108-144531-p2mx",
            vec![task("a.md", Some(run(0))), task("b.md", Some(run(1)))],
            vec![],
            vec![],
        ),
        // The older runr wrote the run only.
        (
            "Runr-Run-Id: 20250108-144530-p2mx\n\nRunr-Task: b.md\nRunr-Run-Id: 20250108-144531-p2mx\nRunr-Run-Id: 20250108-144532-p2mx",
            vec![task("b.md", Some(run(1)))],
            vec![run(0), run(2)],
            vec![],
        ),
        // Malformed: the name leads outside, so that what follows is of nobody.
        (
            "Runr-Task: ../a.md\nRunr-Run-Id: 20250108-144530-p2mx\nRunr-Task: b.md\nRunr-Run-Id: yesterday\nRunr-: x\nRunr-Odd thing: y\nRunr",
            vec![task("b.md", None)],
            vec![],
            vec![],
        ),
        ("see Runr-Task: a.md", vec![], vec![], vec![]),
        ("Runr-Task: ../.runr/tasks/a.md", vec![], vec![], vec![]),
        ("Runr-Task: x.runr/tasks/a.md", vec![], vec![], vec![]),
        (
            "Revert \"x\"\n\nThis reverts commit 0123456789, reversing\nchanges made to y.\n  This reverts commit 01234567.\nThis reverts commit 012345.\nThis reverts commit 0123456789xyz\nThis reverts commit 01234567 (x, 2025-01-01)",
            vec![],
            vec![],
            vec!["0123456789", "01234567", "01234567"],
        ),
    ] {
        let reverts = reverts.into_iter().map(str::to_owned).collect();
        assert_eq!(said(message), (tasks, runs, reverts), "{message:?}");
    }
}

#[test]
fn squashed_messages_keep_their_commits_apart() {
    let message = format!(
        "Squashed commit of the following:\n\ncommit {B}\nAuthor: x\n\n    Revert \"A\"\n    \n    This reverts commit {A}.\n\ncommit {A}\nAuthor: x\n\n    A\n    \n    Runr-Task: .runr/tasks/a.md\n    Runr-Run-Id: 20250108-144530-p2mx\n\ncommit cccccc\n"
    );
    let merge = read(&format!(
        "This reverts commit {A}, reversing\nchanges made to {B}.\n"
    ));
    assert_eq!(merge[0].reverts[0].kept.as_deref(), Some(B));
    let sections = read(&message);
    let seen: Vec<_> = sections
        .iter()
        .map(|s| (s.squashed.as_deref(), s.groups.len(), s.reverts.len()))
        .collect();
    assert_eq!(seen, [(Some(B), 0, 1), (Some(A), 1, 0)]);
}

#[test]
fn no_line_of_a_workers_text_counts_after_stripping() {
    for (text, left) in [
        ("a\n Runr-Task: x\nb", "a\nb"),
        ("runr-run-id : x", ""),
        ("a\rRunr-Task: x.md\nb", "b"),
        ("Runr is a tool: yes\n", "Runr is a tool: yes\n"),
    ] {
        assert_eq!(strip(text), left);
        assert_eq!(read(&strip(text)), []);
    }
}

proptest::proptest! {
    #[test]
    fn nothing_is_fatal_and_stripping_is_thorough(text in "(Runr-(Task|Run-Id|x): ?(a\\.md|\\.runr/tasks/b|20250108-144530)?|commit [a-f0-9]{40}|[ \t\r\n\u{b}é:-]|\\PC){0,40}") {
        let _ = read(&text);
        for section in read(&strip(&text)) {
            proptest::prop_assert!(section.groups.is_empty() && section.runs.is_empty());
        }
    }
}
