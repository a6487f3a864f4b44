//! What a person looks at before answering.

use serde::Serialize;

use crate::model::{CheckResult, Conflict, FileChange, RunId, Spent};

/// What there is to look at; made by the caller from the task's file, the run folder and git. Empty parts are not
/// there. Texts have passed the sanitiser.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Evidence {
    /// The latest attempt.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<RunId>,
    /// The first lines of the task's body.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub asked: Vec<String>,
    /// What the worker says that it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summary: Option<String>,
    /// What the worker warns of.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub risks: Vec<String>,
    /// What its commit changed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub diff: Vec<FileChange>,
    /// What it changed without being allowed to.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub outside: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conflict: Option<Conflict>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub checks: Vec<CheckResult>,
    /// The last lines of what went wrong.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub log: Vec<String>,
    /// Its working tree, from the project's root, while it is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tree: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spent: Option<Spent>,
}
