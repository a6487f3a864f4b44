//! Markdown checklists: `- [ ]` items. What stands deeper is a part, what stands before comes before.
//!
//! spec-kit's tasks.md is one: `T012 [P] [US1] …`, where neighbours with `[P]` may be done at the same time. Other marks
//! than an x are in use too: `[-]` is given up, `[~]` and `[/]` begun, and none of these is done.

use std::sync::Arc;

use crate::intake::{Batch, IntakeError, Label, Outside, State};

/// Is it one?
pub fn is(text: &str) -> bool {
    text.lines().any(|line| item(line).is_some())
}

/// What stands between the brackets.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    Open,
    Done,
    Begun,
    GivenUp,
}

impl Mark {
    fn of(sign: &str) -> Option<Self> {
        match sign {
            " " | "" => Some(Self::Open),
            "x" | "X" | "✓" | "✔" | "✅" => Some(Self::Done),
            "~" | "/" | ">" | "!" | "?" => Some(Self::Begun),
            "-" => Some(Self::GivenUp),
            _ => None,
        }
    }
}

/// An item as it is written.
struct Item<'t> {
    indent: usize,
    mark: Mark,
    text: &'t str,
}

/// `  - [x] text`, `* [ ] text` or `1. [ ] text`.
fn item(line: &str) -> Option<Item<'_>> {
    let start = line.trim_start_matches([' ', '\t']);
    // A tab is as deep as four spaces.
    let indent = line[..line.len() - start.len()]
        .chars()
        .map(|c| if c == '\t' { 4 } else { 1 })
        .sum();
    let digits = start.trim_start_matches(|c: char| c.is_ascii_digit());
    let rest = match start.strip_prefix(['-', '*', '+']) {
        Some(rest) => rest,
        None if digits.len() < start.len() => digits.strip_prefix(['.', ')'])?,
        None => return None,
    };
    let bracket = rest.strip_prefix(' ')?.trim_start().strip_prefix('[')?;
    let (sign, text) = bracket.split_once(']')?;
    let mark = Mark::of(sign)?;
    let text = text.strip_prefix([' ', '\t'])?.trim();
    (!text.is_empty()).then_some(Item { indent, mark, text })
}

/// The items of one level so far: those that the current ones wait for, and the current ones.
#[derive(Default)]
struct Level {
    before: Vec<String>,
    now: Vec<String>,
    together: bool,
}

/// An item that deeper ones are parts of.
struct Open {
    indent: usize,
    key: String,
    parts: Level,
}

pub fn read(file: &Arc<str>, text: &str) -> Result<Batch, IntakeError> {
    let mut tasks: Vec<Outside> = Vec::new();
    let mut top = Level::default();
    let mut open: Vec<Open> = Vec::new();
    let mut section = String::new();
    let mut fence: Option<&str> = None;
    let mut comment = false;
    for (line, number) in text.lines().zip(1_u32..) {
        let start = line.trim_start();
        let mark = ["```", "~~~"]
            .into_iter()
            .find(|mark| start.starts_with(mark));
        match (fence, mark) {
            (Some(end), Some(mark)) if end == mark => fence = None,
            (None, Some(mark)) => fence = Some(mark),
            _ => {}
        }
        let inside = fence.is_some() || mark.is_some();
        // What a template says in a comment is no item of the list.
        let begins = !inside && start.starts_with("<!--");
        if comment || begins {
            comment = !start.contains("-->");
            continue;
        }
        if !inside && line.starts_with('#') {
            section = line.trim_start_matches('#').trim().to_owned();
            open.clear();
            // A new section waits for the one before, however its items are marked.
            top.together = false;
            continue;
        }
        let Some(item) = item(line).filter(|_| !inside) else {
            describe(&mut tasks, &open, line);
            continue;
        };
        while open.last().is_some_and(|above| above.indent >= item.indent) {
            open.pop();
        }
        let mut task = outside(&item, file, number, &tasks);
        let together = task.tags.iter().any(|tag| tag == PARALLEL);
        task.tags.retain(|tag| tag != PARALLEL);
        task.parents = open
            .last()
            .map(|above| above.key.clone())
            .into_iter()
            .collect();
        task.say("", &context(&section));
        // What is given up takes its parts with it, and nothing waits for it: it has no place in the order.
        let above = |key: &String| {
            tasks
                .iter()
                .any(|t| t.key == *key && t.state == State::Dropped)
        };
        if task.parents.iter().any(above) {
            task.state = State::Dropped;
        }
        if task.state != State::Dropped {
            let level = open.last_mut().map_or(&mut top, |above| &mut above.parts);
            task.needs = level.place(&task.key, together);
        }
        open.push(Open {
            indent: item.indent,
            key: task.key.clone(),
            parts: Level::default(),
        });
        tasks.push(task);
    }
    Ok(Batch {
        tasks,
        notes: Vec::new(),
    })
}

fn context(section: &str) -> String {
    match section.is_empty() {
        true => String::new(),
        false => format!("Part of: {section}"),
    }
}

impl Level {
    /// What the next item waits for.
    fn place(&mut self, key: &str, together: bool) -> Vec<String> {
        if !(together && self.together) {
            self.before = std::mem::take(&mut self.now);
        }
        self.together = together;
        self.now.push(key.to_owned());
        self.before.clone()
    }
}

