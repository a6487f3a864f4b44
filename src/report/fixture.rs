//! Facts about a test's story.

use crate::plan::TaskIx;
use crate::report::facts::{Facts, Processes};
use crate::view::tests::Story;
use crate::view::{NotLanded, Outside, TaskView, hold_back};

/// A story together with what was worked out of it.
pub(crate) struct Told<'a> {
    story: &'a Story,
    views: Vec<TaskView>,
    pub(crate) processes: Processes,
    not_landed: Vec<NotLanded>,
}

impl<'a> Told<'a> {
    pub(crate) fn new(story: &'a Story) -> Self {
        Self {
            story,
            views: story.views(),
            processes: Processes::default(),
            not_landed: Vec::new(),
        }
    }
    /// Git has found this completion outside of what is checked out, and this branch with work.
    pub(crate) fn outside(&mut self, task: TaskIx, outside: Outside, branch: NotLanded) {
        hold_back(&self.story.plan, &mut self.views, vec![(task, outside)]);
        self.not_landed.push(branch);
    }
    pub(crate) fn facts(&self) -> Facts<'_> {
        Facts {
            plan: &self.story.plan,
            state: &self.story.state,
            views: &self.views,
            processes: &self.processes,
            not_landed: &self.not_landed,
            now: self.story.now(),
        }
    }
    pub(crate) fn all(&self) -> Vec<TaskIx> {
        self.story.plan.numbers().collect()
    }
}

/// A text without its colours.
pub(crate) fn plain(text: &str) -> String {
    anstream::adapter::strip_str(text).to_string()
}
