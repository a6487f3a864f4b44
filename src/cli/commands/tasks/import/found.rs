//! Finds and reads the files that `runr tasks import` is pointed at.
//!
//! Knows where the tools keep their files. What stands in them is [`crate::intake`]'s matter.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use crate::cli::Failure;
use crate::intake::{Format, Given, MAX_FILE, broken_json, detect, places, settings};
use crate::report::one_line;

/// Files of one folder.
const MAX_FILES: usize = 10_000;

/// The files and whose they are.
#[derive(Debug)]
pub struct Found {
    pub format: Format,
    pub given: Vec<Given>,
    /// The tool's own settings, if it has some that matter.
    pub settings: Option<Given>,
}

/// Reads what is named: a file, or a folder in which the tools' own places are looked at.
///
/// # Errors
/// When nothing is there, when several tools have files there, when a file is too large or no text.
pub fn find(named: &str, path: &Path, format: Option<Format>) -> anyhow::Result<Found> {
    let kind = std::fs::metadata(path).map_err(|error| {
        Failure::usage(format!("cannot read `{}`: {error}", named.escape_debug()))
    })?;
    if kind.is_file() {
        let given = read(named, path)?;
        let format = match format.or_else(|| detect(&given)) {
            Some(format) => format,
            None => return Err(not_understood(named, &given).into()),
        };
        let (folder, shown) = match (path.parent(), named.rsplit_once('/')) {
            (Some(folder), Some((shown, _))) => (folder, shown),
            (Some(folder), None) => (folder, "."),
            (None, _) => (path, named),
        };
        return Ok(Found {
            settings: its_settings(shown, folder, format)?,
            format,
            given: vec![given],
        });
    }
    if !kind.is_dir() {
        return Err(Failure::usage(format!("`{named}` is neither a file nor a folder")).into());
    }
    let mut found = Vec::new();
    for format in Format::ALL
        .into_iter()
        .filter(|f| format.is_none_or(|only| only == *f))
    {
        let given = in_folder(named, path, format)?;
        let is = match format {
            // Any folder may have Markdown files: one of them must be a task.
            Format::Backlog => given.iter().any(|one| detect(one) == Some(Format::Backlog)),
            _ => !given.is_empty(),
        };
        if is {
            found.push(Found {
                settings: its_settings(named, path, format)?,
                format,
                given,
            });
        }
    }
    match found.len() {
        0 => Err(unknown(named).into()),
        1 => Ok(found.swap_remove(0)),
        _ => {
            let words: Vec<&str> = found.iter().map(|found| found.format.word()).collect();
            Err(Failure::usage(format!(
                "`{named}` has files of several tools: {}",
                words.join(", ")
            ))
            .help(format!("--from {}    takes one of them", words[0]))
            .into())
        }
    }
}

/// A file of a known tool that is broken is not one of an unknown tool.
fn not_understood(named: &str, given: &Given) -> Failure {
    match broken_json(given) {
        Some(error) => Failure::usage(one_line(&error.to_string()))
            .help("it is not valid JSON there: repair it, or let its tool write it again"),
        None => unknown(named),
    }
}

/// The first of the tool's settings that is there.
fn its_settings(named: &str, folder: &Path, format: Format) -> anyhow::Result<Option<Given>> {
    for place in settings(format) {
        let full = folder.join(place);
        if full.is_file() {
            let shown = format!("{}/{place}", named.trim_end_matches('/'));
            return Ok(Some(read(shown.trim_start_matches("./"), &full)?));
        }
    }
    Ok(None)
}

fn unknown(named: &str) -> Failure {
    Failure::usage(format!(
        "no tasks of a known tool in `{}`",
        named.escape_debug()
    ))
    .help("--from taskmaster, backlog, beads or checklist says which tool's they are")
    .help("a checklist is Markdown with lines of `- [ ] text`")
}

/// The files of the first place that is there.
fn in_folder(named: &str, path: &Path, format: Format) -> anyhow::Result<Vec<Given>> {
    for places in places(format) {
        let mut given = Vec::new();
        for place in *places {
            let shown = |name: &str| {
                let place = place.trim_start_matches("./");
                format!("{}/{place}{name}", named.trim_end_matches('/'))
            };
            let full = path.join(place);
            if place.ends_with('/') {
                for name in names(&full)? {
                    given.push(read(&shown(&name), &full.join(&name))?);
                }
            } else if full.is_file() {
                given.push(read(&shown(""), &full)?);
            }
        }
        if !given.is_empty() {
            return Ok(given);
        }
    }
    Ok(Vec::new())
}

/// The Markdown files of a folder, sorted; none when it is not there. Links are not followed.
fn names(folder: &PathBuf) -> anyhow::Result<Vec<String>> {
    let cannot = || format!("cannot read the folder `{}`", folder.display());
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).with_context(cannot)? {
        let entry = entry.with_context(cannot)?;
        let is_file = entry.file_type().with_context(cannot)?.is_file();
        let Ok(name) = entry.file_name().into_string() else {
            continue;
        };
        if is_file && name.ends_with(".md") && !name.starts_with('.') {
            names.push(name);
        }
        if names.len() > MAX_FILES {
            return Err(Failure::usage(format!(
                "`{}` has more than {MAX_FILES} files",
                folder.display()
            ))
            .into());
        }
    }
    names.sort();
    Ok(names)
}

fn read(named: &str, path: &Path) -> anyhow::Result<Given> {
    let cannot = || format!("cannot read `{}`", named.escape_debug());
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).with_context(cannot)?;
    // One byte more tells that it is too large.
    file.take(MAX_FILE + 1)
        .read_to_end(&mut bytes)
        .with_context(cannot)?;
    let text = String::from_utf8(bytes)
        .map_err(|_| Failure::usage(format!("`{}` is not UTF-8", named.escape_debug())))?;
    Ok(Given {
        file: named.into(),
        text,
    })
}
