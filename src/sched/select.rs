//! What an orchestration selects before flags have their say.
//!
//! Knows the plan only.

use crate::model::Whose;
use crate::plan::{Plan, TaskIx};

/// What is selected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Selection {
    /// The steps of the orchestration file's tracks.
    Tracks,
    /// Every task of the home: there is no orchestration file.
    Everything,
}

impl Selection {
    /// The selected tasks, by number.
    #[must_use]
    pub fn tasks(self, plan: &Plan) -> Vec<TaskIx> {
        plan.numbers()
            .filter(|ix| match self {
                Self::Tracks => plan.task(*ix).track.is_some(),
                Self::Everything => plan.whose(*ix) == Whose::Home,
            })
            .collect()
    }
}
