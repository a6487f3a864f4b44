//! Which ready task may start: ready tasks in rank order behind pools and claims.
//!
//! Knows ranks (one number a task), capacities and patterns. Does not know prerequisites, time or how many
//! jobs there are. Tasks that need exactly the same pools and claims form a class: if its first task does
//! not fit, none does. A class that does not fit is parked on the one thing it waits for and looked at
//! again only when that is returned.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

use crate::model::overlap;
use crate::sched::problem::Item;
use crate::sched::rank::Ranks;

/// What tasks of one class take while they run.
type Need = (Vec<(u32, u32)>, Vec<Box<str>>);

#[derive(Debug)]
struct Class {
    /// (pool, how much), by pool, each once.
    pools: Vec<(u32, u32)>,
    claims: Vec<Box<str>>,
    ready: BinaryHeap<Reverse<u32>>,
    place: Place,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Nothing of it is ready.
    Idle,
    /// In `open` under this rank.
    Open(u32),
    /// In exactly one parking list.
    Parked,
}

#[derive(Debug, Default)]
struct Pool {
    capacity: u32,
    ours: u32,
    others: u32,
    shut: Shut,
    parked: Vec<u32>,
}

/// Does a pool give anything out?
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Shut {
    #[default]
    No,
    Yes,
}

impl Pool {
    fn has(&self, take: u32) -> bool {
        self.shut == Shut::No
            && self.ours.saturating_add(self.others).saturating_add(take) <= self.capacity
    }
}

/// Where a rank is in its class's heap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Listing {
    Absent,
    Listed,
    /// Withdrawn, but still in the heap; dropped when it comes up.
    Withdrawn,
}

/// What a class waits for.
enum Obstacle {
    Pool(u32),
    /// A claim of this running task.
    Task(u32),
    /// A claim of another orchestration.
    Others,
}

/// Ready tasks, by rank.
#[derive(Debug)]
pub(crate) struct Queue {
    class_of: Vec<u32>,
    listing: Vec<Listing>,
    classes: Vec<Class>,
    /// Classes that may fit, by the rank of their first task.
    open: BTreeSet<(u32, u32)>,
    pools: Vec<Pool>,
    /// Running tasks that hold claims, with the classes that wait for them.
    holders: BTreeMap<u32, Vec<u32>>,
    other_claims: Vec<String>,
    parked_on_others: Vec<u32>,
}

impl Queue {
    pub(crate) fn new(items: &[Item], capacities: &[u32], ranks: &Ranks) -> Self {
        let mut classes = Vec::new();
        let mut known: BTreeMap<Need, u32> = BTreeMap::new();
        let mut class_of = vec![0; items.len()];
        for (task, item) in (0..).zip(items) {
            let need = need(item, capacities.len());
            let number = *known.entry(need).or_insert_with_key(|(pools, claims)| {
                classes.push(Class {
                    pools: pools.clone(),
                    claims: claims.clone(),
                    ready: BinaryHeap::new(),
                    place: Place::Idle,
                });
                u32::try_from(classes.len() - 1).unwrap_or(u32::MAX)
            });
            class_of[ranks.of(task) as usize] = number;
        }
        let pools = capacities.iter().map(|capacity| Pool {
            capacity: *capacity,
            ..Pool::default()
        });
        Self {
            listing: vec![Listing::Absent; items.len()],
            class_of,
            classes,
            open: BTreeSet::new(),
            pools: pools.collect(),
            holders: BTreeMap::new(),
            other_claims: Vec::new(),
            parked_on_others: Vec::new(),
        }
    }

    /// Could this task run if nothing else did?
    pub(crate) fn can_ever_fit(&self, rank: u32) -> bool {
        let class = &self.classes[self.class_of[rank as usize] as usize];
        let mut takes = class.pools.iter();
        takes.all(|(pool, take)| {
            self.pools
                .get(*pool as usize)
                .is_some_and(|p| *take <= p.capacity)
        })
    }

    /// Shuts a pool or opens it again; those who waited for it then try anew.
    pub(crate) fn shut(&mut self, pool: u32, shut: Shut) {
        let Some(pool) = self.pools.get_mut(pool as usize) else {
            return;
        };
        pool.shut = shut;
        if shut == Shut::No {
            let parked = std::mem::take(&mut pool.parked);
            self.reopen_all(parked);
        }
    }

    /// Does the task take anything from this pool?
    pub(crate) fn needs(&self, rank: u32, pool: u32) -> bool {
        let class = &self.classes[self.class_of[rank as usize] as usize];
        class.pools.iter().any(|(needed, _)| *needed == pool)
    }

    /// A task has become ready.
    pub(crate) fn push(&mut self, rank: u32) {
        let number = self.class_of[rank as usize];
        let listing = std::mem::replace(&mut self.listing[rank as usize], Listing::Listed);
        if listing != Listing::Absent {
            return;
        }
        let class = &mut self.classes[number as usize];
        class.ready.push(Reverse(rank));
        match class.place {
            Place::Open(head) if rank < head => {
                self.open.remove(&(head, number));
                self.open.insert((rank, number));
                class.place = Place::Open(rank);
            }
            Place::Idle => {
                self.open.insert((rank, number));
                class.place = Place::Open(rank);
            }
            Place::Open(_) | Place::Parked => {}
        }
    }

    /// A task is not ready any more.
    pub(crate) fn withdraw(&mut self, rank: u32) {
        let listing = &mut self.listing[rank as usize];
        if *listing == Listing::Listed {
            *listing = Listing::Withdrawn;
        }
    }

