//! A question in a box.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::report::columns;
use crate::screen::draw::paint::Paint;
use crate::screen::log::{broken, wrapped};
use crate::screen::prompt::Prompt;

const WIDEST: u16 = 72;

/// Gives where the cursor is.
pub fn prompt(
    buffer: &mut Buffer,
    screen: Rect,
    (prompt, paint): (&Prompt, Paint),
) -> Option<Position> {
    let width = usize::from(screen.width.min(WIDEST)) - 4;
    let mut lines: Vec<Line<'_>> = vec![Line::styled(
        paint.cut(&format!("{}?", prompt.title), width),
        paint.bold(),
    )];
    let (explained, style) = match &prompt.outdated {
        Some(outdated) => (format!("not any more: {outdated}"), paint.bad()),
        None => (prompt.explained.clone(), Style::new()),
    };
    let explained = wrapped(&explained, width).into_iter().take(3);
    lines.extend(explained.map(|part| Line::styled(part, style)));
    let mut cursor = None;
    if let Some(note) = &prompt.note {
        lines.push(Line::styled(format!("{}:", prompt.label()), paint.dim()));
        let (before, after) = note.parts();
        let marked = format!("{before}{after} ");
        // Where the cursor is, something stands: a line that is full goes on below.
        let upto = format!("{before} ");
        let upto = broken(&upto, width);
        let at = upto.len() - 1;
        let column = upto.last().map_or(0, |part| columns(part) - 1);
        let first = at.saturating_sub(1);
        cursor = Some((column, lines.len() + at - first));
        for part in broken(&marked, width).into_iter().skip(first).take(2) {
            lines.push(Line::raw(part.to_owned()));
        }
    }
    let keys = match prompt.missing {
        Some(missing) => Span::styled(missing, paint.bad()),
        None => Span::styled(prompt.keys(), paint.dim()),
    };
    lines.push(Line::from(keys));
    let inner = boxed(
        buffer,
        screen,
        (u16::try_from(width).unwrap_or(0), lines.len()),
        paint,
    );
    for (y, line) in (inner.top()..inner.bottom()).zip(&lines) {
        buffer.set_line(inner.x, y, line, inner.width);
    }
    cursor.map(|(column, row)| {
        let x = inner.x + u16::try_from(column).unwrap_or(0).min(inner.width - 1);
        let y = inner.y + u16::try_from(row).unwrap_or(0).min(inner.height - 1);
        Position::new(x, y)
    })
}

/// An empty box in the middle of the screen; gives the room in it.
pub fn boxed(
    buffer: &mut Buffer,
    screen: Rect,
    (width, lines): (u16, usize),
    paint: Paint,
) -> Rect {
    let height = u16::try_from(lines)
        .unwrap_or(u16::MAX)
        .min(screen.height - 2);
    let width = width.min(screen.width - 4);
    let outer = Rect::new(
        screen.x + (screen.width - width - 4) / 2,
        screen.y + (screen.height - height - 2) / 2,
        width + 4,
        height + 2,
    );
    let signs = match paint.glyphs.choose("u", "a") {
        "u" => ["┌", "┐", "└", "┘", "─", "│"],
        _ => ["+", "+", "+", "+", "-", "|"],
    };
    let [left_top, right_top, left_end, right_end, across, down] = signs;
    let middle = usize::from(width) + 2;
    for y in outer.top()..outer.bottom() {
        let line = match y {
            y if y == outer.top() => format!("{left_top}{}{right_top}", across.repeat(middle)),
            y if y + 1 == outer.bottom() => {
                format!("{left_end}{}{right_end}", across.repeat(middle))
            }
            _ => format!("{down}{}{down}", " ".repeat(middle)),
        };
        // What was there may have had a style of its own.
        for x in outer.left()..outer.right() {
            if let Some(cell) = buffer.cell_mut((x, y)) {
                cell.reset();
            }
        }
        buffer.set_line(outer.x, y, &Line::raw(line), outer.width);
    }
    Rect::new(outer.x + 2, outer.y + 1, width, height)
}
