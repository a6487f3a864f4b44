//! What a history says about tasks: which completions stand, which were reverted.
//!
//! Pure. A checkpoint is known by its task and run: the same trailers on several commits (a squash, a
//! cherry-pick) are one completion, and a revert of any of them undoes it for all that are older.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::git::history::History;
use crate::git::trailers::{Group, Section};
use crate::model::{Completion, RunId, TaskId, Told, Undone, Unnamed};

/// The newer of two is the greater: the time of the commit, then the log's order.
type When = (i64, usize);

/// One section of one message: a commit, or one that was squashed into it.
struct Unit<'a> {
    commit: &'a str,
    when: When,
    section: &'a Section,
}

/// Says what the history tells about the tasks of the project in `folder` (from the top of the repository).
#[must_use]
pub fn told(history: &History, folder: &str) -> Told {
    let units: Vec<Unit> = history
        .records()
        .iter()
        .enumerate()
        .flat_map(|(order, record)| {
            record.sections.iter().map(move |section| Unit {
                commit: &record.commit,
                when: (record.at, order),
                section,
            })
        })
        .collect();
    let reverters = reverters(history, &units);
    let stands = standing(&reverters);
    let last_revert = |of: &[usize]| {
        of.iter()
            .flat_map(|unit| &reverters[*unit])
            .filter(|by| stands[**by])
            .max_by_key(|by| units[**by].when)
            .copied()
    };
    let latest_standing = |of: &[usize]| {
        let revert = last_revert(of).map(|by| units[by].when);
        of.iter()
            .filter(|unit| stands[**unit] && revert < Some(units[**unit].when))
            .max_by_key(|unit| units[**unit].when)
            .copied()
    };
    let mut told = Told::default();
    for (task, runs) in groups(&units, folder) {
        let standing = runs
            .iter()
            .filter_map(|(key, carriers)| Some((latest_standing(carriers)?, key)))
            .max_by_key(|(unit, _)| units[*unit].when);
        if let Some((unit, key)) = standing {
            let group = units[unit].section.groups.iter().find(|group| {
                group.task == *task && group.folder == folder && group.run == key.run
            });
            told.completed.insert(
                task.clone(),
                Completion {
                    run: key.run.clone(),
                    commit: units[unit].commit.to_owned(),
                    at: time(units[unit].when),
                    fingerprint: group.and_then(|group| group.fingerprint),
                },
            );
            continue;
        }
        let undone = runs.iter().filter_map(|(key, carriers)| {
            let unit = *carriers.iter().max_by_key(|unit| units[**unit].when)?;
            Some((unit, last_revert(carriers)?, key))
        });
        if let Some((unit, by, key)) = undone.max_by_key(|(_, by, _)| units[*by].when) {
            told.undone.insert(
                task.clone(),
                Undone {
                    run: key.run.clone(),
                    commit: units[unit].commit.to_owned(),
                    by: units[by].commit.to_owned(),
                    at: time(units[by].when),
                },
            );
        }
    }
    told.unnamed = unnamed(&units, &latest_standing);
    told
}

/// What makes two commits the same completion of a task.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Key<'a> {
    run: Option<RunId>,
    /// Without a run every commit stands for itself.
    commit: Option<&'a str>,
}

fn groups<'a>(
    units: &'a [Unit<'a>],
    folder: &str,
) -> BTreeMap<&'a TaskId, BTreeMap<Key<'a>, Vec<usize>>> {
    let mut groups: BTreeMap<_, BTreeMap<_, Vec<_>>> = BTreeMap::new();
    for (number, unit) in units.iter().enumerate() {
        let ours = |group: &&Group| group.folder == folder;
        for group in unit.section.groups.iter().filter(ours) {
            let key = Key {
                run: group.run.clone(),
                commit: group.run.is_none().then_some(unit.commit),
            };
            let runs = groups.entry(&group.task).or_default();
            runs.entry(key).or_default().push(number);
        }
    }
    groups
}

fn unnamed(units: &[Unit], standing: &dyn Fn(&[usize]) -> Option<usize>) -> Vec<Unnamed> {
    let mut carriers: BTreeMap<&RunId, Vec<usize>> = BTreeMap::new();
    for (number, unit) in units.iter().enumerate() {
        for run in &unit.section.runs {
            carriers.entry(run).or_default().push(number);
        }
    }
    for group in units.iter().flat_map(|unit| &unit.section.groups) {
        if let Some(run) = &group.run {
            // Another commit says which task it was.
            carriers.remove(run);
        }
    }
    let mut found: Vec<(When, Unnamed)> = carriers
        .into_iter()
        .filter_map(|(run, carriers)| {
            let unit = &units[standing(&carriers)?];
            let unnamed = Unnamed {
                run: run.clone(),
                commit: unit.commit.to_owned(),
                at: time(unit.when),
            };
            Some((unit.when, unnamed))
        })
        .collect();
    found.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.run.cmp(&b.1.run)));
    found.into_iter().map(|(_, unnamed)| unnamed).collect()
}

