//! Sizes and places in pixels: how big boxes are, which way the levels run, where everything lies.
//!
//! Knows layers and text widths. Does not write anything.

use super::layers::{Item, Kind, Lane, Layered, Step};
use super::measure::{Font, width};
use super::place::{Placed, Sizes, place};
use crate::render::Drawing;
use crate::render::label::one_line;

/// Which way the levels run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    Right,
    Down,
}

/// How much a box says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Density {
    /// Name and title.
    Roomy,
    /// The name; the title is in the tooltip.
    Compact,
}

/// With more tasks boxes are compact.
const ROOMY: usize = 90;
/// Width by height that a picture should have.
const SHAPE: f64 = 1.7;
/// Below this width nothing is gained by a narrower picture.
pub const NARROW: f64 = 440.0;
/// Below this height nothing is gained by a lower picture.
const LOW: f64 = 120.0;
/// Beyond this width most screens have to be scrolled.
const WIDE: f64 = 2400.0;
/// Around everything.
pub const MARGIN: f64 = 16.0;

impl Density {
    pub fn name(self) -> Font {
        match self {
            Self::Roomy => Font::Bold(12.0),
            Self::Compact => Font::Regular(11.0),
        }
    }
    pub fn title(self) -> Font {
        Font::Regular(11.0)
    }
    /// Before the name: the border and the glyph.
    pub fn before(self) -> f64 {
        match self {
            Self::Roomy => 28.0,
            Self::Compact => 24.0,
        }
    }
    pub fn after(self) -> f64 {
        10.0
    }
    fn height(self) -> f64 {
        match self {
            Self::Roomy => 44.0,
            Self::Compact => 24.0,
        }
    }
    fn widths(self) -> (f64, f64) {
        match self {
            Self::Roomy => (112.0, 220.0),
            Self::Compact => (84.0, 190.0),
        }
    }
}

/// Where everything lies.
#[derive(Debug, Clone, PartialEq)]
pub struct Geometry {
    pub flow: Flow,
    pub density: Density,
    /// Of a box.
    pub width: f64,
    pub height: f64,
    placed: Placed,
    /// Where each layer begins, along the flow.
    along: Vec<f64>,
    /// Where the lanes end, along the flow.
    depth: f64,
}

/// A rectangle: left, top, width, height.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rect {
    pub x: f64,
    pub y: f64,
    pub w: f64,
    pub h: f64,
}

impl Geometry {
    /// Works out both ways and takes the one whose shape is better.
    pub fn new(drawing: &Drawing, layered: &Layered) -> Self {
        let density = if drawing.nodes.len() > ROOMY {
            Density::Compact
        } else {
            Density::Roomy
        };
        let right = Self::with(drawing, layered, density, Flow::Right);
        let down = Self::with(drawing, layered, density, Flow::Down);
        // Right is how text runs and boxes are wide: down has to be clearly better.
        if right.distortion() <= down.distortion() + 1.0 {
            right
        } else {
            down
        }
    }

    /// How far the shape is from the wanted one; beyond a screen's width sideways counts extra, for
    /// people scroll down more easily.
    fn distortion(&self) -> f64 {
        let (w, h) = self.extent();
        let shape = w.max(NARROW) / h.max(LOW) / SHAPE;
        shape.ln().abs() + (w / WIDE).ln().max(0.0)
    }

