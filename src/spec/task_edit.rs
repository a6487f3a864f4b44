//! Changes single keys of a task file and leaves every other byte as it is.
//!
//! Pure. Knows values in one line, lists in one line or one item a line, and whole entries. What was made is read again
//! and compared before it is given: a file is changed rightly or not at all.

use crate::model::Fingerprint;
use crate::spec::entry_lines::{EditError, Sheet, form, spliced, value_start, width};
use crate::spec::fingerprint;
use crate::spec::frontmatter::split;
use crate::spec::item_edit::{join, leave, texts};
use crate::spec::scalar::{scalar, scalars};
use crate::spec::yaml::{Node, Value, parse};

/// One change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// The key gets this value: as YAML if it is some, else as a text.
    Set { key: String, value: String },
    /// The key goes, with its lines.
    Unset { key: String },
    /// An item joins a list, behind the others; one that is there stays where it is.
    Add { key: String, item: String },
    /// An item leaves a list; the key goes with the last.
    Remove { key: String, item: String },
}

impl Change {
    fn key(&self) -> &str {
        match self {
            Self::Set { key, .. }
            | Self::Unset { key }
            | Self::Add { key, .. }
            | Self::Remove { key, .. } => key,
        }
    }
}

/// The text after these changes, in their order; the same text when they change nothing.
///
/// # Errors
/// The first change that a form of the file stands against. The text is then to be left alone.
pub fn with_changes(text: &str, changes: &[Change]) -> Result<String, EditError> {
    let mut text = text.to_owned();
    for change in changes {
        let changed = once(&text, change)?;
        confirm(&text, &changed, change)?;
        text = changed;
    }
    Ok(text)
}

/// A value as it is written behind a key: YAML of one line as it is, anything else as a quoted text.
#[must_use]
pub fn as_value(key: &str, value: &str) -> String {
    let one_line = !value.contains(['\n', '\r']) && !value.trim().is_empty();
    // A comment would be lost, a block would need lines of its own.
    let bare = one_line && !value.contains(" #") && !value.starts_with(['#', '|', '>', '&', '*']);
    let line = format!("{key}: {value}\n");
    let single = bare
        && matches!(
            parse(&line).ok().flatten().map(|node| node.value),
            Some(Value::Map(entries)) if entries.len() == 1
        );
    match single {
        true => value.trim().to_owned(),
        false => scalar(value),
    }
}

fn once(text: &str, change: &Change) -> Result<String, EditError> {
    let mut sheet = Sheet::open(text)?;
    let key = change.key();
    let entry = sheet.entry(key)?.cloned();
    match (change, entry) {
        (Change::Set { value, .. }, None) => sheet.add(key, &as_value(key, value)),
        (Change::Set { value, .. }, Some((name, old))) => {
            put(&mut sheet, key, (&name, &old), &as_value(key, value))?;
        }
        (Change::Unset { .. } | Change::Remove { .. }, None) => {}
        (Change::Unset { .. }, Some((name, _))) => drop_entry(&mut sheet, key, &name)?,
        (Change::Add { item, .. }, None) => sheet.add(key, &scalars(&[item])),
        (Change::Add { item, .. }, Some((name, old))) => {
            if !texts(&old).contains(&item.as_str()) {
                join(&mut sheet, key, (&name, &old), item)?;
            }
        }
        (Change::Remove { item, .. }, Some((name, old))) => {
            match texts(&old).iter().position(|text| text == item) {
                None => {}
                Some(_) if texts(&old).len() == 1 => drop_entry(&mut sheet, key, &name)?,
                Some(at) => leave(&mut sheet, key, (&name, &old), at)?,
            }
        }
    }
    Ok(sheet.text())
}

fn drop_entry(sheet: &mut Sheet<'_>, key: &str, name: &Node) -> Result<(), EditError> {
    for line in sheet.extent(key, name)? {
        sheet.lines[line].clear();
    }
    Ok(())
}

