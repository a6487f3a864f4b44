//! Why runr's own state could not be read or written. Exit code 4.

use std::io;
use std::path::PathBuf;

#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("cannot {doing} `{}`", .path.display())]
    Io {
        doing: &'static str,
        path: PathBuf,
        source: io::Error,
    },
    #[error("`{}` is damaged at line {line}: {what}", .path.display())]
    Corrupt {
        path: PathBuf,
        line: u64,
        what: &'static str,
    },
    #[error("`{}` was written by a newer runr (format {format})", .path.display())]
    Newer { path: PathBuf, format: u32 },
}
