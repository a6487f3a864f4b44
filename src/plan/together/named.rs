//! Which task a reference into another repository means.

use std::sync::Arc;

use super::{Joining, Member};
use crate::model::{Repositories, Task, TaskId, Whose};
use crate::plan::edges::unresolved;
use crate::plan::far::Target;
use crate::plan::part::Part;
use crate::plan::resolve::TASKS;
use crate::plan::{TaskIx, Unresolved};
use crate::spec::{At, Finding, nearest};

impl Joining {
    /// The task that a reference into another repository means.
    pub(super) fn find(
        &mut self,
        from: Whose,
        target: &Target,
        file: &Arc<str>,
        (repositories, members, part): (&Repositories, &[Member], &Part),
    ) -> Option<TaskIx> {
        let name = format!("{}:{}", target.alias.as_str(), target.task);
        let reference = At {
            value: Box::from(name.as_str()),
            mark: target.mark,
        };
        // A reference is noted only where the configuration names its repository.
        let to = repositories.known_by(from).get(&target.alias).copied()?;
        let names = match to {
            // The home's own names, or those of a repository that is being read: all are in the plan by now.
            Whose::Home => None,
            Whose::Other(number) => members[number].repository.unknown.as_ref().map(|_| number),
        };
        if names.is_some() {
            return self.unknown(from, target, file, (repositories, part));
        }
        let prefix = match repositories.get(to) {
            None => String::new(),
            Some(other) => format!("{}:", other.alias.as_str()),
        };
        let task = target.task.trim_start_matches("./");
        let task = task
            .strip_prefix(TASKS)
            .map_or(task, |rest| rest.trim_start_matches('/'));
        let found = [format!("{prefix}{task}"), format!("{prefix}{task}.md")]
            .iter()
            .find_map(|id| self.names.get(id));
        let Some(found) = found else {
            let near = self.near(&prefix, task);
            let why = Unresolved::Missing { near };
            let mut finding = unresolved(file, &reference, why, &[]);
            if let (Some(other), Some(help)) = (repositories.get(to), &mut finding.diagnostic.help)
                && !help.starts_with("did you mean")
            {
                *help = format!(
                    "its tasks are the `.md` files in `{}/{TASKS}/`",
                    other.folder
                );
            }
            self.findings.push(finding);
            return None;
        };
        if self.ids[found.0 as usize].is_inline() {
            self.findings.push(
                Finding::error(
                    "unknown-task",
                    file,
                    target.mark,
                    format!("`{name}` is a step of an orchestration file, no task file"),
                )
                .help("name a task of that repository"),
            );
            return None;
        }
        Some(found)
    }

    /// The nearest names of a repository.
    fn near(&self, prefix: &str, task: &str) -> Vec<String> {
        let plain = |id: &str| id.strip_suffix(".md").unwrap_or(id).to_owned();
        let wanted = plain(task);
        let ids = self.ids.iter().map(TaskId::as_str);
        let own: Vec<&str> = ids
            .filter(|id| match prefix {
                "" => !id.contains(':'),
                prefix => id.starts_with(prefix),
            })
            .collect();
        let stems: Vec<String> = own.iter().map(|id| plain(&id[prefix.len()..])).collect();
        let nearest = nearest(&wanted, stems.iter().map(String::as_str));
        nearest
            .and_then(|stem| stems.iter().position(|s| s == stem))
            .map(|at| own[at].to_owned())
            .into_iter()
            .collect()
    }

    /// A task of a repository that cannot be read: whatever its name is, it is waited for.
    fn unknown(
        &mut self,
        from: Whose,
        target: &Target,
        file: &Arc<str>,
        (repositories, home): (&Repositories, &Part),
    ) -> Option<TaskIx> {
        let task = target.task.trim_start_matches("./");
        let with = match task.strip_suffix(".md") {
            Some(_) => task.to_owned(),
            None => format!("{task}.md"),
        };
        let id = TaskId::parse(&format!("{}:{with}", target.alias.as_str())).ok();
        let id = id.and_then(|id| repositories.in_plan(from, &id));
        let Some(id) = id else {
            self.findings.push(
                Finding::error(
                    "unknown-task",
                    file,
                    target.mark,
                    format!("no task can be called `{}`", target.task),
                )
                .help(format!("tasks are the `.md` files in `{TASKS}/`")),
            );
            return None;
        };
        if let Some(known) = self.names.get(id.as_str()) {
            return Some(known);
        }
        Some(self.add(Task::bare(
            id,
            target.mark.in_file(file),
            home.config.policy.clone(),
        )))
    }
}
