//! How a state looks everywhere: its glyph, its word and its colours, light and dark.
//!
//! Knows states. Does not know formats. Colours tell nothing that glyph and word do not tell too; the
//! hues are apart for the common kinds of colour blindness (blue, bluish green, orange, vermilion,
//! reddish purple).

use crate::model::Status;
use crate::render::{Node, Standing};

/// The states that a drawing tells apart; the order is that of legends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Look {
    Completed,
    Stale,
    InProgress,
    Ready,
    Pending,
    Awaiting,
    Skipped,
    Stopped,
    Failed,
    Unknown,
}

/// Fill, border and text of a box.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Colours {
    pub fill: &'static str,
    pub line: &'static str,
    pub text: &'static str,
}

const fn colours(fill: &'static str, line: &'static str, text: &'static str) -> Colours {
    Colours { fill, line, text }
}

impl Look {
    pub const ALL: [Self; 10] = [
        Self::Completed,
        Self::Stale,
        Self::InProgress,
        Self::Ready,
        Self::Pending,
        Self::Awaiting,
        Self::Skipped,
        Self::Stopped,
        Self::Failed,
        Self::Unknown,
    ];

    /// How a node looks. A failed, stopped or skipped task keeps its look though it may be ready to run
    /// again: what happened is the news.
    pub fn of(node: &Node) -> Self {
        match node.status {
            Status::Completed if node.stale.is_some() => Self::Stale,
            Status::Completed => Self::Completed,
            Status::InProgress => Self::InProgress,
            Status::Pending if node.standing == Standing::Ready => Self::Ready,
            Status::Pending => Self::Pending,
            Status::Failed => Self::Failed,
            Status::Stopped => Self::Stopped,
            Status::Skipped => Self::Skipped,
            Status::AwaitingApproval => Self::Awaiting,
            Status::Unknown => Self::Unknown,
        }
    }

    pub fn glyph(self) -> &'static str {
        match self {
            Self::Completed | Self::Stale => "✓",
            Self::InProgress => "◐",
            Self::Ready | Self::Pending => "○",
            Self::Awaiting => "◈",
            Self::Skipped => "◇",
            Self::Stopped => "◌",
            Self::Failed => "✗",
            Self::Unknown => "?",
        }
    }

    pub fn ascii(self) -> &'static str {
        match self {
            Self::Completed | Self::Stale => "+",
            Self::InProgress => ">",
            Self::Ready | Self::Pending => ".",
            Self::Awaiting => "a",
            Self::Skipped => "m",
            Self::Stopped => "!",
            Self::Failed => "x",
            Self::Unknown => "?",
        }
    }

    /// One word of letters: the name of a style.
    pub fn class(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Stale => "stale",
            Self::InProgress => "running",
            Self::Ready => "ready",
            Self::Pending => "pending",
            Self::Awaiting => "awaiting",
            Self::Skipped => "skipped",
            Self::Stopped => "stopped",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
        }
    }

    /// For people, as in a legend.
    pub fn words(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Stale => "completed, stale",
            Self::InProgress => "running",
            Self::Ready => "ready",
            Self::Pending => "blocked",
            Self::Awaiting => "awaiting approval",
            Self::Skipped => "left to a person",
            Self::Stopped => "stopped",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
        }
    }

    pub fn light(self) -> Colours {
        match self {
            Self::Completed => colours("#dcf3ea", "#00805c", "#0b3d2e"),
            Self::Stale => colours("#eef5e4", "#6b8e23", "#38470f"),
            Self::InProgress => colours("#fff1c2", "#a87900", "#4a3600"),
            Self::Ready => colours("#ffffff", "#1f7fc4", "#12324d"),
            Self::Pending => colours("#f4f5f7", "#98a2ae", "#4b5563"),
            Self::Awaiting => colours("#dbeafb", "#0061a8", "#06304f"),
            Self::Skipped => colours("#f6e4f0", "#a2458a", "#4d1d41"),
            Self::Stopped => colours("#e6e6e9", "#63636e", "#2f2f36"),
            Self::Failed => colours("#fde1d5", "#c84300", "#5c1f00"),
            Self::Unknown => colours("#ffffff", "#63636e", "#2f2f36"),
        }
    }

    pub fn dark(self) -> Colours {
        match self {
            Self::Completed => colours("#0f3429", "#2fb98c", "#c9f2e2"),
            Self::Stale => colours("#2c3417", "#a3bf5a", "#e3efc4"),
            Self::InProgress => colours("#3f3207", "#e3b12f", "#fbeec4"),
            Self::Ready => colours("#16202b", "#58aee8", "#dcecfa"),
            Self::Pending => colours("#1d2127", "#69737f", "#aeb6c0"),
            Self::Awaiting => colours("#10304d", "#5aa9ee", "#d4e8fb"),
            Self::Skipped => colours("#3a1f33", "#d684bf", "#f5dcee"),
            Self::Stopped => colours("#2b2b30", "#9c9ca8", "#dedee4"),
            Self::Failed => colours("#451d0b", "#ff7b3d", "#ffdccb"),
            Self::Unknown => colours("#16181c", "#9c9ca8", "#dedee4"),
        }
    }
}

/// What stands behind a node in words: its state, and why.
pub fn explain(node: &Node) -> String {
    let state = node.status.word().replace('_', " ");
    let mut words = match (&node.standing, &node.stale) {
        (_, Some(why)) => format!("{state}, stale: {why}"),
        // That it may be tried again is no news of one that has an outcome.
        (Standing::Ready, None) if node.status == Status::Pending => format!("{state}, ready"),
        (Standing::Blocked(by), None) => {
            let names: Vec<&str> = by
                .iter()
                .take(5)
                .map(crate::model::TaskId::as_str)
                .collect();
            let more = match by.len().saturating_sub(names.len()) {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            format!("{state}, blocked by {}{more}", names.join(", "))
        }
        (Standing::Ready | Standing::None, None) => state,
    };
    if let Some(place) = &node.outside {
        words.push_str(", ");
        words.push_str(place);
    }
    if let Some(reason) = &node.reason {
        words.push_str(": ");
        words.push_str(reason);
    }
    words
}
