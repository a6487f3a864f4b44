//! Collects the findings of one file while it is read.
//!
//! Knows which file it is and what was found. Does not know any key.

use std::sync::Arc;

use crate::spec::yaml::{self, Node, Value, YamlError};
use crate::spec::{Finding, MAX_BYTES, Mark};

/// What is found in one file.
#[derive(Debug)]
pub struct Reader {
    pub file: Arc<str>,
    pub findings: Vec<Finding>,
}

/// What a key takes, for the message about a wrong value: "`priority` takes a whole number".
#[derive(Debug, Clone, Copy)]
pub struct Want {
    pub what: &'static str,
    pub example: &'static str,
}

impl Reader {
    #[must_use]
    pub fn new(file: Arc<str>) -> Self {
        Self {
            file,
            findings: Vec::new(),
        }
    }

    /// The bytes as text; reports the first byte that is none.
    pub fn utf8<'b>(&mut self, bytes: &'b [u8]) -> Option<&'b str> {
        match std::str::from_utf8(bytes) {
            Ok(text) => Some(text),
            Err(error) => {
                let before = String::from_utf8_lossy(&bytes[..error.valid_up_to()]);
                let line = before.matches('\n').count() + 1;
                let column = before
                    .rsplit('\n')
                    .next()
                    .unwrap_or_default()
                    .chars()
                    .count()
                    + 1;
                let mark = Mark {
                    line: u32::try_from(line).unwrap_or(u32::MAX),
                    column: u32::try_from(column).unwrap_or(u32::MAX),
                    width: 1,
                };
                self.error(
                    "encoding",
                    mark,
                    "the file is not UTF-8",
                    "save it as UTF-8",
                );
                None
            }
        }
    }

    /// A whole YAML file of at most `max` bytes. `None`: it cannot be read; `Some(None)`: it is empty.
    pub fn document<'b>(&mut self, bytes: &'b [u8], max: u64) -> Option<Option<Node<'b>>> {
        if bytes.len() as u64 > max {
            self.error(
                "limit",
                Mark::START,
                format!("the file is larger than {} MiB", max / MAX_BYTES),
                "make it smaller",
            );
            return None;
        }
        let text = self.utf8(bytes)?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        match yaml::parse(text) {
            Ok(Some(node)) if !matches!(node.value, Value::Map(_) | Value::Null) => {
                self.error(
                    "wrong-value",
                    node.mark,
                    "the file must be a mapping of keys to values",
                    "write `key: value` lines",
                );
                None
            }
            Ok(node) => Some(node.filter(|node| !matches!(node.value, Value::Null))),
            Err((error, mark)) => {
                self.yaml(&error, mark);
                None
            }
        }
    }

    /// Adds an error, to which help may be given.
    pub fn error(
        &mut self,
        code: &'static str,
        mark: Mark,
        message: impl Into<String>,
        help: &str,
    ) {
        let finding = Finding::error(code, &self.file, mark, message).help(help);
        self.findings.push(finding);
    }

    /// Says that a key does not take this value.
    pub fn wrong(&mut self, key: &str, node: &Node, want: Want) {
        let message = format!("`{key}` takes {}, found {}", want.what, kind(node));
        let help = format!("write for instance `{key}: {}`", want.example);
        let finding = Finding::error("wrong-value", &self.file, node.mark, message).help(help);
        self.findings.push(finding);
    }

    /// Says that the text is no YAML.
    pub fn yaml(&mut self, error: &YamlError, mark: Mark) {
        let (code, help) = match error {
            YamlError::Syntax(words) if words.contains("tab") => ("yaml", "indent with spaces"),
            YamlError::Syntax(words) if words.contains("mapping values") => {
                ("yaml", "put quotes around a value that holds `: `")
            }
            YamlError::Syntax(_) => (
                "yaml",
                "see the line: a quote, bracket or colon is amiss here or just before",
            ),
            YamlError::TooDeep | YamlError::TooManyAliases => ("limit", "write it more simply"),
            YamlError::AliasInside | YamlError::Tag => ("yaml", "write the value out"),
            YamlError::SecondDocument => ("yaml", "keep one document a file"),
        };
        let message = match error {
            YamlError::Syntax(words) => format!("this is not valid YAML: {words}"),
            other => other.to_string(),
        };
        let message = message.replace("unexpected eof", "the text ends too early");
        self.error(code, mark, message, help);
    }
}

/// A value in few words, for messages.
fn kind(node: &Node) -> String {
    match &node.value {
        Value::Null => "nothing".to_owned(),
        Value::Scalar(text) if text.chars().count() > 40 => {
            let start: String = text.chars().take(40).collect();
            format!("`{start}…`")
        }
        Value::Scalar(text) => format!("`{text}`"),
        Value::List(_) => "a list".to_owned(),
        Value::Map(_) => "a mapping".to_owned(),
    }
}
