//! Verification in tiers: what is asked for, what risk adds, what does not count as a pass.

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
