//! The parts of several repositories become one plan: the home's tasks first, then those of the others in their order.
//!
//! Knows all parts. Reads nothing. A repository that cannot be read is there with what is known of it: the names of its
//! tasks as far as its folder tells them, and those that others wait for.

mod named;
mod shown;

use std::collections::BTreeMap;

use self::shown::{Shown, taken, too_long};
use crate::model::{Known, Place, Repositories, Repository, Task, TaskId, TrackIx, Whose};
use crate::plan::build::Built;
use crate::plan::part::Part;
use crate::plan::resolve::Names;
use crate::plan::{Edge, Plan, TaskGraph, TaskIx, cycles};
use crate::spec::Finding;

/// A repository beside the home.
#[derive(Debug)]
pub struct Member {
    pub repository: Repository,
    /// `None`: it cannot be read, and its description says why.
    pub part: Option<Part>,
    /// The ids of its task files, as far as they are known; of no matter when it can be read.
    pub files: Vec<TaskId>,
}

/// A plan in the making.
struct Joining {
    tasks: Vec<Task>,
    ids: Vec<TaskId>,
    names: Names,
    edges: Vec<Edge>,
    findings: Vec<Finding>,
    /// For each repository, the home first, the number in the plan of each of its tasks.
    numbers: Vec<Vec<Option<TaskIx>>>,
}

/// Puts the parts together. `home` is what the home's configuration calls the others.
#[must_use]
pub fn together(mut home: Part, knows: Known, mut members: Vec<Member>) -> Built {
    let repositories = Repositories::new(
        knows,
        members.iter().map(|m| m.repository.clone()).collect(),
    );
    let mut joining = Joining {
        tasks: Vec::new(),
        ids: Vec::new(),
        names: Names::default(),
        edges: Vec::new(),
        findings: std::mem::take(&mut home.findings),
        numbers: Vec::new(),
    };
    let mut sound = home.sound;
    for (ix, id) in home.ids.iter().enumerate() {
        if id.as_str().contains(':') && repositories.whose(id) != Whose::Home {
            let stands_in = home.stand_ins.iter().any(|s| s.ix.0 as usize == ix);
            let place = home.tasks[ix].as_ref().map(|task| task.place.clone());
            if let (false, Some(place)) = (stands_in, place) {
                joining.findings.push(taken(id, &place));
            }
        }
    }
    joining.take_in(&mut home, Whose::Home, &repositories);
    for (number, member) in members.iter_mut().enumerate() {
        let whose = Whose::Other(number);
        match &mut member.part {
            Some(part) => joining.take_in(part, whose, &repositories),
            None => joining.take_in_unknown(member, whose, &repositories, &home),
        }
    }
    joining.link(Whose::Home, &mut home, &repositories, &members);
    for number in 0..members.len() {
        let Some(mut part) = members[number].part.take() else {
            continue;
        };
        joining.link(Whose::Other(number), &mut part, &repositories, &members);
        members[number].part = Some(part);
    }
    sound &= !joining.findings.iter().any(Finding::is_error);
    let count = joining.ids.len();
    let plan = match TaskGraph::build(count, joining.edges) {
        Err((stuck, edges)) => {
            let found = cycles::explain(&joining.ids, &edges, &stuck);
            joining.findings.extend(found);
            None
        }
        Ok(graph) if sound => Some((
            Plan {
                tasks: joining.tasks,
                tracks: home.tracks,
                graph,
                names: joining.names,
                repositories,
            },
            home.config,
        )),
        Ok(_) => None,
    };
    Built {
        plan,
        findings: joining.findings,
    }
}

impl Joining {
    /// Numbers the tasks of a part.
    fn take_in(&mut self, part: &mut Part, whose: Whose, repositories: &Repositories) {
        let mut numbers = vec![None; part.ids.len()];
        let mut shown = Shown::new(repositories, whose);
        let tasks = std::mem::take(&mut part.tasks);
        for (at, task) in tasks.into_iter().enumerate() {
            // What stands for a task of another repository has none here; a part that is not sound makes no plan.
            let Some(mut task) = task else {
                continue;
            };
            if whose != Whose::Home {
                match repositories.in_plan(whose, &task.id) {
                    Some(id) => task.id = id,
                    None => {
                        self.findings.push(too_long(&task, &mut shown));
                        continue;
                    }
                }
                task.place = shown.place(&task.place);
                task.track = None;
            }
            numbers[at] = Some(self.add(task));
        }
        self.numbers.push(numbers);
    }

