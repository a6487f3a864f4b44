//! The arguments that every command takes. No logic.

use std::path::PathBuf;

use crate::cli::commands::Command;

/// Runs a repository's tasks in dependency order and always knows which are done.
///
/// Exit codes: 0 all done · 1 something failed or stopped · 2 wrong usage or invalid files ·
/// 3 not all completed (people are needed) · 4 runr's own state cannot be read or written ·
/// 75 conflicts with something that is running · 129, 130, 143 after HUP, INT, TERM
#[derive(Debug, clap::Parser)]
#[command(
    name = "runr",
    version,
    about,
    propagate_version = false,
    max_term_width = 100
)]
pub struct Args {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Option<Command>,
}

#[derive(Debug, Clone, clap::Args)]
pub struct Global {
    /// Run as if started in DIR
    #[arg(short = 'C', long = "repo", value_name = "DIR", global = true)]
    pub repo: Option<PathBuf>,
    /// When to use colour
    #[arg(
        long,
        value_name = "WHEN",
        global = true,
        default_value = "auto",
        hide_possible_values = false
    )]
    pub color: Color,
    /// Print results and errors only
    #[arg(short, long, global = true)]
    pub quiet: bool,
    /// Say more
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub enum Color {
    Auto,
    Always,
    Never,
}
