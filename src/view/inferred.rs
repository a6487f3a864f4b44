//! What git says about the tasks of a plan, beside what the journal says.
//!
//! Pure. Knows the plan, the state, and what was told of the history; the few facts that stand in files (which task
//! an old run was at, what a commit changed) are handed in.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::model::{Completion, Fingerprint, RunId, Source, Status, TaskId, Told, Undone, Whose};
use crate::plan::{Plan, TaskIx};
use crate::state::{State, TaskState};
use crate::view::Owners;

/// How it is known that a task is completed. The strongest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Evidence {
    /// A commit names the task.
    Commit,
    /// A commit names a run, and the run's folder here names the task.
    RunFolder,
    /// A commit names a run, and the task's file says that this run completed it.
    CompletedBy,
    /// The task's file says so, and no commit does.
    TaskFile,
    /// A commit names a run, and what it changed lies within this task's paths only.
    Probably,
}

impl Evidence {
    /// The word of `--json`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Commit => "commit",
            Self::RunFolder => "run_folder",
            Self::CompletedBy => "completed_by",
            Self::TaskFile => "task_file",
            Self::Probably => "probably",
        }
    }
}

/// A completion that git gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    pub evidence: Evidence,
    pub run: Option<RunId>,
    pub commit: Option<String>,
    pub at: Option<Timestamp>,
    pub fingerprint: Option<Fingerprint>,
}

/// What the two say about one task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Difference {
    /// Both say completed, by the same run, or neither says it.
    None,
    /// Git says completed, the journal knows nothing against it.
    New,
    /// Git says completed, and the journal has news of the task since that commit.
    NewsSince(Status),
    /// Both say completed, the journal by another run or a person.
    OtherCompletion,
    /// The journal says completed, and the commit was reverted.
    Reverted(Undone),
    /// The journal says completed with a checkpoint that git does not give.
    NotReachable(String),
    /// The journal says completed, and there is no commit that could say so.
    NoCommit(Option<Source>),
}

/// One task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inferred {
    pub task: TaskIx,
    pub found: Option<Found>,
    pub difference: Difference,
}

impl Inferred {
    /// Does `--write` take it over, without being told its name? What is only probable never; of what stands in task
    /// files alone only where the configuration lets runr write it there.
    #[must_use]
    pub fn is_adopted(&self, task_files: TaskFiles) -> bool {
        let sure = match self.found.as_ref().map(|found| found.evidence) {
            None | Some(Evidence::Probably) => false,
            Some(Evidence::TaskFile) => task_files == TaskFiles::Believed,
            Some(_) => true,
        };
        sure && self.difference == Difference::New
    }

    /// May `--write NAME` take it over?
    #[must_use]
    pub fn is_adoptable(&self) -> bool {
        self.found.is_some() && self.difference != Difference::None
    }
}

/// What a status written in a task file is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TaskFiles {
    /// runr writes it (`status: {frontmatter: true}`).
    Believed,
    Hints,
}

/// What stands in files.
#[derive(Debug, Default)]
pub struct Facts {
    /// The tasks of runs, by their folders here.
    pub runs: BTreeMap<RunId, TaskId>,
    /// What commits changed, from the project's root.
    pub files: BTreeMap<String, Vec<String>>,
}

/// Compares all tasks with a file, in the plan's order. Inline steps belong to their orchestration only.
#[must_use]
pub fn inferred(plan: &Plan, state: &State, told: &Told, facts: &Facts) -> Vec<Inferred> {
    let found = found(plan, told, facts);
    // The history is this repository's.
    plan.tasks_of(Whose::Home)
        .into_iter()
        .filter(|ix| !plan.task(*ix).id.is_inline())
        .map(|ix| {
            let found = found.get(&ix).cloned();
            let id = &plan.task(ix).id;
            let recorded = state.tasks.get(id);
            Inferred {
                task: ix,
                difference: difference(found.as_ref(), recorded, told.undone.get(id)),
                found,
            }
        })
        .collect()
}

