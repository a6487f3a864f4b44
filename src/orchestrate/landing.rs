//! Brings an orchestration's branch onto the user's, and says in a line what became of it.

use crate::git::GitError;
use crate::git::landing::{self, Flight, Landing, Made};
use crate::model::OrchId;
use crate::orchestrate::ground::{Ground, branch_of};
use crate::report::shell_word;
use crate::store::Layout;

/// Did the user's branch move?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Landed,
    /// There was nothing that it did not have.
    Nothing,
    /// Something of the user's stands against it.
    Not,
}

/// What became of a landing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Landed {
    pub outcome: Outcome,
    branch: String,
    onto: String,
    landing: Landing,
    /// The other repository that this is about, from the home's root.
    folder: Option<String>,
}

/// Lands the branch of an orchestration. `None`: it has nowhere to land.
///
/// # Errors
/// When git refuses.
pub fn land(layout: &Layout, ground: &Ground, orch: &OrchId) -> Result<Option<Landed>, GitError> {
    let Some(onto) = &ground.onto else {
        return Ok(None);
    };
    let branch = branch_of(orch);
    let landing = landing::land(&Flight {
        common: &ground.common,
        branch: &branch,
        onto,
        lock: &layout.branch_lock(onto),
    })?;
    let outcome = match &landing {
        Landing::Nothing => Outcome::Nothing,
        Landing::Landed { .. } => Outcome::Landed,
        Landing::Diverged | Landing::Dirty { .. } | Landing::Refused { .. } => Outcome::Not,
    };
    Ok(Some(Landed {
        outcome,
        branch,
        onto: onto.clone(),
        landing,
        folder: None,
    }))
}

impl Landed {
    /// The same, of a repository other than the home.
    #[must_use]
    pub fn of(mut self, folder: Option<&str>) -> Self {
        self.folder = folder.map(str::to_owned);
        self
    }

    /// One line for people; when it did not land, with the command to type.
    #[must_use]
    pub fn line(&self) -> String {
        let (branch, onto) = (&self.branch, &self.onto);
        match &self.landing {
            Landing::Nothing => format!("{onto} has everything of {branch}"),
            Landing::Landed { commits, new } => {
                let commits = match commits {
                    1 => "1 commit".to_owned(),
                    n => format!("{n} commits"),
                };
                let new = match new {
                    Made::New => " (a new branch)",
                    Made::Advanced => "",
                };
                format!("landed {commits} on {onto}{new}")
            }
            Landing::Diverged => format!(
                "not landed: {onto} has commits of its own; type: {}",
                self.command()
            ),
            Landing::Dirty { files, .. } => {
                let named: Vec<String> = files.iter().take(5).map(|f| format!("`{f}`")).collect();
                let more = match files.len().saturating_sub(5) {
                    0 => String::new(),
                    more => format!(" and {more} more"),
                };
                format!(
                    "not landed: {}{more} changed in your working tree; commit or stash, then type: {}",
                    named.join(", "),
                    self.command()
                )
            }
            Landing::Refused { said } => {
                format!("not landed: {said}; then type: {}", self.command())
            }
        }
    }

    /// What a person types to land it.
    #[must_use]
    pub fn command(&self) -> String {
        let branch = shell_word(&self.branch);
        let there = self.folder.as_deref();
        let there = there.map_or_else(String::new, |f| format!("-C {} ", shell_word(f)));
        match &self.landing {
            Landing::Diverged => format!(
                "git {there}switch {} && git {there}merge {branch}",
                shell_word(&self.onto)
            ),
            _ => format!("git {there}merge --ff-only {branch}"),
        }
    }
}
