//! `runr completions`: prints a completion script for a shell.
//!
//! Knows the command line as clap describes it, nothing else.

use std::io::Write as _;

use clap::CommandFactory as _;

use crate::cli::{Context, Exit};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Where shells look for it:
  runr completions bash > ~/.local/share/bash-completion/completions/runr
  runr completions zsh > ~/.zfunc/_runr     (with ~/.zfunc in $fpath)
  runr completions fish > ~/.config/fish/completions/runr.fish")]
pub struct Args {
    /// The shell that will read the script
    shell: clap_complete::Shell,
}

pub fn run(context: &Context, args: Args) -> anyhow::Result<Exit> {
    let mut command = crate::cli::args::Args::command();
    // Into memory first: the generator panics when its output is closed.
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut command, "runr", &mut script);
    context.out().write_all(&script)?;
    Ok(Exit::OK)
}
