//! The entries of a mapping: keys that are known, keys of the user's own, keys that are mistakes.
//!
//! Knows which keys a mapping may have. Does not know what they mean.

use crate::spec::reader::{Reader, Want};
use crate::spec::yaml::{Node, Value};
use crate::spec::{At, Finding};

/// The known entries of a mapping in the order written, each key once. Reports what is no mapping, is
/// written twice or is not known (a warning that names the nearest key); keys that begin with `x-` are the user's.
pub fn known<'n, 't>(
    reader: &mut Reader,
    node: &'n Node<'t>,
    what: &str,
    keys: &'static [&'static str],
) -> Vec<(&'static str, &'n Node<'t>)> {
    let mut found: Vec<(&'static str, &Node)> = Vec::new();
    for (key, value) in entries(
        reader,
        node,
        what,
        Want {
            what: "a mapping",
            example: "{ … }",
        },
    ) {
        match keys.iter().find(|known| **known == key.value) {
            Some(known) => found.push((known, value)),
            None if key.value.starts_with("x-") => {}
            None => {
                let help = match nearest(key.value, keys.iter().copied()) {
                    Some(near) => {
                        format!("did you mean `{near}`? keys of your own begin with `x-`")
                    }
                    None => format!(
                        "known keys: {}; keys of your own begin with `x-`",
                        keys.join(", ")
                    ),
                };
                reader.findings.push(
                    Finding::warning(
                        "unknown-key",
                        &reader.file,
                        key.mark,
                        format!("unknown key `{}` in {what}", key.value),
                    )
                    .help(help),
                );
            }
        }
    }
    found
}

/// All entries of a mapping in the order written, each key once.
pub fn entries<'n, 't>(
    reader: &mut Reader,
    node: &'n Node<'t>,
    what: &str,
    want: Want,
) -> Vec<(At<&'n str>, &'n Node<'t>)> {
    let written = match &node.value {
        Value::Map(written) => written,
        Value::Null => return Vec::new(),
        _ => {
            reader.wrong(what, node, want);
            return Vec::new();
        }
    };
    let mut found: Vec<(At<&str>, &Node)> = Vec::with_capacity(written.len());
    for (key, value) in written {
        let Value::Scalar(name) = &key.value else {
            reader.error(
                "wrong-key",
                key.mark,
                format!("a key of {what} must be a plain word"),
                "write `name: value`",
            );
            continue;
        };
        if name == "<<" {
            reader.error(
                "wrong-key",
                key.mark,
                "merge keys (`<<`) are not supported",
                "write the keys out",
            );
            continue;
        }
        if let Some((first, _)) = found.iter().find(|(at, _)| at.value == name) {
            let first = first.mark.in_file(&reader.file);
            reader.findings.push(
                Finding::error(
                    "duplicate-key",
                    &reader.file,
                    key.mark,
                    format!("`{name}` stands here twice"),
                )
                .note(Some(first), "the first one")
                .help("keep one of them"),
            );
            continue;
        }
        found.push((
            At {
                value: name.as_ref(),
                mark: key.mark,
            },
            value,
        ));
    }
    found
}

/// The name most like a mistaken one, if any is much like it; among equals the first.
#[must_use]
pub fn nearest<'a>(wrong: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let lower = wrong.to_lowercase();
    let mut best: Option<(f64, &str)> = None;
    // Likeness is small between short words, though a letter that is missing is all that is amiss.
    let mut one_off = None;
    for name in names {
        if one_off.is_none() && name.len() > 2 && strsim::osa_distance(&lower, name) == 1 {
            one_off = Some(name);
        }
        let likeness = strsim::jaro_winkler(&lower, &name.to_lowercase());
        if likeness > best.map_or(0.82, |(most, _)| most) {
            best = Some((likeness, name));
        }
    }
    best.map(|(_, name)| name).or(one_off)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn names_what_was_probably_meant() {
        let keys = ["depends_on", "type", "run", "timeout", "verify"];
        for (wrong, right) in [
            ("depend_on", Some("depends_on")),
            ("dependsOn", Some("depends_on")),
            ("tiemout", Some("timeout")),
            ("Type", Some("type")),
            ("colour", None),
            ("ype", Some("type")),
            ("ru", Some("run")),
            ("rn", Some("run")),
            ("zn", None),
        ] {
            assert_eq!(nearest(wrong, keys.into_iter()), right, "{wrong}");
        }
    }
}
