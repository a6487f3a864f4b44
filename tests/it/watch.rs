//! `runr watch` in a real terminal: it shows, it answers, it leaves nothing behind.

use std::process::{Command, Stdio};

use rustix::process::Signal;

use crate::support_several::Several;
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
    large.until_says("cancel all of `runr run`?");
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
    let text = terminal.until_says(".runr/tasks/e.md:2:6");
    assert!(
        text.contains("5 tasks: 1 invalid, 1 ready, 3 blocked"),
        "{text}"
    );
    let line = text.lines().find(|line| line.contains("○ e.md")).unwrap();
    assert!(line.contains("its file is invalid at"), "{line}");
    // What a key was answered hides nothing of it.
    terminal.types("a");
    let text = terminal.until_says("does not wait for approval");
    assert!(text.contains(".runr/tasks/e.md:2:6"), "{text}");
    // A file that was never read stands there too, and its text beside it; corrected, it is a task.
    world.write(
        ".runr/tasks/new.md",
        "---\nrun: {\n---\nbroken from the start\n",
    );
    let text = terminal.until_says("6 tasks: 2 invalid");
    let line = text.lines().find(|line| line.contains("✗ new.md")).unwrap();
    assert!(line.contains("its file is invalid at 2:6: "), "{line}");
    terminal.types("g");
    terminal.until_says("broken from the start");
    terminal.types("c");
    terminal.until_says("`new.md` is no task until its file is valid");
    world.task("e", "run: 'true'");
    terminal.until_says("6 tasks: 1 invalid");
    world.write(".runr/tasks/new.md", "---\nrun: 'true'\n---\n");
    let text = terminal.until_says("6 tasks: 3 ready, 3 blocked");
    assert!(text.contains("○ new.md"), "{text}");
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
    drop(running);
    // What nobody does any more does not run beside what does.
    world.task("e", "run: [sh, -c, 'read answer < ../other']");
    world.gate("other");
    let other = world.spawn(&["run", "--task", "e"]);
    terminal.until_says("runr run --task e  running for");
    world.open("other", "pass");
    other.wait().exits(0);
    terminal.until_says("its process is gone: runr resume");
    terminal.types("q");
    assert_eq!(terminal.ends(), LEFT);
    // Nothing is left behind: what still runs is taken over, and ends.
    world.open("gate", "pass");
    world.run(&["resume"]).exits(3);
}

#[test]
fn what_is_made_after_the_start_is_seen() {
    let world = World::new();
    std::fs::remove_dir_all(world.root().join(".runr")).unwrap();
    let mut init = world.sealed("git");
    init.args(["init", "-q"]);
    world.output(init).exits(0);
    let mut terminal = Terminal::of(&world, &["watch"], (80, 24));
    terminal.until_says("runr tasks add");
    world.task("a", "run: 'true'");
    terminal.until_says("1 task: 1 ready");
    terminal.types("q");
    assert_eq!(terminal.ends(), LEFT);
}

#[test]
fn a_journal_that_is_away_is_missed_and_found_again() {
    let world = World::new();
    world.write(".runr/config.yaml", "isolation: none\n");
    world.task("a", "run: 'true'");
    world.task("b", "depends_on: [a.md]\nrun: 'true'");
    world.run(&["run", "--task", "a"]).exits(0);
    let journal = world.root().join(".runr/journal.jsonl");
    let away = world.outside().join("away.jsonl");
    let mut terminal = Terminal::of(&world, &["watch"], (80, 24));
    terminal.until_says("✓ a.md");
    std::fs::rename(&journal, &away).unwrap();
    let text = terminal.until_says("is missing or has lost lines");
    assert!(text.contains("runr doctor"), "{text}");
    // Nothing that was known is denied.
    assert!(
        !text.contains("nothing has run yet") && text.contains("✓ a.md"),
        "{text}"
    );
    std::fs::rename(&away, &journal).unwrap();
    terminal.until("it is read again", |text| {
        text.contains("✓ a.md") && !text.contains("lost lines")
    });
    // The whole folder goes, and comes back.
    let (runr, away) = (world.root().join(".runr"), world.outside().join("away"));
    std::fs::rename(&runr, &away).unwrap();
    terminal.until_says("`.runr` is not there any more");
    std::fs::rename(&away, &runr).unwrap();
    terminal.until("it is read again", |text| {
        text.contains("✓ a.md") && !text.contains("any more")
    });
    world.task("e", "run: 'true'");
    terminal.until_says("3 tasks: 1 completed");
    terminal.types("q");
    assert_eq!(terminal.ends(), LEFT);
}

