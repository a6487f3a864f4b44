//! Values of single keys: texts, numbers, lengths of time, lists, commands, path patterns.
//!
//! Knows what each kind looks like. Does not know which key is being read beyond its name in messages.
//! Every function gives `None` after it has reported a wrong value.

use std::time::Duration;

use crate::model::{CommandLine, EnvVar, parse_duration};
use crate::spec::At;
use crate::spec::fields::{entries, nearest};
use crate::spec::reader::{Reader, Want};
use crate::spec::yaml::{Node, Value};

impl Reader {
    /// A text that is not empty and has no control characters but line ends and tabs.
    pub fn text<'n>(
        &mut self,
        key: &str,
        node: &'n Node,
        example: &'static str,
    ) -> Option<&'n str> {
        match &node.value {
            Value::Scalar(text) if !text.trim().is_empty() && !text.contains('\0') => Some(text),
            _ => {
                self.wrong(
                    key,
                    node,
                    Want {
                        what: "a text",
                        example,
                    },
                );
                None
            }
        }
    }

    pub fn text_at(
        &mut self,
        key: &str,
        node: &Node,
        example: &'static str,
    ) -> Option<At<Box<str>>> {
        let text = self.text(key, node, example)?;
        Some(At {
            value: text.into(),
            mark: node.mark,
        })
    }

    /// A whole number between two bounds, both included.
    pub fn whole(
        &mut self,
        key: &str,
        node: &Node,
        bounds: (i64, i64),
        example: &'static str,
    ) -> Option<i64> {
        let number = match &node.value {
            Value::Scalar(text) => text.parse::<i64>().ok(),
            _ => None,
        };
        match number {
            None => self.wrong(
                key,
                node,
                Want {
                    what: "a whole number",
                    example,
                },
            ),
            Some(n) if n < bounds.0 || n > bounds.1 => {
                let message = format!(
                    "`{key}` lies between {} and {}, found `{n}`",
                    bounds.0, bounds.1
                );
                self.error(
                    "out-of-range",
                    node.mark,
                    message,
                    &format!("write for instance `{key}: {example}`"),
                );
            }
            Some(n) => return Some(n),
        }
        None
    }

    /// As [`Reader::whole`], for counts.
    pub fn count(
        &mut self,
        key: &str,
        node: &Node,
        bounds: (u32, u32),
        example: &'static str,
    ) -> Option<u32> {
        let n = self.whole(key, node, (bounds.0.into(), bounds.1.into()), example)?;
        u32::try_from(n).ok()
    }

    /// An amount of money: a number that is not negative.
    pub fn amount(&mut self, key: &str, node: &Node) -> Option<f64> {
        let number = match &node.value {
            Value::Scalar(text) => text
                .parse::<f64>()
                .ok()
                .filter(|n| n.is_finite() && *n >= 0.0),
            _ => None,
        };
        if number.is_none() {
            self.wrong(
                key,
                node,
                Want {
                    what: "an amount in US dollars",
                    example: "3.50",
                },
            );
        }
        number
    }

    /// `true` or `false`; `yes` and `no` are texts to YAML 1.2 and are refused.
    pub fn flag(&mut self, key: &str, node: &Node) -> Option<bool> {
        match &node.value {
            Value::Scalar(text) if text == "true" => Some(true),
            Value::Scalar(text) if text == "false" => Some(false),
            _ => {
                self.wrong(
                    key,
                    node,
                    Want {
                        what: "`true` or `false`",
                        example: "true",
                    },
                );
                None
            }
        }
    }

    /// One of a few words.
    pub fn word<T: Copy>(
        &mut self,
        key: &str,
        node: &Node,
        words: &[(&'static str, T)],
    ) -> Option<T> {
        if let Value::Scalar(text) = &node.value {
            if let Some((_, value)) = words.iter().find(|(word, _)| word == text) {
                return Some(*value);
            }
            let list: Vec<String> = words.iter().map(|(word, _)| format!("`{word}`")).collect();
            let help = match nearest(text, words.iter().map(|(word, _)| *word)) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("write for instance `{key}: {}`", words[0].0),
            };
            let message = format!("`{key}` is one of {}, found `{text}`", list.join(", "));
            self.error("wrong-value", node.mark, message, &help);
        } else {
            self.wrong(
                key,
                node,
                Want {
                    what: "a word",
                    example: words[0].0,
                },
            );
        }
        None
    }

    /// A length of time greater than zero.
    pub fn duration(&mut self, key: &str, node: &Node) -> Option<Duration> {
        let Value::Scalar(text) = &node.value else {
            self.wrong(
                key,
                node,
                Want {
                    what: "a length of time",
                    example: "45m",
                },
            );
            return None;
        };
        match parse_duration(text) {
            Ok(duration) if duration.is_zero() => {
                self.error(
                    "out-of-range",
                    node.mark,
                    format!("`{key}` must be longer than nothing"),
                    &format!("write for instance `{key}: 45m`"),
                );
                None
            }
            Ok(duration) => Some(duration),
            Err(error) => {
                let message = format!("`{key}` takes a length of time: {error}");
                self.error(
                    "wrong-value",
                    node.mark,
                    message,
                    &format!("write for instance `{key}: 45m`"),
                );
                None
            }
        }
    }

    /// A limit in time: a length, or `none`.
    pub fn limit(&mut self, key: &str, node: &Node) -> Option<Option<Duration>> {
        match &node.value {
            Value::Scalar(text) if text == "none" => Some(None),
            _ => self.duration(key, node).map(Some),
        }
    }

    /// One text or a list of texts. Nothing is an empty list.
    pub fn texts(
        &mut self,
        key: &str,
        node: &Node,
        example: &'static str,
    ) -> Option<Vec<At<Box<str>>>> {
        match &node.value {
            Value::Null => Some(Vec::new()),
            Value::Scalar(_) => Some(vec![self.text_at(key, node, example)?]),
            Value::List(items) => {
                let before = self.findings.len();
                let texts = items
                    .iter()
                    .filter_map(|item| match &item.value {
                        Value::Scalar(text) if !text.trim().is_empty() && !text.contains('\0') => {
                            Some(At {
                                value: text.as_ref().into(),
                                mark: item.mark,
                            })
                        }
                        _ => {
                            self.wrong(
                                key,
                                item,
                                Want {
                                    what: "texts",
                                    example,
                                },
                            );
                            None
                        }
                    })
                    .collect();
                (self.findings.len() == before).then_some(texts)
            }
            Value::Map(_) => {
                self.wrong(
                    key,
                    node,
                    Want {
                        what: "a text or a list of texts",
                        example,
                    },
                );
                None
            }
        }
    }

    /// A command: a text for `sh -c`, or a list of words.
    pub fn command(&mut self, key: &str, node: &Node) -> Option<CommandLine> {
        const WANT: Want = Want {
            what: "a command (a text for the shell, or a list of words)",
            example: "cargo test",
        };
        match &node.value {
            Value::Scalar(text) if !text.trim().is_empty() && !text.contains('\0') => {
                Some(CommandLine::Shell(text.to_string()))
            }
            Value::List(items) if !items.is_empty() => {
                let mut words = Vec::with_capacity(items.len());
                for item in items {
                    match &item.value {
                        Value::Scalar(text) if !text.contains('\0') => words.push(text.to_string()),
                        _ => {
                            self.wrong(key, item, WANT);
                            return None;
                        }
                    }
                }
                if words[0].is_empty() {
                    self.wrong(key, &items[0], WANT);
                    return None;
                }
                Some(CommandLine::Argv(words))
            }
            _ => {
                self.wrong(key, node, WANT);
                None
            }
        }
    }

    /// A command, or a list of commands of which each may be a list of words.
    pub fn commands(&mut self, key: &str, node: &Node) -> Option<Vec<CommandLine>> {
        match &node.value {
            Value::Null => Some(Vec::new()),
            Value::List(items) => {
                let before = self.findings.len();
                let commands = items
                    .iter()
                    .filter_map(|item| self.command(key, item))
                    .collect();
                (self.findings.len() == before).then_some(commands)
            }
            _ => Some(vec![self.command(key, node)?]),
        }
    }

    /// Path patterns that stay inside the project.
    pub fn patterns(&mut self, key: &str, node: &Node) -> Option<Vec<At<Box<str>>>> {
        let patterns = self.texts(key, node, "[src/net/**]")?;
        let before = self.findings.len();
        for pattern in &patterns {
            if let Err((why, help)) = check_pattern(&pattern.value) {
                let message = format!("`{}` {why}", pattern.value);
                self.error("bad-pattern", pattern.mark, message, help);
            }
        }
        (self.findings.len() == before).then_some(patterns)
    }

    /// Names with counts of at least one, as `pools` has them; sorted by name.
    pub fn counts(&mut self, key: &str, node: &Node) -> Vec<(At<Box<str>>, u32)> {
        let want = Want {
            what: "a mapping of names to whole numbers",
            example: "{ browser: 1 }",
        };
        let mut found: Vec<(At<Box<str>>, u32)> = Vec::new();
        for (name, value) in entries(self, node, key, want) {
            if let Some(count) = self.count(name.value, value, (1, 1_000_000), "1") {
                let name = At {
                    value: name.value.into(),
                    mark: name.mark,
                };
                found.push((name, count));
            }
        }
        found.sort_by(|(a, _), (b, _)| a.value.cmp(&b.value));
        found
    }

    /// Names of environment variables, each with a value or (nothing) to be passed on; sorted by name.
    pub fn environment(&mut self, key: &str, node: &Node) -> Vec<EnvVar> {
        let want = Want {
            what: "a mapping of names to values",
            example: "{ RUST_LOG: debug }",
        };
        let mut found: Vec<EnvVar> = Vec::new();
        for (name, value) in entries(self, node, key, want) {
            if name.value.is_empty() || name.value.contains(['=', '\0']) {
                let message = format!(
                    "`{}` is not the name of an environment variable",
                    name.value
                );
                self.error("wrong-value", name.mark, message, "names have no `=`");
                continue;
            }
            let text = match &value.value {
                Value::Null => None,
                Value::Scalar(text) if !text.contains('\0') => Some(text.as_ref().into()),
                _ => {
                    self.wrong(
                        name.value,
                        value,
                        Want {
                            what: "a text",
                            example: "debug",
                        },
                    );
                    continue;
                }
            };
            found.push((name.value.into(), text));
        }
        found.sort();
        found
    }
}

/// Says why a path pattern cannot be taken, and the remedy.
fn check_pattern(pattern: &str) -> Result<(), (String, &'static str)> {
    if pattern.starts_with('/') || pattern.starts_with('~') {
        return Err((
            "is an absolute path".into(),
            "patterns are read from the project root, as in `src/net/**`",
        ));
    }
    if pattern.split('/').any(|part| part == "..") {
        return Err((
            "leaves the project".into(),
            "patterns are read from the project root, as in `src/net/**`",
        ));
    }
    match globset::Glob::new(pattern) {
        Ok(_) => Ok(()),
        Err(error) => Err((
            format!("is not a path pattern: {}", error.kind()),
            "`*` is any part of a name, `**` any folders, `{a,b}` either",
        )),
    }
}
