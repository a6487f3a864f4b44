//! The commits after a checkpoint that touch what its task owns: what is remembered of them, and how little is read
//! to bring that up to date.
//!
//! Later than a checkpoint is every commit of HEAD that is neither the checkpoint nor an ancestor of it. A merge is
//! none: what it brings is in the commits that it merges. While HEAD only moves forward, what was later stays later,
//! and only HEAD's new commits are read. Does not know which task owns what; that is asked for path by path.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::git::GitError;
use crate::git::log::Paths;
use crate::git::scan::{Changed, Update};
use crate::git::walk::{MASK, Range, Touch, Walk};
use crate::model::TaskId;

/// How many of a task's later commits are remembered: the newest. The others are counted.
pub const KEPT: usize = 50;

/// A commit after a task's checkpoint that touches what the task owns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LaterCommit {
    pub commit: String,
    /// Committer's time in seconds since 1970.
    pub at: i64,
    pub subject: String,
}

/// All of one task.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct LaterCommits {
    pub total: usize,
    /// Up to [`KEPT`], the newest first.
    pub newest: Vec<LaterCommit>,
}

/// A task that owns something, and its checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    pub task: TaskId,
    pub commit: String,
    pub owns: Vec<Box<str>>,
}

/// Where the answers come from.
pub struct Sources<'a> {
    pub root: &'a Path,
    /// What any of the tasks owns.
    pub paths: &'a Paths,
    /// What reading the history found just now.
    pub update: &'a Update,
    /// Which of those asked about own a path, by their places.
    pub owners: &'a dyn Fn(&str) -> Vec<usize>,
    /// Checkpoints in the order in which they were probably made.
    pub order: &'a dyn Fn(&str) -> usize,
}

/// What is remembered.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Later {
    /// For which commit of HEAD it is true.
    head: String,
    known: BTreeMap<TaskId, Known>,
}

/// What is known of one task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Known {
    commit: String,
    owns: Vec<Box<str>>,
    /// Is the checkpoint HEAD or an ancestor of it?
    place: Place,
    later: LaterCommits,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Place {
    InHead,
    Elsewhere,
}

impl Known {
    fn answers(&self, asked: &Asked) -> bool {
        self.commit == asked.commit && self.owns == asked.owns
    }
}

impl Later {
    #[must_use]
    pub fn of(&self, task: &TaskId) -> Option<&LaterCommits> {
        self.known.get(task).map(|known| &known.later)
    }

    /// Forgets everything but the answers to what is asked, and learns those that are missing.
    ///
    /// # Errors
    /// When git cannot tell.
    pub fn update(&mut self, sources: &Sources<'_>, asked: &[Asked]) -> Result<Changed, GitError> {
        let before = self.clone();
        let Some(head) = &sources.update.head else {
            *self = Self::default();
            return Ok(self.differs_from(&before));
        };
        let known = |later: &Self, ask: &Asked| {
            let known = later.known.get(&ask.task);
            known.is_some_and(|known| known.answers(ask))
        };
        let asks: BTreeMap<&TaskId, &Asked> = asked.iter().map(|ask| (&ask.task, ask)).collect();
        self.known
            .retain(|task, known| asks.get(task).is_some_and(|ask| known.answers(ask)));
        let all: Vec<usize> = (0..asked.len()).collect();
        if let Some(walk) = &sources.update.whole {
            self.known.clear();
            self.learn(&Found::new(walk, head), sources, asked, &all);
        } else {
            if self.head != *head && !self.known.is_empty() {
                let old: Vec<usize> = all
                    .iter()
                    .copied()
                    .filter(|n| known(self, &asked[*n]))
                    .collect();
                self.forward(sources, head, asked, &old)?;
            }
            let new: Vec<usize> = all
                .into_iter()
                .filter(|n| !known(self, &asked[*n]))
                .collect();
            self.anew(sources, head, asked, &new)?;
        }
        self.head.clone_from(head);
        Ok(self.differs_from(&before))
    }

    fn differs_from(&self, before: &Self) -> Changed {
        if self == before {
            Changed::No
        } else {
            Changed::Yes
        }
    }

    /// Adds what HEAD has had since. If it did not move forward everything is forgotten.
    fn forward(
        &mut self,
        sources: &Sources<'_>,
        head: &str,
        asked: &[Asked],
        old: &[usize],
    ) -> Result<(), GitError> {
        let mut tips = vec![head];
        // The others have nothing in what is new. Read from here they would lead through all of the history.
        let elsewhere = old.iter().map(|n| &asked[*n]).filter(|ask| {
            let known = self.known.get(&ask.task);
            known.is_some_and(|known| known.place == Place::Elsewhere)
        });
        tips.extend(elsewhere.map(|ask| ask.commit.as_str()));
        let range = Range {
            tips: &tips,
            from: Some(&self.head),
        };
        let walk = Walk::read(sources.root, range, sources.paths)?;
        let found = Found::new(&walk, head);
        if !found.is_in_head(&self.head) {
            self.known.clear();
            return Ok(());
        }
        // It was read again.
        let seen = walk.number(&self.head);
        let touching = |number: usize| Some(number) != seen;
        for (n, new) in old.iter().zip(found.later(sources, asked, old, &touching)) {
            let ask = &asked[*n];
            if let Some(known) = self.known.get_mut(&ask.task) {
                known.later.add(new);
                if found.is_in_head(&ask.commit) {
                    known.place = Place::InHead;
                }
            }
        }
        Ok(())
    }

