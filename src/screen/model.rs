//! The state of the view, and the one function that changes it.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use crate::model::{Decision, OrchId, TaskId};
use crate::plan::TaskIx;
use crate::report::people::{Need, needs_people};
use crate::report::{Counts, one_line};
use crate::screen::ask::{Ask, Msg, News, Source};
use crate::screen::detail::Detail;
use crate::screen::filter::Filter;
use crate::screen::hint::hint;
use crate::screen::layout::{Areas, areas};
use crate::screen::log::{From, Log, wrapped};
use crate::screen::moment::{Moment, NeverRead, Shown};
use crate::screen::prompt::Prompt;
use crate::screen::rows::{Closed, Row, Shape, Spot, rows};
use crate::screen::tree::Tree;
use crate::screen::typed::Typed;
use crate::state::Orchestration;
use crate::view::{Class, TaskView};

/// What keys mean now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Mode {
    Browse,
    /// A text to filter by is typed; the other is what was there before.
    Filter(Typed, Filter),
    Prompt(Prompt),
    /// So many lines of it are scrolled away.
    Help(usize),
}

/// What stands below the facts of the selected task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pane {
    /// The log of its run; before its first run its text.
    Log,
    /// The text of its file.
    Text,
}

/// A line for the person, until the next key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Saying {
    pub(super) text: String,
    pub(super) well: bool,
    /// What it announces; when that has happened there is nothing more to say.
    pub(super) announces: Option<Decision>,
}

/// What a line above the list is like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    Bad,
    Plain,
}

/// The whole state.
#[derive(Debug)]
pub struct Model {
    pub(super) moment: Arc<Moment>,
    pub(super) now: Timestamp,
    pub(super) tree: Tree,
    pub(super) needs: Vec<Need>,
    pub(super) counts: Counts,
    pub(super) shape: Shape,
    pub(super) filter: Filter,
    pub(super) closed: Closed,
    pub(super) rows: Vec<Row>,
    /// The number of the selected row.
    pub(super) at: usize,
    /// The first row that is shown.
    pub(super) top: usize,
    pub(super) size: (u16, u16),
    pub(super) pane: Pane,
    pub(super) source: Option<Source>,
    pub(super) log: Log,
    pub(super) mode: Mode,
    /// The selection goes with what runs, until a person moves it.
    pub(super) goes_along: bool,
    pub(super) said: Option<Saying>,
    /// What can be typed at a shell now that nothing runs.
    pub(super) next: Option<String>,
    /// A decision is carried out: what it is called, and what it is.
    pub(super) busy: Option<(String, Decision)>,
    /// The orchestration that a person has chosen among several.
    pub(super) chosen: Option<OrchId>,
    pub(super) detail: Option<Detail>,
}

impl Model {
    /// The view of a moment on a screen of so many columns and rows, and what it asks for at first.
    pub fn new(moment: Arc<Moment>, size: (u16, u16)) -> (Self, Vec<Ask>) {
        let mut model = Self {
            now: moment.at,
            tree: Tree::new(&moment.plan),
            needs: Vec::new(),
            counts: Counts::default(),
            shape: Shape::Tree,
            filter: Filter::default(),
            closed: Closed::default(),
            rows: Vec::new(),
            at: 0,
            top: 0,
            size,
            pane: Pane::Log,
            source: None,
            log: Log::default(),
            mode: Mode::Browse,
            goes_along: true,
            said: None,
            busy: None,
            chosen: None,
            next: None,
            detail: None,
            moment,
        };
        model.look();
        if let Some(first) = model.first_to_see() {
            model.select(Spot::Task(first));
        }
        let asks = model.settle();
        (model, asks)
    }

    /// Takes one message, and gives what is asked for.
    pub fn update(&mut self, msg: Msg) -> Vec<Ask> {
        let mut asks = Vec::new();
        match msg {
            Msg::Key(key) => asks = self.key(key),
            Msg::Pasted(text) => self.pasted(&text),
            Msg::Resized(width, height) => self.size = (width, height),
            Msg::Moment(moment) => self.take(moment),
            Msg::Tick(now) => {
                self.now = now;
                return Vec::new();
            }
            Msg::News(source, news) => {
                self.news(&source, news);
                return Vec::new();
            }
            Msg::Done { said, well } => {
                let busy = self.busy.take();
                let announces = busy.map(|(_, decision)| decision).filter(|_| well);
                self.said = Some(Saying {
                    text: said,
                    well,
                    announces,
                });
                self.hush();
            }
        }
        asks.extend(self.settle());
        asks
    }

    /// Does time change what is shown?
    #[must_use]
    pub fn is_moving(&self) -> bool {
        self.moment.is_moving()
    }

    /// What is shown.
    #[must_use]
    pub fn moment(&self) -> &Arc<Moment> {
        &self.moment
    }

