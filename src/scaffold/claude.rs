//! What `init --with-claude` writes for Claude Code, and the same as a plugin: a skill, the server's entry,
//! hooks that record sessions.
//!
//! Knows Claude Code's files. Pure: what is there is handed in, what should be there is given back.

use serde_json::{Value, json};

use crate::scaffold::NewFile;
use crate::scaffold::json_edit::{self, EditError};

/// The events of a session that are recorded: Claude Code's name, and runr's word for it.
pub const EVENTS: [(&str, &str); 4] = [
    ("SessionStart", "session-start"),
    ("UserPromptSubmit", "prompt"),
    ("Stop", "stop"),
    ("SessionEnd", "session-end"),
];

const SKILL: &str = include_str!("claude_skill.md");
const SKILL_PATH: &str = ".claude/skills/runr/SKILL.md";
const SERVERS_PATH: &str = ".mcp.json";
const SETTINGS_PATH: &str = ".claude/settings.json";

/// The files of a project that are written or added to.
pub const PATHS: [&str; 3] = [SKILL_PATH, SERVERS_PATH, SETTINGS_PATH];

/// One file, as it is and as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// From the project root.
    pub path: &'static str,
    pub after: String,
    pub kind: Kind,
}

/// What the change does to what is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// There is no such file.
    New,
    /// It says this already.
    Same,
    /// Something is added, the rest stays as it is.
    Merge,
    /// Something of this name is there and says something else.
    Replace(&'static str),
}

/// Why one of the files cannot be changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{path}` cannot be changed: {why}")]
pub struct Unmergeable {
    pub path: &'static str,
    pub why: EditError,
}

/// The server's entry: it only reads.
fn server() -> Value {
    json!({ "command": "runr", "args": ["mcp"] })
}

/// The command of a hook. Whoever has no runr is not troubled.
fn hook_command(word: &str) -> String {
    format!("if command -v runr >/dev/null 2>&1; then runr hook {word}; fi")
}

fn hook(word: &str) -> Value {
    json!({ "hooks": [{ "type": "command", "command": hook_command(word), "timeout": 10 }] })
}

/// What should stand in a project, given what stands there: `read` gives the text of a file, if it is there.
///
/// # Errors
/// When a file that is there cannot be changed without touching the rest.
pub fn project(read: &dyn Fn(&str) -> Option<String>) -> Result<Vec<Change>, Unmergeable> {
    let skill = match read(SKILL_PATH) {
        None => Kind::New,
        Some(text) if text == SKILL => Kind::Same,
        Some(_) => Kind::Replace("the skill `runr`"),
    };
    Ok(vec![
        Change {
            path: SKILL_PATH,
            after: SKILL.to_owned(),
            kind: skill,
        },
        merged(SERVERS_PATH, read(SERVERS_PATH), servers)?,
        merged(SETTINGS_PATH, read(SETTINGS_PATH), settings)?,
    ])
}

