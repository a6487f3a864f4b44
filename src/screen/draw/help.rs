//! Which keys there are.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::report::columns;
use crate::screen::draw::paint::Paint;
use crate::screen::draw::prompt::boxed;
use crate::screen::log::wrapped;

const KEYS: [(&str, &str); 20] = [
    ("up down k j", "move; g G: to the ends"),
    ("PgUp PgDn", "further; ^U ^D: half as far"),
    ("left h", "close, or to the task above"),
    ("right l", "open"),
    ("Enter", "open or close; from a filter: to the tree"),
    ("t", "tree, levels"),
    ("n", "what needs you, the most useful first"),
    ("/", "filter by words of name, title and tags"),
    ("s", "filter by state; again: the next state"),
    ("Esc", "no filter"),
    ("f", "the selection goes along with what runs"),
    ("o", "the other orchestration, where several run"),
    ("[ ]", "scroll the log; { } its ends"),
    ("Tab", "log, or the text of the task"),
    ("a", "approve"),
    ("r", "reject, with a note"),
    ("c", "complete by hand, with a note"),
    ("R", "reset: it counts as never run"),
    ("x X", "cancel the task; the whole orchestration"),
    ("q", "quit; the run goes on"),
];

/// Columns of the keys.
const KEY: usize = 13;

/// The keys and what they do, in lines for a screen of so many columns.
fn lines(width: u16) -> Vec<(&'static str, String)> {
    let room = usize::from(width).saturating_sub(KEY + 4).max(KEY);
    let mut lines = Vec::new();
    for (key, does) in KEYS {
        for (n, part) in wrapped(does, room).into_iter().enumerate() {
            lines.push((if n == 0 { key } else { "" }, part));
        }
    }
    lines
}

/// How many lines there are on a screen of so many columns.
#[must_use]
pub fn rows(width: u16) -> usize {
    lines(width).len()
}

/// How many of them fit on a screen of so many rows.
#[must_use]
pub fn room(height: u16) -> usize {
    usize::from(height).saturating_sub(2).max(1)
}

/// From a line on; what there is above and below is said in the frame.
pub fn help(buffer: &mut Buffer, screen: Rect, (top, paint): (usize, Paint)) {
    let room = room(screen.height);
    let lines = lines(screen.width);
    let wide = lines.iter().map(|(_, does)| columns(does));
    let wide = wide.max().unwrap_or(0) + KEY;
    let top = top.min(lines.len().saturating_sub(room));
    let keys = &lines[top..lines.len().min(top + room)];
    let inner = boxed(
        buffer,
        screen,
        (u16::try_from(wide).unwrap_or(0), keys.len()),
        paint,
    );
    for (y, (key, does)) in (inner.top()..inner.bottom()).zip(keys) {
        let line = Line::from(vec![
            Span::styled(format!("{key:KEY$}"), paint.bold()),
            Span::raw(does.as_str()),
        ]);
        buffer.set_line(inner.x, y, &line, inner.width);
    }
    let below = lines.len() - top - keys.len();
    for (n, what, y) in [
        (top, "above", inner.y - 1),
        (below, "below: down", inner.bottom()),
    ] {
        if n > 0 {
            let line = Line::styled(format!(" {n} more {what} "), paint.bold());
            buffer.set_line(inner.x, y, &line, inner.width);
        }
    }
}
