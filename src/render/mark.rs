//! How each task of a drawing is marked, for a page that shows the picture and keeps it up to date.

use crate::render::look::{Look, explain};
use crate::render::svg::glyph;
use crate::render::{Drawing, Node};

/// What changes in the picture when a task's state does.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Mark {
    /// The class of its box.
    pub look: &'static str,
    /// The id of its glyph in the picture.
    pub glyph: &'static str,
    /// Its state and why, in words.
    pub words: String,
}

impl Mark {
    fn of(node: &Node) -> Self {
        let look = Look::of(node);
        Self {
            look: look.class(),
            glyph: glyph(look),
            words: explain(node),
        }
    }
}

/// The marks of all nodes, in their order.
#[must_use]
pub fn marks(drawing: &Drawing) -> Vec<Mark> {
    drawing.nodes.iter().map(Mark::of).collect()
}
