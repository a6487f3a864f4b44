//! The drawing as a picture that needs no other program: layers, lanes, boxes and curves.
//!
//! Levels run to the right or down, whichever gives the better shape; tracks are lanes across them.
//! Lines cross a layer only where the layout has left them room, so that none runs through a box.
//! Knows the drawing. Does not know who shows the picture: fonts are generic, text is measured by
//! estimate, light and dark are chosen by the viewer.

mod geometry;
mod layers;
mod legend;
mod measure;
mod order;
mod paint;
mod place;
mod style;
mod xml;

pub use style::glyph;
pub use xml::escaped;

use std::fmt;

use crate::render::Drawing;
use geometry::Geometry;
use layers::Layered;

/// More tasks nobody could find their way through, nor most viewers show.
const TASKS: usize = 5_000;
/// Layers that edges may pass without stopping, all together.
const PASSED: usize = 500_000;

/// Says why a drawing cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    #[error("{tasks} tasks are too many for a picture, which can hold {limit}")]
    Tasks { tasks: usize, limit: usize },
    #[error("the dependencies pass {passed} levels all together, too many for a picture")]
    Edges { passed: usize },
}

/// Where a picture's rules are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sheet {
    /// In the picture itself.
    Inside,
    /// On the page that shows it: [`svg_rules`].
    Outside,
}

/// Draws the picture.
///
/// # Errors
/// When there is more than can be shown; a smaller part still can.
pub fn svg(drawing: &Drawing) -> Result<String, Unfit> {
    svg_with(drawing, Sheet::Inside)
}

/// The style sheet of all pictures.
#[must_use]
pub fn svg_rules() -> String {
    style::rules_of_all()
}

/// As [`svg`], for a page that may bring the style sheet along itself.
///
/// # Errors
/// As [`svg`].
pub fn svg_with(drawing: &Drawing, sheet: Sheet) -> Result<String, Unfit> {
    let tasks = drawing.nodes.len();
    if tasks > TASKS {
        return Err(Unfit::Tasks {
            tasks,
            limit: TASKS,
        });
    }
    let span = |e: &crate::render::Edge| drawing.nodes[e.to].level - drawing.nodes[e.from].level;
    let passed = drawing.edges.iter().map(span).sum();
    if passed > PASSED {
        return Err(Unfit::Edges { passed });
    }
    let mut layered = Layered::new(drawing);
    order::order(&mut layered);
    let geometry = Geometry::new(drawing, &layered);
    Ok(paint::paint(drawing, &layered, &geometry, sheet))
}

/// A length with at most one decimal.
struct Px(f64);

impl fmt::Display for Px {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rounded = (self.0 * 10.0).round() / 10.0;
        // Avoids `-0`.
        write!(f, "{}", if rounded == 0.0 { 0.0 } else { rounded })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::{Selection, samples};

    #[test]
    fn a_small_project() {
        insta::assert_snapshot!("svg_demo", svg(&samples::demo()).unwrap());
    }

    #[test]
    fn names_that_bite_are_text() {
        let picture = svg(&samples::nasty()).unwrap();
        assert!(!picture.contains("<script") && !picture.contains("<b>"));
        let legal = |c: char| c == '\n' || (c >= ' ' && !crate::render::label::steers(c));
        assert!(
            picture
                .chars()
                .all(|c| legal(c) && !matches!(c, '\u{fffe}' | '\u{ffff}'))
        );
        assert!(picture.contains("data-task=\"a &quot;quoted&quot;.md\""));
    }

    #[test]
    fn the_same_drawing_gives_the_same_picture_whatever_its_size() {
        let graph =
            include_str!("../../../tests/fixtures/graphs/montage-chameleon-2mass-04d-001.json");
        let drawing = samples::real(graph, &Selection::default());
        let picture = svg(&drawing).unwrap();
        assert!(picture.len() < 2_000_000, "{} bytes", picture.len());
        assert_eq!(picture, svg(&drawing).unwrap());
        assert_eq!(picture.matches("data-task=").count(), drawing.nodes.len());
    }

    #[test]
    fn what_cannot_be_shown_is_refused() {
        let made: Vec<_> = (0..=TASKS)
            .map(|i| samples::made(&format!("{i}.md"), &[]))
            .collect();
        let drawing = samples::drawing(&[], &made, &Selection::default());
        assert_eq!(
            svg(&drawing),
            Err(Unfit::Tasks {
                tasks: TASKS + 1,
                limit: TASKS
            })
        );
        assert!(svg(&samples::drawing(&[], &[], &Selection::default())).is_ok());
    }
}
