//! Tasks of another tool become task files: each gets a name and the names of what it needs.
//!
//! Knows parts and prerequisites. Does not know which tool they come from beyond its name.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::intake::draft::{Draft, one_line};
use crate::intake::graph::{Needs, circle, reaches};
use crate::intake::naming::{reference, slug};
use crate::intake::{Batch, Format, IntakeError, Label, Outside, State};
use crate::spec::{scalar, scalars};

/// How many tasks are taken over at once.
const MAX_TASKS: usize = 10_000;

/// A task file to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arranged {
    /// Below `.runr/tasks/`.
    pub id: String,
    pub text: String,
    pub title: String,
    /// What it is called in its source.
    pub key: String,
    /// Ids, in the order of the source.
    pub needs: Vec<String>,
    /// Done there; with the time if that is known.
    pub done: Option<Option<Timestamp>>,
}

/// Everything that is to be written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Arrangement {
    pub tasks: Vec<Arranged>,
    /// What a person should know, one line each.
    pub notes: Vec<String>,
}

/// Names the tasks below `folder` and says what each needs.
///
/// # Errors
/// When a key stands there twice, when tasks wait for each other in a circle, when there are too many.
pub fn arrange(
    batch: Batch,
    format: Format,
    folder: &str,
    exists: impl Fn(&str) -> bool,
) -> Result<Arrangement, IntakeError> {
    let Batch { tasks, mut notes } = batch;
    if tasks.len() > MAX_TASKS {
        return Err(IntakeError::TooMany {
            count: tasks.len(),
            max: MAX_TASKS,
        });
    }
    let all = keys(&tasks)?;
    let dropped: BTreeSet<String> = tasks
        .iter()
        .filter(|task| task.state == State::Dropped)
        .map(|task| task.key.clone())
        .collect();
    let before = tasks.len();
    drop(all);
    let tasks: Vec<Outside> = tasks
        .into_iter()
        .filter(|t| t.state != State::Dropped)
        .collect();
    if before > tasks.len() {
        notes.push(format!(
            "{} cancelled or deleted, left out",
            before - tasks.len()
        ));
    }
    let numbers = keys(&tasks)?;
    let needs = edges(&tasks, &numbers, &dropped, &mut notes)?;
    let ids = ids(&tasks, folder);
    let in_batch: BTreeSet<&str> = ids.iter().map(String::as_str).collect();
    let known = |name: &str| in_batch.contains(name) || exists(name);
    let arranged = tasks.iter().enumerate().map(|(n, task)| {
        let written: Vec<String> = needs[n]
            .iter()
            .map(|need| reference(&ids[n], &ids[*need], known))
            .collect();
        Arranged {
            text: draft(task, format, &written).text(),
            id: ids[n].clone(),
            title: one_line(&task.title),
            key: task.key.clone(),
            needs: needs[n].iter().map(|need| ids[*need].clone()).collect(),
            done: match task.state {
                State::Done(at) => Some(at),
                State::Open | State::Dropped => None,
            },
        }
    });
    let tasks = arranged.collect();
    Ok(Arrangement { tasks, notes })
}

fn draft(task: &Outside, format: Format, needs: &[String]) -> Draft {
    let mut keys = Vec::new();
    if !needs.is_empty() {
        keys.push(("depends_on", scalars(needs)));
    }
    if task.priority != 0 {
        keys.push(("priority", task.priority.to_string()));
    }
    if !task.tags.is_empty() {
        keys.push(("tags", scalars(&task.tags)));
    }
    let origin = format!("{} {}", format.word(), one_line(&task.key));
    keys.push(("x-imported", scalar(&origin)));
    Draft {
        title: task.title.clone(),
        body: task.body.clone(),
        keys,
    }
}

/// The number of each key.
fn keys(tasks: &[Outside]) -> Result<BTreeMap<&str, usize>, IntakeError> {
    let mut numbers = BTreeMap::new();
    for (n, task) in tasks.iter().enumerate() {
        if let Some(first) = numbers.insert(task.key.as_str(), n) {
            return Err(IntakeError::Twice {
                file: task.file.clone(),
                line: task.line,
                key: task.key.clone(),
                first: tasks[first].place(),
            });
        }
    }
    Ok(numbers)
}

