//! Screens, as they look.

use ratatui::style::{Color, Modifier};

use crate::model::RunId;
use crate::screen::ask::{Msg, News, Source};
use crate::screen::key::Key;
use crate::screen::samples::{COLOUR, PLAIN, Watched, game};
use crate::view::tests::{Story, print};

fn log(watched: &mut Watched, lines: &[&str]) {
    let source = watched.model.source.clone().unwrap();
    watched.tell(Msg::News(
        source.clone(),
        News::File {
            name: "worker.log".to_owned(),
            skipped: 0,
        },
    ));
    let lines = lines.iter().map(|line| (*line).to_owned()).collect();
    watched.tell(Msg::News(source, News::Lines(lines)));
}

fn playing(size: (u16, u16)) -> Watched {
    let mut watched = Watched::new(&game(), size);
    log(
        &mut watched,
        &[
            "reading src/net.rs",
            "writing src/net/tls.rs",
            "cargo test -p net",
        ],
    );
    watched
}

#[test]
fn a_game_at_four_sizes() {
    for (name, size) in [
        ("game_80", (80, 24)),
        ("game_200", (200, 50)),
        ("game_40", (40, 10)),
        ("too_small", (30, 5)),
    ] {
        insta::assert_snapshot!(name, playing(size).text(COLOUR));
    }
}

#[test]
fn without_colour_signs_and_bold_are_enough() {
    let watched = playing((80, 24));
    insta::assert_snapshot!("game_ascii", watched.text(PLAIN));
    let terminal = watched.terminal(PLAIN);
    let buffer = terminal.backend().buffer();
    assert!(
        buffer
            .content
            .iter()
            .all(|cell| cell.fg == Color::Reset && cell.bg == Color::Reset)
    );
    assert!(watched.text(PLAIN).is_ascii());
    let reversed = buffer
        .content
        .iter()
        .filter(|c| c.modifier.contains(Modifier::REVERSED));
    assert_eq!(reversed.count(), 80, "one row is selected");
    let coloured = watched.terminal(COLOUR);
    let mut cells = coloured.backend().buffer().content.iter();
    assert!(cells.any(|cell| cell.fg == Color::Red));
}

#[test]
fn every_list_question_and_help() {
    let mut watched = playing((80, 24));
    watched.types("t");
    insta::assert_snapshot!("levels", watched.text(COLOUR));
    watched.types("n");
    log(
        &mut watched,
        &["awaits your approval; holds 1 task up, about 1m 0s of work"],
    );
    insta::assert_snapshot!("people", watched.text(COLOUR));
    let mut watched = playing((80, 24));
    watched.types("?");
    insta::assert_snapshot!("help", watched.text(COLOUR));
    let mut watched = playing((80, 24));
    watched.selects(6).types("r");
    insta::assert_snapshot!("reject", watched.text(COLOUR));
    watched.keys(&[Key::Enter]);
    assert!(watched.text(COLOUR).contains("say what should be better"));
    let mut watched = playing((80, 24));
    watched.selects(8).types("c");
    let text = watched.text(COLOUR);
    assert!(text.contains("although it waits for 2 tasks"), "{text}");
    let mut watched = playing((80, 24));
    watched.types("/s");
    insta::assert_snapshot!("filter", watched.text(COLOUR));
    watched.keys(&[Key::Left, Key::Esc]).types("X");
    insta::assert_snapshot!("cancel", watched.text(COLOUR));
}

#[test]
fn the_cursor_stands_where_the_next_letter_goes() {
    for (text, back) in [
        ("", 0),
        ("better words", 0),
        ("better words", 3),
        (&*"x".repeat(200), 0),
    ] {
        let mut watched = playing((80, 24));
        watched.selects(6).types("r").types(text);
        watched.keys(&vec![Key::Left; back]);
        let mut terminal = watched.terminal(COLOUR);
        let at = terminal.get_cursor_position().unwrap();
        let row: String = (0..80)
            .map(|x| terminal.backend().buffer()[(x, at.y)].symbol().to_owned())
            .collect();
        let before: String = row.chars().take(usize::from(at.x)).collect();
        let after: String = row.chars().skip(usize::from(at.x)).collect();
        let (left, right) = text.split_at(text.len() - back);
        let last: String = left.chars().rev().take(3).collect();
        let last: String = last.chars().rev().collect();
        assert!(
            before.ends_with(&last) || before.trim_end().ends_with('│'),
            "{row}"
        );
        assert!(after.starts_with(right), "{row}");
    }
}

