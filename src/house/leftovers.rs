//! Temporary files of writes that never came to their end.
//!
//! Knows how `store::replace` names them: `.NAME.PID-N.tmp`. One whose process lives may still be needed.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::store::{Layout, process};

/// Those whose process is gone, in order: in `.runr/`, in run folders and in those of orchestrations.
///
/// # Errors
/// When a folder is there and cannot be read.
pub fn temporary(layout: &Layout) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    of(&layout.dir(), &mut found)?;
    for parent in [layout.runs(), layout.orchestrations()] {
        for folder in folders(&parent)? {
            of(&folder, &mut found)?;
        }
    }
    found.sort();
    Ok(found)
}

fn of(folder: &Path, found: &mut Vec<PathBuf>) -> io::Result<()> {
    for path in entries(folder)? {
        let name = path.file_name().and_then(|name| name.to_str());
        let Some(pid) = name.and_then(writer) else {
            continue;
        };
        if fs::symlink_metadata(&path).is_ok_and(|meta| meta.is_file()) && process::of(pid).is_err()
        {
            found.push(path);
        }
    }
    Ok(())
}

/// The process that wrote a file of this name, if it is the name of a temporary one.
fn writer(name: &str) -> Option<u32> {
    let name = name.strip_prefix('.')?.strip_suffix(".tmp")?;
    let (_, last) = name.rsplit_once('.')?;
    let (pid, count) = last.split_once('-')?;
    count.parse::<u32>().ok()?;
    pid.parse().ok()
}

/// What is in a folder, by name; nothing when it is not there.
pub fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let listed = match fs::read_dir(folder) {
        Ok(listed) => listed,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut paths = listed
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<io::Result<Vec<PathBuf>>>()?;
    paths.sort();
    Ok(paths)
}

/// The real folders in a folder; a link is none.
pub fn folders(parent: &Path) -> io::Result<Vec<PathBuf>> {
    let mut all = entries(parent)?;
    all.retain(|path| fs::symlink_metadata(path).is_ok_and(|meta| meta.is_dir()));
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_names_of_temporary_files_are_known() {
        for (name, pid) in [
            (".state.json.4711-0.tmp", Some(4711)),
            (".task-status.json.1-12.tmp", Some(1)),
            ("state.json.4711-0.tmp", None),
            (".state.json.tmp", None),
            (".state.json.x-0.tmp", None),
            (".gitignore", None),
            (".tmp", None),
        ] {
            assert_eq!(writer(name), pid, "{name}");
        }
    }

    #[test]
    fn one_of_a_living_process_stays() {
        let dir = tempfile::tempdir().unwrap();
        let layout = Layout::new(dir.path());
        fs::create_dir_all(layout.runs().join("x")).unwrap();
        let mine = format!(".a.{}-0.tmp", std::process::id());
        // Above the highest number that Linux gives.
        let gone = layout.runs().join("x/.a.4194305-0.tmp");
        fs::write(layout.dir().join(mine), "").unwrap();
        fs::write(&gone, "").unwrap();
        assert_eq!(temporary(&layout).unwrap(), [gone]);
    }
}