    /// The orchestration that is shown: the chosen one as long as it runs, else the first.
    pub(super) fn shown(&self) -> Option<&Shown> {
        let all = &self.moment.shown;
        let chosen = all
            .iter()
            .find(|shown| Some(&shown.orch) == self.chosen.as_ref());
        chosen.or_else(|| all.first())
    }

    /// The same, with what is known of it.
    pub(super) fn orchestration(&self) -> Option<(&OrchId, &Orchestration)> {
        let shown = self.shown()?;
        self.moment.state.orchestrations.get_key_value(&shown.orch)
    }

    /// Does the orchestration that is shown have nothing to do with the task?
    pub(super) fn is_outside(&self, ix: TaskIx) -> bool {
        self.shown().is_some_and(|shown| {
            !shown.selected.is_empty() && !shown.selected.contains(self.moment.id(ix))
        })
    }

    /// Drops what was announced and has happened.
    fn hush(&mut self) {
        let state = &self.moment.state;
        let announces = self.said.as_ref().and_then(|said| said.announces.as_ref());
        let happened = match announces {
            Some(Decision::CancelAll { orch }) => {
                let entry = state.orchestrations.get(orch);
                entry.is_none_or(|entry| entry.ended_at.is_some())
            }
            Some(Decision::CancelTask { task }) => state.open_run(task).is_none(),
            _ => false,
        };
        if happened {
            self.said = None;
        }
    }

    pub(super) fn selected(&self) -> Option<Spot> {
        Some(self.rows.get(self.at)?.spot)
    }

    pub(super) fn task(&self) -> Option<TaskIx> {
        match self.selected()? {
            Spot::Task(ix) => Some(ix),
            Spot::Level(_) | Spot::File(_) => None,
        }
    }

    /// The selected file, if no task is known of it.
    pub(super) fn never_read(&self) -> Option<&NeverRead> {
        match self.selected()? {
            Spot::File(number) => self.moment.never_read.get(number as usize),
            Spot::Task(_) | Spot::Level(_) => None,
        }
    }

    /// Where the parts stand; `None`: the screen is too small.
    pub(super) fn areas(&self) -> Option<Areas> {
        let all = self.moment.plan.tasks().len() + self.moment.never_read.len();
        let lines = match self.shape {
            Shape::Tree => all,
            Shape::Levels => {
                all + self
                    .tree
                    .level
                    .iter()
                    .max()
                    .map_or(0, |last| *last as usize + 1)
            }
            // What needs people is looked at closely.
            Shape::People => self.needs.len(),
        };
        let notices = self.notices(usize::from(self.size.0)).len();
        areas(self.size, (notices, lines))
    }

    /// What is wrong, then what to do next, in lines of so many columns.
    pub(super) fn notices(&self, width: usize) -> Vec<(Tone, String)> {
        let moment = &self.moment;
        let wrong = moment.damage.iter().chain(&moment.trouble);
        let wrong = wrong.map(|text| (Tone::Bad, text));
        let all = wrong.chain(self.next.iter().map(|text| (Tone::Plain, text)));
        let lines = all.flat_map(|(tone, text)| {
            let parts = wrapped(&one_line(text), width).into_iter();
            parts.map(move |part| (tone, part))
        });
        lines.collect()
    }

    /// Rows of the list that fit.
    pub(super) fn page(&self) -> usize {
        self.areas()
            .map_or(1, |areas| usize::from(areas.list.height))
    }

    /// Selects a row if it is there.
    pub(super) fn select(&mut self, spot: Spot) -> bool {
        let found = self.rows.iter().position(|row| row.spot == spot);
        self.at = found.unwrap_or(self.at);
        found.is_some()
    }

    /// Lists anew; the selection stays where it was, as far as that is still listed.
    pub(super) fn list(&mut self) {
        let selected = self.selected();
        self.rows = rows(
            &self.moment,
            &self.tree,
            (self.shape, &self.filter),
            (&self.closed, &self.needs),
        );
        if let Some(spot) = selected {
            self.select(spot);
        }
    }

    fn news(&mut self, source: &Source, news: News) {
        // What comes late is of no interest any more.
        if self.source.as_ref() == Some(source) {
            self.log.take(news);
        }
    }

    fn take(&mut self, moment: Arc<Moment>) {
        let selected: Option<TaskId> = self.task().map(|ix| self.moment.id(ix).clone());
        let file = self.never_read().cloned();
        let other_plan = moment.generation != self.moment.generation;
        self.now = self.now.max(moment.at);
        self.moment = moment;
        if other_plan {
            self.tree = Tree::new(&self.moment.plan);
            // Its numbers may mean other tasks now.
            self.rows.clear();
        }
        self.look();
        self.hush();
        if let Mode::Prompt(prompt) = &mut self.mode {
            prompt.look_again(&self.moment);
        }
        if let (true, Some(id)) = (other_plan, selected)
            && let Some(ix) = self.moment.plan.find(&id)
        {
            self.select(Spot::Task(ix));
        }
        if let Some(file) = file {
            self.select_file(&file);
        }
        self.go_along();
    }

