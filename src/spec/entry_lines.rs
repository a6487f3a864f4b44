//! A frontmatter as lines of which single entries can be changed, every other byte staying as it is.
//!
//! Knows lines, and where an entry's key and value are in them. Does not know any key, nor whether a change is a
//! good one: who changes something reads the result again and compares.

use crate::spec::frontmatter::split;
use crate::spec::scalar::{is_plain, quoted};
use crate::spec::yaml::{Node, Value, parse};

/// Why a file is left as it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    #[error("its frontmatter cannot be read")]
    Unreadable,
    #[error("its frontmatter is not written as lines of `key: value`")]
    Flow,
    #[error("the value of `{key}` in line {line} is not a plain or quoted text of one line")]
    Form { key: String, line: u32 },
    #[error("the change would have changed more than what was asked")]
    Mismatch,
}

/// A task file, taken apart.
#[derive(Debug)]
pub struct Sheet<'t> {
    /// The byte order mark, if there is one.
    mark: &'t str,
    entries: Vec<(Node<'t>, Node<'t>)>,
    /// The frontmatter from its opening line on, with line ends. Empty: there is none.
    pub lines: Vec<String>,
    indent: String,
    end: &'static str,
    added: String,
    rest: &'t str,
}

impl<'t> Sheet<'t> {
    /// Takes a text apart.
    ///
    /// # Errors
    /// When its frontmatter cannot be read, or is no block of `key: value` lines.
    pub fn open(text: &'t str) -> Result<Self, EditError> {
        let bare = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mark = &text[..text.len() - bare.len()];
        let parts = split(bare).map_err(|_| EditError::Unreadable)?;
        let yaml = parts.yaml.unwrap_or_default();
        let map = parse(yaml).map_err(|_| EditError::Unreadable)?;
        let begins = map.as_ref().map(|map| map.mark);
        let entries = match map.map(|map| map.value) {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::Map(entries)) => entries,
            Some(_) => return Err(EditError::Unreadable),
        };
        // Where a block mapping begins, its first key does.
        let indent = match (entries.first(), begins) {
            (Some((first, _)), Some(begins)) => {
                if (first.mark.line, first.mark.column) != (begins.line, begins.column) {
                    return Err(EditError::Flow);
                }
                " ".repeat(first.mark.column.saturating_sub(1) as usize)
            }
            _ => String::new(),
        };
        Ok(Self {
            mark,
            entries,
            lines: yaml.split_inclusive('\n').map(str::to_owned).collect(),
            indent,
            end: line_end(bare),
            added: String::new(),
            rest: &bare[yaml.len()..],
        })
    }

    /// The entry of a key.
    ///
    /// # Errors
    /// When the key stands there twice.
    pub fn entry(&self, key: &str) -> Result<Option<&(Node<'t>, Node<'t>)>, EditError> {
        let mut found = self
            .entries
            .iter()
            .filter(|(name, _)| matches!(&name.value, Value::Scalar(name) if name == key));
        match (found.next(), found.next()) {
            (Some((name, _)), Some(_)) => Err(form(key, name)),
            (entry, _) => Ok(entry),
        }
    }

    /// The lines of an entry, from its key's line to its value's last; what stands between it and the next entry is
    /// not its own.
    ///
    /// # Errors
    /// When its line holds something before the key.
    pub fn extent(&self, key: &str, name: &Node) -> Result<std::ops::Range<usize>, EditError> {
        let from = self.number(key, name)?;
        let before = byte(&self.lines[from], name.mark.column);
        if before.is_none_or(|at| !self.lines[from][..at].trim().is_empty()) {
            return Err(form(key, name));
        }
        let next = self
            .entries
            .iter()
            .map(|(key, _)| key.mark.line as usize)
            .find(|line| *line > from + 1)
            .map_or(self.lines.len(), |line| line - 1);
        let column = self.indent.len();
        let own = |line: &String| {
            let start = line.trim_start();
            let depth = line.len() - start.len();
            !start.is_empty() && (depth > column || !start.starts_with('#'))
        };
        let last = self.lines[from + 1..next].iter().rposition(own);
        Ok(from..last.map_or(from + 1, |last| from + 2 + last))
    }

    /// Puts a text in the place of a value that stands in one line, in the quotes it has; `None` takes the line away.
    ///
    /// # Errors
    /// When the value has another form.
    pub fn replace(
        &mut self,
        key: &str,
        name: &Node,
        old: &Node,
        value: Option<&str>,
    ) -> Result<(), EditError> {
        let number = self.number(key, name)?;
        let place = &mut self.lines[number];
        *place = match value {
            Some(value) => replaced(place, name, old, value).ok_or_else(|| form(key, name))?,
            // The line holds this key and its value and nothing else but a comment.
            None if value_of(place, name, old).is_some() => String::new(),
            None => return Err(form(key, name)),
        };
        Ok(())
    }

    /// Adds an entry behind the others, its value as YAML.
    pub fn add(&mut self, key: &str, yaml: &str) {
        let line = format!("{}{key}: {yaml}{}", self.indent, self.end);
        self.added.push_str(&line);
    }

    /// What ends its lines.
    #[must_use]
    pub fn line_end(&self) -> &'static str {
        self.end
    }

    /// Puts everything together again.
    #[must_use]
    pub fn text(self) -> String {
        let Self {
            mark,
            lines,
            added,
            end,
            rest,
            ..
        } = self;
        match (lines.is_empty(), added.is_empty()) {
            (true, true) => format!("{mark}{rest}"),
            (true, false) => format!("{mark}---{end}{added}---{end}{rest}"),
            (false, _) => format!("{mark}{}{added}{rest}", lines.concat()),
        }
    }

    /// The line of a key among [`Self::lines`].
    fn number(&self, key: &str, name: &Node) -> Result<usize, EditError> {
        (name.mark.line as usize)
            .checked_sub(1)
            .filter(|number| *number < self.lines.len())
            .ok_or_else(|| form(key, name))
    }
}

