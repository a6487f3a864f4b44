//! What git says about the tasks, and what differs from the journal and why.
//!
//! Knows the comparison. Does not know how it was found out.

use jiff::tz::TimeZone;
use serde::Serialize;

use crate::model::{Source, Status, TaskId};
use crate::plan::{Plan, TaskIx};
use crate::report::sanitise::one_line;
use crate::report::status_table::Look;
use crate::report::style::{Glyphs, dim, status_style, status_words};
use crate::report::text::{columns, cut, listing, pad, shell_word, short_commit};
use crate::view::{Difference, Evidence, Found, Inferred, TaskFiles};

/// How many later changes of one task are listed for people.
const LATER_SHOWN: usize = 5;

/// A commit after a task's checkpoint that touches what the task owns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LaterChange {
    pub commit: String,
    pub subject: String,
}

/// Those of one task.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LaterChanges {
    /// As many as there are, listed or not.
    pub total: usize,
    /// The newest first.
    pub newest: Vec<LaterChange>,
}

/// The whole comparison.
#[derive(Debug, Clone, Copy)]
pub struct GitReport<'a> {
    pub plan: &'a Plan,
    pub inferred: &'a [Inferred],
    pub task_files: TaskFiles,
    /// For each entry of `inferred`.
    pub later: &'a [LaterChanges],
    /// Commits that name runs of which nobody knows the task.
    pub unmatched: &'a [String],
}

impl GitReport<'_> {
    /// Is there anything that the journal could take over?
    #[must_use]
    pub fn has_news(&self) -> bool {
        self.inferred.iter().any(|i| i.is_adopted(self.task_files))
    }

    /// As people read it.
    #[must_use]
    pub fn text(&self, look: &Look) -> String {
        let mut text = String::new();
        let sure = |inferred: &&Inferred| inferred.found.as_ref().is_some_and(is_sure);
        let completed: Vec<&Inferred> = self.inferred.iter().filter(sure).collect();
        text.push_str(&format!(
            "Completed according to git: {} of {} tasks\n",
            completed.len(),
            self.inferred.len()
        ));
        let width = self.width();
        let style = status_style(Status::Completed);
        let grey = dim();
        for (inferred, found) in self.found() {
            let glyph = if is_sure(found) {
                look.glyphs.status(Status::Completed)
            } else {
                "?"
            };
            text.push_str(&format!("  {style}{glyph}{style:#} "));
            pad(&mut text, &self.name(inferred.task), width);
            if let Some(date) = date(found, &look.zone) {
                text.push_str(&format!("  {date}"));
            }
            if let Some(run) = &found.run {
                text.push_str(&format!("  {grey}run:{run}{grey:#}"));
            }
            if let Some(commit) = &found.commit {
                text.push_str(&format!("  {grey}{}{grey:#}", short_commit(commit)));
            }
            if let Some(words) = evidence_words(found.evidence) {
                text.push_str(&format!("  {words}"));
            }
            text.push('\n');
        }
        self.differences(&mut text, width);
        self.later_changes(&mut text, look);
        if !self.unmatched.is_empty() {
            let names: Vec<String> = self
                .unmatched
                .iter()
                .map(|commit| short_commit(commit))
                .collect();
            let (commits, whose) = match names.len() {
                1 => ("commit names a run", "its task"),
                _ => ("commits name runs", "their tasks"),
            };
            text.push_str(&format!(
                "\n{} {commits}, and nothing here says {whose}: {}\n",
                names.len(),
                listing(&names)
            ));
        }
        text
    }

    fn differences(&self, text: &mut String, width: usize) {
        let differing: Vec<(&Inferred, String)> = self
            .inferred
            .iter()
            .filter_map(|inferred| Some((inferred, self.why(inferred)?)))
            .collect();
        if differing.is_empty() {
            text.push_str("\nThe journal says the same.\n");
            return;
        }
        text.push_str("\nThe journal differs:\n");
        for (inferred, why) in &differing {
            text.push_str("  ");
            pad(text, &self.name(inferred.task), width);
            text.push_str(&format!("  {why}\n"));
        }
    }

    fn later_changes(&self, text: &mut String, look: &Look) {
        let ellipsis = match look.glyphs {
            Glyphs::Unicode => "…",
            Glyphs::Ascii => "...",
        };
        let mut heading = "\nLater changes to what completed tasks own:\n";
        for (inferred, later) in self.inferred.iter().zip(self.later) {
            if later.newest.is_empty() {
                continue;
            }
            text.push_str(std::mem::take(&mut heading));
            text.push_str(&format!("  {}\n", self.name(inferred.task)));
            for change in later.newest.iter().take(LATER_SHOWN) {
                let subject = one_line(&change.subject);
                let subject = cut(&subject, 70, ellipsis);
                text.push_str(&format!("    {} {subject}\n", short_commit(&change.commit)));
            }
            if later.total > LATER_SHOWN {
                text.push_str(&format!("    and {} more\n", later.total - LATER_SHOWN));
            }
        }
    }

    /// What the journal says otherwise, and what to do about it.
    fn why(&self, inferred: &Inferred) -> Option<String> {
        let name = shell_word(self.plan.task(inferred.task).id.as_str());
        let take = format!("runr status --infer-from-git --write {name}");
        Some(match &inferred.difference {
            Difference::None => return None,
            Difference::New if inferred.is_adopted(self.task_files) => {
                "completed in git, not in the journal".to_owned()
            }
            Difference::New => match inferred.found.as_ref().map(|found| found.evidence) {
                Some(Evidence::TaskFile) => {
                    format!("only its file says that it is completed: {take}")
                }
                _ => format!("probably completed in git: {take}"),
            },
            Difference::NewsSince(status) => format!(
                "completed in git; since that commit the journal says {}: {take}",
                status_words(*status)
            ),
            Difference::OtherCompletion => {
                "both say completed, by different runs; the journal's stands".to_owned()
            }
            Difference::Reverted(undone) => format!(
                "its commit {} was reverted by {}: runr tasks reset {name}",
                short_commit(&undone.commit),
                short_commit(&undone.by)
            ),
            Difference::NotReachable(sha) => {
                format!(
                    "its checkpoint {} is on no branch that counts",
                    short_commit(sha)
                )
            }
            Difference::NoCommit(Some(Source::Manual)) => {
                "completed by hand: in the journal only".to_owned()
            }
            Difference::NoCommit(_) => "completed without a commit: in the journal only".to_owned(),
        })
    }

    fn found(&self) -> impl Iterator<Item = (&Inferred, &Found)> {
        self.inferred
            .iter()
            .filter_map(|inferred| Some((inferred, inferred.found.as_ref()?)))
    }

    fn name(&self, ix: TaskIx) -> String {
        one_line(self.plan.task(ix).id.as_str()).into_owned()
    }

    fn width(&self) -> usize {
        let listed = self
            .inferred
            .iter()
            .filter(|i| i.found.is_some() || i.difference != Difference::None);
        listed
            .map(|inferred| columns(&self.name(inferred.task)))
            .max()
            .unwrap_or(0)
    }

    /// As programs read it.
    #[must_use]
    pub fn json(&self) -> GitJson {
        let tasks = self.inferred.iter().zip(self.later).map(|(i, later)| {
            let found = i.found.as_ref();
            GitTaskJson {
                task: self.plan.task(i.task).id.clone(),
                completed: found.is_some_and(is_sure),
                evidence: found.map(|found| found.evidence.word()),
                run: found.and_then(|found| found.run.as_ref().map(ToString::to_string)),
                commit: found.and_then(|found| found.commit.clone()),
                at: found.and_then(|found| found.at),
                differs: difference_word(&i.difference),
                why: self.why(i),
                adopted_by_write: i.is_adopted(self.task_files),
                later_changes: later.newest.clone(),
                later_changes_total: later.total,
            }
        });
        GitJson {
            schema_version: 1,
            tasks: tasks.collect(),
            unmatched_commits: self.unmatched.to_vec(),
        }
    }
}

