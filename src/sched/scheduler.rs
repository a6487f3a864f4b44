//! The state machine.
use std::time::Duration;

use crate::plan::TaskIx;
use crate::sched::{Effect, Input, Problem};

/// Decides. Holds no clock, no randomness and no hash map.
#[derive(Debug)]
pub struct Scheduler {}

impl Scheduler {
    #[must_use]
    pub fn new(_problem: Problem) -> Self {
        Self {}
    }
    /// Takes what happened and says what to do.
    pub fn handle(&mut self, _input: Input, _now: Duration) -> Vec<Effect> {
        Vec::new()
    }
    /// Tasks whose attempt is alive, in order of their numbers.
    pub fn running(&self) -> impl Iterator<Item = TaskIx> {
        std::iter::empty()
    }
}
