//! The order of the items inside their layers, so that few lines cross.
//!
//! Sweeps that sort every layer by the mean place of its neighbours, then swaps of neighbours that
//! save crossings; the best order met is kept. Lanes stay apart. Knows layers, not sizes.
//! Deterministic: ties keep their order.

use super::layers::Layered;

/// Sweeps forth and back. More gain little.
const SWEEPS: usize = 12;
/// Neighbours of two items that are compared for a swap, at most.
const PAIRS: usize = 900;

/// Reorders the layers.
pub fn order(layered: &mut Layered) {
    let (before, after) = layered.neighbours();
    let mut place = places(layered);
    let mut best = (crossings(layered, &place), layered.layers.clone());
    for sweep in 0..SWEEPS {
        let count = layered.layers.len();
        for i in 0..count {
            let (layer, neighbours) = if sweep % 2 == 0 {
                (i, &before)
            } else {
                (count - 1 - i, &after)
            };
            sort(layered, layer, neighbours, &mut place);
        }
        for layer in 0..count {
            swap(layered, layer, [&before, &after], &mut place);
        }
        let crossed = crossings(layered, &place);
        if crossed < best.0 {
            best = (crossed, layered.layers.clone());
        }
        if crossed == 0 {
            break;
        }
    }
    layered.layers = best.1;
}

/// Each item's place in its layer.
fn places(layered: &Layered) -> Vec<usize> {
    let mut place = vec![0; layered.items.len()];
    for layer in &layered.layers {
        for (i, item) in layer.iter().enumerate() {
            place[*item] = i;
        }
    }
    place
}

#[expect(clippy::cast_precision_loss, reason = "places are far below 2^52")]
fn sort(layered: &mut Layered, layer: usize, neighbours: &[Vec<usize>], place: &mut [usize]) {
    let items = &layered.items;
    let mut keyed: Vec<(usize, f64, usize)> = layered.layers[layer]
        .iter()
        .map(|item| {
            let near = &neighbours[*item];
            let mean = if near.is_empty() {
                place[*item] as f64
            } else {
                near.iter().map(|n| place[*n] as f64).sum::<f64>() / near.len() as f64
            };
            (items[*item].lane, mean, *item)
        })
        .collect();
    keyed.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
    layered.layers[layer] = keyed.into_iter().map(|(_, _, item)| item).collect();
    for (i, item) in layered.layers[layer].iter().enumerate() {
        place[*item] = i;
    }
}

fn swap(layered: &mut Layered, layer: usize, sides: [&[Vec<usize>]; 2], place: &mut [usize]) {
    for i in 1..layered.layers[layer].len() {
        let (a, b) = (layered.layers[layer][i - 1], layered.layers[layer][i]);
        if layered.items[a].lane != layered.items[b].lane {
            continue;
        }
        let (mut now, mut then) = (0, 0);
        for side in sides {
            if side[a].len() * side[b].len() > PAIRS {
                continue;
            }
            for x in &side[a] {
                for y in &side[b] {
                    now += usize::from(place[*x] > place[*y]);
                    then += usize::from(place[*x] < place[*y]);
                }
            }
        }
        if then < now {
            layered.layers[layer].swap(i - 1, i);
            place.swap(a, b);
        }
    }
}

/// How many pairs of steps cross. O(S log V) with a tree of counts over the places of a layer.
fn crossings(layered: &Layered, place: &[usize]) -> usize {
    let mut by_layer: Vec<Vec<(usize, usize)>> = vec![Vec::new(); layered.layers.len()];
    for step in &layered.steps {
        by_layer[layered.items[step.from].layer].push((place[step.from], place[step.to]));
    }
    let mut crossed = 0;
    for (layer, steps) in by_layer.iter_mut().enumerate() {
        steps.sort_unstable();
        let size = layered.layers.get(layer + 1).map_or(0, Vec::len);
        let mut tree = vec![0usize; size + 1];
        for (met, (_, to)) in steps.iter().enumerate() {
            let mut below = 0;
            let mut i = to + 1;
            while i > 0 {
                below += tree[i];
                i &= i - 1;
            }
            crossed += met - below;
            let mut i = to + 1;
            while i <= size {
                tree[i] += 1;
                i += i & i.wrapping_neg();
            }
        }
    }
    crossed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::{Selection, samples};

    #[test]
    fn crossed_pairs_are_uncrossed() {
        // Two sources; the first leads to the last sink and the other way round.
        let made = [
            samples::made("a.md", &[]),
            samples::made("b.md", &[]),
            samples::made("c.md", &[1]),
            samples::made("d.md", &[0]),
            samples::made("e.md", &[2]),
            samples::made("f.md", &[3]),
        ];
        let drawing = samples::drawing(&[], &made, &Selection::default());
        let mut layered = Layered::new(&drawing);
        layered.layers = vec![vec![0, 1], vec![2, 3], vec![5, 4]];
        assert_eq!(crossings(&layered, &places(&layered)), 2);
        order(&mut layered);
        assert_eq!(crossings(&layered, &places(&layered)), 0);
    }
}