/// Another value: in the place of one that stands in the key's line, else in the place of all lines of the entry.
pub(super) fn put(
    sheet: &mut Sheet<'_>,
    key: &str,
    (name, old): (&Node, &Node),
    yaml: &str,
) -> Result<(), EditError> {
    let lines = sheet.extent(key, name)?;
    let place = sheet.lines[lines.start].clone();
    let body = place.trim_end_matches(['\n', '\r']);
    let start = value_start(body, name).ok_or_else(|| form(key, name))?;
    if lines.len() == 1
        && let Some(end) = value_end(&body[start..], name, old)
    {
        sheet.lines[lines.start] = spliced(&place, (start, start + end), yaml);
        return Ok(());
    }
    for line in lines.clone() {
        sheet.lines[line].clear();
    }
    let before = body[..start].trim_end();
    sheet.lines[lines.start] = format!("{before} {yaml}{}", sheet.line_end());
    Ok(())
}

/// How long a value is that ends in its line, in bytes.
fn value_end(rest: &str, name: &Node, old: &Node) -> Option<usize> {
    if rest.is_empty() || rest.starts_with('#') {
        return Some(0);
    }
    if rest.starts_with(['&', '!', '*', '|', '>']) || old.mark.line != name.mark.line {
        return None;
    }
    let end = match rest.starts_with(['[', '{']) {
        true => flow_end(rest)?,
        false => width(rest, old.mark.width)?,
    };
    let tail = rest[end..].trim_start();
    (tail.is_empty() || tail.starts_with('#')).then_some(end)
}

