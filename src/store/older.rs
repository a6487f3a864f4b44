//! What the older TypeScript runr wrote, read as facts about tasks.
//!
//! Knows the words of its files, and nothing of where they lie. Pure. Its files were never validated, so
//! this reader takes what it can understand and says what it cannot.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::Value;

use crate::event::Event;
use crate::model::{RunId, Source, Status, StopReason, TaskId};

/// One statement about one task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    pub task: TaskId,
    pub status: Status,
    pub run: Option<RunId>,
    pub when: Timestamp,
    pub sha: Option<String>,
    pub reason: Option<StopReason>,
    pub message: Option<String>,
}

/// Reads its `task-status.json`. Statements and what could not be understood, both in file order.
/// `modified` stands in for times that are missing.
pub fn status_file(json: &Value, modified: Timestamp) -> (Vec<Claim>, Vec<String>) {
    let mut claims = Vec::new();
    let mut unclear = Vec::new();
    for (key, entry) in json["tasks"].as_object().into_iter().flatten() {
        match claim(key, entry, text(entry, &["last_run_id"]), modified) {
            Ok(claim) => claims.extend(claim),
            Err(why) => unclear.push(why),
        }
    }
    (claims, unclear)
}

/// Reads one of its `runs/RUN/state.json`. `Ok(None)`: it says nothing that matters, or is not of the
/// older runr.
///
/// # Errors
/// What cannot be understood.
pub fn run_file(run: &str, json: &Value, modified: Timestamp) -> Result<Option<Claim>, String> {
    if json.get("run").is_some() && json.get("took_ms").is_some() {
        return Ok(None);
    }
    let Some(task) = text(json, &["task", "task_path"]).or_else(|| text(&json["task"], &["path"]))
    else {
        return Err("it names no task".to_owned());
    };
    claim(task, json, Some(run), modified)
}

fn claim(
    task: &str,
    entry: &Value,
    run: Option<&str>,
    modified: Timestamp,
) -> Result<Option<Claim>, String> {
    let Some(id) = task_id(task) else {
        return Err(format!(
            "`{}` is no task file below `.runr/tasks/`",
            task.escape_debug()
        ));
    };
    let word = text(entry, &["status", "outcome"]).unwrap_or("running");
    let status = match word {
        "completed" | "complete" | "done" | "success" | "succeeded" => Status::Completed,
        "failed" | "failure" | "error" => Status::Failed,
        "stopped" | "cancelled" | "blocked" | "in_progress" | "running" => Status::Stopped,
        "pending" | "not_started" | "todo" => return Ok(None),
        other => {
            return Err(format!(
                "`{task}` has the unknown status `{}`",
                other.escape_debug()
            ));
        }
    };
    let run = run
        .map(|run| run.strip_prefix("run:").unwrap_or(run))
        .and_then(|run| RunId::parse(run).ok());
    let stopped = text(entry, &["last_stop_reason", "stop_reason"]);
    let mut reason = stopped.and_then(stop_reason);
    let mut message = text(entry, &["last_error_summary", "error_summary", "message"])
        .or(stopped.filter(|_| reason.is_none()))
        .map(str::to_owned);
    if matches!(word, "in_progress" | "running") {
        reason = Some(StopReason::Orphaned);
        message = message.or(Some(
            "was running when its files were taken over".to_owned(),
        ));
    }
    if status == Status::Completed {
        reason = None;
    }
    let when = text(
        entry,
        &["completed_at", "last_updated_at", "updated_at", "ended_at"],
    )
    .and_then(time)
    .or_else(|| run.as_ref().and_then(started))
    .unwrap_or(modified);
    let shas = [
        "last_checkpoint_sha",
        "checkpoint_sha",
        "checkpoint_commit_sha",
        "checkpoint",
    ];
    let sha = text(entry, &shas)
        .or_else(|| text(&entry["checkpoint"], &["sha"]))
        .map(str::to_owned);
    Ok(Some(Claim {
        task: id,
        status,
        run,
        when,
        sha,
        reason,
        message,
    }))
}

/// Keeps the latest statement about each task, of equal ones the first, and makes them events in the
/// order of the tasks.
pub fn events(claims: Vec<Claim>) -> Vec<Event> {
    let mut latest: BTreeMap<TaskId, Claim> = BTreeMap::new();
    for claim in claims {
        match latest.get(&claim.task) {
            Some(known)
                if known.when >= claim.when || known.run.is_some() && known.run == claim.run => {}
            _ => {
                latest.insert(claim.task.clone(), claim);
            }
        }
    }
    let event = |claim: Claim| Event::Imported {
        source: match claim.run {
            Some(_) => Source::Run,
            None => Source::Manual,
        },
        task: claim.task,
        status: claim.status,
        run: claim.run,
        when: claim.when,
        sha: claim.sha,
        reason: claim.reason,
        message: claim.message,
        fingerprint: None,
    };
    latest.into_values().map(event).collect()
}

fn text<'a>(entry: &'a Value, keys: &[&str]) -> Option<&'a str> {
    keys.iter()
        .find_map(|key| entry.get(key)?.as_str())
        .filter(|text| !text.is_empty())
}

/// Its keys are paths from the project root; absolute ones were seen too.
fn task_id(path: &str) -> Option<TaskId> {
    let name = match path.rsplit_once(".runr/tasks/") {
        Some((before, name)) if before.is_empty() || before.ends_with('/') => name,
        Some(_) => return None,
        None if path.contains('/') => return None,
        None => path,
    };
    let id = TaskId::parse(name).ok()?;
    (!id.is_inline()).then_some(id)
}

fn time(text: &str) -> Option<Timestamp> {
    text.parse().ok().or_else(|| {
        let date: Date = text.parse().ok()?;
        Some(date.to_zoned(TimeZone::UTC).ok()?.timestamp())
    })
}

