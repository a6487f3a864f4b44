//! README.md is true: its files and commands, typed in order into an empty folder, do what it shows.
//!
//! How a page is read is said in `page.rs`. The two set-up commands are the only ones that do not run here: what they do
//! is what runs these tests. Claude Code and Codex are programs that act as they do; `agents_real_readme.rs` follows that
//! part of the page with the real ones.

use std::collections::BTreeSet;
use std::path::Path;

use crate::agents_fake::{done, init, says};
use crate::page::{Piece, follow, pieces, programs_first};
use crate::support_sealed::{Sealed, repository};

const SET_UP: [&str; 2] = [
    "cargo run --release --locked -- demo",
    "cargo test --locked",
];

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
        .filter(|text| {
            text.starts_with("cargo") || text.starts_with("git clone") && text.contains(':')
        })
        .collect();
    assert_eq!(set_up, SET_UP, "the set-up commands, in this order");

    let sealed = Sealed::new();
    let programs = sealed.root().join("../programs");
    stand_ins(&programs);
    let typed: Vec<Piece> = pieces
        .into_iter()
        .filter(|piece| !matches!(piece, Piece::Command { text, .. } if SET_UP.contains(&text.as_str())))
        .collect();
    let wrong = follow(&sealed, &typed, |command| {
        programs_first(command, &programs);
    });
    assert!(wrong.is_empty(), "\n{wrong}");
    // The picture at the top is the one that the demo of the page has just drawn. Which way is the longest hangs on how
    // long the tasks took this time; where it is another one, only the tasks and how they stand can be compared.
    let drawn = sealed.text("runr-demo/graph.svg");
    let shown = std::fs::read_to_string(repository().join("examples/demo.svg")).unwrap();
    let longest = |svg: &str| tasks_of(svg, |line| line.contains(" critical\""));
    let standing = |svg: &str| tasks_of(svg, |_| true);
    let same = match longest(&drawn) == longest(&shown) {
        true => drawn == shown,
        false => standing(&drawn) == standing(&shown),
    };
    assert!(
        same && standing(&shown).len() == 11,
        "examples/demo.svg is not what `runr demo` leaves as graph.svg"
    );
}

/// The tasks of a drawing with how they stand, of those lines that are wanted.
fn tasks_of(svg: &str, wanted: impl Fn(&str) -> bool) -> BTreeSet<String> {
    svg.lines()
        .filter(|line| line.contains("data-task=") && wanted(line))
        .map(|line| line.replace(" critical\"", "\""))
        .collect()
}

/// Programs that do the page's two tasks and say what the real ones say.
fn stand_ins(folder: &Path) {
    let claude = format!(
        "#!/bin/sh\ncase $1 in --version) echo '2.1.330 (Claude Code)'; exit ;; esac\ncat > /dev/null\nsession=\n\
         for word in \"$@\"; do case $word in --session-id=*) session=${{word#--session-id=}} ;; esac; done\n\
         {}echo 'Hello there.' > hello.txt\n{}",
        says(&[init()]),
        says(&[done()])
    );
    let codex = "#!/bin/sh\ncase $1 in --version) echo 'codex-cli 0.169.0'; exit ;; esac\ncat > /dev/null\n\
         printf '%s\\n' '{\"type\":\"thread.started\",\"thread_id\":\"01a20719-2e67-7e13-9e77-0d64b33bf013\"}' '{\"type\":\"turn.started\"}'\n\
         tr a-z A-Z < hello.txt > loud.txt\n\
         printf '%s\\n' '{\"type\":\"item.completed\",\"item\":{\"id\":\"item_0\",\"type\":\"agent_message\",\"text\":\"All done.\"}}' \
         '{\"type\":\"turn.completed\",\"usage\":{\"input_tokens\":2000,\"cached_input_tokens\":0,\"output_tokens\":100}}'\n";
    std::fs::create_dir(folder).unwrap();
    for (name, text) in [("claude", claude.as_str()), ("codex", codex)] {
        use std::os::unix::fs::PermissionsExt as _;
        let path = folder.join(name);
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
}

#[test]
fn the_reference_is_what_the_program_prints() {
    let kept = std::fs::read_to_string(repository().join("examples/reference.md")).unwrap();
    let printed = Sealed::new().runr(&["man", "--markdown"]).exits(0).stdout;
    assert!(
        kept == printed,
        "examples/reference.md is old: runr man --markdown > examples/reference.md"
    );
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
