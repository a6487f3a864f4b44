//! What keys and news do.

use crate::model::Decision;
use crate::screen::ask::{Ask, Msg, Source};
use crate::screen::key::Key;
use crate::screen::samples::{COLOUR, PLAIN, Watched, game, moment};
use crate::view::tests::{Story, id, print};

fn watched() -> Watched {
    Watched::new(&game(), (80, 24))
}

fn decisions(watched: &Watched) -> Vec<Decision> {
    let asked = watched.asked.iter();
    asked
        .filter_map(|ask| match ask {
            Ask::Do(decision) => Some(decision.clone()),
            _ => None,
        })
        .collect()
}

#[test]
fn it_begins_with_what_runs_and_goes_along_until_a_key_moves() {
    let mut story = game();
    let mut watched = Watched::new(&story, (80, 24));
    assert_eq!(watched.selected(), "02-net.md");
    let run = story.state.task(&id("02-net.md")).last_run_id.unwrap();
    assert_eq!(watched.asked, [Ask::Follow(Some(Source::Log(run.clone())))]);
    let end = |run| crate::event::Event::Ended {
        run,
        verdict: crate::event::Verdict::Completed { sha: None },
        took_ms: 1,
    };
    story.happens(end(run));
    let next = story.started("03-board.md", print(0));
    watched.tell(Msg::Moment(moment(&story)));
    assert_eq!(watched.selected(), "03-board.md");
    assert_eq!(
        watched.asked.last(),
        Some(&Ask::Follow(Some(Source::Log(next.clone()))))
    );
    watched.keys(&[Key::Up]);
    let chosen = watched.selected();
    story.happens(end(next));
    story.started("09-docs.md", print(0));
    watched.tell(Msg::Moment(moment(&story)));
    assert_eq!(watched.selected(), chosen, "a person has chosen");
    watched.types("f");
    assert_eq!(watched.selected(), "09-docs.md");
}

#[test]
fn once_all_is_over_what_needs_people_most_is_selected() {
    for (key, goes) in [(Key::Esc, true), (Key::Up, false)] {
        let mut story = game();
        let mut watched = Watched::new(&story, (80, 24));
        watched.keys(&[key]);
        let before = watched.selected();
        let run = story.state.task(&id("02-net.md")).last_run_id.unwrap();
        story.happens(crate::event::Event::Ended {
            run,
            verdict: crate::event::Verdict::Completed { sha: None },
            took_ms: 1,
        });
        watched.tell(Msg::Moment(moment(&story)));
        assert_eq!(watched.selected(), before, "something may still start");
        story.happens(crate::event::Event::OrchestrationEnded {
            orch: crate::view::tests::orch(),
            exit: 1,
        });
        watched.tell(Msg::Moment(moment(&story)));
        let first = watched.model.needs.first().unwrap().task;
        let first = watched.model.moment.id(first).to_string();
        assert_ne!(first, before);
        assert_eq!(watched.selected() == first, goes);
    }
}

#[test]
fn a_tree_is_opened_and_closed() {
    let mut watched = watched();
    let all = watched.listed();
    assert_eq!(
        all,
        [
            "00-setup.md",
            "01-engine.md",
            "02-net.md",
            "07-play.md",
            "08-ship.md",
            "03-board.md",
            "04-theme.md",
            "06-copy.md",
            "05-keys.md",
            "09-docs.md"
        ]
    );
    watched.keys(&[Key::Home, Key::Left]);
    assert_eq!(
        watched.listed(),
        ["00-setup.md", "05-keys.md", "09-docs.md"]
    );
    watched.keys(&[Key::Right]);
    assert_eq!(watched.listed(), all);
    watched.selects(7).keys(&[Key::Left, Key::Left]);
    assert_eq!(
        watched.selected(),
        "02-net.md",
        "what is closed leads to the one above"
    );
    watched.types("t");
    assert_eq!(watched.listed()[0], "level 0");
    assert_eq!(watched.selected(), "02-net.md");
    watched.keys(&[Key::Left, Key::Left]);
    assert_eq!(watched.selected(), "level 2");
    assert!(!watched.listed().contains(&"02-net.md".to_owned()));
    watched.keys(&[Key::Enter]);
    assert!(watched.listed().contains(&"02-net.md".to_owned()));
}

