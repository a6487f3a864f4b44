//! Sets one value in somebody's JSON file and leaves every other byte as it is.
//!
//! Knows JSON's brackets and strings; serde_json has said before that the text is whole. Does not know what
//! the values mean.

use std::ops::Range;

use serde_json::Value;

/// Why a file was not changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    #[error("it is not JSON: {0}")]
    NotJson(String),
    #[error("`{0}` in it is not {1}")]
    OtherKind(String, &'static str),
    /// The edit would have changed something else: a key is there twice, for instance.
    #[error("it cannot be changed without touching the rest")]
    Unsafe,
}

/// One entry of an object or an array.
#[derive(Debug)]
struct Entry {
    key: Option<String>,
    start: usize,
    value: Range<usize>,
}

/// Gives the text with the value at `path`, which leads through objects; what is missing is made.
///
/// # Errors
/// When the text is not a JSON object, or something on the way is not one.
pub fn set(text: &str, path: &[&str], value: &Value) -> Result<String, EditError> {
    let mut wanted = parsed(text)?;
    let edited = edit(text, path, value, Act::Set)?;
    put(&mut wanted, path, value.clone(), Act::Set).ok_or(EditError::Unsafe)?;
    checked(edited, &wanted)
}

/// Gives the text with the value as the last of the array at `path`, which is made when it is missing.
///
/// # Errors
/// As [`set`]; or when there is something else than an array.
pub fn push(text: &str, path: &[&str], value: &Value) -> Result<String, EditError> {
    let mut wanted = parsed(text)?;
    let edited = edit(text, path, value, Act::Push)?;
    put(&mut wanted, path, value.clone(), Act::Push).ok_or(EditError::Unsafe)?;
    checked(edited, &wanted)
}

