//! Ends everything that the attempt has started, however far it has run away, and nothing else.
//!
//! Knows the processes of this machine and which of them are the attempt's: its descendants (as a
//! subreaper it inherits every orphan below it) and whatever carries the run's marks. Does not know
//! why they must end. Order: TERM to the groups, grace, STOP and KILL, then children and adopted
//! children until there is none, then whoever carries the marks without being a descendant.

use std::collections::BTreeSet;
use std::io;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, getpid, kill_process, kill_process_group};

use crate::attempt::kin::descendants;
use crate::attempt::os::{self, Handle, Life, Seen};
use crate::attempt::sweep;
use crate::attempt::watch::{Others, Watch};

/// How long killed processes may take to disappear: the kernel's own work, and a disk's.
const KILL_PATIENCE: Duration = Duration::from_secs(5);

/// A killed parent hands its children over before it is reported dead, so that every round is woken by
/// the one before; this bounds a round should the kernel have left a child out of its list.
const KILL_ROUND: Duration = Duration::from_millis(100);

/// All processes of one attempt but itself.
#[derive(Debug)]
pub struct Tree {
    /// What the run's processes carry.
    pub marks: [(&'static str, String); 2],
    /// Between TERM and KILL.
    pub grace: Duration,
}

/// What was there to be ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ending {
    /// Processes that outlived the command.
    pub strays: u32,
    /// Processes that could not be ended.
    pub survivors: u32,
}

impl Tree {
    /// Ends what a command that ended by itself has left running. Costs one system call when that is
    /// nothing: without children there are no descendants.
    pub fn end_leftovers(&self, watch: &mut Watch) -> io::Result<Ending> {
        if watch.reap()?.others == Others::None {
            return Ok(Ending::default());
        }
        let mut strays = BTreeSet::new();
        self.terminate(None, watch, &mut strays)?;
        self.kill(watch, &mut strays)
    }

    /// Ends a running command and everything of it.
    pub fn end_all(&self, command: Pid, watch: &mut Watch) -> io::Result<Ending> {
        self.terminate(Some(command), watch, &mut BTreeSet::new())?;
        let mut strays = BTreeSet::new();
        let mut ending = self.kill(watch, &mut strays)?;
        // A command that had to be killed itself is no stray of its own.
        strays.remove(&command.as_raw_nonzero().get());
        ending.strays = count(&strays);
        Ok(ending)
    }

    /// TERM to everything, then waits for the end of the grace, of all processes, or of the patience
    /// of who asked.
    fn terminate(
        &self,
        command: Option<Pid>,
        watch: &mut Watch,
        found: &mut BTreeSet<i32>,
    ) -> io::Result<()> {
        if watch.asked()? > 1 {
            return Ok(());
        }
        let until = Instant::now() + self.grace;
        let ours = self.ours(found)?;
        ours.signal(Signal::TERM)?;
        if let (true, Some(command)) = (ours.members.is_empty(), command) {
            // Without a way to see processes, the command's own group is what is known.
            group(command.as_raw_nonzero().get(), Signal::TERM)?;
        }
        // A stopped process would sleep through the grace.
        ours.signal(Signal::CONT)?;
        let mut told: BTreeSet<(i32, i32)> = ours.places().collect();
        self.tell_latecomers(&mut told, found)?;
        loop {
            let reaped = watch.reap()?;
            if reaped.others == Others::None || watch.asked()? > 1 || Instant::now() >= until {
                return Ok(());
            }
            if !reaped.ended.is_empty() {
                self.tell_latecomers(&mut told, found)?;
            }
            watch.wait(Some(until), None)?;
        }
    }

    /// TERM to whoever was forked, or changed its group, while the others were told.
    fn tell_latecomers(
        &self,
        told: &mut BTreeSet<(i32, i32)>,
        found: &mut BTreeSet<i32>,
    ) -> io::Result<()> {
        let mut late = self.ours(found)?;
        late.groups.clear();
        late.members
            .retain(|seen| !told.contains(&(seen.pid, seen.group)));
        told.extend(late.places());
        late.signal(Signal::TERM)
    }

