//! What the facts mean, and what can be done about it. Pure.

use std::path::PathBuf;

use crate::house::facts::{Facts, Git, Stray, Verdict, Whose};
use crate::house::finding::{Check, Finding, Fix};
use crate::house::in_git::InGit;
use crate::model::{OrchId, RunId, TaskId};
use crate::store::file_system::{Kind, Room};
use crate::store::recovery::Action;
use crate::store::{CacheHealth, JournalHealth};

/// The oldest git that merges in the object store.
const GIT: (u32, u32) = (2, 38);

const MIB: u64 = 1 << 20;

/// Judges everything; one finding or more for each check, in their order.
#[must_use]
pub fn judge(facts: &Facts) -> Vec<Finding> {
    let whole = matches!(
        facts.examination.journal,
        JournalHealth::None | JournalHealth::Whole { .. } | JournalHealth::Torn { .. }
    );
    let mut all = vec![
        journal(&facts.examination.journal),
        status(&facts.examination.cache),
        locks(&facts.kind, &facts.unwritable),
        orchestrations(&facts.deserted, facts.at_work),
    ];
    // What the journal says of runs is no ground to act on while a part of it cannot be read.
    if whole {
        all.push(runs(&facts.unattended, &facts.unknown));
        all.push(processes(&facts.strays));
    }
    all.push(leftovers(&facts.temporary));
    all.push(disk(facts.room));
    all.push(git(&facts.git));
    if facts.git.repository {
        all.extend(in_git(&facts.in_git));
    }
    all
}

fn journal(health: &JournalHealth) -> Finding {
    let is = Check::Journal;
    match health {
        JournalHealth::None => Finding::ok(is, "nothing was recorded yet"),
        JournalHealth::Whole { lines } => {
            Finding::ok(is, format!("{lines} lines, each with its checksum and number"))
        }
        JournalHealth::Torn { lines, bytes } => Finding::warning(
            is,
            format!("{lines} whole lines, then {bytes} bytes of an interrupted append"),
        )
        .means("nobody was told about that append; the next command that writes cuts it off")
        .fix(Fix::CutTornEnd),
        JournalHealth::Damaged {
            before,
            behind,
            wounds,
        } => Finding::problem(
            is,
            format!("damaged: {before} whole lines before it, {behind} behind it"),
        )
        .details(wounds.iter().map(ToString::to_string))
        .means("status shows what stands before the damage; nothing can be recorded")
        .fix(Fix::RepairJournal),
        JournalHealth::Lost { cached, found } => Finding::problem(
            is,
            format!("lines are gone: `task-status.json` was made from {cached} appends, {found} are there"),
        )
        .means("status shows what `task-status.json` remembers; nothing can be recorded")
        .fix(Fix::RepairJournal)
        .remedy("put the journal back from a backup if there is one: it knows more than the status file"),
        JournalHealth::Newer => Finding::problem(is, "written by a newer runr")
            .means("it can be read in part, and never written")
            .remedy("use a runr at least as new as the one that wrote it"),
    }
}

fn status(health: &CacheHealth) -> Finding {
    let is = Check::Status;
    let file = "`task-status.json`";
    match health {
        CacheHealth::None => Finding::ok(is, format!("no {file}; the journal has everything")),
        CacheHealth::Current => Finding::ok(is, format!("{file} is what the journal says")),
        CacheHealth::Behind(by) => Finding::ok(
            is,
            format!("{file} is {by} appends behind; readers add them"),
        ),
        CacheHealth::Edited => Finding::warning(is, format!("{file} was changed by hand"))
            .means("it is only a copy, and the change is not obeyed")
            .fix(Fix::RebuildStatus)
            .remedy("runr tasks complete TASK    is how a person says done"),
        CacheHealth::OfAnotherJournal => {
            Finding::warning(is, format!("{file} was made from another journal"))
                .means("it is not used")
                .fix(Fix::RebuildStatus)
        }
        CacheHealth::Ahead => Finding::warning(
            is,
            format!("{file} goes with a journal that cannot be read whole"),
        )
        .means("it may know what the journal has lost: do not remove it"),
        CacheHealth::Newer { version } => Finding::warning(
            is,
            format!("{file} was written by a newer runr (schema {version})"),
        )
        .means("it is left alone; the journal has everything"),
        CacheHealth::Older => Finding::ok(
            is,
            format!(
                "{file} is the older runr's; the first command that records something takes it over"
            ),
        ),
    }
}

