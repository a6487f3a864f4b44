//! The journals of several repositories, as if they were one.
//!
//! Knows which repository an event belongs to and what its tasks are called there. Each journal keeps its own names and
//! its own rules: what is appended is checked by the journal that it goes into, under that journal's lock. A journal that
//! cannot be read makes its tasks unknown; the home's own is as it always was.

mod append;
mod open;
mod reopen;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use crate::event::{Event, Recorded};
use crate::model::{
    Alias, OrchId, Repositories, Repository, RunId, TaskId, Unread, Unreadable, Whose,
};
use crate::state::State;
use crate::store::{Layout, Notice, Places, Store, StoreError};

use reopen::Stamp;

/// The journals of a plan's repositories. Without others this is the home's store and nothing else.
#[derive(Debug)]
pub struct Stores {
    home: Store,
    others: Vec<Option<Store>>,
    repositories: Repositories,
    /// All tasks of the plan that are not the home's.
    foreign: Vec<TaskId>,
    /// `None`: there are no others, and the home's state is all there is.
    whole: Option<State>,
    /// The repositories that hear of the beginning and the end of our orchestration, by number, with how many of its
    /// tasks are theirs.
    engaged: BTreeMap<usize, u32>,
    /// The orchestration that writes here.
    own: Option<OrchId>,
    /// Repositories whose journal was written here.
    written: BTreeSet<usize>,
    /// The runs that were open in a repository when it could not be read any more.
    stranded: BTreeMap<RunId, Whose>,
    /// Where the files of such a repository were.
    left: BTreeMap<Whose, Layout>,
    /// Repositories whose journal cannot be read, and how its files were when that was tried again.
    lost: BTreeMap<Alias, Option<Stamp>>,
}

