//! What the plan asks of a person.
//!
//! Knows a task's view. What else waits for people, and in which order, is told by `report::people`.

use crate::model::Status;
use crate::view::{Class, TaskView};

/// What is asked of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ask {
    /// Do the work, then say that it is done.
    Do,
    /// Look at the worker's half, then approve or reject it.
    Approve,
}

impl TaskView {
    /// What is asked of a person now, if anything.
    #[must_use]
    pub fn ask(&self) -> Option<Ask> {
        match (self.class(), self.status) {
            (Class::NeedsYou, Status::AwaitingApproval) => Some(Ask::Approve),
            (Class::NeedsYou, _) => Some(Ask::Do),
            _ => None,
        }
    }
}