/// For each unit the units that say they revert it.
fn reverters(history: &History, units: &[Unit]) -> Vec<Vec<usize>> {
    let mut names: Vec<(&str, usize)> = Vec::new();
    for (number, unit) in units.iter().enumerate() {
        names.push((unit.commit, number));
        names.extend(unit.section.squashed.as_deref().map(|name| (name, number)));
    }
    names.sort_unstable();
    names.dedup();
    let mut reverters = vec![Vec::new(); units.len()];
    for (by, unit) in units.iter().enumerate() {
        for reverted in &unit.section.reverts {
            let brought = reverted
                .kept
                .as_deref()
                .map_or(&[][..], |kept| history.brought_by(&reverted.commit, kept));
            let of_merge = brought.iter().flat_map(|name| named(&names, name));
            for (_, target) in named(&names, &reverted.commit).iter().chain(of_merge) {
                if *target != by {
                    reverters[*target].push(by);
                }
            }
        }
    }
    reverters
}

/// The units of the one commit that a full or abbreviated name means; none when it means several.
fn named<'a, 'n>(names: &'a [(&'n str, usize)], name: &str) -> &'a [(&'n str, usize)] {
    let from = names.partition_point(|(known, _)| *known < name);
    let length = names[from..].partition_point(|(known, _)| known.starts_with(name));
    let found = &names[from..from + length];
    match (found.first(), found.last()) {
        (Some(first), Some(last)) if first.0 == last.0 => found,
        _ => &[],
    }
}

/// For each unit whether it stands: nothing that stands reverts it.
fn standing(reverters: &[Vec<usize>]) -> Vec<bool> {
    let mut known: Vec<Option<bool>> = vec![None; reverters.len()];
    let mut visited = vec![false; reverters.len()];
    for start in 0..reverters.len() {
        let mut stack = vec![start];
        while let Some(&unit) = stack.last() {
            if known[unit].is_some() {
                stack.pop();
                continue;
            }
            if visited[unit] {
                // A ring of reverts, which only a forged abbreviation makes, undoes nothing.
                let undone = reverters[unit].iter().any(|by| known[*by] == Some(true));
                known[unit] = Some(!undone);
                stack.pop();
                continue;
            }
            visited[unit] = true;
            stack.extend(reverters[unit].iter().filter(|by| !visited[**by]));
        }
    }
    known
        .into_iter()
        .map(|stands| stands.unwrap_or(true))
        .collect()
}

