//! How `git log` is asked for commits, and how its output is taken apart.
//!
//! Knows the format. Does not know what is looked for in it.

use std::borrow::Cow;
use std::path::Path;

use crate::git::GitError;
use crate::git::reading::each_piece;

/// Which of the paths that a commit changed are told. A merge never has any.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Paths {
    None,
    All,
    /// Those that are, or are below, one of these: from the project's root, with `/`, without wildcards.
    Below(Vec<String>),
}

impl Paths {
    /// Without any folder nothing is asked for; an empty one is the project's root.
    #[must_use]
    pub fn below(folders: Vec<String>) -> Self {
        if folders.is_empty() {
            Self::None
        } else if folders.iter().any(String::is_empty) {
            Self::All
        } else {
            Self::Below(folders)
        }
    }
}

/// One commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header<'a> {
    pub commit: &'a str,
    parents: &'a str,
    /// Committer's time in seconds since 1970.
    pub at: i64,
    /// By which of the names asked for it was reached.
    pub source: &'a str,
    pub message: &'a [u8],
}

impl<'a> Header<'a> {
    pub fn parents(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.parents.split_ascii_whitespace()
    }
}

/// What the log consists of.
#[derive(Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    Commit(Header<'a>),
    /// Changed by the commit before; from the project's root, with `/`.
    Path(Cow<'a, str>),
}

/// Reads the log of `what`, which are revisions and their options. Every commit is told, whether it changed one of
/// the paths or not; a commit that is not there is passed over.
///
/// # Errors
/// When git cannot tell.
pub fn each(
    root: &Path,
    what: &[String],
    paths: &Paths,
    mut take: impl FnMut(Piece<'_>),
) -> Result<(), GitError> {
    let mut args: Vec<&str> = vec![
        "log",
        "-z",
        "--no-decorate",
        "--no-color",
        "--no-mailmap",
        "--encoding=UTF-8",
        "--ignore-missing",
        // The first NUL makes an empty piece before each commit. No path is empty, so that none can look like one.
        "--format=%x00%H %P%n%ct %S%n%B",
    ];
    args.extend(match paths {
        Paths::None => &["--no-patch"][..],
        Paths::All | Paths::Below(_) => &[
            "--name-only",
            "--no-renames",
            "--no-ext-diff",
            "--ignore-submodules=none",
            "--diff-merges=off",
            "--relative",
            // All commits are wanted, whatever they changed: who descends from whom is asked as well.
            "--full-history",
            "--sparse",
        ],
    });
    args.extend(what.iter().map(String::as_str));
    args.push("--");
    if let Paths::Below(folders) = paths {
        args.extend(folders.iter().map(String::as_str));
    }
    let mut splitter = Splitter::default();
    each_piece(root, &args, |piece| {
        if let Some(piece) = splitter.take(piece) {
            take(piece);
        }
    })
}

/// Tells headers from paths.
#[derive(Debug, Default)]
struct Splitter {
    next: Next,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Next {
    Header,
    FirstPath,
    #[default]
    Path,
}

impl Splitter {
    fn take<'a>(&mut self, piece: &'a [u8]) -> Option<Piece<'a>> {
        match (self.next, piece) {
            (Next::Header, _) => {
                self.next = Next::FirstPath;
                header(piece).map(Piece::Commit)
            }
            (_, []) => {
                self.next = Next::Header;
                None
            }
            (was, path) => {
                self.next = Next::Path;
                let path = match was {
                    // git puts a line's end before it.
                    Next::FirstPath => path.strip_prefix(b"\n").unwrap_or(path),
                    Next::Path | Next::Header => path,
                };
                Some(Piece::Path(String::from_utf8_lossy(path)))
            }
        }
    }
}

/// `COMMIT PARENT…`, `TIME SOURCE`, the message.
fn header(piece: &[u8]) -> Option<Header<'_>> {
    let mut lines = piece.splitn(3, |byte| *byte == b'\n');
    let mut line = || lines.next().and_then(|line| std::str::from_utf8(line).ok());
    let (names, time) = (line()?, line()?);
    let (commit, parents) = names.split_once(' ').unwrap_or((names, ""));
    let (at, source) = time.split_once(' ').unwrap_or((time, ""));
    Some(Header {
        commit,
        parents,
        at: at.parse().unwrap_or(0),
        source,
        message: lines.next().unwrap_or_default(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    impl<'a> Header<'a> {
        pub(crate) fn new(commit: &'a str, parents: &'a str, message: &'a str) -> Self {
            Self {
                commit,
                parents,
                at: 0,
                source: "",
                message: message.as_bytes(),
            }
        }
    }

    #[test]
    fn no_path_can_look_like_a_commit() {
        let mut splitter = Splitter::default();
        let pieces: [&[u8]; 8] = [
            b"",
            b"a b c\n1 HEAD\nRunr-Task: x\n",
            b"\nfirst",
            b"a b\n2 HEAD\nRunr-Task: y",
            b"\nodd",
            b"",
            b"b \n3 x\n",
            b"last",
        ];
        let told: Vec<String> = pieces
            .iter()
            .filter_map(|piece| splitter.take(piece))
            .map(|piece| match piece {
                Piece::Commit(header) => {
                    let parents: Vec<&str> = header.parents().collect();
                    format!("{} {parents:?} {}", header.commit, header.at)
                }
                Piece::Path(path) => format!("{path:?}"),
            })
            .collect();
        assert_eq!(
            told,
            [
                "a [\"b\", \"c\"] 1",
                "\"first\"",
                "\"a b\\n2 HEAD\\nRunr-Task: y\"",
                "\"\\nodd\"",
                "b [] 3",
                "\"last\"",
            ]
        );
    }

    #[test]
    fn folders_become_paths() {
        for (folders, paths) in [
            (vec![], Paths::None),
            (vec!["a", ""], Paths::All),
            (vec!["a", "b"], Paths::Below(vec!["a".into(), "b".into()])),
        ] {
            let folders = folders.into_iter().map(str::to_owned).collect();
            assert_eq!(Paths::below(folders), paths);
        }
    }
}
