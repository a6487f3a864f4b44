//! Where the items lie across the layers, so that lines are straight.
//!
//! Every item wishes to lie at the mean of its neighbours. One layer at a time the wishes are met as
//! well as order and distances allow, by least squares: with the distances subtracted this is a monotone
//! regression, solved exactly by merging neighbours that are in each other's way. Knows layers and
//! sizes. Does not know which way the layers run.

use super::layers::{Kind, Lane, Layered};

const SWEEPS: usize = 8;

/// Sizes across the layers, in pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sizes {
    pub task: f64,
    pub bend: f64,
    /// Between two items.
    pub gap: f64,
    /// Around the tasks of a lane: before the first, after the last.
    pub pad: (f64, f64),
    /// Between two lanes.
    pub between: f64,
}

/// Places across the layers, from 0.
#[derive(Debug, Clone, PartialEq)]
pub struct Placed {
    /// The middle of each item.
    pub middle: Vec<f64>,
    /// Begin and end of each lane.
    pub lanes: Vec<(f64, f64)>,
    pub extent: f64,
}

/// Items of one layer that lie in one lane, in order, and how they are kept apart.
struct Row {
    items: Vec<usize>,
    /// For each item its least distance from the first.
    offset: Vec<f64>,
    /// Where the first item may lie.
    low: f64,
    high: f64,
}

/// Places all items.
pub fn place(layered: &Layered, sizes: Sizes) -> Placed {
    let size = |item: usize| match layered.items[item].kind {
        Kind::Task(_) => sizes.task,
        Kind::Bend => sizes.bend,
    };
    let mut rows = rows(layered, sizes, &size);
    let lanes = lanes(layered, &rows, sizes, &size);
    let mut middle = vec![0.0; layered.items.len()];
    for (lane, row) in rows.iter_mut().flatten() {
        let (begin, end) = lanes[*lane];
        let (Some(first), Some(last)) = (row.items.first(), row.items.last()) else {
            continue;
        };
        row.low = begin + sizes.pad.0 + size(*first) / 2.0;
        let reach = row.offset.last().copied().unwrap_or(0.0);
        row.high = (end - sizes.pad.1 - size(*last) / 2.0 - reach).max(row.low);
        // Nothing pulls at lone tasks: they stay in rows, as text would.
        let first = match layered.lanes[*lane] {
            Lane::Alone => row.low,
            Lane::Track(_) | Lane::Rest => f64::midpoint(row.low, row.high),
        };
        for (item, offset) in row.items.iter().zip(&row.offset) {
            middle[*item] = first + offset;
        }
    }
    let (before, after) = layered.neighbours();
    let critical = layered.critical();
    let pull = |item: usize, near: usize| {
        let bend = |i: usize| layered.items[i].kind == Kind::Bend;
        // Long lines are to be straight first of all, and the critical path before others.
        let line = match (bend(item), bend(near)) {
            (true, true) => 8.0,
            (true, false) | (false, true) => 2.0,
            (false, false) => 1.0,
        };
        if critical[item] && critical[near] && line > 1.0 {
            line * 12.0
        } else {
            line
        }
    };
    for sweep in 0..SWEEPS {
        let last = sweep + 1 == SWEEPS;
        for row in rows.iter().flatten().map(|(_, row)| row) {
            settle(row, &[&before], &pull, &mut middle);
        }
        for row in rows.iter().rev().flatten().map(|(_, row)| row) {
            if last {
                settle(row, &[&before, &after], &pull, &mut middle);
            } else {
                settle(row, &[&after], &pull, &mut middle);
            }
        }
    }
    let extent = lanes.last().map_or(0.0, |(_, end)| *end);
    Placed {
        middle,
        lanes,
        extent,
    }
}

/// For each layer its lanes and their rows.
fn rows(layered: &Layered, sizes: Sizes, size: &impl Fn(usize) -> f64) -> Vec<Vec<(usize, Row)>> {
    let mut rows = Vec::with_capacity(layered.layers.len());
    for layer in &layered.layers {
        let mut here: Vec<(usize, Row)> = Vec::new();
        for items in layer.chunk_by(|a, b| layered.items[*a].lane == layered.items[*b].lane) {
            let mut offset = vec![0.0];
            for pair in items.windows(2) {
                let apart = f64::midpoint(size(pair[0]), size(pair[1])) + sizes.gap;
                offset.push(offset[offset.len() - 1] + apart);
            }
            let row = Row {
                items: items.to_vec(),
                offset,
                low: 0.0,
                high: 0.0,
            };
            here.push((layered.items[items[0]].lane, row));
        }
        rows.push(here);
    }
    rows
}

