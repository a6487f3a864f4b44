//! `runr init`: makes this folder a project.
//!
//! Knows where files go and what is told about them. What they hold is [`crate::scaffold`]'s.

mod claude;
pub(in crate::cli::commands) mod next;
pub(in crate::cli::commands) mod place;

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use crate::cli::commands::init::claude::Leave;
use crate::cli::commands::init::next::Next;
use crate::cli::commands::init::place::{Folder, Mode, Placed};
use crate::cli::{Context, Exit};
use crate::report::one_line;
use crate::scaffold::claude::Change;
use crate::scaffold::{self, Found, NewFile, READ, Surroundings};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Writes .runr/config.yaml, with every default as a comment and the verification commands that suit the \
project, and a first task. Files that are there already are left as they are.")]
pub struct Args {
    /// Write the sample project into DIR instead, without running it
    #[arg(long, value_name = "DIR", num_args = 0..=1, default_missing_value = "runr-demo")]
    demo: Option<PathBuf>,
    /// Also tell Claude Code: the skill `/runr`, the server `runr mcp`, hooks that record sessions
    #[arg(long, conflicts_with = "demo")]
    with_claude: bool,
    /// With --with-claude: replace what is there and says something else, without asking
    #[arg(long, requires = "with_claude")]
    yes: bool,
    /// Say what would be written, and write nothing
    #[arg(short = 'n', long)]
    dry_run: bool,
}

pub fn run(context: &Context, args: Args) -> anyhow::Result<Exit> {
    let mode = if args.dry_run {
        Mode::Pretend
    } else {
        Mode::Write
    };
    let start = context.start()?;
    match args.demo {
        Some(dir) => demo(context, &start.join(dir), mode),
        None => {
            let leave = match args.yes {
                true => Leave::Given,
                false => Leave::Ask,
            };
            // Refused before anything is written, or not at all.
            let changes = match args.with_claude {
                true => claude::plan(context, &start, mode, leave)?,
                false => Vec::new(),
            };
            here(context, &start, mode, &changes)
        }
    }
}

/// Writes the sample project and says how to run it.
fn demo(context: &Context, dir: &Path, mode: Mode) -> anyhow::Result<Exit> {
    let folder = Folder::empty(dir)?;
    let mut out = context.out();
    for file in scaffold::demo() {
        tell(&mut out, &file, folder.place(&file, mode)?, mode)?;
    }
    Next::new(dir)?
        .command("graph")
        .command("orchestrate run")
        .command("status --tasks")
        .print(&mut out, "next:")?;
    Ok(Exit::OK)
}

/// Makes a folder of the user's a project.
fn here(context: &Context, dir: &Path, mode: Mode, changes: &[Change]) -> anyhow::Result<Exit> {
    let folder = Folder::existing(dir);
    let found = scaffold::detect(&look(dir)?);
    let mut out = context.out();

    // Two configurations are an error, so the older name counts as one.
    let older = dir.join(".runr/runr.config.json");
    let configured = if place::is_there(&older)? {
        writeln!(out, "kept     .runr/runr.config.json")?;
        Placed::Kept
    } else {
        let file = scaffold::configuration(&found);
        let placed = folder.place(&file, mode)?;
        tell(&mut out, &file, placed, mode)?;
        placed
    };
    let hello = scaffold::hello();
    let first_task = match place::any_task(&dir.join(".runr/tasks"))? {
        Some(name) => {
            writeln!(out, "kept     .runr/tasks/ (with {})", one_line(&name))?;
            false
        }
        None => {
            let placed = folder.place(&hello, mode)?;
            tell(&mut out, &hello, placed, mode)?;
            true
        }
    };

    claude::write(&mut out, dir, changes, mode)?;
    say_found(&mut out, &found, configured)?;
    let next = Next::new(dir)?.command("check");
    let next = if first_task {
        next.command("run --task 00-hello.md")
    } else {
        next.command("plan").command("orchestrate run")
    };
    next.print(&mut out, "next:")?;
    Ok(Exit::OK)
}

fn tell(out: &mut impl Write, file: &NewFile, placed: Placed, mode: Mode) -> io::Result<()> {
    let word = match (placed, mode) {
        (Placed::Kept, _) => "kept    ",
        (Placed::Created, Mode::Write) => "created ",
        (Placed::Created, Mode::Pretend) => "would create",
    };
    writeln!(out, "{word} {}", file.path)
}

/// Says which kinds of project were found and what that means for the verification commands.
fn say_found(out: &mut impl Write, found: &[Found], configured: Placed) -> io::Result<()> {
    writeln!(out)?;
    for found in found {
        let kind = found.kind;
        let evidence = one_line(&found.evidence);
        if found.commands.is_empty() {
            writeln!(out, "found {kind} ({evidence}): no known test command")?;
        } else {
            let commands = found.commands.join(", ");
            writeln!(out, "found {kind} ({evidence}): {commands}")?;
        }
    }
    let any = found.iter().any(|f| !f.commands.is_empty());
    match (any, configured) {
        (true, Placed::Created) => {
            writeln!(out, "these commands verify every task: `verify.tier0`")?;
        }
        (true, Placed::Kept) => writeln!(
            out,
            "your configuration was left as it is: `verify.tier0` is where such commands belong"
        )?,
        (false, _) => writeln!(
            out,
            "no test command was found: tasks are verified by their own `verify` only, until `verify.tier0` is set"
        )?,
    }
    Ok(())
}

/// Looks at the top of a folder.
fn look(dir: &Path) -> anyhow::Result<Surroundings> {
    let list = || -> io::Result<Surroundings> {
        let mut around = Surroundings::default();
        for entry in std::fs::read_dir(dir)? {
            around
                .names
                .insert(entry?.file_name().to_string_lossy().into_owned());
        }
        around.texts = texts(dir)?;
        Ok(around)
    };
    list().with_context(|| format!("cannot read the folder `{}`", next::shown_path(dir)))
}

/// Reads the files whose text matters; one that is not there, not text, or huge, tells nothing.
fn texts(dir: &Path) -> io::Result<BTreeMap<&'static str, String>> {
    const LIMIT: u64 = 1 << 20;
    let mut texts = BTreeMap::new();
    for name in READ {
        let path = dir.join(name);
        let small = match std::fs::metadata(&path) {
            Ok(found) => found.is_file() && found.len() <= LIMIT,
            Err(error) if error.kind() == io::ErrorKind::NotFound => false,
            Err(error) => return Err(error),
        };
        if small && let Ok(text) = String::from_utf8(std::fs::read(&path)?) {
            texts.insert(*name, text);
        }
    }
    Ok(texts)
}