fn found(plan: &Plan, told: &Told, facts: &Facts) -> BTreeMap<TaskIx, Found> {
    let mut found: BTreeMap<TaskIx, Found> = BTreeMap::new();
    for (id, completion) in &told.completed {
        if let Some(ix) = plan.find(id) {
            found.insert(ix, from(completion, Evidence::Commit));
        }
    }
    let mut owners = None;
    for unnamed in &told.unnamed {
        let named = facts.runs.get(&unnamed.run).and_then(|id| plan.find(id));
        let said = || {
            plan.tasks_of(Whose::Home).into_iter().find(|ix| {
                let written = plan.task(*ix).written.as_ref();
                let by = written.and_then(|written| written.completed_by.as_deref());
                by.is_some_and(|by| by.trim().trim_start_matches("run:") == unnamed.run.as_str())
            })
        };
        let paths = facts.files.get(&unnamed.commit);
        let (ix, evidence) = if let Some(ix) = named {
            (ix, Evidence::RunFolder)
        } else if let Some(ix) = said() {
            (ix, Evidence::CompletedBy)
        } else if let Some(ix) =
            paths.and_then(|paths| owners.get_or_insert_with(|| Owners::new(plan)).only(paths))
        {
            (ix, Evidence::Probably)
        } else {
            continue;
        };
        let better = match found.get(&ix) {
            None => true,
            Some(_) if evidence == Evidence::Probably => false,
            Some(old) => old.evidence == Evidence::Probably || old.at < Some(unnamed.at),
        };
        if better {
            let completion = Completion {
                run: Some(unnamed.run.clone()),
                commit: unnamed.commit.clone(),
                at: unnamed.at,
                fingerprint: None,
            };
            found.insert(ix, from(&completion, evidence));
        }
    }
    for ix in plan.tasks_of(Whose::Home) {
        let task = plan.task(ix);
        let Some(written) = &task.written else {
            continue;
        };
        let done = written
            .status
            .as_deref()
            .is_some_and(|status| matches!(status.trim(), "completed" | "done"));
        let open = found
            .get(&ix)
            .is_none_or(|found| found.evidence == Evidence::Probably);
        if done && open && !told.undone.contains_key(&task.id) {
            let text = |key: &Option<Box<str>>| key.as_deref().map(|text| text.trim().to_owned());
            let by = text(&written.completed_by);
            found.insert(
                ix,
                Found {
                    evidence: Evidence::TaskFile,
                    run: by.and_then(|by| RunId::parse(by.trim_start_matches("run:")).ok()),
                    commit: text(&written.completed_commit),
                    at: text(&written.completed_at).and_then(|at| at.parse().ok()),
                    fingerprint: None,
                },
            );
        }
    }
    found
}

fn from(completion: &Completion, evidence: Evidence) -> Found {
    Found {
        evidence,
        run: completion.run.clone(),
        commit: Some(completion.commit.clone()),
        at: Some(completion.at),
        fingerprint: completion.fingerprint,
    }
}

