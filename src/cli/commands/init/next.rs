//! The commands to type next, so that they work when they are copied into a shell.
//!
//! Knows how this program was reached and where its caller stands. Does not know what the commands do.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use crate::report::{columns, one_line, pad, shell_word};

/// Up to three commands of runr's for one folder, printed with what must come before them.
#[derive(Debug)]
pub struct Next {
    /// Where the commands belong, when the caller is somewhere else.
    dir: Option<PathBuf>,
    /// The folder of this program, when a shell would not find it by its name.
    unfound: Option<PathBuf>,
    commands: Vec<Command>,
}

#[derive(Debug)]
struct Command {
    text: String,
    /// What it is for; empty: it says so itself.
    purpose: String,
}

impl Next {
    /// # Errors
    /// When the current folder cannot be found.
    pub fn new(dir: &Path) -> anyhow::Result<Self> {
        let here = std::env::current_dir().context("cannot find the current folder")?;
        // The folder may not be there yet when nothing is written.
        let there = dir.canonicalize().unwrap_or_else(|_| dir.to_owned());
        let here = here.canonicalize().unwrap_or(here);
        let shorter = there.strip_prefix(&here).unwrap_or(&there);
        Ok(Self {
            dir: (there != here).then(|| shorter.to_owned()),
            unfound: unfound(),
            commands: Vec::new(),
        })
    }

    /// The folder as its caller would name it from where they stand.
    #[must_use]
    pub fn dir(&self) -> &Path {
        self.dir.as_deref().unwrap_or(Path::new("."))
    }

    /// Adds `runr COMMAND`.
    #[must_use]
    pub fn command(self, command: impl AsRef<str>) -> Self {
        self.command_for(command, "")
    }

    /// Adds `runr COMMAND`, with a comment beside it.
    #[must_use]
    pub fn command_for(mut self, command: impl AsRef<str>, purpose: &str) -> Self {
        self.commands.push(Command {
            text: format!("runr {}", command.as_ref()),
            purpose: one_line(purpose).into_owned(),
        });
        self
    }

    /// Prints a heading and the commands, one a line.
    pub fn print(&self, out: &mut impl Write, heading: &str) -> io::Result<()> {
        writeln!(out, "\n{heading}")?;
        if let Some(folder) = &self.unfound {
            writeln!(
                out,
                "  export PATH={}:\"$PATH\"    # runr is not installed",
                quoted(folder)
            )?;
        }
        if let Some(dir) = &self.dir {
            writeln!(out, "  cd {}", quoted(dir))?;
        }
        let width = self.commands.iter().map(|c| columns(&c.text)).max();
        for command in &self.commands {
            let mut line = String::new();
            if command.purpose.is_empty() {
                line.clone_from(&command.text);
            } else {
                pad(&mut line, &command.text, width.unwrap_or(0));
                line.push_str("    # ");
                line.push_str(&command.purpose);
            }
            writeln!(out, "  {line}")?;
        }
        Ok(())
    }
}

/// The folder of this program, unless a shell finds this very program by the name `runr`.
fn unfound() -> Option<PathBuf> {
    let exe = std::env::current_exe().ok()?.canonicalize().ok()?;
    let path = std::env::var_os("PATH").unwrap_or_default();
    let first = std::env::split_paths(&path)
        .map(|folder| folder.join("runr"))
        .find(|candidate| candidate.is_file());
    match first.and_then(|candidate| candidate.canonicalize().ok()) {
        Some(found) if found == exe => None,
        _ => exe.parent().map(Path::to_owned),
    }
}

/// A path as one word of a shell, also for a command that takes options.
pub fn quoted(path: &Path) -> String {
    let text = path.to_string_lossy();
    if text.starts_with('-') {
        return shell_word(&format!("./{text}")).into_owned();
    }
    shell_word(&text).into_owned()
}

/// A path as it is shown in a message.
pub fn shown_path(path: &Path) -> String {
    one_line(&path.to_string_lossy()).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_one_word_of_a_shell() {
        for (path, word) in [
            ("runr-demo", "runr-demo"),
            ("a b", "'a b'"),
            ("it's", r"'it'\''s'"),
            ("$(id)", "'$(id)'"),
            ("-rf", "./-rf"),
            ("", "''"),
        ] {
            assert_eq!(quoted(Path::new(path)), word);
        }
        assert!(!quoted(Path::new("a\x1b[2J")).contains('\x1b'));
    }
}