#[test]
fn nothing_that_others_wrote_steers_the_terminal() {
    let mut story = Story::new(&[("00-a.md", &[]), ("01-b.md", &["00-a.md"])]);
    story.change("00-a.md", |task| {
        task.title = "\u{1b}[2J\u{202e}gone\u{7}\n\u{9b}31m 日本語 e\u{301}".into();
        task.worker = Some("\u{1b}]0;x\u{7}".into());
    });
    story.happens(crate::event::Event::Reset {
        task: crate::view::tests::id("00-a.md"),
        by: "eve".to_owned(),
        note: None,
    });
    story.started("00-a.md", print(0));
    let mut watched = Watched::new(&story, (80, 24));
    let mut moment = crate::screen::samples::moment(&story);
    if let Some(moment) = std::sync::Arc::get_mut(&mut moment) {
        moment.project = "\u{1b}[31mevil".to_owned();
        moment.trouble = Some("bad\u{1b}[0m\u{2066}file".to_owned());
    }
    watched.tell(Msg::Moment(moment));
    log(
        &mut watched,
        &["日本語日本語", "\u{200d}\u{301}\u{301} joined", "tab\there"],
    );
    for paint in [COLOUR, PLAIN] {
        let terminal = watched.terminal(paint);
        for cell in &terminal.backend().buffer().content {
            assert!(
                !cell
                    .symbol()
                    .chars()
                    .any(|c| c.is_control() || ('\u{202a}'..='\u{202e}').contains(&c)),
                "{:?}",
                cell.symbol()
            );
        }
        let text = watched.text(paint);
        assert!(text.contains("\\u{1b}[2J\\u{202e}gone"), "{text}");
        assert!(text.contains("bad\\u{1b}[0m\\u{2066}file"), "{text}");
        assert!(text.contains("日本語日本語"), "{text}");
        assert!(text.contains("tab here"), "{text}");
    }
    watched.tell(Msg::Done {
        said: "no \u{1b}[31mway\nhelp: \u{7}".to_owned(),
        well: false,
    });
    assert!(watched.text(COLOUR).contains("no \\u{1b}[31mway"));
}

#[test]
fn no_size_and_no_key_is_too_much() {
    let deep: Vec<String> = (0..60).map(|n| format!("{n}.md")).collect();
    let needs: Vec<Vec<&str>> = (0..60usize)
        .map(|n| match n {
            0 => Vec::new(),
            n => vec![deep[n - 1].as_str()],
        })
        .collect();
    let keys: Vec<Key> = "jjjklhGgtn/x?s fRcxXaryq[]{}é日"
        .chars()
        .map(Key::Char)
        .chain([
            Key::Enter,
            Key::Esc,
            Key::Tab,
            Key::Up,
            Key::Down,
            Key::Left,
            Key::Right,
            Key::PageUp,
            Key::PageDown,
            Key::Home,
            Key::End,
            Key::Backspace,
            Key::Delete,
            Key::ShiftUp,
            Key::ShiftDown,
            Key::Ctrl('u'),
            Key::Ctrl('w'),
        ])
        .collect();
    for story in [game(), Story::from_edges(&deep, &needs), Story::new(&[])] {
        for size in [
            (0, 0),
            (1, 1),
            (39, 9),
            (40, 10),
            (41, 11),
            (80, 24),
            (110, 12),
            (300, 60),
        ] {
            let mut watched = Watched::new(&story, size);
            // Every pair of keys, from a state that the ones before have made.
            for first in &keys {
                for second in &keys {
                    watched.keys(&[*first, *second]);
                    if size.0 < 100 && size.1 < 24 {
                        watched.terminal(COLOUR);
                    }
                }
                watched.terminal(PLAIN);
            }
        }
    }
}

#[test]
fn a_deep_tree_shows_its_innermost_branches() {
    let deep: Vec<String> = (0..60).map(|n| format!("{n}.md")).collect();
    let needs: Vec<Vec<&str>> = (0..60usize)
        .map(|n| match n {
            0 => Vec::new(),
            n => vec![deep[n - 1].as_str()],
        })
        .collect();
    let mut watched = Watched::new(&Story::from_edges(&deep, &needs), (80, 24));
    watched.types("G");
    let text = watched.text(COLOUR);
    assert!(text.contains("59.md"), "{text}");
    assert!(text.contains('…'), "{text}");
}

#[test]
fn what_a_command_said_is_shown_whole() {
    let mut watched = playing((80, 24));
    watched.tell(Msg::Done {
        said: format!(
            "error: {}\nhelp: runr cancel 02",
            "it cannot be done ".repeat(8)
        ),
        well: false,
    });
    let text = watched.text(COLOUR);
    assert!(text.contains("help: runr cancel 02"), "{text}");
    watched.keys(&[Key::Down]);
    assert!(!watched.text(COLOUR).contains("help: runr cancel 02"));
}

#[test]
fn late_news_of_another_run_are_not_shown() {
    let mut watched = playing((80, 24));
    let other = Source::Log(RunId::parse("20250108-143000-zzzz").unwrap());
    watched.tell(Msg::News(other, News::Lines(vec!["not mine".to_owned()])));
    assert!(!watched.text(COLOUR).contains("not mine"));
}
