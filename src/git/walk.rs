//! Part of a history: which commits there are, who descends from whom, and which of them changed paths that
//! somebody asked about.
//!
//! Pure once it is read. Does not know why anybody asks.

use std::collections::HashMap;
use std::path::Path;

use crate::git::GitError;
use crate::git::log::{self, Paths, Piece};

/// A commit that changed some of the paths.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Touch {
    pub commit: String,
    /// Committer's time in seconds since 1970.
    pub at: i64,
    pub subject: String,
    pub paths: Vec<String>,
}

/// The commits of one reading.
#[derive(Debug, Default)]
pub struct Walk {
    numbers: HashMap<Box<str>, usize>,
    /// By number. Who lies outside has none.
    parents: Vec<Vec<usize>>,
    /// In the log's order, each with its number.
    touching: Vec<(usize, Touch)>,
    current: Current,
}

/// The commit that paths are told of.
#[derive(Debug, Default)]
struct Current {
    number: usize,
    commit: String,
    at: i64,
    message: Vec<u8>,
}

/// Which commits are wanted.
#[derive(Debug, Clone, Copy)]
pub struct Range<'a> {
    pub tips: &'a [&'a str],
    /// The proper ancestors of this one are left out.
    pub from: Option<&'a str>,
}

/// For each of up to [`MASK`] commits a bit.
pub type Mask = u64;
pub const MASK: usize = Mask::BITS as usize;

impl Walk {
    /// # Errors
    /// When git cannot tell.
    pub fn read(root: &Path, range: Range<'_>, paths: &Paths) -> Result<Self, GitError> {
        let mut what: Vec<String> = range.tips.iter().map(|tip| (*tip).to_owned()).collect();
        what.extend(range.from.map(|from| format!("^{from}^@")));
        let mut walk = Self::default();
        log::each(root, &what, paths, |piece| walk.take(&piece))?;
        Ok(walk)
    }

    pub(super) fn take(&mut self, piece: &Piece<'_>) {
        match piece {
            Piece::Commit(header) => {
                let number = self.numbered(header.commit);
                self.parents[number] = header
                    .parents()
                    .map(|parent| self.numbered(parent))
                    .collect();
                let current = &mut self.current;
                current.number = number;
                current.at = header.at;
                current.message.clear();
                current.message.extend_from_slice(header.message);
                current.commit.clear();
                current.commit.push_str(header.commit);
            }
            Piece::Path(path) => {
                let current = &self.current;
                let is_new = |(number, _): &(usize, Touch)| *number != current.number;
                if self.touching.last().is_none_or(is_new) {
                    let touch = Touch {
                        commit: current.commit.clone(),
                        at: current.at,
                        subject: subject(&current.message),
                        paths: Vec::new(),
                    };
                    self.touching.push((current.number, touch));
                }
                if let Some((_, touch)) = self.touching.last_mut() {
                    touch.paths.push(path.to_string());
                }
            }
        }
    }

    fn numbered(&mut self, name: &str) -> usize {
        if let Some(number) = self.numbers.get(name) {
            return *number;
        }
        let number = self.parents.len();
        self.numbers.insert(name.into(), number);
        self.parents.push(Vec::new());
        number
    }

    /// A commit's number, which is below [`Self::masks`]' length.
    #[must_use]
    pub fn number(&self, commit: &str) -> Option<usize> {
        self.numbers.get(commit).copied()
    }

    /// With their numbers, in the log's order: the newest first.
    #[must_use]
    pub fn touching(&self) -> &[(usize, Touch)] {
        &self.touching
    }

    /// All numbers, each before those of its ancestors.
    #[must_use]
    pub fn children_first(&self) -> Vec<usize> {
        let mut children = vec![0_usize; self.parents.len()];
        for parent in self.parents.iter().flatten() {
            children[*parent] += 1;
        }
        let mut order: Vec<usize> = (0..children.len()).filter(|n| children[*n] == 0).collect();
        let mut next = 0;
        while let Some(number) = order.get(next).copied() {
            next += 1;
            for parent in &self.parents[number] {
                children[*parent] -= 1;
                if children[*parent] == 0 {
                    order.push(*parent);
                }
            }
        }
        order
    }

    /// For every number, which of these commits it is, or is an ancestor of: the first has the lowest bit. Takes as
    /// many as there are bits.
    #[must_use]
    pub fn masks(&self, children_first: &[usize], commits: &[&str]) -> Vec<Mask> {
        let mut masks = vec![0; self.parents.len()];
        for (bit, commit) in commits.iter().take(MASK).enumerate() {
            if let Some(number) = self.number(commit) {
                masks[number] |= 1 << bit;
            }
        }
        for number in children_first {
            let mask = masks[*number];
            if mask != 0 {
                for parent in &self.parents[*number] {
                    masks[*parent] |= mask;
                }
            }
        }
        masks
    }
}

/// The first paragraph in one line.
fn subject(message: &[u8]) -> String {
    let message = String::from_utf8_lossy(message);
    let lines: Vec<&str> = message
        .lines()
        .map(str::trim)
        .skip_while(|line| line.is_empty())
        .take_while(|line| !line.is_empty())
        .collect();
    lines.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mask_tells_who_descends_from_whom_whatever_the_order() {
        // e ─ d ─ b ─ a, c ─ b; b is told of before d.
        let lines = ["b a", "e d", "d b", "c b", "a"];
        let mut walk = Walk::default();
        for line in lines {
            walk.commit(line, "x");
        }
        let order = walk.children_first();
        assert_eq!(order.len(), 5);
        let masks = walk.masks(&order, &["e", "c", "unknown", "d"]);
        for (commit, mask) in [
            ("e", 1),
            ("d", 0b1001),
            ("c", 2),
            ("b", 0b1011),
            ("a", 0b1011),
        ] {
            assert_eq!(masks[walk.number(commit).unwrap()], mask, "{commit}");
        }
    }

    #[test]
    fn paths_belong_to_the_commit_before_them() {
        let mut walk = Walk::default();
        walk.commit("b a", "\nTwo\n lines \n\nbody");
        walk.take(&Piece::Path("x".into()));
        walk.take(&Piece::Path("y".into()));
        walk.commit("a", "");
        walk.take(&Piece::Path("x".into()));
        let told: Vec<_> = walk
            .touching()
            .iter()
            .map(|(_, touch)| (&*touch.commit, &*touch.subject, touch.paths.len()))
            .collect();
        assert_eq!(told, [("b", "Two lines", 2), ("a", "", 1)]);
    }

    impl Walk {
        /// `COMMIT PARENT…`
        pub(crate) fn commit(&mut self, names: &str, message: &str) {
            let (commit, parents) = names.split_once(' ').unwrap_or((names, ""));
            self.take(&Piece::Commit(log::Header::new(commit, parents, message)));
        }
    }
}
