//! Claims that two tasks would hold at once: what `collision: fail` makes an error.

use std::collections::HashMap;
use std::sync::Arc;

use crate::model::{Task, TaskKind, overlap};
use crate::plan::{Plan, TaskIx};
use crate::spec::{Finding, Mark};

/// What a task claims while it runs in place: what it owns; without that, nothing when a command does the work,
/// as with make, and the whole tree when an agent does. People claim nothing.
#[must_use]
pub fn claims(task: &Task) -> Vec<&str> {
    match (task.kind, task.owns.is_empty(), task.worker.as_deref()) {
        (TaskKind::Manual, ..) | (_, true, None | Some("shell")) => Vec::new(),
        (_, true, Some(_)) => vec!["**"],
        (_, false, _) => task.owns.iter().map(|pattern| &**pattern).collect(),
    }
}

/// One error for each two tasks of which neither waits for the other and whose claims overlap.
#[must_use]
pub fn collisions(plan: &Plan) -> Vec<Finding> {
    let claiming: Vec<(TaskIx, Vec<&str>)> = plan
        .numbers()
        .map(|ix| (ix, claims(plan.task(ix))))
        .filter(|(_, claims)| !claims.is_empty())
        .collect();
    // The map answers single questions only.
    let mut after: HashMap<TaskIx, Vec<TaskIx>> = HashMap::new();
    let mut waits = |a: TaskIx, b: TaskIx| {
        let descendants = after
            .entry(a)
            .or_insert_with(|| plan.graph().descendants(&[a]));
        descendants.binary_search(&b).is_ok()
    };
    let mut findings = Vec::new();
    for (i, (a, owned)) in claiming.iter().enumerate() {
        for (b, other) in &claiming[i + 1..] {
            let both = owned
                .iter()
                .find_map(|x| other.iter().find(|y| overlap(x, y)).map(|y| (x, y)));
            let Some((x, y)) = both else { continue };
            if waits(*a, *b) || waits(*b, *a) {
                continue;
            }
            let (first, second) = (plan.task(*a), plan.task(*b));
            let file: Arc<str> = second.place.file.clone();
            let mark = Mark {
                line: second.place.line,
                column: second.place.column,
                width: 1,
            };
            findings.push(
                Finding::error(
                    "collision",
                    &file,
                    mark,
                    format!("`{}` and `{}` could run at once and claim the same paths: `{x}` and `{y}`", first.id, second.id),
                )
                .note(Some(first.place.clone()), format!("`{}` claims `{x}`", first.id))
                .help("let one depend on the other, narrow `owns`, or configure `collision: serialize`"),
            );
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::sample;

    #[test]
    fn only_tasks_that_could_meet_collide() {
        let mut plan = sample(&[
            ("a.md", &[]),
            ("b.md", &["a.md"]),
            ("c.md", &["b.md"]),
            ("d.md", &[]),
            ("e.md", &[]),
        ]);
        for (i, owns) in ["src/**", "", "src/x", "src/x/y", "docs/**"]
            .into_iter()
            .enumerate()
        {
            if !owns.is_empty() {
                plan.tasks[i].owns = [owns.into()].into();
            }
        }
        let found: Vec<String> = collisions(&plan)
            .into_iter()
            .map(|f| f.diagnostic.message)
            .collect();
        assert_eq!(
            found,
            [
                "`a.md` and `d.md` could run at once and claim the same paths: `src/**` and `src/x/y`",
                "`c.md` and `d.md` could run at once and claim the same paths: `src/x` and `src/x/y`",
            ]
        );
    }

    #[test]
    fn agents_without_owns_claim_everything() {
        let mut task = sample(&[("a.md", &[])]).tasks[0].clone();
        assert!(claims(&task).is_empty());
        task.worker = Some("codex".into());
        assert_eq!(claims(&task), ["**"]);
        task.kind = TaskKind::Manual;
        assert!(claims(&task).is_empty());
    }
}