fn edges(
    tasks: &[Outside],
    numbers: &BTreeMap<&str, usize>,
    dropped: &BTreeSet<String>,
    notes: &mut Vec<String>,
) -> Result<Needs, IntakeError> {
    let mut needs: Needs = vec![Vec::new(); tasks.len()];
    let mut own: Needs = Vec::with_capacity(tasks.len());
    for (n, task) in tasks.iter().enumerate() {
        let mut found = Vec::new();
        for key in &task.needs {
            match numbers.get(key.as_str()) {
                Some(need) if !found.contains(need) => found.push(*need),
                Some(_) => {}
                None if dropped.contains(key) => {}
                None => notes.push(format!(
                    "{}: `{}` needs `{key}`, which is not there: left out",
                    task.place(),
                    task.key
                )),
            }
        }
        own.push(found.clone());
        needs[n].extend(found);
    }
    let mut wholes: Needs = Vec::with_capacity(tasks.len());
    for (part, task) in tasks.iter().enumerate() {
        let mut found = Vec::new();
        for key in &task.parents {
            match numbers.get(key.as_str()) {
                // Some write down that a part needs its whole: then the whole does not wait for it.
                Some(whole) if own[part].contains(whole) => notes.push(format!(
                    "{}: `{}` is a part of `{key}` and needs it: `{key}` does not wait for it",
                    task.place(),
                    task.key
                )),
                Some(whole) if !found.contains(whole) => found.push(*whole),
                Some(_) => {}
                None if dropped.contains(key) => {}
                None => notes.push(format!(
                    "{}: `{}` is a part of `{key}`, which is not there: left out",
                    task.place(),
                    task.key
                )),
            }
        }
        for whole in &found {
            if !needs[*whole].contains(&part) {
                needs[*whole].push(part);
            }
        }
        wholes.push(found);
    }
    if let Some(path) = circle(&needs) {
        let named = |n: usize| (tasks[n].key.clone(), tasks[n].place());
        return Err(IntakeError::Cycle {
            path: path.into_iter().map(named).collect(),
        });
    }
    // A part waits for what the whole waits for, the whole's whole included, unless that waits for the part.
    for part in 0..tasks.len() {
        let mut above = wholes[part].clone();
        let mut next = 0;
        while let Some(whole) = above.get(next).copied() {
            for need in own[whole].clone() {
                if !needs[part].contains(&need) && !reaches(&needs, need, part) {
                    needs[part].push(need);
                }
            }
            for higher in &wholes[whole] {
                if !above.contains(higher) {
                    above.push(*higher);
                }
            }
            next += 1;
        }
    }
    Ok(needs)
}