#[test]
fn filters_narrow_the_list_and_lead_back() {
    let mut watched = watched();
    watched.types("/PLAY");
    assert_eq!(
        watched.listed(),
        ["02-net.md", "07-play.md"],
        "by name and title"
    );
    watched.keys(&[Key::Esc]);
    assert_eq!(watched.listed().len(), 10);
    watched.types("s");
    assert_eq!(watched.listed(), ["02-net.md"], "running");
    watched.types("s");
    assert_eq!(
        watched.listed(),
        ["05-keys.md", "06-copy.md"],
        "needs people"
    );
    watched.keys(&[Key::Down, Key::Enter]);
    assert_eq!(
        (watched.listed().len(), watched.selected()),
        (10, "06-copy.md".to_owned())
    );
    watched.types("n");
    assert_eq!(
        watched.listed(),
        ["05-keys.md", "06-copy.md", "04-theme.md"]
    );
    // What is typed in a filter is no key.
    watched.types("n/q");
    assert!(!watched.asked.contains(&Ask::Leave));
    watched.keys(&[Key::Enter]).types("q");
    assert_eq!(watched.asked.last(), Some(&Ask::Leave));
}

#[test]
fn every_answer_is_asked_about_once() {
    type Case = (u32, &'static str, &'static [Key], Option<Decision>);
    let task = |name: &str| id(name);
    let note = |text: &str| Some(text.to_owned());
    let cases: Vec<Case> = vec![
        (
            6,
            "alook",
            &[Key::Enter],
            Some(Decision::Approve {
                task: task("06-copy.md"),
                note: note("look"),
            }),
        ),
        (
            6,
            "a",
            &[Key::Enter],
            Some(Decision::Approve {
                task: task("06-copy.md"),
                note: None,
            }),
        ),
        (6, "a", &[Key::Esc], None),
        (6, "r", &[Key::Enter], None),
        (
            6,
            "rworse",
            &[Key::Enter],
            Some(Decision::Reject {
                task: task("06-copy.md"),
                note: "worse".to_owned(),
            }),
        ),
        (
            5,
            "cgot it",
            &[Key::Enter],
            Some(Decision::Complete {
                task: task("05-keys.md"),
                note: note("got it"),
            }),
        ),
        (5, "a", &[Key::Enter], None),
        (0, "c", &[Key::Enter], None),
        (2, "c", &[Key::Enter], None),
        (
            4,
            "R",
            &[Key::Enter],
            Some(Decision::Reset {
                task: task("04-theme.md"),
                note: None,
            }),
        ),
        (2, "R", &[Key::Enter], None),
        (9, "R", &[Key::Enter], None),
        (2, "x", &[Key::Enter], None),
        (
            2,
            "x",
            &[Key::Char('y')],
            Some(Decision::CancelTask {
                task: task("02-net.md"),
            }),
        ),
        (2, "X", &[Key::Char('n')], None),
        (
            2,
            "X",
            &[Key::Char('y')],
            Some(Decision::CancelAll {
                orch: crate::view::tests::orch(),
            }),
        ),
    ];
    for (number, typed, keys, expected) in cases {
        let mut watched = watched();
        watched.selects(number).types(typed).keys(keys);
        let done = decisions(&watched);
        assert_eq!(
            done,
            expected.into_iter().collect::<Vec<_>>(),
            "{number} {typed}"
        );
    }
}

#[test]
fn one_decision_after_the_other() {
    let mut watched = watched();
    watched.selects(5).types("c").keys(&[Key::Enter]);
    watched.selects(6).types("a").keys(&[Key::Enter]);
    assert_eq!(decisions(&watched).len(), 1, "the first is not done yet");
    watched.tell(Msg::Done {
        said: "done".to_owned(),
        well: true,
    });
    watched.types("a").keys(&[Key::Enter]);
    assert_eq!(decisions(&watched).len(), 2);
}

