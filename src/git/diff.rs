//! How much of which file changed between two commits.

use std::path::Path;

use crate::git::GitError;
use crate::git::reading::each_piece;
use crate::model::FileChange;

/// What changed from one commit to another, by path. A renamed file is one that went and one that came.
///
/// # Errors
/// When git cannot tell, as when one of them is gone.
pub fn stat(root: &Path, from: &str, to: &str) -> Result<Vec<FileChange>, GitError> {
    let args = [
        "diff",
        "--numstat",
        "-z",
        "--no-renames",
        "--no-ext-diff",
        "--no-textconv",
        "--end-of-options",
        from,
        to,
        "--",
    ];
    let mut changes = Vec::new();
    each_piece(root, &args, |piece| {
        changes.extend(change(&String::from_utf8_lossy(piece)));
    })?;
    Ok(changes)
}

/// `ADDED TAB REMOVED TAB PATH`, with `-` for the numbers of what is not text.
fn change(line: &str) -> Option<FileChange> {
    let mut parts = line.splitn(3, '\t');
    let (added, removed, path) = (parts.next()?, parts.next()?, parts.next()?);
    Some(FileChange {
        path: path.to_owned(),
        added: added.parse().ok(),
        removed: removed.parse().ok(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_text_are_counted_and_others_are_not() {
        let of = |line| change(line).map(|c| (c.path, c.added, c.removed));
        assert_eq!(
            of("2\t10\ta b\tc"),
            Some(("a b\tc".to_owned(), Some(2), Some(10)))
        );
        assert_eq!(of("-\t-\tx.png"), Some(("x.png".to_owned(), None, None)));
        assert_eq!(of("garbage"), None);
    }
}
