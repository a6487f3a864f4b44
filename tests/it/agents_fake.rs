//! Programs that act as the agents do, for the everyday tests: they write the events that the real ones write and do
//! what a test tells them.
//!
//! A program is a shell script and a folder with a step for each of its starts. It notes its arguments and what it was
//! told.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::world::World;

/// The script. `$1` is the folder.
const SCRIPT: &str = r#"#!/bin/sh
dir=$1; shift
n=1; while ! mkdir "$dir/start.$n" 2>/dev/null; do n=$((n + 1)); done
for word in "$@"; do printf '%s\n' "$word"; done > "$dir/start.$n/words"
cat > "$dir/start.$n/told"
env > "$dir/start.$n/env"
resumed=; session=
for word in "$@"; do case $word in
  --session-id=*) session=${word#--session-id=} ;;
  --resume=*) session=${word#--resume=} ;;
esac; done
step=$dir/step.$n
[ -f "$step" ] || step=$dir/step.last
. "$step"
"#;

/// An agent of a test.
pub struct Fake {
    dir: PathBuf,
}

impl Fake {
    /// Makes the program beside the project.
    pub fn new(world: &World, name: &str) -> Self {
        Self::at(&world.outside().join(name))
    }

    /// Makes the program in a folder that is not there yet.
    pub fn at(dir: &Path) -> Self {
        let dir = dir.to_owned();
        fs::create_dir(&dir).unwrap();
        fs::write(dir.join("agent.sh"), SCRIPT).unwrap();
        Self { dir }
    }

    /// What goes into the configuration as its command.
    pub fn command(&self) -> String {
        let script = self.dir.join("agent.sh");
        json!(["sh", script, self.dir]).to_string()
    }

    /// What it does at its `n`-th start, from 1; a shell text, in which `$session` is its session.
    pub fn step(&self, n: u32, text: &str) -> &Self {
        fs::write(self.dir.join(format!("step.{n}")), text).unwrap();
        self
    }

    /// What it does at every other start.
    pub fn always(&self, text: &str) -> &Self {
        fs::write(self.dir.join("step.last"), text).unwrap();
        self
    }

    pub fn starts(&self) -> usize {
        let entries = fs::read_dir(&self.dir).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name());
        names
            .filter(|name| name.to_string_lossy().starts_with("start."))
            .count()
    }

    /// What it was told at its `n`-th start.
    pub fn told(&self, n: u32) -> String {
        fs::read_to_string(self.dir.join(format!("start.{n}/told"))).unwrap()
    }

    pub fn words(&self, n: u32) -> Vec<String> {
        let text = fs::read_to_string(self.dir.join(format!("start.{n}/words"))).unwrap();
        text.lines().map(str::to_owned).collect()
    }

    pub fn env(&self, n: u32) -> String {
        fs::read_to_string(self.dir.join(format!("start.{n}/env"))).unwrap()
    }
}

/// A shell text that writes events; `SESSION` in them is the session.
pub fn says(events: &[Value]) -> String {
    let mut text = String::new();
    for event in events {
        let line = event.to_string().replace('\'', "'\\''");
        let line = line.replace("SESSION", "'\"$session\"'");
        // Writing to a `String` cannot fail.
        let _ = writeln!(text, "printf '%s\\n' '{line}'");
    }
    text
}

/// Claude Code's first event.
pub fn init() -> Value {
    json!({"type": "system", "subtype": "init", "session_id": "SESSION", "model": "fake-1",
           "claude_code_version": "2.1.330"})
}

pub fn text(text: &str) -> Value {
    json!({"type": "assistant", "parent_tool_use_id": null, "session_id": "SESSION",
           "message": {"id": format!("m-{text}"), "model": "fake-1", "content": [{"type": "text", "text": text}],
                       "usage": {"input_tokens": 1000, "output_tokens": 10}}})
}

/// A good final word that costs a tenth of a dollar.
pub fn done() -> Value {
    json!({"type": "result", "subtype": "success", "is_error": false, "session_id": "SESSION", "num_turns": 2,
           "total_cost_usd": 0.1, "result": "All done.", "permission_denials": [],
           "usage": {"input_tokens": 1000, "output_tokens": 50},
           "model_usage_since_last_result":
               {"fake-1": {"inputTokens": 1000, "outputTokens": 50, "costUSD": 0.1}}})
}

/// A final word with fields of its own.
pub fn done_with(fields: Value) -> Value {
    let mut event = done();
    for (key, value) in fields.as_object().unwrap() {
        event[key] = value.clone();
    }
    event
}

/// A failure of the service.
pub fn trouble(status: u32, kind: &str, message: &str) -> Vec<Value> {
    let mut said = text(message);
    said["error"] = json!(kind);
    said["message"]["model"] = json!("<synthetic>");
    vec![
        said,
        done_with(
            json!({"is_error": true, "api_error_status": status, "terminal_reason": "api_error",
                         "result": message, "total_cost_usd": 0, "model_usage_since_last_result": {}}),
        ),
    ]
}

/// Everything well: the first event, a text, the shell text `work`, the final word.
pub fn works(work: &str) -> String {
    format!(
        "{}{work}\n{}",
        says(&[init(), text("working")]),
        says(&[done()])
    )
}
