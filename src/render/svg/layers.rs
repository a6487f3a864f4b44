//! The drawing cut into layers: every task in the layer of its level, or in one of several where a level is very wide
//! (nothing leads from one of these to another), every edge in steps from one layer
//! to the next, bent where it passes a layer without a task of its own.
//!
//! Edges that pass a layer on the way to the same task, or from the same one, share their bends: they
//! run as one line, and nothing is lost, since it is still clear where each comes from and leads to.
//! Knows the drawing. Does not know sizes or order.

use std::collections::BTreeMap;

use crate::render::Drawing;

/// What lies in a layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A task: its index in the drawing.
    Task(usize),
    /// One or several edges pass.
    Bend,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Item {
    pub kind: Kind,
    pub layer: usize,
    pub lane: usize,
}

/// A step of one or several edges from a layer to the next; ends are items.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    pub from: usize,
    pub to: usize,
    pub critical: bool,
}

/// What a lane holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lane {
    /// A track: its index in the drawing.
    Track(usize),
    /// Tasks without a track.
    Rest,
    /// Tasks without a track that neither need nor are needed, spread over the layers to save room.
    Alone,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layered {
    pub items: Vec<Item>,
    /// Sorted by `from`, then `to`; none twice.
    pub steps: Vec<Step>,
    /// Items from the first lane to the last.
    pub layers: Vec<Vec<usize>>,
    /// Lanes that hold a task, in order.
    pub lanes: Vec<Lane>,
}

/// Whose line a bend belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Owner {
    From(usize),
    To(usize),
}

/// Fewest layers that lone tasks are spread over.
const ALONE: usize = 4;
/// Fewest tasks that a level is folded to.
const FOLD: usize = 24;

/// Levels of which the wide ones take several layers, so that the picture is no mile-long strip.
struct Folded {
    /// Of each task; of lone ones nothing is meant by it.
    layer_of: Vec<usize>,
    layers: usize,
}

impl Folded {
    fn new(drawing: &Drawing, lane_of: &[Lane]) -> Self {
        let placed = |n: &usize| lane_of[*n] != Lane::Alone;
        let mut wide = vec![0; drawing.levels()];
        // How many tasks of a lane share a level.
        let mut sharing: BTreeMap<(usize, Option<usize>), usize> = BTreeMap::new();
        let key = |n: usize| (drawing.nodes[n].level, drawing.nodes[n].track);
        for n in (0..drawing.nodes.len()).filter(placed) {
            wide[drawing.nodes[n].level] += 1;
            *sharing.entry(key(n)).or_default() += 1;
        }
        // With boxes of the usual sizes that makes a picture of pleasant shape.
        let fold = (drawing.nodes.len() * 4).isqrt().max(FOLD);
        let mut layers = 0;
        let parts: Vec<(usize, usize)> = wide
            .into_iter()
            .map(|wide| {
                // A little too wide is better than torn apart.
                let parts = if wide > fold * 3 / 2 {
                    wide.div_ceil(fold)
                } else {
                    1
                };
                layers += parts;
                (layers - parts, parts)
            })
            .collect();
        let mut seen: BTreeMap<(usize, Option<usize>), usize> = BTreeMap::new();
        let layer_of = (0..drawing.nodes.len())
            .map(|n| {
                if !placed(&n) {
                    return 0;
                }
                let (first, parts) = parts[drawing.nodes[n].level];
                let before = seen.entry(key(n)).or_default();
                *before += 1;
                first + (*before - 1) * parts / sharing[&key(n)]
            })
            .collect();
        Self { layer_of, layers }
    }

    fn layers(&self) -> usize {
        self.layers
    }
}

impl Layered {
    pub fn new(drawing: &Drawing) -> Self {
        let (incoming, outgoing) = (drawing.incoming(), drawing.outgoing());
        let lane_of: Vec<Lane> = (0..drawing.nodes.len())
            .map(|n| match drawing.nodes[n].track {
                Some(track) => Lane::Track(track),
                None if incoming[n].is_empty() && outgoing[n].is_empty() => Lane::Alone,
                None => Lane::Rest,
            })
            .collect();
        let lanes: Vec<Lane> = (0..drawing.tracks.len())
            .map(Lane::Track)
            .chain([Lane::Rest, Lane::Alone])
            .filter(|lane| lane_of.contains(lane))
            .collect();
        let number = |lane: Lane| lanes.iter().position(|l| *l == lane).unwrap_or(0);
        let alone = lane_of.iter().filter(|lane| **lane == Lane::Alone).count();
        // Boxes are several times wider than high: that many columns make a block of pleasant shape.
        let folded = Folded::new(drawing, &lane_of);
        let columns = folded.layers().max(ALONE).max(alone.div_ceil(3).isqrt());
        let mut next_alone = 0;
        let items = (0..drawing.nodes.len())
            .map(|n| {
                let layer = match lane_of[n] {
                    Lane::Alone => {
                        next_alone += 1;
                        (next_alone - 1) % columns
                    }
                    Lane::Track(_) | Lane::Rest => folded.layer_of[n],
                };
                Item {
                    kind: Kind::Task(n),
                    layer,
                    lane: number(lane_of[n]),
                }
            })
            .collect();
        let mut layered = Self {
            items,
            steps: Vec::new(),
            layers: Vec::new(),
            lanes,
        };
        layered.bend(drawing, |edge| {
            // The busier end lends its line.
            if incoming[edge.1].len() >= outgoing[edge.0].len() {
                Owner::To(edge.1)
            } else {
                Owner::From(edge.0)
            }
        });
        layered.fill();
        layered
    }

