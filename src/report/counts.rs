//! How many tasks stand how, and the line that says so.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use crate::model::Status;
use crate::report::style::class_style;
use crate::report::text::count;
use crate::view::{Class, TaskView};

/// How many tasks there are of each class; `stale` are among the completed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Counts {
    pub total: usize,
    pub completed: usize,
    pub stale: usize,
    pub running: usize,
    pub failed: usize,
    pub stopped: usize,
    pub need_you: usize,
    pub ready: usize,
    pub blocked: usize,
    /// Of repositories that cannot be read.
    #[serde(default, skip_serializing_if = "is_none")]
    pub unknown: usize,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde asks for a reference"
)]
fn is_none(n: &usize) -> bool {
    *n == 0
}

impl Counts {
    #[must_use]
    pub fn of<'a>(views: impl IntoIterator<Item = &'a TaskView>) -> Self {
        let mut counts = Self::default();
        for view in views {
            counts.total += 1;
            counts.stale += usize::from(view.status == Status::Completed && view.stale.is_some());
            *match view.class() {
                Class::Completed => &mut counts.completed,
                Class::Running => &mut counts.running,
                Class::Failed => &mut counts.failed,
                Class::Stopped => &mut counts.stopped,
                Class::NeedsYou => &mut counts.need_you,
                Class::Ready => &mut counts.ready,
                Class::Blocked => &mut counts.blocked,
                Class::Unknown => &mut counts.unknown,
            } += 1;
        }
        counts
    }

    /// `9 tasks: 2 completed (1 stale), 1 running, 1 needs you`; what there is none of is left out.
    #[must_use]
    pub fn line(&self) -> String {
        let mut line = count(self.total, "task", "tasks");
        let parts = [
            (Class::Completed, self.completed, "completed"),
            (Class::Running, self.running, "running"),
            (Class::Failed, self.failed, "failed"),
            (Class::Stopped, self.stopped, "stopped"),
            (
                Class::NeedsYou,
                self.need_you,
                if self.need_you == 1 {
                    "needs you"
                } else {
                    "need you"
                },
            ),
            (Class::Ready, self.ready, "ready"),
            (Class::Blocked, self.blocked, "blocked"),
            (Class::Unknown, self.unknown, "unknown"),
        ];
        let mut before = ": ";
        for (class, n, word) in parts.into_iter().filter(|(_, n, _)| *n > 0) {
            let style = class_style(class);
            // Writing to a `String` cannot fail.
            let _ = write!(line, "{before}{style}{n} {word}{style:#}");
            if class == Class::Completed && self.stale > 0 {
                let _ = write!(line, " ({} stale)", self.stale);
            }
            before = ", ";
        }
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zero_counts_are_left_out_and_one_is_singular() {
        let plain = |counts: Counts| anstream::adapter::strip_str(&counts.line()).to_string();
        let none = Counts::default();
        assert_eq!(plain(none), "0 tasks");
        assert_eq!(
            plain(Counts {
                total: 1,
                need_you: 1,
                ..none
            }),
            "1 task: 1 needs you"
        );
        assert_eq!(
            plain(Counts {
                total: 9,
                completed: 2,
                stale: 1,
                running: 1,
                failed: 1,
                stopped: 1,
                need_you: 2,
                ready: 1,
                blocked: 1,
                unknown: 0,
            }),
            "9 tasks: 2 completed (1 stale), 1 running, 1 failed, 1 stopped, 2 need you, 1 ready, 1 blocked"
        );
    }
}
