//! `runr status --tasks`, as people read it.
//!
//! Knows the facts and their notes. Dates are local to the time zone handed in.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;

use crate::model::{RunId, Source, Status, Whose};
use crate::plan::TaskIx;
use crate::report::counts::Counts;
use crate::report::facts::Facts;
use crate::report::note::{Note, notes};
use crate::report::sanitise::one_line;
use crate::report::style::{Glyphs, class_style, dim, status_style, status_words};
use crate::report::text::{columns, name_width, pad};
use crate::view::Class;

/// Where and how a table is read.
#[derive(Debug, Clone)]
pub struct Look {
    pub glyphs: Glyphs,
    pub zone: TimeZone,
}

/// The table of these tasks with its heading, and the line that counts them; of several repositories one table each,
/// the home's first, and one line that counts all.
///
/// Task files come first, by name, as in the folder; then the steps of the orchestration file, in its
/// order.
#[must_use]
pub fn status_table(facts: &Facts<'_>, shown: &[TaskIx], look: &Look) -> String {
    let mut text = String::new();
    let repositories = facts.plan.repositories();
    let mut parts: BTreeMap<Whose, Vec<TaskIx>> = BTreeMap::new();
    // The home's table is there though it may be empty.
    parts.insert(Whose::Home, Vec::new());
    for ix in shown {
        parts.entry(facts.plan.whose(*ix)).or_default().push(*ix);
    }
    for (whose, shown) in &parts {
        let folder = match repositories.get(*whose) {
            None => String::new(),
            Some(other) => format!("{}/", one_line(&other.folder)),
        };
        table(&mut text, facts, (&folder, shown), look);
        text.push('\n');
    }
    let counts = Counts::of(shown.iter().map(|ix| facts.view(*ix)));
    text.push_str(&counts.line());
    text.push('\n');
    text
}

/// The table of one repository.
fn table(text: &mut String, facts: &Facts<'_>, (folder, shown): (&str, &[TaskIx]), look: &Look) {
    let (mut files, steps): (Vec<TaskIx>, Vec<TaskIx>) = shown
        .iter()
        .partition(|ix| !facts.task(**ix).id.is_inline());
    files.sort_unstable_by(|a, b| facts.task(*a).id.cmp(&facts.task(*b).id));
    text.push_str(&format!("Tasks in {folder}.runr/tasks/:\n"));
    rows(text, facts, &files, look);
    if !steps.is_empty() {
        let of = match folder {
            "" => String::new(),
            folder => format!(" of {}", folder.trim_end_matches('/')),
        };
        text.push_str(&format!("\nSteps of the orchestration file{of}:\n"));
        rows(text, facts, &steps, look);
    }
}

fn rows(text: &mut String, facts: &Facts<'_>, tasks: &[TaskIx], look: &Look) {
    let names: Vec<_> = tasks
        .iter()
        .map(|ix| one_line(facts.task(*ix).id.as_str()))
        .collect();
    let width = name_width(names.iter().map(AsRef::as_ref));
    let status_width = tasks
        .iter()
        .map(|ix| status_words(facts.view(*ix).status).len())
        .max()
        .unwrap_or(0)
        .max(columns("awaiting approval"));
    for (ix, name) in tasks.iter().zip(&names) {
        let status = facts.view(*ix).status;
        let style = status_style(status);
        text.push_str(&format!(
            "  {style}{}{style:#} ",
            look.glyphs.status(status)
        ));
        pad(text, name, width);
        text.push_str(&format!("  {style}"));
        pad(text, status_words(status), status_width);
        text.push_str(&format!("{style:#}"));
        let grey = dim();
        if let Some(date) = date(facts, *ix, &look.zone) {
            text.push_str("  ");
            text.push_str(&date);
        }
        if let Some(run) = run(facts, *ix) {
            text.push_str(&format!("  {grey}run:{run}{grey:#}"));
        }
        for note in notes(facts, *ix) {
            let style = note_style(&note);
            text.push_str(&format!("  {style}{}{style:#}", note.text(facts, *ix)));
        }
        text.push('\n');
    }
}

fn note_style(note: &Note) -> anstyle::Style {
    match note {
        Note::NeedsYou(_) => class_style(Class::NeedsYou),
        Note::Trouble(_) | Note::Elsewhere(_) => class_style(Class::Stopped),
        Note::Stale(_) | Note::Written { .. } => class_style(Class::Stopped),
        Note::Because(..) => anstyle::Style::new(),
        _ => dim(),
    }
}

/// Shown for what a run or a person did, not for what only waits.
fn happened(facts: &Facts<'_>, ix: TaskIx) -> bool {
    match facts.view(ix).status {
        Status::Completed | Status::InProgress | Status::Failed | Status::Stopped => true,
        Status::Pending => facts.recorded(ix).is_some_and(|r| r.stop_reason.is_some()),
        Status::Skipped | Status::AwaitingApproval | Status::Unknown => false,
    }
}

fn date(facts: &Facts<'_>, ix: TaskIx, zone: &TimeZone) -> Option<String> {
    let recorded = facts.recorded(ix).filter(|_| happened(facts, ix))?;
    let when = recorded.completed_at.or(recorded.updated_at)?;
    Some(zone.to_datetime(when).date().to_string())
}

