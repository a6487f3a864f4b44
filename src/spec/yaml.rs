//! The only file that names the YAML crate: text → a small tree with the place of every node.
//!
//! Built from the parser's events rather than through serde, for three reasons: after one wrong value
//! the others are still read, scalars stay the text that was written (`1.10`, `no`, `0x10`), and the
//! words of an error are ours. Bounded in depth, nodes and aliases; never recursive.

use std::borrow::Cow;

use serde_yaml::granit_parser::{Event, Options, Parser, ScalarStyle, ScanError, Span};

use crate::spec::Mark;

/// Collections inside each other.
const MAX_DEPTH: usize = 32;
/// Repetitions of an anchored node.
const MAX_ALIASES: u32 = 64;
/// How many nodes aliases may repeat altogether; written nodes are bounded by the size of the file.
const MAX_REPEATED: usize = 10_000;

/// One value of a document.
#[derive(Debug, Clone)]
pub struct Node<'t> {
    pub mark: Mark,
    pub value: Value<'t>,
}

#[derive(Debug, Clone)]
pub enum Value<'t> {
    /// Nothing, `~` or `null`.
    Null,
    /// Plain or quoted, unescaped.
    Scalar(Cow<'t, str>),
    List(Vec<Node<'t>>),
    /// In the order written, duplicates included.
    Map(Vec<(Node<'t>, Node<'t>)>),
}

impl Node<'_> {
    fn count(&self) -> usize {
        // Depth is bounded by `MAX_DEPTH`, so recursion is too.
        1 + match &self.value {
            Value::Null | Value::Scalar(_) => 0,
            Value::List(items) => items.iter().map(Node::count).sum(),
            Value::Map(entries) => entries.iter().map(|(k, v)| k.count() + v.count()).sum(),
        }
    }
}

/// Why a text is no YAML that runr reads.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum YamlError {
    #[error("{0}")]
    Syntax(String),
    #[error("lists and mappings are nested more than {MAX_DEPTH} deep")]
    TooDeep,
    #[error("aliases repeat too much: at most {MAX_ALIASES} aliases and {MAX_REPEATED} values")]
    TooManyAliases,
    #[error("the alias stands inside what it repeats")]
    AliasInside,
    #[error("tags (`!name`) are not supported")]
    Tag,
    #[error("a second document begins here")]
    SecondDocument,
}

