//! What one run has left: its log, its prompt, its difference. Everything leaves through the sanitiser.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use crate::cli::runs;
use crate::git::diff_text;
use crate::model::RunId;
use crate::report::{sanitise, shown_line};
use crate::store::{Layout, read_state};

/// Of any file, in bytes.
const MOST: usize = 4 << 20;
/// Of a difference, in bytes.
const MOST_DIFF: usize = 1 << 20;

/// All logs of a run, one after the other.
///
/// # Errors
/// When one is there and cannot be read.
pub fn log(layout: &Layout, run: &RunId) -> anyhow::Result<String> {
    let mut text = String::new();
    for path in runs::logs(layout, run)? {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        text.push_str(&format!("==> {name}\n"));
        for line in beginning(&path)?.split_inclusive(|b| *b == b'\n') {
            text.push_str(&shown_line(line));
            text.push('\n');
        }
    }
    Ok(text)
}

/// What its worker was asked; `None`: it has no prompt.
///
/// # Errors
/// When it is there and cannot be read.
pub fn prompt(layout: &Layout, run: &RunId) -> anyhow::Result<Option<String>> {
    let path = layout.run(run).join("prompt.md");
    if !path.is_file() {
        return Ok(None);
    }
    let bytes = beginning(&path)?;
    Ok(Some(
        sanitise(&String::from_utf8_lossy(&bytes)).into_owned(),
    ))
}

/// What it changed, as a patch; `None`: it worked in place, or left no commit.
///
/// # Errors
/// When git cannot tell.
pub fn diff(layout: &Layout, run: &RunId) -> anyhow::Result<Option<String>> {
    let git = read_state(layout, run)?.and_then(|state| state.git);
    let Some((base, checkpoint)) = git.and_then(|git| Some((git.base?, git.checkpoint?))) else {
        return Ok(None);
    };
    let (mut text, more) = diff_text::patch(layout.root(), &base, &checkpoint, MOST_DIFF)?;
    if more {
        text.push_str("\n… the rest is left out: git diff ");
        text.push_str(&format!("{base} {checkpoint}\n"));
    }
    Ok(Some(sanitise(&text).into_owned()))
}

fn beginning(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?
        .take(MOST as u64)
        .read_to_end(&mut bytes)?;
    Ok(bytes)
}