    fn anew(
        &mut self,
        sources: &Sources<'_>,
        head: &str,
        asked: &[Asked],
        new: &[usize],
    ) -> Result<(), GitError> {
        let mut commits: Vec<&str> = new.iter().map(|n| asked[*n].commit.as_str()).collect();
        commits.sort_by_key(|commit| ((sources.order)(commit), *commit));
        commits.dedup();
        let Some(oldest) = commits.first().copied() else {
            return Ok(());
        };
        let mut tips = vec![head];
        tips.extend(&commits);
        // If HEAD and all checkpoints descend from the oldest of them, nothing before it is later than any of them.
        // Mostly it is so, and mostly that one is near.
        for from in [Some(oldest), None] {
            let range = Range { tips: &tips, from };
            let walk = Walk::read(sources.root, range, sources.paths)?;
            let found = Found::new(&walk, head);
            if from.is_none_or(|from| found.is_before_all(from, &tips)) {
                self.learn(&found, sources, asked, new);
                break;
            }
        }
        Ok(())
    }

    fn learn(&mut self, found: &Found<'_>, sources: &Sources<'_>, asked: &[Asked], of: &[usize]) {
        for (n, new) in of.iter().zip(found.later(sources, asked, of, &|_| true)) {
            let ask = &asked[*n];
            let mut later = LaterCommits::default();
            later.add(new);
            let place = if found.is_in_head(&ask.commit) {
                Place::InHead
            } else {
                Place::Elsewhere
            };
            let known = Known {
                commit: ask.commit.clone(),
                owns: ask.owns.clone(),
                place,
                later,
            };
            self.known.insert(ask.task.clone(), known);
        }
    }
}

impl LaterCommits {
    /// Takes in others, which are in the log's order and of which none is here yet.
    fn add(&mut self, new: Vec<&Touch>) {
        self.total += new.len();
        let old = std::mem::take(&mut self.newest);
        let commits = new.into_iter().map(|touch| LaterCommit {
            commit: touch.commit.clone(),
            at: touch.at,
            subject: touch.subject.clone(),
        });
        self.newest = commits.chain(old).collect();
        // At the same time: as it was, children first.
        self.newest
            .sort_by_key(|commit| std::cmp::Reverse(commit.at));
        self.newest.truncate(KEPT);
    }
}

/// A part of the history and what of it HEAD has.
struct Found<'a> {
    walk: &'a Walk,
    children_first: Vec<usize>,
    /// One bit each.
    in_head: Vec<u64>,
}

impl<'a> Found<'a> {
    fn new(walk: &'a Walk, head: &str) -> Self {
        let children_first = walk.children_first();
        Self {
            in_head: walk.masks(&children_first, &[head]),
            walk,
            children_first,
        }
    }

    fn is_in_head(&self, commit: &str) -> bool {
        let number = self.walk.number(commit);
        number.is_some_and(|number| self.in_head[number] != 0)
    }

    /// Is this an ancestor of all of them, or the same?
    fn is_before_all(&self, commit: &str, of: &[&str]) -> bool {
        self.walk.number(commit).is_some_and(|number| {
            of.chunks(MASK).all(|of| {
                let mask = self.walk.masks(&self.children_first, of)[number];
                mask.count_ones() as usize == of.len()
            })
        })
    }

    /// For each of some that are asked about what is later, in the log's order. Only commits that `counts` counts.
    fn later(
        &self,
        sources: &Sources<'_>,
        asked: &[Asked],
        of: &[usize],
        counts: &dyn Fn(usize) -> bool,
    ) -> Vec<Vec<&'a Touch>> {
        let mut candidates: Vec<Vec<(usize, &Touch)>> = vec![Vec::new(); asked.len()];
        for (number, touch) in self.walk.touching() {
            if self.in_head[*number] == 0 || !counts(*number) {
                continue;
            }
            let mut owners: Vec<usize> = touch
                .paths
                .iter()
                .flat_map(|path| (sources.owners)(path))
                .collect();
            owners.sort_unstable();
            owners.dedup();
            for owner in owners {
                candidates[owner].push((*number, touch));
            }
        }
        let mut later: Vec<Vec<&Touch>> = vec![Vec::new(); of.len()];
        let touched: Vec<usize> = (0..of.len())
            .filter(|n| !candidates[of[*n]].is_empty())
            .collect();
        for chunk in touched.chunks(MASK) {
            let commits: Vec<&str> = chunk.iter().map(|n| &*asked[of[*n]].commit).collect();
            let masks = self.walk.masks(&self.children_first, &commits);
            for (bit, n) in chunk.iter().enumerate() {
                let after = candidates[of[*n]]
                    .iter()
                    .filter(|(number, _)| masks[*number] & (1 << bit) == 0);
                later[*n] = after.map(|(_, touch)| *touch).collect();
            }
        }
        later
    }
}
