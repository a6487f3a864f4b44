//! The graph and its states as pictures: text, DOT, Mermaid, SVG and JSON.
//!
//! [`Drawing`] is what is to be shown, chosen and counted once; each format is one file and a pure
//! function of it, sorted and escaped. Knows the model, the plan and [`crate::view`]. Does not know
//! where states come from, what a terminal is, or any file.

mod build;
mod dot;
mod drawing;
mod json;
mod label;
mod lines;
mod look;
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
pub use json::json;
pub use mermaid::mermaid;
pub use selection::{Edges, Reach, Selection};
pub use svg::{Unfit, svg};
pub use text::{Charset, Page, text};
