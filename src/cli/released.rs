//! Which tasks a change makes ready, or blocks again.
//!
//! Knows the plan and two states of it. Does not know what was changed.

use std::io::{self, Write};

use crate::model::TaskKind;
use crate::plan::{Plan, TaskIx};
use crate::state::State;
use crate::view::{self, Standing};

/// Where a task stands, as far as a release is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Ready,
    Blocked,
    Elsewhere,
}

/// Where every task stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Places(Vec<Place>);

impl Places {
    #[must_use]
    pub fn of(plan: &Plan, state: &State) -> Self {
        let place = |standing| match standing {
            Standing::Ready => Place::Ready,
            Standing::Blocked(_) => Place::Blocked,
            Standing::None => Place::Elsewhere,
        };
        let tasks = view::tasks(plan, state).into_iter();
        Self(tasks.map(|task| place(task.standing)).collect())
    }

    /// Says which tasks became ready, or blocked again, until `after`; of those that are `told`.
    ///
    /// # Errors
    /// When `out` cannot be written.
    pub fn tell_changes(
        &self,
        out: &mut impl Write,
        (plan, after): (&Plan, &Self),
        told: impl Fn(TaskIx) -> bool,
    ) -> io::Result<()> {
        for (words, was, is) in [
            ("now ready", Place::Blocked, Place::Ready),
            ("blocked again", Place::Ready, Place::Blocked),
        ] {
            let places = self.0.iter().zip(&after.0);
            let changed = plan.numbers().zip(places);
            let changed = changed.filter(|(_, places)| *places == (&was, &is));
            let names: Vec<String> = changed
                .filter(|(ix, _)| told(*ix))
                .map(|(ix, _)| {
                    let task = plan.task(ix);
                    match task.kind {
                        TaskKind::Manual if is == Place::Ready => {
                            format!("{} (needs you)", task.id)
                        }
                        _ => task.id.to_string(),
                    }
                })
                .collect();
            if !names.is_empty() {
                writeln!(out, "{words}: {}", names.join(", "))?;
            }
        }
        Ok(())
    }
}
