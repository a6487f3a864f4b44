//! The list: a tree, levels, or what needs people.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::model::Status;
use crate::plan::TaskIx;
use crate::report::people::{Asked, Trouble};
use crate::report::{class_style, columns, count, notes, one_line, status_style};
use crate::screen::draw::noted::words;
use crate::screen::draw::paint::Paint;
use crate::screen::model::Model;
use crate::screen::rows::{Row, Shape, Spot};
use crate::view::{Class, Standing};

/// Columns of one step of the tree.
const STEP: usize = 2;

/// The line above the list: what it is, and which part of it is seen.
pub fn title(buffer: &mut Buffer, area: Rect, model: &Model, paint: Paint) {
    let shape = match model.shape {
        _ if model.moment.plan.tasks().is_empty() && model.rows.is_empty() => "no tasks",
        Shape::People => "needs you",
        _ if !model.filter.is_empty() => "tasks",
        Shape::Tree => "tree",
        Shape::Levels => "levels",
    };
    let filter = one_line(&model.filter.words()).into_owned();
    let name = match filter.is_empty() {
        true => shape.to_owned(),
        false => format!("{shape} {filter}"),
    };
    let total = model.rows.len();
    let place = match model.at {
        _ if total == 0 => "none".to_owned(),
        at => format!("{}/{total}", at + 1),
    };
    let follows = model.goes_along && model.is_moving() && model.shape != Shape::People;
    let right = match follows {
        true => format!("following {place}"),
        false => place,
    };
    paint.rule(buffer, area, Span::styled(name, paint.bold()), &right);
}

pub fn list(buffer: &mut Buffer, area: Rect, model: &Model, paint: Paint) {
    let width = usize::from(area.width);
    if model.rows.is_empty() {
        let line = Line::styled(nothing(model), paint.dim());
        buffer.set_line(area.x, area.y, &line, area.width);
        return;
    }
    let visible = model.rows.iter().enumerate().skip(model.top);
    let visible: Vec<(usize, &Row)> = visible.take(usize::from(area.height)).collect();
    let painter = Painter {
        model,
        paint,
        width,
    };
    let names: Vec<(String, String)> = visible.iter().map(|(_, row)| painter.name(row)).collect();
    // One long name does not push what stands beside the others off the screen.
    let most = width * 3 / 5;
    let wide = |(prefix, name): &(String, String)| columns(prefix) + columns(name);
    let column = names
        .iter()
        .map(wide)
        .filter(|w| *w <= most)
        .max()
        .unwrap_or(most);
    for (y, ((at, row), name)) in (area.y..).zip(visible.into_iter().zip(names)) {
        let line = painter.row(row, name, column);
        buffer.set_line(area.x, y, &line, area.width);
        if at == model.at {
            buffer.set_style(Rect::new(area.x, y, area.width, 1), paint.selected());
        }
    }
}

fn nothing(model: &Model) -> &'static str {
    match model.shape {
        _ if model.moment.plan.tasks().is_empty() => "runr tasks add \"TITLE\" writes the first",
        _ if !model.filter.is_empty() => "nothing matches: Esc lists everything",
        Shape::People => "nothing needs you now: n goes back",
        _ => "",
    }
}

struct Painter<'a> {
    model: &'a Model,
    paint: Paint,
    width: usize,
}