    /// Cuts the edges into steps.
    fn bend(&mut self, drawing: &Drawing, owner: impl Fn((usize, usize)) -> Owner) {
        let mut bends: BTreeMap<(Owner, usize), usize> = BTreeMap::new();
        let mut steps: BTreeMap<(usize, usize), bool> = BTreeMap::new();
        for edge in &drawing.edges {
            let owner = owner((edge.from, edge.to));
            let (Owner::From(home) | Owner::To(home)) = owner;
            let lane = self.items[home].lane;
            let mut last = edge.from;
            for layer in self.items[edge.from].layer + 1..self.items[edge.to].layer {
                let items = &mut self.items;
                let bend = *bends.entry((owner, layer)).or_insert_with(|| {
                    items.push(Item {
                        kind: Kind::Bend,
                        layer,
                        lane,
                    });
                    items.len() - 1
                });
                *steps.entry((last, bend)).or_default() |= edge.critical;
                last = bend;
            }
            *steps.entry((last, edge.to)).or_default() |= edge.critical;
        }
        self.steps = steps
            .into_iter()
            .map(|((from, to), critical)| Step { from, to, critical })
            .collect();
    }

    /// Puts the items into their layers, lane by lane, in the order of a walk along the steps, so that
    /// what belongs together begins together.
    fn fill(&mut self) {
        let count = self.items.iter().map(|i| i.layer + 1).max().unwrap_or(0);
        self.layers = vec![Vec::new(); count];
        let (before, after) = self.neighbours();
        let mut seen = vec![false; self.items.len()];
        let roots = before.iter().enumerate().filter(|(_, b)| b.is_empty());
        for (root, _) in roots {
            let mut stack = vec![root];
            while let Some(item) = stack.pop() {
                if std::mem::replace(&mut seen[item], true) {
                    continue;
                }
                self.layers[self.items[item].layer].push(item);
                stack.extend(after[item].iter().rev());
            }
        }
        for layer in &mut self.layers {
            layer.sort_by_key(|item| self.items[*item].lane);
        }
    }

    /// Which items lie on the critical path, bends of its edges included.
    pub fn critical(&self) -> Vec<bool> {
        let mut critical = vec![false; self.items.len()];
        for step in self.steps.iter().filter(|step| step.critical) {
            critical[step.from] = true;
            critical[step.to] = true;
        }
        critical
    }

    /// For each item its neighbours in the layer before and in the layer after.
    pub fn neighbours(&self) -> (Vec<Vec<usize>>, Vec<Vec<usize>>) {
        let mut before = vec![Vec::new(); self.items.len()];
        let mut after = vec![Vec::new(); self.items.len()];
        for step in &self.steps {
            before[step.to].push(step.from);
            after[step.from].push(step.to);
        }
        (before, after)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::{Selection, samples};

    #[test]
    fn every_step_leads_to_the_next_layer_and_long_edges_share_bends() {
        // a → b → c → d; a, b and x all lead to d over several layers.
        let made = [
            samples::made("a.md", &[]),
            samples::made("b.md", &[0]),
            samples::made("c.md", &[1]),
            samples::made("d.md", &[2, 0, 1, 4]),
            samples::made("x.md", &[]),
            samples::made("lone.md", &[]),
        ];
        let drawing = samples::drawing(&[], &made, &Selection::default());
        let layered = Layered::new(&drawing);
        for step in &layered.steps {
            let layer = |item: usize| layered.items[item].layer;
            assert_eq!(layer(step.from) + 1, layer(step.to));
        }
        let bends = layered.items.iter().filter(|i| i.kind == Kind::Bend);
        assert_eq!(bends.count(), 2, "one line to `d`, through two layers");
        assert_eq!(layered.lanes, [Lane::Rest, Lane::Alone]);
        assert_eq!(layered.layers.iter().map(Vec::len).sum::<usize>(), 8);
    }
}
