//! Several journals as one, on real files.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::event::{CancelTarget, Event, Verdict};
use crate::model::{Alias, Known, OrchId, Repositories, Repository, Status, TaskId, Whose};
use crate::state::{Illegal, State};
use crate::store::tests::{
    by_hand, ended, orch, process, reserved, run, started_orchestration, task,
};
use crate::store::{Store, StoreError, Stores};

fn alias(name: &str) -> Alias {
    Alias::parse(name).unwrap()
}

/// `home` names `api`, which calls it `site`.
fn repositories(top: &Path) -> Repositories {
    let api = Repository {
        alias: alias("api"),
        folder: "../api".into(),
        typed: "../api".into(),
        root: top.join("api"),
        knows: Known::from([(alias("site"), Whose::Home)]),
        unknown: None,
    };
    Repositories::new(Known::from([(alias("api"), Whose::Other(0))]), vec![api])
}

fn open(top: &Path) -> Stores {
    for name in ["home", "api"] {
        fs::create_dir_all(top.join(name).join(".runr")).unwrap();
    }
    let tasks: Vec<TaskId> = ["a.md", "api:a.md", "api:b.md"].map(task).into();
    let home = Store::open(&top.join("home")).unwrap();
    let mut stores = Stores::open(home, &repositories(top), tasks.iter());
    stores.engage(&orch(), BTreeMap::from([(0, 2)]));
    stores
}

fn journal(top: &Path, name: &str) -> String {
    fs::read_to_string(top.join(name).join(".runr/journal.jsonl")).unwrap_or_default()
}

/// Without the number of the last line, which is each journal's own.
fn plain(state: &State) -> State {
    State {
        seq: 0,
        ..state.clone()
    }
}

