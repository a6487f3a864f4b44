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
        is_git
            && !is_elsewhere(common, &folder)
            && began(&folder).is_none_or(|after| booted + after <= than)
    })
}

/// Those that live long and lock no reference, and those that say themselves that they work on another repository.
fn is_elsewhere(common: &Path, folder: &Path) -> bool {
    let line = fs::read(folder.join("cmdline")).unwrap_or_default();
    line.split(|byte| *byte == 0).any(|word| {
        let place = word.strip_prefix(b"--git-dir=");
        word.ends_with(b"--daemon")
            || place.is_some_and(|place| {
                place.starts_with(b"/") && place != common.as_os_str().as_bytes()
            })
    })
}

fn uptime() -> Option<Duration> {
    let text = fs::read_to_string("/proc/uptime").ok()?;
    let seconds: f64 = text.split(' ').next()?.parse().ok()?;
    Duration::try_from_secs_f64(seconds).ok()
}

/// When a process began, after the boot; rounded down.
fn began(folder: &Path) -> Option<Duration> {
    let stat = fs::read_to_string(folder.join("stat")).ok()?;
    // The name in parentheses may hold anything; what follows is field 3.
    let (_, rest) = stat.rsplit_once(')')?;
    let ticks: u64 = rest.split_whitespace().nth(19)?.parse().ok()?;
    Some(Duration::from_millis(ticks * (1000 / TICKS)))
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
    fn a_process_that_lives_is_found_by_its_age() {
        let own = Path::new("/proc/self");
        let age = uptime().unwrap().checked_sub(began(own).unwrap()).unwrap();
        assert!(age < Duration::from_secs(3600), "{age:?}");
        assert_eq!(began(Path::new("/proc/none")), None);
    }
}