#[test]
fn a_neighbours_journal_that_was_away_is_read_again() {
    let several = Several::new(&["api"]);
    several.works("api", "b", &[]);
    several.works("project", "a", &["api:b"]);
    several.commit(&["project", "api"]);
    several.run("api", &["run"]).exits(0);
    let journal = several.root("api").join(".runr/journal.jsonl");
    let away = several.root("away.jsonl");
    let home = several.root("project");
    let args = ["-C", home.to_str().unwrap(), "watch"];
    let mut terminal = Terminal::of(&several.world, &args, (80, 24));
    terminal.until_says("✓ api:b.md");
    std::fs::rename(&journal, &away).unwrap();
    terminal.until_says("? api:b.md");
    std::fs::rename(&away, &journal).unwrap();
    terminal.until_says("✓ api:b.md");
    // And what is written from here on is heard of.
    several.run("api", &["tasks", "reset", "b"]).exits(0);
    terminal.until_says("○ api:b.md");
    terminal.types("q");
    assert_eq!(terminal.ends(), LEFT);
}

#[test]
fn the_head_names_what_runs_here() {
    let several = Several::new(&["api"]);
    several.works("api", "b", &[]);
    several.works("project", "a", &["api:b"]);
    several.waits("project", "c", &[], "gate");
    several.waits("project", "d", &[], "gate");
    several.world.gate("gate");
    several.commit(&["project", "api"]);
    let home = several.root("project");
    let args = ["-C", home.to_str().unwrap(), "watch"];
    let mut terminal = Terminal::of(&several.world, &args, (100, 24));
    terminal.until_says("nothing has run yet");
    // What another repository runs for itself is not what ran here.
    several.run("api", &["run"]).exits(0);
    terminal.until("it is theirs", |text| {
        text.contains("✓ api:b.md") && text.contains("nothing has run yet")
    });
    let first = several.start("project", &["run", "--task", "c"]);
    terminal.until_says("runr run --task c  running for");
    let second = several.start("project", &["run", "--task", "d"]);
    let text = terminal.until_says("runr run --task d  1 of 2 that run");
    assert!(text.contains("o other run"), "{text}");
    terminal.types("o");
    terminal.until_says("runr run --task c  2 of 2 that run");
    terminal.types("X");
    terminal.until_says("cancel all of `runr run --task c`?");
    terminal.types("y");
    // What was asked for has happened: there is nothing to wait for any more.
    terminal.until("only the other runs", |text| {
        text.contains("runr run --task d  running for") && !text.contains("to stop")
    });
    first.wait().exits(1);
    several.world.open("gate", "go");
    second.wait().exits(0);
    terminal.until_says("took");
    terminal.types("q");
    assert_eq!(terminal.ends(), LEFT);
}

#[test]
fn help_is_whole_on_every_screen() {
    let world = world();
    let mut terminal = Terminal::of(&world, &["watch"], (80, 24));
    terminal.until_says("nothing has run yet");
    terminal.types("?");
    let text = terminal.until_says("quit; the run goes on");
    assert!(
        text.contains("up down k j") && !text.contains("more below"),
        "{text}"
    );
    terminal.resize((40, 10));
    terminal.until_says("more below");
    terminal.types("jG");
    terminal.until_says("quit; the run goes on");
    terminal.types("qq");
    assert_eq!(terminal.ends(), LEFT);
}

#[test]
fn an_orchestration_file_that_is_not_there_is_named_and_nothing_quoted() {
    let world = world();
    for command in ["run", "check"] {
        let ran = world.run(&[command, "--config", "nope.yaml"]).exits(2);
        let said = format!("{}{}", ran.stdout, ran.stderr);
        assert!(said.contains("--> nope.yaml\n"), "{said}");
        assert!(
            !said.contains(" |"),
            "a line of a file that is not there: {said}"
        );
    }
}