#[test]
fn what_is_pasted_is_never_taken_for_keys() {
    let mut watched = watched();
    watched.selects(5);
    let before = watched.asked.len();
    watched.tell(Msg::Pasted("c\nq".to_owned()));
    assert_eq!(watched.asked.len(), before);
    watched
        .types("c")
        .tell(Msg::Pasted("from\nthe provider".to_owned()));
    watched.keys(&[Key::Enter]);
    let note = Some("from the provider".to_owned());
    let task = id("05-keys.md");
    assert_eq!(decisions(&watched), [Decision::Complete { task, note }]);
}

#[test]
fn another_plan_keeps_the_selected_task() {
    let mut story = game();
    let mut watched = Watched::new(&story, (80, 24));
    watched.selects(7).keys(&[Key::Up, Key::Down]);
    assert_eq!(watched.selected(), "07-play.md");
    // The same tasks with one more before them: every number is another.
    let mut tasks = story.plan.tasks().to_vec();
    let mut first = tasks[0].clone();
    first.id = id("000-new.md");
    tasks.insert(0, first);
    let edges: Vec<_> = story
        .plan
        .graph()
        .edges()
        .into_iter()
        .map(|mut edge| {
            edge.prerequisite.0 += 1;
            edge.dependent.0 += 1;
            edge
        })
        .collect();
    story.plan = crate::plan::Plan::assemble(tasks, Vec::new(), &edges).unwrap();
    let mut next = moment(&story);
    std::sync::Arc::get_mut(&mut next).unwrap().generation = 2;
    watched.tell(Msg::Moment(next));
    assert_eq!(watched.selected(), "07-play.md");
    assert_eq!(watched.listed().len(), 11);
}

#[test]
fn the_selected_row_is_always_on_the_screen() {
    let names: Vec<String> = (0..500).map(|n| format!("{n}.md")).collect();
    let story = crate::view::tests::Story::from_edges(&names, &vec![Vec::new(); 500]);
    let mut watched = Watched::new(&story, (80, 24));
    for keys in [
        vec![Key::End],
        vec![Key::PageUp, Key::PageUp, Key::Up],
        vec![Key::Home],
        vec![Key::PageDown, Key::Down],
    ] {
        watched.keys(&keys);
        let (at, top, page) = (watched.model.at, watched.model.top, watched.model.page());
        assert!((top..top + page).contains(&at), "{at} in {top}+{page}");
        assert!(top + page <= 500);
    }
    watched.keys(&[Key::End]).tell(Msg::Resized(80, 60));
    let (top, page) = (watched.model.top, watched.model.page());
    assert_eq!(top + page, 500, "no row stands empty");
}

/// The task that runs is completed, and its orchestration is over.
fn end(story: &mut Story) {
    let run = story.state.task(&id("02-net.md")).last_run_id.unwrap();
    story.happens(crate::event::Event::Ended {
        run,
        verdict: crate::event::Verdict::Completed { sha: None },
        took_ms: 1,
    });
    story.happens(crate::event::Event::OrchestrationEnded {
        orch: crate::view::tests::orch(),
        exit: 1,
    });
}

#[test]
fn what_was_announced_and_has_happened_is_not_said_any_more() {
    let done = |well| Msg::Done {
        said: "asked it to stop".to_owned(),
        well,
    };
    for (keys, well) in [("xy", true), ("Xy", true), ("Xy", false)] {
        let mut story = game();
        let mut watched = Watched::new(&story, (80, 24));
        watched.selects(2).types(keys).tell(done(well));
        assert!(watched.text(COLOUR).contains("asked it to stop"), "{keys}");
        end(&mut story);
        watched.tell(Msg::Moment(moment(&story)));
        let text = watched.text(COLOUR);
        // A refusal stays until somebody has read it.
        assert_eq!(text.contains("asked it to stop"), !well, "{keys}: {text}");
    }
    // Its command may end later than the orchestration.
    let mut story = game();
    let mut watched = Watched::new(&story, (80, 24));
    watched.types("Xy");
    end(&mut story);
    watched.tell(Msg::Moment(moment(&story))).tell(done(true));
    assert!(!watched.text(COLOUR).contains("asked it to stop"));
}

