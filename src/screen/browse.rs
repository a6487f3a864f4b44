//! What keys do.

use crate::plan::TaskIx;
use crate::screen::ask::Ask;
use crate::screen::draw::{help_room, help_rows};
use crate::screen::filter::Filter;
use crate::screen::key::Key;
use crate::screen::model::{Mode, Model, Pane, Saying};
use crate::screen::prompt::{Answered, Prompt};
use crate::screen::rows::{Shape, Spot};
use crate::screen::typed::Typed;

/// Lines of a log that one key scrolls.
const LOG_STEP: usize = 5;

impl Model {
    pub(super) fn key(&mut self, key: Key) -> Vec<Ask> {
        self.said = None;
        match (&mut self.mode, key) {
            (_, Key::Ctrl('c')) => return vec![Ask::Interrupt],
            (_, Key::Ctrl('z')) => return vec![Ask::Suspend],
            (Mode::Browse, key) => return self.browse(key),
            (Mode::Help(top), key) => {
                let last = help_rows(self.size.0).saturating_sub(help_room(self.size.1));
                let page = help_room(self.size.1);
                *top = match key {
                    Key::Down | Key::Char('j') => *top + 1,
                    Key::Up | Key::Char('k') => top.saturating_sub(1),
                    Key::PageDown | Key::Char(' ') => *top + page,
                    Key::PageUp => top.saturating_sub(page),
                    Key::Home | Key::Char('g') => 0,
                    Key::End | Key::Char('G') => last,
                    _ => {
                        self.mode = Mode::Browse;
                        return Vec::new();
                    }
                }
                .min(last);
            }
            (Mode::Filter(typed, before), key) => match key {
                Key::Enter => self.mode = Mode::Browse,
                Key::Esc => {
                    self.filter = before.clone();
                    self.mode = Mode::Browse;
                    self.list();
                }
                key => {
                    typed.key(key);
                    self.filter.text = typed.text().to_owned();
                    self.list();
                }
            },
            (Mode::Prompt(prompt), key) => match prompt.key(key) {
                Answered::NotYet => {}
                Answered::No => self.mode = Mode::Browse,
                Answered::Yes(decision) => {
                    self.busy = Some((prompt.title.clone(), decision.clone()));
                    self.mode = Mode::Browse;
                    return vec![Ask::Do(decision)];
                }
            },
        }
        Vec::new()
    }

    /// A pasted text is never taken for keys.
    pub(super) fn pasted(&mut self, text: &str) {
        match &mut self.mode {
            Mode::Browse | Mode::Help(_) => {}
            Mode::Prompt(prompt) => prompt.insert(text),
            Mode::Filter(typed, _) => {
                typed.insert(text);
                self.filter.text = typed.text().to_owned();
                self.list();
            }
        }
    }

    fn browse(&mut self, key: Key) -> Vec<Ask> {
        let page = self.page();
        match key {
            Key::Char('q') => return vec![Ask::Leave],
            Key::Char('?') => self.mode = Mode::Help(0),
            Key::Up | Key::Char('k') => self.go(|at| at.saturating_sub(1)),
            Key::Down | Key::Char('j') => self.go(|at| at + 1),
            Key::PageUp | Key::Ctrl('b') => self.go(|at| at.saturating_sub(page)),
            Key::PageDown | Key::Ctrl('f') => self.go(|at| at + page),
            Key::Ctrl('u') => self.go(|at| at.saturating_sub(page.div_ceil(2))),
            Key::Ctrl('d') => self.go(|at| at + page.div_ceil(2)),
            Key::Char('o') => self.choose_next(),
            Key::Home | Key::Char('g') => self.go(|_| 0),
            Key::End | Key::Char('G') => self.go(|_| usize::MAX),
            Key::Left | Key::Char('h') => self.close(),
            Key::Right | Key::Char('l') => self.open(),
            Key::Enter | Key::Char(' ') => self.toggle(),
            Key::Char('t') => {
                self.show(match self.shape {
                    Shape::Tree => Shape::Levels,
                    Shape::Levels | Shape::People => Shape::Tree,
                });
            }
            Key::Char('n') => {
                self.show(match self.shape {
                    Shape::People => Shape::Tree,
                    Shape::Tree | Shape::Levels => Shape::People,
                });
            }
            Key::Char('/') => {
                let typed = Typed::new(&self.filter.text);
                self.mode = Mode::Filter(typed, self.filter.clone());
            }
            Key::Char('s') => {
                self.filter.turn();
                self.goes_along = false;
                self.list();
            }
            Key::Char('f') => {
                self.goes_along = !self.goes_along;
                self.go_along();
            }
            Key::Esc => {
                self.filter = Filter::default();
                self.list();
            }
            Key::Tab => {
                self.pane = match self.pane {
                    Pane::Log => Pane::Text,
                    Pane::Text => Pane::Log,
                };
            }
            Key::ShiftUp | Key::Char('K' | '[') => self.log.scroll_back(LOG_STEP),
            Key::ShiftDown | Key::Char('J' | ']') => self.log.scroll_on(LOG_STEP),
            Key::Char('{') => self.log.show_beginning(page),
            Key::Char('}') => self.log.show_end(page),
            Key::Char(c @ ('a' | 'r' | 'c' | 'R' | 'x' | 'X')) => self.answer(c),
            _ => {}
        }
        Vec::new()
    }

