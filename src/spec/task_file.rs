//! A task file: frontmatter and body.
//!
//! Knows its keys and limits. Does not resolve what it depends on.

use std::sync::Arc;

use crate::model::{CommandLine, Fingerprint, TaskKind, WrittenStatus};
use crate::spec::fields::known;
use crate::spec::fingerprint::{self, STATUS_KEYS};
use crate::spec::frontmatter;
use crate::spec::reader::Reader;
use crate::spec::settings::{Settings, setting, verification};
use crate::spec::yaml::{self, Node, Value};
use crate::spec::{At, Finding, Mark};

/// The size of a task file.
pub const MAX_BYTES: u64 = 1024 * 1024;
/// The size of its frontmatter.
const MAX_FRONTMATTER: usize = 64 * 1024;

/// Every key that a task file may have.
pub const TASK_KEYS: [&str; 24] = [
    "depends_on",
    "type",
    "worker",
    "run",
    "owns",
    "inputs",
    "verify",
    "timeout",
    "estimate",
    "retries",
    "priority",
    "pools",
    "budget_usd",
    "agent",
    "model",
    "env",
    "tags",
    "isolation",
    "allowlist_add",
    "verification",
    "status",
    "completed_at",
    "completed_by",
    "completed_commit",
];

/// What a task file says.
#[derive(Debug)]
pub struct TaskDoc {
    /// From the project root.
    pub file: Arc<str>,
    /// Nothing in it is wrong.
    pub sound: bool,
    pub title: Option<Box<str>>,
    pub depends_on: Vec<At<Box<str>>>,
    pub kind: TaskKind,
    pub run: Option<At<CommandLine>>,
    pub owns: Vec<At<Box<str>>>,
    pub allowlist_add: Vec<At<Box<str>>>,
    pub inputs: Vec<At<Box<str>>>,
    pub tags: Vec<At<Box<str>>>,
    pub settings: Option<Box<Settings>>,
    pub written: Option<Box<WrittenStatus>>,
    pub text: Fingerprint,
}

/// Reads a task file. `None`: nothing of it can be read. A document with wrong values is not sound; what could
/// be read of it is there, so that its references are checked all the same. Findings are in no particular order.
pub fn read(file: &Arc<str>, bytes: &[u8], findings: &mut Vec<Finding>) -> Option<TaskDoc> {
    let mut reader = Reader::new(file.clone());
    let mut doc = read_bytes(&mut reader, bytes);
    if let Some(doc) = &mut doc {
        doc.sound = !reader.findings.iter().any(Finding::is_error);
    }
    findings.append(&mut reader.findings);
    doc
}

fn read_bytes(reader: &mut Reader, bytes: &[u8]) -> Option<TaskDoc> {
    if bytes.len() as u64 > MAX_BYTES {
        reader.error(
            "limit",
            Mark::START,
            "the file is larger than 1 MiB",
            "keep long material in files of its own and name them in the text",
        );
        return None;
    }
    let text = reader.utf8(bytes)?;
    let parts = match frontmatter::split(text) {
        Ok(parts) => parts,
        Err(error) => {
            let mark = Mark {
                width: 3,
                ..Mark::START
            };
            reader.error(
                "frontmatter",
                mark,
                error.to_string(),
                "end it with a line `---`",
            );
            return None;
        }
    };
    let map = parts.yaml.and_then(|yaml| {
        if yaml.len() > MAX_FRONTMATTER {
            reader.error(
                "limit",
                Mark::START,
                "the frontmatter is larger than 64 KiB",
                "move text below the frontmatter",
            );
            return None;
        }
        yaml::parse(yaml).unwrap_or_else(|(error, mark)| {
            reader.yaml(&error, mark);
            None
        })
    });
    if map.is_none() && reader.findings.iter().any(Finding::is_error) {
        return None;
    }
    let mut doc = TaskDoc {
        file: reader.file.clone(),
        sound: true,
        title: heading(parts.body).map(Into::into),
        depends_on: Vec::new(),
        kind: TaskKind::default(),
        run: None,
        owns: Vec::new(),
        allowlist_add: Vec::new(),
        inputs: Vec::new(),
        tags: Vec::new(),
        settings: None,
        written: None,
        text: fingerprint::of(map.as_ref(), &STATUS_KEYS, parts.body),
    };
    if let Some(map) = &map {
        frontmatter_keys(reader, &mut doc, map);
    }
    Some(doc)
}

fn frontmatter_keys(reader: &mut Reader, doc: &mut TaskDoc, map: &Node) {
    let mut settings = Settings::default();
    let mut written = WrittenStatus::default();
    let mut older = None;
    for (key, node) in known(reader, map, "the frontmatter", &TASK_KEYS) {
        match key {
            "depends_on" => {
                doc.depends_on = reader.texts(key, node, "[00-setup.md]").unwrap_or_default()
            }
            "type" => doc.kind = reader.word(key, node, &KINDS).unwrap_or_default(),
            "run" => {
                doc.run = reader.command(key, node).map(|value| At {
                    value,
                    mark: node.mark,
                });
            }
            "owns" => doc.owns = reader.patterns(key, node).unwrap_or_default(),
            "allowlist_add" => doc.allowlist_add = reader.patterns(key, node).unwrap_or_default(),
            "inputs" => doc.inputs = reader.patterns(key, node).unwrap_or_default(),
            "tags" => doc.tags = reader.texts(key, node, "[net]").unwrap_or_default(),
            "verification" => older = Some(node),
            "status" => written.status = plain(node),
            "completed_at" => written.completed_at = plain(node),
            "completed_by" => written.completed_by = plain(node),
            "completed_commit" => written.completed_commit = plain(node),
            _ => {
                setting(reader, &mut settings, key, node);
            }
        }
    }
    if let Some(node) = older {
        verification(reader, &mut settings, node, node.mark);
    }
    if settings != Settings::default() {
        doc.settings = Some(Box::new(settings));
    }
    if written != WrittenStatus::default() {
        doc.written = Some(Box::new(written));
    }
}

