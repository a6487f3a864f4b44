//! What the terminal says: keys, pastes, its size.

use std::sync::mpsc::Sender;

use ratatui::crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use crate::cli::watch::happening::Happening;
use crate::screen::{Key, Msg};

/// Reads until the program ends or the terminal is gone.
pub fn listen(tell: &Sender<Happening>) {
    loop {
        let told = match event::read() {
            Ok(event) => meaning(event).map(Happening::Told),
            Err(_) => Some(Happening::Gone),
        };
        let gone = matches!(told, Some(Happening::Gone));
        if let Some(told) = told
            && tell.send(told).is_err()
        {
            return;
        }
        if gone {
            return;
        }
    }
}

/// What an event means here, if anything.
fn meaning(event: Event) -> Option<Msg> {
    match event {
        Event::Key(event) => key(event).map(Msg::Key),
        Event::Paste(text) => Some(Msg::Pasted(text)),
        Event::Resize(columns, rows) => Some(Msg::Resized(columns, rows)),
        _ => None,
    }
}

fn key(event: KeyEvent) -> Option<Key> {
    if event.kind == KeyEventKind::Release {
        return None;
    }
    let ctrl = event.modifiers.contains(KeyModifiers::CONTROL);
    let shift = event.modifiers.contains(KeyModifiers::SHIFT);
    // With Alt a letter is no letter.
    if event.modifiers.contains(KeyModifiers::ALT) {
        return None;
    }
    Some(match event.code {
        KeyCode::Char(c) if ctrl => Key::Ctrl(c.to_ascii_lowercase()),
        KeyCode::Char(c) => Key::Char(c),
        KeyCode::Enter => Key::Enter,
        KeyCode::Esc => Key::Esc,
        KeyCode::Tab => Key::Tab,
        KeyCode::Backspace => Key::Backspace,
        KeyCode::Delete => Key::Delete,
        KeyCode::Up if shift => Key::ShiftUp,
        KeyCode::Down if shift => Key::ShiftDown,
        KeyCode::Up => Key::Up,
        KeyCode::Down => Key::Down,
        KeyCode::Left => Key::Left,
        KeyCode::Right => Key::Right,
        KeyCode::PageUp => Key::PageUp,
        KeyCode::PageDown => Key::PageDown,
        KeyCode::Home => Key::Home,
        KeyCode::End => Key::End,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_mean_what_they_say() {
        for (code, modifiers, expected) in [
            (KeyCode::Char('a'), KeyModifiers::NONE, Some(Key::Char('a'))),
            (
                KeyCode::Char('A'),
                KeyModifiers::SHIFT,
                Some(Key::Char('A')),
            ),
            (
                KeyCode::Char('C'),
                KeyModifiers::CONTROL,
                Some(Key::Ctrl('c')),
            ),
            (KeyCode::Char('a'), KeyModifiers::ALT, None),
            (KeyCode::Up, KeyModifiers::SHIFT, Some(Key::ShiftUp)),
            (KeyCode::F(5), KeyModifiers::NONE, None),
        ] {
            assert_eq!(key(KeyEvent::new(code, modifiers)), expected, "{code:?}");
        }
        let released = KeyEvent::new_with_kind(
            KeyCode::Char('a'),
            KeyModifiers::NONE,
            KeyEventKind::Release,
        );
        assert_eq!(key(released), None);
    }
}