/// Stands in for `[P]` while an item is taken apart; no label can be written so.
const PARALLEL: &str = "[P]";

fn outside(item: &Item<'_>, file: &Arc<str>, line: u32, known: &[Outside]) -> Outside {
    let mut rest = item.text;
    let first = rest.split_whitespace().next().unwrap_or_default();
    let bare = first.trim_matches('*').trim_end_matches(':');
    let numbered = bare
        .strip_prefix('T')
        .is_some_and(|n| !n.is_empty() && n.chars().all(|c| c.is_ascii_digit()));
    let mut key = format!("line {line}");
    let mut label = Label::Order;
    if numbered && known.iter().all(|task| task.key != bare) {
        key = bare.to_owned();
        label = Label::Word(bare.to_owned());
        rest = rest[first.len()..].trim_start();
    }
    let mut tags = Vec::new();
    while let Some((word, after)) = rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        let known =
            word == "P" || word.starts_with("US") && word[2..].chars().all(|c| c.is_ascii_digit());
        if !known || after.starts_with('(') {
            break;
        }
        tags.push(match word {
            "P" => PARALLEL.to_owned(),
            story => story.to_lowercase(),
        });
        rest = after.trim_start();
    }
    let title = rest.replace("**", "").replace('`', "");
    let title = match title.trim() {
        "" => item.text,
        title => title,
    };
    let mut task = Outside::new(key, title, file, line);
    task.label = label;
    task.tags = tags;
    match item.mark {
        Mark::Open => {}
        Mark::Done => task.state = State::Done(None),
        Mark::Begun => task.tag("begun"),
        Mark::GivenUp => task.state = State::Dropped,
    }
    // What the title leaves out of the line is kept.
    if title != rest {
        task.say("", rest);
    }
    task
}

/// Text below an item, deeper than it, belongs to it.
fn describe(tasks: &mut [Outside], open: &[Open], line: &str) {
    let depth = line.len() - line.trim_start().len();
    if let (Some(above), Some(task)) = (open.last(), tasks.last_mut())
        && depth > above.indent
        && !line.trim().is_empty()
    {
        task.body.push_str(line.trim());
        task.body.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn needs(text: &str) -> Vec<(String, String, Option<String>)> {
        let batch = read(&"tasks.md".into(), text).unwrap();
        let tasks = batch.tasks.into_iter();
        tasks
            .map(|t| (t.title, t.needs.join(","), t.parents.first().cloned()))
            .collect()
    }

    fn row(title: &str, needs: &str, parent: Option<&str>) -> (String, String, Option<String>) {
        (title.into(), needs.into(), parent.map(str::to_owned))
    }

    #[test]
    fn order_and_nesting_are_prerequisites() {
        let text = "# List\n- [x] one\n- [ ] two\n  * [ ] two a\n    more of it\n  * [ ] two b\n\n```\n- [ ] no\n```\n1. [ ] three\n- [link](x)\n- no item\n";
        assert_eq!(
            needs(text),
            [
                row("one", "", None),
                row("two", "line 2", None),
                row("two a", "", Some("line 3")),
                row("two b", "line 4", Some("line 3")),
                row("three", "line 3", None),
            ]
        );
        let batch = read(&"f".into(), text).unwrap();
        assert_eq!(batch.tasks[0].state, State::Done(None));
        assert_eq!(batch.tasks[2].body, "Part of: List\nmore of it\n");
    }

    #[test]
    fn marks_other_than_an_x_are_items_too() {
        let text = "- [x] a\n- [~] T002 **b**: half\n- [-] c\n  - [ ] part\n- [/] d\n<!--\n- [ ] sample\n-->\n<!-- - [ ] sample -->\n- [ ] e\n- [1] a note\n";
        let batch = read(&"f".into(), text).unwrap();
        let rows: Vec<(&str, State, String)> = batch
            .tasks
            .iter()
            .map(|t| (t.title.as_str(), t.state, t.tags.join(",")))
            .collect();
        assert_eq!(
            rows,
            [
                ("a", State::Done(None), String::new()),
                ("b: half", State::Open, "begun".into()),
                ("c", State::Dropped, String::new()),
                ("part", State::Dropped, String::new()),
                ("d", State::Open, "begun".into()),
                ("e", State::Open, String::new()),
            ]
        );
        assert_eq!(batch.tasks[4].needs, ["T002"]);
    }

    #[test]
    fn neighbours_that_may_go_together_wait_for_the_same() {
        let text = "## Phase 1: Setup\n- [x] T001 Create project\n- [ ] T002 [P] Lint in `.lint`\n- [ ] T003 [P] CI\n## Phase 2: Story\n- [ ] T004 [P] [US1] Test\n- [ ] T005 [P] [US1] Model\n- [ ] T006 [US1] Service\n";
        assert_eq!(
            needs(text),
            [
                row("Create project", "", None),
                row("Lint in .lint", "T001", None),
                row("CI", "T001", None),
                row("Test", "T002,T003", None),
                row("Model", "T002,T003", None),
                row("Service", "T004,T005", None),
            ]
        );
        let batch = read(&"f".into(), text).unwrap();
        assert_eq!(batch.tasks[3].tags, ["us1"]);
        assert_eq!(batch.tasks[1].label, Label::Word("T002".into()));
        assert!(
            batch.tasks[1].body.contains("`.lint`"),
            "{}",
            batch.tasks[1].body
        );
    }
}
