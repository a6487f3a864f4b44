//! Values of single keys: texts, numbers, lengths of time, words.
//!
//! Knows what each kind looks like. Does not know which key is being read beyond its name in messages.
//! Every function gives `None` after it has reported a wrong value.

use std::time::Duration;

use crate::model::parse_duration;
use crate::spec::At;
use crate::spec::fields::nearest;
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
}