#[test]
fn each_event_goes_into_its_repositorys_journal_under_its_own_name() {
    let top = tempfile::tempdir().unwrap();
    let mut stores = open(top.path());
    let began = stores.append(vec![started_orchestration()]).unwrap();
    assert_eq!(began.news.len(), 1, "the echo is not news");
    for name in ["home", "api"] {
        assert!(journal(top.path(), name).contains("orchestration_started"));
    }
    assert!(journal(top.path(), "api").contains(r#""tasks":2,"#));
    let home = top.path().join("home");
    assert!(journal(top.path(), "api").contains(home.to_str().unwrap()));
    assert!(!journal(top.path(), "home").contains("\"home\""));

    // Both are called `a.md`, each where it is.
    let both = vec![reserved(1, "a.md"), reserved(2, "api:a.md")];
    let done = stores.append(both).unwrap();
    assert_eq!(done.refused, []);
    assert_eq!(stores.state().open[&run(2)].task, task("api:a.md"));
    assert_eq!(stores.whose_run(&run(2)), Whose::Other(0));
    assert!(!journal(top.path(), "api").contains("api:"));
    // A prerequisite of the home's is called so there.
    assert!(journal(top.path(), "api").contains(r#"["site:base.md""#));
    let pair = (task("base.md"), crate::model::Fingerprint::new([3; 16]));
    assert_eq!(stores.state().open[&run(2)].prerequisites, [pair]);

    let over = ended(2, Verdict::Completed { sha: None });
    stores
        .append(vec![over.clone(), by_hand("api:b.md")])
        .unwrap();
    assert_eq!(stores.state().status(&task("api:a.md")), Status::Completed);
    assert!(!journal(top.path(), "home").contains("completed"));
    // What is refused there comes back as it was given.
    let again = stores.append(vec![over.clone(), by_hand("a.md")]).unwrap();
    let refused: Vec<_> = again
        .refused
        .into_iter()
        .map(|r| (r.event, r.why))
        .collect();
    let not_open = Illegal::RunNotOpen { run: run(2) };
    let running = Illegal::TaskRunning {
        task: task("a.md"),
        run: run(1),
    };
    assert_eq!(refused, [(over, not_open), (by_hand("a.md"), running)]);

    // The state of the whole is what the journals say.
    let fresh = open(top.path());
    assert_eq!(plain(stores.state()), plain(fresh.state()));
    stores
        .append(vec![Event::OrchestrationEnded {
            orch: orch(),
            exit: 1,
        }])
        .unwrap();
    for name in ["home", "api"] {
        assert!(journal(top.path(), name).contains("orchestration_ended"));
    }
    assert_eq!(plain(stores.state()), plain(open(top.path()).state()));
}

#[test]
fn what_others_write_there_is_heard_here() {
    let top = tempfile::tempdir().unwrap();
    let mut stores = open(top.path());
    let mut theirs = Store::open(&top.path().join("api")).unwrap();
    theirs.append(vec![by_hand("b.md")]).unwrap();
    let cancel = Event::CancelRequested {
        target: CancelTarget::Orchestration(orch()),
        drain: false,
        by: "ada".to_owned(),
    };
    theirs.append(vec![cancel.clone()]).unwrap();
    let news = stores.refresh().unwrap();
    let events: Vec<&Event> = news.iter().map(|recorded| &recorded.event).collect();
    assert_eq!(events, [&by_hand("api:b.md"), &cancel]);
    assert_eq!(stores.state().status(&task("api:b.md")), Status::Completed);
    assert_eq!(stores.refresh().unwrap(), []);
}

#[test]
fn a_journal_that_is_damaged_makes_its_tasks_unknown() {
    let top = tempfile::tempdir().unwrap();
    let mut stores = open(top.path());
    stores
        .append(vec![by_hand("api:b.md"), by_hand("a.md")])
        .unwrap();
    fs::write(
        top.path().join("api/.runr/journal.jsonl"),
        "nothing\nof ours\n",
    )
    .unwrap();
    let mut before = stores;
    before.refresh().unwrap();
    for stores in [&before, &open(top.path())] {
        assert_eq!(stores.state().status(&task("a.md")), Status::Completed);
        for name in ["api:a.md", "api:b.md"] {
            assert_eq!(
                stores.state().status(&task(name)),
                Status::Unknown,
                "{name}"
            );
        }
        assert_eq!(stores.repositories().unreadable().count(), 1);
    }
    // What was to be written there is given back; the rest is written.
    let done = before
        .append(vec![by_hand("api:a.md"), by_hand("b.md")])
        .unwrap();
    assert_eq!(done.unwritten, [by_hand("api:a.md")]);
    assert_eq!(done.news.len(), 1);
    // The home's own goes on.
    before.append(vec![by_hand("c.md")]).unwrap();
}

#[test]
fn a_journal_that_comes_back_is_read_with_what_was_written_meanwhile() {
    let top = tempfile::tempdir().unwrap();
    let mut stores = open(top.path());
    stores.append(vec![by_hand("api:b.md")]).unwrap();
    let (journal, away) = (
        top.path().join("api/.runr/journal.jsonl"),
        top.path().join("away"),
    );
    let status = |stores: &Stores, name: &str| stores.state().status(&task(name));
    for round in 0..2 {
        fs::rename(&journal, &away).unwrap();
        stores.refresh().unwrap();
        stores.reopen();
        assert_eq!(status(&stores, "api:b.md"), Status::Unknown, "{round}");
        assert_eq!(stores.repositories().unreadable().count(), 1);
        fs::rename(&away, &journal).unwrap();
        // Nobody asks for it: an orchestration that has lost a journal does not find it again by itself.
        stores.refresh().unwrap();
        assert_eq!(status(&stores, "api:b.md"), Status::Unknown, "{round}");
        let mut theirs = Store::open(&top.path().join("api")).unwrap();
        theirs
            .append(vec![by_hand(&format!("{round}.md"))])
            .unwrap();
        stores.reopen();
        assert_eq!(status(&stores, "api:b.md"), Status::Completed, "{round}");
        assert_eq!(stores.repositories().unreadable().count(), 0);
        assert_eq!(stores.readable(), [Whose::Home, Whose::Other(0)]);
        // And what is written from here on is heard.
        theirs.append(vec![by_hand("a.md")]).unwrap();
        stores.refresh().unwrap();
        assert_eq!(status(&stores, "api:a.md"), Status::Completed, "{round}");
    }
}

#[test]
fn what_was_known_of_home_stays_while_its_journal_is_away() {
    let top = tempfile::tempdir().unwrap();
    let mut stores = open(top.path());
    stores
        .append(vec![by_hand("api:b.md"), by_hand("a.md")])
        .unwrap();
    let (journal, away) = (
        top.path().join("home/.runr/journal.jsonl"),
        top.path().join("away"),
    );
    fs::rename(&journal, &away).unwrap();
    let before = plain(stores.state());
    stores.refresh().unwrap();
    assert!(matches!(stores.damage(), Some(StoreError::Lost { .. })));
    assert_eq!(plain(stores.state()), before);
    assert!(stores.append(vec![by_hand("c.md")]).is_err());
    fs::rename(&away, &journal).unwrap();
    stores.refresh().unwrap();
    assert!(stores.damage().is_none());
    assert_eq!(plain(stores.state()), before, "nothing counts twice");
    // Another journal in its place is believed.
    fs::remove_file(&journal).unwrap();
    stores.refresh().unwrap();
    fs::remove_file(top.path().join("home/.runr/task-status.json")).ok();
    let mut anew = Store::open(&top.path().join("home")).unwrap();
    anew.append(vec![by_hand("c.md")]).unwrap();
    stores.refresh().unwrap();
    let status = |name: &str| stores.state().status(&task(name));
    assert_eq!(status("a.md"), Status::Pending);
    assert_eq!(status("c.md"), Status::Completed);
    assert_eq!(status("api:b.md"), Status::Completed);
}

#[test]
fn what_others_run_for_themselves_is_known_to_be_theirs() {
    let top = tempfile::tempdir().unwrap();
    let mut stores = open(top.path());
    let mut theirs = Store::open(&top.path().join("api")).unwrap();
    let own = OrchId::parse("orch-20250108-150000-bbbb").unwrap();
    let began = Event::OrchestrationStarted {
        orch: own.clone(),
        owner: process(),
        command: "runr run".to_owned(),
        tasks: 1,
        jobs: 1,
        home: None,
    };
    theirs.append(vec![began.clone()]).unwrap();
    stores.refresh().unwrap();
    assert!(stores.state().orchestrations[&own].abroad);
    assert_eq!(plain(stores.state()), plain(open(top.path()).state()));
    // One that was started here is ours, whichever journal is read first.
    let mut ours = Store::open(&top.path().join("home")).unwrap();
    ours.append(vec![began]).unwrap();
    stores.refresh().unwrap();
    assert!(!stores.state().orchestrations[&own].abroad);
}

#[test]
fn without_others_nothing_is_different() {
    let top = tempfile::tempdir().unwrap();
    let root = top.path().join("home");
    fs::create_dir_all(root.join(".runr")).unwrap();
    let home = Store::open(&root).unwrap();
    let mut stores = Stores::open(home, &Repositories::default(), std::iter::empty());
    let with_owner = vec![started_orchestration(), by_hand("api:b.md")];
    let done = stores.append(with_owner.clone()).unwrap();
    let news: Vec<Event> = done
        .news
        .into_iter()
        .map(|recorded| recorded.event)
        .collect();
    assert_eq!(news, with_owner);
    assert_eq!(stores.state().orchestrations[&orch()].owner, process());
    assert_eq!(stores.readable(), [Whose::Home]);
}
