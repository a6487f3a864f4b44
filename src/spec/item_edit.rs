//! Items that join and leave a list of a task file's frontmatter, in the line or lines that it has.
//!
//! Knows lists in one line and one item a line. That nothing else changed is [`crate::spec::task_edit`]'s to confirm.

use std::ops::Range;

use crate::spec::entry_lines::{EditError, Sheet, byte, form, width};
use crate::spec::scalar::{scalar, scalars};
use crate::spec::task_edit::put;
use crate::spec::yaml::{Node, Value};

/// Adds an item to a list that is there.
pub(super) fn join(
    sheet: &mut Sheet<'_>,
    key: &str,
    (name, old): (&Node, &Node),
    item: &str,
) -> Result<(), EditError> {
    let items = match &old.value {
        Value::List(items) => items,
        // One text, or nothing: a list in its place.
        Value::Scalar(_) | Value::Null => {
            let mut all = texts(old);
            all.push(item);
            return put(sheet, key, (name, old), &scalars(&all));
        }
        Value::Map(_) => return Err(form(key, name)),
    };
    let Some(last) = items.last() else {
        return put(sheet, key, (name, old), &scalars(&[item]));
    };
    let (line, span) = spot(sheet, key, last)?;
    match is_flow(sheet, key, old)? {
        true => sheet.lines[line].insert_str(span.end, &format!(", {}", scalar(item))),
        false => {
            whole_item(&sheet.lines[line], &span).ok_or_else(|| form(key, last))?;
            let end = sheet.line_end();
            let place = &mut sheet.lines[line];
            let new = format!("{}{}{end}", &place[..span.start], scalar(item));
            if !place.ends_with('\n') {
                place.push_str(end);
            }
            place.push_str(&new);
        }
    }
    Ok(())
}

/// Takes an item out of a list that has others.
pub(super) fn leave(
    sheet: &mut Sheet<'_>,
    key: &str,
    (_, old): (&Node, &Node),
    at: usize,
) -> Result<(), EditError> {
    let Value::List(items) = &old.value else {
        return Err(EditError::Mismatch);
    };
    let (line, span) = spot(sheet, key, &items[at])?;
    if !is_flow(sheet, key, old)? {
        whole_item(&sheet.lines[line], &span).ok_or_else(|| form(key, &items[at]))?;
        sheet.lines[line].clear();
        return Ok(());
    }
    let neighbour = match at {
        0 => 1,
        at => at - 1,
    };
    let (other_line, other) = spot(sheet, key, &items[neighbour])?;
    if other_line != line {
        return Err(form(key, &items[at]));
    }
    let gone = match at {
        0 => span.start..other.start,
        _ => other.end..span.end,
    };
    sheet.lines[line].replace_range(gone, "");
    Ok(())
}

/// Where a text of one line is: the number of its line, and its bytes.
fn spot(sheet: &Sheet<'_>, key: &str, item: &Node) -> Result<(usize, Range<usize>), EditError> {
    let find = || {
        let number = (item.mark.line as usize).checked_sub(1)?;
        let line = sheet.lines.get(number)?;
        let body = line.trim_end_matches(['\n', '\r']);
        let start = byte(body, item.mark.column)?;
        let end = start + width(&body[start..], item.mark.width)?;
        let plain = matches!(item.value, Value::Scalar(_)) && end > start;
        let odd = body[start..].starts_with(['&', '*', '|', '>']);
        (plain && !odd).then_some((number, start..end))
    };
    find().ok_or_else(|| form(key, item))
}

/// Is a list written in brackets?
fn is_flow(sheet: &Sheet<'_>, key: &str, list: &Node) -> Result<bool, EditError> {
    let number = (list.mark.line as usize).saturating_sub(1);
    let line = sheet.lines.get(number).ok_or_else(|| form(key, list))?;
    let at = byte(line, list.mark.column).ok_or_else(|| form(key, list))?;
    Ok(line[at..].starts_with('['))
}

/// Does a line hold one item of a list and nothing else but a comment?
fn whole_item(line: &str, span: &Range<usize>) -> Option<()> {
    let before = line[..span.start].trim();
    let after = line[span.end..].trim_start();
    (before == "-" && (after.is_empty() || after.starts_with('#'))).then_some(())
}

/// The texts of one text or a list of them.
pub(super) fn texts<'n>(node: &'n Node<'_>) -> Vec<&'n str> {
    fn text<'n>(node: &'n Node<'_>) -> Option<&'n str> {
        match &node.value {
            Value::Scalar(text) => Some(text.as_ref()),
            _ => None,
        }
    }
    match &node.value {
        Value::List(items) => items.iter().filter_map(text).collect(),
        _ => text(node).into_iter().collect(),
    }
}
