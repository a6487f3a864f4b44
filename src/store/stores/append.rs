//! Appending to several journals: which journal an event belongs into, and what it is called there.
//!
//! Whether an event is legal is decided by the journal that it goes into.

use super::Stores;
use crate::event::{CancelTarget, Event};
use crate::model::{TaskId, Whose};
use crate::store::{Appended, Refused, StoreError};

/// Why a journal that was begun anew cannot be gone on with.
pub(super) const REPLACED: &str = "another journal stands in its journal's place";

impl Stores {
    /// Appends events to one repository's journal, whatever they are about.
    ///
    /// # Errors
    /// As for [`Self::append`].
    pub fn append_in(&mut self, whose: Whose, events: Vec<Event>) -> Result<Appended, StoreError> {
        let mut done = Appended::default();
        match self.whole {
            None => self.home.append(events),
            Some(_) => self.append_to(whose, events, &mut done).map(|()| done),
        }
    }

    /// Appends events in their order, each to its repository's journal; of those that follow each other in one journal
    /// one line is made. The beginning and the end of an orchestration go to every repository that it works in.
    ///
    /// What belongs into another journal that cannot be written is given back as such, and from then on nothing is known
    /// of that repository's tasks.
    ///
    /// # Errors
    /// When the home's journal cannot be written, as for [`Store::append`](crate::store::Store::append). What was appended
    /// before the error stays.
    pub fn append(&mut self, events: Vec<Event>) -> Result<Appended, StoreError> {
        if self.whole.is_none() {
            return self.home.append(events);
        }
        let mut done = Appended::default();
        let mut batch: Vec<Event> = Vec::new();
        let mut into = Whose::Home;
        for event in events {
            for whose in self.targets(&event) {
                if whose != into && !batch.is_empty() {
                    let events = std::mem::take(&mut batch);
                    self.append_to(into, events, &mut done)?;
                }
                into = whose;
                batch.push(event.clone());
            }
        }
        if !batch.is_empty() {
            self.append_to(into, batch, &mut done)?;
        }
        Ok(done)
    }

    fn append_to(
        &mut self,
        whose: Whose,
        events: Vec<Event>,
        done: &mut Appended,
    ) -> Result<(), StoreError> {
        let naming = |id: &TaskId| self.repositories.seen_from(whose, id);
        let mut named: Vec<(Event, Event)> = events
            .into_iter()
            .filter_map(|event| Some((self.told_in(whose, event.renamed(&naming)?), event)))
            .collect();
        let own: Vec<Event> = named.iter().map(|(own, _)| own.clone()).collect();
        let Some(store) = self.of_mut(whose) else {
            done.unwritten
                .extend(named.into_iter().map(|(_, event)| event));
            return Ok(());
        };
        let before = store.state().seq;
        let appended = store.append(own);
        let is_another = store.state().seq < before;
        let appended = match (appended, whose) {
            (Ok(appended), Whose::Other(_)) if !is_another => appended,
            (appended, Whose::Home) => appended?,
            (appended, Whose::Other(number)) => {
                let why = appended.err().map(|error| error.to_string());
                self.lose(number, why.as_deref().unwrap_or(REPLACED));
                done.unwritten
                    .extend(named.into_iter().map(|(_, event)| event));
                return Ok(());
            }
        };
        if let Whose::Other(number) = whose {
            self.written.insert(number);
        }
        done.news.extend(self.take_in(whose, appended.news));
        for refused in appended.refused {
            if let Some(at) = named.iter().position(|(own, _)| *own == refused.event) {
                let (_, event) = named.swap_remove(at);
                done.refused.push(Refused {
                    event,
                    why: refused.why,
                });
            }
        }
        Ok(())
    }

    /// The beginning of an orchestration as another repository is told of it.
    fn told_in(&self, whose: Whose, event: Event) -> Event {
        match (whose, event) {
            (
                Whose::Other(number),
                Event::OrchestrationStarted {
                    orch,
                    owner,
                    command,
                    jobs,
                    ..
                },
            ) => Event::OrchestrationStarted {
                orch,
                owner,
                command,
                tasks: self.engaged.get(&number).copied().unwrap_or_default(),
                jobs,
                home: Some(self.layout().root().to_string_lossy().into_owned()),
            },
            (_, event) => event,
        }
    }

    /// The journals that an event belongs into.
    fn targets(&self, event: &Event) -> Vec<Whose> {
        match event {
            Event::OrchestrationStarted { orch, .. }
            | Event::OrchestrationEnded { orch, .. }
            | Event::Detached { orch }
                if Some(orch) == self.own.as_ref() =>
            {
                let engaged = self.engaged.keys().map(|number| Whose::Other(*number));
                let there = engaged.filter(|whose| self.of(*whose).is_some());
                std::iter::once(Whose::Home).chain(there).collect()
            }
            Event::CancelRequested {
                target: CancelTarget::Orchestration(_),
                ..
            } => vec![Whose::Home],
            _ => vec![match (event.task(), event.run()) {
                (Some(task), _) => self.repositories.whose(task),
                (None, Some(run)) => self.whose_run(run),
                (None, None) => Whose::Home,
            }],
        }
    }
}
