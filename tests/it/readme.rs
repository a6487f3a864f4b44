//! README.md is true: its files and commands, typed in order into an empty folder, do what it shows.
//!
//! - A ```console block holds `$ command` lines, each followed by what it prints. Every command runs, in one
//!   shell session from the top of the page to its end, and must exit with 0 (a page that wants to show
//!   another exit code says `|| echo "exit code $?"`).
//! - Where output is shown it is compared: `…` alone on a line stands for any lines, inside a line for any text.
//! - A block with `file=PATH` in its first line is written to that path, as a reader would.
//! - The two set-up commands are the only ones that do not run here: what they do is what runs these tests.

use std::fmt::Write as _;

use crate::support_sealed::{Sealed, repository, told};

const SET_UP: [&str; 2] = [
    "cargo run --release --locked -- demo",
    "cargo test --locked",
];

/// A piece of the page that the test acts on.
#[derive(Debug, PartialEq, Eq)]
enum Piece {
    File {
        path: String,
        text: String,
    },
    Command {
        line: usize,
        text: String,
        output: Vec<String>,
    },
}

/// Reads the page.
fn pieces(page: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut lines = page.lines().zip(1..);
    while let Some((line, _)) = lines.next() {
        let Some(info) = line.strip_prefix("```") else {
            continue;
        };
        let body: Vec<(&str, usize)> = lines.by_ref().take_while(|(l, _)| *l != "```").collect();
        if let Some((_, path)) = info.split_once("file=") {
            let mut text = String::new();
            for (line, _) in &body {
                let _ = writeln!(text, "{line}");
            }
            pieces.push(Piece::File {
                path: path.to_owned(),
                text,
            });
        } else if info == "console" {
            for (line, number) in body {
                match (line.strip_prefix("$ "), pieces.last_mut()) {
                    (Some(command), _) => pieces.push(Piece::Command {
                        line: number,
                        text: command.to_owned(),
                        output: Vec::new(),
                    }),
                    (None, Some(Piece::Command { output, .. })) => output.push(line.to_owned()),
                    (None, _) => panic!("README.md:{number}: output before the first command"),
                }
            }
        } else {
            assert_eq!(info, "text", "a block that no test reads");
        }
    }
    for piece in &mut pieces {
        if let Piece::Command { output, .. } = piece {
            while output.last().is_some_and(String::is_empty) {
                output.pop();
            }
        }
    }
    pieces
}

