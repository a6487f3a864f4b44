//! What an attempt with an agent is given: who works, in which session, with which prompt, for how much money.
//!
//! Knows the folders of earlier runs and the money spent. What words and texts that makes is [`crate::worker`]'s
//! matter.

use std::fs;
use std::io;

use crate::attempt::{HANDOFF, SESSION, tail};
use crate::model::{
    Adapter, AgentSpec, AgentWork, EnvVar, RunId, RunState, Session, StopReason, Task, TaskId,
    Tokens, Usd,
};
use crate::orchestrate::dispatch::{Before, Dispatch};
use crate::project;
use crate::state::{State, TaskState};
use crate::store::{read_spec, read_state};
use crate::worker::{self, Handoff, Prompt};

/// An agent's half of a specification.
#[derive(Debug)]
pub struct Agent<'a> {
    pub worker: &'a str,
    pub spec: AgentSpec,
    env: &'a [EnvVar],
}

impl Agent<'_> {
    /// The environment of the attempt: what any worker gets, what its program is configured with, what the
    /// configuration and the task name.
    pub fn environment(&self, all: &[(String, String)], task: &Task) -> Vec<(String, String)> {
        let own = worker::agent_names(self.spec.adapter, all.iter().map(|(name, _)| name.as_str()));
        let own = own.into_iter().map(|name| (Box::from(name), None));
        let named: Vec<EnvVar> = own
            .chain(self.env.iter().cloned())
            .chain(task.env.iter().cloned())
            .collect();
        worker::environment(all.iter().cloned(), &named)
    }
}

/// Why an attempt cannot be made.
type Refused = (StopReason, String);

/// An earlier attempt at the same task.
struct Earlier {
    run: RunId,
    state: Option<RunState>,
    /// The session that it had, with the same program.
    session: Option<String>,
}

impl Dispatch {
    /// # Errors
    /// When the money is spent, or a file that belongs to the question cannot be read.
    pub(super) fn agent<'a>(
        &self,
        task: &'a Task,
        state: &State,
        before: &[Before],
    ) -> Result<Agent<'a>, Refused> {
        let (worker, work) = self.who_works(task)?;
        let budget = self.money(task, work, state)?;
        let earlier = self.earlier(task, work.adapter, state)?;
        let failed = earlier
            .as_ref()
            .map(|earlier| self.failed(earlier, state, task))
            .transpose()?;
        let failed = failed.flatten();
        let prompt = Prompt {
            task: &task.id,
            title: &task.title,
            body: &self.body(task)?,
            handoffs: &handoffs(before)?,
            scope: &task.owns,
            checks: &task.policy.verify.commands,
            failed: failed.as_deref(),
        };
        let new =
            || uuid().map_err(|error| internal("draw a session id", &io::Error::other(error)));
        let resumed = earlier.as_ref().and_then(|earlier| {
            let counted = earlier
                .state
                .as_ref()
                .and_then(|state| state.agent.as_ref());
            let counted = counted.map_or(Tokens::default(), |agent| agent.counted);
            Some((earlier.session.clone()?, counted))
        });
        let session = match resumed {
            Some((id, counted)) => Session::Resume {
                id,
                else_new: new()?,
                counted,
            },
            None => Session::New { id: Some(new()?) },
        };
        let spec = AgentSpec {
            adapter: work.adapter,
            program: work.program.clone(),
            result: work.result,
            model: work.model.as_deref().map(str::to_owned),
            settings: work.settings.clone(),
            budget,
            follow_up: matches!(session, Session::Resume { .. })
                .then(|| worker::go_on(failed.as_deref())),
            session,
            prompt: prompt.text(),
            send_backs: work.send_backs,
            linger: task.policy.timeouts.grace.saturating_mul(3),
        };
        Ok(Agent {
            worker,
            spec,
            env: &work.env,
        })
    }

    /// The task's worker; while that one cannot work, the one that is named as its stand-in.
    fn who_works<'a>(&self, task: &'a Task) -> Result<(&'a str, &'a AgentWork), Refused> {
        let missing = || {
            (
                StopReason::WorkerMissing,
                "no worker is configured".to_owned(),
            )
        };
        let own = task
            .worker
            .as_deref()
            .zip(task.agent.as_deref())
            .ok_or_else(missing)?;
        let fallback = task
            .fallback
            .as_ref()
            .map(|(name, work)| (&**name, &**work));
        Ok(match fallback {
            Some(fallback) if self.is_away(own.0) && !self.is_away(fallback.0) => fallback,
            _ => own,
        })
    }

    pub(super) fn is_away(&self, worker: &str) -> bool {
        match self.away.get(worker) {
            None => false,
            Some(None) => true,
            Some(Some(until)) => *until > jiff::Timestamp::now(),
        }
    }

    /// What this attempt may cost: the least that any cap leaves. `None`: there is no cap.
    fn money(&self, task: &Task, work: &AgentWork, state: &State) -> Result<Option<Usd>, Refused> {
        let known = state.tasks.get(&task.id);
        let ours = known.filter(|known| known.orch.as_ref() == Some(&self.orch));
        let task_spent = ours.map_or(Usd::ZERO, |known| known.spent_in_orch);
        let orch_spent = state.orchestrations.get(&self.orch);
        let orch_spent =
            orch_spent.map_or(Usd::ZERO, |orch| orch.spent.cost_usd.unwrap_or_default());
        let today = state.spent_on(jiff::Timestamp::now());
        let caps = [
            (work.budget.task_usd, task_spent, "the task's budget"),
            (
                work.budget.run_usd,
                orch_spent,
                "the orchestration's budget",
            ),
            (work.budget.day_usd, today, "today's budget"),
        ];
        let mut least: Option<Usd> = None;
        for (cap, spent, whose) in caps {
            let Some(cap) = cap else { continue };
            let left = cap.minus(spent);
            if left == Usd::ZERO {
                let message = format!("{whose} of {cap} is used up: {spent} spent");
                return Err((StopReason::BudgetExceeded, message));
            }
            least = Some(least.map_or(left, |least| least.min(left)));
        }
        Ok(least)
    }

    /// The attempt before this one, if it belongs to the same effort: of this orchestration, or sent back by a person.
    fn earlier(
        &self,
        task: &Task,
        adapter: Adapter,
        state: &State,
    ) -> Result<Option<Earlier>, Refused> {
        let Some(known) = state.tasks.get(&task.id) else {
            return Ok(None);
        };
        let sent_back = rejection(known).is_some();
        let Some(run) = known.last_run_id.clone() else {
            return Ok(None);
        };
        if known.attempts == 0 || !(sent_back || known.orch.as_ref() == Some(&self.orch)) {
            return Ok(None);
        }
        let folder = self.layout.run(&run);
        // An attempt that never came so far as to have a folder left nothing to go on with.
        let Ok(spec) = read_spec(&folder) else {
            return Ok(None);
        };
        let verdict = read_state(&self.layout, &run)
            .map_err(|error| (StopReason::InternalError, error.to_string()))?;
        let same = spec.agent.is_some_and(|agent| agent.adapter == adapter);
        let session = match fs::read_to_string(folder.join(SESSION)) {
            Ok(id) if same && adapter.resumes() && !id.trim().is_empty() => {
                Some(id.trim().to_owned())
            }
            Ok(_) => None,
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(internal("read the earlier session", &error)),
        };
        Ok(Some(Earlier {
            run,
            state: verdict,
            session,
        }))
    }

    /// What was wrong with an earlier attempt, verbatim.
    fn failed(
        &self,
        earlier: &Earlier,
        state: &State,
        task: &Task,
    ) -> Result<Option<String>, Refused> {
        if let Some(note) = state.tasks.get(&task.id).and_then(rejection) {
            return Ok(Some(format!("A person did not accept it: {note}")));
        }
        let Some(verdict) = &earlier.state else {
            return Ok(None);
        };
        let mut text = verdict.message.clone().unwrap_or_default();
        if let Some(check) = verdict.checks.iter().find(|check| !check.passed) {
            let log = self.layout.run(&earlier.run).join(&check.log);
            let output = tail(&log).map_err(|error| internal("read a check's output", &error))?;
            text = format!("{text}\n\n{output}");
        }
        Ok(Some(text).filter(|text| !text.trim().is_empty()))
    }

    /// The text of the task's file below its frontmatter.
    fn body(&self, task: &Task) -> Result<String, Refused> {
        project::body(&self.project, task).map_err(|error| internal("read the task", &error))
    }
}

