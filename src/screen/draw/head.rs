//! The two lines on top: what runs or ran, for how long and what for; how the tasks stand.

use std::time::Duration;

use jiff::Timestamp;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::model::show_duration;
use crate::report::{class_style, columns, count, end_words, one_line};
use crate::screen::draw::paint::Paint;
use crate::screen::model::{Model, Tone};
use crate::view::Class;

/// So many columns of the command are always shown.
const LEAST_COMMAND: usize = 10;

pub fn head(buffer: &mut Buffer, area: Rect, model: &Model, paint: Paint) {
    let (command, how) = orchestration(model);
    let project = one_line(&model.moment.project).into_owned();
    let width = usize::from(area.width);
    // How it goes says more than the end of a long command.
    let room = width.saturating_sub(columns(&how) + 2).max(LEAST_COMMAND);
    let command = paint.cut(&command, room);
    let how = paint.cut(&how, width.saturating_sub(columns(&command) + 2));
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
    let counts = counts(model, paint);
    buffer.set_line(area.x, area.y + 1, &counts, area.width);
    if counts.width() > width {
        let last = Span::raw(paint.glyphs.ellipsis());
        let at = area.right() - u16::try_from(last.width()).unwrap_or(1);
        buffer.set_span(at, area.y + 1, &last, area.width);
    }
}

fn since(now: Timestamp, then: Timestamp) -> Duration {
    now.duration_since(then).try_into().unwrap_or_default()
}

/// The command, and how it goes.
fn orchestration(model: &Model) -> (String, String) {
    let moment = &model.moment;
    let Some((orch, entry)) = model.orchestration() else {
        let (what, next) = match (&moment.damage, moment.abroad) {
            (Some(_), _) => ("the journal cannot be read", String::new()),
            (None, 0) => (
                "nothing has run yet",
                "runr run starts what is ready".to_owned(),
            ),
            (None, n) => ("nothing has run here yet", abroad(n)),
        };
        return (what.to_owned(), next);
    };
    let mut parts = Vec::new();
    let several = moment.shown.len();
    if several > 1 {
        let at = moment.shown.iter().position(|shown| shown.orch == *orch);
        parts.push(format!(
            "{} of {several} that run",
            at.map_or(1, |at| at + 1)
        ));
    }
    match entry.ended_at {
        Some(ended) => {
            parts.push(format!(
                "took {}",
                show_duration(since(ended, entry.started_at))
            ));
            parts.push(end_words(entry).to_owned());
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
            let left = model.shown().and_then(|shown| shown.left);
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
    if moment.abroad > 0 {
        parts.push(abroad(moment.abroad));
    }
    (one_line(&entry.command).into_owned(), parts.join(", "))
}

fn abroad(n: usize) -> String {
    match n {
        1 => "one runs in another repository".to_owned(),
        n => format!("{n} run in other repositories"),
    }
}

/// What is wrong with the journal and the files, and what to do next: whole lines, as many as there is room for.
pub fn notice(buffer: &mut Buffer, area: Rect, model: &Model, paint: Paint) {
    let width = usize::from(area.width);
    let mut lines = model.notices(width);
    let room = usize::from(area.height);
    if lines.len() > room {
        lines.truncate(room);
        if let Some((_, last)) = lines.last_mut() {
            *last = paint.cut(&format!("{last}{}", " ".repeat(width)), width);
        }
    }
    for ((tone, line), y) in lines.iter().zip(area.top()..) {
        let style = match tone {
            Tone::Bad => paint.bad(),
            Tone::Plain => Style::new(),
        };
        buffer.set_line(area.x, y, &Line::styled(line.as_str(), style), area.width);
    }
}

fn counts<'a>(model: &Model, paint: Paint) -> Line<'a> {
    let counts = &model.counts;
    let all = model.moment.plan.tasks().len() + model.moment.never_read.len();
    let mut spans = vec![Span::raw(count(all, "task", "tasks"))];
    let mut before = ": ";
    let invalid = all.saturating_sub(counts.total);
    if invalid > 0 {
        spans.push(Span::raw(before));
        spans.push(Span::styled(format!("{invalid} invalid"), paint.bad()));
        before = ", ";
    }
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
