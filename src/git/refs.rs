//! Changes references, also past the locks that killed processes of git left behind.
//!
//! git makes a file `NAME.lock` for as long as it changes a name, and another `packed-refs.lock` to delete one. Killed with
//! `kill -9` it leaves them, and every later command waits and fails. Knows what a dead lock is: one that is older
//! than every living process of git.

use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::git::{Git, GitError};

/// A living process of git releases a lock within milliseconds, and git itself has waited for this one.
const DEAD: Duration = Duration::from_secs(1);

/// The clock ticks that `/proc` counts in; every architecture that runr is built for has a hundred.
const TICKS: u64 = 100;

/// Carries out orders in the language of `git update-ref --stdin`, all or nothing. Those that are refused because of
/// the locks of dead processes are given once more when these are gone.
///
/// # Errors
/// When git refuses, as when a name is not where an order says.
pub fn update(git: &Git, common: &Path, orders: &str) -> Result<(), GitError> {
    let give = || git.ask_with(&["update-ref", "--stdin"], orders.as_bytes());
    let answer = give()?;
    if answer.code == Some(0) {
        return Ok(());
    }
    // Each of them, not only the first.
    let freed = locks(common, orders)
        .iter()
        .filter(|path| free(common, path))
        .count();
    // A process of git that was killed says nothing, and may have done nothing.
    if freed == 0 && answer.code.is_some() {
        return Err(answer.failed());
    }
    let again = give()?;
    match again.code {
        Some(0) => Ok(()),
        _ => Err(again.failed()),
    }
}

/// The files that lock what the orders name.
fn locks(common: &Path, orders: &str) -> Vec<PathBuf> {
    let mut locks: Vec<PathBuf> = orders
        .lines()
        .filter_map(|order| order.split(' ').nth(1))
        .map(|name| common.join(format!("{name}.lock")))
        .collect();
    locks.push(common.join("packed-refs.lock"));
    locks
}

/// Removes a lock whose holder is dead; `true`: it was there and is gone.
fn free(common: &Path, lock: &Path) -> bool {
    let Some(made) = fs::metadata(lock).and_then(|meta| meta.modified()).ok() else {
        return false;
    };
    let old = made.elapsed().is_ok_and(|age| age > DEAD);
    old && !somebody_older(common, made) && fs::remove_file(lock).is_ok()
}

/// Does a process of git live that is older than this? It may be anybody's, and at work anywhere: in doubt the lock
/// stays. `common` is the repository's common directory.
fn somebody_older(common: &Path, than: SystemTime) -> bool {
    let (Some(up), Ok(entries)) = (uptime(), fs::read_dir("/proc")) else {
        return true;
    };
    let Some(booted) = SystemTime::now().checked_sub(up) else {
        return true;
    };
    entries.flatten().any(|entry| {
        let folder = entry.path();
        let is_git = fs::read(folder.join("comm")).is_ok_and(|name| name.starts_with(b"git"));
        let may_be_older = match Life::of(&folder) {
            Life::Over => false,
            Life::Began(after) => booted + after <= than,
            Life::Unknown => true,
        };
        is_git && may_be_older && !is_elsewhere(common, &folder)
    })
}

/// Those that live long and lock no reference, and those that work on another repository.
fn is_elsewhere(common: &Path, folder: &Path) -> bool {
    let line = fs::read(folder.join("cmdline")).unwrap_or_default();
    let words = || line.split(|byte| *byte == 0);
    if words().any(|word| word.ends_with(b"--daemon")) {
        return true;
    }
    if let Some(told) = words().find_map(|word| word.strip_prefix(b"--git-dir=")) {
        return told.starts_with(b"/") && told != common.as_os_str().as_bytes();
    }
    let told_by_environment = fs::read(folder.join("environ")).map_or(true, |all| {
        all.split(|byte| *byte == 0)
            .any(|variable| variable.starts_with(b"GIT_DIR="))
    });
    !told_by_environment
        && fs::read_link(folder.join("cwd")).is_ok_and(|at| is_outside(common, &at))
}

/// Is a folder in another repository? In doubt it is not.
fn is_outside(common: &Path, folder: &Path) -> bool {
    let args = ["rev-parse", "--path-format=absolute", "--git-common-dir"];
    let Ok(answer) = Git::at(folder).ask(&args) else {
        return false;
    };
    match answer.code {
        Some(0) => answer.text().is_ok_and(|found| {
            let (found, common) = (fs::canonicalize(found), fs::canonicalize(common));
            found.is_ok_and(|found| common.is_ok_and(|common| found != common))
        }),
        _ => false,
    }
}