    /// Takes the first task that fits, and what it needs with it.
    pub(crate) fn pop(&mut self) -> Option<u32> {
        while let Some((head, number)) = self.open.pop_first() {
            let class = &mut self.classes[number as usize];
            while let Some(Reverse(rank)) = class.ready.peek().copied()
                && self.listing[rank as usize] == Listing::Withdrawn
            {
                class.ready.pop();
                self.listing[rank as usize] = Listing::Absent;
            }
            if class.ready.peek() != Some(&Reverse(head)) {
                self.reopen(number);
                continue;
            }
            match self.obstacle(number) {
                Some(obstacle) => self.park(number, &obstacle),
                None => {
                    self.classes[number as usize].ready.pop();
                    self.listing[head as usize] = Listing::Absent;
                    self.reopen(number);
                    self.take(head);
                    return Some(head);
                }
            }
        }
        None
    }

    /// A task runs that was not popped: its pools and claims are taken, though they may not fit.
    pub(crate) fn take(&mut self, rank: u32) {
        let class = &self.classes[self.class_of[rank as usize] as usize];
        for (pool, take) in &class.pools {
            if let Some(pool) = self.pools.get_mut(*pool as usize) {
                pool.ours = pool.ours.saturating_add(*take);
            }
        }
        if !class.claims.is_empty() {
            self.holders.insert(rank, Vec::new());
        }
    }

    /// A running task is over: what it took is free, and those who waited for it may try again.
    pub(crate) fn give_back(&mut self, rank: u32) {
        let number = self.class_of[rank as usize] as usize;
        for i in 0..self.classes[number].pools.len() {
            let (pool, take) = self.classes[number].pools[i];
            if let Some(pool) = self.pools.get_mut(pool as usize) {
                pool.ours = pool.ours.saturating_sub(take);
                let parked = std::mem::take(&mut pool.parked);
                self.reopen_all(parked);
            }
        }
        let waiting = self.holders.remove(&rank).unwrap_or_default();
        self.reopen_all(waiting);
    }

    /// The journal said that this task's needs are taken elsewhere: wait for the next [`Queue::others`].
    pub(crate) fn park_until_others(&mut self, rank: u32) {
        let number = self.class_of[rank as usize];
        match self.classes[number as usize].place {
            Place::Open(head) => {
                self.open.remove(&(head, number));
                self.park(number, &Obstacle::Others);
            }
            Place::Idle => self.park(number, &Obstacle::Others),
            Place::Parked => {}
        }
    }

    /// What other orchestrations hold now.
    pub(crate) fn others(&mut self, pools: &[u32], claims: Vec<String>) {
        let mut waiting = std::mem::take(&mut self.parked_on_others);
        for (i, pool) in self.pools.iter_mut().enumerate() {
            pool.others = pools.get(i).copied().unwrap_or(0);
            waiting.append(&mut pool.parked);
        }
        self.other_claims = claims;
        self.reopen_all(waiting);
    }

    fn obstacle(&self, number: u32) -> Option<Obstacle> {
        let class = &self.classes[number as usize];
        for (pool, take) in &class.pools {
            if !self.pools.get(*pool as usize).is_some_and(|p| p.has(*take)) {
                return Some(Obstacle::Pool(*pool));
            }
        }
        if class.claims.is_empty() {
            return None;
        }
        let collides = |held: &str| class.claims.iter().any(|claim| overlap(claim, held));
        if self.other_claims.iter().any(|held| collides(held)) {
            return Some(Obstacle::Others);
        }
        let mut holders = self.holders.keys();
        let holder = holders.find(|holder| {
            let held = self.class_of[**holder as usize];
            let claims = &self.classes[held as usize].claims;
            held == number || claims.iter().any(|held| collides(held))
        });
        holder.map(|holder| Obstacle::Task(*holder))
    }

    fn park(&mut self, number: u32, obstacle: &Obstacle) {
        self.classes[number as usize].place = Place::Parked;
        let list = match obstacle {
            Obstacle::Pool(pool) => self
                .pools
                .get_mut(*pool as usize)
                .map(|pool| &mut pool.parked),
            Obstacle::Task(holder) => self.holders.get_mut(holder),
            Obstacle::Others => None,
        };
        list.unwrap_or(&mut self.parked_on_others).push(number);
    }

    fn reopen_all(&mut self, numbers: Vec<u32>) {
        for number in numbers {
            self.reopen(number);
        }
    }

    fn reopen(&mut self, number: u32) {
        let class = &mut self.classes[number as usize];
        class.place = match class.ready.peek() {
            None => Place::Idle,
            Some(Reverse(head)) => {
                self.open.insert((*head, number));
                Place::Open(*head)
            }
        };
    }
}

/// A task's needs in one form, so that equal needs are equal values.
fn need(item: &Item, pools: usize) -> Need {
    let mut takes: BTreeMap<u32, u32> = BTreeMap::new();
    for (pool, take) in &item.pools {
        debug_assert!(
            (*pool as usize) < pools,
            "a pool that the problem does not have"
        );
        let sum = takes.entry(*pool).or_default();
        *sum = sum.saturating_add(*take);
    }
    let mut claims = item.claims.clone();
    claims.sort_unstable();
    claims.dedup();
    (
        takes.into_iter().filter(|(_, take)| *take > 0).collect(),
        claims,
    )
}
