//! Pools and claims of several repositories side by side: each repository has its own.
//!
//! Knows names only. In a plan of one repository everything is called as it is written.

use std::sync::Arc;

use crate::model::{Repositories, Whose};

/// A pool's name in the whole plan.
pub(super) fn pool(repositories: &Repositories, whose: Whose, name: &Arc<str>) -> Arc<str> {
    match repositories.get(whose) {
        None => name.clone(),
        Some(other) => format!("{}:{name}", other.alias.as_str()).into(),
    }
}

/// A claim's pattern in the whole plan: its first component says whose it is, so that those of different repositories
/// never overlap.
pub(super) fn claim(repositories: &Repositories, whose: Whose, pattern: &str) -> String {
    if repositories.is_alone() {
        return pattern.to_owned();
    }
    let of = repositories.get(whose).map_or("", |o| o.alias.as_str());
    format!("@{}/{pattern}", of.replace('/', "@"))
}
