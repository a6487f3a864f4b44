//! Moments and screens for tests.

use std::sync::Arc;
use std::time::Duration;

use ratatui::Terminal;
use ratatui::backend::TestBackend;

use crate::plan::TaskIx;
use crate::report::{Glyphs, Processes};
use crate::screen::ask::{Ask, Msg};
use crate::screen::draw::{Paint, draw};
use crate::screen::key::Key;
use crate::screen::model::Model;
use crate::screen::moment::{Moment, Shown};
use crate::screen::rows::Spot;
use crate::view::tests::{Story, orch, print};

pub const COLOUR: Paint = Paint {
    glyphs: Glyphs::Unicode,
    colour: true,
};
pub const PLAIN: Paint = Paint {
    glyphs: Glyphs::Ascii,
    colour: false,
};

/// What is true at the end of a story.
pub fn moment(story: &Story) -> Arc<Moment> {
    Arc::new(Moment {
        project: "game".to_owned(),
        plan: Arc::new(story.plan.clone()),
        generation: 1,
        state: story.state.clone(),
        views: story.views(),
        processes: Processes::default(),
        not_landed: Vec::new(),
        at: story.now(),
        damage: None,
        trouble: None,
        invalid: std::collections::BTreeMap::new(),
        never_read: Vec::new(),
        shown: vec![Shown {
            orch: orch(),
            selected: std::collections::BTreeSet::new(),
            left: Some(Duration::from_secs(250)),
        }],
        abroad: 0,
    })
}

/// A game in the middle of its making: something of every state.
pub fn game() -> Story {
    let mut story = Story::new(&[
        ("00-setup.md", &[]),
        ("01-engine.md", &["00-setup.md"]),
        ("02-net.md", &["01-engine.md"]),
        ("03-board.md", &["01-engine.md"]),
        ("04-theme.md", &["00-setup.md"]),
        ("05-keys.md", &[]),
        ("06-copy.md", &["00-setup.md"]),
        ("07-play.md", &["02-net.md", "03-board.md", "05-keys.md"]),
        ("08-ship.md", &["07-play.md", "06-copy.md"]),
        ("09-docs.md", &[]),
    ]);
    story.manual(&["05-keys.md"]);
    story.change("02-net.md", |task| {
        task.title = "Talk to other players".into()
    });
    story.change("02-net.md", |task| task.worker = Some("claude-code".into()));
    story.completed("00-setup.md", print(0));
    story.completed("01-engine.md", print(0));
    story.failed("04-theme.md");
    story.awaiting("06-copy.md");
    story.started("02-net.md", print(0));
    story
}

/// A model, and everything that it asked for.
pub struct Watched {
    pub model: Model,
    pub asked: Vec<Ask>,
}

impl Watched {
    pub fn new(story: &Story, size: (u16, u16)) -> Self {
        let (model, asked) = Model::new(moment(story), size);
        Self { model, asked }
    }

    pub fn tell(&mut self, msg: Msg) -> &mut Self {
        let asked = self.model.update(msg);
        self.asked.extend(asked);
        self
    }

    pub fn keys(&mut self, keys: &[Key]) -> &mut Self {
        for key in keys {
            self.tell(Msg::Key(*key));
        }
        self
    }

    /// Each letter is a key.
    pub fn types(&mut self, text: &str) -> &mut Self {
        text.chars().for_each(|c| {
            self.tell(Msg::Key(Key::Char(c)));
        });
        self
    }

    pub fn selects(&mut self, number: u32) -> &mut Self {
        assert!(
            self.model.select(Spot::Task(TaskIx(number))),
            "{number} is not listed"
        );
        self.tell(Msg::Resized(self.model.size.0, self.model.size.1))
    }

    /// The name of the selected task, or the level.
    pub fn selected(&self) -> String {
        match self.model.selected() {
            Some(Spot::Task(ix)) => self.model.moment.id(ix).to_string(),
            Some(Spot::Level(level)) => format!("level {level}"),
            Some(Spot::File(n)) => format!("file {n}"),
            None => String::new(),
        }
    }

    pub fn listed(&self) -> Vec<String> {
        let rows = self.model.rows.iter();
        rows.map(|row| match row.spot {
            Spot::Task(ix) => self.model.moment.id(ix).to_string(),
            Spot::Level(level) => format!("level {level}"),
            Spot::File(n) => format!("file {n}"),
        })
        .collect()
    }

    pub fn terminal(&self, paint: Paint) -> Terminal<TestBackend> {
        let (width, height) = self.model.size;
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        terminal
            .draw(|frame| draw(frame, &self.model, paint))
            .unwrap();
        terminal
    }

    /// The screen as text, without the spaces at the ends of its lines.
    pub fn text(&self, paint: Paint) -> String {
        let terminal = self.terminal(paint);
        let buffer = terminal.backend().buffer();
        let width = usize::from(buffer.area.width);
        let mut text = String::new();
        for row in buffer.content.chunks(width) {
            let mut line = String::new();
            let mut hidden = 0;
            for cell in row {
                // Behind a wide character nothing is drawn.
                if hidden > 0 {
                    hidden -= 1;
                    continue;
                }
                line.push_str(cell.symbol());
                hidden = crate::report::columns(cell.symbol()).saturating_sub(1);
            }
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
    }
}
