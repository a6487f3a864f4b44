//! Verification in tiers: what is asked for, what risk adds, what does not count as a pass.

use crate::support_git::Repo;
use crate::support_sealed::Sealed;

const CONFIG: &str = "verify:
  tier0: [echo 0 >> checks]
  tier1: [echo 1 >> checks]
  tier2: [echo 2 >> checks]
  risk: { tier1: [src/**], tier2: [db/**] }
";

fn checks(frontmatter: &str) -> String {
    let sealed = Sealed::new();
    sealed.put(".runr/config.yaml", CONFIG);
    let text = format!("---\nrun: 'true'\n{frontmatter}\n---\n# T\n");
    sealed.put(".runr/tasks/a.md", &text);
    sealed.runr(&["run", "--quiet"]).exits(0);
    sealed.text("checks").replace('\n', " ")
}

#[test]
fn a_task_is_verified_as_high_as_it_asks_and_as_its_risk_asks() {
    for (frontmatter, expected) in [
        ("", "0 "),
        ("verify: {tier: 1}", "0 1 "),
        ("verify: {tier: 2}", "0 1 2 "),
        ("verify: echo own >> checks", "0 own "),
        ("owns: [docs/**]", "0 "),
        ("owns: [docs/**, src/a.rs]", "0 1 "),
        (
            "owns: [db/x]\nverify: {commands: [echo own >> checks]}",
            "0 own 1 2 ",
        ),
        ("owns: [src/**]\nverify: {tier: 1}", "0 1 "),
    ] {
        assert_eq!(checks(frontmatter), expected, "{frontmatter}");
    }
}

#[test]
fn what_failed_is_shown_with_its_last_lines_and_nothing_follows_it() {
    let sealed = Sealed::new();
    let config = "verify: { tier0: [echo fine], tier1: [echo first; echo the reason; exit 3], tier2: [touch later] }\n";
    sealed.put(".runr/config.yaml", config);
    let task = "---\nrun: 'true'\nverify: {tier: 2}\n---\n# T\n";
    sealed.put(".runr/tasks/a.md", task);
    let told = sealed.runr(&["run"]).exits(1);
    let all = format!("{}{}", told.stdout, told.stderr);
    assert!(all.contains("verification failed"), "{all}");
    assert!(all.contains("the reason"), "{all}");
    let files = sealed.files();
    let logs: Vec<(&str, &str)> = files
        .iter()
        .filter_map(|(path, text)| {
            let (_, name) = path.rsplit_once('/')?;
            name.starts_with("verify-").then_some((name, text.as_str()))
        })
        .collect();
    assert_eq!(
        logs,
        [
            ("verify-1.log", "fine\n"),
            ("verify-2.log", "first\nthe reason\n")
        ]
    );
    assert!(!files.contains_key("later"));
}

#[test]
fn a_check_that_could_not_run_is_no_pass() {
    for check in ["[no-such-program-anywhere]", "kill -9 $$"] {
        let sealed = Sealed::new();
        sealed.put(
            ".runr/config.yaml",
            &format!("verify: {{ tier0: [{check}] }}\n"),
        );
        sealed.put(".runr/tasks/a.md", "---\nrun: 'true'\n---\n# T\n");
        sealed.runr(&["run", "--quiet"]).exits(1);
        let told = sealed.runr(&["status", "--tasks"]).exits(0);
        assert!(told.stdout.contains("verification failed"), "{told:?}");
    }
}

#[test]
fn in_a_working_tree_of_its_own_what_was_changed_decides() {
    let repo = Repo::with(&[
        ("docs", "run: mkdir -p docs && echo x > docs/a"),
        ("source", "run: mkdir -p src && echo x > src/a"),
        ("base", "run: mkdir -p db && echo x > db/a"),
        ("many", "run: touch 1 2 3 4"),
        ("asks", "run: 'true'\nverify: {tier: 2}"),
        // It may, and does not.
        ("owner", "run: 'true'\nowns: [db/**]"),
    ]);
    let config = "verify:
  tier0: [test ! -e forbidden]
  tier1: ['true']
  tier2: [[test, -d, .]]
  risk: { tier1: [src/**], tier2: [db/**], tier1_files: 4 }
";
    repo.fixture.write(".runr/config.yaml", config);
    repo.commit("configure");
    repo.runr(&["run", "-j1", "--quiet"], 0);
    let verified = |task: &str| {
        let grep = format!("--grep=^Runr-Task: .runr/tasks/{task}.md$");
        let message = repo.git(&["log", "-1", "--format=%B", &grep, "main"]);
        let line = message
            .lines()
            .find_map(|l| l.strip_prefix("Runr-Verified: "));
        line.unwrap_or_else(|| panic!("{task}: {message}"))
            .to_owned()
    };
    for (task, expected) in [
        ("docs", "tier0 test ! -e forbidden"),
        ("source", "tier1 test ! -e forbidden; true"),
        ("base", "tier2 test ! -e forbidden; true; test -d ."),
        ("many", "tier1 test ! -e forbidden; true"),
        ("asks", "tier2 test ! -e forbidden; true; test -d ."),
        ("owner", "tier0 test ! -e forbidden"),
    ] {
        assert_eq!(verified(task), expected, "{task}");
    }
}

#[test]
fn what_risk_asks_for_can_fail_the_run() {
    let repo = Repo::with(&[("base", "run: mkdir -p db && echo x > db/a")]);
    let config = "verify: { tier2: [echo too risky; exit 1], risk: { tier2: [db/**] } }\n";
    repo.fixture.write(".runr/config.yaml", config);
    repo.commit("configure");
    let ran = repo.runr(&["run"], 1);
    let all = format!("{}{}", ran.out, ran.err);
    assert!(all.contains("too risky"), "{all}");
    assert_eq!(repo.status("base")["status"], "failed");
    assert_eq!(repo.status("base")["stop_reason"], "verification_failed");
}
