//! What changed between two commits, as text.

use std::path::Path;

use crate::git::GitError;
use crate::git::reading::each_piece;

/// The difference from one commit to another as a patch; at most about `most` bytes of it. `true`: there is more.
///
/// # Errors
/// When git cannot tell, as when one of them is gone.
pub fn patch(root: &Path, from: &str, to: &str, most: usize) -> Result<(String, bool), GitError> {
    let args = [
        "diff",
        "--patch",
        "--no-color",
        "--no-renames",
        "--no-ext-diff",
        "--no-textconv",
        "--end-of-options",
        from,
        to,
        "--",
    ];
    let mut text = Vec::new();
    let mut more = false;
    // A patch holds no NUL but in what git calls binary, and that it leaves out: it comes as one piece.
    each_piece(root, &args, |piece| {
        let room = most.saturating_sub(text.len());
        more |= piece.len() > room;
        text.extend_from_slice(&piece[..piece.len().min(room)]);
    })?;
    Ok((String::from_utf8_lossy(&text).into_owned(), more))
}