/// Gives the text with another value for one element of the array at `path`.
///
/// # Errors
/// When there is no such element.
pub fn set_element(
    text: &str,
    path: &[&str],
    number: usize,
    value: &Value,
) -> Result<String, EditError> {
    let mut wanted = parsed(text)?;
    let mut whole = at_path(text, path).ok_or(EditError::Unsafe)?;
    let element = entries(text.as_bytes(), whole.start)
        .and_then(|mut all| (number < all.len()).then(|| all.swap_remove(number)))
        .ok_or(EditError::Unsafe)?;
    whole = element.value;
    let indent = indent_of(text, whole.start);
    let edited = spliced(text, whole, &rendered(value, Some(&indent)));
    let mut place = &mut wanted;
    for key in path {
        place = place.get_mut(*key).ok_or(EditError::Unsafe)?;
    }
    *place.get_mut(number).ok_or(EditError::Unsafe)? = value.clone();
    checked(edited, &wanted)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Act {
    Set,
    Push,
}

fn parsed(text: &str) -> Result<Value, EditError> {
    let value: Value =
        serde_json::from_str(text).map_err(|error| EditError::NotJson(error.to_string()))?;
    match value.is_object() {
        true => Ok(value),
        false => Err(EditError::OtherKind("the whole".to_owned(), "an object")),
    }
}

/// The edited text has to say exactly what was meant.
fn checked(edited: String, wanted: &Value) -> Result<String, EditError> {
    match serde_json::from_str::<Value>(&edited) {
        Ok(is) if is == *wanted => Ok(edited),
        _ => Err(EditError::Unsafe),
    }
}

fn put(place: &mut Value, path: &[&str], value: Value, act: Act) -> Option<()> {
    let mut place = place;
    for key in path {
        place = place
            .as_object_mut()?
            .entry((*key).to_owned())
            .or_insert_with(|| Value::Object(serde_json::Map::new()));
    }
    match act {
        Act::Set => *place = value,
        Act::Push if place.as_object().is_some_and(serde_json::Map::is_empty) => {
            *place = Value::Array(vec![value]);
        }
        Act::Push => place.as_array_mut()?.push(value),
    }
    Some(())
}

fn edit(text: &str, path: &[&str], value: &Value, act: Act) -> Result<String, EditError> {
    let bytes = text.as_bytes();
    let mut here = skip_space(bytes, 0);
    for (depth, key) in path.iter().enumerate() {
        if bytes.get(here) != Some(&b'{') {
            let name = depth
                .checked_sub(1)
                .map_or("the whole", |above| path[above]);
            return Err(EditError::OtherKind(name.to_owned(), "an object"));
        }
        let all = entries(bytes, here).ok_or(EditError::Unsafe)?;
        let found = all.iter().rfind(|entry| entry.key.as_deref() == Some(*key));
        match found {
            Some(entry) => here = entry.value.start,
            None => {
                let mut inner = match act {
                    Act::Set => value.clone(),
                    Act::Push => Value::Array(vec![value.clone()]),
                };
                for key in path[depth + 1..].iter().rev() {
                    inner = Value::Object(std::iter::once(((*key).to_owned(), inner)).collect());
                }
                let name = Value::String((*key).to_owned()).to_string();
                return Ok(appended(text, here, Some(&name), &inner));
            }
        }
    }
    let end = value_end(bytes, here).ok_or(EditError::Unsafe)?;
    match act {
        Act::Set => {
            let indent = indent_of(text, here);
            Ok(spliced(text, here..end, &rendered(value, Some(&indent))))
        }
        Act::Push if bytes.get(here) == Some(&b'[') => Ok(appended(text, here, None, value)),
        Act::Push => {
            let name = path.last().copied().unwrap_or_default();
            Err(EditError::OtherKind(name.to_owned(), "an array"))
        }
    }
}

/// The text with one more entry in the object or array that opens at `open`.
fn appended(text: &str, open: usize, key: Option<&str>, value: &Value) -> String {
    let bytes = text.as_bytes();
    let all = entries(bytes, open).unwrap_or_default();
    let key = key.map(|key| format!("{key}: ")).unwrap_or_default();
    if let (Some(first), Some(last)) = (all.first(), all.last()) {
        // As the entries before it are set apart.
        let gap = &text[open + 1..first.start];
        let indent = gap.rsplit_once('\n').map(|(_, indent)| indent);
        let value = rendered(value, indent);
        let space = if gap.is_empty() { " " } else { gap };
        let end = last.value.end;
        return spliced(text, end..end, &format!(",{space}{key}{value}"));
    }
    let outer = indent_of(text, open);
    let inner = format!("{outer}  ");
    let close = skip_space(bytes, open + 1);
    let value = rendered(value, Some(&inner));
    spliced(
        text,
        open + 1..close,
        &format!("\n{inner}{key}{value}\n{outer}"),
    )
}

fn spliced(text: &str, range: Range<usize>, with: &str) -> String {
    format!("{}{with}{}", &text[..range.start], &text[range.end..])
}

/// On several lines below `indent`; on one without.
fn rendered(value: &Value, indent: Option<&str>) -> String {
    match indent {
        None => value.to_string(),
        // A value always can be written.
        Some(indent) => serde_json::to_string_pretty(value)
            .unwrap_or_else(|_| value.to_string())
            .replace('\n', &format!("\n{indent}")),
    }
}

/// The white space at the beginning of the line that `at` is on.
fn indent_of(text: &str, at: usize) -> String {
    let line = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
    let rest = &text[line..at];
    rest.chars()
        .take_while(|c| matches!(c, ' ' | '\t'))
        .collect()
}

fn at_path(text: &str, path: &[&str]) -> Option<Range<usize>> {
    let bytes = text.as_bytes();
    let mut here = skip_space(bytes, 0);
    for key in path {
        let all = entries(bytes, here)?;
        let entry = all.into_iter().rfind(|e| e.key.as_deref() == Some(*key))?;
        here = entry.value.start;
    }
    Some(here..value_end(bytes, here)?)
}

/// The entries of the object or array that opens at `open`. `None`: nothing opens there.
fn entries(bytes: &[u8], open: usize) -> Option<Vec<Entry>> {
    let is_object = match bytes.get(open)? {
        b'{' => true,
        b'[' => false,
        _ => return None,
    };
    let mut all = Vec::new();
    let mut at = skip_space(bytes, open + 1);
    while !matches!(bytes.get(at)?, b'}' | b']') {
        let start = at;
        let mut key = None;
        if is_object {
            let end = value_end(bytes, at)?;
            key = Some(serde_json::from_slice(bytes.get(at..end)?).ok()?);
            at = skip_space(bytes, skip_space(bytes, end) + 1);
        }
        let end = value_end(bytes, at)?;
        all.push(Entry {
            key,
            start,
            value: at..end,
        });
        at = skip_space(bytes, end);
        if bytes.get(at) == Some(&b',') {
            at = skip_space(bytes, at + 1);
        }
    }
    Some(all)
}

/// Behind the value that begins at `at`.
fn value_end(bytes: &[u8], at: usize) -> Option<usize> {
    let mut depth = 0_usize;
    let mut here = at;
    loop {
        match bytes.get(here)? {
            b'"' => {
                here += 1;
                while *bytes.get(here)? != b'"' {
                    here += if bytes[here] == b'\\' { 2 } else { 1 };
                }
                here += 1;
            }
            b'{' | b'[' => {
                depth += 1;
                here += 1;
            }
            b'}' | b']' => {
                depth = depth.checked_sub(1)?;
                here += 1;
            }
            _ if depth == 0 => {
                // A number or a word.
                while bytes.get(here).is_some_and(|b| !b",]} \t\r\n".contains(b)) {
                    here += 1;
                }
            }
            _ => here += 1,
        }
        if depth == 0 {
            return Some(here);
        }
    }
}

fn skip_space(bytes: &[u8], mut at: usize) -> usize {
    while bytes.get(at).is_some_and(u8::is_ascii_whitespace) {
        at += 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_rest_stays_to_the_byte() {
        for (before, after) in [
            ("{}", "{\n  \"a\": {\n    \"b\": 1\n  }\n}"),
            ("{ }\n", "{\n  \"a\": {\n    \"b\": 1\n  }\n}\n"),
            (
                "{\n\t\"z\": [1,2],\n\t\"y\":   null\n}\n",
                "{\n\t\"z\": [1,2],\n\t\"y\":   null,\n\t\"a\": {\n\t  \"b\": 1\n\t}\n}\n",
            ),
            ("{\"z\":\"}\\\"{\"}", "{\"z\":\"}\\\"{\", \"a\": {\"b\":1}}"),
            (
                "{\n  \"a\": {\n    \"c\": true\n  },\n  \"z\": 0.10\n}",
                "{\n  \"a\": {\n    \"c\": true,\n    \"b\": 1\n  },\n  \"z\": 0.10\n}",
            ),
            (
                "{ \"a\": { \"b\": [ 5 ] }, \"z\": 1 }",
                "{ \"a\": { \"b\": 1 }, \"z\": 1 }",
            ),
        ] {
            assert_eq!(
                set(before, &["a", "b"], &json!(1)).as_deref(),
                Ok(after),
                "{before}"
            );
            // Once more changes nothing.
            assert_eq!(set(after, &["a", "b"], &json!(1)).as_deref(), Ok(after));
        }
    }

    #[test]
    fn an_array_grows_at_its_end() {
        for (before, after) in [
            ("{}", "{\n  \"a\": [\n    7\n  ]\n}"),
            ("{\"a\": []}", "{\"a\": [\n  7\n]}"),
            ("{\"a\": [1]}", "{\"a\": [1, 7]}"),
            ("{\"a\": [\n    1\n  ]}", "{\"a\": [\n    1,\n    7\n  ]}"),
        ] {
            assert_eq!(
                push(before, &["a"], &json!(7)).as_deref(),
                Ok(after),
                "{before}"
            );
        }
        let text = "{\"a\": [ {\"x\":1}, 2 ]}";
        assert_eq!(
            set_element(text, &["a"], 0, &json!(9)).as_deref(),
            Ok("{\"a\": [ 9, 2 ]}")
        );
        assert_eq!(
            set_element(text, &["a"], 2, &json!(9)),
            Err(EditError::Unsafe)
        );
    }

    #[test]
    fn what_cannot_be_merged_is_refused() {
        assert!(matches!(
            set("{ // mine\n}", &["a"], &json!(1)),
            Err(EditError::NotJson(_))
        ));
        assert!(matches!(
            set("[]", &["a"], &json!(1)),
            Err(EditError::OtherKind(..))
        ));
        assert_eq!(
            set("{\"a\": 5}", &["a", "b"], &json!(1)),
            Err(EditError::OtherKind("a".to_owned(), "an object"))
        );
        assert_eq!(
            push("{\"a\": \"x\"}", &["a"], &json!(1)),
            Err(EditError::OtherKind("a".to_owned(), "an array"))
        );
    }
}