/// The run that made the status what it is.
fn run<'a>(facts: &Facts<'a>, ix: TaskIx) -> Option<&'a RunId> {
    let recorded = facts.recorded(ix).filter(|_| happened(facts, ix))?;
    let by_hand = recorded.status == Status::Completed && recorded.source == Some(Source::Manual);
    recorded.last_run_id.as_ref().filter(|_| !by_hand)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::event::{CancelTarget, Event, Verdict};
    use crate::model::{StopReason, WrittenStatus};
    use crate::report::facts::{Liveness, Processes};
    use crate::view::tests::{Story, id, orch, print};

    fn look(glyphs: Glyphs) -> Look {
        Look {
            glyphs,
            zone: TimeZone::UTC,
        }
    }

    fn table(story: &Story, processes: &Processes, look: &Look) -> String {
        let views = story.views();
        let facts = Facts {
            plan: &story.plan,
            state: &story.state,
            views: &views,
            processes,
            not_landed: &[],
            now: story.now(),
        };
        let all: Vec<TaskIx> = story.plan.numbers().collect();
        status_table(&facts, &all, look)
    }

    fn plain(story: &Story, look: &Look) -> String {
        let text = table(story, &Processes::default(), look);
        anstream::adapter::strip_str(&text).to_string()
    }

    /// The nine rows of the product page.
    fn nine() -> Story {
        let mut story = Story::new(&[
            ("00-setup.md", &[]),
            ("01-basic-engine.md", &["00-setup.md"]),
            ("02-networking.md", &["01-basic-engine.md"]),
            ("03-advanced-ai.md", &["02-networking.md"]),
            ("04-theme.md", &[]),
            ("05-api-keys.md", &[]),
            ("06-copy.md", &[]),
            ("07-board.md", &["00-setup.md"]),
            ("08-docs.md", &[]),
        ]);
        story.manual(&["05-api-keys.md"]);
        story.completed("00-setup.md", print(0));
        story.completed("01-basic-engine.md", print(9));
        story.failed("02-networking.md");
        story.happens(Event::Skipped {
            orch: orch(),
            task: id("05-api-keys.md"),
        });
        story.awaiting("06-copy.md");
        story.happens(Event::CancelRequested {
            target: CancelTarget::Task(id("08-docs.md")),
            drain: false,
            by: "ann".to_owned(),
        });
        story.ended(
            "08-docs.md",
            Verdict::Stopped {
                reason: StopReason::Cancelled,
                message: None,
            },
        );
        story.started("07-board.md", print(0));
        story
    }

    #[test]
    fn all_rows_of_the_product_page() {
        insta::assert_snapshot!(plain(&nine(), &look(Glyphs::Unicode)), @r"
        Tasks in .runr/tasks/:
          ✓ 00-setup.md         completed          2025-01-08  run:20250108-143100-baaa
          ✓ 01-basic-engine.md  completed          2025-01-08  run:20250108-143400-caaa  stale: its text changed
          ✗ 02-networking.md    failed             2025-01-08  run:20250108-143700-daaa  verification failed: cargo test
          ○ 03-advanced-ai.md   pending            blocked by 02-networking.md
          ○ 04-theme.md         pending            ready
          ◇ 05-api-keys.md      skipped            needs you: runr tasks complete 05-api-keys.md
          ◈ 06-copy.md          awaiting approval  needs you: runr tasks approve 06-copy.md
          ◐ 07-board.md         in progress        2025-01-08  run:20250108-144800-gaaa  2m 0s
          ◌ 08-docs.md          stopped            2025-01-08  run:20250108-144500-faaa  cancelled

        9 tasks: 2 completed (1 stale), 1 running, 1 failed, 1 stopped, 2 need you, 1 ready, 1 blocked
        ");
    }

    #[test]
    fn the_same_in_ascii() {
        insta::assert_snapshot!(plain(&nine(), &look(Glyphs::Ascii)), @r"
        Tasks in .runr/tasks/:
          + 00-setup.md         completed          2025-01-08  run:20250108-143100-baaa
          + 01-basic-engine.md  completed          2025-01-08  run:20250108-143400-caaa  stale: its text changed
          x 02-networking.md    failed             2025-01-08  run:20250108-143700-daaa  verification failed: cargo test
          . 03-advanced-ai.md   pending            blocked by 02-networking.md
          . 04-theme.md         pending            ready
          m 05-api-keys.md      skipped            needs you: runr tasks complete 05-api-keys.md
          a 06-copy.md          awaiting approval  needs you: runr tasks approve 06-copy.md
          > 07-board.md         in progress        2025-01-08  run:20250108-144800-gaaa  2m 0s
          ! 08-docs.md          stopped            2025-01-08  run:20250108-144500-faaa  cancelled

        9 tasks: 2 completed (1 stale), 1 running, 1 failed, 1 stopped, 2 need you, 1 ready, 1 blocked
        ");
    }

    #[test]
    fn colours_are_written_around_glyph_status_and_notes() {
        let mut story = Story::new(&[("a.md", &[]), ("b.md", &["a.md"])]);
        story.failed("a.md");
        let text = table(&story, &Processes::default(), &look(Glyphs::Unicode));
        insta::assert_snapshot!(text.replace('\u{1b}', "ESC"), @r"
        Tasks in .runr/tasks/:
          ESC[31m✗ESC[0m a.md  ESC[31mfailed           ESC[0m  2025-01-08  ESC[2mrun:20250108-143100-baaaESC[0m  verification failed: cargo test
          ○ b.md  pending            ESC[2mblocked by a.mdESC[0m

        2 tasks: ESC[31m1 failedESC[0m, 1 blocked
        ");
    }

    #[test]
    fn dates_are_local() {
        let mut story = Story::new(&[("a.md", &[])]);
        story.completed("a.md", print(0));
        let zone = TimeZone::fixed(jiff::tz::offset(-15));
        let text = plain(
            &story,
            &Look {
                glyphs: Glyphs::Unicode,
                zone,
            },
        );
        assert!(text.contains("2025-01-07"), "{text}");
    }

    #[test]
    fn runs_whose_processes_are_gone_say_so() {
        let mut story = Story::new(&[("a.md", &[]), ("b.md", &[]), ("c.md", &[])]);
        let a = story.started("a.md", print(0));
        let b = story.reserved("b.md", print(0));
        let c = story.started("c.md", print(0));
        let runs = BTreeMap::from([
            (a, Liveness::Gone),
            (b, Liveness::NeverStarted),
            (c, Liveness::Unattended),
        ]);
        let processes = Processes {
            runs,
            ..Processes::default()
        };
        let text = table(&story, &processes, &look(Glyphs::Unicode));
        insta::assert_snapshot!(anstream::adapter::strip_str(&text).to_string(), @r"
        Tasks in .runr/tasks/:
          ◐ a.md  in progress        2025-01-08  run:20250108-143100-baaa  its process is gone: runr resume
          ◐ b.md  in progress        2025-01-08  run:20250108-143300-caaa  never started, its orchestrator is gone: runr resume
          ◐ c.md  in progress        2025-01-08  run:20250108-143400-daaa  2m 0s  its orchestrator is gone: runr resume

        3 tasks: 3 running
        ");
    }

    #[test]
    fn other_completions_retries_rejections_and_written_status_say_so() {
        let mut story = Story::new(&[
            ("by-hand.md", &[]),
            ("in-place.md", &[]),
            ("git.md", &[]),
            ("retry.md", &[]),
            ("rejected.md", &[]),
            ("written.md", &[]),
            ("undone.md", &[]),
            (
                "z-dependent.md",
                &["written.md", "retry.md", "rejected.md", "free.md"],
            ),
            ("free.md", &[]),
            ("track/step-1", &[]),
        ]);
        let says = |status: &str| {
            Some(Box::new(WrittenStatus {
                status: Some(status.into()),
                ..WrittenStatus::default()
            }))
        };
        story.change("written.md", |task| task.written = says("completed"));
        story.change("undone.md", |task| task.written = says("pending"));
        story.change("by-hand.md", |task| task.written = says("Completed"));
        story.completed_by_hand("by-hand.md", print(0));
        story.completed("undone.md", print(0));
        story.ended("in-place.md", Verdict::Completed { sha: None });
        story.happens(Event::Imported {
            task: id("git.md"),
            status: Status::Completed,
            run: None,
            when: story.now(),
            sha: Some("abc".to_owned()),
            source: Source::Git,
            reason: None,
            message: None,
            fingerprint: None,
        });
        story.ended(
            "retry.md",
            Verdict::Retry {
                reason: StopReason::WorkerFailed,
                message: Some("exit code 1\nsecond \u{1b}[31mline".to_owned()),
                counted: true,
                wait_ms: 10,
            },
        );
        story.awaiting("rejected.md");
        story.happens(Event::Rejected {
            task: id("rejected.md"),
            by: "ann".to_owned(),
            note: Some("too \u{1b}[31mloud".to_owned()),
        });
        insta::assert_snapshot!(plain(&story, &look(Glyphs::Unicode)), @r"
        Tasks in .runr/tasks/:
          ✓ by-hand.md      completed          2025-01-08  manual
          ○ free.md         pending            ready
          ✓ git.md          completed          2025-01-08  from git
          ✓ in-place.md     completed          2025-01-08  run:20250108-143500-caaa  no checkpoint
          ○ rejected.md     pending            ready  rejected: too \u{1b}[31mloud
          ○ retry.md        pending            2025-01-08  run:20250108-143900-daaa  ready  after worker failed: exit code 1
          ✓ undone.md       completed          2025-01-08  run:20250108-143200-baaa  its file says `pending`, which is not obeyed: runr tasks reset undone.md
          ○ written.md      pending            ready  its file says `completed`, which is not obeyed: runr tasks complete written.md
          ○ z-dependent.md  pending            blocked by retry.md, rejected.md and 2 more

        Steps of the orchestration file:
          ○ track/step-1  pending            ready

        10 tasks: 4 completed, 5 ready, 1 blocked
        ");
    }
}
