//! The legend below the picture.
//!
//! Knows which marks a drawing has. Does not know where its tasks lie.

use std::fmt::{self, Write};

use super::Px;
use super::geometry::MARGIN;
use super::measure::{Font, width};
use super::style;
use crate::model::TaskKind;
use crate::render::Drawing;
use crate::render::look::Look;

/// What the marks mean; only those that occur.
pub struct Legend {
    /// Mark, words, left, top.
    entries: Vec<(Entry, &'static str, f64, f64)>,
    pub width: f64,
    pub height: f64,
}

#[derive(Clone, Copy)]
enum Entry {
    State(Look),
    People,
    Critical,
}

impl Legend {
    const ROW: f64 = 22.0;

    pub fn new(drawing: &Drawing, page: f64) -> Self {
        let mut marks: Vec<(Entry, &'static str)> = Look::ALL
            .into_iter()
            .filter(|look| drawing.nodes.iter().any(|node| Look::of(node) == *look))
            .map(|look| (Entry::State(look), look.words()))
            .collect();
        if drawing.nodes.iter().any(|n| n.kind != TaskKind::Automated) {
            marks.push((Entry::People, "needs a person"));
        }
        if !drawing.critical_path.is_empty() {
            marks.push((Entry::Critical, "critical path"));
        }
        let (mut x, mut y, mut widest) = (0.0, 0.0, 0.0);
        let mut entries = Vec::new();
        for (entry, words) in marks {
            let w = 26.0 + width(words, Font::Regular(11.0)) + 16.0;
            if x > 0.0 && x + w > page {
                x = 0.0;
                y += Self::ROW;
            }
            entries.push((entry, words, x, y));
            x += w;
            widest = f64::max(widest, x);
        }
        Self {
            entries,
            width: widest,
            height: y + Self::ROW,
        }
    }

    pub fn write(&self, out: &mut String, top: f64) -> fmt::Result {
        writeln!(out, "<g class=\"legend\">")?;
        for (entry, words, x, y) in &self.entries {
            let (x, middle) = (x + MARGIN, y + top + Self::ROW / 2.0);
            match entry {
                Entry::State(look) => write!(
                    out,
                    "<g class=\"{}\"><rect x=\"{}\" y=\"{}\" width=\"20\" height=\"16\" rx=\"4\"/><use href=\"#{}\" x=\"{}\" y=\"{}\"/></g>",
                    look.class(),
                    Px(x),
                    Px(middle - 8.0),
                    style::glyph(*look),
                    Px(x + 10.0),
                    Px(middle)
                )?,
                Entry::People => write!(
                    out,
                    "<g class=\"task pending people\"><rect x=\"{}\" y=\"{}\" width=\"20\" height=\"16\"/></g>",
                    Px(x),
                    Px(middle - 8.0)
                )?,
                Entry::Critical => write!(
                    out,
                    "<g class=\"edges\"><path class=\"main\" d=\"M{} {middle}h18\" marker-end=\"url(#runr-main)\"/></g>",
                    Px(x),
                    middle = Px(middle)
                )?,
            }
            writeln!(
                out,
                "<text x=\"{}\" y=\"{}\">{words}</text>",
                Px(x + 26.0),
                Px(middle + 4.0)
            )?;
        }
        writeln!(out, "</g>")
    }
}