/// Says that an entry has a form that is not known.
#[must_use]
pub fn form(key: &str, name: &Node) -> EditError {
    EditError::Form {
        key: key.to_owned(),
        line: name.mark.line,
    }
}

fn line_end(text: &str) -> &'static str {
    match text.split_inclusive('\n').next() {
        Some(line) if line.ends_with("\r\n") => "\r\n",
        _ => "\n",
    }
}

/// A line with another value in the place of its own. `None`: its value has a form that is not known.
fn replaced(line: &str, key: &Node, old: &Node, value: &str) -> Option<String> {
    let (start, end) = value_of(line, key, old)?;
    let new = match line[start..end].chars().next() {
        Some(quote @ ('\'' | '"')) => quoted(value, quote),
        _ if is_plain(value) => value.to_owned(),
        _ => quoted(value, '"'),
    };
    Some(spliced(line, (start, end), &new))
}

/// A line with other bytes from here to there, apart from its key and its comment.
#[must_use]
pub fn spliced(line: &str, (start, end): (usize, usize), new: &str) -> String {
    let empty = start == end;
    let space = if empty && !line[..start].ends_with(' ') {
        " "
    } else {
        ""
    };
    let after = &line[end..];
    let gap = if empty && after.starts_with('#') {
        " "
    } else {
        ""
    };
    format!("{}{space}{new}{gap}{after}", &line[..start])
}

/// From where to where in its line a value is, in bytes. `None`: it is no plain or quoted text of one line.
#[must_use]
pub fn value_of(line: &str, key: &Node, old: &Node) -> Option<(usize, usize)> {
    let body = line.trim_end_matches(['\n', '\r']);
    let start = value_start(body, key)?;
    let rest = &body[start..];
    if rest.is_empty() || rest.starts_with('#') {
        // Nothing stands here; what stands in the next line would be the value.
        let nothing = matches!(old.value, Value::Null) && old.mark.line <= key.mark.line + 1;
        return nothing.then_some((start, start));
    }
    if rest.starts_with(['&', '!', '*', '|', '>', '[', '{']) || old.mark.line != key.mark.line {
        return None;
    }
    let end = start + width(rest, old.mark.width)?;
    let tail = body[end..].trim_start();
    (tail.is_empty() || tail.starts_with('#')).then_some((start, end))
}

/// Where a value begins in the line of its key.
#[must_use]
pub fn value_start(body: &str, key: &Node) -> Option<usize> {
    let at = byte(body, key.mark.column)?;
    if !body[..at].chars().all(|c| c == ' ') {
        return None;
    }
    let after_key = at + width(&body[at..], key.mark.width)?;
    let colon = after_key + (body[after_key..].len() - body[after_key..].trim_start().len());
    let after = body[colon..].strip_prefix(':')?;
    Some(colon + 1 + (after.len() - after.trim_start_matches([' ', '\t']).len()))
}

/// The byte at a column, which counts characters from 1.
#[must_use]
pub fn byte(line: &str, column: u32) -> Option<usize> {
    width(line, column.checked_sub(1)?)
}

/// How many bytes so many characters take. `None`: there are not so many.
#[must_use]
pub fn width(text: &str, characters: u32) -> Option<usize> {
    let mut ends = text.char_indices().map(|(at, _)| at).chain([text.len()]);
    ends.nth(characters as usize)
}