fn time(when: When) -> Timestamp {
    Timestamp::from_second(when.0).unwrap_or(Timestamp::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::history::{Record, Scan};
    use crate::git::trailers;

    fn sha(letter: char) -> String {
        std::iter::repeat_n(letter, 40).collect()
    }

    /// The oldest first; all at one second unless a time is given.
    fn history(commits: &[(char, i64, String)]) -> History {
        let mut history = History::empty("");
        let records = commits.iter().rev().map(|(letter, at, message)| Record {
            commit: sha(*letter),
            at: *at,
            sections: trailers::read(message),
        });
        let scan = Scan {
            records: records.collect(),
            ..Scan::default()
        };
        assert!(history.advance(scan));
        history
    }

    fn run(n: u32) -> String {
        format!("20250108-14453{n}-aaaa")
    }
    fn done(task: &str, n: u32) -> String {
        format!("Runr-Task: .runr/tasks/{task}\nRunr-Run-Id: {}\n", run(n))
    }
    fn revert(letter: char) -> String {
        format!("Revert\n\nThis reverts commit {}.\n", sha(letter))
    }
    fn squash(parts: &[(char, String)]) -> String {
        let mut text = "Squashed commit of the following:\n".to_owned();
        for (letter, message) in parts {
            text += &format!("\ncommit {}\nAuthor: a\n\n", sha(*letter));
            for line in message.lines() {
                text += &format!("    {line}\n");
            }
        }
        text
    }

    /// `a.md=c1` for completed by run 1 on commit c; `!a.md=c/d` for reverted by d.
    fn seen(history: &History) -> String {
        let told = told(history, "");
        let first = |sha: &str| sha[..1].to_owned();
        let digit = |run: &Option<RunId>| {
            run.as_ref()
                .map_or(String::new(), |run| run.as_str()[14..15].to_owned())
        };
        let mut words: Vec<String> = told
            .completed
            .iter()
            .map(|(task, c)| format!("{task}={}{}", first(&c.commit), digit(&c.run)))
            .collect();
        words.extend(
            told.undone
                .iter()
                .map(|(task, u)| format!("!{task}={}/{}", first(&u.commit), first(&u.by))),
        );
        words.extend(
            told.unnamed
                .iter()
                .map(|u| format!("?{}={}", first(&u.commit), digit(&Some(u.run.clone())))),
        );
        words.join(" ")
    }

    #[test]
    fn reverts_undo_and_reverts_of_reverts_restore() {
        let merge = |letter: char, kept: char| {
            format!(
                "This reverts commit {}, reversing\nchanges made to {}.",
                sha(letter),
                sha(kept)
            )
        };
        for (commits, expected) in [
            (vec![('a', 0, done("a.md", 1))], "a.md=a1"),
            (
                vec![('a', 0, done("a.md", 1)), ('b', 0, revert('a'))],
                "!a.md=a/b",
            ),
            (
                vec![
                    ('a', 0, done("a.md", 1)),
                    ('b', 0, revert('a')),
                    ('c', 0, revert('b')),
                ],
                "a.md=a1",
            ),
            (
                vec![
                    ('a', 0, done("a.md", 1)),
                    ('b', 0, revert('a')),
                    ('c', 0, revert('b')),
                    ('d', 0, revert('c')),
                ],
                "!a.md=a/b",
            ),
            // Run again after the revert; and an older run that the revert does not name.
            (
                vec![
                    ('a', 0, done("a.md", 1)),
                    ('b', 0, revert('a')),
                    ('c', 0, done("a.md", 2)),
                ],
                "a.md=c2",
            ),
            (
                vec![
                    ('a', 0, done("a.md", 1)),
                    ('c', 0, done("a.md", 2)),
                    ('b', 0, revert('c')),
                ],
                "a.md=a1",
            ),
            // The orchestration's branch still has a, the squash on main was reverted, then picked again.
            (
                vec![
                    ('a', 0, done("a.md", 1)),
                    (
                        '5',
                        1,
                        squash(&[('a', done("a.md", 1)), ('c', done("b.md", 2))]),
                    ),
                    ('b', 2, revert('5')),
                ],
                "!a.md=5/b !b.md=5/b",
            ),
            (
                vec![
                    ('a', 0, done("a.md", 1)),
                    (
                        '5',
                        1,
                        squash(&[('a', done("a.md", 1)), ('c', done("b.md", 2))]),
                    ),
                    ('b', 2, revert('5')),
                    ('d', 3, done("a.md", 1)),
                ],
                "a.md=d1 !b.md=5/b",
            ),
            // Inside a squash.
            (
                vec![(
                    '5',
                    0,
                    squash(&[
                        ('b', revert('a')),
                        ('a', done("a.md", 1)),
                        ('c', done("b.md", 2)),
                    ]),
                )],
                "b.md=52 !a.md=5/5",
            ),
            (
                vec![('a', 0, done("a.md", 1)), ('b', 0, merge('f', 'e'))],
                "!a.md=a/b",
            ),
            (
                vec![
                    ('a', 0, format!("Runr-Run-Id: {}\n", run(1))),
                    ('b', 0, format!("Runr-Run-Id: {}\n", run(2))),
                    ('c', 0, done("c.md", 2)),
                ],
                "c.md=c2 ?a=1",
            ),
            (
                vec![
                    ('a', 0, done("a.md", 1)),
                    ('b', 0, "This reverts commit aaaaaaa".to_owned()),
                    ('c', 0, "This reverts commit ccccccc".to_owned()),
                ],
                "!a.md=a/b",
            ),
        ] {
            let mut history = history(&commits);
            for (merge, kept) in history.unknown_merges() {
                history.learn_merge(&merge, &kept, &[sha('a')].into());
            }
            assert_eq!(seen(&history), expected, "{commits:#?}");
        }
    }

    #[test]
    fn projects_of_one_repository_are_kept_apart() {
        let message = "Runr-Task: sub/.runr/tasks/a.md\n";
        let history = history(&[('a', 0, message.to_owned())]);
        assert!(told(&history, "").completed.is_empty());
        assert_eq!(told(&history, "sub").completed.len(), 1);
    }

    #[test]
    fn a_long_chain_of_reverts_needs_no_stack() {
        let chain: Vec<Vec<usize>> = (0..100_000)
            .map(|n| if n + 1 < 100_000 { vec![n + 1] } else { vec![] })
            .collect();
        let stands = standing(&chain);
        assert!(stands[99_999] && !stands[99_998] && stands[1]);
        assert!(standing(&[vec![1], vec![0]]).iter().any(|stands| *stands));
    }
}