fn locks(kind: &Kind, unwritable: &[PathBuf]) -> Finding {
    let is = Check::Locks;
    if let Kind::Network(kind) = kind {
        return Finding::problem(is, format!("`.runr/` is on a network file system ({kind})"))
            .means("a lock there may hold on one machine only: two orchestrations could run one task, so nothing is dispatched")
            .remedy("move the project to a local disk; what others need of it travels by git");
    }
    if !unwritable.is_empty() {
        return Finding::problem(is, "some of runr's files cannot be written by this user")
            .details(unwritable.iter().map(|path| path.display().to_string()))
            .means("nothing can be recorded or dispatched")
            .remedy("give them back to this user, for instance with `chown -R`");
    }
    match kind {
        Kind::Shared(kind) => Finding::warning(
            is,
            format!("`.runr/` is on a file system shared with the host ({kind})"),
        )
        .means("locks hold on this side only: do not run runr here and on the host at once"),
        Kind::Local(_) | Kind::Network(_) => Finding::ok(is, "on a local file system"),
    }
}

fn orchestrations(deserted: &[OrchId], at_work: usize) -> Finding {
    let is = Check::Orchestrations;
    match deserted {
        [] if at_work == 0 => Finding::ok(is, "none is running"),
        [] => Finding::ok(is, format!("{at_work} running")),
        [first, ..] => Finding::warning(
            is,
            format!(
                "{} without their orchestrator, which is gone",
                deserted.len()
            ),
        )
        .details(deserted.iter().map(ToString::to_string))
        .means("nobody starts their tasks any more")
        .fix(Fix::Settle)
        .remedy(format!("runr resume {first}    goes on with it")),
    }
}

fn runs(unattended: &[(RunId, TaskId, Action)], unknown: &[(RunId, Verdict)]) -> Finding {
    let is = Check::Runs;
    if !unattended.is_empty() {
        let alive = |action: &Action| matches!(action, Action::Adopt(_));
        let finding = Finding::warning(
            is,
            format!("{} open without an orchestrator", unattended.len()),
        )
        .details(
            unattended
                .iter()
                .map(|(run, task, action)| format!("{run} of {task}: {}", becomes(action))),
        );
        return match unattended.iter().all(|(_, _, action)| alive(action)) {
            true => finding
                .means("they go on working, and whoever dispatches next records how they end")
                .remedy("runr resume    watches them; runr cancel    ends them"),
            false => finding
                .means("their tasks are shown as in progress until that is recorded")
                .fix(Fix::Settle),
        };
    }
    if !unknown.is_empty() {
        return Finding::warning(
            is,
            format!("{} folders of runs that the journal does not know", unknown.len()),
        )
        .details(unknown.iter().map(|(run, verdict)| match verdict {
            Verdict::Written => format!("{run}: with a verdict that counts for nothing"),
            Verdict::None => format!("{run}: without a verdict"),
        }))
        .means("they come from a journal that was lost or replaced, and count for nothing")
        .remedy("read them, then remove those that you do not need; runr gc removes those without a verdict");
    }
    Finding::ok(
        is,
        "every open run is attended, every folder is in the journal",
    )
}

fn becomes(action: &Action) -> &'static str {
    match action {
        Action::JournalIt(_) => "it has ended; its verdict is not in the journal yet",
        Action::Lost => "its process was lost",
        Action::Adopt(_) => "it is still at work",
        Action::Void => "its work never began",
        Action::WaitForLock => "its process is gone and something of it still runs",
    }
}

