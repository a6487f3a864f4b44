//! What a task says, as a hash: canonical, so that line ends, comments, the order of keys and what
//! runr itself writes do not matter.

use crate::model::Fingerprint;
use crate::spec::yaml::{Node, Value};

/// Keys that say how a task stands, not what it is.
pub const STATUS_KEYS: [&str; 4] = ["status", "completed_at", "completed_by", "completed_commit"];

/// The fingerprint of a mapping without some of its keys, and of the text that follows it.
pub fn of(map: Option<&Node>, without: &[&str], body: &str) -> Fingerprint {
    let mut hasher = blake3::Hasher::new();
    if let Some(Node {
        value: Value::Map(entries),
        ..
    }) = map
    {
        let mut kept: Vec<&(Node, Node)> = entries
            .iter()
            .filter(|(key, _)| !matches!(&key.value, Value::Scalar(name) if without.contains(&name.as_ref())))
            .collect();
        kept.sort_by_key(|(key, _)| match &key.value {
            Value::Scalar(name) => name.as_ref(),
            _ => "",
        });
        for (key, value) in kept {
            feed(&mut hasher, key);
            feed(&mut hasher, value);
        }
    }
    hasher.update(b"\0body");
    let mut rest = body;
    while let Some(at) = rest.find("\r\n") {
        hasher.update(&rest.as_bytes()[..at]);
        hasher.update(b"\n");
        rest = &rest[at + 2..];
    }
    hasher.update(rest.as_bytes());
    finish(&hasher)
}

/// Joins the fingerprint of a task's text with the contents of its input files, given sorted by path.
/// Without inputs it stays as it is.
#[must_use]
pub fn join(text: Fingerprint, inputs: &[(&str, [u8; 32])]) -> Fingerprint {
    if inputs.is_empty() {
        return text;
    }
    let mut hasher = blake3::Hasher::new();
    hasher.update(text.bytes());
    for (path, content) in inputs {
        sized(&mut hasher, b'p', path);
        hasher.update(content);
    }
    finish(&hasher)
}

/// Depth is bounded by the YAML reader.
fn feed(hasher: &mut blake3::Hasher, node: &Node) {
    match &node.value {
        Value::Null => {
            hasher.update(b"n");
        }
        Value::Scalar(text) => sized(hasher, b's', text),
        Value::List(items) => {
            hasher.update(b"[");
            items.iter().for_each(|item| feed(hasher, item));
            hasher.update(b"]");
        }
        Value::Map(entries) => {
            hasher.update(b"{");
            for (key, value) in entries {
                feed(hasher, key);
                feed(hasher, value);
            }
            hasher.update(b"}");
        }
    }
}

fn sized(hasher: &mut blake3::Hasher, kind: u8, text: &str) {
    hasher.update(&[kind]);
    hasher.update(&(text.len() as u64).to_le_bytes());
    hasher.update(text.as_bytes());
}

fn finish(hasher: &blake3::Hasher) -> Fingerprint {
    let mut first = [0; 16];
    first.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    Fingerprint::new(first)
}
