//! `runr init --with-claude`, the plugin made from the same source, and `runr hook`.

use std::fs;
use std::io::Write as _;
use std::process::Stdio;

use serde_json::Value;

use crate::support_sealed::{Sealed, Told, repository};

const SKILL: &str = ".claude/skills/runr/SKILL.md";
const SETTINGS: &str = ".claude/settings.json";

fn json(sealed: &Sealed, path: &str) -> Value {
    serde_json::from_str(&sealed.text(path)).expect(path)
}

/// Runs a hook as an agent's program would.
fn hook(sealed: &Sealed, event: &str, message: &str, env: &[(&str, &str)]) -> Told {
    let mut command = sealed.command(env!("CARGO_BIN_EXE_runr"));
    command
        .args(["hook", event])
        .envs(env.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // One that needs no message may have left.
    let _ = stdin.write_all(message.as_bytes());
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    Told {
        code: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

#[test]
fn init_writes_all_of_it_once() {
    let sealed = Sealed::new();
    let told = sealed
        .runr(&["init", "--with-claude", "--dry-run"])
        .exits(0);
    assert!(
        told.stdout.contains(&format!("would create {SKILL}")),
        "{}",
        told.stdout
    );
    assert!(sealed.files().is_empty());

    sealed.runr(&["init", "--with-claude"]).exits(0);
    assert!(sealed.text(SKILL).contains("runr $ARGUMENTS"));
    assert_eq!(
        json(&sealed, ".mcp.json")["mcpServers"]["runr"]["args"][0],
        "mcp"
    );
    let settings = json(&sealed, SETTINGS);
    for event in ["SessionStart", "UserPromptSubmit", "Stop", "SessionEnd"] {
        assert!(settings["hooks"][event].is_array(), "{event}");
    }
    let before = sealed.files();
    let told = sealed.runr(&["init", "--with-claude"]).exits(0);
    assert!(
        told.stdout.contains(&format!("kept     {SKILL}")),
        "{}",
        told.stdout
    );
    assert_eq!(sealed.files(), before);
}

#[test]
fn what_is_there_is_added_to_and_replaced_only_with_leave() {
    let sealed = Sealed::new();
    let settings = "{\"model\": \"x\", \"hooks\": {\"Stop\": [{\"hooks\": []}]}}\n";
    let servers = "{\"mcpServers\": {\"runr\": {\"command\": \"mine\"}, \"b\": {}}}";
    sealed.put(SETTINGS, settings);
    sealed.put(".mcp.json", servers);
    sealed.put(SKILL, "mine");
    let before = sealed.files();
    let told = sealed.runr(&["init", "--with-claude"]).exits(2);
    assert!(told.stderr.contains("--yes"), "{}", told.stderr);
    assert_eq!(sealed.files(), before);

    sealed.runr(&["init", "--with-claude", "--yes"]).exits(0);
    assert_ne!(sealed.text(SKILL), "mine");
    assert_eq!(
        json(&sealed, ".mcp.json")["mcpServers"]["runr"]["command"],
        "runr"
    );
    assert!(sealed.text(".mcp.json").ends_with(", \"b\": {}}}"));
    let after = json(&sealed, SETTINGS);
    assert_eq!(after["model"], "x");
    assert_eq!(after["hooks"]["Stop"].as_array().unwrap().len(), 2);

    // What cannot be merged into is left alone, and nothing else is written either.
    let sealed = Sealed::new();
    sealed.put(SETTINGS, "{ // a comment\n}");
    let before = sealed.files();
    let told = sealed.runr(&["init", "--with-claude", "--yes"]).exits(2);
    assert!(told.stderr.contains(SETTINGS), "{}", told.stderr);
    assert_eq!(sealed.files(), before);
}

#[test]
fn the_plugin_is_made_from_the_same_source() {
    let folder = repository().join("examples/claude-plugin");
    let made = runr::scaffold::claude::plugin();
    if std::env::var_os("RUNR_WRITE_PLUGIN").is_some() {
        for file in &made {
            let path = folder.join(file.path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, file.text.as_bytes()).unwrap();
        }
    }
    for file in &made {
        let text = fs::read_to_string(folder.join(file.path)).unwrap_or_default();
        assert_eq!(
            text, file.text,
            "{}: RUNR_WRITE_PLUGIN=1 writes it",
            file.path
        );
    }
    let skill = made
        .iter()
        .find(|file| file.path.ends_with("SKILL.md"))
        .unwrap();
    let sealed = Sealed::new();
    sealed.runr(&["init", "--with-claude"]).exits(0);
    assert_eq!(sealed.text(SKILL), skill.text);
    let hooks = made
        .iter()
        .find(|file| file.path == "hooks/hooks.json")
        .unwrap();
    let hooks: Value = serde_json::from_str(&hooks.text).unwrap();
    assert_eq!(hooks["hooks"], json(&sealed, SETTINGS)["hooks"]);
}

#[test]
fn a_session_is_recorded_and_told_about_its_claims() {
    let sealed = Sealed::new();
    sealed.put(".runr/tasks/a.md", "---\nrun: 'true'\n---\n# A\n");
    let cwd = sealed.root().display().to_string();
    let message = |more: &str| {
        format!("{{\"session_id\":\"s-1\",\"cwd\":{cwd:?},\"prompt\":\"the secret is 42\"{more}}}")
    };
    let started = hook(
        &sealed,
        "session-start",
        &message(",\"source\":\"startup\""),
        &[],
    )
    .exits(0);
    assert!(
        started.stdout.contains("1 task: 1 ready"),
        "{}",
        started.stdout
    );
    sealed.runr(&["claim", "a", "--session", "s-1"]).exits(0);
    hook(&sealed, "prompt", &message(""), &[]).exits(0);
    let told = hook(&sealed, "stop", &message(""), &[]).exits(0);
    assert_eq!(told.stdout, "");
    let again = hook(
        &sealed,
        "session-start",
        &message(",\"source\":\"resume\""),
        &[],
    )
    .exits(0);
    assert!(again.stdout.contains("claimed a.md"), "{}", again.stdout);
    let noted = sealed.text(".runr/sessions/s-1.jsonl");
    let events: Vec<String> = noted
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["event"].to_string())
        .collect();
    assert_eq!(
        events,
        [
            "\"session-start\"",
            "\"prompt\"",
            "\"stop\"",
            "\"session-start\""
        ]
    );
    assert!(!noted.contains("secret"), "{noted}");

    // Until the session ends its claim is shown as somebody's, then as nobody's; it stays either way.
    let status = sealed.runr(&["status", "--tasks"]).exits(0).stdout;
    assert!(
        status.contains("claimed by tester, session s-1"),
        "{status}"
    );
    assert!(!status.contains("gone"), "{status}");
    hook(
        &sealed,
        "session-end",
        &message(",\"reason\":\"exit\""),
        &[],
    )
    .exits(0);
    let status = sealed.runr(&["status", "--tasks"]).exits(0).stdout;
    assert!(
        status.contains("which is gone: runr claim --release a.md"),
        "{status}"
    );
    sealed.runr(&["claim", "--release", "a"]).exits(0);
}

#[test]
fn a_hook_never_stands_in_the_way() {
    let sealed = Sealed::new();
    sealed.put(".runr/tasks/a.md", "---\nrun: 'true'\n---\n# A\n");
    let before = sealed.files();
    let cwd = sealed.root().display().to_string();
    let good = format!("{{\"session_id\":\"s\",\"cwd\":{cwd:?}}}");
    let elsewhere = "{\"session_id\":\"s\",\"cwd\":\"/\"}";
    for (event, message, env, code) in [
        // Inside of an attempt; in a folder of nobody's; an event of a newer runr.
        (
            "session-start",
            good.as_str(),
            &[("RUNR_RUN_ID", "20260102-030405-aaaa")][..],
            0,
        ),
        ("session-start", elsewhere, &[], 0),
        ("teleported", good.as_str(), &[], 0),
        // 2 would block the session.
        ("session-start", "", &[], 1),
        ("session-start", "{\"session_id\":\"../../x\"}", &[], 1),
        ("stop", "[]", &[], 1),
    ] {
        hook(&sealed, event, message, env).exits(code);
    }
    assert_eq!(sealed.files(), before);
    sealed.put(".runr/tasks/a.md", "---\nrun: [\n---\n");
    hook(&sealed, "session-start", &good, &[]).exits(1);
}

/// With the real program, where it is installed: `RUNR_REAL_AGENTS` names a folder with `node_modules`.
#[test]
fn the_real_claude_finds_nothing_wrong_with_the_plugin() {
    let Some(folder) = std::env::var_os("RUNR_REAL_AGENTS") else {
        let _ = writeln!(
            std::io::stderr(),
            "skipped: no claude CLI (RUNR_REAL_AGENTS is not set)"
        );
        return;
    };
    let claude = std::path::Path::new(&folder).join("node_modules/.bin/claude");
    let sealed = Sealed::new();
    let mut command = sealed.command(&claude);
    command
        .args(["plugin", "validate", "--strict"])
        .arg(repository().join("examples/claude-plugin"))
        .env("DISABLE_AUTOUPDATER", "1")
        .env("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1");
    crate::support_sealed::told(&mut command).exits(0);
}
