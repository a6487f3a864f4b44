//! Who waits for whom among tasks of another tool, by number: ways and circles. Pure, and never recursive.

/// For each task the tasks it needs.
pub type Needs = Vec<Vec<usize>>;

/// Does `from`, by what it needs and what that needs, come to `to`?
#[must_use]
pub fn reaches(needs: &Needs, from: usize, to: usize) -> bool {
    let mut seen = vec![false; needs.len()];
    let mut open = vec![from];
    while let Some(at) = open.pop() {
        if at == to {
            return true;
        }
        if !std::mem::replace(&mut seen[at], true) {
            open.extend(needs[at].iter().copied());
        }
    }
    false
}

/// A shortest circle through the first task that lies on one, in the order of work: each before the next.
#[must_use]
pub fn circle(needs: &Needs) -> Option<Vec<usize>> {
    // What is left when all that can be done is done lies on circles, or behind them.
    let mut waits: Vec<usize> = needs.iter().map(Vec::len).collect();
    let mut needed_by = vec![Vec::new(); needs.len()];
    for (task, all) in needs.iter().enumerate() {
        for need in all {
            needed_by[*need].push(task);
        }
    }
    let mut free: Vec<usize> = (0..needs.len()).filter(|task| waits[*task] == 0).collect();
    while let Some(done) = free.pop() {
        for task in &needed_by[done] {
            waits[*task] -= 1;
            if waits[*task] == 0 {
                free.push(*task);
            }
        }
    }
    let mut left = (0..needs.len()).filter(|task| waits[*task] > 0);
    left.find_map(|start| shortest(needs, start))
}

/// The shortest way from a task back to it.
fn shortest(needs: &Needs, start: usize) -> Option<Vec<usize>> {
    let mut before: Vec<Option<usize>> = vec![None; needs.len()];
    let mut queue = std::collections::VecDeque::from([start]);
    while let Some(at) = queue.pop_front() {
        for next in &needs[at] {
            if *next == start {
                // From the last found back to the start: prerequisites come first.
                let mut path = vec![at];
                let mut here = at;
                while here != start {
                    here = before[here]?;
                    path.push(here);
                }
                return Some(path);
            }
            if before[*next].is_none() {
                before[*next] = Some(at);
                queue.push_back(*next);
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn circles_are_found_and_are_short() {
        for (needs, expected) in [
            (vec![vec![], vec![0], vec![0, 1]], None),
            (vec![vec![0]], Some(vec![0])),
            (vec![vec![1], vec![0]], Some(vec![1, 0])),
            // 0 waits behind a circle and is on none; 1 → 2 → 3 has a short cut.
            (
                vec![vec![1], vec![2, 3], vec![3], vec![1]],
                Some(vec![3, 1]),
            ),
        ] {
            assert_eq!(circle(&needs), expected, "{needs:?}");
        }
        assert!(reaches(&vec![vec![1], vec![2], vec![]], 0, 2));
        assert!(!reaches(&vec![vec![1], vec![2], vec![]], 2, 0));
    }
}