    fn with(drawing: &Drawing, layered: &Layered, density: Density, flow: Flow) -> Self {
        let tracks = layered.lanes.iter().any(|l| matches!(l, Lane::Track(_)));
        let (width, height) = (box_width(drawing, density), density.height());
        let roomy = density == Density::Roomy;
        let (task, gap, pad, between) = match flow {
            Flow::Right => {
                let pad = if tracks { (30.0, 14.0) } else { (8.0, 8.0) };
                (
                    height,
                    if roomy { 16.0 } else { 9.0 },
                    pad,
                    if tracks { 10.0 } else { 12.0 },
                )
            }
            Flow::Down => {
                let pad = if tracks { (14.0, 14.0) } else { (8.0, 8.0) };
                (width, if roomy { 22.0 } else { 14.0 }, pad, 10.0)
            }
        };
        let bend = if roomy { 2.0 } else { 1.0 };
        let sizes = Sizes {
            task,
            bend,
            gap,
            pad,
            between,
        };
        let placed = place(layered, sizes);
        let box_depth = match flow {
            Flow::Right => width,
            Flow::Down => height,
        };
        let start = match flow {
            Flow::Right if tracks => 16.0,
            Flow::Down if tracks => 36.0,
            _ => 4.0,
        };
        let (along, end) = along(layered, &placed, start, box_depth);
        Self {
            flow,
            density,
            width,
            height,
            placed,
            along,
            depth: end + if tracks { 16.0 } else { 4.0 },
        }
    }

    /// Width and height of the drawing itself.
    pub fn extent(&self) -> (f64, f64) {
        match self.flow {
            Flow::Right => (self.depth, self.placed.extent.max(1.0)),
            Flow::Down => (self.placed.extent.max(1.0), self.depth),
        }
    }

    /// Where a lane lies.
    pub fn lane(&self, lane: usize) -> Rect {
        let (begin, end) = self.placed.lanes[lane];
        match self.flow {
            Flow::Right => Rect {
                x: MARGIN,
                y: MARGIN + begin,
                w: self.depth,
                h: end - begin,
            },
            Flow::Down => Rect {
                x: MARGIN + begin,
                y: MARGIN,
                w: end - begin,
                h: self.depth,
            },
        }
    }

    /// Where a task's box lies.
    pub fn rect(&self, item: usize, layered: &Layered) -> Rect {
        let along = self.along[layered.items[item].layer] + MARGIN;
        let middle = self.placed.middle[item] + MARGIN;
        let (x, y) = match self.flow {
            Flow::Right => (along, middle - self.height / 2.0),
            Flow::Down => (middle - self.width / 2.0, along),
        };
        Rect {
            x,
            y,
            w: self.width,
            h: self.height,
        }
    }

    /// The line of a step as four points along and across the flow: where it enters and leaves the
    /// layer it comes from (the same for a task), and where it ends.
    pub fn line(&self, step: &Step, layered: &Layered) -> [(f64, f64); 3] {
        let box_depth = match self.flow {
            Flow::Right => self.width,
            Flow::Down => self.height,
        };
        let item = |i: usize| -> (Item, f64, f64) {
            let item = layered.items[i];
            (
                item,
                self.along[item.layer] + MARGIN,
                self.placed.middle[i] + MARGIN,
            )
        };
        let (from, from_along, from_middle) = item(step.from);
        let (to, to_along, to_middle) = item(step.to);
        let leaves = from_along + box_depth;
        let enters = match from.kind {
            Kind::Task(_) => leaves,
            Kind::Bend => from_along,
        };
        // Room for the arrow's tip.
        let ends = match to.kind {
            Kind::Task(_) => to_along - 1.5,
            Kind::Bend => to_along,
        };
        [
            (enters, from_middle),
            (leaves, from_middle),
            (ends, to_middle),
        ]
    }
}

fn box_width(drawing: &Drawing, density: Density) -> f64 {
    let widest = drawing
        .nodes
        .iter()
        .map(|node| {
            let name = width(&one_line(node.id.as_str()), density.name());
            match density {
                Density::Roomy => name.max(width(&one_line(&node.title), density.title())),
                Density::Compact => name,
            }
        })
        .fold(0.0, f64::max);
    let (least, most) = density.widths();
    (density.before() + widest + density.after())
        .clamp(least, most)
        .ceil()
}

