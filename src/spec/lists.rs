//! Values that hold several: lists of texts, commands and patterns, mappings of names.
//!
//! Every function goes on after a wrong item; a list with one gives `None` after all have been reported.

use crate::model::{Alias, CommandLine, EnvVar};
use crate::spec::At;
use crate::spec::fields::entries;
use crate::spec::reader::{Reader, Want};
use crate::spec::yaml::{Node, Value};

impl Reader {
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
                            let what = "texts";
                            self.no_text(key, item, Want { what, example });
                            None
                        }
                    })
                    .collect();
                (self.findings.len() == before).then_some(texts)
            }
            Value::Map(_) => {
                let what = "a text or a list of texts";
                self.no_text(key, node, Want { what, example });
                None
            }
        }
    }

    /// Says that this is no text; where a task of another repository stands without quotes, how that is written.
    fn no_text(&mut self, key: &str, node: &Node, want: Want) {
        self.wrong(key, node, want);
        let Some(name) = elsewhere(node).filter(|_| key == "depends_on") else {
            return;
        };
        if let Some(help) = self
            .findings
            .last_mut()
            .and_then(|finding| finding.diagnostic.help.as_mut())
        {
            help.push_str(&format!(
                "; a task of another repository stands in quotes: `[\"{name}\"]`"
            ));
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
/// `api: 01-auth.md` without quotes is a mapping to YAML: the name that was meant.
fn elsewhere(node: &Node) -> Option<String> {
    let Value::Map(entries) = &node.value else {
        return None;
    };
    let [(alias, task)] = entries.as_slice() else {
        return None;
    };
    let Value::Scalar(alias) = &alias.value else {
        return None;
    };
    let alias = Alias::parse(alias)?;
    let task = match &task.value {
        Value::Scalar(task) => task.trim(),
        Value::Null => "NAME",
        Value::List(_) | Value::Map(_) => return None,
    };
    Some(format!("{}:{task}", alias.as_str()))
}