impl Stores {
    /// Opens the journals of the other repositories beside the home's. `tasks` are those of the plan.
    #[must_use]
    pub fn open<'a>(
        home: Store,
        repositories: &Repositories,
        tasks: impl Iterator<Item = &'a TaskId>,
    ) -> Self {
        let mut stores = Self {
            home,
            others: Vec::new(),
            repositories: Repositories::default(),
            foreign: Vec::new(),
            whole: None,
            engaged: BTreeMap::new(),
            own: None,
            written: BTreeSet::new(),
            stranded: BTreeMap::new(),
            left: BTreeMap::new(),
            lost: BTreeMap::new(),
        };
        stores.follow(repositories, tasks);
        stores
    }

    /// Goes on with the repositories and the tasks of a plan that was made anew.
    pub fn follow<'a>(
        &mut self,
        repositories: &Repositories,
        tasks: impl Iterator<Item = &'a TaskId>,
    ) {
        self.repositories = repositories.clone();
        // Whether a journal can be read is looked at again.
        self.repositories.forget(Unread::Journal);
        let foreign = tasks.filter(|id| repositories.whose(id) != Whose::Home);
        self.foreign = foreign.cloned().collect();
        self.open_others();
    }

    fn open_others(&mut self) {
        self.others.clear();
        self.lost.clear();
        self.whole = None;
        if self.repositories.is_alone() {
            return;
        }
        let opened = open::all(self.repositories.others());
        for (number, opened) in opened.into_iter().enumerate() {
            let (store, damage) = match opened {
                None => (None, None),
                Some(Ok(store)) => match store.damage().map(ToString::to_string) {
                    None => (Some(store), None),
                    damage => (None, damage),
                },
                Some(Err(error)) => (None, Some(error.to_string())),
            };
            self.others.push(store);
            if let Some(damage) = damage {
                self.note_lost(number, &damage);
            }
        }
        self.join();
    }

    fn note_lost(&mut self, number: usize, why: &str) {
        let gone = |other: &Repository| !other.root.is_dir();
        let why = match self.repositories.others().get(number).is_some_and(gone) {
            true => Unreadable::new(Unread::Files, "there is no such folder"),
            false => Unreadable::new(Unread::Journal, why),
        };
        self.repositories.set_unknown(number, why);
        let lost = self.repositories.others().get(number);
        self.lost
            .extend(lost.map(|other| (other.alias.clone(), None)));
    }

    /// Makes the state of the whole from the states of the parts.
    fn join(&mut self) {
        let mut whole = self.home.state().clone();
        for (number, store) in self.others.iter().enumerate() {
            let whose = Whose::Other(number);
            if let Some(store) = store {
                let naming = |id: &TaskId| self.repositories.in_plan(whose, id);
                whole.join(store.state(), &naming);
            } else if let Some(other) = self.repositories.get(whose) {
                let is_its = |id: &&TaskId| self.repositories.whose(id) == whose;
                let why = other.unknown.as_ref().map(|unknown| &*unknown.why);
                let why = why.unwrap_or("it cannot be read");
                whole.set_unknown(self.foreign.iter().filter(is_its), why);
            }
        }
        self.whole = Some(whole);
    }

    /// How everything stands, with the plan's names.
    #[must_use]
    pub fn state(&self) -> &State {
        self.whole.as_ref().unwrap_or_else(|| self.home.state())
    }

    #[must_use]
    pub fn home(&self) -> &Store {
        &self.home
    }

    /// Where the home's files are.
    #[must_use]
    pub fn layout(&self) -> &Layout {
        self.home.layout()
    }

    /// What is wrong with the home's journal, if anything.
    #[must_use]
    pub fn damage(&self) -> Option<&StoreError> {
        self.home.damage()
    }

    /// What a person should be told of the home's journal.
    #[must_use]
    pub fn notices(&self) -> &[Notice] {
        self.home.notices()
    }

    /// The stores that something was written through: only there the caches are ours to keep.
    fn written(&mut self) -> impl Iterator<Item = &mut Store> {
        let written = &self.written;
        let others = self.others.iter_mut().enumerate();
        let others = others.filter(|(number, _)| written.contains(number));
        let others = others.filter_map(|(_, store)| store.as_mut());
        std::iter::once(&mut self.home).chain(others)
    }

    /// Writes the status cache of the home and of every repository that was written, where it is behind.
    ///
    /// # Errors
    /// The first that cannot be written; the others are written all the same.
    pub fn write_cache(&mut self) -> Result<(), StoreError> {
        let mut first = Ok(());
        for store in self.written() {
            let written = store.write_cache();
            if first.is_ok() {
                first = written;
            }
        }
        first
    }

    /// As [`Store::write_cache_if_due`], of every journal.
    ///
    /// # Errors
    /// As for [`Self::write_cache`].
    pub fn write_cache_if_due(&mut self, now: Instant) -> Result<(), StoreError> {
        let mut first = Ok(());
        for store in self.written() {
            let written = store.write_cache_if_due(now);
            if first.is_ok() {
                first = written.map(drop);
            }
        }
        first
    }

    /// Takes over what was read or written through one store alone.
    pub fn renew(&mut self) {
        if self.whole.is_some() {
            self.join();
        }
    }

    /// Where everything is, for whoever looks without these stores.
    #[must_use]
    pub fn places(&self) -> Places {
        let readable = self.readable().into_iter().skip(1);
        let others = readable.map(|whose| (whose, self.layout_of(whose).clone()));
        Places::new(self.layout().clone(), others.collect(), &self.repositories)
    }

    #[must_use]
    pub fn repositories(&self) -> &Repositories {
        &self.repositories
    }

    /// The store of a repository; `None`: it cannot be read.
    #[must_use]
    pub fn of(&self, whose: Whose) -> Option<&Store> {
        match whose {
            Whose::Home => Some(&self.home),
            Whose::Other(number) => self.others.get(number)?.as_ref(),
        }
    }

    /// As [`Self::of`], to be changed; see [`Self::renew`].
    pub fn of_mut(&mut self, whose: Whose) -> Option<&mut Store> {
        match whose {
            Whose::Home => Some(&mut self.home),
            Whose::Other(number) => self.others.get_mut(number)?.as_mut(),
        }
    }

    /// Every repository that can be read, the home first.
    #[must_use]
    pub fn readable(&self) -> Vec<Whose> {
        let others = self.others.iter().enumerate();
        let others = others.filter_map(|(n, store)| store.as_ref().map(|_| Whose::Other(n)));
        std::iter::once(Whose::Home).chain(others).collect()
    }

    /// Was this repository read before, and cannot be read any more?
    #[must_use]
    pub fn is_lost(&self, whose: Whose) -> bool {
        whose != Whose::Home && self.of(whose).is_none()
    }

    /// Whose run it is, as far as it is alive.
    #[must_use]
    pub fn whose_run(&self, run: &RunId) -> Whose {
        let Some(whole) = &self.whole else {
            return Whose::Home;
        };
        if let Some(whose) = self.stranded.get(run) {
            return *whose;
        }
        let open = whole.open.get(run).map(|open| &open.task);
        let task = open.or_else(|| whole.claimed.get(run).map(|claim| &claim.task));
        task.map_or(Whose::Home, |task| self.repositories.whose(task))
    }

    /// Where a repository's files are.
    #[must_use]
    pub fn layout_of(&self, whose: Whose) -> &Layout {
        match self.of(whose) {
            Some(store) => store.layout(),
            None => self.left.get(&whose).unwrap_or(self.home.layout()),
        }
    }

    /// Says whose orchestration writes here, and which other repositories it works in.
    pub fn engage(&mut self, orch: &OrchId, others: BTreeMap<usize, u32>) {
        self.own = Some(orch.clone());
        self.engaged = others;
    }

    /// What was read or written through one store alone, with the plan's names; see [`Self::renew`].
    #[must_use]
    pub fn named(&self, whose: Whose, news: Vec<Recorded>) -> Vec<Recorded> {
        let naming = |id: &TaskId| self.repositories.in_plan(whose, id);
        news.into_iter()
            .filter_map(|recorded| {
                let event = recorded.event.renamed(&naming)?;
                Some(Recorded { event, ..recorded })
            })
            .collect()
    }

    /// Reads what others have written since the last read; in each journal's order, one journal after the other.
    ///
    /// # Errors
    /// When the home's journal cannot be read. Another one that cannot be read makes its tasks unknown.
    pub fn refresh(&mut self) -> Result<Vec<Recorded>, StoreError> {
        let (before, damaged) = (self.home.state().seq, self.home.damage().is_some());
        let mut news = self.home.refresh()?;
        if self.whole.is_none() {
            return Ok(news);
        }
        // Another journal may stand in a journal's place, or the same one again after it was away.
        let came_back = damaged && self.home.damage().is_none();
        let mut replaced = came_back || self.home.state().seq < before;
        news = self.take_in(Whose::Home, news);
        for number in 0..self.others.len() {
            let Some(store) = &mut self.others[number] else {
                continue;
            };
            let before = store.state().seq;
            let trouble = match store.refresh() {
                Ok(read) => match store.damage().map(ToString::to_string) {
                    None if store.state().seq < before && self.engaged.contains_key(&number) => {
                        append::REPLACED.to_owned()
                    }
                    None => {
                        replaced |= store.state().seq < before;
                        news.extend(self.take_in(Whose::Other(number), read));
                        continue;
                    }
                    Some(damage) => damage,
                },
                Err(error) => error.to_string(),
            };
            self.lose(number, &trouble);
        }
        if replaced {
            self.join();
        }
        Ok(news)
    }

    /// Goes on without a repository whose files cannot be read or written any more.
    pub fn give_up(&mut self, number: usize, why: &str) {
        if self.others.get(number).is_some_and(Option::is_some) {
            self.lose(number, why);
        }
    }

    /// From here on nothing is known of a repository's tasks. What ran there is still known to be there.
    fn lose(&mut self, number: usize, why: &str) {
        let whose = Whose::Other(number);
        if let Some(whole) = &self.whole {
            let open = whole.open.iter().map(|(run, open)| (run, &open.task));
            let claimed = whole.claimed.iter().map(|(run, claim)| (run, &claim.task));
            let its = |(_, task): &(&RunId, &TaskId)| self.repositories.whose(task) == whose;
            let its = open.chain(claimed).filter(its);
            self.stranded
                .extend(its.map(|(run, _)| (run.clone(), whose)));
        }
        if let Some(store) = self.others[number].take() {
            self.left.insert(whose, store.layout().clone());
        }
        self.note_lost(number, why);
        self.join();
    }

    /// Folds what was read in one journal into the whole, and gives it with the plan's names.
    fn take_in(&mut self, whose: Whose, read: Vec<Recorded>) -> Vec<Recorded> {
        let Some(whole) = &mut self.whole else {
            return read;
        };
        let mut news = Vec::with_capacity(read.len());
        for recorded in read {
            let naming = |id: &TaskId| self.repositories.in_plan(whose, id);
            let Some(event) = recorded.event.renamed(&naming) else {
                continue;
            };
            // What our own journal says of our own orchestration is said once.
            let echo = whose != Whose::Home
                && match &event {
                    Event::OrchestrationStarted { orch, .. }
                    | Event::OrchestrationEnded { orch, .. }
                    | Event::Detached { orch } => Some(orch) == self.own.as_ref(),
                    _ => false,
                };
            if echo {
                continue;
            }
            let recorded = Recorded { event, ..recorded };
            whole.apply(&recorded);
            if let Event::OrchestrationStarted { orch, .. } = &recorded.event
                && let Some(entry) = whole.orchestrations.get_mut(orch)
            {
                // What only they know of is theirs.
                entry.abroad = !self.home.state().orchestrations.contains_key(orch);
            }
            news.push(recorded);
        }
        news
    }
}
