//! Everything about the selected task, and its log as it grows.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::model::{Status, TaskKind, show_duration};
use crate::plan::TaskIx;
use crate::report::{Note, columns, count, notes, one_line, status_style, status_words};
use crate::screen::ask::Source;
use crate::screen::detail::Detail;
use crate::screen::draw::noted::words;
use crate::screen::draw::paint::Paint;
use crate::screen::log::{From, LogLine, wrapped};
use crate::screen::model::Model;

/// Columns of the words before a fact.
const LABEL: usize = 11;

pub fn detail(buffer: &mut Buffer, area: Rect, model: &Model, paint: Paint) {
    let width = usize::from(area.width);
    let (name, style, words, facts) = match (&model.detail, model.never_read()) {
        (Some(detail), _) => {
            let status = model.moment.view(detail.task).status;
            (
                one_line(model.moment.id(detail.task).as_str()).into_owned(),
                paint.style(status_style(status)),
                status_words(status),
                facts(model, detail, (width, paint)),
            )
        }
        (None, Some(file)) => {
            let why = wrapped(&one_line(&file.why), width).into_iter();
            (
                one_line(&file.name).into_owned(),
                paint.bad(),
                "invalid",
                why.map(|part| Line::styled(part, paint.bad())).collect(),
            )
        }
        (None, None) => {
            paint.rule(buffer, Rect { height: 1, ..area }, Span::raw(""), "");
            return;
        }
    };
    let top = Rect { height: 1, ..area };
    paint.rule(
        buffer,
        top,
        Span::styled(name, paint.bold().patch(style)),
        words,
    );
    let room = usize::from(area.height) - 1;
    // The log gets at least half; on a small screen what is known comes first.
    let most = match room {
        0..=3 => room,
        _ => (room / 2).max(3),
    };
    let shown = facts.len().min(most);
    for (y, line) in (area.y + 1..).zip(facts.iter().take(shown)) {
        buffer.set_line(area.x, y, line, area.width);
    }
    let below = u16::try_from(shown).unwrap_or(0) + 1;
    if area.height >= below + 2 {
        let rest = Rect {
            y: area.y + below,
            height: area.height - below,
            ..area
        };
        log(buffer, rest, model, paint);
    }
}

fn facts<'a>(model: &Model, detail: &Detail, (width, paint): (usize, Paint)) -> Vec<Line<'a>> {
    let moment = &model.moment;
    let ix = detail.task;
    let task = moment.plan.task(ix);
    let mut lines = Vec::new();
    let title = one_line(&task.title).into_owned();
    if title != one_line(task.id.as_str()) {
        lines.push(Line::raw(paint.cut(&title, width)));
    }
    if let Some(why) = moment.invalid.get(&ix) {
        for part in wrapped(&one_line(why), width).into_iter().take(2) {
            lines.push(Line::styled(part, paint.bad()));
        }
    }
    let facts = moment.facts(model.now);
    // What there is to look at begins with them.
    let told = matches!(model.source, Some(Source::Evidence(..)));
    for note in notes(&facts, ix).iter().filter(|_| !told) {
        let text = words(&facts, (note, ix));
        // What it waits for, and how long it runs, follow, with more about it.
        let told = matches!(note, Note::Elapsed(_))
            || (matches!(note, Note::Ready) && moment.invalid.contains_key(&ix));
        if told
            || text.is_empty()
            || (matches!(note, Note::BlockedBy(_)) && detail_waits(model, detail))
        {
            continue;
        }
        let style = paint.style(status_style(moment.view(ix).status));
        for part in wrapped(&text, width).into_iter().take(2) {
            lines.push(Line::styled(part, style));
        }
    }
    if detail_waits(model, detail) {
        let more = match detail.behind {
            0 => String::new(),
            n => format!("({n} more behind)"),
        };
        lines.push(names(
            model,
            ("waits for", &detail.waits, &more),
            (width, paint),
        ));
    }
    if !detail.frees.is_empty() {
        let more = match detail.held.saturating_sub(detail.frees.len()) {
            0 => String::new(),
            n => format!("({n} more wait for it)"),
        };
        lines.push(names(
            model,
            ("sets free", &detail.frees, &more),
            (width, paint),
        ));
    } else if detail.held > 0 {
        let text = format!("{} for it", count(detail.held, "task waits", "tasks wait"));
        lines.extend(labelled("held up", &text, (width, paint)));
    }
    // Of a task that cannot be read nobody knows who would do it.
    if moment.view(ix).status != Status::Unknown {
        lines.extend(labelled("worker", &work(model, detail, ix), (width, paint)));
    }
    lines
}

/// Are its prerequisites merely not completed? What is completed elsewhere is told by its note.
fn detail_waits(model: &Model, detail: &Detail) -> bool {
    !detail.waits.is_empty()
        && detail
            .waits
            .iter()
            .all(|p| model.moment.view(*p).outside.is_none())
}

/// A fact in as many lines as it needs.
fn labelled<'a>(label: &str, text: &str, (width, paint): (usize, Paint)) -> Vec<Line<'a>> {
    let parts = wrapped(text, width.saturating_sub(LABEL)).into_iter();
    let labels = std::iter::once(label).chain(std::iter::repeat(""));
    let lines = labels.zip(parts).map(|(label, part)| {
        Line::from(vec![
            Span::styled(format!("{label:LABEL$}"), paint.dim()),
            Span::raw(part),
        ])
    });
    lines.collect()
}

