//! What the branch checked out does not contain, kept for a while: a question to git for every event would slow the
//! run down that is looked at.

use std::time::{Duration, Instant};

use crate::cli::containment::{self, Elsewhere};
use crate::git::checked_out::{CheckedOut, checked_out};
use crate::model::Needed;
use crate::plan::{Plan, TaskIx};
use crate::project::Project;
use crate::state::State;

/// How long an answer holds while nothing is completed and nothing else is checked out: branches may be deleted.
const HOLDS: Duration = Duration::from_secs(10);

#[derive(Debug, PartialEq, Eq)]
struct Asked {
    completed: Vec<(TaskIx, Needed)>,
    stand: Option<CheckedOut>,
}

/// The latest answer.
#[derive(Debug, Default)]
pub struct Landed {
    asked: Option<(Asked, Instant)>,
    found: Elsewhere,
    /// Why git could not tell.
    pub trouble: Option<String>,
}

impl Landed {
    /// Everything that is elsewhere. Where git cannot tell nothing is, and there is trouble.
    pub fn of(&mut self, project: &Project, plan: &Plan, state: &State) -> &Elsewhere {
        if !project.git {
            return &self.found;
        }
        let stand = match checked_out(&project.root) {
            Ok(stand) => stand,
            Err(error) => {
                self.take(Err(error.to_string()));
                return &self.found;
            }
        };
        let asked = Asked {
            completed: containment::completed_with_commit(plan, state),
            stand,
        };
        let known = self
            .asked
            .as_ref()
            .is_some_and(|(before, at)| *before == asked && at.elapsed() < HOLDS);
        if !known {
            let found = containment::find(project, asked.stand.clone(), &asked.completed);
            self.take(found.map_err(|error| error.to_string()));
            self.asked = Some((asked, Instant::now()));
        }
        &self.found
    }

    fn take(&mut self, found: Result<Elsewhere, String>) {
        (self.found, self.trouble) = match found {
            Ok(found) => (found, None),
            Err(why) => {
                let what = "cannot see whether completed work is in the branch checked out";
                (Elsewhere::default(), Some(format!("{what}: {why}")))
            }
        };
    }

    /// The numbers of the tasks mean others now.
    pub fn forget(&mut self) {
        self.asked = None;
    }
}
