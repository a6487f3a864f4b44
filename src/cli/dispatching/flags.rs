//! The flags of every command that dispatches, and what follows from them alone.

use std::path::PathBuf;

use crate::cli::Context;
use crate::cli::conclusion::Output;
use crate::cli::dry_run::Format;
use crate::model::{Collision, Isolation, Land, StalePolicy};
use crate::project::Loaded;
use crate::report::Close;
use crate::report::live::Mode;

/// The flags of every command that dispatches.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Dispatching {
    /// Attempts alive at once [default: the configuration, else min(4, cores)]
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub jobs: Option<u32>,
    /// The orchestration file [default: .runr/orchestration.yaml, else orchestration.yaml]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Let this worker do every selected task that has no `run:` of its own
    #[arg(long, value_name = "NAME")]
    pub(super) worker: Option<String>,
    /// After the first failure start nothing more (the default is to go on with what does not need it)
    #[arg(long, overrides_with = "keep_going")]
    pub(super) fail_fast: bool,
    /// After a failure go on with everything that does not need it (the default)
    #[arg(long)]
    pub(super) keep_going: bool,
    /// Stay when only people can make progress, and go on when they have
    #[arg(long)]
    pub(super) wait: bool,
    /// What to do when two ready tasks own the same paths [default: the configuration, else force with
    /// working trees and serialize in place]
    #[arg(long, value_name = "HOW")]
    pub(super) collision: Option<CollisionArg>,
    /// Run completed tasks again that are stale: their text, inputs or prerequisites changed since
    #[arg(long)]
    rerun_stale: bool,
    /// Where tasks work [default: the configuration, else in a working tree each, inside a git repository]
    #[arg(long, value_name = "WHERE")]
    pub(super) isolation: Option<IsolationArg>,
    /// When the work comes onto your branch [default: the configuration, else end]
    #[arg(long, value_name = "WHEN")]
    pub(super) land: Option<LandArg>,
    /// Land on this branch, and start from it, instead of the one checked out
    #[arg(long, value_name = "BRANCH")]
    pub(super) into: Option<String>,
    /// Print what would happen and change nothing
    #[arg(short = 'n', long)]
    pub(super) dry_run: bool,
    /// Write one JSON line per event to stdout
    #[arg(long, conflicts_with_all = ["json", "dry_run"])]
    pub(super) events: bool,
    /// Write the receipt as JSON to stdout at the end; with --dry-run, the forecast
    #[arg(long)]
    json: bool,
    /// How the summary closes: the caller's matter, not the user's.
    #[arg(skip)]
    close: Close,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub(super) enum CollisionArg {
    /// The second waits for the first
    Serialize,
    /// Both run
    Force,
    /// Refuse
    Fail,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub(super) enum IsolationArg {
    /// In a git working tree of its own each; the work ends as one commit
    Worktree,
    /// In place, without commits
    None,
}

impl From<IsolationArg> for Isolation {
    fn from(arg: IsolationArg) -> Self {
        match arg {
            IsolationArg::Worktree => Self::Worktree,
            IsolationArg::None => Self::None,
        }
    }
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub(super) enum LandArg {
    /// When the orchestration ends
    End,
    /// After each completed task
    Each,
    /// Not at all: the work stays on a branch of its own
    Never,
}

impl From<LandArg> for Land {
    fn from(arg: LandArg) -> Self {
        match arg {
            LandArg::End => Self::End,
            LandArg::Each => Self::Each,
            LandArg::Never => Self::Never,
        }
    }
}

impl From<CollisionArg> for Collision {
    fn from(arg: CollisionArg) -> Self {
        match arg {
            CollisionArg::Serialize => Self::Serialize,
            CollisionArg::Force => Self::Force,
            CollisionArg::Fail => Self::Fail,
        }
    }
}

impl Dispatching {
    /// No flags, and a summary that closes so.
    #[must_use]
    pub fn closing(close: Close) -> Self {
        Self {
            close,
            ..Self::default()
        }
    }

    /// What becomes of stale tasks.
    pub(super) fn on_stale(&self, loaded: &Loaded) -> StalePolicy {
        match self.rerun_stale {
            true => StalePolicy::Rerun,
            false => loaded.config.stale,
        }
    }

    /// How what happens is shown.
    pub(super) fn mode(&self, context: &Context) -> Mode {
        if self.events {
            Mode::Events
        } else if context.quiet() {
            Mode::Quiet
        } else if context.live() {
            Mode::Bars {
                rows: context.rows(),
            }
        } else {
            Mode::Lines
        }
    }

    pub(super) fn format(&self) -> Format {
        if self.json {
            Format::Json
        } else {
            Format::Text
        }
    }

    pub(super) fn output(&self, context: &Context) -> Output {
        if self.json {
            Output::Json
        } else if self.events {
            Output::Nothing
        } else if context.quiet() {
            Output::Trouble
        } else {
            Output::Summary(self.close)
        }
    }
}