    fn take_in_unknown(
        &mut self,
        member: &Member,
        whose: Whose,
        repositories: &Repositories,
        home: &Part,
    ) {
        for file in &member.files {
            let Some(id) = repositories.in_plan(whose, file) else {
                continue;
            };
            let file = format!("{}/{}", member.repository.folder, file.status_key());
            let place = Place {
                file: file.into(),
                line: 1,
                column: 1,
            };
            self.add(Task::bare(id, place, home.config.policy.clone()));
        }
        self.numbers.push(Vec::new());
    }

    fn add(&mut self, task: Task) -> TaskIx {
        let ix = TaskIx(u32::try_from(self.ids.len()).unwrap_or(u32::MAX));
        self.names.insert(task.id.clone(), ix);
        self.ids.push(task.id.clone());
        self.tasks.push(task);
        ix
    }

    /// Finds what a part says of other repositories, and takes its edges over.
    fn link(
        &mut self,
        whose: Whose,
        part: &mut Part,
        repositories: &Repositories,
        members: &[Member],
    ) {
        let slot = match whose {
            Whose::Home => 0,
            Whose::Other(number) => number + 1,
        };
        let mut shown = Shown::new(repositories, whose);
        let mut placed: BTreeMap<TaskIx, Place> = BTreeMap::new();
        for stand_in in std::mem::take(&mut part.stand_ins) {
            let file = shown.file(&stand_in.file);
            let place = stand_in.target.mark.in_file(&file);
            let found = self.find(
                whose,
                &stand_in.target,
                &file,
                (repositories, members, part),
            );
            if let Some(found) = found
                && whose == Whose::Home
            {
                let track = u32::try_from(stand_in.track).unwrap_or(u32::MAX);
                self.tasks[found.0 as usize].track = Some(TrackIx(track));
                if let Some(first) = placed.insert(found, place) {
                    let id = &self.ids[found.0 as usize];
                    self.findings.push(
                        Finding::error(
                            "task-twice",
                            &file,
                            stand_in.target.mark,
                            format!("`{id}` is a step already"),
                        )
                        .note(Some(first), "the first one")
                        .help("a task stands in one place; order it with `depends_on`"),
                    );
                }
            }
            self.numbers[slot][stand_in.ix.0 as usize] = found;
        }
        for edge in std::mem::take(&mut part.edges) {
            let number = |ix: TaskIx| self.numbers[slot][ix.0 as usize];
            if let (Some(prerequisite), Some(dependent)) =
                (number(edge.prerequisite), number(edge.dependent))
            {
                self.edges.push(Edge {
                    prerequisite,
                    dependent,
                    origin: edge.origin,
                    place: shown.place(&edge.place),
                });
            }
        }
        for far in std::mem::take(&mut part.far) {
            let file = shown.file(&far.file);
            let found = self.find(whose, &far.target, &file, (repositories, members, part));
            let dependent = self.numbers[slot][far.dependent.0 as usize];
            let (Some(prerequisite), Some(dependent)) = (found, dependent) else {
                continue;
            };
            if prerequisite == dependent {
                self.findings.push(
                    Finding::error(
                        "cycle",
                        &file,
                        far.target.mark,
                        format!("`{}` would wait for itself", self.ids[dependent.0 as usize]),
                    )
                    .help("remove it from `depends_on`"),
                );
                continue;
            }
            self.edges.push(Edge {
                prerequisite,
                dependent,
                origin: far.origin,
                place: far.target.mark.in_file(&file),
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::{Alias, Unread, Unreadable};
    use crate::plan::Draft;
    use crate::plan::resolve::TASKS;
    use crate::spec::{read_config, read_task};

    /// A repository's part: its configuration's `repos`, and its tasks with what they depend on.
    fn part(repos: &str, tasks: &[(&str, &str)]) -> Part {
        let mut findings = Vec::new();
        let config = format!("repos: {repos}\n");
        let config = read_config(
            &".runr/config.yaml".into(),
            config.as_bytes(),
            &mut findings,
        );
        let ids = tasks.iter().map(|(name, _)| TaskId::parse(name).unwrap());
        let draft = Draft::new(config, None, ids.collect());
        let mut drafter = draft.drafter();
        let made = tasks.iter().enumerate().map(|(file, (name, needs))| {
            let text = format!("---\ndepends_on: [{needs}]\nrun: 'true'\n---\n");
            let path: Arc<str> = format!("{TASKS}/{name}").into();
            let doc = read_task(&path, text.as_bytes(), &mut findings).unwrap();
            drafter.task(file, &doc)
        });
        let made: Vec<Option<Task>> = made.collect();
        let drawn = drafter.done();
        assert_eq!(findings, []);
        draft.part(made, vec![drawn])
    }

    fn alias(name: &str) -> Alias {
        Alias::parse(name).unwrap()
    }

    fn api(part: Option<Part>) -> Member {
        Member {
            repository: Repository {
                alias: alias("api"),
                folder: "../api".into(),
                typed: "../api".into(),
                root: "/x/api".into(),
                knows: Known::from([(alias("site"), Whose::Home)]),
                unknown: part
                    .is_none()
                    .then(|| Unreadable::new(Unread::Files, "it is gone")),
            },
            part,
            files: vec![TaskId::parse("seen.md").unwrap()],
        }
    }

    fn plan(home: &[(&str, &str)], other: Option<&[(&str, &str)]>) -> Built {
        let knows = Known::from([(alias("api"), Whose::Other(0))]);
        let other = other.map(|tasks| part("{ site: ../site }", tasks));
        together(part("{ api: ../api }", home), knows, vec![api(other)])
    }

    /// `prerequisite > dependent @ place` of every edge.
    fn edges(built: &Built) -> Vec<String> {
        let (plan, _) = built.plan.as_ref().expect("a plan");
        let name = |ix| plan.task(ix).id.as_str();
        let edges = plan.graph().edges();
        let shown = edges.iter().map(|e| {
            format!(
                "{} > {} @ {}",
                name(e.prerequisite),
                name(e.dependent),
                e.place
            )
        });
        shown.collect()
    }

    fn codes(built: &Built) -> Vec<(&'static str, String)> {
        let place = |f: &Finding| f.diagnostic.place.as_ref().unwrap().to_string();
        let said = built.findings.iter();
        said.map(|f| (f.diagnostic.code, place(f))).collect()
    }

    #[test]
    fn edges_lead_from_repository_to_repository_in_the_words_of_the_home() {
        let built = plan(
            &[("a.md", ""), ("c.md", "a, 'api:b'")],
            Some(&[("b.md", "'site:a.md', n/x"), ("n/x.md", "")]),
        );
        assert_eq!(codes(&built), []);
        assert_eq!(
            edges(&built),
            [
                "a.md > c.md @ .runr/tasks/c.md:2:14",
                "a.md > api:b.md @ ../api/.runr/tasks/b.md:2:14",
                "api:b.md > c.md @ .runr/tasks/c.md:2:17",
                "api:n/x.md > api:b.md @ ../api/.runr/tasks/b.md:2:27",
            ]
        );
        let (plan, _) = built.plan.unwrap();
        assert_eq!(plan.tasks_of(Whose::Home).len(), 2);
        assert_eq!(plan.tasks_of(Whose::Other(0)).len(), 2);
        assert_eq!(plan.resolve("api:b"), Ok(TaskIx(2)));
    }

    #[test]
    fn what_cannot_be_read_is_there_by_name_and_waited_for() {
        let built = plan(&[("c.md", "'api:b', 'api:b.md', 'api:seen'")], None);
        assert_eq!(codes(&built), []);
        assert_eq!(
            edges(&built),
            [
                "api:seen.md > c.md @ .runr/tasks/c.md:2:35",
                "api:b.md > c.md @ .runr/tasks/c.md:2:14",
            ]
        );
    }

    #[test]
    fn what_is_wrong_is_said_where_it_is_written() {
        for (home, other, expected) in [
            (
                "'api:nope'",
                "",
                vec![("unknown-task", ".runr/tasks/c.md:2:14")],
            ),
            (
                "",
                "'site:d'",
                vec![("unknown-task", "../api/.runr/tasks/b.md:2:14")],
            ),
            (
                "'api:b'",
                "'site:c'",
                vec![("cycle", ".runr/tasks/c.md:2:14")],
            ),
        ] {
            let built = plan(&[("c.md", home)], Some(&[("b.md", other)]));
            let found = codes(&built);
            let found: Vec<_> = found
                .iter()
                .map(|(code, at)| (*code, at.as_str()))
                .collect();
            assert_eq!(found, expected, "{home} {other}");
            assert!(built.plan.is_none());
        }
        // A task of the home that is called as if it were another repository's.
        let built = plan(&[("api:b.md", "")], Some(&[("b.md", "")]));
        assert_eq!(codes(&built)[0].0, "bad-name");
    }
}