#[test]
fn of_several_orchestrations_one_is_shown_and_meant() {
    let mut story = game();
    let second = crate::model::OrchId::parse("orch-20250108-150000-bbbb").unwrap();
    story.happens(crate::event::Event::OrchestrationStarted {
        orch: second.clone(),
        owner: crate::view::tests::process(2),
        command: "runr run --task 09-docs".to_owned(),
        tasks: 1,
        jobs: 1,
        home: None,
    });
    let mut now = moment(&story);
    let both = std::sync::Arc::get_mut(&mut now).unwrap();
    let shown = crate::screen::moment::Shown {
        orch: second.clone(),
        selected: [id("09-docs.md")].into(),
        left: None,
    };
    both.shown.insert(0, shown);
    let mut watched = watched();
    watched.tell(Msg::Moment(now));
    let text = watched.text(COLOUR);
    assert!(
        text.starts_with("runr run --task 09-docs  1 of 2 that run"),
        "{text}"
    );
    watched.types("o");
    let text = watched.text(COLOUR);
    assert!(text.starts_with("runr run  2 of 2 that run"), "{text}");
    // What is cancelled is what is shown.
    watched.types("X");
    assert!(watched.text(COLOUR).contains("cancel all of `runr run`?"));
    watched.types("noX");
    let text = watched.text(COLOUR);
    assert!(
        text.contains("cancel all of `runr run --task 09-docs`?"),
        "{text}"
    );
    watched.types("y");
    assert_eq!(decisions(&watched), [Decision::CancelAll { orch: second }]);
    // With one there is nothing to choose.
    let mut watched = Watched::new(&game(), (80, 24));
    watched.types("o");
    assert!(
        watched
            .text(COLOUR)
            .contains("no other orchestration runs here")
    );
}

#[test]
fn a_file_that_is_invalid_is_no_ready_task() {
    let mut now = moment(&game());
    let invalid = std::sync::Arc::get_mut(&mut now).unwrap();
    invalid.trouble = Some(".runr/tasks/09-docs.md:2:7: wrong".to_owned());
    for (number, why) in [(9, "it is invalid"), (2, "it runs all the same")] {
        invalid
            .invalid
            .insert(crate::plan::TaskIx(number), why.to_owned());
    }
    for (width, height) in [(80, 24), (200, 50), (40, 10)] {
        let mut watched = Watched::new(&game(), (width, height));
        let before = watched.text(COLOUR);
        assert!(before.contains("2 ready") || width == 40, "{before}");
        watched.tell(Msg::Moment(std::sync::Arc::clone(&now)));
        watched.types("G");
        let text = watched.text(COLOUR);
        assert!(!text.contains("2 ready"), "{text}");
        assert!(text.contains(".runr/tasks/09-docs.md:2:7: wrong"), "{text}");
        if width == 40 {
            continue;
        }
        assert!(
            text.contains("1 running") && text.contains("1 invalid"),
            "{text}"
        );
        let row = text.lines().find(|line| line.contains("09-docs.md  "));
        assert!(
            row.is_some_and(|row| row.contains("it is invalid")),
            "{text}"
        );
        watched.selects(2);
        let text = watched.text(COLOUR);
        assert!(text.contains("it runs all the same"), "{text}");
        // What is said last takes no room from it.
        watched.tell(Msg::Done {
            said: "approved".to_owned(),
            well: true,
        });
        assert!(watched.text(COLOUR).contains("09-docs.md:2:7: wrong"));
    }
}

