//! A question before something is done: what, to what, and with which words.
//!
//! Knows which answer a task could take as it stands, to save a person a refusal. The journal decides.

use crate::model::{Decision, OrchId, Status, TaskId};
use crate::plan::TaskIx;
use crate::report::{count, one_line, shell_word};
use crate::screen::key::Key;
use crate::screen::moment::Moment;
use crate::screen::typed::Typed;
use crate::state::Orchestration;
use crate::view::{Standing, Unblocker};

/// What is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Meant {
    Complete(TaskId),
    Approve(TaskId),
    Reject(TaskId),
    Reset(TaskId),
    Cancel(TaskId),
    CancelAll(OrchId),
}

/// One question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prompt {
    meant: Meant,
    /// As `complete 05-keys.md`.
    pub title: String,
    /// What follows from it.
    pub explained: String,
    /// `None`: it takes no note, and is answered by one key.
    pub note: Option<Typed>,
    /// What is missing.
    pub missing: Option<&'static str>,
    /// Why the answer would be refused by now.
    pub outdated: Option<String>,
}

/// What came of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answered {
    NotYet,
    No,
    Yes(Decision),
}

impl Prompt {
    /// # Errors
    /// Why there is nothing to complete.
    pub fn complete(moment: &Moment, ix: TaskIx) -> Result<Self, String> {
        let (id, view) = (moment.id(ix), moment.view(ix));
        let claimed = moment.state.claimed_run(id).is_some();
        if view.status == Status::InProgress && !claimed {
            return Err(format!("{} is running: x cancels it", named(id)));
        }
        if view.status == Status::Completed && view.stale.is_none() {
            return Err(format!("{} is completed already", named(id)));
        }
        let explained = match (view.status, &view.standing) {
            (Status::Completed, _) => "it is taken as it is, although it is stale".to_owned(),
            (_, Standing::Blocked(by)) => format!(
                "it counts as done, although it waits for {}",
                count(by.len(), "task", "tasks")
            ),
            _ => then_free(moment, ix, "it counts as done"),
        };
        Ok(Self::noted(
            Meant::Complete(id.clone()),
            "complete",
            id,
            explained,
        ))
    }

    /// # Errors
    /// Why there is nothing to approve.
    pub fn approve(moment: &Moment, ix: TaskIx) -> Result<Self, String> {
        let id = awaiting(moment, ix)?;
        let explained = then_free(moment, ix, "its work is taken");
        Ok(Self::noted(
            Meant::Approve(id.clone()),
            "approve",
            id,
            explained,
        ))
    }

    /// # Errors
    /// Why there is nothing to reject.
    pub fn reject(moment: &Moment, ix: TaskIx) -> Result<Self, String> {
        let id = awaiting(moment, ix)?;
        let explained = "its worker tries again, and is told your note".to_owned();
        Ok(Self::noted(
            Meant::Reject(id.clone()),
            "reject",
            id,
            explained,
        ))
    }

    /// # Errors
    /// Why there is nothing to reset.
    pub fn reset(moment: &Moment, ix: TaskIx) -> Result<Self, String> {
        let id = moment.id(ix);
        match moment.view(ix).status {
            Status::InProgress => Err(format!("{} is running: x cancels it", named(id))),
            Status::Pending if !moment.state.tasks.contains_key(id) => {
                Err(format!("{} has never run", named(id)))
            }
            _ => {
                let explained = "it counts as never run; its commits stay".to_owned();
                Ok(Self::noted(
                    Meant::Reset(id.clone()),
                    "reset",
                    id,
                    explained,
                ))
            }
        }
    }

    /// # Errors
    /// Why there is nothing to cancel.
    pub fn cancel(moment: &Moment, ix: TaskIx) -> Result<Self, String> {
        let (id, status) = (moment.id(ix), moment.view(ix).status);
        if moment.state.claimed_run(id).is_some() {
            return Err(format!(
                "{} is claimed: runr claim --release {}",
                named(id),
                shell_word(id.as_str())
            ));
        }
        let runs = moment
            .state
            .orchestrations
            .values()
            .any(|o| o.ended_at.is_none());
        let explained = match status {
            _ if !runs => return Err("no orchestration runs".to_owned()),
            Status::InProgress => "its processes are asked to end, then ended",
            Status::Completed => return Err(format!("{} is completed already", named(id))),
            _ => "it is not started by the orchestrations that run now",
        };
        let title = format!("cancel {}", named(id));
        Ok(Self::plain(
            Meant::Cancel(id.clone()),
            title,
            explained.to_owned(),
        ))
    }

