//! Why the files of another tool are not taken in.

use std::sync::Arc;

use crate::spec::ForeignError;

/// A problem with its place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IntakeError {
    #[error("{file}: the file is larger than {max} MiB")]
    TooLarge { file: Arc<str>, max: u64 },
    #[error("{file}:{line}:{column}: {why}")]
    Json {
        file: Arc<str>,
        line: usize,
        column: usize,
        why: String,
    },
    #[error("{file}: {source}")]
    Frontmatter {
        file: Arc<str>,
        source: ForeignError,
    },
    /// Of the settings of a tool.
    #[error("{file}:{line}: not valid YAML: {why}")]
    Yaml {
        file: Arc<str>,
        line: u32,
        why: String,
    },
    #[error("{file}: not a mapping of keys to values")]
    NoMap { file: Arc<str> },
    #[error("{file}:{line}: {what}")]
    Shape {
        file: Arc<str>,
        line: u32,
        what: &'static str,
    },
    #[error("there is no task in {file}")]
    Empty { file: Arc<str> },
    #[error("there are {count} tasks, and at most {max} are taken in at once")]
    TooMany { count: usize, max: usize },
    #[error("{file}:{line}: `{key}` stands here again, first in {first}")]
    Twice {
        file: Arc<str>,
        line: u32,
        key: String,
        first: String,
    },
    /// Each task with its place; the last needs the first.
    #[error("tasks wait for each other: {}", circle(.path))]
    Cycle { path: Vec<(String, String)> },
}

/// `1 (tasks.json:3) → 2 (tasks.json:9) → 1`: each is done before the next.
fn circle(path: &[(String, String)]) -> String {
    let mut words: Vec<String> = path
        .iter()
        .map(|(key, place)| format!("`{key}` ({place})"))
        .collect();
    words.extend(path.first().map(|(key, _)| format!("`{key}`")));
    words.join(" → ")
}
