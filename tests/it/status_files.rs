//! `status: {frontmatter: true}`: the status in the task files, in place and in one commit.

use crate::support_git::Repo;
use crate::support_sealed::Sealed;

const ASKED: &str = "status: { frontmatter: true }\nretries: { backoff: 1ms }\n";

/// Without the lines that runr wrote.
fn without_status(text: &str) -> String {
    let status = [
        "status:",
        "completed_at:",
        "completed_by:",
        "completed_commit:",
    ];
    text.split_inclusive('\n')
        .filter(|line| !status.iter().any(|key| line.starts_with(key)))
        .collect()
}

#[test]
fn in_place_it_stands_in_the_files_and_the_rest_is_as_it_was() {
    let sealed = Sealed::new();
    sealed.put(".runr/config.yaml", ASKED);
    let crlf =
        "---\r\nrun:   'true'   # why\r\nx-mine: [a,  b]\r\n---\r\n# T\r\n\r\nstatus: no\r\n";
    let files = [
        (".runr/tasks/a.md", crlf),
        (
            ".runr/tasks/b.md",
            "---\nstatus: \"open\" # mine\nrun: 'false'\n---\n# B",
        ),
        (".runr/tasks/c.md", "---\ntype: manual\n---\n# C\n"),
        (".runr/tasks/d.md", "---\n{run: 'true'}\n---\n# D\n"),
    ];
    for (path, text) in files {
        sealed.put(path, text);
    }
    let told = sealed.runr(&["run"]).exits(1);
    assert!(
        told.stderr.contains("wrote the status into 3 task files"),
        "{told:?}"
    );
    assert!(
        told.stderr.contains(
            "warning: the status was not written into `.runr/tasks/d.md`: its frontmatter is not written as lines"
        ),
        "{told:?}"
    );
    let a = sealed.text(files[0].0);
    assert_eq!(without_status(&a), without_status(crlf));
    assert!(a.contains("---\r\nrun:   'true'   # why\r\n"), "{a:?}");
    assert!(
        a.contains("\r\nstatus: completed\r\ncompleted_at: 2"),
        "{a:?}"
    );
    assert!(a.contains("\r\ncompleted_by: run:2"), "{a:?}");
    assert!(!a.contains("completed_commit"), "there is none in place");
    assert_eq!(
        sealed.text(files[1].0),
        "---\nstatus: \"failed\" # mine\nrun: 'false'\n---\n# B"
    );
    assert_eq!(
        sealed.text(files[2].0),
        "---\ntype: manual\nstatus: skipped\n---\n# C\n"
    );
    assert_eq!(sealed.text(files[3].0), files[3].1);
    // It is no change of the task, and the file and the journal agree.
    let told = sealed.runr(&["status", "--tasks"]).exits(0);
    assert!(
        !told.stdout.contains("stale") && !told.stdout.contains("its file says"),
        "{told:?}"
    );
    // Nothing to write: nothing is written.
    let before = sealed.files();
    let told = sealed.runr(&["run", "--task", "a"]).exits(0);
    assert!(!told.stderr.contains("wrote the status"), "{told:?}");
    assert_eq!(before[files[0].0], sealed.text(files[0].0));
}

#[test]
fn with_git_it_is_one_commit_an_orchestration_and_a_clone_believes_it() {
    let repo = Repo::with(&[
        ("a", "run: touch a"),
        ("b", "run: touch b\ndepends_on: a.md"),
        ("c", "run: 'false'"),
    ]);
    repo.fixture.write(".runr/config.yaml", ASKED);
    repo.commit("configure");
    let ran = repo.runr(&["run", "-j1"], 1);
    assert!(
        ran.err
            .contains("wrote the status into 3 task files, in one commit"),
        "{}",
        ran.err
    );
    assert_eq!(
        repo.subjects("main"),
        [
            "begin",
            "configure",
            "Do a",
            "Do b",
            "Write down how the tasks stand"
        ]
    );
    assert_eq!(repo.git(&["status", "--porcelain"]), "");
    let a = repo.file(".runr/tasks/a.md").unwrap();
    let sha = repo.status("a")["checkpoint_sha"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(a.contains(&format!("completed_commit: \"{sha}\"\n")), "{a}");
    assert!(
        a.starts_with("---\nrun: touch a\nstatus: completed\n"),
        "{a}"
    );
    assert_eq!(
        repo.file(".runr/tasks/c.md").unwrap(),
        "---\nrun: 'false'\nstatus: failed\n---\n# Do c\n"
    );
    let table = repo.runr(&["status", "--tasks"], 0).out;
    assert!(
        !table.contains("stale") && !table.contains("its file says"),
        "{table}"
    );
    // Nothing else ran: no second commit.
    repo.runr(&["run", "--task", "a"], 0);
    assert_eq!(repo.subjects("main").len(), 5);
}

#[test]
fn with_git_an_orchestration_without_commits_makes_none_for_the_status() {
    let repo = Repo::with(&[("c", "run: 'false'")]);
    repo.fixture.write(".runr/config.yaml", ASKED);
    repo.commit("configure");
    let ran = repo.runr(&["run"], 1);
    assert!(!ran.err.contains("wrote the status"), "{}", ran.err);
    assert_eq!(repo.subjects("main"), ["begin", "configure"]);
    assert!(!repo.file(".runr/tasks/c.md").unwrap().contains("status:"));
    let table = repo.runr(&["status", "--tasks"], 0).out;
    assert!(table.contains("failed"), "{table}");
    assert!(!table.contains("its file says"), "{table}");
}
