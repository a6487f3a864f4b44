//! How much of which file a commit changed.

use serde::{Deserialize, Serialize};

/// One file of a difference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileChange {
    /// From the top of the repository, with `/`.
    pub path: String,
    /// Lines; `None`: it is not text.
    pub added: Option<u64>,
    /// Lines; `None`: it is not text.
    pub removed: Option<u64>,
}
