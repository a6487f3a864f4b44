//! What the branch checked out does not contain, kept for a while: a question to git for every event would slow the
//! run down that is looked at.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::cli::containment::{self, Elsewhere};
use crate::git::GitError;
use crate::git::checked_out::{CheckedOut, checked_out};
use crate::model::{Needed, Whose};
use crate::plan::{Plan, TaskIx};
use crate::project::{Project, Projects};
use crate::state::State;

/// How long an answer holds while nothing is completed and nothing else is checked out: branches may be deleted.
const HOLDS: Duration = Duration::from_secs(10);

#[derive(Debug, PartialEq, Eq)]
struct Asked {
    completed: Vec<(TaskIx, Needed)>,
    stand: Option<CheckedOut>,
}

/// The latest answers.
#[derive(Debug, Default)]
pub struct Landed {
    /// Of each repository.
    kept: BTreeMap<Whose, (Asked, Instant, Elsewhere)>,
    found: Elsewhere,
    /// Why git could not tell.
    pub trouble: Option<String>,
}

impl Landed {
    /// Everything that is elsewhere. Where git cannot tell nothing is, and there is trouble.
    pub fn of(&mut self, projects: Projects<'_>, plan: &Plan, state: &State) -> &Elsewhere {
        let mut asked: BTreeMap<Whose, Vec<(TaskIx, Needed)>> = BTreeMap::new();
        for (ix, needed) in containment::completed_with_commit(plan, state) {
            asked.entry(plan.whose(ix)).or_default().push((ix, needed));
        }
        (self.found, self.trouble) = (Elsewhere::default(), None);
        for (whose, completed) in asked {
            let Some(project) = projects.of(whose).filter(|project| project.git) else {
                continue;
            };
            match self.one(whose, project, completed) {
                Ok(mut found) => {
                    if let Some(other) = plan.repositories().get(whose) {
                        found.is_in(other);
                    }
                    self.found.join(found);
                }
                Err(why) => {
                    let what = "cannot see whether completed work is in the branch checked out";
                    self.trouble = Some(format!("{what}: {why}"));
                }
            }
        }
        &self.found
    }

    fn one(
        &mut self,
        whose: Whose,
        project: &Project,
        completed: Vec<(TaskIx, Needed)>,
    ) -> Result<Elsewhere, GitError> {
        let stand = checked_out(&project.root)?;
        let asked = Asked { completed, stand };
        if let Some((before, at, found)) = self.kept.get(&whose)
            && *before == asked
            && at.elapsed() < HOLDS
        {
            return Ok(found.clone());
        }
        let found = containment::find(project, asked.stand.clone(), &asked.completed)?;
        self.kept
            .insert(whose, (asked, Instant::now(), found.clone()));
        Ok(found)
    }

    /// The numbers of the tasks mean others now.
    pub fn forget(&mut self) {
        self.kept.clear();
    }
}