const KINDS: [(&str, TaskKind); 3] = [
    ("automated", TaskKind::Automated),
    ("manual", TaskKind::Manual),
    ("hybrid", TaskKind::Hybrid),
];

/// Status keys are shown and never obeyed: whatever stands there is no error.
fn plain(node: &Node) -> Option<Box<str>> {
    match &node.value {
        Value::Scalar(text) => Some(text.as_ref().into()),
        _ => None,
    }
}

/// The text of the first heading (`# …`) outside code fences.
fn heading(body: &str) -> Option<&str> {
    let mut fence: Option<&str> = None;
    for line in body.lines() {
        let start = line.trim_start();
        let mark = ["```", "~~~"]
            .into_iter()
            .find(|mark| start.starts_with(mark));
        match (fence, mark) {
            (None, Some(mark)) => fence = Some(mark),
            (Some(open), Some(mark)) if open == mark => fence = None,
            (Some(_), _) => {}
            (None, None) => {
                let text = start.trim_start_matches('#');
                let marks = start.len() - text.len();
                if (1..=6).contains(&marks) && text.starts_with([' ', '\t']) {
                    let text = text.trim().trim_end_matches('#').trim_end();
                    if !text.is_empty() {
                        return Some(text);
                    }
                }
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str) -> (Option<TaskDoc>, Vec<Finding>) {
        let mut findings = Vec::new();
        let doc = read(&"t.md".into(), text.as_bytes(), &mut findings);
        (doc, findings)
    }

    #[test]
    fn headings_are_titles() {
        for (body, title) in [
            ("# One\n# Two\n", Some("One")),
            ("```\n# no\n```\n## Yes ##\n", Some("Yes")),
            ("text\n", None),
            ("#no\n####### no\n", None),
        ] {
            assert_eq!(heading(body), title, "{body:?}");
        }
    }

    #[test]
    fn every_known_key_is_read() {
        let text = "---\ndepends_on: a.md\ntype: hybrid\nworker: codex\nowns: [src/**]\ninputs: x\nverify: { tier: tier1, commands: [[a, b], c d] }\ntimeout: 45m\nestimate: 20m\nretries: 2\npriority: -10\npools: { browser: 1 }\nbudget_usd: 3\nmodel: sonnet\nenv: { A: b, C: }\ntags: [net]\nallowlist_add: [docs/**]\nstatus: completed\ncompleted_by: [odd]\nx-mine: 1\n---\n# T\n";
        let (doc, findings) = read_text(text);
        assert_eq!(findings, []);
        let doc = doc.unwrap();
        assert_eq!(doc.kind, TaskKind::Hybrid);
        let settings = doc.settings.unwrap();
        assert_eq!(settings.tier, Some(1));
        assert_eq!(settings.commands.unwrap().len(), 2);
        assert_eq!(
            settings.env,
            [("A".into(), Some("b".into())), ("C".into(), None)]
        );
        assert_eq!(settings.priority, Some(-10));
        let written = doc.written.unwrap();
        assert_eq!(written.status.as_deref(), Some("completed"));
        assert_eq!(written.completed_by, None);
    }

    #[test]
    fn fingerprints_see_the_task_and_nothing_else() {
        let text = |text: &str| read_text(text).0.unwrap().text;
        let base = text("---\ntype: manual\npriority: 1\n---\nDo it.\nNow.\n");
        for same in [
            "---\r\ntype: manual\r\npriority: 1\r\n---\r\nDo it.\r\nNow.\r\n",
            "---\nstatus: completed\ntype: manual\ncompleted_at: 2025-01-08\npriority: 1 # high\n---\nDo it.\nNow.\n",
            "---\npriority: 1\ntype: manual\n---\nDo it.\nNow.\n",
            "\u{feff}---\ntype: manual\npriority: 1\n...\nDo it.\nNow.\n",
        ] {
            assert_eq!(text(same), base, "{same:?}");
        }
        for other in [
            "---\ntype: manual\npriority: 2\n---\nDo it.\nNow.\n",
            "---\ntype: manual\n---\nDo it.\nNow.\n",
            "---\ntype: manual\npriority: 1\n---\nDo it.\nNow!\n",
        ] {
            assert_ne!(text(other), base, "{other:?}");
        }
    }

    #[test]
    fn problems_are_all_found_in_one_reading() {
        let (doc, findings) = read_text(
            "---\ndepend_on: a\npriority: high\ntimeout: 90\ntype: manuel\npriority: 1\nowns: ../x\n---\n",
        );
        assert!(!doc.unwrap().sound);
        let seen: Vec<(u32, u32, &str)> = findings
            .iter()
            .map(|f| {
                let place = f.diagnostic.place.as_ref().unwrap();
                (place.line, place.column, f.diagnostic.code)
            })
            .collect();
        for expected in [
            (2, 1, "unknown-key"),
            (3, 11, "wrong-value"),
            (4, 10, "wrong-value"),
            (5, 7, "wrong-value"),
            (6, 1, "duplicate-key"),
            (7, 7, "bad-pattern"),
        ] {
            assert!(seen.contains(&expected), "{expected:?} in {seen:?}");
        }
        assert_eq!(seen.len(), 6);
        assert!(
            findings
                .iter()
                .any(|f| f.diagnostic.message == "`priority` takes a whole number, found `high`")
        );
    }
}
