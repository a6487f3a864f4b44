//! Puts a task behind the last step of a track, in the text of an orchestration file, and changes nothing else.
//!
//! Pure. Knows steps written one a line or more, and lists in brackets. What was made is read again and compared.

use std::sync::Arc;

use crate::spec::orchestration::{self, OrchestrationDoc, Work};
use crate::spec::scalar::scalar;
use crate::spec::task_edit::flow_end;
use crate::spec::yaml::{Node, Value, parse};

/// Why an orchestration file is left as it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StepEditError {
    #[error("the orchestration file cannot be read")]
    Unreadable,
    #[error("there is no track `{track}`")]
    NoTrack { track: String, tracks: Vec<String> },
    #[error("the steps of the track `{track}` are not written in a form that can be added to")]
    Form { track: String },
}

/// The text with `task` as the last step of the track.
///
/// # Errors
/// When there is no such track, or its steps have a form that is not known. The text is then to be left alone.
pub fn with_step(text: &str, track: &str, task: &str) -> Result<String, StepEditError> {
    let unreadable = StepEditError::Unreadable;
    let form = || StepEditError::Form {
        track: track.to_owned(),
    };
    let before = steps(text).ok_or(unreadable.clone())?;
    if before.iter().all(|(name, _)| name != track) {
        let tracks = before.into_iter().map(|(name, _)| name).collect();
        let track = track.to_owned();
        return Err(StepEditError::NoTrack { track, tracks });
    }
    let bare = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mark = &text[..text.len() - bare.len()];
    let map = parse(bare).ok().flatten().ok_or(unreadable)?;
    let list = value(&map, "tracks")
        .and_then(|tracks| match &tracks.value {
            Value::List(tracks) => tracks.iter().find(|t| is_called(t, track)),
            _ => None,
        })
        .and_then(|track| value(track, "steps"))
        .ok_or_else(form)?;
    let changed = format!("{mark}{}", added(bare, list, task).ok_or_else(form)?);
    let mut expected = before;
    for (name, steps) in &mut expected {
        if name == track {
            steps.push(format!("task {task}"));
        }
    }
    match steps(&changed) == Some(expected) {
        true => Ok(changed),
        false => Err(form()),
    }
}

fn added(text: &str, list: &Node, task: &str) -> Option<String> {
    let mut lines: Vec<&str> = text.split_inclusive('\n').collect();
    let first = (list.mark.line as usize).checked_sub(1)?;
    let line = lines.get(first)?;
    let column = (list.mark.column as usize).checked_sub(1)?;
    let (at, sign) = line.char_indices().nth(column)?;
    let step = format!("task: {}", scalar(task));
    if sign == '[' {
        let start = lines[..first].iter().map(|line| line.len()).sum::<usize>() + at;
        let end = start + flow_end(&text[start..])? - 1;
        let inner = text[..end].trim_end();
        let comma = if inner.ends_with(',') { "" } else { "," };
        return Some(format!(
            "{inner}{comma} {{ {step} }}{}",
            &text[inner.len()..]
        ));
    }
    // A list as deep as its key is said to begin behind its first dash.
    let at = match sign {
        '-' => at,
        _ if line.trim_start().starts_with("- ") => line.len() - line.trim_start().len(),
        _ => return None,
    };
    // The list goes on while lines are deeper than its dashes, or are dashes themselves.
    let depth = |line: &str| line.len() - line.trim_start_matches(' ').len();
    let own = |line: &&&str| {
        let body = line.trim();
        body.is_empty()
            || depth(line) > at
            || depth(line) == at && (body.starts_with("- ") || body == "-" || body.starts_with('#'))
    };
    let count = lines[first + 1..].iter().take_while(own).count();
    let mut last = first + count;
    // What stands between it and the next key belongs to neither, or to the latter.
    while lines[last].trim().is_empty()
        || depth(lines[last]) <= at && lines[last].trim().starts_with('#')
    {
        last -= 1;
    }
    let end = if lines[first].ends_with("\r\n") {
        "\r\n"
    } else {
        "\n"
    };
    let closed = if lines[last].ends_with('\n') { "" } else { end };
    let new = format!("{closed}{}- {step}{end}", " ".repeat(at));
    lines.insert(last + 1, &new);
    Some(lines.concat())
}

fn value<'n, 't>(map: &'n Node<'t>, key: &str) -> Option<&'n Node<'t>> {
    let Value::Map(entries) = &map.value else {
        return None;
    };
    let found = entries
        .iter()
        .find(|(name, _)| matches!(&name.value, Value::Scalar(name) if name == key));
    found.map(|(_, node)| node)
}

fn is_called(track: &Node, wanted: &str) -> bool {
    value(track, "name")
        .is_some_and(|name| matches!(&name.value, Value::Scalar(name) if name == wanted))
}

/// The tracks, each with its steps in words that differ when steps do.
fn steps(text: &str) -> Option<Vec<(String, Vec<String>)>> {
    let file: Arc<str> = "orchestration".into();
    let doc: OrchestrationDoc = orchestration::read(&file, text.as_bytes(), &mut Vec::new())?;
    let words = |work: &Work, text: &dyn std::fmt::Debug| match work {
        Work::Task(task) => format!("task {}", task.value),
        Work::Run(run) => format!("run {:?} {text:?}", run.value),
    };
    let tracks = doc.tracks.iter().map(|track| {
        let steps = track.steps.iter().map(|step| words(&step.work, &step.text));
        (track.name.value.to_string(), steps.collect())
    });
    Some(tracks.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_step_is_put_behind_the_others() {
        for (text, expected) in [
            (
                "tracks:\n  - name: a\n    steps:\n      - task: x.md  # c\n        timeout: 1m\n\n  # of b\n  - name: b\n    steps: [{ run: y }]\n",
                "tracks:\n  - name: a\n    steps:\n      - task: x.md  # c\n        timeout: 1m\n      - task: new.md\n\n  # of b\n  - name: b\n    steps: [{ run: y }]\n",
            ),
            (
                "tracks:\r\n- name: a\r\n  steps:\r\n  - run: |\r\n      # text\r\n  depends_on: b\r\n- name: b\r\n  steps: [{run: z}]",
                "tracks:\r\n- name: a\r\n  steps:\r\n  - run: |\r\n      # text\r\n  - task: new.md\r\n  depends_on: b\r\n- name: b\r\n  steps: [{run: z}]",
            ),
            (
                "tracks:\n- name: a\n  steps:\n  - run: x",
                "tracks:\n- name: a\n  steps:\n  - run: x\n  - task: new.md\n",
            ),
            (
                "tracks: [{name: a, steps: [{run: 'x ] y'} ] }]\n",
                "tracks: [{name: a, steps: [{run: 'x ] y'}, { task: new.md } ] }]\n",
            ),
        ] {
            assert_eq!(with_step(text, "a", "new.md").as_deref(), Ok(expected));
        }
    }

    #[test]
    fn what_is_not_known_is_left_alone() {
        let track = || "a".to_owned();
        for (text, error) in [
            ("tracks: x\n", StepEditError::Unreadable),
            (
                "tracks: [{name: b, steps: [{run: x}]}]\n",
                StepEditError::NoTrack {
                    track: track(),
                    tracks: vec!["b".to_owned()],
                },
            ),
            (
                "tracks: [{name: a, steps: &s [{run: x}]}, {name: b, steps: *s}]\n",
                StepEditError::Form { track: track() },
            ),
        ] {
            assert_eq!(with_step(text, "a", "new.md"), Err(error), "{text}");
        }
    }
}
