//! The graph and its states as pictures: text, DOT, Mermaid, SVG, a page and JSON.
//!
//! [`Drawing`] is what is to be shown, chosen and counted once; each format is one file and a pure
//! function of it, sorted and escaped. Knows the model, the plan and [`crate::view`]. Does not know
//! where states come from, what a terminal is, or any file.

mod build;
mod dot;
mod drawing;
mod html;
mod json;
mod label;
mod lines;
mod look;
mod mark;
mod mermaid;
mod reduce;
#[cfg(test)]
mod samples;
mod selection;
mod svg;
mod text;

pub use build::{Facts, Source, draw};
pub use dot::dot;
pub use drawing::{Drawing, Edge, Node, Standing, Total};
pub use html::html;
pub use json::json;
pub use mark::{Mark, marks};
pub use mermaid::{mermaid, too_much_for_mermaid};
pub use selection::{Edges, Reach, Selection};
pub use svg::{Sheet, Unfit, svg, svg_rules, svg_with};
pub use text::{Charset, Page, text};

/// Moves and searches a picture in a page: zoom, pan, select, the critical path, by mouse, touch and keys.
pub const VIEWER: &str = include_str!("viewer.js");