fn difference(
    found: Option<&Found>,
    recorded: Option<&TaskState>,
    undone: Option<&Undone>,
) -> Difference {
    let status = recorded.map_or(Status::Pending, |recorded| recorded.status);
    match (found, status) {
        (None, Status::Completed) => {
            let sha = recorded.and_then(|recorded| recorded.checkpoint_sha.clone());
            let by_run = recorded.and_then(|recorded| recorded.last_run_id.as_ref());
            match (undone, sha) {
                (Some(undone), Some(sha))
                    if undone.commit == sha || undone.run.as_ref() == by_run =>
                {
                    Difference::Reverted(undone.clone())
                }
                (_, Some(sha)) => Difference::NotReachable(sha),
                (_, None) => Difference::NoCommit(recorded.and_then(|recorded| recorded.source)),
            }
        }
        (None, _) => Difference::None,
        (Some(found), Status::Completed) => {
            let recorded_run = recorded.and_then(|recorded| recorded.last_run_id.as_ref());
            let sha = recorded.and_then(|recorded| recorded.checkpoint_sha.as_ref());
            let by_hand = recorded.is_some_and(|recorded| recorded.source == Some(Source::Manual));
            let same_run = found.run.is_some() && found.run.as_ref() == recorded_run;
            let same_commit = found.commit.is_some() && found.commit.as_ref() == sha;
            // What only a file says adds nothing to a completion.
            if (same_run && !by_hand) || same_commit || found.evidence >= Evidence::TaskFile {
                Difference::None
            } else {
                Difference::OtherCompletion
            }
        }
        (Some(_), Status::InProgress) => Difference::NewsSince(Status::InProgress),
        (Some(found), status) => {
            let same_run = found.run.is_some()
                && found.run.as_ref()
                    == recorded.and_then(|recorded| recorded.last_run_id.as_ref());
            let since = recorded.and_then(|recorded| recorded.updated_at);
            let news = since.is_some_and(|since| found.at.is_none_or(|at| since > at));
            if news && status != Status::Skipped && !same_run {
                Difference::NewsSince(status)
            } else {
                Difference::New
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Unnamed, WrittenStatus};
    use crate::view::tests::{Story, id, print};

    fn run(letters: &str) -> RunId {
        RunId::parse(&format!("20250101-000000-{letters}")).unwrap()
    }
    fn at(day: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + day * 86_400).unwrap()
    }
    fn completion(letters: &str, commit: &str, day: i64) -> Completion {
        Completion {
            run: Some(run(letters)),
            commit: commit.to_owned(),
            at: at(day),
            fingerprint: None,
        }
    }
    fn unnamed(letters: &str, commit: &str, day: i64) -> Unnamed {
        Unnamed {
            run: run(letters),
            commit: commit.to_owned(),
            at: at(day),
        }
    }
    fn differences(story: &Story, told: &Told) -> Vec<Difference> {
        inferred(&story.plan, &story.state, told, &Facts::default())
            .into_iter()
            .map(|inferred| inferred.difference)
            .collect()
    }

    #[test]
    fn commits_without_a_task_are_matched_by_the_strongest_evidence() {
        let mut story = Story::new(&[("a.md", &[]), ("b.md", &[]), ("c.md", &[]), ("d.md", &[])]);
        story.change("b.md", |task| {
            task.written = Some(Box::new(WrittenStatus {
                completed_by: Some("20250101-000000-bbbb".into()),
                ..WrittenStatus::default()
            }));
        });
        story.change("c.md", |task| task.owns = [Box::from("src/c/**")].into());
        story.change("d.md", |task| {
            task.owns = [Box::from("src/c/x"), Box::from("lib")].into();
        });
        let told = Told {
            unnamed: ["aaaa", "bbbb", "cccc", "dddd", "eeee"]
                .map(|letters| unnamed(letters, letters, 1))
                .into(),
            ..Told::default()
        };
        let paths = |paths: &[&str]| paths.iter().map(|path| (*path).to_owned()).collect();
        let facts = Facts {
            runs: [(run("aaaa"), id("a.md"))].into(),
            files: [
                ("bbbb".to_owned(), paths(&["src/c/y"])),
                ("cccc".to_owned(), paths(&["src/c/y", "src/c/deep/z"])),
                // Two tasks own the one, nobody all of the other.
                ("dddd".to_owned(), paths(&["src/c/x"])),
                ("eeee".to_owned(), paths(&["lib/x", "other"])),
            ]
            .into(),
        };
        let seen: Vec<_> = inferred(&story.plan, &story.state, &told, &facts)
            .into_iter()
            .map(|i| i.found.map(|found| (found.evidence, found.commit.unwrap())))
            .collect();
        let found = |evidence, commit: &str| Some((evidence, commit.to_owned()));
        assert_eq!(
            seen,
            [
                found(Evidence::RunFolder, "aaaa"),
                found(Evidence::CompletedBy, "bbbb"),
                found(Evidence::Probably, "cccc"),
                None
            ]
        );
    }

    #[test]
    fn only_what_the_journal_does_not_contradict_is_taken_without_its_name() {
        let mut story = Story::new(&[("a.md", &[])]);
        let told = |completion: Completion| Told {
            completed: [(id("a.md"), completion)].into(),
            ..Told::default()
        };
        assert_eq!(
            differences(&story, &told(completion("aaaa", "c", 1))),
            [Difference::New]
        );
        story.failed("a.md");
        let last = story.state.tasks[&id("a.md")].last_run_id.clone();
        let old = told(completion("aaaa", "c", 1));
        assert_eq!(
            differences(&story, &old),
            [Difference::NewsSince(Status::Failed)]
        );
        // The very run that the journal has no good end of is on the branch.
        let same = told(Completion {
            run: last,
            ..completion("aaaa", "c", 1)
        });
        assert_eq!(differences(&story, &same), [Difference::New]);
        story.completed_by_hand("a.md", print(0));
        assert_eq!(differences(&story, &old), [Difference::OtherCompletion]);
        let undone = Undone {
            run: Some(run("aaaa")),
            commit: "c".to_owned(),
            by: "d".to_owned(),
            at: at(2),
        };
        let reverted = Told {
            undone: [(id("a.md"), undone.clone())].into(),
            ..Told::default()
        };
        assert_eq!(
            differences(&story, &reverted),
            [Difference::NoCommit(Some(Source::Manual))],
            "the revert is of another completion"
        );
        story
            .state
            .tasks
            .get_mut(&id("a.md"))
            .unwrap()
            .checkpoint_sha = Some("c".to_owned());
        assert_eq!(
            differences(&story, &reverted),
            [Difference::Reverted(undone)]
        );
        assert_eq!(
            differences(&story, &Told::default()),
            [Difference::NotReachable("c".to_owned())]
        );
    }

    #[test]
    fn task_files_are_hints_unless_runr_writes_them() {
        let mut story = Story::new(&[("a.md", &[])]);
        story.change("a.md", |task| {
            task.written = Some(Box::new(WrittenStatus {
                status: Some("completed".into()),
                completed_at: Some("2025-01-01T00:00:00Z".into()),
                ..WrittenStatus::default()
            }));
        });
        let told = Told::default();
        let all = inferred(&story.plan, &story.state, &told, &Facts::default());
        assert_eq!(all[0].found.as_ref().unwrap().evidence, Evidence::TaskFile);
        assert!(all[0].is_adopted(TaskFiles::Believed));
        assert!(!all[0].is_adopted(TaskFiles::Hints) && all[0].is_adoptable());
    }
}
