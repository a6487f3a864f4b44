//! Which keys there are.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::report::columns;
use crate::screen::draw::paint::Paint;
use crate::screen::draw::prompt::boxed;

const KEYS: [(&str, &str); 20] = [
    ("up down k j", "move; PgUp PgDn g G: further"),
    ("left h", "close, or to the task above"),
    ("right l", "open"),
    ("Enter", "open or close; from a filter: to the tree"),
    ("t", "tree, levels"),
    ("n", "what needs you, the most useful first"),
    ("/", "filter by words of name, title and tags"),
    ("s", "filter by state; again: the next state"),
    ("Esc", "no filter"),
    ("f", "the selection goes along with what runs"),
    ("[ ]", "scroll the log; { } its ends"),
    ("Tab", "log, or the text of the task"),
    ("", ""),
    ("a", "approve"),
    ("r", "reject, with a note"),
    ("c", "complete by hand, with a note"),
    ("R", "reset: it counts as never run"),
    ("x X", "cancel the task; the orchestration"),
    ("", ""),
    ("q", "quit; the run goes on"),
];

/// Columns of the keys.
const KEY: usize = 13;

pub fn help(buffer: &mut Buffer, screen: Rect, paint: Paint) {
    let room = usize::from(screen.height) - 2;
    let wide = KEYS
        .iter()
        .map(|(_, does)| columns(does))
        .max()
        .unwrap_or(0)
        + KEY;
    // What has no room is left out; empty lines first.
    let mut keys: Vec<(&str, &str)> = KEYS.to_vec();
    if keys.len() > room {
        keys.retain(|(key, _)| !key.is_empty());
    }
    keys.truncate(room);
    let inner = boxed(
        buffer,
        screen,
        (u16::try_from(wide).unwrap_or(0), keys.len()),
        paint,
    );
    for (y, (key, does)) in (inner.top()..inner.bottom()).zip(&keys) {
        let line = Line::from(vec![
            Span::styled(format!("{key:KEY$}"), paint.bold()),
            Span::raw(*does),
        ]);
        buffer.set_line(inner.x, y, &line, inner.width);
    }
}