/// Does a line have the pieces of a pattern, in order, with any text where the pattern has `…`?
fn line_matches(pattern: &str, line: &str) -> bool {
    let mut parts = pattern.split('…');
    let Some(mut rest) = parts.next().and_then(|first| line.strip_prefix(first)) else {
        return false;
    };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else {
        return rest.is_empty();
    };
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

/// Do lines match patterns, where a pattern that is `…` alone stands for any number of lines?
fn matches(patterns: &[String], lines: &[&str]) -> bool {
    match patterns {
        [] => lines.is_empty(),
        [first, rest @ ..] if first == "…" => {
            (0..=lines.len()).any(|n| matches(rest, &lines[n..]))
        }
        [first, rest @ ..] => lines
            .split_first()
            .is_some_and(|(line, others)| line_matches(first, line) && matches(rest, others)),
    }
}

#[test]
fn every_command_does_what_the_page_shows() {
    let page = std::fs::read_to_string(repository().join("README.md")).unwrap();
    let pieces = pieces(&page);
    let set_up: Vec<&str> = pieces
        .iter()
        .filter_map(|piece| match piece {
            Piece::Command { text, .. } => Some(text.as_str()),
            Piece::File { .. } => None,
        })
        .filter(|text| text.starts_with("cargo") || text.starts_with("git clone"))
        .collect();
    assert_eq!(set_up, SET_UP, "the set-up commands, in this order");

    let sealed = Sealed::new();
    // Where the session stands, kept between commands as a shell would.
    sealed.put("../session/folder", &sealed.root().to_string_lossy());
    let mut wrong = String::new();
    for piece in &pieces {
        let folder = sealed.text("../session/folder").trim_end().to_owned();
        match piece {
            Piece::File { path, text } => {
                let path = std::path::Path::new(&folder).join(path);
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                std::fs::write(path, text).unwrap();
            }
            Piece::Command { text, .. } if SET_UP.contains(&text.as_str()) => {}
            Piece::Command { line, text, output } => {
                let script =
                    format!("exec 2>&1\n{text}\ncode=$?\npwd > \"$SESSION\"\nexit $code\n");
                let mut command = sealed.command("sh");
                command
                    .current_dir(&folder)
                    .env("SESSION", sealed.root().join("../session/folder"))
                    .args(["-c", &script]);
                let told = told(&mut command);
                let lines: Vec<&str> = told.stdout.trim_end().lines().map(str::trim_end).collect();
                let as_shown = output.is_empty() || matches(output, &lines);
                if told.code != Some(0) || !as_shown {
                    let shown = output.join("\n");
                    let code = told.code;
                    let _ = writeln!(
                        wrong,
                        "README.md:{line}: `{text}` exits with {code:?}\n--- shown\n{shown}\n--- printed\n{}",
                        told.stdout
                    );
                }
            }
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

/// Every `runr …` in the running text names a command that there is, with flags that it takes.
#[test]
fn every_command_that_the_text_mentions_is_there() {
    let page = std::fs::read_to_string(repository().join("README.md")).unwrap();
    let sealed = Sealed::new();
    let mut mentioned = 0;
    for span in page
        .split('`')
        .filter(|span| span.starts_with("runr ") && !span.contains('\n'))
    {
        let words: Vec<&str> = span.split_whitespace().skip(1).collect();
        let is_word = |word: &&&str| {
            word.chars().all(|c| c.is_ascii_lowercase() || c == '-') && !word.starts_with('-')
        };
        let mut path: Vec<&str> = words.iter().take_while(is_word).copied().collect();
        if !matches!(path.first(), Some(&("orchestrate" | "tasks"))) {
            path.truncate(1);
        }
        let mut args = path.clone();
        args.push("--help");
        let help = sealed.runr(&args).exits(0).stdout;
        for flag in words.iter().filter(|word| word.starts_with('-')) {
            assert!(
                help.contains(flag),
                "`{span}`: `{path:?}` does not take {flag}\n{help}"
            );
        }
        mentioned += 1;
    }
    assert!(mentioned > 10, "{mentioned}");
}

#[test]
fn the_promise_is_the_one_of_the_code() {
    let page = std::fs::read_to_string(repository().join("README.md")).unwrap();
    let promise = page
        .lines()
        .map(|line| line.trim_start_matches('>'))
        .flat_map(str::split_whitespace)
        .collect::<Vec<_>>()
        .join(" ");
    for sentence in [
        "An *attempt* starts at most once.",
        "A *task* is attempted at least once.",
        "A task becomes `completed` exactly once for one fingerprint.",
        "Side effects of a lost attempt may repeat; no system can avoid that.",
        "After `kill -9` of anything at any instant, the next command needs no manual step, no acknowledged `completed` is lost, and no second attempt runs beside a first.",
        "*Acknowledged* = told, after its sync, by the process that wrote it: printed, served, returned as an exit code, or used to start a dependent.",
    ] {
        assert!(promise.contains(sentence), "not in README.md: {sentence}");
    }
}

#[test]
fn what_is_linked_is_there() {
    let page = std::fs::read_to_string(repository().join("README.md")).unwrap();
    let targets: Vec<&str> = page
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split(')').next())
        .filter(|target| !target.starts_with("http") && !target.starts_with('#'))
        .collect();
    assert!(targets.len() > 3, "{targets:?}");
    for target in targets {
        assert!(
            repository().join(target).exists(),
            "README.md links to {target}"
        );
    }
}

#[test]
fn dots_stand_for_any_text_and_for_any_lines() {
    for (pattern, line, fits) in [
        ("a … c", "a bbb c", true),
        ("a … c", "a bbb d", false),
        ("run:…", "run:20261123-090000-k3f9", true),
        ("…", "", true),
        ("a…a", "a", false),
        ("a…b…c", "a b c", true),
        ("a…b…c", "a c", false),
        ("a", "ab", false),
    ] {
        assert_eq!(line_matches(pattern, line), fits, "{pattern} on {line}");
    }
    let patterns = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
    assert!(matches(&patterns("a\n…\nd"), &["a", "b", "c", "d"]));
    assert!(matches(&patterns("a\n…\nb"), &["a", "b"]));
    assert!(!matches(&patterns("a\n…\nd"), &["a", "b"]));
    assert!(!matches(&patterns("a"), &["a", "b"]));
}