fn lanes(
    layered: &Layered,
    rows: &[Vec<(usize, Row)>],
    sizes: Sizes,
    size: &impl Fn(usize) -> f64,
) -> Vec<(f64, f64)> {
    let mut needed = vec![sizes.task; layered.lanes.len()];
    for (lane, row) in rows.iter().flatten() {
        if let (Some(first), Some(last), Some(reach)) =
            (row.items.first(), row.items.last(), row.offset.last())
        {
            needed[*lane] = needed[*lane].max(reach + f64::midpoint(size(*first), size(*last)));
        }
    }
    let mut at = 0.0;
    needed
        .into_iter()
        .map(|needed| {
            let begin = at;
            let end = begin + sizes.pad.0 + needed + sizes.pad.1;
            at = end + sizes.between;
            (begin, end)
        })
        .collect()
}

/// Moves the items of a row as near as possible to the mean of their neighbours.
fn settle(
    row: &Row,
    sides: &[&Vec<Vec<usize>>],
    pull: &impl Fn(usize, usize) -> f64,
    middle: &mut [f64],
) {
    // (wish minus offset, weight, how many items)
    let mut blocks: Vec<(f64, f64, usize)> = Vec::with_capacity(row.items.len());
    for (item, offset) in row.items.iter().zip(&row.offset) {
        let (mut sum, mut weight) = (0.0, 0.0);
        for near in sides.iter().flat_map(|side| &side[*item]) {
            let pull = pull(*item, *near);
            sum += pull * middle[*near];
            weight += pull;
        }
        let mut block = if weight == 0.0 {
            (middle[*item] - offset, 0.05, 1)
        } else {
            (sum / weight - offset, weight, 1)
        };
        while let Some(last) = blocks.last()
            && last.0 > block.0
        {
            let weight = last.1 + block.1;
            let wish = (last.0 * last.1 + block.0 * block.1) / weight;
            block = (wish, weight, last.2 + block.2);
            blocks.pop();
        }
        blocks.push(block);
    }
    let wishes = blocks
        .iter()
        .flat_map(|(wish, _, count)| std::iter::repeat_n(*wish, *count));
    for ((item, offset), wish) in row.items.iter().zip(&row.offset).zip(wishes) {
        middle[*item] = wish.clamp(row.low, row.high) + offset;
    }
}

#[cfg(test)]
mod tests {
    use super::super::order::order;
    use super::*;
    use crate::render::{Selection, samples};

    const SIZES: Sizes = Sizes {
        task: 40.0,
        bend: 4.0,
        gap: 10.0,
        pad: (20.0, 10.0),
        between: 6.0,
    };

    #[test]
    fn nothing_overlaps_and_lanes_hold_their_items() {
        let graph = include_str!("../../../tests/fixtures/graphs/airrflow-dirt02-001.json");
        for drawing in [
            samples::demo(),
            samples::nasty(),
            samples::real(graph, &Selection::default()),
        ] {
            let mut layered = Layered::new(&drawing);
            order(&mut layered);
            let placed = place(&layered, SIZES);
            let size = |item: usize| match layered.items[item].kind {
                Kind::Task(_) => SIZES.task,
                Kind::Bend => SIZES.bend,
            };
            for layer in &layered.layers {
                for pair in layer.windows(2) {
                    let apart = placed.middle[pair[1]] - placed.middle[pair[0]];
                    let least = f64::midpoint(size(pair[0]), size(pair[1])) + SIZES.gap;
                    assert!(apart >= least - 1e-6, "{apart} < {least}");
                }
                for item in layer {
                    let (begin, end) = placed.lanes[layered.items[*item].lane];
                    let half = size(*item) / 2.0;
                    assert!(placed.middle[*item] - half >= begin + SIZES.pad.0 - 1e-6);
                    assert!(placed.middle[*item] + half <= end - SIZES.pad.1 + 1e-6);
                }
            }
        }
    }

    #[test]
    fn a_diamond_is_symmetrical_and_a_chain_straight() {
        let made = [
            samples::made("a.md", &[]),
            samples::made("b.md", &[0]),
            samples::made("c.md", &[0]),
            samples::made("d.md", &[1, 2]),
        ];
        let drawing = samples::drawing(&[], &made, &Selection::default());
        let mut layered = Layered::new(&drawing);
        order(&mut layered);
        let at = place(&layered, SIZES).middle;
        assert!((at[0] - at[3]).abs() < 1e-6);
        assert!((at[0] - f64::midpoint(at[1], at[2])).abs() < 1e-6);
    }
}