type Edited = (String, Option<&'static str>);

fn merged(
    path: &'static str,
    before: Option<String>,
    edit: impl Fn(&str) -> Result<Edited, EditError>,
) -> Result<Change, Unmergeable> {
    // An empty file is what an interrupted editor leaves.
    let there = before.filter(|text| !text.trim().is_empty());
    let text = there.clone().unwrap_or_else(|| "{}\n".to_owned());
    let (after, replaced) = edit(&text).map_err(|why| Unmergeable { path, why })?;
    let kind = match (there, replaced) {
        (None, _) => Kind::New,
        (Some(before), _) if before == after => Kind::Same,
        (Some(_), Some(what)) => Kind::Replace(what),
        (Some(_), None) => Kind::Merge,
    };
    Ok(Change { path, after, kind })
}

fn servers(text: &str) -> Result<Edited, EditError> {
    let is: Value = serde_json::from_str(text).map_err(|e| EditError::NotJson(e.to_string()))?;
    let replaced = match is.pointer("/mcpServers/runr") {
        // As it is, also with further arguments of the user's that keep it runr's.
        Some(entry) if is_ours(entry) => return Ok((text.to_owned(), None)),
        Some(_) => Some("the server `runr`"),
        None => None,
    };
    let after = json_edit::set(text, &["mcpServers", "runr"], &server())?;
    Ok((after, replaced))
}

/// Does the entry start `runr mcp`, whatever else it says?
fn is_ours(entry: &Value) -> bool {
    let words = entry["args"].as_array();
    entry["command"] == "runr" && words.is_some_and(|words| words.iter().any(|word| word == "mcp"))
}

fn settings(text: &str) -> Result<Edited, EditError> {
    let mut text = text.to_owned();
    let mut replaced = None;
    for (event, word) in EVENTS {
        let is: Value =
            serde_json::from_str(&text).map_err(|e| EditError::NotJson(e.to_string()))?;
        let wanted = hook(word);
        let groups = is["hooks"][event].as_array();
        let ours = groups.and_then(|groups| groups.iter().position(|group| mentions(group, word)));
        text = match (ours, groups) {
            (Some(number), Some(groups)) if groups[number] == wanted => continue,
            (Some(number), _) => {
                replaced = Some("a hook of runr's");
                json_edit::set_element(&text, &["hooks", event], number, &wanted)?
            }
            (None, _) => json_edit::push(&text, &["hooks", event], &wanted)?,
        };
    }
    Ok((text, replaced))
}

/// Is one of the group's commands runr's for this event?
fn mentions(group: &Value, word: &str) -> bool {
    let all = group["hooks"].as_array();
    all.into_iter().flatten().any(|hook| {
        let command = hook["command"].as_str().unwrap_or_default();
        command.contains(&format!("runr hook {word}"))
    })
}

fn pretty(value: &Value) -> String {
    // A value always can be written.
    serde_json::to_string_pretty(value).unwrap_or_else(|_| value.to_string()) + "\n"
}

/// The same content as a plugin, for several projects at once.
#[must_use]
pub fn plugin() -> Vec<NewFile> {
    let hooks: serde_json::Map<String, Value> = EVENTS
        .into_iter()
        .map(|(event, word)| (event.to_owned(), json!([hook(word)])))
        .collect();
    let manifest = json!({
        "name": "runr",
        "version": env!("CARGO_PKG_VERSION"),
        "description": env!("CARGO_PKG_DESCRIPTION"),
        "author": { "name": "runr" },
        "keywords": ["tasks", "orchestration", "verification"],
    });
    let file = |path, text: String| NewFile {
        path,
        text: text.into(),
    };
    vec![
        file(".claude-plugin/plugin.json", pretty(&manifest)),
        NewFile::fixed("skills/runr/SKILL.md", SKILL),
        file(
            "hooks/hooks.json",
            pretty(&json!({
                "description": "Records which sessions work in a project of runr's",
                "hooks": hooks,
            })),
        ),
        file(
            ".mcp.json",
            pretty(&json!({ "mcpServers": { "runr": server() } })),
        ),
        NewFile::fixed("README.md", README),
    ]
}

const README: &str = "\
# runr for Claude Code, as a plugin

What `runr init --with-claude` writes into one project, for every project at once: the skill
`/runr`, the server `runr mcp`, which only reads, and hooks that record sessions. `runr` has to be on
the PATH; a project without `.runr/` is left alone.

    claude --plugin-dir examples/claude-plugin

Made by runr from the same source as `init --with-claude`; a test holds both equal, so do not edit
it here. `claude plugin validate --strict examples/claude-plugin` passes.
";

#[cfg(test)]
mod tests {
    use super::*;

    fn at<'a>(changes: &'a [Change], path: &str) -> &'a Change {
        changes.iter().find(|change| change.path == path).unwrap()
    }

    #[test]
    fn an_empty_project_gets_all_and_a_second_time_nothing() {
        let first = project(&|_| None).unwrap();
        assert!(first.iter().all(|change| change.kind == Kind::New));
        let read = |path: &str| Some(at(&first, path).after.clone());
        let second = project(&read).unwrap();
        assert!(
            second.iter().all(|change| change.kind == Kind::Same),
            "{second:?}"
        );
        let settings: Value = serde_json::from_str(&at(&first, SETTINGS_PATH).after).unwrap();
        for (event, word) in EVENTS {
            let command = &settings["hooks"][event][0]["hooks"][0]["command"];
            assert!(
                command
                    .as_str()
                    .unwrap()
                    .contains(&format!("runr hook {word}"))
            );
        }
    }

    #[test]
    fn what_is_the_users_stays() {
        let servers = "{ \"mcpServers\": { \"mine\": { \"command\": \"x\" } } }\n";
        let settings = "{\n  \"permissions\": {\"allow\": [\"Read\"]},\n  \"hooks\": {\n    \"Stop\": [\n      {\"hooks\": []}\n    ]\n  }\n}\n";
        let read = |path: &str| match path {
            SERVERS_PATH => Some(servers.to_owned()),
            SETTINGS_PATH => Some(settings.to_owned()),
            _ => None,
        };
        let changes = project(&read).unwrap();
        let after = &at(&changes, SERVERS_PATH).after;
        assert!(
            after.starts_with("{ \"mcpServers\": { \"mine\": { \"command\": \"x\" }"),
            "{after}"
        );
        let after = &at(&changes, SETTINGS_PATH).after;
        assert!(
            after.starts_with("{\n  \"permissions\": {\"allow\": [\"Read\"]},\n"),
            "{after}"
        );
        assert!(
            after.contains("      {\"hooks\": []},\n      {\n"),
            "{after}"
        );
        assert_eq!(at(&changes, SETTINGS_PATH).kind, Kind::Merge);
    }

    #[test]
    fn only_what_says_something_else_is_replaced() {
        for (path, text, kind) in [
            (SKILL_PATH, "mine", Kind::Replace("the skill `runr`")),
            (
                SERVERS_PATH,
                "{\"mcpServers\":{\"runr\":{\"command\":\"other\"}}}",
                Kind::Replace("the server `runr`"),
            ),
            (
                SERVERS_PATH,
                "{\"mcpServers\":{\"runr\":{\"command\":\"runr\",\"args\":[\"mcp\",\"--allow-write\"]}}}",
                Kind::Same,
            ),
            (
                SETTINGS_PATH,
                "{\"hooks\":{\"Stop\":[{\"hooks\":[{\"type\":\"command\",\"command\":\"runr hook stop\"}]}]}}",
                Kind::Replace("a hook of runr's"),
            ),
        ] {
            let changes = project(&|p| (p == path).then(|| text.to_owned())).unwrap();
            assert_eq!(at(&changes, path).kind, kind, "{text}");
        }
        let broken = project(&|p| (p == SETTINGS_PATH).then(|| "{ // x".to_owned()));
        assert_eq!(broken.unwrap_err().path, SETTINGS_PATH);
    }
}