    /// Selects a file that was not read before, or the task that has come of it.
    fn select_file(&mut self, file: &NeverRead) {
        let mut files = (0..).zip(&self.moment.never_read);
        if let Some((number, _)) = files.find(|(_, other)| other.name == file.name) {
            self.select(Spot::File(number));
            return;
        }
        let path = file.file();
        let plan = &self.moment.plan;
        let task = plan
            .numbers()
            .find(|ix| *plan.task(*ix).place.file == *path);
        if let Some(ix) = task {
            self.select(Spot::Task(ix));
        }
    }

    /// Is nothing known of a task but a file that is invalid?
    pub(super) fn is_invalid(&self, ix: TaskIx, view: &TaskView) -> bool {
        self.moment.invalid.contains_key(&ix)
            && matches!(view.class(), Class::Ready | Class::Blocked)
    }

    /// Selects what runs, and what needs people most once nothing does, unless a person has chosen.
    pub(super) fn go_along(&mut self) {
        let to = match self.is_moving() {
            _ if !self.goes_along => None,
            true => self.runs_now(),
            false => self.first_to_see(),
        };
        if let Some(ix) = to {
            self.select(Spot::Task(ix));
        }
    }

    /// What is worked out of a moment once.
    fn look(&mut self) {
        self.needs = needs_people(&self.moment.facts(self.moment.at));
        let views = self.moment.plan.numbers().zip(&self.moment.views);
        // What a file says that cannot be read any more is not so: it would not even be started.
        let valid = views.filter(|(ix, view)| !self.is_invalid(*ix, view));
        self.counts = Counts::of(valid.map(|(_, view)| view));
        self.detail = None;
        self.next = self.orchestration().and_then(|(orch, _)| {
            let facts = self.moment.facts(self.moment.at);
            hint(&facts, orch, &self.needs)
        });
        self.list();
    }

    /// The selected task if it runs, else the one that has run longest.
    fn runs_now(&self) -> Option<TaskIx> {
        let plan = &self.moment.plan;
        let since: BTreeMap<TaskIx, Timestamp> = self
            .moment
            .state
            .open
            .values()
            .filter_map(|run| Some((plan.find(&run.task)?, run.reserved_at)))
            .collect();
        let selected = self.task().filter(|ix| since.contains_key(ix));
        selected.or_else(|| {
            let longest = since.iter().min_by_key(|(ix, at)| (**at, **ix));
            longest.map(|(ix, _)| *ix)
        })
    }

    /// What runs, else what needs a person most.
    fn first_to_see(&self) -> Option<TaskIx> {
        let needed = || self.needs.first().map(|need| need.task);
        self.runs_now().or_else(needed)
    }

    /// Brings everything that follows from the rest up to date.
    fn settle(&mut self) -> Vec<Ask> {
        self.at = self.at.min(self.rows.len().saturating_sub(1));
        let page = self.page();
        let last_top = self.rows.len().saturating_sub(page);
        // The selected row is shown with some rows around it, and no row stands empty that could be filled.
        let around = (page.saturating_sub(1)) / 4;
        self.top = self.top.min(self.at.saturating_sub(around));
        self.top = self.top.max((self.at + 1 + around).saturating_sub(page));
        self.top = self.top.min(last_top);
        let task = self.task();
        if self.detail.as_ref().map(|detail| detail.task) != task {
            self.detail = None;
        }
        if self.detail.is_none() {
            self.detail = task.map(|ix| Detail::new(&self.moment, ix));
        }
        let file = || Some(Source::Text(self.never_read()?.file().into()));
        let source = task.and_then(|ix| self.source_of(ix)).or_else(file);
        if source == self.source {
            return Vec::new();
        }
        self.log = Log::new(match source {
            Some(Source::Log(_)) | None => From::End,
            Some(Source::Text(_) | Source::Evidence(..)) => From::Beginning,
        });
        self.source.clone_from(&source);
        vec![Ask::Follow(source)]
    }

    fn source_of(&self, ix: TaskIx) -> Option<Source> {
        let task = self.moment.plan.task(ix);
        let text = (!task.id.is_inline()).then(|| Source::Text(task.place.file.as_ref().into()));
        let log = self.moment.run(ix).cloned().map(Source::Log);
        match self.pane {
            Pane::Log if self.shape == Shape::People => Some(Source::Evidence(
                task.id.clone(),
                self.moment.run(ix).cloned(),
            )),
            Pane::Log => log.or(text),
            Pane::Text => text,
        }
    }
}
