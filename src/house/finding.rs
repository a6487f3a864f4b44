//! What an examination found: a line, what it means, and what a fix would do.

use std::path::PathBuf;

use serde::Serialize;

use crate::model::RunId;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    Ok,
    /// Worth knowing; nothing is in its way.
    Warning,
    /// Something does not work, or would be lost.
    Problem,
}

/// What was looked at. In the order in which it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Check {
    Journal,
    Status,
    Locks,
    Orchestrations,
    Runs,
    Processes,
    Leftovers,
    Disk,
    Git,
    Commits,
    Worktrees,
    Workers,
    Repositories,
}

impl Check {
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Journal => "journal",
            Self::Status => "status",
            Self::Locks => "locks",
            Self::Orchestrations => "orchestrations",
            Self::Runs => "runs",
            Self::Processes => "processes",
            Self::Leftovers => "leftovers",
            Self::Disk => "disk",
            Self::Git => "git",
            Self::Commits => "commits",
            Self::Worktrees => "worktrees",
            Self::Workers => "workers",
            Self::Repositories => "repositories",
        }
    }
}

/// A repair that loses nothing that anybody was told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fix {
    /// Put a new journal in the place of a damaged one, which is kept.
    RepairJournal,
    /// Cut an interrupted append off; a copy is kept.
    CutTornEnd,
    RebuildStatus,
    /// Record what became of the runs of dead orchestrators.
    Settle,
    /// End what these ended runs left running.
    EndStrays(Vec<RunId>),
    /// Remove files that an interrupted write left.
    RemoveTemporary(Vec<PathBuf>),
}

impl Fix {
    /// What it would do, in one line.
    #[must_use]
    pub fn line(&self) -> String {
        match self {
            Self::RepairJournal => "keep the damaged journal in `.runr/quarantine/`, and write a new one with every line that can be believed".to_owned(),
            Self::CutTornEnd => "keep the incomplete line in `.runr/quarantine/` and cut it off".to_owned(),
            Self::RebuildStatus => "write `task-status.json` anew from the journal; an edited one is kept in `.runr/quarantine/`".to_owned(),
            Self::Settle => "record how these runs ended, and end what is left of lost ones; attempts at work stay".to_owned(),
            Self::EndStrays(runs) => format!("end the processes of {} ended runs", runs.len()),
            Self::RemoveTemporary(files) => format!("remove {} temporary files", files.len()),
        }
    }
}

impl Serialize for Fix {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.line())
    }
}

/// The result of one check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    pub check: Check,
    pub level: Level,
    pub line: String,
    /// What it is about, one a line: places in the journal, runs, files.
    pub details: Vec<String>,
    /// What it means for the user.
    pub means: Option<String>,
    /// What `--fix` would do.
    pub fix: Option<Fix>,
    /// What a person can do.
    pub remedy: Option<String>,
}

impl Finding {
    fn new(check: Check, level: Level, line: impl Into<String>) -> Self {
        Self {
            check,
            level,
            line: line.into(),
            details: Vec::new(),
            means: None,
            fix: None,
            remedy: None,
        }
    }
    pub(super) fn ok(check: Check, line: impl Into<String>) -> Self {
        Self::new(check, Level::Ok, line)
    }
    pub(super) fn warning(check: Check, line: impl Into<String>) -> Self {
        Self::new(check, Level::Warning, line)
    }
    pub(super) fn problem(check: Check, line: impl Into<String>) -> Self {
        Self::new(check, Level::Problem, line)
    }
    pub(super) fn details(mut self, details: impl IntoIterator<Item = String>) -> Self {
        self.details.extend(details);
        self
    }
    pub(super) fn means(mut self, means: impl Into<String>) -> Self {
        self.means = Some(means.into());
        self
    }
    pub(super) fn fix(mut self, fix: Fix) -> Self {
        self.fix = Some(fix);
        self
    }
    pub(super) fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }
}
