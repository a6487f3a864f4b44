//! The last line: what was said, what is typed, or which keys do something now.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};

use crate::model::Status;
use crate::report::{columns, one_line};
use crate::screen::draw::paint::Paint;
use crate::screen::layout::Areas;
use crate::screen::log::wrapped;
use crate::screen::model::{Mode, Model, Saying};
use crate::screen::rows::Shape;
use crate::view::Ask;

/// Gives where the cursor is, if something is typed here.
pub fn foot(buffer: &mut Buffer, areas: &Areas, model: &Model, paint: Paint) -> Option<Position> {
    let area = areas.foot;
    let width = usize::from(area.width);
    if let Mode::Filter(typed, _) = &model.mode {
        let (before, after) = typed.parts();
        let label = "filter: ";
        // What does not fit is left out at the beginning.
        let room = width.saturating_sub(columns(label) + 1);
        let skipped = before.char_indices().map(|(at, _)| at);
        let start = skipped
            .into_iter()
            .find(|at| columns(&before[*at..]) <= room);
        let before = &before[start.unwrap_or(before.len())..];
        let line = format!("{label}{before}{after}   Enter keeps it   Esc drops it");
        buffer.set_line(area.x, area.y, &Line::raw(line), area.width);
        let x = u16::try_from(columns(label) + columns(before)).unwrap_or(0);
        return Some(Position::new(area.x + x.min(area.width - 1), area.y));
    }
    // Where there is no room for it above, what is wrong stands here.
    let moment = &model.moment;
    let trouble = moment.damage.as_ref().or(moment.trouble.as_ref());
    let trouble = trouble.filter(|_| areas.notice.height == 0);
    let line = match (&model.said, &model.busy, trouble) {
        (Some(said), ..) => return say(buffer, area, (said, paint)),
        (None, Some((busy, _)), _) => Line::raw(format!("{busy}{}", paint.glyphs.ellipsis())),
        (None, None, Some(trouble)) => {
            Line::styled(paint.cut(&one_line(trouble), width), paint.bad())
        }
        (None, None, None) => keys(model, (width, paint)),
    };
    buffer.set_line(area.x, area.y, &line, area.width);
    None
}

/// What a command said, whole: over what stands above, if it needs that.
fn say(buffer: &mut Buffer, area: Rect, (said, paint): (&Saying, Paint)) -> Option<Position> {
    let width = usize::from(area.width);
    let style = if said.well { paint.good() } else { paint.bad() };
    let mut parts: Vec<String> = said
        .text
        .lines()
        .flat_map(|line| wrapped(&one_line(line), width))
        .collect();
    let most = usize::from(area.y);
    if parts.len() > most {
        parts.truncate(most);
        if let Some(last) = parts.last_mut() {
            *last = paint.glyphs.ellipsis().to_owned();
        }
    }
    let rows = u16::try_from(parts.len()).unwrap_or(0);
    for (part, y) in parts.iter().zip(area.bottom() - rows..) {
        for x in area.left()..area.right() {
            if let Some(cell) = buffer.cell_mut((x, y)) {
                cell.reset();
            }
        }
        buffer.set_line(area.x, y, &Line::styled(part.as_str(), style), area.width);
    }
    None
}

/// The keys for the selected task first, then the others, as many as fit.
fn keys<'a>(model: &Model, (width, paint): (usize, Paint)) -> Line<'a> {
    let mut all: Vec<(&str, String)> = Vec::new();
    if let Some(ix) = model.task() {
        let view = model.moment.view(ix);
        match (view.ask(), view.status) {
            (Some(Ask::Approve), _) => {
                all.push(("a", "approve".to_owned()));
                all.push(("r", "reject".to_owned()));
            }
            (Some(Ask::Do), _) => all.push(("c", "complete".to_owned())),
            (None, Status::InProgress) => all.push(("x", "cancel".to_owned())),
            (None, Status::Failed | Status::Stopped) => all.push(("R", "reset".to_owned())),
            _ => {}
        }
    }
    match (model.shape, model.needs.len()) {
        (Shape::People, _) => all.push(("n", "back".to_owned())),
        (_, 0) => {}
        _ => all.push(("n", "needs you".to_owned())),
    }
    if !model.filter.is_empty() {
        all.push(("Esc", "all tasks".to_owned()));
    }
    if model.moment.shown.len() > 1 {
        all.push(("o", "other run".to_owned()));
    }
    all.push((
        "t",
        match model.shape {
            Shape::Tree => "levels".to_owned(),
            Shape::Levels | Shape::People => "tree".to_owned(),
        },
    ));
    all.push(("/", "filter".to_owned()));
    all.push(("s", "by state".to_owned()));
    all.push(("[ ]", "scroll log".to_owned()));
    let last = [("?", "help"), ("q", "quit")];
    let wide = |key: &str, word: &str| columns(key) + columns(word) + 3;
    let mut room = width.saturating_sub(last.iter().map(|(k, w)| wide(k, w)).sum());
    let mut spans = Vec::new();
    let mut add = |key: &str, word: &str| {
        spans.push(Span::styled(key.to_owned(), paint.bold()));
        spans.push(Span::raw(format!(" {word}  ")));
    };
    for (key, word) in &all {
        let wide = wide(key, word);
        if wide > room {
            break;
        }
        room -= wide;
        add(key, word);
    }
    last.iter().for_each(|(key, word)| add(key, word));
    Line::from(spans)
}