/// Where the layers begin, and where the last one ends. The farther lines have to climb between two
/// layers, the more room they get.
fn along(layered: &Layered, placed: &Placed, start: f64, depth: f64) -> (Vec<f64>, f64) {
    let mut climb: Vec<f64> = vec![0.0; layered.layers.len()];
    for step in &layered.steps {
        let layer = layered.items[step.from].layer;
        let far = (placed.middle[step.from] - placed.middle[step.to]).abs();
        climb[layer] = climb[layer].max(far);
    }
    let mut at = start;
    let mut end = start + depth;
    let along = climb
        .iter()
        .map(|climb| {
            let here = at;
            end = here + depth;
            at = end + (44.0 + climb * 0.09).min(180.0);
            here
        })
        .collect();
    (along, end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::svg::order::order;
    use crate::render::{Selection, samples};

    #[test]
    fn no_line_runs_through_a_box_and_no_two_boxes_touch() {
        let graphs = [
            include_str!("../../../tests/fixtures/graphs/sarek-dirt02-001.json"),
            include_str!("../../../tests/fixtures/graphs/rnaseq-dirt02-001.json"),
            include_str!("../../../tests/fixtures/graphs/viralrecon-dirt02-001.json"),
        ];
        let mut drawings = vec![samples::demo(), samples::nasty()];
        drawings.extend(graphs.map(|g| samples::real(g, &Selection::default())));
        for drawing in &drawings {
            let mut layered = Layered::new(drawing);
            order(&mut layered);
            for flow in [Flow::Right, Flow::Down] {
                let geometry = Geometry::with(drawing, &layered, Density::Roomy, flow);
                check(&layered, &geometry);
            }
        }
    }

    #[test]
    fn a_very_wide_level_is_folded() {
        let all: Vec<u32> = (1..=300).collect();
        let names: Vec<String> = (0..302).map(|n| format!("t{n:03}.md")).collect();
        let made: Vec<_> = names
            .iter()
            .enumerate()
            .map(|(n, name)| match n {
                0 => samples::made(name, &[]),
                301 => samples::made(name, &all),
                _ => samples::made(name, &[0]),
            })
            .collect();
        let drawing = samples::drawing(&[], &made, &Selection::default());
        let mut layered = Layered::new(&drawing);
        order(&mut layered);
        let geometry = Geometry::new(&drawing, &layered);
        let (w, h) = geometry.extent();
        assert!((0.6..3.5).contains(&(w / h)), "{w} by {h}");
        check(&layered, &geometry);
        // Those that are needed lie before those that need them, whatever is folded.
        for step in &layered.steps {
            assert!(layered.items[step.from].layer < layered.items[step.to].layer);
        }
    }

    fn check(layered: &Layered, geometry: &Geometry) {
        // Along and across the flow: begin and end.
        let spans = |item: usize| {
            let r = geometry.rect(item, layered);
            let (x, y) = ((r.x, r.x + r.w), (r.y, r.y + r.h));
            match geometry.flow {
                Flow::Right => (x, y),
                Flow::Down => (y, x),
            }
        };
        let tasks: Vec<usize> = (0..layered.items.len())
            .filter(|i| matches!(layered.items[*i].kind, Kind::Task(_)))
            .collect();
        for layer in &layered.layers {
            let boxes = layer.iter().filter(|i| tasks.contains(i));
            let ends: Vec<(f64, f64)> = boxes.map(|i| spans(*i).1).collect();
            assert!(ends.windows(2).all(|pair| pair[0].1 < pair[1].0));
        }
        for step in &layered.steps {
            let [enter, leave, end] = geometry.line(step, layered);
            for task in &tasks {
                let (along, across) = spans(*task);
                // The straight part passes beside every box of its layer.
                if *task != step.from {
                    let beside = leave.0 <= along.0 || enter.0 >= along.1;
                    assert!(beside || enter.1 < across.0 || enter.1 > across.1);
                }
                // The curve lies between two layers, where no box is.
                assert!(leave.0 < end.0);
                assert!(along.1 <= leave.0 || along.0 >= end.0);
            }
        }
    }
}