#[test]
fn a_file_that_was_never_read_is_listed_until_it_is_a_task() {
    let with = |files: &[&str]| {
        let mut now = moment(&game());
        let at = std::sync::Arc::get_mut(&mut now).unwrap();
        let files = files.iter().map(|name| crate::screen::NeverRead {
            name: (*name).to_owned(),
            why: "its file is invalid at 2:7: wrong".to_owned(),
        });
        at.never_read = files.collect();
        now
    };
    for (width, height) in [(80, 24), (200, 50), (40, 10)] {
        let mut watched = Watched::new(&game(), (width, height));
        watched.types("j");
        let before = watched.selected();
        watched.tell(Msg::Moment(with(&["10-a.md", "11-b.md"])));
        assert_eq!(watched.selected(), before, "the selection stays");
        assert_eq!(watched.listed()[..2], ["file 0", "file 1"]);
        watched.types("gj");
        let text = watched.text(COLOUR);
        assert!(text.contains("✗ 11-b.md"), "{text}");
        assert!(text.contains("its file is invalid at 2:7: wrong"), "{text}");
        let asked = Source::Text(".runr/tasks/11-b.md".into());
        assert_eq!(watched.asked.last(), Some(&Ask::Follow(Some(asked))));
        // The keys of a tree and of a task do it no harm.
        watched.types("hl gjac");
        assert!(watched.text(PLAIN).contains("is no task until"));
        watched.types("/11-").keys(&[Key::Enter]);
        assert_eq!(watched.listed(), ["file 1"]);
        watched.keys(&[Key::Esc]).types("s");
        assert!(!watched.listed().contains(&"file 1".to_owned()));
        watched.keys(&[Key::Esc]).types("n");
        assert!(!watched.listed().contains(&"file 1".to_owned()));
        watched.types("ng");
        watched.tell(Msg::Moment(with(&["11-b.md"])));
        assert_eq!(watched.listed()[0], "file 0");
    }
}

#[test]
fn a_file_that_has_become_valid_stays_selected() {
    let mut watched = Watched::new(&game(), (80, 24));
    let mut now = moment(&game());
    let at = std::sync::Arc::get_mut(&mut now).unwrap();
    at.generation = 7;
    at.never_read = vec![crate::screen::NeverRead {
        name: "09-docs.md".to_owned(),
        why: "wrong".to_owned(),
    }];
    watched.tell(Msg::Moment(now)).types("g");
    assert_eq!(watched.selected(), "file 0");
    watched.tell(Msg::Moment(moment(&game())));
    assert_eq!(watched.selected(), "09-docs.md");
}

#[test]
fn help_is_read_to_its_end_on_a_small_screen() {
    for (size, whole) in [((80, 24), true), ((40, 10), false)] {
        let mut watched = Watched::new(&game(), size);
        watched.types("?");
        let text = watched.text(COLOUR);
        assert!(text.contains("up down k j"), "{text}");
        assert_eq!(text.contains("quit; the run"), whole, "{text}");
        watched.keys(&[Key::PageDown, Key::End, Key::Down]);
        let text = watched.text(COLOUR);
        assert!(text.contains("quit; the run"), "{text}");
        assert_eq!(text.contains("more above"), !whole, "{text}");
        watched.types("q");
        assert!(!watched.text(COLOUR).contains("quit; the run"));
        assert!(!watched.asked.contains(&Ask::Leave));
    }
}

#[test]
fn a_question_that_others_have_answered_says_so() {
    let mut story = game();
    let mut watched = Watched::new(&story, (80, 24));
    watched.selects(6).types("rno");
    watched.tell(Msg::Moment(moment(&story)));
    assert!(!watched.text(COLOUR).contains("not any more"));
    story.happens(crate::event::Event::Reset {
        task: id("06-copy.md"),
        by: "eve".to_owned(),
        note: None,
    });
    watched.tell(Msg::Moment(moment(&story)));
    let text = watched.text(COLOUR);
    assert!(
        text.contains("not any more: 06-copy.md does not wait"),
        "{text}"
    );
    assert!(text.contains("│ no "), "what was typed stays: {text}");
}
