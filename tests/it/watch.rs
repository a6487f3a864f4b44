//! `runr watch` in a real terminal: it shows, it answers, it leaves nothing behind.

use std::process::{Command, Stdio};

use rustix::process::Signal;

use crate::support_terminal::{Ended, Terminal};
use crate::world::World;

const LEFT: Ended = Ended {
    code: Some(0),
    restored: true,
};

/// `a` waits at a gate; what follows needs a person twice.
fn world() -> World {
    let world = World::new();
    world.write(".runr/config.yaml", "isolation: none\n");
    world.gate("gate");
    world.write("hello.sh", "echo hello from a\nread answer < ../gate\n");
    world.task("a", "run: [sh, hello.sh]");
    world.task("b", "type: hybrid\ndepends_on: [a.md]\nrun: echo the draft");
    world.task("c", "type: manual\ndepends_on: [b.md]");
    world.task("d", "depends_on: [c.md]\nrun: echo the end");
    world
}

#[test]
fn a_run_is_seen_live_and_answers_let_it_go_on() {
    let world = world();
    let running = world.spawn(&["orchestrate", "run", "--wait"]);
    world.until_journal("a is started", |journal| {
        journal.of("started").next().map(|_| ())
    });
    let mut terminal = Terminal::of(&world, &["watch"], (80, 24));
    let text = terminal.until_says("hello from a");
    assert!(text.contains("◐ a.md"), "{text}");
    assert!(
        text.contains("runr orchestrate run --wait  running for"),
        "{text}"
    );
    assert!(text.contains("x cancel"), "{text}");
    world.open("gate", "pass");
    terminal.until_says("◈ b.md");
    // To what needs a person, and there is one thing only.
    terminal.types("n");
    terminal.until_says("awaits your approval");
    terminal.types("a");
    terminal.until_says("approve b.md?");
    terminal.types("well done\r");
    // One decision after the other: the journal tells of it before its command has ended.
    terminal.until("the first answer", |text| {
        text.contains("approved b.md") && text.contains("do it, then c")
    });
    terminal.types("c");
    terminal.until_says("complete c.md?");
    terminal.types("by hand\r");
    running.wait().exits(0);
    terminal.types("n");
    terminal.until("the end", |text| {
        text.contains("4 tasks: 4 completed") && text.contains("all completed")
    });
    terminal.types("q");
    assert_eq!(terminal.ends(), LEFT);
    let journal = world.journal();
    for (event, note) in [("approved", "well done"), ("completed_by_hand", "by hand")] {
        let written = journal.of(event).next().unwrap();
        assert_eq!(written["by"], "ada (watch)", "{written}");
        assert_eq!(written["note"], note, "{written}");
    }
    journal.assert_legal();
}

#[test]
fn several_people_watch_and_windows_change_their_size() {
    let world = world();
    let running = world.spawn(&["orchestrate", "run", "--wait"]);
    world.until_journal("a is started", |journal| {
        journal.of("started").next().map(|_| ())
    });
    let mut small = Terminal::of(&world, &["watch"], (40, 10));
    let mut large = Terminal::of(&world, &["watch", "--color", "never"], (150, 40));
    small.until_says("◐ a.md");
    large.until_says("hello from a");
    small.resize((20, 5));
    small.until_says("too small");
    small.resize((100, 30));
    small.until_says("hello from a");
    // A task is cancelled in one window; the other hears of it.
    small.types("x");
    small.until_says("cancel a.md?");
    small.types("y");
    large.until_says("◌ a.md");
    small.until_says("◌ a.md");
    running.wait().exits(1);
    large.until_says("took");
    // Both see the next run too.
    let running = world.spawn(&["run"]);
    small.until_says("◐ a.md");
    large.until_says("runr run  running for");
    large.types("X");
    large.until_says("cancel the whole orchestration?");
    large.types("y");
    small.until_says("◌ a.md");
    running.wait().exits(1);
    for terminal in [&mut small, &mut large] {
        terminal.types("q");
        assert_eq!(terminal.ends(), LEFT);
    }
    let raw = String::from_utf8(large.raw()).unwrap();
    let colour = raw.find("\u{1b}[38;5;").map(|at| &raw[at..]);
    assert_eq!(colour, None, "a colour although none is wanted");
    assert!(raw.contains("\u{1b}[7m"), "one row is selected");
    // What is empty resets everything, the reverse of the selected row too.
    assert!(!raw.contains("\u{1b}[m") && !raw.contains("\u{1b}[;m"));
}

#[test]
fn the_terminal_is_given_back_whatever_ends_it() {
    let world = world();
    for (signal, code) in [(Signal::TERM, 143), (Signal::INT, 130), (Signal::HUP, 129)] {
        let mut terminal = Terminal::of(&world, &["watch"], (80, 24));
        terminal.until_says("nothing has run yet");
        terminal.signal(signal);
        let expected = Ended {
            code: Some(code),
            restored: true,
        };
        assert_eq!(terminal.ends(), expected, "{signal:?}");
    }
    let mut terminal = Terminal::of(&world, &["watch"], (80, 24));
    terminal.until_says("nothing has run yet");
    terminal.types("\u{3}");
    assert_eq!(terminal.ends().code, Some(130), "Ctrl-C");
}