/// `runr status --infer-from-git --json`. Field names are an interface: never rename one.
#[derive(Debug, Clone, Serialize)]
pub struct GitJson {
    pub schema_version: u32,
    pub tasks: Vec<GitTaskJson>,
    pub unmatched_commits: Vec<String>,
}

/// One task of it.
#[derive(Debug, Clone, Serialize)]
pub struct GitTaskJson {
    pub task: TaskId,
    /// According to git.
    pub completed: bool,
    /// `commit`, `run_folder`, `completed_by`, `task_file` or `probably`.
    pub evidence: Option<&'static str>,
    pub run: Option<String>,
    pub commit: Option<String>,
    pub at: Option<jiff::Timestamp>,
    /// `new`, `news_since`, `other_completion`, `reverted`, `not_reachable` or `no_commit`; `null`: the journal says the same.
    pub differs: Option<&'static str>,
    pub why: Option<String>,
    pub adopted_by_write: bool,
    /// The newest, at most 50.
    pub later_changes: Vec<LaterChange>,
    /// As many as there are, listed or not.
    pub later_changes_total: usize,
}

fn difference_word(difference: &Difference) -> Option<&'static str> {
    Some(match difference {
        Difference::None => return None,
        Difference::New => "new",
        Difference::NewsSince(_) => "news_since",
        Difference::OtherCompletion => "other_completion",
        Difference::Reverted(_) => "reverted",
        Difference::NotReachable(_) => "not_reachable",
        Difference::NoCommit(_) => "no_commit",
    })
}

fn is_sure(found: &Found) -> bool {
    found.evidence < Evidence::TaskFile
}