impl Painter<'_> {
    /// What leads to a row, and its name.
    fn name(&self, row: &Row) -> (String, String) {
        match row.spot {
            Spot::Level(level) => (String::new(), format!("level {}", level + 1)),
            Spot::File(number) => {
                let file = self.model.moment.never_read.get(number as usize);
                let name = file.map_or("", |file| &file.name);
                (String::new(), one_line(name).into_owned())
            }
            Spot::Task(ix) => {
                let name = one_line(self.model.moment.id(ix).as_str()).into_owned();
                let folds = self.model.filter.is_empty();
                let prefix = match self.model.shape {
                    Shape::Tree if folds => self.branches(ix),
                    Shape::Levels if folds => " ".repeat(STEP),
                    _ => String::new(),
                };
                (prefix, name)
            }
        }
    }

    /// The lines of the tree before a task; of a deep one the innermost.
    fn branches(&self, ix: TaskIx) -> String {
        let tree = &self.model.tree;
        if tree.depth(ix) == 0 {
            return String::new();
        }
        let (bar, tee, end) = match self.paint.glyphs.choose("u", "a") {
            "u" => ("│ ", "├ ", "└ "),
            _ => ("| ", "+ ", "` "),
        };
        let room = (self.width / 3 / STEP).max(2);
        let mut parts = vec![if tree.is_last(ix) { end } else { tee }];
        let above = tree.above(ix).filter(|above| tree.depth(*above) > 0);
        let bars = above.map(|above| if tree.is_last(above) { "  " } else { bar });
        parts.extend(bars.take(room - 1));
        if tree.depth(ix) as usize > room {
            parts.pop();
            parts.push(self.paint.glyphs.choose("… ", ".."));
        }
        parts.reverse();
        parts.concat()
    }

    fn row<'b>(&self, row: &Row, (prefix, name): (String, String), column: usize) -> Line<'b> {
        let paint = self.paint;
        match row.spot {
            Spot::Level(level) => self.level(row, &name, level),
            Spot::File(number) => self.file(number, &name, column),
            Spot::Task(ix) => {
                let moment = &self.model.moment;
                let view = moment.view(ix);
                let style = paint.style(status_style(view.status));
                let name_style = match view.class() {
                    _ if self.model.is_outside(ix) => paint.dim(),
                    Class::Running | Class::NeedsYou | Class::Failed => style,
                    _ => ratatui::style::Style::new(),
                };
                let room = self.width.saturating_sub(2);
                let name = paint.cut(&name, room.saturating_sub(columns(&prefix)));
                let used = columns(&prefix) + columns(&name);
                let closed = match row.below > 0 && !row.open {
                    true => format!(" +{}", row.below),
                    false => String::new(),
                };
                let gap = column.saturating_sub(used + columns(&closed));
                let invalid = moment
                    .invalid
                    .get(&ix)
                    .map(|why| one_line(why).into_owned());
                let is_invalid = invalid.is_some();
                let said = invalid.unwrap_or_else(|| self.said(ix));
                let left = room.saturating_sub(used + columns(&closed) + gap + 2);
                let said_style = match (view.class(), &view.standing) {
                    _ if is_invalid => paint.bad(),
                    (Class::Failed | Class::Stopped, _) => style,
                    (_, Standing::Blocked(_)) | (Class::Completed, _) => paint.dim(),
                    _ => ratatui::style::Style::new(),
                };
                Line::from(vec![
                    Span::styled(prefix, paint.dim()),
                    Span::styled(format!("{} ", paint.glyphs.status(view.status)), style),
                    Span::styled(name, name_style),
                    Span::styled(closed, paint.bold()),
                    Span::raw(" ".repeat(gap + 2)),
                    Span::styled(paint.cut(&said, left), said_style),
                ])
            }
        }
    }

    /// What stands beside a task.
    fn said(&self, ix: TaskIx) -> String {
        let model = self.model;
        let facts = model.moment.facts(model.now);
        if model.shape == Shape::People
            && let Some(need) = model.needs.iter().find(|need| need.task == ix)
        {
            let what = match need.asked {
                Asked::Do => "do it, then c",
                Asked::Approve => "look at it, then a or r",
                Asked::Decide(Trouble::Ended(_)) => "decide: nobody tries it again",
                Asked::Decide(Trouble::Deserted) => "nobody watches it any more: runr resume",
                Asked::Decide(Trouble::ClaimLeft) => "who had claimed it is gone",
                Asked::Decide(Trouble::Stale) => "stale: c accepts it as it is",
            };
            return match need.holds_up.len() {
                0 => what.to_owned(),
                n => format!("{what}; holds {} up", count(n, "task", "tasks")),
            };
        }
        let notes: Vec<String> = notes(&facts, ix)
            .iter()
            .map(|note| words(&facts, (note, ix)))
            .filter(|text| !text.is_empty())
            .collect();
        notes.join("  ")
    }

    /// A file that no task is known of.
    fn file<'b>(&self, number: u32, name: &str, column: usize) -> Line<'b> {
        let paint = self.paint;
        let file = self.model.moment.never_read.get(number as usize);
        let why = one_line(file.map_or("", |file| &file.why)).into_owned();
        let room = self.width.saturating_sub(2);
        let name = paint.cut(name, room);
        let gap = column.saturating_sub(columns(&name)) + 2;
        let left = room.saturating_sub(columns(&name) + gap);
        let mark = paint.glyphs.status(Status::Failed);
        Line::from(vec![
            Span::styled(format!("{mark} {name}"), paint.bad()),
            Span::raw(" ".repeat(gap)),
            Span::styled(paint.cut(&why, left), paint.bad()),
        ])
    }

    fn level<'b>(&self, row: &Row, name: &str, level: u32) -> Line<'b> {
        let paint = self.paint;
        let mark = match row.open {
            true => paint.glyphs.choose("▾", "-"),
            false => paint.glyphs.choose("▸", "+"),
        };
        let mut spans = vec![
            Span::styled(format!("{mark} {name}"), paint.bold()),
            Span::raw("  "),
        ];
        let tree = &self.model.tree;
        let mut of: std::collections::BTreeMap<Class, usize> = std::collections::BTreeMap::new();
        for ix in self.model.moment.plan.numbers() {
            if tree.level[ix.0 as usize] == level {
                *of.entry(self.model.moment.view(ix).class()).or_default() += 1;
            }
        }
        let done = of.remove(&Class::Completed).unwrap_or(0);
        spans.push(Span::raw(format!("{done} of {} completed", row.below)));
        for (class, n) in of {
            let word = match class {
                Class::Running => "running",
                Class::Failed => "failed",
                Class::Stopped => "stopped",
                Class::NeedsYou if n == 1 => "needs you",
                Class::NeedsYou => "need you",
                Class::Unknown => "unknown",
                Class::Completed | Class::Ready | Class::Blocked => continue,
            };
            spans.push(Span::raw(", "));
            spans.push(Span::styled(
                format!("{n} {word}"),
                paint.style(class_style(class)),
            ));
        }
        Line::from(spans)
    }
}
