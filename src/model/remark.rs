//! What a person has said of a task by settling it: who, and in which words.

use serde::{Deserialize, Serialize};

/// How a person has settled a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Settled {
    Approved,
    Completed,
    Rejected,
    Reset,
}

/// A person's word, which the commit that follows passes on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remark {
    pub settled: Settled,
    /// Who; in git as `Name <mail>` where git knows them.
    pub by: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}
