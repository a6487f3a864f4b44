//! Paints a model into a frame. Changes nothing and decides nothing.
//!
//! Only what is visible is looked at, so that the size of the graph does not matter.

mod detail;
mod foot;
mod head;
mod help;
mod list;
mod noted;
mod paint;
mod prompt;
#[cfg(test)]
mod tests;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::screen::layout::LEAST;
use crate::screen::model::{Mode, Model};

pub use help::{room as help_room, rows as help_rows};
pub use paint::Paint;

/// Paints everything.
pub fn draw(frame: &mut Frame<'_>, model: &Model, paint: Paint) {
    let Some(areas) = model.areas() else {
        return too_small(frame);
    };
    if areas.head.union(areas.foot) != frame.area() {
        // The terminal has changed its size, and the model will hear of it next.
        return;
    }
    let buffer = frame.buffer_mut();
    head::head(buffer, areas.head, model, paint);
    head::notice(buffer, areas.notice, model, paint);
    list::title(buffer, areas.title, model, paint);
    list::list(buffer, areas.list, model, paint);
    if areas.beside {
        let x = areas.detail.x - 1;
        for y in areas.detail.top()..areas.detail.bottom() {
            let line = Line::styled(paint.glyphs.choose("│", "|"), paint.dim());
            buffer.set_line(x, y, &line, 1);
        }
    }
    detail::detail(buffer, areas.detail, model, paint);
    let typing = foot::foot(buffer, &areas, model, paint);
    let cursor = match &model.mode {
        Mode::Help(top) => {
            help::help(buffer, frame_of(&areas), (*top, paint));
            None
        }
        Mode::Prompt(prompt) => prompt::prompt(buffer, frame_of(&areas), (prompt, paint)),
        Mode::Browse | Mode::Filter(..) => None,
    };
    if let Some(position) = cursor.or(typing) {
        frame.set_cursor_position(position);
    }
}

fn frame_of(areas: &crate::screen::layout::Areas) -> Rect {
    areas.head.union(areas.foot)
}

fn too_small(frame: &mut Frame<'_>) {
    let area = frame.area();
    let (columns, rows) = LEAST;
    let lines = [
        format!("{}x{}: too small", area.width, area.height),
        format!("{columns}x{rows} is enough"),
        "q leaves".to_owned(),
    ];
    let buffer = frame.buffer_mut();
    for (y, line) in (area.top()..area.bottom()).zip(&lines) {
        buffer.set_line(area.x, y, &Line::raw(line.as_str()), area.width);
    }
}
