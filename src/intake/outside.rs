//! A task as another tool keeps it.

use std::sync::Arc;

use jiff::Timestamp;

/// How a task stands there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Open,
    /// When it was done, if that is known.
    Done(Option<Timestamp>),
    /// Cancelled or deleted: it is not taken over, and nothing waits for it.
    Dropped,
}

/// What the name of its file begins with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Label {
    /// `3.2`: padded, so that names sort as the numbers do.
    Number(Vec<u32>),
    Word(String),
    /// Its place among the others.
    Order,
}

/// One task of another tool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outside {
    /// What it is called there; unique.
    pub key: String,
    pub label: Label,
    pub title: String,
    /// Markdown.
    pub body: String,
    /// The keys of its prerequisites.
    pub needs: Vec<String>,
    /// The tasks that this one is a part of, mostly one: each waits for its parts, and they for what it waits for.
    pub parents: Vec<String>,
    pub state: State,
    pub priority: i32,
    pub tags: Vec<String>,
    pub file: Arc<str>,
    /// From 1.
    pub line: u32,
}

impl Outside {
    /// An open task without anything.
    #[must_use]
    pub fn new(key: impl Into<String>, title: &str, file: &Arc<str>, line: u32) -> Self {
        Self {
            key: key.into(),
            label: Label::Order,
            title: title.trim().to_owned(),
            body: String::new(),
            needs: Vec::new(),
            parents: Vec::new(),
            state: State::Open,
            priority: 0,
            tags: Vec::new(),
            file: file.clone(),
            line,
        }
    }

    /// `tasks.json:12`.
    #[must_use]
    pub fn place(&self) -> String {
        format!("{}:{}", self.file, self.line)
    }

    /// Adds a part to the text, under a heading unless that is empty. Empty parts are left out.
    pub fn say(&mut self, heading: &str, text: &str) {
        let text = text.trim();
        if text.is_empty() {
            return;
        }
        if !self.body.is_empty() {
            self.body.push('\n');
        }
        if !heading.is_empty() {
            self.body.push_str(&format!("## {heading}\n\n"));
        }
        self.body.push_str(text);
        self.body.push('\n');
    }

    /// Adds a tag, once.
    pub fn tag(&mut self, tag: &str) {
        let tag = tag.trim();
        if !tag.is_empty() && !self.tags.iter().any(|known| known == tag) {
            self.tags.push(tag.to_owned());
        }
    }
}

/// What was read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Batch {
    /// In the order of the source.
    pub tasks: Vec<Outside>,
    /// What a person should know, one line each.
    pub notes: Vec<String>,
}