    /// Kills until nothing is left; gives up on what the kernel does not let die.
    fn kill(&self, watch: &mut Watch, found: &mut BTreeSet<i32>) -> io::Result<Ending> {
        let until = Instant::now() + KILL_PATIENCE;
        if watch.reap()?.others == Others::Alive {
            let ours = self.ours(found)?;
            // First nobody can fork any more, then nobody lives any more.
            ours.signal(Signal::STOP)?;
            ours.signal(Signal::KILL)?;
            while watch.reap()?.others == Others::Alive && Instant::now() < until {
                // Of a killed parent the children come to this process: so the whole tree does, root
                // first, also the part of it that was forked a moment ago.
                for pid in os::children()? {
                    found.insert(pid);
                    kill_child(pid)?;
                }
                watch.wait(Some(until.min(Instant::now() + KILL_ROUND)), None)?;
            }
        }
        let mut survivors = self.ours(&mut BTreeSet::new())?.members.len();
        let marked = sweep::sweep_marked(&self.marks)?;
        survivors += marked.survivors;
        let strays = count(found).saturating_add(marked.ended);
        Ok(Ending {
            strays,
            survivors: u32::try_from(survivors).unwrap_or(u32::MAX),
        })
    }

    /// The attempt's descendants as they are now.
    fn ours(&self, found: &mut BTreeSet<i32>) -> io::Result<Ours> {
        let me = getpid().as_raw_nonzero().get();
        let all = os::processes()?;
        let members = descendants(&all, &BTreeSet::from([me]));
        found.extend(members.iter().map(|seen| seen.pid));
        let groups = own_groups(&all, &members);
        Ok(Ours { members, groups })
    }
}

/// Processes to signal together.
#[derive(Debug)]
struct Ours {
    members: Vec<Seen>,
    /// Groups that have no other member.
    groups: BTreeSet<i32>,
}

impl Ours {
    /// Who is where: process and group.
    fn places(&self) -> impl Iterator<Item = (i32, i32)> {
        self.members.iter().map(|seen| (seen.pid, seen.group))
    }

    /// Groups first and as a whole: no member can fork past the signal. Then those whose group has
    /// others in it, one by one.
    fn signal(&self, signal: Signal) -> io::Result<()> {
        for id in &self.groups {
            group(*id, signal)?;
        }
        for seen in &self.members {
            if !self.groups.contains(&seen.group)
                && let Some(handle) = Handle::open(seen.pid, seen.start)?
            {
                allow_foreign(handle.signal(signal))?;
            }
        }
        Ok(())
    }
}

/// The groups of `members` that nobody else belongs to.
fn own_groups(all: &[Seen], members: &[Seen]) -> BTreeSet<i32> {
    let ours: BTreeSet<i32> = members.iter().map(|seen| seen.pid).collect();
    let mixed: BTreeSet<i32> = all
        .iter()
        .filter(|seen| seen.life == Life::Alive && !ours.contains(&seen.pid))
        .map(|seen| seen.group)
        .collect();
    members
        .iter()
        .map(|seen| seen.group)
        .filter(|group| !mixed.contains(group))
        .collect()
}

fn group(id: i32, signal: Signal) -> io::Result<()> {
    // Group 1 and below mean something else to the kernel.
    let Some(pid) = Pid::from_raw(id).filter(|_| id > 1) else {
        return Ok(());
    };
    allow_foreign(kill_process_group(pid, signal).map_err(io::Error::from))
}

/// Its number is its own: only this process could reap it, and does not do so meanwhile.
fn kill_child(pid: i32) -> io::Result<()> {
    let Some(pid) = Pid::from_raw(pid) else {
        return Ok(());
    };
    allow_foreign(kill_process(pid, Signal::KILL).map_err(io::Error::from))
}

/// A process that is gone needs no signal, and one that took on another user's rights cannot be given
/// any: it is counted as a survivor.
fn allow_foreign(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error)
            if error.raw_os_error() == Some(rustix::io::Errno::SRCH.raw_os_error())
                || error.kind() == io::ErrorKind::PermissionDenied =>
        {
            Ok(())
        }
        other => other,
    }
}

fn count(found: &BTreeSet<i32>) -> u32 {
    u32::try_from(found.len()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(pid: i32, parent: i32, group: i32) -> Seen {
        Seen {
            pid,
            parent,
            group,
            session: 1,
            start: 0,
            life: Life::Alive,
        }
    }

    #[test]
    fn a_group_with_somebody_else_in_it_is_not_signalled_as_one() {
        let members = [seen(2, 7, 2), seen(3, 2, 2), seen(4, 2, 8)];
        let mut all = members.to_vec();
        all.extend([
            seen(8, 1, 8),
            Seen {
                life: Life::Zombie,
                ..seen(6, 1, 2)
            },
        ]);
        assert_eq!(own_groups(&all, &members), BTreeSet::from([2]));
    }
}
