//! Opens files of the project safely: inside the root, regular, not larger than allowed.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

/// Why a file of the project is not read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    #[error("the link leads out of the project, to `{}`", .0.display())]
    Outside(PathBuf),
    #[error("it is not a regular file")]
    NotAFile,
    #[error("cannot read the file: {0}")]
    Io(#[from] io::Error),
}

/// Checks that a link ends inside the root. Gives where it ends.
///
/// # Errors
/// When it does not, or ends nowhere.
pub fn inside(root: &Path, path: &Path) -> Result<PathBuf, ReadError> {
    let real = path.canonicalize()?;
    if real.starts_with(root) {
        Ok(real)
    } else {
        Err(ReadError::Outside(real))
    }
}

/// Reads a file into `buffer`, which is emptied first; at most one byte more than `max`, so that the caller can
/// tell that it is too large. The caller knows that it is a regular file.
///
/// # Errors
/// When it cannot be opened or read.
pub fn fill(path: &Path, max: u64, buffer: &mut Vec<u8>) -> io::Result<()> {
    buffer.clear();
    File::open(path)?.take(max + 1).read_to_end(buffer)?;
    Ok(())
}

/// Reads a file whose kind is not known yet. `None`: it is not there.
///
/// # Errors
/// When it is no regular file, leads out of the root, or cannot be read.
pub fn whole(root: &Path, path: &Path, max: u64) -> Result<Option<Vec<u8>>, ReadError> {
    match path.symlink_metadata() {
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
            ) =>
        {
            return Ok(None);
        }
        Err(error) => return Err(error.into()),
        Ok(_) => {}
    }
    let real = inside(root, path)?;
    if !real.metadata()?.is_file() {
        return Err(ReadError::NotAFile);
    }
    let mut bytes = Vec::new();
    fill(&real, max, &mut bytes)?;
    Ok(Some(bytes))
}
