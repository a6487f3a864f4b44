//! What every command is given: where it runs and where it prints.

use std::io::{IsTerminal as _, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use anstream::{AutoStream, StripStream};
use anyhow::Context as _;

use crate::cli::args::{Color, Global};
use crate::cli::diagnostic;
use crate::cli::exit::{Exit, Failure, Reported};
use crate::git::{Git, GitError, repository};
use crate::model::Diagnostic;
use crate::plan::Plan;
use crate::project::{self, Edits, Loaded, Project};
use crate::report::{self, Glyphs, shell_word};
use crate::store::{Notice, Store, StoreError, Stores};

/// What a command has said to somebody who is not at a terminal: results and everything else, in order.
#[derive(Debug, Clone, Default)]
pub struct Kept(Arc<Mutex<Vec<u8>>>);

impl Kept {
    /// What was said until now.
    #[must_use]
    pub fn text(&self) -> String {
        let bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Where a command's words go.
#[derive(Debug, Clone)]
enum Streams {
    Own,
    Kept(Kept),
}

/// The surroundings of one command.
#[derive(Debug, Clone)]
pub struct Context {
    global: Global,
    streams: Streams,
    /// Added to the name of who types, when it is not typed at a shell.
    through: Option<&'static str>,
}

impl Context {
    #[must_use]
    pub fn new(global: Global) -> Self {
        Self {
            global,
            streams: Streams::Own,
            through: None,
        }
    }

    /// The same surroundings for a command that is asked for through something else than a shell: its words are
    /// kept, and the journal says through what.
    #[must_use]
    pub fn through(&self, what: &'static str) -> (Self, Kept) {
        let kept = Kept::default();
        let context = Self {
            global: self.global.clone(),
            streams: Streams::Kept(kept.clone()),
            through: Some(what),
        };
        (context, kept)
    }

    /// The same surroundings in another folder.
    #[must_use]
    pub fn at(&self, dir: &Path) -> Self {
        Self {
            global: Global {
                repo: Some(dir.to_owned()),
                ..self.global.clone()
            },
            ..self.clone()
        }
    }

    fn choice(&self) -> anstream::ColorChoice {
        match self.global.color {
            Color::Auto => anstream::ColorChoice::Auto,
            Color::Always => anstream::ColorChoice::Always,
            Color::Never => anstream::ColorChoice::Never,
        }
    }

    /// Are colours wanted on stdout?
    #[must_use]
    pub fn colour(&self) -> bool {
        let choice = match self.choice() {
            anstream::ColorChoice::Auto => AutoStream::choice(&std::io::stdout()),
            chosen => chosen,
        };
        choice != anstream::ColorChoice::Never
    }

    /// Results. Styles written to it are dropped when it is not a terminal or colour is off.
    #[must_use]
    pub fn out(&self) -> Box<dyn Write> {
        match &self.streams {
            Streams::Own => Box::new(AutoStream::new(std::io::stdout().lock(), self.choice())),
            Streams::Kept(kept) => {
                Box::new(StripStream::new(Box::new(kept.clone()) as Box<dyn Write>))
            }
        }
    }

    /// Everything else, a line at a time: lines of several processes on one terminal do not mix.
    #[must_use]
    pub fn err(&self) -> Box<dyn Write> {
        if let Streams::Kept(kept) = &self.streams {
            return Box::new(StripStream::new(Box::new(kept.clone()) as Box<dyn Write>));
        }
        let choice = match self.choice() {
            anstream::ColorChoice::Auto => AutoStream::choice(&std::io::stderr()),
            chosen => chosen,
        };
        let lines: Box<dyn Write> = Box::new(std::io::LineWriter::new(std::io::stderr().lock()));
        match choice {
            anstream::ColorChoice::Never => Box::new(StripStream::new(lines)),
            _ => lines,
        }
    }

    /// Lines about progress and warnings are left out.
    #[must_use]
    pub fn quiet(&self) -> bool {
        self.global.quiet
    }

    #[must_use]
    pub fn verbose(&self) -> bool {
        self.global.verbose > 0
    }

    /// Can progress bars be drawn? Only on a terminal, and not under `CI`.
    #[must_use]
    pub fn live(&self) -> bool {
        std::io::stderr().is_terminal() && std::env::var_os("CI").is_none() && !self.global.quiet
    }

    /// Are glyphs outside ASCII fine? Not in a locale that cannot show them.
    #[must_use]
    pub fn unicode(&self) -> bool {
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
            .iter()
            .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()));
        match locale {
            Some(locale) => {
                let locale = locale.to_ascii_lowercase();
                !matches!(locale.as_str(), "c" | "posix") || locale.contains("utf")
            }
            None => true,
        }
    }

    /// Who types, as everything that is recorded and shown names them: in a repository as `Name <mail>`, if git knows
    /// them, for what they decide is told to others through git; else by their login.
    ///
    /// # Errors
    /// When git cannot be asked.
    pub fn person(&self, project: &Project) -> Result<String, GitError> {
        let known = match project.git {
            true => repository::who(&Git::at(&project.root))?,
            false => None,
        };
        let name = known.unwrap_or_else(login);
        Ok(match self.through {
            Some(what) => format!("{name} ({what})"),
            None => name,
        })
    }

    /// The signs that the locale can show.
    #[must_use]
    pub fn glyphs(&self) -> Glyphs {
        if self.unicode() {
            Glyphs::Unicode
        } else {
            Glyphs::Ascii
        }
    }

    /// Rows of the terminal; 24 when there is none.
    #[must_use]
    pub fn rows(&self) -> usize {
        rustix::termios::tcgetwinsize(std::io::stderr())
            .ok()
            .map(|size| usize::from(size.ws_row))
            .filter(|rows| *rows > 0)
            .unwrap_or(24)
    }

    /// Columns of the terminal; 100 when there is none.
    #[must_use]
    pub fn width(&self) -> usize {
        rustix::termios::tcgetwinsize(std::io::stdout())
            .ok()
            .map(|size| usize::from(size.ws_col))
            .filter(|columns| *columns > 0)
            .unwrap_or(100)
    }

    /// The folder that the command is about: `-C`, else the current one.
    ///
    /// # Errors
    /// When it is not there.
    pub fn start(&self) -> anyhow::Result<PathBuf> {
        let dir = match &self.global.repo {
            Some(dir) => dir.clone(),
            None => std::env::current_dir().context("cannot find the current folder")?,
        };
        dir.canonicalize().map_err(|error| {
            Failure::usage(format!(
                "cannot open the folder `{}`: {error}",
                dir.display()
            ))
            .into()
        })
    }

    /// Finds the project. Inside an attempt `RUNR_ROOT` says where it is.
    ///
    /// # Errors
    /// When there is none; the remedy names `runr init`.
    pub fn project(&self) -> anyhow::Result<Project> {
        let start = self.start()?;
        let start = match (&self.global.repo, std::env::var_os("RUNR_ROOT")) {
            (None, Some(root)) if !root.is_empty() => PathBuf::from(root),
            _ => start,
        };
        let mut found = project::find(&start).ok_or_else(|| -> anyhow::Error {
            Failure::usage(format!("no project here: `{}` and the folders above it have neither `.runr/` nor a git repository", start.display()))
                .help("runr init        makes this folder a project")
                .help("runr demo DIR    makes and runs a sample project")
                .into()
        })?;
        found.typed_in = here();
        Ok(found)
    }

    /// Reads and checks all files, and prints every problem: warnings go to stderr and the command
    /// goes on, errors end it with exit code 2.
    ///
    /// # Errors
    /// When a file has an error; everything has been printed then.
    pub fn load(&self, project: &Project, orchestration: Option<&Path>) -> anyhow::Result<Loaded> {
        // As if started in the folder of `-C`: what is named is named from there.
        let named = match (orchestration, &self.global.repo) {
            (Some(file), Some(_)) => Some(self.start()?.join(file)),
            (file, _) => file.map(Path::to_owned),
        };
        self.loaded(project::load(project, named.as_deref()))
    }

    /// As [`Self::load`], with some files as they are going to be.
    ///
    /// # Errors
    /// As [`Self::load`].
    pub fn load_with(&self, project: &Project, edits: &Edits) -> anyhow::Result<Loaded> {
        self.loaded(project::load_with(project, None, edits))
    }

    fn loaded(&self, read: Result<Loaded, Vec<Diagnostic>>) -> anyhow::Result<Loaded> {
        match read {
            Ok(loaded) => {
                if !self.quiet() {
                    diagnostic::print(&mut self.err(), &loaded.warnings)?;
                }
                Ok(loaded)
            }
            Err(problems) => {
                self.refuse(&problems)?;
                Err(Reported(Exit::USAGE).into())
            }
        }
    }

    /// Prints problems and ends the command with exit code 2, if there are any.
    ///
    /// # Errors
    /// When there is a problem; it has been printed then.
    pub fn refuse(&self, problems: &[Diagnostic]) -> anyhow::Result<()> {
        if problems.is_empty() {
            return Ok(());
        }
        diagnostic::print(&mut self.err(), problems)?;
        Err(Reported(Exit::USAGE).into())
    }

    /// The command that examines the project whose state this is about, as it is typed in the current folder.
    #[must_use]
    pub fn doctor_of(&self, error: &StoreError) -> String {
        let is_here = |root: &Path, dir: &Path| {
            project::find(dir).is_some_and(|project| project.root == root)
        };
        match (error.root(), here()) {
            (Some(root), Some(dir)) if !is_here(root, &dir) => {
                let folder = project::folder_from(&dir, root);
                format!("runr -C {} doctor", shell_word(&folder))
            }
            _ => "runr doctor".to_owned(),
        }
    }

    /// Opens the journal. What a person should know about it goes to stderr: a damaged one is read up
    /// to the damage, and only appending to it fails.
    ///
    /// # Errors
    /// When it cannot be read: exit code 4.
    pub fn store(&self, project: &Project) -> anyhow::Result<Store> {
        let store = Store::open(&project.root)?;
        if let Some(damage) = store.damage() {
            let mut err = self.err();
            writeln!(err, "warning: {damage}")?;
            for line in damage.help(&self.doctor_of(damage)) {
                writeln!(err, "  help: {line}")?;
            }
        }
        self.tell(store.notices())?;
        Ok(store)
    }

    /// Opens the journals of a plan's repositories. One that cannot be read, the home's apart, is a warning: its tasks
    /// are unknown.
    ///
    /// # Errors
    /// As for [`Self::store`].
    pub fn stores(&self, project: &Project, plan: &Plan) -> anyhow::Result<Stores> {
        let home = self.store(project)?;
        let ids = plan.tasks().iter().map(|task| &task.id);
        let stores = Stores::open(home, plan.repositories(), ids);
        if !self.quiet() {
            let mut err = self.err();
            for (other, unknown) in stores.repositories().unreadable() {
                let (alias, folder) = (other.alias.as_str(), &other.folder);
                let why = &unknown.why;
                writeln!(
                    err,
                    "warning: the tasks of the repository `{alias}` ({folder}) are unknown: {why}"
                )?;
                let look = report::look_at(other, unknown.what);
                writeln!(err, "  help: {}    {}", look.command, look.why)?;
            }
        }
        Ok(stores)
    }

    /// Prints what a person should be told, unless asked to be quiet.
    ///
    /// # Errors
    /// When stderr cannot be written.
    pub fn tell(&self, notices: &[Notice]) -> std::io::Result<()> {
        if self.quiet() {
            return Ok(());
        }
        let mut err = self.err();
        notices
            .iter()
            .try_for_each(|notice| writeln!(err, "note: {notice}"))
    }
}

/// The folder that commands are typed in, whatever `-C` says. `None`: it is gone.
fn here() -> Option<PathBuf> {
    let dir = std::env::current_dir().ok()?;
    dir.canonicalize().ok()
}

/// The login name as the environment, else the system tells it; else the number.
fn login() -> String {
    let told = ["USER", "LOGNAME"]
        .iter()
        .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()));
    let uid = rustix::process::getuid().as_raw();
    told.or_else(|| named(&std::fs::read_to_string("/etc/passwd").ok()?, uid))
        .unwrap_or_else(|| format!("uid {uid}"))
}

/// The name that a list of users in the form of `/etc/passwd` gives a number.
fn named(users: &str, uid: u32) -> Option<String> {
    users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let (name, number) = (fields.next()?, fields.nth(1)?);
        (number.parse() == Ok(uid) && !name.is_empty()).then(|| name.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_found_by_number() {
        let users = "root:x:0:0:root:/root:/bin/bash\n+\nada:x:1000:100::/home/ada:/bin/sh\n:x:7::";
        for (uid, name) in [
            (0, Some("root")),
            (1000, Some("ada")),
            (100, None),
            (7, None),
        ] {
            assert_eq!(named(users, uid).as_deref(), name, "{uid}");
        }
    }
}