fn processes(strays: &[Stray]) -> Finding {
    let is = Check::Processes;
    if strays.is_empty() {
        return Finding::ok(is, "none outlived its run");
    }
    let finding = Finding::problem(is, format!("{} outlived their run", strays.len()))
        .details(strays.iter().map(|stray| {
            let known = match stray.of {
                Whose::EndedRun => "which is over",
                Whose::UnknownRun => "which the journal does not know",
            };
            format!("process {} of run {}, {known}", stray.pid, stray.run)
        }))
        .means("they may still change files of the project");
    let of_ended = strays.iter().filter(|stray| stray.of == Whose::EndedRun);
    let mut runs: Vec<RunId> = of_ended.map(|stray| stray.run.clone()).collect();
    runs.dedup();
    match runs.is_empty() {
        true => finding.remedy("end them with `kill`, if you do not know them"),
        false => finding.fix(Fix::EndStrays(runs)),
    }
}

fn leftovers(temporary: &[PathBuf]) -> Finding {
    let is = Check::Leftovers;
    if temporary.is_empty() {
        return Finding::ok(is, "no temporary files of dead processes");
    }
    Finding::warning(
        is,
        format!("{} temporary files of dead processes", temporary.len()),
    )
    .details(temporary.iter().map(|path| path.display().to_string()))
    .means("a write was interrupted before it counted; they only take room")
    .fix(Fix::RemoveTemporary(temporary.to_vec()))
}

fn disk(room: Room) -> Finding {
    let is = Check::Disk;
    let inodes = match room.inodes {
        Some(n) => format!(", {n} files"),
        None => String::new(),
    };
    let line = format!("room for {} MiB{inodes}", room.free / MIB);
    let files = room.inodes.unwrap_or(u64::MAX);
    if room.free < MIB || files < 100 {
        Finding::problem(is, line)
            .means(
                "nothing more can be recorded soon; running attempts would end without a verdict",
            )
            .remedy("free some space; runr gc    removes what nothing needs")
    } else if room.free < 200 * MIB || files < 2000 {
        Finding::warning(is, line)
            .means("a longer orchestration may not fit")
            .remedy("runr gc    removes what nothing needs")
    } else {
        Finding::ok(is, line)
    }
}

fn git(git: &Git) -> Finding {
    let is = Check::Git;
    let needed = format!("{}.{}", GIT.0, GIT.1);
    match (&git.version, git.repository) {
        (None, false) => Finding::ok(is, "no git, and no repository that would need it"),
        (None, true) => Finding::problem(is, "this is a git repository and there is no `git`")
            .means("runs cannot have worktrees or leave commits")
            .remedy(format!("install git {needed} or newer")),
        (Some(said), repository) => match version(said) {
            Some(version) if version >= GIT => {
                Finding::ok(is, format!("git {}.{}", version.0, version.1))
            }
            Some(_) | None if !repository => Finding::ok(
                is,
                format!("`{said}`, and no repository that would need it"),
            ),
            _ => Finding::problem(is, format!("`{said}` is older than {needed}"))
                .means("commits cannot be merged without a working tree")
                .remedy(format!("install git {needed} or newer")),
        },
    }
}

fn in_git(seen: &InGit) -> Vec<Finding> {
    if let Some(why) = &seen.failed {
        return vec![Finding::problem(
            Check::Commits,
            format!("git cannot tell: {why}"),
        )];
    }
    let commits = match seen.missing.as_slice() {
        [] => Finding::ok(
            Check::Commits,
            format!(
                "{} completed tasks with a commit, each is there",
                seen.commits
            ),
        ),
        missing => Finding::problem(
            Check::Commits,
            match missing.len() {
                1 => "1 completed task whose commit is gone".to_owned(),
                n => format!("{n} completed tasks whose commits are gone"),
            },
        )
        .details(missing.iter().map(|(task, sha)| format!("{task}: {sha}")))
        .means("the work is not in this repository; the next command that runs tasks does it again")
        .remedy("fetch it from where it is, or: runr run"),
    };
    let trees = match seen.unknown.as_slice() {
        [] => Finding::ok(Check::Worktrees, format!("{} of runs", seen.trees)),
        unknown => Finding::warning(
            Check::Worktrees,
            format!("{} that belong to no run here", unknown.len()),
        )
        .details(unknown.iter().map(|path| path.display().to_string()))
        .means("nobody will remove them, for they may hold work")
        .remedy("look into them; git worktree remove -f -f PATH    removes one"),
    };
    vec![commits, trees]
}