#[test]
fn it_stops_and_goes_on_as_a_shell_wants() {
    let world = world();
    // With `set -m` a shell has jobs, as at a prompt.
    let script = "set -m; \"$0\" watch; echo it has stopped; read line; fg";
    let mut command: Command = world.sealed("setsid");
    command.args(["--ctty", "sh", "-c", script, &crate::world::binary()]);
    command.env("TERM", "xterm-256color");
    let mut terminal = Terminal::start(command, (80, 24));
    terminal.until_says("nothing has run yet");
    terminal.types("\u{1a}");
    terminal.until_says("it has stopped");
    terminal.until_given_back();
    let drawn = terminal.raw().len();
    terminal.types("\n");
    terminal.until_more(drawn, "nothing has run yet");
    terminal.types("q");
    assert_eq!(terminal.ends(), LEFT);
    // Without a shell nobody would ever continue it.
    let mut alone = Terminal::of(&world, &["watch"], (80, 24));
    alone.until_says("nothing has run yet");
    alone.types("\u{1a}?");
    alone.until_says("quit; the run goes on");
    alone.types("qq");
    assert_eq!(alone.ends(), LEFT);
}

#[test]
fn tasks_are_shown_as_they_stand_and_as_their_files_change() {
    let world = world();
    let mut terminal = Terminal::of(&world, &["watch"], (80, 24));
    let text = terminal.until_says("4 tasks: 1 ready, 3 blocked");
    assert!(text.contains("runr run starts what is ready"), "{text}");
    assert!(
        text.contains("waits for") || text.contains("ready"),
        "{text}"
    );
    world.task("e", "run: 'true'");
    terminal.until_says("5 tasks: 2 ready, 3 blocked");
    world.write(".runr/tasks/e.md", "---\nrun: [\n---\n");
    terminal.until_says("the files have 1 problem");
    terminal.types("/e.md\r");
    terminal.until_says("1/1");
    terminal.types("q");
    assert_eq!(terminal.ends(), LEFT);
}

#[test]
fn what_tasks_write_never_reaches_the_terminal_as_it_is() {
    let world = World::new();
    world.write(".runr/config.yaml", "isolation: none\n");
    world.write(
        "evil.sh",
        "printf '\\033]0;owned\\007\\033[2J\\033[31mred\\033[0m \\342\\200\\256rtl 日本語\\n'\n",
    );
    world.write(
        ".runr/tasks/evil.md",
        "---\nrun: [sh, evil.sh]\n---\n# A \u{1b}]0;title\u{7} \u{202e}gone\n",
    );
    world.run(&["run"]).exits(0);
    let mut terminal = Terminal::of(&world, &["watch"], (80, 24));
    terminal.until_says("\\u{202e}rtl 日本語");
    terminal.types("q");
    assert_eq!(terminal.ends(), LEFT);
    let raw = String::from_utf8(terminal.raw()).unwrap();
    for bad in ["\u{1b}]0;", "owned", "\u{7}", "\u{202e}"] {
        assert!(!raw.contains(bad), "{bad:?}");
    }
}

#[test]
fn without_a_terminal_other_commands_are_named() {
    let world = world();
    let ran = world.run(&["watch"]).exits(2);
    for words in ["needs a terminal", "runr status", "runr orchestrate wait"] {
        assert!(ran.stderr.contains(words), "{}", ran.stderr);
    }
    assert_eq!(ran.stdout, "");
    let mut command: Command = world.sealed("setsid");
    command
        .arg("--ctty")
        .arg(crate::world::binary())
        .arg("watch");
    command.env("TERM", "dumb").stderr(Stdio::null());
    let mut dumb = Terminal::start(command, (80, 24));
    assert_eq!(dumb.ends().code, Some(2));
}

#[test]
fn it_takes_no_lock_and_writes_nothing() {
    let world = world();
    world.run(&["status"]);
    let before = std::fs::read_dir(world.root().join(".runr"))
        .unwrap()
        .count();
    let mut terminal = Terminal::of(&world, &["watch"], (80, 24));
    terminal.until_says("nothing has run yet");
    terminal.types("q");
    assert_eq!(terminal.ends(), LEFT);
    let after = std::fs::read_dir(world.root().join(".runr"))
        .unwrap()
        .count();
    assert_eq!(before, after);
}

#[test]
fn an_orchestrator_that_is_killed_is_missed() {
    let world = world();
    let running = world.spawn(&["orchestrate", "run"]);
    world.until_journal("a is started", |journal| {
        journal.of("started").next().map(|_| ())
    });
    let mut terminal = Terminal::of(&world, &["watch"], (80, 24));
    terminal.until_says("running for");
    running.signal(Signal::KILL);
    terminal.until_says("its process is gone: runr resume");
    terminal.types("q");
    assert_eq!(terminal.ends(), LEFT);
    drop(running);
    // Nothing is left behind: what still runs is taken over, and ends.
    world.open("gate", "pass");
    world.run(&["resume"]).exits(3);
}
