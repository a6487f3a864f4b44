//! `runr init --with-claude`: what tells Claude Code about this project.
//!
//! Knows the file system and the person at the terminal. What the files say is [`crate::scaffold::claude`]'s.

use std::io::{IsTerminal as _, Write};
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use crate::cli::commands::init::next;
use crate::cli::commands::init::place::Mode;
use crate::cli::{Context, Failure};
use crate::scaffold::claude::{self, Change, Kind};
use crate::store::replace;

/// The largest file that is merged into.
const LIMIT: u64 = 4 << 20;

/// Whose leave is needed to replace something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leave {
    /// `--yes` gave it.
    Given,
    Ask,
}

/// Works out what has to change, and gets the leave for it. Writes nothing.
///
/// # Errors
/// When a file cannot be read or merged into, or something would be replaced without leave.
pub fn plan(
    context: &Context,
    dir: &Path,
    mode: Mode,
    leave: Leave,
) -> anyhow::Result<Vec<Change>> {
    let mut texts = std::collections::BTreeMap::new();
    for path in claude::PATHS {
        if let Some(text) = read(&dir.join(path))? {
            texts.insert(path, text);
        }
    }
    let mut changes = claude::project(&|path| texts.get(path).cloned()).map_err(|unmergeable| {
        Failure::usage(unmergeable.to_string())
            .help("mend it, or move it away; then type the command again")
    })?;
    if mode == Mode::Pretend || leave == Leave::Given {
        return Ok(changes);
    }
    let replaced: Vec<(&str, &str)> = changes
        .iter()
        .filter_map(|change| match change.kind {
            Kind::Replace(what) => Some((what, change.path)),
            _ => None,
        })
        .collect();
    if replaced.is_empty() {
        return Ok(changes);
    }
    if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        let (what, path) = replaced[0];
        return Err(Failure::usage(format!(
            "{what} in `{path}` is there and says something else"
        ))
        .help("runr init --with-claude --yes    replaces it")
        .into());
    }
    let mut kept = Vec::new();
    for (what, path) in replaced {
        if !asked(context, what, path)? {
            kept.push(path);
        }
    }
    changes.retain(|change| !kept.contains(&change.path));
    Ok(changes)
}

fn asked(context: &Context, what: &str, path: &str) -> anyhow::Result<bool> {
    let mut err = context.err();
    write!(err, "replace {what} in {path}? [y/N] ")?;
    err.flush()?;
    let mut line = String::new();
    std::io::stdin().read_line(&mut line)?;
    Ok(matches!(line.trim(), "y" | "Y" | "yes"))
}

/// A file's text, if it is there.
fn read(path: &Path) -> anyhow::Result<Option<String>> {
    let shown = || next::shown_path(path);
    let found = match std::fs::metadata(path) {
        Ok(found) => found,
        Err(error)
            if matches!(
                error.kind(),
                std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory
            ) =>
        {
            return Ok(None);
        }
        Err(error) => return Err(error).context(format!("cannot read `{}`", shown())),
    };
    if !found.is_file() || found.len() > LIMIT {
        return Err(Failure::usage(format!("`{}` is no file, or too large", shown())).into());
    }
    let text =
        std::fs::read_to_string(path).with_context(|| format!("cannot read `{}`", shown()))?;
    Ok(Some(text))
}

/// Writes what was planned and says so.
///
/// # Errors
/// When a file or a folder cannot be made.
pub fn write(
    out: &mut impl Write,
    dir: &Path,
    changes: &[Change],
    mode: Mode,
) -> anyhow::Result<()> {
    for change in changes {
        let path = dir.join(change.path);
        let word = match (&change.kind, mode) {
            (Kind::Same, _) => "kept    ",
            (Kind::New, Mode::Write) => "created ",
            (Kind::New, Mode::Pretend) => "would create",
            (Kind::Merge, Mode::Write) => "added to",
            (Kind::Merge, Mode::Pretend) => "would add to",
            (Kind::Replace(_), Mode::Write) => "replaced part of",
            (Kind::Replace(_), Mode::Pretend) => "would replace part of",
        };
        if mode == Mode::Write && change.kind != Kind::Same {
            put(&path, &change.after)
                .with_context(|| format!("cannot write `{}`", next::shown_path(&path)))?;
        }
        writeln!(out, "{word} {}", change.path)?;
    }
    Ok(())
}

fn put(path: &Path, text: &str) -> std::io::Result<()> {
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent)?;
    }
    // A link stays one: what it leads to is changed.
    let target: PathBuf = match path.canonicalize() {
        Ok(target) => target,
        Err(_) => path.to_owned(),
    };
    let before = std::fs::metadata(&target).map(|found| found.permissions());
    replace(&target, text.as_bytes())?;
    match before {
        Ok(permissions) => std::fs::set_permissions(&target, permissions),
        // It is new.
        Err(_) => Ok(()),
    }
}
