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
    /// Without a command: print one JSON object, as `runr status --json` does
    #[arg(long)]
    pub json: bool,
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What every command takes stands below what is its own.
const HEADING: &str = "Global options";

#[derive(Debug, Clone, clap::Args)]
pub struct Global {
    /// Run as if started in DIR
    #[arg(
        short = 'C',
        long = "repo",
        value_name = "DIR",
        global = true,
        help_heading = HEADING
    )]
    pub repo: Option<PathBuf>,
    /// When to use colour
    #[arg(
        long,
        value_name = "WHEN",
        global = true,
        help_heading = HEADING,
        default_value = "auto",
        hide_possible_values = false
    )]
    pub color: Color,
    /// Print results and errors only
    #[arg(short, long, global = true, help_heading = HEADING)]
    pub quiet: bool,
    /// Say more
    #[arg(
        short,
        long,
        global = true,
        help_heading = HEADING,
        action = clap::ArgAction::Count
    )]
    pub verbose: u8,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub enum Color {
    Auto,
    Always,
    Never,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    /// Every command's full name and help, those below it included.
    fn helps(command: &mut clap::Command, found: &mut Vec<(String, String)>) {
        let name = command.get_bin_name().unwrap_or("runr").to_owned();
        found.push((name, command.render_long_help().to_string()));
        let below = command.get_subcommands_mut();
        below.for_each(|below| helps(below, found));
    }

    #[test]
    fn what_every_command_takes_stands_below_its_own() {
        let mut command = Args::command().disable_help_subcommand(true);
        command.build();
        let mut found = Vec::new();
        helps(&mut command, &mut found);
        assert!(found.len() > 30, "{}", found.len());
        for (name, help) in found {
            let (own, global) = help.split_once("\nGlobal options:\n").expect(&name);
            for flag in ["--repo", "--color", "--quiet", "--verbose"] {
                let is_listed = |part: &str| part.contains(flag);
                assert!(
                    !is_listed(own) && is_listed(global),
                    "{name} {flag}\n{help}"
                );
            }
            let headings = global.lines().filter(|l| l.ends_with("ptions:"));
            assert_eq!(headings.count(), 0, "{name}\n{help}");
        }
    }
}
