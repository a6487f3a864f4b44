//! The drawing as lines for people: one task a line, by levels.
//!
//! Knows columns and styles; styles are written always and dropped by the stream that cannot show
//! them. Does not know whether there is a terminal.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};

use crate::model::{Status, TaskKind, show_duration};
use crate::render::label::{columns, one_line};
use crate::render::lines::{DIM, Folded, Name, list, listed};
use crate::render::look::Look;
use crate::render::{Drawing, Node};

/// Which glyphs the reader can see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Charset {
    Unicode,
    Ascii,
}

/// What the text is written on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    pub columns: usize,
    pub charset: Charset,
}

const BOLD: Style = Style::new().bold();
const CRITICAL: Style = Style::new()
    .bold()
    .fg_color(Some(anstyle::Color::Ansi(AnsiColor::Blue)));

/// Writes one line a task, level by level, then a summary with the critical path and a count by state.
#[must_use]
pub fn text(drawing: &Drawing, page: Page) -> String {
    let mut out = String::new();
    if drawing.nodes.is_empty() {
        out.push_str("no tasks\n");
        return out;
    }
    let painter = Painter::new(drawing, page);
    let mut order: Vec<usize> = (0..drawing.nodes.len()).collect();
    // Tasks of a track stay together; those without one come after them, those of other repositories last.
    order.sort_by_key(|i| {
        let node = &drawing.nodes[*i];
        let elsewhere = node.repository.is_some();
        (node.level, elsewhere, node.track.unwrap_or(usize::MAX), *i)
    });
    let mut last = None;
    for i in order {
        let level = drawing.nodes[i].level;
        let shown = (last != Some(level)).then_some(level);
        last = Some(level);
        painter.row(&mut out, i, shown);
    }
    painter.summary(&mut out);
    out
}

struct Painter<'a> {
    drawing: &'a Drawing,
    page: Page,
    incoming: Vec<Vec<usize>>,
    /// Columns of the level numbers.
    level: usize,
    /// Columns that ids are padded to.
    id: usize,
    /// Columns that ids together with type and track are padded to.
    head: usize,
}

impl<'a> Painter<'a> {
    fn new(drawing: &'a Drawing, page: Page) -> Self {
        let mut painter = Self {
            drawing,
            page,
            incoming: drawing.incoming(),
            level: drawing.levels().to_string().len(),
            id: 0,
            head: 0,
        };
        // A few very long names must not push all others apart.
        painter.id = padding(
            drawing
                .nodes
                .iter()
                .map(|n| columns(&one_line(n.id.as_str()))),
            page.columns * 2 / 5,
        );
        painter.head = padding(
            drawing.nodes.iter().map(|n| {
                let (_, width) = painter.marks(n);
                painter.id.max(columns(&one_line(n.id.as_str()))) + width
            }),
            page.columns * 3 / 5,
        );
        painter
    }