/// A collection that is still being read.
enum Open<'t> {
    List(Vec<Node<'t>>),
    Map(Vec<(Node<'t>, Node<'t>)>, Option<Node<'t>>),
}

/// What is known while events come in.
struct Builder<'t> {
    open: Vec<(Open<'t>, Mark, usize)>,
    anchors: Vec<(usize, Node<'t>)>,
    aliases: u32,
    repeated: usize,
    root: Option<Node<'t>>,
    documents: u32,
}

/// Reads one document. `None`: the text holds none.
///
/// # Errors
/// The first place where the text is not YAML, or goes beyond the limits.
pub fn parse(text: &str) -> Result<Option<Node<'_>>, (YamlError, Mark)> {
    let mut options = Options::default();
    options.set_emit_comments(false);
    // The scanner runs ahead of us, so its own limit is wider: our error then has the better place.
    options.flow_nesting_limit = 8 * MAX_DEPTH;
    options.block_nesting_limit = 8 * MAX_DEPTH;
    let mut builder = Builder {
        open: Vec::new(),
        anchors: Vec::new(),
        aliases: 0,
        repeated: 0,
        root: None,
        documents: 0,
    };
    for event in Parser::new_from_str_with_options(text, options) {
        let (event, span) = event.map_err(|error| syntax(&error))?;
        let at = mark(&span);
        builder.take(event, at).map_err(|error| {
            let tag = span.tag_span().filter(|_| error == YamlError::Tag);
            (error, tag.map_or(at, |tag| mark(&tag)))
        })?;
    }
    Ok(builder.root)
}

impl<'t> Builder<'t> {
    fn take(&mut self, event: Event<'t>, mark: Mark) -> Result<(), YamlError> {
        match event {
            Event::DocumentStart(..) => {
                self.documents += 1;
                if self.documents > 1 {
                    return Err(YamlError::SecondDocument);
                }
            }
            Event::Scalar(text, style, anchor, tag) => {
                if tag.is_some() {
                    return Err(YamlError::Tag);
                }
                let null = style == ScalarStyle::Plain
                    && matches!(&*text, "" | "~" | "null" | "Null" | "NULL");
                let value = if null {
                    Value::Null
                } else {
                    Value::Scalar(text)
                };
                self.close(Node { mark, value }, anchor);
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.begin(Open::List(Vec::new()), mark, anchor, tag.is_some())?;
            }
            Event::MappingStart(_, anchor, tag) => {
                self.begin(Open::Map(Vec::new(), None), mark, anchor, tag.is_some())?;
            }
            Event::SequenceEnd | Event::MappingEnd => {
                if let Some((open, mark, anchor)) = self.open.pop() {
                    let value = match open {
                        Open::List(items) => Value::List(items),
                        Open::Map(entries, _) => Value::Map(entries),
                    };
                    self.close(Node { mark, value }, anchor);
                }
            }
            Event::Alias(anchor) => {
                let Some((_, node)) = self.anchors.iter().find(|(id, _)| *id == anchor) else {
                    return Err(YamlError::AliasInside);
                };
                self.aliases += 1;
                self.repeated += node.count();
                if self.aliases > MAX_ALIASES || self.repeated > MAX_REPEATED {
                    return Err(YamlError::TooManyAliases);
                }
                let mut copy = node.clone();
                copy.mark = mark;
                self.close(copy, 0);
            }
            _ => {}
        }
        Ok(())
    }

    fn begin(
        &mut self,
        open: Open<'t>,
        mark: Mark,
        anchor: usize,
        tagged: bool,
    ) -> Result<(), YamlError> {
        if tagged {
            return Err(YamlError::Tag);
        }
        if self.open.len() == MAX_DEPTH {
            return Err(YamlError::TooDeep);
        }
        self.open.push((open, mark, anchor));
        Ok(())
    }

    /// Puts a finished node where it belongs.
    fn close(&mut self, node: Node<'t>, anchor: usize) {
        if anchor != 0 {
            self.anchors.push((anchor, node.clone()));
        }
        match self.open.last_mut() {
            None => self.root = Some(node),
            Some((Open::List(items), ..)) => items.push(node),
            Some((Open::Map(entries, key), ..)) => match key.take() {
                None => *key = Some(node),
                Some(key) => entries.push((key, node)),
            },
        }
    }
}

fn mark(span: &Span) -> Mark {
    let (start, end) = (&span.start, &span.end);
    let width = end.index().saturating_sub(start.index());
    Mark {
        line: number(start.line()),
        column: number(start.col()).saturating_add(1),
        width: number(width),
    }
}

fn number(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

fn syntax(error: &ScanError) -> (YamlError, Mark) {
    use serde_yaml::granit_parser::ErrorKind;
    let at = error.marker();
    let mark = Mark {
        line: number(at.line()),
        column: number(at.col()).saturating_add(1),
        width: 1,
    };
    let error = match error.kind() {
        ErrorKind::RecursionLimitExceeded => YamlError::TooDeep,
        kind => YamlError::Syntax(kind.to_string()),
    };
    (error, mark)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn show(node: &Node) -> String {
        match &node.value {
            Value::Null => "-".into(),
            Value::Scalar(text) => text.to_string(),
            Value::List(items) => {
                let items: Vec<String> = items.iter().map(show).collect();
                format!("[{}]", items.join(" "))
            }
            Value::Map(entries) => {
                let entries: Vec<String> = entries
                    .iter()
                    .map(|(k, v)| format!("{}={}", show(k), show(v)))
                    .collect();
                format!("{{{}}}", entries.join(" "))
            }
        }
    }

    #[test]
    fn scalars_stay_as_written() {
        for (text, expected) in [
            ("a: 0123\nb: 1.10\nc: no\n", "{a=0123 b=1.10 c=no}"),
            ("a: [x, 'y', \"z\\n\"]", "{a=[x y z\n]}"),
            ("a:\nb: ~\nc: ''\n", "{a=- b=- c=}"),
            ("a: &x [1, 2]\nb: *x\n", "{a=[1 2] b=[1 2]}"),
            ("---\r\na: b\r\n", "{a=b}"),
            ("a: |\n  two\n  lines\n", "{a=two\nlines\n}"),
        ] {
            assert_eq!(show(&parse(text).unwrap().unwrap()), expected, "{text:?}");
        }
        assert!(parse("").unwrap().is_none());
        assert!(parse("# only a comment\n").unwrap().is_none());
    }

    #[test]
    fn limits_hold_and_say_where() {
        let deep = |n: usize| format!("a: {}{}", "[".repeat(n), "]".repeat(n));
        assert!(parse(&deep(31)).is_ok());
        assert_eq!(parse(&deep(32)).unwrap_err().0, YamlError::TooDeep);
        assert_eq!(parse(&deep(30_000)).unwrap_err().0, YamlError::TooDeep);
        let bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n".to_owned()
            + &('b'..='h')
                .map(|c| {
                    let before = char::from(c as u8 - 1);
                    format!("{c}: &{c} [{}]\n", vec![format!("*{before}"); 9].join(", "))
                })
                .collect::<String>();
        assert_eq!(parse(&bomb).unwrap_err().0, YamlError::TooManyAliases);
        for (text, error, line, column) in [
            ("a: &a [*a]", YamlError::AliasInside, 1, 8),
            ("a: !foo b", YamlError::Tag, 1, 4),
            ("a: b\n---\nc: d\n", YamlError::SecondDocument, 2, 1),
        ] {
            let (found, mark) = parse(text).unwrap_err();
            assert_eq!((found, mark.line, mark.column), (error, line, column));
        }
        let (error, mark) = parse("a:\n\tb: c\n").unwrap_err();
        assert!(matches!(error, YamlError::Syntax(_)));
        assert_eq!(mark.line, 2);
    }

    #[test]
    fn marks_are_lines_and_columns_in_characters() {
        let node = parse("---\r\nü: [aä, bc]\r\n").unwrap().unwrap();
        let Value::Map(entries) = node.value else {
            panic!("a mapping")
        };
        let Value::List(items) = &entries[0].1.value else {
            panic!("a list")
        };
        let mark = items[1].mark;
        assert_eq!((mark.line, mark.column, mark.width), (2, 9, 2));
    }
}
