//! Writes the four status keys into a task file and leaves every other byte as it is.
//!
//! Pure. Knows the four keys; how a line is changed is [`crate::spec::entry_lines`]' matter. What was made is read again
//! and compared before it is given: a file is changed rightly or not at all.

use crate::model::{Fingerprint, WrittenStatus};
use crate::spec::entry_lines::{EditError, Sheet};
use crate::spec::fingerprint::{self, STATUS_KEYS};
use crate::spec::frontmatter::split;
use crate::spec::scalar::{is_plain, quoted};
use crate::spec::yaml::{Node, Value, parse};

/// The text with these values: keys that stand there get the new value in their place, in the quotes they have;
/// missing ones are put at the end of the frontmatter; keys without a value go. The same text when nothing differs.
///
/// # Errors
/// When the frontmatter has a form that cannot be changed safely. The text is then to be left alone.
pub fn with_status(text: &str, status: &WrittenStatus) -> Result<String, EditError> {
    let wanted = [
        status.status.as_deref(),
        status.completed_at.as_deref(),
        status.completed_by.as_deref(),
        status.completed_commit.as_deref(),
    ];
    let (before, was) = read(text)?;
    if was.iter().map(Option::as_deref).eq(wanted) {
        return Ok(text.to_owned());
    }
    let changed = edit(text, wanted)?;
    let (after, is) = read(&changed).map_err(|_| EditError::Mismatch)?;
    if before != after || !is.iter().map(Option::as_deref).eq(wanted) {
        return Err(EditError::Mismatch);
    }
    Ok(changed)
}

type Values = [Option<String>; 4];

/// Everything but the status, as a hash; and the status.
fn read(text: &str) -> Result<(Fingerprint, Values), EditError> {
    let parts = split(text).map_err(|_| EditError::Unreadable)?;
    let map = match parts.yaml {
        Some(yaml) => parse(yaml).map_err(|_| EditError::Unreadable)?,
        None => None,
    };
    let mut values = Values::default();
    for (key, value) in entries(map.as_ref())? {
        let Value::Scalar(name) = &key.value else {
            continue;
        };
        if let Some(n) = STATUS_KEYS.iter().position(|known| known == name) {
            values[n] = match &value.value {
                Value::Scalar(text) => Some(text.to_string()),
                _ => None,
            };
        }
    }
    let print = fingerprint::of(map.as_ref(), &STATUS_KEYS, parts.body);
    Ok((print, values))
}

fn entries<'a, 't>(map: Option<&'a Node<'t>>) -> Result<&'a [(Node<'t>, Node<'t>)], EditError> {
    match map.map(|map| &map.value) {
        None | Some(Value::Null) => Ok(&[]),
        Some(Value::Map(entries)) => Ok(entries),
        Some(_) => Err(EditError::Unreadable),
    }
}

fn edit(text: &str, wanted: [Option<&str>; 4]) -> Result<String, EditError> {
    let mut sheet = Sheet::open(text)?;
    for (key, value) in STATUS_KEYS.iter().zip(wanted) {
        match (sheet.entry(key)?.cloned(), value) {
            (Some((name, old)), value) => sheet.replace(key, &name, &old, value)?,
            (None, Some(value)) => sheet.add(key, &written(key, value)),
            (None, None) => {}
        }
    }
    Ok(sheet.text())
}