    fn glyph(&self, look: Look) -> &'static str {
        match self.page.charset {
            Charset::Unicode => look.glyph(),
            Charset::Ascii => look.ascii(),
        }
    }

    fn sign(&self, unicode: &'static str, ascii: &'static str) -> &'static str {
        match self.page.charset {
            Charset::Unicode => unicode,
            Charset::Ascii => ascii,
        }
    }

    /// Type, track and staleness with their styles, and how many columns they take.
    fn marks(&self, node: &Node) -> (String, usize) {
        let mut text = String::new();
        let mut width = 0;
        let mut add = |mark: &str, style: Style| {
            let _ = write!(text, "  {style}{mark}{style:#}");
            width += 2 + columns(mark);
        };
        // The name says it of a task of another repository.
        if let Some(track) = node.track.filter(|_| node.repository.is_none()) {
            add(&format!("[{}]", one_line(&self.drawing.tracks[track])), DIM);
        }
        if node.kind != TaskKind::Automated {
            add(&format!("({})", node.kind.word()), Style::new());
        }
        if node.stale.is_some() {
            add("stale", style(Look::Stale));
        }
        if let Some(place) = &node.outside {
            add(place, style(Look::Stale));
        }
        (text, width)
    }

    fn row(&self, out: &mut String, i: usize, level: Option<usize>) {
        let node = &self.drawing.nodes[i];
        let look = Look::of(node);
        let number = level.map(|l| (l + 1).to_string()).unwrap_or_default();
        let critical = if node.critical { "*" } else { " " };
        let state = style(look);
        let id = one_line(node.id.as_str());
        let emphasis = match look {
            Look::Ready | Look::Failed => BOLD,
            _ => Style::new(),
        };
        let _ = write!(
            out,
            "{DIM}{number:>width$}{DIM:#} {CRITICAL}{critical}{CRITICAL:#} {state}{}{state:#} {emphasis}{id}{emphasis:#}",
            self.glyph(look),
            width = self.level,
        );
        let (marks, marks_width) = self.marks(node);
        let id_width = columns(&id);
        let mut used = id_width;
        if marks_width > 0 {
            let gap = self.id.saturating_sub(id_width);
            let _ = write!(out, "{:gap$}{marks}", "");
            used += gap + marks_width;
        }
        if !self.incoming[i].is_empty() {
            let names = self.names(i);
            let column = self.level + 5 + self.head.max(used) + 2;
            let arrow = self.sign("←", "<-");
            let whole = column + columns(arrow) + 1 + listed(&names);
            let indent = if whole <= self.page.columns {
                let gap = self.head.saturating_sub(used) + 2;
                let _ = write!(out, "{:gap$}{DIM}{arrow}{DIM:#} ", "");
                column
            } else {
                let indent = self.level + 7;
                let _ = write!(out, "\n{:indent$}{DIM}{arrow}{DIM:#} ", "");
                indent
            };
            let room = self
                .page
                .columns
                .saturating_sub(indent + columns(arrow) + 1);
            list(out, &names, room);
        }
        out.push('\n');
    }

    /// The prerequisites as they are listed: unfinished ones first, for they are what a task waits for.
    fn names(&self, i: usize) -> Vec<Name> {
        let mut nodes: Vec<&Node> = self.incoming[i]
            .iter()
            .map(|edge| &self.drawing.nodes[self.drawing.edges[*edge].from])
            .collect();
        nodes.sort_by_key(|node| node.status == Status::Completed && node.outside.is_none());
        nodes
            .into_iter()
            .map(|node| Name {
                // Pending is what to expect; anything else is news.
                glyph: match node.status {
                    Status::Pending => "",
                    _ => self.glyph(Look::of(node)),
                },
                style: style(Look::of(node)),
                text: one_line(node.id.as_str()),
            })
            .collect()
    }

    fn summary(&self, out: &mut String) {
        let drawing = self.drawing;
        let count = |n: usize, one: &str| format!("{n} {one}{}", if n == 1 { "" } else { "s" });
        let mut line = Folded::new(self.page.columns);
        line.add(&format!(
            "{} in {}",
            count(drawing.nodes.len(), "task"),
            count(drawing.levels(), "level")
        ));
        if !drawing.critical_path.is_empty() {
            line.add(&format!(", critical path {CRITICAL}*{CRITICAL:#}: "));
            let arrow = self.sign(" → ", " -> ");
            for (i, part) in self.path().iter().enumerate() {
                let arrow = if i == 0 { "" } else { arrow };
                line.add(&format!("{arrow}{part}"));
            }
            let known = show_duration(drawing.total.known);
            match drawing.total.unknown {
                0 => line.add(&format!(" ({known})")),
                n if n < drawing.critical_path.len() => {
                    let unknown = count(n, "task");
                    line.add(&format!(" ({known} and {unknown} of unknown length)"));
                }
                _ => {}
            }
        }
        let _ = writeln!(out, "\n{}", line.text);
        let mut by_look = std::collections::BTreeMap::new();
        for node in &drawing.nodes {
            *by_look.entry(Look::of(node)).or_insert(0usize) += 1;
        }
        let mut line = Folded::new(self.page.columns);
        for (i, (look, n)) in by_look.iter().enumerate() {
            let state = style(*look);
            let gap = if i == 0 { "" } else { "   " };
            let glyph = self.glyph(*look);
            line.add(&format!(
                "{gap}{state}{glyph}{state:#} {n} {}",
                look.words()
            ));
        }
        let _ = writeln!(out, "{}", line.text);
    }

    /// The critical path; of a long one its beginning and its end.
    fn path(&self) -> Vec<String> {
        const ENDS: usize = 5;
        let ellipsis = self.sign("…", "...");
        let path = &self.drawing.critical_path;
        let name = |n: &usize| one_line(self.drawing.nodes[*n].id.as_str());
        if path.len() <= 2 * ENDS + 2 {
            return path.iter().map(name).collect();
        }
        let hidden = path.len() - 2 * ENDS;
        let begin = path[..ENDS].iter().map(name);
        let end = path[path.len() - ENDS..].iter().map(name);
        begin
            .chain([format!("{ellipsis} {hidden} more {ellipsis}")])
            .chain(end)
            .collect()
    }
}

/// The widest of those that are not wider than the limit.
fn padding(widths: impl Iterator<Item = usize>, limit: usize) -> usize {
    widths.filter(|w| *w <= limit).max().unwrap_or(0)
}

fn style(look: Look) -> Style {
    let colour = match look {
        Look::Completed => AnsiColor::Green,
        Look::Stale | Look::Stopped | Look::Unknown => AnsiColor::Yellow,
        Look::InProgress => AnsiColor::Cyan,
        Look::Awaiting | Look::Skipped => AnsiColor::Magenta,
        Look::Failed => AnsiColor::Red,
        Look::Ready => return BOLD,
        Look::Pending => return DIM,
    };
    Style::new().fg_color(Some(colour.into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::samples;

    fn plain(drawing: &Drawing, columns: usize, charset: Charset) -> String {
        anstream::adapter::strip_str(&text(drawing, Page { columns, charset })).to_string()
    }

    #[test]
    fn a_project_at_two_widths_and_in_ascii() {
        let demo = samples::demo();
        insta::assert_snapshot!("text_80", plain(&demo, 80, Charset::Unicode));
        insta::assert_snapshot!("text_200", plain(&demo, 200, Charset::Unicode));
        let ascii = plain(&demo, 80, Charset::Ascii);
        assert!(ascii.is_ascii(), "{ascii}");
        insta::assert_snapshot!("text_ascii", ascii);
    }

    #[test]
    fn nothing_of_a_name_steers_the_terminal() {
        let shown = plain(&samples::nasty(), 80, Charset::Unicode);
        assert!(
            !shown
                .chars()
                .any(|c| c != '\n' && crate::render::label::steers(c))
        );
        insta::assert_snapshot!("text_nasty", shown);
    }

    #[test]
    fn big_graphs_keep_to_the_page() {
        let graph = include_str!("../../tests/fixtures/graphs/rnaseq-dirt02-001.json");
        let drawing = samples::real(graph, &crate::render::Selection::default());
        for width in [80, 200] {
            let shown = plain(&drawing, width, Charset::Unicode);
            let rows = shown.lines().take(shown.lines().count() - 2);
            assert_eq!(
                rows.clone()
                    .filter(|l| columns(l) > width)
                    .collect::<Vec<_>>(),
                [""; 0]
            );
            assert!(rows.count() >= drawing.nodes.len());
        }
    }
}
