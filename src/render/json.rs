//! The drawing as one JSON object for programs.
//!
//! Knows the words of the format, which are stable. Texts are passed on as they are: JSON escapes them.

use std::fmt::Write as _;

use serde::Serialize;

use crate::plan::Origin;
use crate::render::label::steers;
use crate::render::{Drawing, Standing};

/// Raised when a key changes its meaning or goes away; new keys do not count.
const SCHEMA: u32 = 1;

#[derive(Serialize)]
struct Document<'a> {
    schema_version: u32,
    tasks: Vec<TaskEntry<'a>>,
    edges: Vec<EdgeEntry<'a>>,
    tracks: Vec<&'a str>,
    critical_path: Vec<&'a str>,
}

#[derive(Serialize)]
struct TaskEntry<'a> {
    task: &'a str,
    title: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
    status: &'static str,
    standing: &'static str,
    waits_for: Vec<&'a str>,
    stale: Option<&'a str>,
    outside: Option<&'a str>,
    reason: Option<&'a str>,
    track: Option<&'a str>,
    /// `None`: the one that the graph was asked of.
    repository: Option<&'a str>,
    level: usize,
    critical: bool,
    priority: i32,
    estimate_s: Option<f64>,
}

#[derive(Serialize)]
struct EdgeEntry<'a> {
    from: &'a str,
    to: &'a str,
    origin: &'static str,
    file: &'a str,
    line: u32,
    column: u32,
    critical: bool,
}

/// Writes the drawing as JSON: tasks in file order, edges by prerequisite, then dependent. Ends with a
/// newline.
#[must_use]
pub fn json(drawing: &Drawing) -> String {
    let id = |node: usize| drawing.nodes[node].id.as_str();
    let tasks = drawing.nodes.iter().map(|node| TaskEntry {
        task: node.id.as_str(),
        title: &node.title,
        kind: node.kind.word(),
        status: node.status.word(),
        standing: match node.standing {
            Standing::None => "none",
            Standing::Ready => "ready",
            Standing::Blocked(_) => "blocked",
        },
        waits_for: match &node.standing {
            Standing::Blocked(by) => by.iter().map(crate::model::TaskId::as_str).collect(),
            Standing::None | Standing::Ready => Vec::new(),
        },
        stale: node.stale.as_deref(),
        outside: node.outside.as_deref(),
        reason: node.reason.as_deref(),
        track: node
            .track
            .filter(|_| node.repository.is_none())
            .map(|track| &*drawing.tracks[track]),
        repository: node.repository.as_deref(),
        level: node.level,
        critical: node.critical,
        priority: node.priority,
        estimate_s: node.estimate.map(|e| e.as_secs_f64()),
    });
    let edges = drawing.edges.iter().map(|edge| EdgeEntry {
        from: id(edge.from),
        to: id(edge.to),
        origin: match edge.origin {
            Origin::TaskFile => "task_file",
            Origin::Step => "step",
            Origin::TrackOrder => "track_order",
            Origin::Track => "track",
        },
        file: &edge.place.file,
        line: edge.place.line,
        column: edge.place.column,
        critical: edge.critical,
    });
    let document = Document {
        schema_version: SCHEMA,
        tasks: tasks.collect(),
        edges: edges.collect(),
        tracks: drawing.tracks[..drawing.own_tracks]
            .iter()
            .map(|name| &**name)
            .collect(),
        critical_path: drawing.critical_path.iter().map(|n| id(*n)).collect(),
    };
    // Strings, numbers and sequences only: there is nothing that could fail to be written.
    let mut text = serde_json::to_string_pretty(&document).unwrap_or_default();
    text.push('\n');
    harmless(text)
}

/// serde_json leaves C1 and bidirectional controls as they are; a terminal would obey them. They stand inside
/// strings only, where the escape means the same.
pub fn harmless(text: String) -> String {
    if !text.contains(steers) {
        return text;
    }
    text.chars().fold(String::new(), |mut out, c| {
        if steers(c) {
            // Writing to a `String` cannot fail.
            let _ = write!(out, "\\u{:04x}", u32::from(c));
        } else {
            out.push(c);
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::samples;

    #[test]
    fn terminals_are_safe_and_programs_get_the_text() {
        let mut drawing = samples::demo();
        let title = "a\u{9b}\u{202e}\u{1b}\"<ü>";
        drawing.nodes[0].title = title.into();
        let text = json(&drawing);
        assert!(!text.chars().any(|c| c != '\n' && steers(c)));
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value["tasks"][0]["title"], title);
        assert_eq!(value["schema_version"], 1);
        assert_eq!(value["tasks"][4]["standing"], "blocked");
        assert_eq!(value["edges"][0]["origin"], "task_file");
    }
}
