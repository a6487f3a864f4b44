//! `runr man`: writes the manual pages, or the reference as one page of Markdown.
//!
//! Knows the command line as clap describes it and the schemas of the files, nothing else.

mod reference;

use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::CommandFactory as _;

use crate::cli::commands::init::next;
use crate::cli::{Context, Exit};
use crate::spec::schema;

#[derive(Debug, clap::Args)]
#[command(after_help = "Without --out the page of runr itself goes to stdout: runr man | man -l -")]
pub struct Args {
    /// Write a page for every command into DIR
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,

    /// Print all commands, and all keys of the files, as one page of Markdown
    #[arg(long, conflicts_with = "out")]
    markdown: bool,
}

pub fn run(context: &Context, args: Args) -> anyhow::Result<Exit> {
    let mut command = crate::cli::args::Args::command().disable_help_subcommand(true);
    // Gives every command its full name, as `runr-tasks-show`.
    command.build();
    let mut out = context.out();
    if args.markdown {
        let files = [
            (
                "a task file's frontmatter",
                serde_json::to_value(schema::task())?,
            ),
            (
                "`.runr/config.yaml`",
                serde_json::to_value(schema::config())?,
            ),
            (
                "the orchestration file",
                serde_json::to_value(schema::orchestration())?,
            ),
        ];
        let mut page = reference::reference(&command, &files)?;
        page.truncate(page.trim_end().len());
        writeln!(out, "{page}")?;
        return Ok(Exit::OK);
    }
    match args.out {
        None => out.write_all(&page(command)?)?,
        Some(dir) => {
            let dir = context.start()?.join(dir);
            std::fs::create_dir_all(&dir)
                .with_context(|| format!("cannot make the folder `{}`", next::shown_path(&dir)))?;
            let mut pages = Vec::new();
            collect(command, &mut pages);
            for command in pages {
                let path = write(&dir, command)?;
                writeln!(out, "{}", next::shown_path(&path))?;
            }
        }
    }
    Ok(Exit::OK)
}

/// A command and everything below it, in the order of the help.
fn collect(command: clap::Command, pages: &mut Vec<clap::Command>) {
    pages.push(command.clone());
    for below in command.get_subcommands().filter(|c| !c.is_hide_set()) {
        collect(below.clone(), pages);
    }
}

fn page(command: clap::Command) -> std::io::Result<Vec<u8>> {
    let mut page = Vec::new();
    clap_mangen::Man::new(command).render(&mut page)?;
    Ok(page)
}

fn write(dir: &Path, command: clap::Command) -> anyhow::Result<PathBuf> {
    let path = dir.join(clap_mangen::Man::new(command.clone()).get_filename());
    let bytes = page(command)?;
    std::fs::write(&path, bytes)
        .with_context(|| format!("cannot write `{}`", next::shown_path(&path)))?;
    Ok(path)
}
