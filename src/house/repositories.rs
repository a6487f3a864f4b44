//! What an examination says of the other repositories that the configuration names.
//!
//! Knows which of them cannot be read, and why. Each is examined itself by being asked there: the commands for that are
//! handed in.

use crate::house::finding::{Check, Finding};
use crate::model::{Repository, Unreadable};

/// The other repositories that the configuration names: each that cannot be read, with its folder and the reason, and
/// how many there are. `None`: it names none.
#[must_use]
pub fn judge_repositories(
    named: usize,
    unreadable: &[(&Repository, &Unreadable)],
    remedy: String,
) -> Option<Finding> {
    let is = Check::Repositories;
    let of = match named {
        0 => return None,
        1 => "1 other repository".to_owned(),
        n => format!("{n} other repositories"),
    };
    if unreadable.is_empty() {
        return Some(Finding::ok(is, format!("{of} can be read")));
    }
    let details = unreadable.iter().map(|(other, unknown)| {
        format!(
            "`{}` ({}): {}",
            other.alias.as_str(),
            other.folder,
            unknown.why
        )
    });
    let line = format!("of {of} {} cannot be read", unreadable.len());
    Some(
        Finding::problem(is, line)
            .details(details)
            .means("their tasks are unknown, and what needs them waits")
            .remedy(remedy),
    )
}
