//! Facts about a test's story.

use crate::plan::TaskIx;
use crate::report::facts::{Facts, Processes};
use crate::view::TaskView;
use crate::view::tests::Story;

/// A story together with what was worked out of it.
pub(crate) struct Told<'a> {
    story: &'a Story,
    views: Vec<TaskView>,
    pub(crate) processes: Processes,
}

impl<'a> Told<'a> {
    pub(crate) fn new(story: &'a Story) -> Self {
        Self {
            story,
            views: story.views(),
            processes: Processes::default(),
        }
    }
    pub(crate) fn facts(&self) -> Facts<'_> {
        Facts {
            plan: &self.story.plan,
            state: &self.story.state,
            views: &self.views,
            processes: &self.processes,
            not_landed: &[],
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
