//! Who is told what happens, besides the screen.

use crate::model::CommandLine;

/// What can be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Occasion {
    /// An orchestration ended.
    Finish,
    /// A task failed, or stopped without having been asked to.
    Failure,
    /// A task waits for a person.
    NeedsYou,
    /// A worker is at its usage limit.
    UsageLimit,
}

impl Occasion {
    pub const ALL: [Self; 4] = [
        Self::Finish,
        Self::Failure,
        Self::NeedsYou,
        Self::UsageLimit,
    ];

    /// The stable word of the configuration and of the JSON.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Finish => "finish",
            Self::Failure => "failure",
            Self::NeedsYou => "needs_you",
            Self::UsageLimit => "usage_limit",
        }
    }
}

/// `notify` of the configuration.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NotifyConfig {
    /// Gets the event as JSON on stdin.
    pub command: Option<CommandLine>,
    pub desktop: bool,
    /// `None`: all of them.
    pub on: Option<Vec<Occasion>>,
}

impl NotifyConfig {
    /// Is anybody told of anything?
    #[must_use]
    pub fn tells_anybody(&self) -> bool {
        self.command.is_some() || self.desktop
    }

    /// Is anybody told of this?
    #[must_use]
    pub fn tells(&self, occasion: Occasion) -> bool {
        self.tells_anybody() && self.on.as_ref().is_none_or(|on| on.contains(&occasion))
    }
}