/// What the prerequisites left. One that is not what it should be was said so when it was made.
fn handoffs(before: &[Before]) -> Result<Vec<(TaskId, Handoff)>, Refused> {
    let mut found = Vec::new();
    for before in before {
        let Some(folder) = &before.folder else {
            continue;
        };
        match fs::read(folder.join(HANDOFF)) {
            Ok(text) => {
                let read = Handoff::from_json(&text).ok();
                found.extend(read.map(|it| (before.id.clone(), it)));
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(internal("read a hand-off", &error)),
        }
    }
    Ok(found)
}

/// The note of a person who sent the work back.
fn rejection(known: &TaskState) -> Option<&str> {
    known.sent_back.as_ref()?;
    // What else it says was said before the note.
    let message = known.message.as_deref().unwrap_or("rejected");
    message
        .strip_prefix("rejected")
        .map(|note| note.trim_start_matches(": "))
}

fn internal(doing: &str, error: &io::Error) -> Refused {
    (
        StopReason::InternalError,
        format!("cannot {doing}: {error}"),
    )
}

/// A random UUID (version 4).
fn uuid() -> Result<String, getrandom::Error> {
    let bits = (u128::from(getrandom::u64()?) << 64) | u128::from(getrandom::u64()?);
    let bits = bits & !(0xf000 << 64) & !(0xc000 << 48) | (0x4000 << 64) | (0x8000 << 48);
    let text = format!("{bits:032x}");
    let parts = [
        &text[..8],
        &text[8..12],
        &text[12..16],
        &text[16..20],
        &text[20..],
    ];
    Ok(parts.join("-"))
}

#[cfg(test)]
mod tests {
    #[test]
    fn ids_have_the_form_of_version_4() {
        for _ in 0..100 {
            let id = super::uuid().unwrap();
            let parts: Vec<&str> = id.split('-').collect();
            assert_eq!(
                parts.iter().map(|p| p.len()).collect::<Vec<_>>(),
                [8, 4, 4, 4, 12]
            );
            assert!(parts[2].starts_with('4'), "{id}");
            assert!(parts[3].starts_with(['8', '9', 'a', 'b']), "{id}");
        }
    }
}
