//! `plan.json`: the ids and edges of an orchestration, frozen when it starts, so that `resume` goes on
//! with the same graph whatever became of the files.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::model::{OrchId, Place, TaskId};
use crate::orchestrate::OrchestrateError;
use crate::orchestrate::ground::Ground;
use crate::plan::{Edge, Origin, Plan, TaskIx};
use crate::store::{Layout, replace};

/// What an orchestration decided to do, as it stands on disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FrozenPlan {
    pub schema_version: u32,
    pub orchestration: OrchId,
    pub command: String,
    /// `--config` as given, from the project root.
    pub config: Option<String>,
    /// `--worker` as given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worker: Option<String>,
    pub jobs: u32,
    pub rules: Rules,
    /// In file order.
    pub tasks: Vec<TaskId>,
    /// The numbers of the selected ones in `tasks`.
    pub selected: Vec<u32>,
    /// The numbers of those that are run although they are completed already.
    #[serde(default)]
    pub again: Vec<u32>,
    /// Where its tasks get working trees; `None`: they work in place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ground: Option<Ground>,
    /// The other repositories that it works in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<Engaged>,
    /// This is only another repository's part of it; the root of the repository where it was started and has its plan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub home: Option<PathBuf>,
    /// Prerequisite, dependent, and where that was written.
    edges: Vec<(u32, u32, Origin, String, u32, u32)>,
}

/// A repository beside the home that an orchestration works in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Engaged {
    pub root: PathBuf,
    /// `None`: its tasks work in place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ground: Option<Ground>,
}

/// The rules that an orchestration was started with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rules {
    pub fail_fast: bool,
    pub wait: bool,
    pub collision: crate::model::Collision,
    /// Prerequisites outside the selection are not waited for.
    pub ignore_outside: bool,
}

impl FrozenPlan {
    /// Freezes the graph of a plan; the caller fills in the rest.
    #[must_use]
    pub fn new(orchestration: OrchId, command: String, plan: &Plan, rules: Rules) -> Self {
        let edges = plan
            .graph()
            .edges()
            .into_iter()
            .map(|e| {
                (
                    e.prerequisite.0,
                    e.dependent.0,
                    e.origin,
                    e.place.file.to_string(),
                    e.place.line,
                    e.place.column,
                )
            })
            .collect();
        Self {
            schema_version: 1,
            orchestration,
            command,
            config: None,
            worker: None,
            jobs: 1,
            rules,
            tasks: plan.tasks().iter().map(|task| task.id.clone()).collect(),
            selected: Vec::new(),
            again: Vec::new(),
            ground: None,
            others: Vec::new(),
            home: None,
            edges,
        }
    }

    /// Writes it into the orchestration's folder, which is created.
    ///
    /// # Errors
    /// When the folder or the file cannot be written.
    pub fn write(&self, layout: &Layout) -> Result<(), OrchestrateError> {
        let dir = layout.orchestration(&self.orchestration);
        std::fs::create_dir_all(&dir).map_err(|source| OrchestrateError::Io {
            doing: "create",
            path: dir.clone(),
            source,
        })?;
        let path = dir.join("plan.json");
        let text = serde_json::to_vec(self).map_err(|source| OrchestrateError::BadPlan {
            path: path.clone(),
            source,
        })?;
        replace(&path, &text).map_err(|source| OrchestrateError::Io {
            doing: "write",
            path,
            source,
        })
    }

    /// Reads the frozen plan of an orchestration.
    ///
    /// # Errors
    /// When it is missing or damaged.
    pub fn read(layout: &Layout, orch: &OrchId) -> Result<Self, OrchestrateError> {
        let path = layout.orchestration(orch).join("plan.json");
        let text = read(&path)?;
        serde_json::from_slice(&text).map_err(|source| OrchestrateError::BadPlan { path, source })
    }

    /// The frozen graph over the tasks as they are now: numbers of the result follow `self.tasks`.
    ///
    /// # Errors
    /// When a task of the frozen plan is no longer there.
    pub fn thaw(&self, current: &Plan) -> Result<Plan, OrchestrateError> {
        let mut tasks = Vec::with_capacity(self.tasks.len());
        for id in &self.tasks {
            let ix = current.find(id).ok_or_else(|| OrchestrateError::TaskGone {
                task: id.to_string(),
                orch: self.orchestration.clone(),
            })?;
            tasks.push(current.task(ix).clone());
        }
        let edges: Vec<Edge> = self
            .edges
            .iter()
            .map(|(from, to, origin, file, line, column)| Edge {
                prerequisite: TaskIx(*from),
                dependent: TaskIx(*to),
                origin: *origin,
                place: Place {
                    file: file.as_str().into(),
                    line: *line,
                    column: *column,
                },
            })
            .collect();
        // It was acyclic when it was frozen; numbers out of range or a cycle mean a damaged file.
        let damaged = || OrchestrateError::TaskGone {
            task: "an edge".to_owned(),
            orch: self.orchestration.clone(),
        };
        let count = u32::try_from(tasks.len()).unwrap_or(u32::MAX);
        if edges
            .iter()
            .any(|e| e.prerequisite.0 >= count || e.dependent.0 >= count)
        {
            return Err(damaged());
        }
        let plan = Plan::assemble(tasks, current.tracks().to_vec(), &edges);
        let plan = plan.map_err(|_| damaged())?;
        Ok(plan.of_several(current.repositories().clone()))
    }
}

fn read(path: &Path) -> Result<Vec<u8>, OrchestrateError> {
    std::fs::read(path).map_err(|source| OrchestrateError::Io {
        doing: "read",
        path: path.to_owned(),
        source,
    })
}