fn uptime() -> Option<Duration> {
    let text = fs::read_to_string("/proc/uptime").ok()?;
    let seconds: f64 = text.split(' ').next()?.parse().ok()?;
    Duration::try_from_secs_f64(seconds).ok()
}

/// What `/proc/PID/stat` tells of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Life {
    /// So long after the boot; rounded down.
    Began(Duration),
    /// It has ended and holds nothing; nobody has waited for it. Where the first process waits for none that it has
    /// not started, as in many containers, it stays so.
    Over,
    /// It went away, or belongs to somebody else.
    Unknown,
}

impl Life {
    fn of(folder: &Path) -> Self {
        fs::read_to_string(folder.join("stat"))
            .ok()
            .and_then(|stat| Self::told(&stat))
            .unwrap_or(Self::Unknown)
    }

    fn told(stat: &str) -> Option<Self> {
        // The name in parentheses may hold anything; what follows is field 3.
        let (_, rest) = stat.rsplit_once(')')?;
        let mut fields = rest.split_whitespace();
        if matches!(fields.next()?, "Z" | "X") {
            return Some(Self::Over);
        }
        let ticks: u64 = fields.nth(18)?.parse().ok()?;
        Some(Self::Began(Duration::from_millis(ticks * (1000 / TICKS))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::sample::Sample;

    fn aged(path: &Path, age: Duration) {
        fs::write(path, "").unwrap();
        let file = fs::File::options().write(true).open(path).unwrap();
        file.set_modified(SystemTime::now() - age).unwrap();
    }

    #[test]
    fn locks_of_the_dead_go_and_those_of_the_living_stay() {
        let sample = Sample::new();
        let commit = sample.commit("a.txt", "1");
        let common = sample.root().join(".git");
        let git = Git::of(&common)
            .setting("core.filesRefLockTimeout", "0")
            .setting("core.packedRefsTimeout", "0");
        git.run(&["update-ref", "refs/heads/old", &commit]).unwrap();
        let name = common.join("refs/heads/new.lock");
        let packed = common.join("packed-refs.lock");
        let orders = format!("create refs/heads/new {commit}\ndelete refs/heads/old\n");
        // A week ago nobody's git lived that still does.
        let week = Duration::from_secs(7 * 24 * 3600);
        aged(&packed, week);
        aged(&name, Duration::ZERO);
        let error = update(&git, &common, &orders).unwrap_err();
        assert!(
            matches!(&error, GitError::Failed { said, .. } if said.contains("new.lock")),
            "{error}"
        );
        assert!(name.exists());
        aged(&packed, week);
        aged(&name, week);
        update(&git, &common, &orders).unwrap();
        assert!(!name.exists() && !packed.exists());
        let names = git.run(&["for-each-ref", "--format=%(refname)"]).unwrap();
        assert_eq!(names.text().unwrap(), "refs/heads/main\nrefs/heads/new");
    }

    #[test]
    fn a_process_that_lives_is_found_by_its_age_and_one_that_has_ended_is_not() {
        let Life::Began(after) = Life::of(Path::new("/proc/self")) else {
            panic!("this process lives");
        };
        let age = uptime().unwrap().checked_sub(after).unwrap();
        assert!(age < Duration::from_secs(3600), "{age:?}");
        assert_eq!(Life::of(Path::new("/proc/none")), Life::Unknown);
        let tail = "1 9 9 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 700 0 0";
        let told = |state: &str| Life::told(&format!("7 (git) R (x) {state} {tail}"));
        assert_eq!(told("S"), Some(Life::Began(Duration::from_secs(7))));
        assert_eq!(told("Z"), Some(Life::Over));
        assert_eq!(Life::told("7 (git"), None);
    }

    #[test]
    fn another_repository_is_known_by_where_a_process_works() {
        let (sample, other) = (Sample::new(), Sample::new());
        let common = sample.root().join(".git");
        assert!(!is_outside(&common, &sample.root()));
        assert!(!is_outside(&common, &common));
        assert!(is_outside(&common, &other.root()));
        let nowhere = tempfile::tempdir().unwrap();
        assert!(!is_outside(&common, nowhere.path()), "in doubt");
    }
}