/// Names with the signs of their states, as many as fit.
fn names<'a>(
    model: &Model,
    (label, tasks, more): (&str, &[TaskIx], &str),
    (width, paint): (usize, Paint),
) -> Line<'a> {
    let mut spans = vec![Span::styled(format!("{label:LABEL$}"), paint.dim())];
    let mut used = LABEL;
    for (n, ix) in tasks.iter().enumerate() {
        let status = model.moment.view(*ix).status;
        let name = one_line(model.moment.id(*ix).as_str()).into_owned();
        let wide = columns(&name) + 4;
        let left = tasks.len() - n;
        if used + wide + columns(more) + 12 > width && n > 0 {
            spans.push(Span::raw(format!("and {left} more  ")));
            break;
        }
        let style = paint.style(status_style(status));
        spans.push(Span::styled(
            format!("{} ", paint.glyphs.status(status)),
            style,
        ));
        spans.push(Span::raw(format!(
            "{}  ",
            paint.cut(&name, width.saturating_sub(LABEL + 4))
        )));
        used += wide;
    }
    if !more.is_empty() {
        spans.push(Span::styled(more.to_owned(), paint.dim()));
    }
    Line::from(spans)
}

/// Who does it, how often it was tried, how long and for how much.
fn work(model: &Model, detail: &Detail, ix: TaskIx) -> String {
    let moment = &model.moment;
    let task = moment.plan.task(ix);
    let mut parts = Vec::new();
    let worker = task
        .worker
        .as_deref()
        .map(|worker| one_line(worker).into_owned());
    parts.push(match (task.kind, worker) {
        (TaskKind::Manual, _) => "a person".to_owned(),
        (TaskKind::Automated, Some(worker)) => worker,
        (TaskKind::Hybrid, Some(worker)) => format!("{worker}, then a person approves"),
        (_, None) => "no worker".to_owned(),
    });
    let recorded = moment.state.tasks.get(&task.id);
    let attempts = recorded.map_or(0, |recorded| recorded.attempts);
    if attempts > 1 {
        parts.push(format!("attempt {attempts}"));
    }
    let now = model.now;
    let open = moment.state.open_run(&task.id);
    let running = open.map(|(_, open)| now.duration_since(open.reserved_at));
    if let Some(elapsed) = running {
        let elapsed = elapsed.try_into().unwrap_or_default();
        parts.push(format!("running for {}", show_duration(elapsed)));
    }
    if task.kind != TaskKind::Manual {
        let known = recorded.is_some_and(|r| r.expected_ms().is_some()) || task.estimate.is_some();
        if known {
            parts.push(format!("expected {}", show_duration(detail.expected)));
        }
    }
    let spending = open.and_then(|(_, open)| open.spent);
    let spent = spending.and_then(|spent| spent.cost_usd);
    let before = recorded.map(|recorded| recorded.spent_in_orch);
    if let Some(cost) = spent
        .or(before)
        .filter(|cost| *cost > crate::model::Usd::ZERO)
    {
        parts.push(cost.to_string());
    }
    if let Some(sha) = recorded.and_then(|recorded| recorded.checkpoint_sha.as_deref()) {
        parts.push(format!(
            "commit {}",
            one_line(sha).chars().take(10).collect::<String>()
        ));
    }
    parts.join(", ")
}

fn has_log(model: &Model) -> bool {
    model
        .task()
        .is_some_and(|ix| model.moment.run(ix).is_some())
}

fn log(buffer: &mut Buffer, area: Rect, model: &Model, paint: Paint) {
    let name = match &model.source {
        None => "no log".to_owned(),
        Some(Source::Log(run)) => format!("log of {run}"),
        Some(Source::Text(path)) => one_line(path).into_owned(),
        Some(Source::Evidence(..)) => "to look at".to_owned(),
    };
    let (width, height) = (usize::from(area.width), usize::from(area.height) - 1);
    let mut lines = model.log.shown(width, height + 1);
    let more = lines.len() > height;
    let right = match (model.log.hidden(), &model.source) {
        // Where a text begins at the top nothing else tells that it goes on.
        ((From::Beginning, 0), _) if more => "more below: ]".to_owned(),
        ((_, 0), Some(Source::Log(_) | Source::Evidence(..))) => "Tab: its text".to_owned(),
        ((_, 0), Some(Source::Text(_))) if has_log(model) => "Tab: its log".to_owned(),
        ((_, 0), _) => String::new(),
        ((From::End, n), _) => format!("{} below", count(n, "line", "lines")),
        ((From::Beginning, n), _) => {
            let above = format!("{} above", count(n, "line", "lines"));
            match more {
                true => format!("{above}, more below: ]"),
                false => above,
            }
        }
    };
    match model.log.hidden().0 {
        From::Beginning => lines.truncate(height),
        From::End => drop(lines.drain(..lines.len().saturating_sub(height))),
    }
    let top = Rect { height: 1, ..area };
    paint.rule(buffer, top, Span::styled(name, paint.dim()), &right);
    if model.log.is_empty() {
        // Of a run that is over nothing will come.
        let over = match &model.source {
            Some(Source::Log(run)) => {
                let state = &model.moment.state;
                !state.open.contains_key(run) && !state.claimed.contains_key(run)
            }
            _ => false,
        };
        let words = if over {
            "it wrote nothing"
        } else {
            "nothing yet"
        };
        let line = Line::styled(words, paint.dim());
        buffer.set_line(area.x, area.y + 1, &line, area.width);
        return;
    }
    for (y, line) in (area.y + 1..).zip(lines) {
        let line = match line {
            LogLine::Text(text) => Line::raw(text),
            LogLine::Heading(name) => Line::styled(format!("==> {}", one_line(&name)), paint.dim()),
        };
        buffer.set_line(area.x, y, &line, area.width);
    }
}