/// Where the bracket that a text begins with is closed, behind it.
#[must_use]
pub fn flow_end(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    let mut quote = None;
    let mut before = ' ';
    let mut skip = false;
    for (at, c) in text.char_indices() {
        match (quote, c) {
            _ if skip => skip = false,
            (Some('"'), '\\') => skip = true,
            (Some(open), c) if open == c => quote = None,
            (Some(_), _) => {}
            // In the middle of a word it is a letter like others.
            (None, '"' | '\'') if matches!(before, ' ' | '[' | '{' | ',' | ':' | '\n') => {
                quote = Some(c);
            }
            (None, '#') if matches!(before, ' ' | '\t' | '\n') => return None,
            (None, '[' | '{') => depth += 1,
            (None, ']' | '}') => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
        before = c;
    }
    None
}

/// What a file says of one key, and of all the rest.
struct Reading {
    rest: Fingerprint,
    own: Fingerprint,
    texts: Vec<String>,
    present: bool,
}

fn read(text: &str, key: &str) -> Result<Reading, EditError> {
    let parts = split(text).map_err(|_| EditError::Unreadable)?;
    let map = parse(parts.yaml.unwrap_or_default()).map_err(|_| EditError::Unreadable)?;
    let entries = match map.as_ref().map(|map| &map.value) {
        Some(Value::Map(entries)) => entries.as_slice(),
        _ => &[],
    };
    let names: Vec<&str> = entries
        .iter()
        .filter_map(|(name, _)| match &name.value {
            Value::Scalar(name) if name != key => Some(name.as_ref()),
            _ => None,
        })
        .collect();
    let own = entries
        .iter()
        .find(|(name, _)| matches!(&name.value, Value::Scalar(name) if name == key));
    Ok(Reading {
        rest: fingerprint::of(map.as_ref(), &[key], parts.body),
        own: fingerprint::of(map.as_ref(), &names, ""),
        texts: own.map_or_else(Vec::new, |(_, node)| {
            texts(node).into_iter().map(str::to_owned).collect()
        }),
        present: own.is_some(),
    })
}

/// Did the change do what it says, and nothing else?
fn confirm(before: &str, after: &str, change: &Change) -> Result<(), EditError> {
    let key = change.key();
    let was = read(before, key)?;
    let is = read(after, key).map_err(|_| EditError::Mismatch)?;
    let right = match change {
        Change::Set { value, .. } => {
            let alone = format!("---\n{key}: {}\n---\n", as_value(key, value));
            is.own == read(&alone, key)?.own
        }
        Change::Unset { .. } => !is.present,
        Change::Add { item, .. } => {
            let mut wanted = was.texts.clone();
            if !wanted.contains(item) {
                wanted.push(item.clone());
            }
            is.texts == wanted
        }
        Change::Remove { item, .. } => {
            let first = was.texts.iter().position(|text| text == item);
            let mut wanted = was.texts.clone();
            if let Some(first) = first {
                wanted.remove(first);
            }
            is.texts == wanted
        }
    };
    match right && was.rest == is.rest {
        true => Ok(()),
        false => Err(EditError::Mismatch),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::edit_samples::around;
    use proptest::prelude::*;

    fn set(key: &str, value: &str) -> Change {
        Change::Set {
            key: key.into(),
            value: value.into(),
        }
    }
    fn unset(key: &str) -> Change {
        Change::Unset { key: key.into() }
    }
    fn add(item: &str) -> Change {
        Change::Add {
            key: "depends_on".into(),
            item: item.into(),
        }
    }
    fn remove(item: &str) -> Change {
        Change::Remove {
            key: "depends_on".into(),
            item: item.into(),
        }
    }

    #[test]
    fn only_what_was_asked_changes() {
        for (text, change, expected) in [
            ("# T\n", add("a.md"), "---\ndepends_on: [a.md]\n---\n# T\n"),
            (
                "\u{feff}---\r\nrun: x  # c\r\n---\r\n# T",
                add("a b.md"),
                "\u{feff}---\r\nrun: x  # c\r\ndepends_on: [\"a b.md\"]\r\n---\r\n# T",
            ),
            (
                "---\ndepends_on: a.md # first\n---\n",
                add("b.md"),
                "---\ndepends_on: [a.md, b.md] # first\n---\n",
            ),
            (
                "---\ndepends_on: [a.md,  'b.md' ]   # why\nrun: x\n---\n",
                add("c.md"),
                "---\ndepends_on: [a.md,  'b.md', c.md ]   # why\nrun: x\n---\n",
            ),
            (
                "---\ndepends_on:\n- a.md # one\n\n# of run\nrun: x\n---\n",
                add("b.md"),
                "---\ndepends_on:\n- a.md # one\n- b.md\n\n# of run\nrun: x\n---\n",
            ),
            (
                "---\r\ndepends_on:\r\n    -   a.md\r\n---\r\n",
                add("b.md"),
                "---\r\ndepends_on:\r\n    -   a.md\r\n    -   b.md\r\n---\r\n",
            ),
            (
                "---\ndepends_on: [ # all\n  a.md, # one\n  b.md,\n]\n---\n",
                add("c.md"),
                "---\ndepends_on: [ # all\n  a.md, # one\n  b.md, c.md,\n]\n---\n",
            ),
            (
                "---\ndepends_on: []\n---\n",
                add("a.md"),
                "---\ndepends_on: [a.md]\n---\n",
            ),
            (
                "---\ndepends_on:\n---\n",
                add("a.md"),
                "---\ndepends_on: [a.md]\n---\n",
            ),
            (
                "---\ndepends_on: [a.md]\n---\n",
                add("a.md"),
                "---\ndepends_on: [a.md]\n---\n",
            ),
            (
                "---\ndepends_on: [a.md, b.md, c.md]\n---\n",
                remove("b.md"),
                "---\ndepends_on: [a.md, c.md]\n---\n",
            ),
            (
                "---\ndepends_on: [a.md, b.md] # c\n---\n",
                remove("a.md"),
                "---\ndepends_on: [b.md] # c\n---\n",
            ),
            (
                "---\ndepends_on:\n  - a.md # one\n  - b.md # two\nrun: x\n---\n",
                remove("a.md"),
                "---\ndepends_on:\n  - b.md # two\nrun: x\n---\n",
            ),
            (
                "---\nrun: x\ndepends_on:\n  - a.md\n# of the body\n---\nb",
                remove("a.md"),
                "---\nrun: x\n# of the body\n---\nb",
            ),
            ("---\nrun: x\n---\n", remove("a.md"), "---\nrun: x\n---\n"),
            (
                "---\npriority:   1   # low\n---\n",
                set("priority", "10"),
                "---\npriority:   10   # low\n---\n",
            ),
            (
                "---\nowns: [a/**,   b/**] # mine\n---\n",
                set("owns", "[c/**]"),
                "---\nowns: [c/**] # mine\n---\n",
            ),
            (
                "---\nrun: |\n  one\n  # no comment\n\n  two\n\n# of the next\ntype: manual\n---\n",
                set("run", "make: all # now"),
                "---\nrun: \"make: all # now\"\n\n# of the next\ntype: manual\n---\n",
            ),
            (
                "---\nverify: { tier: 1, commands: ['a ] b'] }   # c\n---\n",
                set("verify", "{ tier: 2 }"),
                "---\nverify: { tier: 2 }   # c\n---\n",
            ),
            (
                "---\n  a: 1\n---\n",
                set("x-b", "c"),
                "---\n  a: 1\n  x-b: c\n---\n",
            ),
            (
                "---\nrun: >-\n  a\n  b\ntype: manual\n---\nrun: x\n",
                unset("run"),
                "---\ntype: manual\n---\nrun: x\n",
            ),
            (
                "---\ntype: manual\n---\n",
                unset("run"),
                "---\ntype: manual\n---\n",
            ),
        ] {
            let got = with_changes(text, std::slice::from_ref(&change));
            assert_eq!(got.as_deref(), Ok(expected), "{change:?} in {text:?}");
        }
    }

    #[test]
    fn what_is_not_known_is_left_alone() {
        let at = |line| EditError::Form {
            key: "depends_on".to_owned(),
            line,
        };
        for (text, change, error) in [
            ("---\nrun: x\n", add("a"), EditError::Unreadable),
            ("---\n{depends_on: a}\n---\n", add("b"), EditError::Flow),
            ("---\ndepends_on: a\ndepends_on: b\n---\n", add("c"), at(2)),
            ("---\ndepends_on: {a: b}\n---\n", add("c"), at(2)),
            ("---\ndepends_on:\n  - >\n    a\n---\n", add("c"), at(4)),
            ("---\ndepends_on: [a,\n  b]\n---\n", remove("b"), at(3)),
            (
                "---\ndepends_on: &x [a, b]\ntags: *x\n---\n",
                remove("b"),
                EditError::Mismatch,
            ),
        ] {
            let got = with_changes(text, std::slice::from_ref(&change));
            assert_eq!(got, Err(error), "{change:?} in {text:?}");
        }
    }

    fn entry() -> impl Strategy<Value = String> {
        prop_oneof![
            8 => around("depends_on"),
            1 => Just("depends_on: one.md".to_owned()),
            1 => Just("depends_on: [one.md,   'two.md' ] # c".to_owned()),
            1 => Just("depends_on:\n  - one.md # first\n  # between\n\n  -   \"two.md\"".to_owned()),
            1 => Just("depends_on: [one.md,\n   two.md]".to_owned()),
            1 => Just("depends_on:".to_owned()),
        ]
    }

    proptest! {
        #[test]
        fn other_lines_stay_as_they_are(
            entries in proptest::collection::vec(entry(), 0..6),
            body in "(# T\n|\n|depends_on: x\n|---\n|é){0,4}",
            crlf in any::<bool>(),
            change in prop_oneof![
                Just(add("new.md")), Just(add("one.md")), Just(remove("one.md")), Just(remove("two.md")),
                Just(set("depends_on", "[x.md]")), Just(unset("depends_on")), Just(set("priority", "3")),
            ],
        ) {
            let mut text = format!("---\n{}\n---\n{body}", entries.join("\n"));
            if crlf {
                text = text.replace('\n', "\r\n");
            }
            if let Ok(changed) = with_changes(&text, std::slice::from_ref(&change)) {
                // The lines of both, without those that belong to the entry: in order, none lost, none new.
                let kept = |text: &str| -> Vec<String> {
                    text.split_inclusive('\n')
                        .filter(|line| !line.starts_with("depends_on:") && !line.contains(".md") && !line.starts_with("priority"))
                        .map(str::to_owned)
                        .collect()
                };
                let (was, is) = (kept(&text), kept(&changed));
                let mut left = was.iter();
                for line in &is {
                    prop_assert!(left.any(|l| l == line), "{line:?} is new in {changed:?} from {text:?}");
                }
                // Only comments and empty lines inside the entry may go with it.
                let list_goes = matches!(change, Change::Unset { .. } | Change::Set { .. });
                prop_assert!(list_goes || was.len() == is.len(), "{text:?} {changed:?}");
                prop_assert_eq!(changed.matches("\r\n").count(), if crlf { changed.matches('\n').count() } else { 0 });
                prop_assert_eq!(with_changes(&changed, std::slice::from_ref(&change)), Ok(changed.clone()));
            }
        }
    }
}
