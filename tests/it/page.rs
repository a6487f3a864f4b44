//! A page of documentation as a reader follows it: files that are to be written, commands and what they print.
//!
//! - A ```console block holds `$ command` lines, each followed by what it prints. Every command runs, in one
//!   shell session from the top of the page to its end, and must exit with 0 (a page that wants to show
//!   another exit code says `|| echo "exit code $?"`).
//! - Where output is shown it is compared: `…` alone on a line stands for any lines, inside a line for any text.
//! - A block with `file=PATH` in its first line is written to that path, as a reader would.

use std::fmt::Write as _;
use std::process::Command;

use crate::support_sealed::{Sealed, told};

/// A piece of the page that the test acts on.
#[derive(Debug, PartialEq, Eq)]
pub enum Piece {
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

/// Reads the page, or a part of it.
pub fn pieces(page: &str) -> Vec<Piece> {
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

/// What stands below a heading, up to the next of the same depth.
pub fn section<'p>(page: &'p str, heading: &str) -> &'p str {
    let from = page.find(&format!("\n{heading}\n")).expect(heading) + 1;
    let rest = &page[from + heading.len()..];
    let to = rest.find("\n## ").unwrap_or(rest.len());
    &rest[..to]
}

/// Does what the pieces say, in order, in surroundings that `around` completes; returns what is not as the page shows.
pub fn follow(sealed: &Sealed, pieces: &[Piece], around: impl Fn(&mut Command)) -> String {
    // Where the session stands, kept between commands as a shell would.
    sealed.put("../session/folder", &sealed.root().to_string_lossy());
    let mut wrong = String::new();
    for piece in pieces {
        let folder = sealed.text("../session/folder").trim_end().to_owned();
        match piece {
            Piece::File { path, text } => {
                let path = std::path::Path::new(&folder).join(path);
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                std::fs::write(path, text).unwrap();
            }
            Piece::Command { line, text, output } => {
                let script =
                    format!("exec 2>&1\n{text}\ncode=$?\npwd > \"$SESSION\"\nexit $code\n");
                let mut command = sealed.command("sh");
                command
                    .current_dir(&folder)
                    .env("SESSION", sealed.root().join("../session/folder"))
                    .args(["-c", &script]);
                around(&mut command);
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
    wrong
}

/// Puts a folder in front of where a command's programs are looked for.
pub fn programs_first(command: &mut Command, folder: &std::path::Path) {
    let path = command
        .get_envs()
        .find_map(|(name, value)| (name == "PATH").then(|| value.unwrap_or_default().to_owned()))
        .unwrap_or_default();
    let mut first = folder.as_os_str().to_owned();
    first.push(":");
    first.push(path);
    command.env("PATH", first);
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
