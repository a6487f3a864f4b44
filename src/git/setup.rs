//! Makes a new working tree ready: files copied from the project, folders linked to it, and both kept out
//! of what is committed.
//!
//! Knows paths from the project root. Nothing that the base has is ever overwritten.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use globset::GlobBuilder;

use crate::git::GitError;
use crate::model::TreeSetUp;

/// Never copied or linked: git's own, and runr's.
const NEVER: [&str; 3] = [".git", ".runr", ".runr-worktrees"];

/// Where from and where to.
#[derive(Debug)]
pub struct Ways<'a> {
    pub root: &'a Path,
    /// The project's folder in the new working tree.
    pub tree: &'a Path,
    /// The same folder from the top of the repository; empty: the top.
    pub folder: &'a str,
}

/// Copies and links. Gives lines for an ignore file that name what was made, from the repository's top.
///
/// What a pattern names and is not there is passed over: it may be made later, or by other people only.
///
/// # Errors
/// When something cannot be read or written, or leads out of the project.
pub fn furnish(ways: &Ways<'_>, wanted: &TreeSetUp) -> Result<Vec<String>, GitError> {
    let mut made = Vec::new();
    for (patterns, how) in [(&wanted.copy, How::Copy), (&wanted.link, How::Link)] {
        for path in matching(ways.root, patterns)? {
            let (from, to) = (ways.root.join(&path), ways.tree.join(&path));
            if to.symlink_metadata().is_ok() {
                continue;
            }
            if let Some(folder) = to.parent() {
                fs::create_dir_all(folder).map_err(GitError::io("create", folder))?;
            }
            match how {
                How::Copy => copy(&from, &to).map_err(GitError::io("copy", &from))?,
                How::Link => symlink(&from, &to).map_err(GitError::io("link", &to))?,
            }
            made.push(ignoring(ways.folder, &path));
        }
    }
    Ok(made)
}

#[derive(Debug, Clone, Copy)]
enum How {
    Copy,
    Link,
}

/// The paths that are there and match, sorted. A pattern without special characters is a path.
fn matching(root: &Path, patterns: &[String]) -> Result<BTreeSet<PathBuf>, GitError> {
    let mut found = BTreeSet::new();
    for pattern in patterns {
        let plain = pattern.trim_start_matches("./").trim_end_matches('/');
        if !plain.contains(['*', '?', '[', '{', '\\']) {
            if root.join(plain).symlink_metadata().is_ok() && !is_never(Path::new(plain)) {
                found.insert(PathBuf::from(plain));
            }
            continue;
        }
        let glob = GlobBuilder::new(plain)
            .literal_separator(true)
            .build()
            .map_err(|error| GitError::Io {
                doing: "use the pattern",
                path: pattern.into(),
                source: io::Error::new(io::ErrorKind::InvalidInput, error),
            })?
            .compile_matcher();
        let mut folders = vec![PathBuf::new()];
        while let Some(folder) = folders.pop() {
            let full = root.join(&folder);
            for entry in fs::read_dir(&full).map_err(GitError::io("read", &full))? {
                let entry = entry.map_err(GitError::io("read", &full))?;
                let path = folder.join(entry.file_name());
                if is_never(&path) {
                    continue;
                }
                if glob.is_match(&path) {
                    found.insert(path);
                } else if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                    folders.push(path);
                }
            }
        }
    }
    Ok(found)
}

fn is_never(path: &Path) -> bool {
    path.components().next().is_none_or(|first| {
        let first = first.as_os_str();
        NEVER.iter().any(|name| first == *name)
    })
}

/// Copies a file, or a folder with everything in it; links stay links.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    let kind = from.symlink_metadata()?.file_type();
    if kind.is_symlink() {
        symlink(fs::read_link(from)?, to)
    } else if kind.is_dir() {
        fs::create_dir(to)?;
        for entry in fs::read_dir(from)? {
            let name = entry?.file_name();
            copy(&from.join(&name), &to.join(&name))?;
        }
        Ok(())
    } else if kind.is_file() {
        fs::copy(from, to).map(drop)
    } else {
        Err(io::Error::other("it is neither a file nor a folder"))
    }
}

/// The line of an ignore file that means this very path.
fn ignoring(folder: &str, path: &Path) -> String {
    let mut line = String::from("/");
    let whole = Path::new(folder).join(path);
    for c in whole.to_string_lossy().chars() {
        if matches!(c, '*' | '?' | '[' | ']' | '\\' | ' ') {
            line.push('\\');
        }
        line.push(c);
    }
    line
}

/// Writes the ignore file of a working tree: the user's own lines, then what was put there.
///
/// # Errors
/// When one cannot be read or the other not be written.
pub fn write_excludes(path: &Path, own: Option<&Path>, made: &[String]) -> Result<(), GitError> {
    let mut text = match own {
        Some(own) => fs::read(own).map_err(GitError::io("read", own))?,
        None => Vec::new(),
    };
    if !text.is_empty() && !text.ends_with(b"\n") {
        text.push(b'\n');
    }
    for line in made {
        text.extend_from_slice(line.as_bytes());
        text.push(b'\n');
    }
    fs::write(path, text).map_err(GitError::io("write", path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_named_is_there_and_nothing_is_overwritten() {
        let dir = tempfile::tempdir().unwrap();
        let (root, tree) = (dir.path().join("root"), dir.path().join("tree"));
        for (path, text) in [
            ("root/.env", "secret"),
            ("root/node_modules/a/index.js", "a"),
            ("root/packages/x/.env", "x"),
            ("root/kept.txt", "the project's"),
            ("root/.git/config", "never"),
            ("tree/kept.txt", "the base's"),
        ] {
            let path = dir.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let wanted = TreeSetUp {
            copy: [".env", "packages/*/.env", "kept.txt", "missing", ".git"]
                .map(str::to_owned)
                .into(),
            link: vec!["./node_modules/".to_owned()],
            setup: Vec::new(),
        };
        let ways = Ways {
            root: &root,
            tree: &tree,
            folder: "apps/my app",
        };
        let made = furnish(&ways, &wanted).unwrap();
        assert_eq!(
            made,
            [
                "/apps/my\\ app/.env",
                "/apps/my\\ app/packages/x/.env",
                "/apps/my\\ app/node_modules"
            ]
        );
        let read = |path: &str| fs::read_to_string(tree.join(path)).unwrap();
        assert_eq!(read(".env"), "secret");
        assert_eq!(read("packages/x/.env"), "x");
        assert_eq!(read("kept.txt"), "the base's");
        assert_eq!(read("node_modules/a/index.js"), "a");
        assert!(tree.join("node_modules").is_symlink());
        assert!(!tree.join(".git").exists());
    }
}
