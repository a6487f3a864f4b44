//! The page's part about agents, followed with the real Claude Code and Codex.
//!
//! They are on the path as anybody's are, and are configured as anybody's are: by their own variables and files. Only the
//! model that they ask is a scripted one on loopback.

use std::fs;
use std::os::unix::fs::symlink;

use serde_json::json;

use crate::agents_model::{Model, RealAgents};
use crate::page::{follow, pieces, programs_first, section};
use crate::support_sealed::{Sealed, repository};
use crate::world::World;

#[test]
fn the_readme_is_enough_to_run_a_task_with_each() {
    let Some(agents) = RealAgents::find() else {
        return;
    };
    // The model servers keep their files in folders of their own.
    let (beside_claude, beside_codex) = (World::new(), World::new());
    let anthropic = Model::start(
        &beside_claude,
        "fake_anthropic.py",
        &json!({"turns": [
            {"text": "All done already."},
            {"tool_use": {"name": "Write", "input": {"file_path": "{{cwd}}/hello.txt", "content": "Hello there.\n"}}},
            {"text": "I wrote it."}],
            "end": {"text": "done"}}),
    );
    let openai = Model::start(
        &beside_codex,
        "fake_openai.py",
        &json!({"turns": [
            {"tool_use": {"name": "exec_command", "input": {"cmd": "tr a-z A-Z < hello.txt > loud.txt"}}},
            {"text": "In capitals."}],
            "end": {"text": "done"}}),
    );
    let sealed = Sealed::new();
    let programs = sealed.root().join("../programs");
    fs::create_dir(&programs).unwrap();
    symlink(agents.claude(), programs.join("claude")).unwrap();
    symlink(agents.codex(), programs.join("codex")).unwrap();
    sealed.put(
        "../home/.codex/config.toml",
        &format!(
            "model = \"fake-model\"\nmodel_provider = \"fake\"\n[model_providers.fake]\nname = \"fake\"\n\
             base_url = \"{}/v1\"\nwire_api = \"responses\"\nenv_key = \"OPENAI_API_KEY\"\nrequest_max_retries = 1\n",
            openai.url()
        ),
    );
    // Codex's home must not lie below it.
    let temporary = sealed.root().join("../tmp");
    fs::create_dir(&temporary).unwrap();
    let page = fs::read_to_string(repository().join("README.md")).unwrap();
    let wrong = follow(
        &sealed,
        &pieces(section(&page, "## With an agent")),
        |command| {
            programs_first(command, &programs);
            command
                .env("ANTHROPIC_BASE_URL", anthropic.url())
                .env("ANTHROPIC_API_KEY", "dummy-key-of-a-test")
                .env("OPENAI_API_KEY", "dummy-key-of-a-test")
                .env("TMPDIR", &temporary)
                .env("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1");
            for name in ["TELEMETRY", "ERROR_REPORTING", "AUTOUPDATER", "BUG_COMMAND"] {
                command.env(format!("DISABLE_{name}"), "1");
            }
        },
    );
    assert!(wrong.is_empty(), "\n{wrong}");
    assert_eq!(sealed.text("hello/loud.txt"), "HELLO THERE.\n");
    assert!(anthropic.requests().contains("hello.txt"));
    assert!(openai.requests().contains("loud.txt"));
}