/// A run id begins with the time of its start.
fn started(run: &RunId) -> Option<Timestamp> {
    let stamp = run.as_str().get(..15)?;
    let at = jiff::civil::DateTime::strptime("%Y%m%d-%H%M%S", stamp).ok()?;
    Some(at.to_zoned(TimeZone::UTC).ok()?.timestamp())
}

/// Its reasons were free words; those that clearly are one of ours become it.
fn stop_reason(word: &str) -> Option<StopReason> {
    if let Ok(reason) = serde_json::from_value(Value::from(word)) {
        return Some(reason);
    }
    [
        ("verif", StopReason::VerificationFailed),
        ("stall", StopReason::IdleTimeout),
        ("time", StopReason::Timeout),
        ("scope", StopReason::ScopeViolation),
        ("budget", StopReason::BudgetExceeded),
        ("auth", StopReason::AuthRequired),
        ("cancel", StopReason::Cancelled),
        ("interrupt", StopReason::Cancelled),
    ]
    .into_iter()
    .find_map(|(part, reason)| word.contains(part).then_some(reason))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn entries_become_what_they_say() {
        let modified = at("2025-03-01T00:00:00Z");
        for (task, entry, expected) in [
            (
                ".runr/tasks/a.md",
                r#"{"status":"completed","last_run_id":"20250108-143022","completed_at":"2025-01-08T14:35:22Z","last_checkpoint_sha":"abc1234"}"#,
                Some((
                    "a.md",
                    Status::Completed,
                    "2025-01-08T14:35:22Z",
                    Some("abc1234"),
                    None,
                    None,
                )),
            ),
            (
                "/home/x/p/.runr/tasks/net/b.md",
                r#"{"status":"failed","last_run_id":"20250108-150122","last_stop_reason":"verification_failed_max_retries","last_error_summary":"2 tests failed"}"#,
                Some((
                    "net/b.md",
                    Status::Failed,
                    "2025-01-08T15:01:22Z",
                    None,
                    Some(StopReason::VerificationFailed),
                    Some("2 tests failed"),
                )),
            ),
            (
                "c.md",
                r#"{"status":"stopped","last_updated_at":"2025-01-09","last_stop_reason":"gremlins"}"#,
                Some((
                    "c.md",
                    Status::Stopped,
                    "2025-01-09T00:00:00Z",
                    None,
                    None,
                    Some("gremlins"),
                )),
            ),
            (
                ".runr/tasks/d.md",
                r#"{"status":"running"}"#,
                Some((
                    "d.md",
                    Status::Stopped,
                    "2025-03-01T00:00:00Z",
                    None,
                    Some(StopReason::Orphaned),
                    Some("was running when its files were taken over"),
                )),
            ),
            (".runr/tasks/e.md", r#"{"status":"pending"}"#, None),
        ] {
            let json: Value = serde_json::from_str(entry).unwrap();
            let run = text(&json, &["last_run_id"]);
            let claim = claim(task, &json, run, modified).unwrap();
            let seen = claim.as_ref().map(|c| {
                (
                    c.task.as_str(),
                    c.status,
                    c.when,
                    c.sha.as_deref(),
                    c.reason,
                    c.message.as_deref(),
                )
            });
            let expected = expected.map(|(t, s, when, sha, r, m)| (t, s, at(when), sha, r, m));
            assert_eq!(seen, expected, "{task}");
        }
    }

    #[test]
    fn what_is_not_understood_is_said() {
        let modified = at("2025-03-01T00:00:00Z");
        let done: Value = serde_json::from_str(r#"{"status":"completed"}"#).unwrap();
        for task in [
            "../x.md",
            "docs/x.md",
            ".runr/tasks/../../x.md",
            "x.txt",
            "",
            "my.runr/tasks/x.md",
        ] {
            assert!(claim(task, &done, None, modified).is_err(), "{task}");
        }
        let odd: Value = serde_json::from_str(r#"{"status":"perhaps"}"#).unwrap();
        assert!(claim("a.md", &odd, None, modified).is_err());
        assert!(run_file("20250108-143022", &odd, modified).is_err());
    }

    #[test]
    fn the_latest_statement_about_a_task_counts() {
        let state = r#"{"task":".runr/tasks/a.md","outcome":"failed","checkpoint":{"sha":"f00"},"updated_at":"2025-02-01T00:00:00Z"}"#;
        let state: Value = serde_json::from_str(state).unwrap();
        let run = run_file("20250201-000000", &state, Timestamp::UNIX_EPOCH)
            .unwrap()
            .unwrap();
        assert_eq!(run.sha.as_deref(), Some("f00"));
        let status = |when: &str, run: &str| {
            let json: Value = serde_json::from_str(&format!(
                r#"{{"tasks":{{"a.md":{{"status":"completed","last_run_id":"{run}","last_updated_at":"{when}"}}}}}}"#
            ))
            .unwrap();
            status_file(&json, Timestamp::UNIX_EPOCH).0
        };
        for (when, id, expected) in [
            ("2025-01-01T00:00:00Z", "20250101-000000", Status::Failed),
            ("2025-03-01T00:00:00Z", "20250301-000000", Status::Completed),
            // Both speak of the same run: the status file was written for it.
            ("2025-01-31T23:59:59Z", "20250201-000000", Status::Completed),
        ] {
            let mut claims = status(when, id);
            claims.push(run.clone());
            let events = events(claims);
            let [
                Event::Imported {
                    status,
                    source: Source::Run,
                    ..
                },
            ] = events.as_slice()
            else {
                panic!("{events:?}");
            };
            assert_eq!(*status, expected, "{when}");
        }
    }
}