    /// The next of the orchestrations that run.
    fn choose_next(&mut self) {
        let all = &self.moment.shown;
        let now = self.shown().map(|shown| &shown.orch);
        let at = all.iter().position(|shown| Some(&shown.orch) == now);
        let next = at.and_then(|at| all.get((at + 1) % all.len()));
        match next.filter(|next| Some(&next.orch) != now) {
            Some(next) => self.chosen = Some(next.orch.clone()),
            None => {
                self.said = Some(Saying {
                    text: "no other orchestration runs here".to_owned(),
                    well: false,
                    announces: None,
                });
            }
        }
    }

    fn go(&mut self, to: impl Fn(usize) -> usize) {
        self.goes_along = false;
        self.at = to(self.at).min(self.rows.len().saturating_sub(1));
    }

    fn show(&mut self, shape: Shape) {
        let task = self.task();
        self.shape = shape;
        self.list();
        if let Some(ix) = task {
            self.reveal(ix);
        }
    }

    /// Opens whatever hides a task, and selects it.
    fn reveal(&mut self, ix: TaskIx) {
        if self.select(Spot::Task(ix)) {
            return;
        }
        match self.shape {
            Shape::Tree => {
                for above in self.tree.above(ix) {
                    self.closed.nodes.remove(self.moment.id(above));
                }
            }
            Shape::Levels => {
                let level = self.tree.level[ix.0 as usize];
                self.closed.levels.remove(&level);
            }
            Shape::People => {
                self.at = 0;
                return;
            }
        }
        self.list();
        self.select(Spot::Task(ix));
    }

    /// Is the list a tree or levels, so that there is something to open?
    fn folds(&self) -> bool {
        self.filter.is_empty() && self.shape != Shape::People
    }

    fn close(&mut self) {
        let Some(row) = self.rows.get(self.at).copied().filter(|_| self.folds()) else {
            return;
        };
        self.goes_along = false;
        let closable = row.below > 0 && row.open;
        match (row.spot, self.shape) {
            (Spot::Task(ix), Shape::Tree) if closable => {
                self.closed.nodes.insert(self.moment.id(ix).clone());
                self.list();
            }
            (Spot::Task(ix), Shape::Tree) => {
                if let Some(parent) = self.tree.parent(ix) {
                    self.select(Spot::Task(parent));
                }
            }
            (Spot::Task(ix), _) => {
                self.select(Spot::Level(self.tree.level[ix.0 as usize]));
            }
            (Spot::Level(level), _) => {
                self.closed.levels.insert(level);
                self.list();
            }
            (Spot::File(_), _) => {}
        }
    }

    fn open(&mut self) {
        let Some(row) = self.rows.get(self.at).copied().filter(|_| self.folds()) else {
            return;
        };
        self.goes_along = false;
        if row.open {
            return self.go(|at| at + 1);
        }
        match row.spot {
            Spot::Task(ix) => self.closed.nodes.remove(self.moment.id(ix)),
            Spot::Level(level) => self.closed.levels.remove(&level),
            Spot::File(_) => false,
        };
        self.list();
    }

    fn toggle(&mut self) {
        let Some(row) = self.rows.get(self.at).copied() else {
            return;
        };
        if let (false, Some(ix)) = (self.folds(), self.task()) {
            // From a list of some tasks to the place among all.
            self.filter = Filter::default();
            if self.shape == Shape::People {
                self.shape = Shape::Tree;
            }
            self.goes_along = false;
            self.list();
            return self.reveal(ix);
        }
        if row.open && row.below > 0 {
            self.close();
        } else if !row.open {
            self.open();
        }
    }

    /// Asks whether it is meant; or says why it cannot be.
    fn answer(&mut self, key: char) {
        let said = |text: String| Saying {
            text,
            well: false,
            announces: None,
        };
        if let Some((busy, _)) = &self.busy {
            self.said = Some(said(format!("wait until this is done: {busy}")));
            return;
        }
        let asked = match (key, self.task()) {
            ('X', _) => Prompt::cancel_all(&self.moment, self.orchestration()),
            (_, None) => Err(match self.never_read() {
                Some(file) => format!("`{}` is no task until its file is valid", file.name),
                None => "select a task first".to_owned(),
            }),
            ('a', Some(ix)) => Prompt::approve(&self.moment, ix),
            ('r', Some(ix)) => Prompt::reject(&self.moment, ix),
            ('c', Some(ix)) => Prompt::complete(&self.moment, ix),
            ('R', Some(ix)) => Prompt::reset(&self.moment, ix),
            (_, Some(ix)) => Prompt::cancel(&self.moment, ix),
        };
        match asked {
            Ok(prompt) => {
                // What is asked about stays selected.
                self.goes_along = false;
                self.mode = Mode::Prompt(prompt);
            }
            Err(why) => self.said = Some(said(why)),
        }
    }
}
