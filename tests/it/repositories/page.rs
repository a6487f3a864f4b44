//! One page for all repositories.

use crate::support_dashboard::Dashboard;
use crate::support_several::Several;

#[test]
fn the_dashboard_shows_and_decides_for_all_repositories() {
    let several = Several::new(&["api"]);
    several.works("project", "c", &["api:m"]);
    several.task("api", "m", "type: manual\ndepends_on: b");
    several.task("api", "b", "run: echo out; echo b > b.txt");
    several.commit(&["project", "api"]);
    several.run("project", &["run", "--with-deps"]).exits(3);
    let page = Dashboard::start(several.command("project", &["dashboard", "--no-open"]));
    let seen = page.get("/api/seen").json();
    let one = |id: &str| {
        let tasks = seen["tasks"].as_array().unwrap();
        let found = tasks.iter().find(|task| task["task"] == id);
        found.unwrap_or_else(|| panic!("{id}: {seen}")).clone()
    };
    assert_eq!(one("api:b.md")["status"], "completed");
    assert_eq!(one("api:b.md")["repository"], "api");
    assert_eq!(one("c.md")["repository"], serde_json::Value::Null);
    assert_eq!(seen["head"]["people"][0]["task"], "api:m.md", "{seen}");
    // What a run left there.
    let run = one("api:b.md")["last_run"].as_str().unwrap().to_owned();
    let log = page.get(&format!("/api/run/log?run={run}")).body;
    assert!(log.contains("out"), "{log}");
    let diff = page.get(&format!("/api/run/diff?run={run}")).body;
    assert!(diff.contains("b.txt"), "{diff}");
    let task = page.get("/api/task?task=api%3Ab.md").json();
    assert_eq!(task["runs"][0]["run"], run.as_str(), "{task}");
    let timeline = page.get("/api/timeline").json();
    assert_eq!(timeline["runs"][0]["task"], "api:b.md", "{timeline}");
    // A decision is taken there, and seen here.
    let mut told = page.listen("/api/events");
    let done = page.post("/api/complete", r#"{"task":"api:m.md","note":"seen"}"#);
    assert_eq!(done.status, 200, "{done:?}");
    let journal = several.journal("api");
    assert!(
        journal.contains(r#""event":"completed_by_hand","task":"m.md""#),
        "{journal}"
    );
    assert!(journal.contains("(dashboard)"), "{journal}");
    let ready = told.find(|(_, data)| {
        let seen: serde_json::Value = serde_json::from_str(data).unwrap();
        let mut tasks = seen["tasks"].as_array().unwrap().iter();
        tasks.any(|task| task["task"] == "c.md" && task["class"] == "ready")
    });
    assert!(ready.is_some());
}
