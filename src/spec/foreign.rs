//! Frontmatter of other tools' files: which texts stand under which key, whatever the keys are.
//!
//! Knows lines, keys and texts. Does not know whose file it is. Bounded as the frontmatter of tasks is.

use crate::spec::MAX_BYTES;
use crate::spec::frontmatter::split;
use crate::spec::yaml::{Node, Value, parse};

/// The frontmatter and the body of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Foreign {
    /// In the order written: the key, the number of its line, its texts. What is neither a text nor a list of texts has none.
    pub entries: Vec<(String, u32, Vec<String>)>,
    pub body: String,
}

/// Why a file of another tool is not taken in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ForeignError {
    #[error("the file is larger than 1 MiB")]
    TooLarge,
    #[error("the frontmatter is not closed")]
    Unclosed,
    #[error("the frontmatter is not a mapping of keys to values")]
    NoMap,
    #[error("the frontmatter is not valid YAML, in line {line}: {why}")]
    Yaml { line: u32, why: String },
}

/// Reads a file. One without a frontmatter has no entries.
///
/// # Errors
/// When it is too large, or its frontmatter cannot be read.
pub fn read(text: &str) -> Result<Foreign, ForeignError> {
    if text.len() as u64 > MAX_BYTES {
        return Err(ForeignError::TooLarge);
    }
    let parts = split(text).map_err(|_| ForeignError::Unclosed)?;
    let map = parse(parts.yaml.unwrap_or_default()).map_err(|(error, mark)| {
        let line = mark.line;
        let why = error.to_string();
        ForeignError::Yaml { line, why }
    })?;
    let entries = match map.map(|map| map.value) {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Map(entries)) => entries,
        Some(_) => return Err(ForeignError::NoMap),
    };
    let entry = |(key, value): &(Node, Node)| match &key.value {
        Value::Scalar(name) => Some((name.to_string(), key.mark.line, texts(value))),
        _ => None,
    };
    Ok(Foreign {
        entries: entries.iter().filter_map(entry).collect(),
        body: parts.body.to_owned(),
    })
}

fn texts(node: &Node) -> Vec<String> {
    let text = |node: &Node| match &node.value {
        Value::Scalar(text) => Some(text.to_string()),
        _ => None,
    };
    match &node.value {
        Value::List(items) => items.iter().filter_map(text).collect(),
        _ => text(node).into_iter().collect(),
    }
}

impl Foreign {
    /// The texts of a key.
    #[must_use]
    pub fn texts(&self, key: &str) -> &[String] {
        self.entries
            .iter()
            .find(|(name, ..)| name == key)
            .map_or(&[], |(.., texts)| texts)
    }

    /// The first text of a key that is not empty.
    #[must_use]
    pub fn text(&self, key: &str) -> Option<&str> {
        let found = self.texts(key).iter().find(|text| !text.trim().is_empty());
        found.map(|text| text.trim())
    }

    /// The line of a key; the first when it is not there.
    #[must_use]
    pub fn line(&self, key: &str) -> u32 {
        let found = self.entries.iter().find(|(name, ..)| name == key);
        found.map_or(1, |(_, line, _)| *line)
    }
}
