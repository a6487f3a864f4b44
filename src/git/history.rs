//! What is remembered of a repository's history: the commits whose messages speak about tasks.
//!
//! Knows how old and new reading are put together and how both are kept. Runs nothing; what the commits
//! mean together is [`told`](crate::git::told)'s.

use std::collections::{BTreeMap, HashSet};

use serde::{Deserialize, Serialize};

use crate::git::later::Later;
use crate::git::trailers::Section;

/// Changed whenever what is kept, or how messages are read, changes: an older file is read anew.
const VERSION: u32 = 2;

/// One commit that speaks about tasks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    pub commit: String,
    /// Committer's time in seconds since 1970.
    pub at: i64,
    pub sections: Vec<Section>,
}

/// What one reading of the log found.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Scan {
    /// In the log's order: the newest first.
    pub records: Vec<Record>,
    /// The commits of the reading that no other commit of it has as a parent.
    pub tips: Vec<String>,
    /// Those of the tips asked about that are still there.
    pub seen: HashSet<String>,
}

/// Everything known so far. Valid for a set of tips: what is reachable from them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct History {
    version: u32,
    /// Tells a shallow repository from itself after more was fetched.
    shallow: String,
    /// None is an ancestor of another.
    tips: Vec<String>,
    /// The oldest first, as far as the log's order tells.
    records: Vec<Record>,
    /// For `MERGE KEPT`: which of the records a revert of this merge undoes. Never changes for one key.
    #[serde(default)]
    merges: BTreeMap<String, Vec<String>>,
    /// The paths that a commit changed. Never changes for one key.
    #[serde(default)]
    files: BTreeMap<String, Vec<String>>,
    /// What came after the tasks' checkpoints.
    #[serde(default)]
    pub later: Later,
}

impl History {
    /// Reads what was kept. What cannot be read, or is of another version or of another state of a shallow
    /// repository, counts as nothing: it is a cache.
    #[must_use]
    pub fn decode(bytes: &[u8], shallow: &str) -> Self {
        serde_json::from_slice::<Self>(bytes)
            .ok()
            .filter(|history| history.version == VERSION && history.shallow == shallow)
            .unwrap_or_else(|| Self::empty(shallow))
    }

    /// Nothing known yet.
    #[must_use]
    pub fn empty(shallow: &str) -> Self {
        Self {
            version: VERSION,
            shallow: shallow.to_owned(),
            ..Self::default()
        }
    }

    /// # Errors
    /// Only when serde fails, which these types give no reason for.
    pub fn encode(&self) -> Result<Vec<u8>, serde_json::Error> {
        serde_json::to_vec(self)
    }

    #[must_use]
    pub fn tips(&self) -> &[String] {
        &self.tips
    }
    #[must_use]
    pub fn records(&self) -> &[Record] {
        &self.records
    }

    /// Takes in a reading of everything that is not a proper ancestor of [`tips`](Self::tips). `false`: a tip is
    /// no longer reachable, so that nothing old can be trusted; then nothing was taken in.
    #[must_use]
    pub fn advance(&mut self, scan: Scan) -> bool {
        if !self.tips.iter().all(|tip| scan.seen.contains(tip)) {
            return false;
        }
        // The old tips were read again.
        let known: HashSet<&str> = self.tips.iter().map(String::as_str).collect();
        let new: Vec<Record> = scan
            .records
            .into_iter()
            .rev()
            .filter(|record| !known.contains(record.commit.as_str()))
            .collect();
        self.records.extend(new);
        self.tips = scan.tips;
        self.tips.sort();
        true
    }

    /// Forgets what was reachable; what is true of single commits stays.
    pub fn restart(&mut self) {
        self.tips.clear();
        self.records.clear();
    }

    /// Reverted merges of which it is not known yet what they had brought: `(merge, kept parent)`.
    #[must_use]
    pub fn unknown_merges(&self) -> Vec<(String, String)> {
        let mut unknown: Vec<(String, String)> = self
            .records
            .iter()
            .flat_map(|record| &record.sections)
            .flat_map(|section| &section.reverts)
            .filter_map(|reverted| Some((reverted.commit.clone(), reverted.kept.clone()?)))
            .filter(|(merge, kept)| !self.merges.contains_key(&merge_key(merge, kept)))
            .collect();
        unknown.sort();
        unknown.dedup();
        unknown
    }

    /// `brought`: all commits that the merge added to the kept parent.
    pub fn learn_merge(&mut self, merge: &str, kept: &str, brought: &HashSet<String>) {
        let records = self.records.iter().map(|record| &record.commit);
        let known = records.filter(|commit| brought.contains(*commit));
        let known = known.cloned().collect();
        self.merges.insert(merge_key(merge, kept), known);
    }

    pub(super) fn brought_by(&self, merge: &str, kept: &str) -> &[String] {
        self.merges
            .get(&merge_key(merge, kept))
            .map_or(&[], Vec::as_slice)
    }

    /// The paths that a commit changed, once they were learnt.
    #[must_use]
    pub fn files(&self, commit: &str) -> Option<&[String]> {
        self.files.get(commit).map(Vec::as_slice)
    }

    pub fn learn_files(&mut self, commit: String, paths: Vec<String>) {
        self.files.insert(commit, paths);
    }
}

fn merge_key(merge: &str, kept: &str) -> String {
    format!("{merge} {kept}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(commit: &str) -> Record {
        Record {
            commit: commit.to_owned(),
            at: 0,
            sections: Vec::new(),
        }
    }

    fn scan(records: &[&str], tips: &[&str], seen: &[&str]) -> Scan {
        Scan {
            records: records.iter().map(|commit| record(commit)).collect(),
            tips: tips.iter().map(|tip| (*tip).to_owned()).collect(),
            seen: seen.iter().map(|tip| (*tip).to_owned()).collect(),
        }
    }

    #[test]
    fn new_commits_join_and_a_lost_tip_ends_trust() {
        let mut history = History::empty("");
        assert!(history.advance(scan(&["b", "a"], &["b"], &[])));
        assert!(history.advance(scan(&["d", "c", "b"], &["d"], &["b"])));
        let commits: Vec<&str> = history.records().iter().map(|r| &*r.commit).collect();
        assert_eq!(commits, ["a", "b", "c", "d"]);
        let before = history.clone();
        assert!(!history.advance(scan(&["x"], &["x"], &[])));
        assert_eq!(history, before);
    }

    #[test]
    fn what_was_kept_counts_only_for_the_same_repository_and_version() {
        let mut history = History::empty("deep");
        assert!(history.advance(scan(&["a"], &["a"], &[])));
        let bytes = history.encode().unwrap();
        assert_eq!(History::decode(&bytes, "deep"), history);
        let text = String::from_utf8(bytes.clone()).unwrap();
        for (bytes, shallow) in [
            (bytes.clone(), "other"),
            (bytes[..bytes.len() - 1].to_vec(), "deep"),
            (
                text.replace("\"version\":2", "\"version\":0").into_bytes(),
                "deep",
            ),
        ] {
            assert_eq!(History::decode(&bytes, shallow), History::empty(shallow));
        }
    }
}
