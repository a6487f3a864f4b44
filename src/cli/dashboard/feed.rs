//! The one reader of the journal: a thread that folds what is new and publishes what is to be seen.
//!
//! Works only while somebody looks, or asks; what comes faster than every 40 ms is shown together.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use tokio::sync::{oneshot, watch};

use crate::cli::dashboard::landed::Landed;
use crate::cli::dashboard::prints::Prints;
use crate::cli::dashboard::seen::Seen;
use crate::project::{Loaded, Project};
use crate::store::Stores;
use crate::view::{hold_back, tasks_with};

/// The shortest time between two pictures.
const APART: Duration = Duration::from_millis(40);

/// Why the thread should look again.
#[derive(Debug)]
pub enum Wake {
    Journal,
    /// Task files or the configuration may have changed.
    Files,
    /// Somebody wants what is true now.
    Asked(oneshot::Sender<Arc<Seen>>),
    /// The command ends.
    Stop,
}

/// What the thread owns.
#[derive(Debug)]
pub struct Feed {
    project: Project,
    loaded: Arc<Loaded>,
    store: Stores,
    prints: Prints,
    landed: Landed,
    generation: u64,
    /// Why the files on disk are not what is shown.
    problem: Option<String>,
}

/// How others reach the thread.
#[derive(Debug, Clone)]
pub struct Ask(Sender<Wake>);

impl Ask {
    #[must_use]
    pub fn new(wake: Sender<Wake>) -> Self {
        Self(wake)
    }

    /// What is true now. `None`: the command is about to end.
    pub async fn now(&self) -> Option<Arc<Seen>> {
        let (answer, answered) = oneshot::channel();
        self.0.send(Wake::Asked(answer)).ok()?;
        answered.await.ok()
    }

    pub fn stop(&self) {
        // It has ended already.
        let _ = self.0.send(Wake::Stop);
    }
}

impl Feed {
    #[must_use]
    pub fn new(project: &Project, loaded: Loaded, store: Stores) -> Self {
        Self {
            project: project.clone(),
            loaded: Arc::new(loaded),
            store,
            prints: Prints::default(),
            landed: Landed::default(),
            generation: 1,
            problem: None,
        }
    }

    /// What is to be seen, from what was read last.
    #[must_use]
    pub fn seen(&mut self) -> Seen {
        let (plan, state) = (&self.loaded.plan, self.store.state());
        let projects = self.loaded.projects(&self.project);
        let prints = self.prints.of(projects, plan, state);
        let mut views = tasks_with(plan, state, &prints);
        let elsewhere = self.landed.of(projects, plan, state).clone();
        hold_back(plan, &mut views, elsewhere.outside);
        let problem = self.problem.as_deref().or(self.landed.trouble.as_deref());
        Seen::new(
            &self.project,
            (&self.loaded, views, elsewhere.not_landed),
            &self.store,
            (self.generation, problem),
        )
    }

    /// Reads and publishes until told to stop.
    pub fn run(mut self, woken: &Receiver<Wake>, publish: &watch::Sender<Arc<Seen>>) {
        let mut last = Instant::now();
        // The journal has grown unseen since.
        let mut behind = false;
        while let Ok(first) = woken.recv() {
            let mut asked = Vec::new();
            let mut files = false;
            let mut next = Some(first);
            let ready_at = last + APART;
            while let Some(wake) = next.take() {
                match wake {
                    Wake::Journal => behind = true,
                    Wake::Files => files = true,
                    Wake::Asked(answer) => asked.push(answer),
                    Wake::Stop => return,
                }
                // Who asks does not wait for more.
                let wait = match asked.is_empty() {
                    true => ready_at.saturating_duration_since(Instant::now()),
                    false => Duration::ZERO,
                };
                next = match woken.recv_timeout(wait) {
                    Ok(wake) => Some(wake),
                    Err(RecvTimeoutError::Timeout) => None,
                    Err(RecvTimeoutError::Disconnected) => return,
                };
            }
            if files {
                self.reload();
                behind = true;
            }
            if asked.is_empty() && publish.receiver_count() == 0 {
                continue;
            }
            if behind || !asked.is_empty() {
                if let Err(error) = self.store.refresh() {
                    self.problem = Some(error.to_string());
                }
                publish.send_replace(Arc::new(self.seen()));
                last = Instant::now();
                behind = false;
            }
            for answer in asked {
                // Who asked may have left.
                let _ = answer.send(Arc::clone(&publish.borrow()));
            }
        }
    }

    fn reload(&mut self) {
        match crate::project::load(&self.project, None) {
            Ok(loaded) => {
                let ids = loaded.plan.tasks().iter().map(|task| &task.id);
                self.store.follow(loaded.plan.repositories(), ids);
                self.loaded = Arc::new(loaded);
                self.generation += 1;
                self.prints.forget();
                self.landed.forget();
                self.problem = None;
            }
            Err(problems) => {
                let n = problems.len();
                let first = problems
                    .first()
                    .map(|problem| problem.message.clone())
                    .unwrap_or_default();
                self.problem = Some(format!(
                    "the files have {n} problem{}, so what is shown is what they said before: {first}",
                    if n == 1 { "" } else { "s" }
                ));
            }
        }
    }
}