    /// About the orchestration that is shown.
    ///
    /// # Errors
    /// When it does not run.
    pub fn cancel_all(
        moment: &Moment,
        shown: Option<(&OrchId, &Orchestration)>,
    ) -> Result<Self, String> {
        let running = shown.filter(|(_, o)| o.ended_at.is_none());
        let (orch, entry) = running.ok_or("no orchestration runs here")?;
        let live = moment.state.open.values().filter(|run| run.orch == *orch);
        let explained = format!(
            "{orch}: nothing more is started, and {} asked to end",
            match live.count() {
                1 => "the running task is".to_owned(),
                n => format!("{} are", count(n, "running task", "running tasks")),
            }
        );
        let title = format!("cancel all of `{}`", one_line(&entry.command));
        Ok(Self::plain(
            Meant::CancelAll(orch.clone()),
            title,
            explained,
        ))
    }

    fn noted(meant: Meant, verb: &str, id: &TaskId, explained: String) -> Self {
        Self {
            note: Some(Typed::default()),
            ..Self::plain(meant, format!("{verb} {}", named(id)), explained)
        }
    }

    fn plain(meant: Meant, title: String, explained: String) -> Self {
        Self {
            meant,
            title,
            explained,
            note: None,
            missing: None,
            outdated: None,
        }
    }

    /// Looks again whether the answer can be taken: others may have decided meanwhile.
    pub fn look_again(&mut self, moment: &Moment) {
        let task = |id: &TaskId, ask: fn(&Moment, TaskIx) -> Result<Self, String>| {
            let ix = moment.plan.find(id).ok_or("the task is gone")?;
            ask(moment, ix).map(drop)
        };
        let asked = match &self.meant {
            Meant::Complete(id) => task(id, Self::complete),
            Meant::Approve(id) => task(id, Self::approve),
            Meant::Reject(id) => task(id, Self::reject),
            Meant::Reset(id) => task(id, Self::reset),
            Meant::Cancel(id) => task(id, Self::cancel),
            Meant::CancelAll(orch) => {
                let known = moment.state.orchestrations.get_key_value(orch);
                Self::cancel_all(moment, known).map(drop)
            }
        };
        self.outdated = asked.err();
    }

    /// What stands before the note.
    #[must_use]
    pub fn label(&self) -> &'static str {
        match self.meant {
            Meant::Reject(_) => "what should be better",
            _ => "note, if you like",
        }
    }

    /// The keys that answer it.
    #[must_use]
    pub fn keys(&self) -> &'static str {
        match self.note {
            Some(_) => "Enter: do it   Esc: leave it",
            None => "y: do it   any other key: leave it",
        }
    }

    pub fn insert(&mut self, text: &str) {
        if let Some(note) = &mut self.note {
            note.insert(text);
        }
    }

    pub fn key(&mut self, key: Key) -> Answered {
        self.missing = None;
        let Some(note) = &mut self.note else {
            return match key {
                Key::Char('y' | 'Y') => Answered::Yes(self.decision(None)),
                _ => Answered::No,
            };
        };
        match key {
            Key::Esc => Answered::No,
            Key::Enter => {
                let words = Some(note.text().trim().to_owned()).filter(|text| !text.is_empty());
                if matches!(self.meant, Meant::Reject(_)) && words.is_none() {
                    self.missing = Some("say what should be better");
                    return Answered::NotYet;
                }
                Answered::Yes(self.decision(words))
            }
            key => {
                note.key(key);
                Answered::NotYet
            }
        }
    }

    fn decision(&self, note: Option<String>) -> Decision {
        match self.meant.clone() {
            Meant::Complete(task) => Decision::Complete { task, note },
            Meant::Approve(task) => Decision::Approve { task, note },
            Meant::Reject(task) => Decision::Reject {
                task,
                note: note.unwrap_or_default(),
            },
            Meant::Reset(task) => Decision::Reset { task, note },
            Meant::Cancel(task) => Decision::CancelTask { task },
            Meant::CancelAll(orch) => Decision::CancelAll { orch },
        }
    }
}

fn named(id: &TaskId) -> String {
    one_line(id.as_str()).into_owned()
}

fn awaiting(moment: &Moment, ix: TaskIx) -> Result<&TaskId, String> {
    let id = moment.id(ix);
    match moment.view(ix).status {
        Status::AwaitingApproval => Ok(id),
        _ => Err(format!("{} does not wait for approval", named(id))),
    }
}

fn then_free(moment: &Moment, ix: TaskIx, what: &str) -> String {
    match Unblocker::new(&moment.plan, &moment.views)
        .sets_free(ix)
        .len()
    {
        0 => what.to_owned(),
        n => format!("{what}; sets {} free", count(n, "task", "tasks")),
    }
}