fn written(key: &str, value: &str) -> String {
    // Of a commit's name others would make a number when it has digits only, or one `e`.
    match key {
        "completed_commit" => quoted(value, '"'),
        _ if is_plain(value) => value.to_owned(),
        _ => quoted(value, '"'),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::edit_samples::around;
    use proptest::prelude::*;

    const COMMIT: &str = "12345678901234567890123456789012345678e9";

    fn done() -> WrittenStatus {
        WrittenStatus {
            status: Some("completed".into()),
            completed_at: Some("2025-01-08T14:35:22Z".into()),
            completed_by: Some("20250108-143022-k3f9".into()),
            completed_commit: Some(COMMIT.into()),
        }
    }

    fn failed() -> WrittenStatus {
        WrittenStatus {
            status: Some("failed".into()),
            ..WrittenStatus::default()
        }
    }

    #[test]
    fn values_are_put_in_place_and_missing_keys_at_the_end() {
        let lines = format!(
            "status: completed\ncompleted_at: 2025-01-08T14:35:22Z\ncompleted_by: 20250108-143022-k3f9\ncompleted_commit: \"{COMMIT}\"\n"
        );
        let crlf = lines.replace('\n', "\r\n");
        let rest = lines.strip_prefix("status: completed\n").unwrap();
        for (text, expected) in [
            ("# T\n".to_owned(), format!("---\n{lines}---\n# T\n")),
            (String::new(), format!("---\n{lines}---\n")),
            (
                "\u{feff}# T\r\n".to_owned(),
                format!("\u{feff}---\r\n{crlf}---\r\n# T\r\n"),
            ),
            ("---\n---\nx".to_owned(), format!("---\n{lines}---\nx")),
            (
                "---\n# only this\n...\nx".to_owned(),
                format!("---\n# only this\n{lines}...\nx"),
            ),
            (
                "---\r\nrun: a   # why\r\n---\r\n# T".to_owned(),
                format!("---\r\nrun: a   # why\r\n{crlf}---\r\n# T"),
            ),
            (
                "---\nstatus:   pending   # mine\nrun: x\n---\n".to_owned(),
                format!("---\nstatus:   completed   # mine\nrun: x\n{rest}---\n"),
            ),
            (
                "---\n\"status\" : 'it''s'\n---\n".to_owned(),
                format!("---\n\"status\" : 'completed'\n{rest}---\n"),
            ),
            (
                "---\nstatus:\nrun: x\n---\n".to_owned(),
                format!("---\nstatus: completed\nrun: x\n{rest}---\n"),
            ),
            (
                "---\nstatus: # none\n---\n".to_owned(),
                format!("---\nstatus: completed # none\n{rest}---\n"),
            ),
            (
                "---\nenv: {ä: ü}\nrun: |\n  status: no\n  status: no\n---\nstatus: no\n"
                    .to_owned(),
                format!(
                    "---\nenv: {{ä: ü}}\nrun: |\n  status: no\n  status: no\n{lines}---\nstatus: no\n"
                ),
            ),
        ] {
            let got = with_status(&text, &done());
            assert_eq!(got.as_deref(), Ok(expected.as_str()), "{text:?}");
            assert_eq!(with_status(&expected, &done()).as_deref(), Ok(&*expected));
        }
    }

    #[test]
    fn keys_without_a_value_go_with_their_lines() {
        let all = with_status("---\nrun: x\n---\n# T\n", &done()).unwrap();
        assert_eq!(
            with_status(&all, &failed()).as_deref(),
            Ok("---\nrun: x\nstatus: failed\n---\n# T\n")
        );
        assert_eq!(
            with_status(&all, &WrittenStatus::default()).as_deref(),
            Ok("---\nrun: x\n---\n# T\n")
        );
    }

    #[test]
    fn what_is_not_known_is_left_alone() {
        let form = |line| EditError::Form {
            key: "status".to_owned(),
            line,
        };
        for (text, error) in [
            ("---\nrun: x\n", EditError::Unreadable),
            ("---\n[a\n---\n", EditError::Unreadable),
            ("---\n- a\n---\n", EditError::Unreadable),
            ("---\n{status: x}\n---\n", EditError::Flow),
            ("---\nstatus: |\n  x\n---\n", form(2)),
            ("---\nrun: x\nstatus: a\n  b\n---\n", form(3)),
            ("---\nstatus: \"a\n  b\"\n---\n", form(2)),
            ("---\nstatus:\n  a\n---\n", form(2)),
            ("---\nstatus: &a x\nrun: *a\n---\n", form(2)),
            ("---\nstatus: [a]\n---\n", form(2)),
            ("---\nstatus: a\nstatus: b\n---\n", form(2)),
            ("---\n? status\n: a\n---\n", EditError::Flow),
        ] {
            assert_eq!(with_status(text, &done()), Err(error), "{text:?}");
        }
    }

    fn entry() -> impl Strategy<Value = String> {
        prop_oneof![
            8 => around("status"),
            1 => Just("x-c: >-\n  folded\n  text".to_owned()),
            1 => Just("x-d: \"é \\\" # no\"   ".to_owned()),
            1 => Just("model: plain\n  over lines".to_owned()),
            1 => (
                "(status|completed_at|completed_by|completed_commit)",
                "(: |:   |: ')[a-z0-9]{1,9}( # c|  |)"
            )
                .prop_map(|(key, value)| match value.find('\'') {
                    Some(at) => {
                        let end = value[at + 1..]
                            .find(' ')
                            .map_or(value.len(), |n| at + 1 + n);
                        format!("{key}{}'{}", &value[..end], &value[end..])
                    }
                    None => format!("{key}{value}"),
                }),
        ]
    }

    proptest! {
        #[test]
        fn only_lines_of_the_status_change(
            entries in proptest::collection::vec(entry(), 0..8),
            body in "(# T\n|\n|status: x\n|---\n|é){0,4}",
            crlf in any::<bool>(),
            bom in any::<bool>(),
            target in 0..3_usize,
        ) {
            let mut text = format!("---\n{}\n---\n{body}", entries.join("\n"));
            if crlf {
                text = text.replace('\n', "\r\n");
            }
            if bom {
                text.insert(0, '\u{feff}');
            }
            let wanted = [done(), failed(), WrittenStatus::default()][target].clone();
            match with_status(&text, &wanted) {
                Ok(changed) => {
                    // In the frontmatter at its own level; what stands deeper begins with a space.
                    let others = |text: &str| -> Vec<String> {
                        let body = split(text).unwrap().body.len();
                        let (head, body) = text.split_at(text.len() - body);
                        let kept = head.split_inclusive('\n').filter(|line| {
                            !STATUS_KEYS.iter().any(|key| line.starts_with(key))
                        });
                        kept.chain([body]).map(str::to_owned).collect()
                    };
                    prop_assert_eq!(others(&text), others(&changed));
                    prop_assert_eq!(with_status(&changed, &wanted), Ok(changed.clone()));
                    prop_assert_eq!(changed.matches("\r\n").count(), if crlf { changed.matches('\n').count() } else { 0 });
                }
                // The same key twice is no form that can be changed, nor what is no YAML at all.
                Err(error) => {
                    let twice = STATUS_KEYS.iter().any(|key| {
                        entries.iter().filter(|entry| entry.starts_with(&format!("{key}:"))).count() > 1
                    });
                    // Without the lines between, a text that keeps its empty lines would get more of them.
                    let keeps = error == EditError::Mismatch && text.contains("|+");
                    let known = twice || keeps || read(&text).is_err();
                    prop_assert!(known, "{:?} {:?}", error, text);
                }
            }
        }
    }
}