/// A name for each: its label and its title, made unique.
fn ids(tasks: &[Outside], folder: &str) -> Vec<String> {
    let digits = |n: u32| n.to_string().len();
    let widest = tasks
        .iter()
        .filter_map(|task| match &task.label {
            Label::Number(numbers) => numbers.first().copied().map(digits),
            Label::Order => Some(digits(u32::try_from(tasks.len()).unwrap_or(u32::MAX))),
            Label::Word(_) => None,
        })
        .max()
        .unwrap_or(2)
        .max(2);
    let mut taken: BTreeSet<String> = BTreeSet::new();
    let mut ids = Vec::with_capacity(tasks.len());
    for (n, task) in tasks.iter().enumerate() {
        let label = match &task.label {
            Label::Number(numbers) => {
                let parts = numbers.iter().enumerate().map(|(at, number)| match at {
                    0 => format!("{number:0widest$}"),
                    _ => format!("{number:02}"),
                });
                parts.collect::<Vec<_>>().join(".")
            }
            Label::Word(word) => slug(word),
            Label::Order => format!("{:0widest$}", n + 1),
        };
        let stem = format!("{label}-{}", slug(&task.title));
        let mut name = format!("{stem}.md");
        let mut again = 2;
        while !taken.insert(name.clone()) {
            name = format!("{stem}-{again}.md");
            again += 1;
        }
        ids.push(match folder.is_empty() {
            true => name,
            false => format!("{folder}/{name}"),
        });
    }
    ids
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task(key: &str, needs: &[&str], parent: Option<&str>) -> Outside {
        let mut task = Outside::new(key, key, &"f".into(), 7);
        task.needs = needs.iter().map(|n| (*n).to_owned()).collect();
        task.parents = parent.map(str::to_owned).into_iter().collect();
        task
    }

    fn arranged(tasks: Vec<Outside>) -> Result<Arrangement, IntakeError> {
        let notes = Vec::new();
        arrange(Batch { tasks, notes }, Format::Beads, "in", |_| false)
    }

    fn needs(arrangement: &Arrangement, n: usize) -> Vec<&str> {
        let needs = arrangement.tasks[n].needs.iter();
        needs.map(|id| &id["in/".len()..id.len() - 3]).collect()
    }

    #[test]
    fn parts_come_before_the_whole_and_after_what_it_needs() {
        let found = arranged(vec![
            task("a", &[], None),
            task("b", &["a", "gone"], None),
            task("c", &[], Some("b")),
            task("d", &["c"], Some("b")),
            task("e", &["b"], None),
        ])
        .unwrap();
        assert_eq!(needs(&found, 1), ["01-a", "03-c", "04-d"]);
        assert_eq!(needs(&found, 2), ["01-a"]);
        assert_eq!(needs(&found, 3), ["03-c", "01-a"]);
        assert_eq!(needs(&found, 4), ["02-b"]);
        assert_eq!(
            found.notes,
            ["f:7: `b` needs `gone`, which is not there: left out"]
        );
        assert!(
            found.tasks[2]
                .text
                .starts_with("---\ndepends_on: [01-a.md]\nx-imported: \"beads c\"\n---\n# c\n")
        );
    }

    #[test]
    fn a_need_of_the_whole_that_waits_for_its_part_is_not_handed_down() {
        let found = arranged(vec![
            task("whole", &["mid"], None),
            task("part", &[], Some("whole")),
            task("mid", &["part"], None),
        ])
        .unwrap();
        assert_eq!(needs(&found, 1), [""; 0]);
    }

    #[test]
    fn a_part_may_need_its_whole_and_have_several() {
        let mut both = task("both", &[], Some("whole"));
        both.parents.push("other".into());
        both.parents.push("gone".into());
        let found = arranged(vec![
            task("whole", &["first"], None),
            task("after", &["whole"], Some("whole")),
            task("first", &[], None),
            both,
            task("other", &[], None),
        ])
        .unwrap();
        assert_eq!(needs(&found, 0), ["03-first", "04-both"]);
        assert_eq!(needs(&found, 1), ["01-whole"]);
        assert_eq!(needs(&found, 3), ["03-first"]);
        assert_eq!(needs(&found, 4), ["04-both"]);
        assert_eq!(
            found.notes,
            [
                "f:7: `after` is a part of `whole` and needs it: `whole` does not wait for it",
                "f:7: `both` is a part of `gone`, which is not there: left out",
            ]
        );
    }

    #[test]
    fn circles_and_doubles_are_refused_with_their_places() {
        let place = || "f:7".to_owned();
        assert_eq!(
            arranged(vec![task("a", &["b"], None), task("b", &["a"], None)]),
            Err(IntakeError::Cycle {
                path: vec![("b".into(), place()), ("a".into(), place())]
            })
        );
        assert!(matches!(
            arranged(vec![task("a", &[], None), task("a", &[], None)]),
            Err(IntakeError::Twice { line: 7, .. })
        ));
    }

    #[test]
    fn names_are_unique_and_sort_as_numbers_do() {
        let mut tasks: Vec<Outside> = ["x", "x", "x"]
            .iter()
            .enumerate()
            .map(|(n, title)| Outside::new(n.to_string(), title, &"f".into(), 1))
            .collect();
        tasks[0].label = Label::Number(vec![3]);
        tasks[1].label = Label::Number(vec![3, 2]);
        tasks[2].label = Label::Number(vec![110]);
        assert_eq!(ids(&tasks, ""), ["003-x.md", "003.02-x.md", "110-x.md"]);
        for task in &mut tasks {
            task.label = Label::Word("../A b".into());
        }
        assert_eq!(
            ids(&tasks, "in"),
            ["in/a-b-x.md", "in/a-b-x-2.md", "in/a-b-x-3.md"]
        );
    }
}