/// Major and minor of what `git --version` says.
fn version(said: &str) -> Option<(u32, u32)> {
    let number = said.strip_prefix("git version ")?;
    let mut parts = number.split(['.', ' ', '-']);
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::house::finding::Level;
    use crate::store::Wound;

    #[test]
    fn journals_are_judged() {
        let wound = Wound::Line {
            line: 3,
            offset: 9,
            bytes: 7,
            what: "its checksum does not match",
        };
        for (health, level, fix) in [
            (JournalHealth::None, Level::Ok, None),
            (JournalHealth::Whole { lines: 3 }, Level::Ok, None),
            (
                JournalHealth::Torn { lines: 3, bytes: 5 },
                Level::Warning,
                Some(Fix::CutTornEnd),
            ),
            (
                JournalHealth::Damaged {
                    before: 2,
                    behind: 1,
                    wounds: vec![wound],
                },
                Level::Problem,
                Some(Fix::RepairJournal),
            ),
            (
                JournalHealth::Lost {
                    cached: 5,
                    found: 2,
                },
                Level::Problem,
                Some(Fix::RepairJournal),
            ),
            (JournalHealth::Newer, Level::Problem, None),
        ] {
            let finding = journal(&health);
            assert_eq!((finding.level, finding.fix), (level, fix), "{health:?}");
        }
    }

    #[test]
    fn places_are_judged_by_what_a_lock_is_worth_there() {
        for (kind, unwritable, level) in [
            (Kind::Local("ext4".into()), vec![], Level::Ok),
            (Kind::Shared("9p".into()), vec![], Level::Warning),
            (Kind::Network("nfs".into()), vec![], Level::Problem),
            (
                Kind::Local("ext4".into()),
                vec![PathBuf::from(".runr")],
                Level::Problem,
            ),
        ] {
            assert_eq!(locks(&kind, &unwritable).level, level, "{kind:?}");
        }
    }

    #[test]
    fn room_is_judged_in_bytes_and_files() {
        for (free, inodes, level) in [
            (1 << 30, None, Level::Ok),
            (1 << 30, Some(1 << 20), Level::Ok),
            (100 * MIB, None, Level::Warning),
            (1 << 30, Some(1500), Level::Warning),
            (MIB - 1, None, Level::Problem),
            (1 << 30, Some(99), Level::Problem),
        ] {
            let room = Room { free, inodes };
            assert_eq!(disk(room).level, level, "{room:?}");
        }
    }

    #[test]
    fn git_is_needed_in_a_repository_only() {
        for (said, repository, level) in [
            (None, false, Level::Ok),
            (None, true, Level::Problem),
            (Some("git version 2.47.3"), true, Level::Ok),
            (Some("git version 2.38.0.windows.1"), true, Level::Ok),
            (Some("git version 3.0.rc1"), true, Level::Ok),
            (
                Some("git version 2.37.9 (Apple Git-1)"),
                true,
                Level::Problem,
            ),
            (Some("git version 2.37.9"), false, Level::Ok),
            (Some("something else"), true, Level::Problem),
        ] {
            let facts = Git {
                repository,
                version: said.map(str::to_owned),
            };
            assert_eq!(git(&facts).level, level, "{facts:?}");
        }
    }

    #[test]
    fn only_strays_of_runs_that_are_known_to_be_over_are_ended() {
        let run = |text: &str| RunId::parse(text).unwrap();
        let stray = |of| Stray {
            pid: 7,
            run: run("20260102-030405-aaaa"),
            of,
        };
        assert_eq!(processes(&[]).level, Level::Ok);
        assert_eq!(
            processes(&[stray(Whose::EndedRun), stray(Whose::UnknownRun)]).fix,
            Some(Fix::EndStrays(vec![run("20260102-030405-aaaa")]))
        );
        let unknown = processes(&[stray(Whose::UnknownRun)]);
        assert_eq!((unknown.level, unknown.fix), (Level::Problem, None));
    }
}