fn evidence_words(evidence: Evidence) -> Option<&'static str> {
    match evidence {
        Evidence::Commit => None,
        Evidence::RunFolder => Some("by its run folder"),
        Evidence::CompletedBy => Some("by `completed_by` in its file"),
        Evidence::TaskFile => Some("only its file says so"),
        Evidence::Probably => Some("probably: the commit changed only what it owns"),
    }
}

fn date(found: &Found, zone: &TimeZone) -> Option<String> {
    Some(zone.to_datetime(found.at?).date().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{RunId, Undone};
    use crate::plan::sample;

    fn found(evidence: Evidence) -> Option<Found> {
        Some(Found {
            evidence,
            run: RunId::parse("20250108-143022-k3f9").ok(),
            commit: Some("0123456789abcdef".to_owned()),
            at: "2025-01-08T14:30:22Z".parse().ok(),
            fingerprint: None,
        })
    }

    #[test]
    fn every_difference_has_its_words() {
        let names = [
            "a.md", "b.md", "c.md", "d.md", "e.md", "f.md", "g.md", "h.md", "i.md",
        ];
        let tasks: Vec<(&str, &[&str])> = names.iter().map(|name| (*name, &[][..])).collect();
        let plan = sample(&tasks);
        let at = "2025-01-09T00:00:00Z".parse().unwrap();
        let all = [
            (found(Evidence::Commit), Difference::New),
            (found(Evidence::Probably), Difference::New),
            (found(Evidence::TaskFile), Difference::New),
            (
                found(Evidence::RunFolder),
                Difference::NewsSince(Status::Failed),
            ),
            (found(Evidence::CompletedBy), Difference::OtherCompletion),
            (
                None,
                Difference::Reverted(Undone {
                    run: None,
                    commit: "aaaaaaaaaaaaaaa".to_owned(),
                    by: "bbbbbbbbbbbbbbbb".to_owned(),
                    at,
                }),
            ),
            (None, Difference::NotReachable("cccccccccccccc".to_owned())),
            (None, Difference::NoCommit(Some(Source::Manual))),
            (found(Evidence::Commit), Difference::None),
        ];
        let inferred: Vec<Inferred> = all
            .into_iter()
            .zip(plan.numbers())
            .map(|((found, difference), task)| Inferred {
                task,
                found,
                difference,
            })
            .collect();
        let mut later = vec![LaterChanges::default(); names.len()];
        later[8].total = 70;
        later[8].newest = (0..7)
            .map(|n| LaterChange {
                commit: format!("{n}dddddddddddd"),
                subject: "Fix \u{1b}[31mit".to_owned(),
            })
            .collect();
        let report = GitReport {
            plan: &plan,
            inferred: &inferred,
            task_files: TaskFiles::Hints,
            later: &later,
            unmatched: &["eeeeeeeeeeeeee".to_owned()],
        };
        let look = Look {
            glyphs: Glyphs::Unicode,
            zone: TimeZone::UTC,
        };
        let text = report.text(&look);
        insta::assert_snapshot!(anstream::adapter::strip_str(&text).to_string(), @r#"
        Completed according to git: 4 of 9 tasks
          ✓ a.md  2025-01-08  run:20250108-143022-k3f9  0123456789
          ? b.md  2025-01-08  run:20250108-143022-k3f9  0123456789  probably: the commit changed only what it owns
          ? c.md  2025-01-08  run:20250108-143022-k3f9  0123456789  only its file says so
          ✓ d.md  2025-01-08  run:20250108-143022-k3f9  0123456789  by its run folder
          ✓ e.md  2025-01-08  run:20250108-143022-k3f9  0123456789  by `completed_by` in its file
          ✓ i.md  2025-01-08  run:20250108-143022-k3f9  0123456789

        The journal differs:
          a.md  completed in git, not in the journal
          b.md  probably completed in git: runr status --infer-from-git --write b.md
          c.md  only its file says that it is completed: runr status --infer-from-git --write c.md
          d.md  completed in git; since that commit the journal says failed: runr status --infer-from-git --write d.md
          e.md  both say completed, by different runs; the journal's stands
          f.md  its commit aaaaaaaaaa was reverted by bbbbbbbbbb: runr tasks reset f.md
          g.md  its checkpoint cccccccccc is on no branch that counts
          h.md  completed by hand: in the journal only

        Later changes to what completed tasks own:
          i.md
            0ddddddddd Fix \u{1b}[31mit
            1ddddddddd Fix \u{1b}[31mit
            2ddddddddd Fix \u{1b}[31mit
            3ddddddddd Fix \u{1b}[31mit
            4ddddddddd Fix \u{1b}[31mit
            and 65 more

        1 commit names a run, and nothing here says its task: eeeeeeeeee
        "#);
        let json = report.json();
        assert_eq!(json.tasks.iter().filter(|task| task.completed).count(), 4);
        assert_eq!(
            json.tasks
                .iter()
                .filter(|task| task.adopted_by_write)
                .count(),
            1
        );
    }
}
