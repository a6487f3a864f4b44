//! Tells people what happens while nobody looks: a command of theirs, and the desktop.
//!
//! Knows processes and the desktop's bus. Nothing here can fail or hold up a run: who does not listen within the time is
//! ended, what fails is one warning.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;
use tokio::task::{JoinError, JoinSet};
use tokio::time::timeout;

use crate::attempt::brief;
use crate::event::Recorded;
use crate::model::{CommandLine, NotifyConfig};
use crate::orchestrate::notices::{Notice, Notices};
use crate::report::count;

/// How long one command may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long the end of the orchestration waits for those that still work.
const LAST_PATIENCE: Duration = Duration::from_secs(3);
/// So many are told at once; what comes meanwhile waits for nobody and is left out.
const MOST: usize = 16;

/// Who is told, and those who are being told now.
#[derive(Debug)]
pub struct Teller {
    config: NotifyConfig,
    notices: Notices,
    root: PathBuf,
    /// What each gives back is why it failed.
    running: JoinSet<Option<String>>,
    /// Why those failed that are done, each once.
    failed: Vec<String>,
    left_out: usize,
}

impl Teller {
    #[must_use]
    pub fn new(config: NotifyConfig, notices: Notices, root: PathBuf) -> Self {
        Self {
            config,
            notices,
            root,
            running: JoinSet::new(),
            failed: Vec::new(),
            left_out: 0,
        }
    }

    /// Tells of an event, if it is one to be told of. Returns at once.
    pub fn event(&mut self, recorded: &Recorded) {
        let Some(notice) = self.notices.of(recorded) else {
            return;
        };
        if !self.config.tells(notice.occasion) {
            return;
        }
        while let Some(done) = self.running.try_join_next() {
            note(&mut self.failed, done);
        }
        if self.running.len() >= MOST && notice.exit.is_none() {
            self.left_out += 1;
            return;
        }
        if let Some(command) = &self.config.command {
            let told = tell_command(words(command), self.root.clone(), json(&notice));
            let shown = brief(command);
            let told = async move {
                let why = told.await?;
                Some(format!("the command of `notify` failed: `{shown}` {why}"))
            };
            self.running.spawn(told);
        }
        if self.config.desktop {
            self.running.spawn(tell_desktop(notice));
        }
    }

    /// Waits a short while for those being told, ends the others, and gives what went wrong in words, each once.
    pub async fn finish(&mut self) -> Vec<String> {
        let mut said = std::mem::take(&mut self.failed);
        let mut wait = async || {
            while let Some(done) = self.running.join_next().await {
                note(&mut said, done);
            }
        };
        let late = timeout(LAST_PATIENCE, wait()).await.is_err();
        if late {
            said.push(format!(
                "{} took too long: {} seconds after the orchestration had ended nobody waits for it",
                addressee(&self.config),
                LAST_PATIENCE.as_secs()
            ));
            self.running.shutdown().await;
        }
        if self.left_out > 0 {
            said.push(format!(
                "{} left out: more came than {MOST} at a time could be told",
                count(self.left_out, "notification was", "notifications were")
            ));
        }
        said
    }
}

/// Keeps why one failed, each reason once. One that panicked or was ended has nothing to say.
fn note(failed: &mut Vec<String>, done: Result<Option<String>, JoinError>) {
    if let Ok(Some(why)) = done
        && !failed.contains(&why)
    {
        failed.push(why);
    }
}

fn words(command: &CommandLine) -> Vec<String> {
    match command {
        CommandLine::Shell(text) => ["sh", "-c", text].map(str::to_owned).to_vec(),
        CommandLine::Argv(words) => words.clone(),
    }
}

fn json(notice: &Notice) -> String {
    // A structure of texts and numbers always is JSON.
    serde_json::to_string(notice).unwrap_or_default() + "\n"
}

/// Ends what a command has started, however its telling ends.
struct Group(Option<Pid>);

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(pid) = self.0 {
            // It may have ended by itself.
            let _ = kill_process_group(pid, Signal::KILL);
        }
    }
}

/// Who was not done in time.
fn addressee(config: &NotifyConfig) -> String {
    match &config.command {
        Some(command) if config.desktop => {
            format!(
                "the command of `notify`, `{}`, or the desktop",
                brief(command)
            )
        }
        Some(command) => format!("the command of `notify`, `{}`,", brief(command)),
        None => "the desktop, which `notify` names,".to_owned(),
    }
}

/// Gives why it failed, as it follows the command's words.
async fn tell_command(words: Vec<String>, root: PathBuf, json: String) -> Option<String> {
    let (program, rest) = words.split_first()?;
    let child = Command::new(program)
        .args(rest)
        .current_dir(root)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .kill_on_drop(true)
        .spawn();
    let mut child = match child {
        Ok(child) => child,
        Err(error) => return Some(format!("cannot be started: {error}")),
    };
    let pid = child.id().and_then(|id| i32::try_from(id).ok());
    let _group = Group(pid.and_then(Pid::from_raw));
    let told = async {
        if let Some(mut stdin) = child.stdin.take() {
            // A command that does not want to read it is fine.
            let _ = stdin.write_all(json.as_bytes()).await;
        }
        child.wait().await
    };
    match timeout(PATIENCE, told).await {
        Ok(Ok(status)) if status.success() => None,
        Ok(Ok(status)) => Some(match status.code() {
            Some(code) => format!("ended with exit code {code}"),
            None => format!("was ended by a signal ({status})"),
        }),
        Ok(Err(error)) => Some(format!("cannot be waited for: {error}")),
        Err(_) => Some(format!(
            "took longer than {} seconds and was ended",
            PATIENCE.as_secs()
        )),
    }
}

async fn tell_desktop(notice: Notice) -> Option<String> {
    let show = tokio::task::spawn_blocking(move || {
        let project = Path::new(&notice.project).file_name();
        let heading = match project {
            Some(name) => format!("runr: {}", name.to_string_lossy()),
            None => "runr".to_owned(),
        };
        let mut desktop = notify_rust::Notification::new();
        desktop
            .appname("runr")
            .summary(&escaped(&heading))
            .body(&escaped(&notice.text));
        desktop.show().map(drop).map_err(|error| error.to_string())
    });
    let failed = |why: &str| {
        Some(format!(
            "the desktop was not notified: {why}; where there is none set `notify: {{ desktop: false }}`"
        ))
    };
    match timeout(PATIENCE, show).await {
        Ok(Ok(Ok(()))) => None,
        Ok(Ok(Err(why))) => failed(&why),
        Ok(Err(_)) => failed("it failed"),
        Err(_) => failed("it does not answer"),
    }
}

/// A desktop may take its text for markup.
fn escaped(text: &str) -> String {
    let text = crate::report::one_line(text);
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
