//! The two lines on top: what runs or ran, for how long and what for; how the tasks stand.

use std::time::Duration;

use jiff::Timestamp;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::model::show_duration;
use crate::report::{class_style, columns, count, exit_words, one_line};
use crate::screen::draw::paint::Paint;
use crate::screen::model::Model;
use crate::view::Class;

pub fn head(buffer: &mut Buffer, area: Rect, model: &Model, paint: Paint) {
    let (command, how) = orchestration(model);
    let project = one_line(&model.moment.project).into_owned();
    let width = usize::from(area.width);
    let mut spans = vec![
        Span::styled(command, paint.bold()),
        Span::raw("  "),
        Span::raw(how),
    ];
    let used: usize = spans.iter().map(|span| columns(&span.content)).sum();
    if used + columns(&project) + 2 <= width {
        let gap = width - used - columns(&project);
        spans.push(Span::raw(" ".repeat(gap)));
        spans.push(Span::styled(project, paint.dim()));
    }
    buffer.set_line(area.x, area.y, &Line::from(spans), area.width);
    buffer.set_line(area.x, area.y + 1, &counts(model, paint), area.width);
}

fn since(now: Timestamp, then: Timestamp) -> Duration {
    now.duration_since(then).try_into().unwrap_or_default()
}

/// The command, and how it goes.
fn orchestration(model: &Model) -> (String, String) {
    let moment = &model.moment;
    let Some((orch, entry)) = moment.orchestration() else {
        return (
            "nothing has run yet".to_owned(),
            "runr run starts what is ready".to_owned(),
        );
    };
    let mut parts = Vec::new();
    match entry.ended_at {
        Some(ended) => {
            parts.push(format!(
                "took {}",
                show_duration(since(ended, entry.started_at))
            ));
            parts.push(exit_words(entry.exit.unwrap_or(0)).to_owned());
        }
        None if moment.processes.deserted.contains(orch) => {
            parts.push(match entry.detached {
                true => "its terminal was closed: runr resume".to_owned(),
                false => "its process is gone: runr resume".to_owned(),
            });
        }
        None => {
            let elapsed = since(model.now, entry.started_at);
            parts.push(format!("running for {}", show_duration(elapsed)));
            let left = moment.shown.as_ref().and_then(|shown| shown.left);
            let left = left.map(|left| left.saturating_sub(since(model.now, moment.at)));
            // What is later than foretold may end at any moment.
            if let Some(left) = left.filter(|left| !left.is_zero()) {
                parts.push(format!("about {} left", show_duration(left)));
            }
        }
    }
    if let Some(cost) = entry.spent.cost_usd {
        let at_least = if entry.spent.at_least {
            "at least "
        } else {
            ""
        };
        parts.push(format!("{at_least}{cost}"));
    }
    if let Some(beside) = moment
        .shown
        .as_ref()
        .map(|shown| shown.beside)
        .filter(|n| *n > 0)
    {
        parts.push(format!(
            "{} beside it",
            count(beside, "other runs", "others run")
        ));
    }
    (one_line(&entry.command).into_owned(), parts.join(", "))
}

fn counts<'a>(model: &Model, paint: Paint) -> Line<'a> {
    let counts = &model.counts;
    let mut spans = vec![Span::raw(count(counts.total, "task", "tasks"))];
    let mut before = ": ";
    for (class, n, word) in [
        (Class::Completed, counts.completed, "completed"),
        (Class::Running, counts.running, "running"),
        (Class::Failed, counts.failed, "failed"),
        (Class::Stopped, counts.stopped, "stopped"),
        (Class::NeedsYou, counts.need_you, "need you"),
        (Class::Ready, counts.ready, "ready"),
        (Class::Blocked, counts.blocked, "blocked"),
        (Class::Unknown, counts.unknown, "unknown"),
    ] {
        if n == 0 {
            continue;
        }
        let word = match (class, n) {
            (Class::NeedsYou, 1) => "needs you",
            _ => word,
        };
        spans.push(Span::raw(before));
        let mut style = paint.style(class_style(class));
        if class == Class::NeedsYou {
            style = style.patch(paint.bold());
        }
        spans.push(Span::styled(format!("{n} {word}"), style));
        if class == Class::Completed && counts.stale > 0 {
            spans.push(Span::raw(format!(" ({} stale)", counts.stale)));
        }
        before = ", ";
    }
    Line::from(spans)
}
