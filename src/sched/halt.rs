//! Requests to stop: what is not dispatched any more, and who is asked to end.
//!
//! Knows nothing of how an attempt is ended; an attempt that was asked to end is over only when its
//! `Ended` says so, whatever it says.

use crate::model::StopReason;
use crate::plan::TaskIx;
use crate::sched::phase::Phase;
use crate::sched::{Cancel, Effect, Kill, Scheduler};

/// What may still be dispatched. Ordered: later ones include the earlier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Halt {
    Nothing,
    /// Nothing more is dispatched.
    Draining,
    /// And what runs was asked to end.
    Stopping,
    Killing,
}

impl Scheduler {
    pub(super) fn cancel(&mut self, cancel: Cancel) {
        let halt = match cancel {
            Cancel::Task(task) => return self.cancel_task(task.0),
            Cancel::Drain => Halt::Draining,
            Cancel::Stop => Halt::Stopping,
            Cancel::Kill => Halt::Killing,
        };
        self.halt = self.halt.max(halt);
        for task in self.live.clone() {
            self.ask_to_end_if_stopping(task);
        }
    }

    pub(super) fn ask_to_end_if_stopping(&mut self, task: u32) {
        match self.halt {
            Halt::Nothing | Halt::Draining => {}
            Halt::Stopping => self.ask_to_end(task, Kill::Gracefully),
            Halt::Killing => self.ask_to_end(task, Kill::Now),
        }
    }

    fn ask_to_end(&mut self, task: u32, kill: Kill) {
        let Phase::Running { asked } = self.phase(task) else {
            return;
        };
        if asked.is_none() || (asked == Some(Kill::Gracefully) && kill == Kill::Now) {
            self.set(task, Phase::Running { asked: Some(kill) });
            self.effects.push(Effect::End {
                task: TaskIx(task),
                kill,
            });
        }
    }

    fn cancel_task(&mut self, task: u32) {
        let Some(node) = self.nodes.get_mut(task as usize) else {
            return;
        };
        if node.phase.is_completed() || node.phase.is_unsuccessful() {
            return;
        }
        match node.phase {
            Phase::Running { .. } => {
                node.cancelled = true;
                self.ask_to_end(task, Kill::Gracefully);
            }
            Phase::Waiting | Phase::Ready | Phase::Retrying { .. } if node.selected => {
                self.end_unsuccessfully(task, StopReason::Cancelled);
            }
            _ => node.cancelled = true,
        }
    }
}
