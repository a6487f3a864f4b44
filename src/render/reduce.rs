//! The transitive reduction: which edges follow from others.
//!
//! Knows nodes as numbers in a topological order, and nothing of tasks.

/// How many targets one sweep looks at.
const BLOCK: usize = 128;

/// Says for each edge whether it is needed: `a → c` is not when another path leads from a to c.
///
/// `position[node]` is the node's place in a topological order. For a block of targets at a time, one
/// sweep against that order collects which of them every node reaches in two or more steps: memory stays
/// linear where a full closure would be quadratic. O(E × V / 128), no recursion.
pub fn needed(position: &[usize], edges: &[(usize, usize)]) -> Vec<bool> {
    let nodes = position.len();
    let mut at = vec![0; nodes];
    for (node, place) in position.iter().enumerate() {
        at[*place] = node;
    }
    let mut leaving: Vec<Vec<usize>> = vec![Vec::new(); nodes];
    for (i, (from, _)) in edges.iter().enumerate() {
        leaving[*from].push(i);
    }
    let mut needed = vec![true; edges.len()];
    let mut reached = vec![0u128; nodes];
    for start in (0..nodes).step_by(BLOCK) {
        let end = (start + BLOCK).min(nodes);
        let bit = |node: usize| match position[node] {
            place if (start..end).contains(&place) => 1u128 << (place - start),
            _ => 0,
        };
        // What lies behind the block reaches nothing in it, and has been left at nothing so far.
        for &node in at[..end].iter().rev() {
            let (mut direct, mut farther) = (0, 0);
            for &edge in &leaving[node] {
                let to = edges[edge].1;
                direct |= bit(to);
                farther |= reached[to];
            }
            for &edge in &leaving[node] {
                if farther & bit(edges[edge].1) != 0 {
                    needed[edge] = false;
                }
            }
            reached[node] = direct | farther;
        }
    }
    needed
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The definition, word for word, by brute force.
    fn slow(nodes: usize, edges: &[(usize, usize)]) -> Vec<bool> {
        let reaches = |from: usize, to: usize, without: usize| {
            let mut seen = vec![false; nodes];
            let mut stack = vec![from];
            while let Some(node) = stack.pop() {
                for (i, edge) in edges.iter().enumerate() {
                    if i != without && edge.0 == node && !std::mem::replace(&mut seen[edge.1], true)
                    {
                        stack.push(edge.1);
                    }
                }
            }
            seen[to]
        };
        (0..edges.len())
            .map(|i| !reaches(edges[i].0, edges[i].1, i))
            .collect()
    }

    #[test]
    fn drops_exactly_the_edges_that_follow() {
        let order: Vec<usize> = (0..4).collect();
        let edges = [(0, 1), (0, 2), (0, 3), (1, 2), (2, 3)];
        assert_eq!(needed(&order, &edges), [true, false, false, true, true]);
    }

    proptest::proptest! {
        #[test]
        fn agrees_with_the_definition(pairs in proptest::collection::vec((0usize..300, 0usize..300), 0..120)) {
            // Few nodes keep the graph dense; they lie in three blocks, at the same places of each.
            let mut edges: Vec<(usize, usize)> = pairs
                .iter()
                .map(|(a, b)| (a % 24 * 16, b % 24 * 16))
                .filter(|(a, b)| a != b)
                .map(|(a, b)| (a.min(b), a.max(b)))
                .collect();
            edges.sort_unstable();
            edges.dedup();
            let order: Vec<usize> = (0..384).collect();
            proptest::prop_assert_eq!(needed(&order, &edges), slow(384, &edges));
        }
    }

    #[test]
    fn a_long_chain_with_shortcuts_stays_linear_in_memory() {
        let nodes = 5_000;
        let mut edges: Vec<(usize, usize)> = (1..nodes).map(|i| (i - 1, i)).collect();
        edges.extend((1_000..nodes).map(|i| (i - 1_000, i)));
        let order: Vec<usize> = (0..nodes).collect();
        let kept = needed(&order, &edges).into_iter().filter(|k| *k).count();
        assert_eq!(kept, nodes - 1);
    }
}
