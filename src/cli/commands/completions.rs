//! `runr completions`: prints a completion script for a shell.
//!
//! The script asks runr itself for what may come next: [`crate::cli::completion`].

use std::io::Write as _;

use crate::cli::{Context, Exit, completion};

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
    // Into memory first: what is written halfway would be run by a shell.
    let mut script = Vec::new();
    completion::script(args.shell, &mut script)?;
    context.out().write_all(&script)?;
    Ok(Exit::OK)
}
