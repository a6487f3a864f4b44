//! Which processes belong together: by birth and by session. Pure.
//!
//! Knows processes as they were listed. Does not know what is done with them.

use std::collections::BTreeSet;

use crate::attempt::os::{Life, Seen};

/// The living descendants of `roots` (themselves not), by number.
pub fn descendants(all: &[Seen], roots: &BTreeSet<i32>) -> Vec<Seen> {
    let mut family = roots.clone();
    // A child may have a lower number than its parent: until nothing is added any more.
    loop {
        let before = family.len();
        let more: Vec<i32> = all
            .iter()
            .filter(|seen| family.contains(&seen.parent))
            .map(|seen| seen.pid)
            .collect();
        family.extend(more);
        if family.len() == before {
            break;
        }
    }
    all.iter()
        .filter(|seen| family.contains(&seen.pid) && !roots.contains(&seen.pid))
        .filter(|seen| seen.life == Life::Alive)
        .copied()
        .collect()
}

/// The process and its ancestors.
pub fn lineage(all: &[Seen], pid: i32) -> BTreeSet<i32> {
    let mut line = BTreeSet::from([pid]);
    let mut next = pid;
    while let Ok(at) = all.binary_search_by_key(&next, |seen| seen.pid) {
        next = all[at].parent;
        if !line.insert(next) {
            break;
        }
    }
    line
}

/// The marked processes, their descendants, and the members of sessions that one of them is in and whose
/// leader is marked or gone. A process may have dropped its environment; its parent and its session
/// still tell whose it is.
pub fn belonging(all: &[Seen], marked: &BTreeSet<i32>, spared: &BTreeSet<i32>) -> Vec<Seen> {
    let leads = |session: i32| all.binary_search_by_key(&session, |seen| seen.pid).is_ok();
    let sessions: BTreeSet<i32> = all
        .iter()
        .filter(|seen| marked.contains(&seen.pid))
        .map(|seen| seen.session)
        .filter(|session| *session > 0 && (marked.contains(session) || !leads(*session)))
        .collect();
    let mut roots = marked.clone();
    roots.extend(
        all.iter()
            .filter(|seen| sessions.contains(&seen.session))
            .map(|seen| seen.pid),
    );
    let below: BTreeSet<i32> = descendants(all, &roots)
        .iter()
        .map(|seen| seen.pid)
        .collect();
    all.iter()
        .filter(|seen| roots.contains(&seen.pid) || below.contains(&seen.pid))
        .filter(|seen| seen.life == Life::Alive && !spared.contains(&seen.pid))
        .copied()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(pid: i32, parent: i32, session: i32) -> Seen {
        Seen {
            pid,
            parent,
            group: pid,
            session,
            start: 0,
            life: Life::Alive,
        }
    }

    fn pids(seen: &[Seen]) -> Vec<i32> {
        seen.iter().map(|it| it.pid).collect()
    }

    #[test]
    fn family_and_session_belong_to_a_marked_process() {
        // 50 was the attempt: gone. 60 is its worker, 61 dropped its environment, 70 left the session.
        let all = [
            seen(1, 0, 1),
            seen(10, 1, 10),
            seen(11, 10, 10),
            seen(60, 1, 50),
            seen(61, 1, 50),
            seen(70, 60, 70),
        ];
        assert_eq!(
            pids(&belonging(&all, &BTreeSet::from([60]), &BTreeSet::new())),
            [60, 61, 70]
        );
        // A session with a leader of its own is not taken over by a guest.
        assert_eq!(
            pids(&belonging(&all, &BTreeSet::from([11]), &BTreeSet::new())),
            [11]
        );
        assert_eq!(
            pids(&belonging(&all, &BTreeSet::new(), &BTreeSet::new())),
            [0; 0]
        );
    }

    #[test]
    fn the_caller_and_its_ancestors_are_spared() {
        let all = [
            seen(1, 0, 1),
            seen(10, 1, 10),
            seen(11, 10, 10),
            seen(12, 11, 10),
        ];
        let spared = lineage(&all, 11);
        assert_eq!(spared, BTreeSet::from([0, 1, 10, 11]));
        assert_eq!(pids(&belonging(&all, &BTreeSet::from([10]), &spared)), [12]);
    }

    #[test]
    fn descendants_are_found_in_any_order_of_numbers() {
        let all = [
            seen(2, 9, 1),
            seen(3, 2, 1),
            seen(5, 1, 1),
            seen(9, 7, 1),
            Seen {
                life: Life::Zombie,
                ..seen(10, 7, 1)
            },
            seen(11, 10, 1),
        ];
        let found = descendants(&all, &BTreeSet::from([7]));
        assert_eq!(pids(&found), [2, 3, 9, 11]);
    }
}
