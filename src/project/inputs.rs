//! The fingerprint of a task at a moment: its text and the contents of its declared inputs.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::path::Path;

use globset::{Candidate, GlobBuilder, GlobSet, GlobSetBuilder};

use crate::model::{Fingerprint, Task};
use crate::plan;
use crate::project::Project;

/// Folders that are never inputs: git's, and what runr itself writes.
const NEVER: [&str; 6] = [
    ".git",
    ".runr-worktrees",
    ".runr/runs",
    ".runr/orchestrations",
    ".runr/locks",
    ".runr/quarantine",
];

/// The fingerprint of a task now. Inputs are regular files inside the root, taken in order of their paths;
/// links are not followed.
///
/// # Errors
/// When a folder or file that the patterns name cannot be read.
pub fn fingerprint(project: &Project, task: &Task) -> io::Result<Fingerprint> {
    if task.inputs.is_empty() {
        return Ok(task.text);
    }
    let mut set = GlobSetBuilder::new();
    for pattern in &task.inputs {
        let pattern = pattern.trim_start_matches("./");
        let glob = GlobBuilder::new(pattern).literal_separator(true).build();
        set.add(glob.map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?);
    }
    let set = set
        .build()
        .map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
    let mut files = BTreeMap::new();
    for pattern in &task.inputs {
        let base = literal_start(pattern);
        visit(&project.root, &base, &set, &mut files)?;
    }
    let files: Vec<(&str, [u8; 32])> = files
        .iter()
        .map(|(path, hash)| (path.as_str(), *hash))
        .collect();
    Ok(plan::fingerprint(task.text, &files))
}

/// The leading components of a pattern that have no special character.
fn literal_start(pattern: &str) -> String {
    let parts = pattern.split('/').filter(|part| !matches!(*part, "" | "."));
    let literal = parts.take_while(|part| !part.contains(['*', '?', '[', '{', '\\']));
    literal.collect::<Vec<_>>().join("/")
}

/// Adds what the patterns match at `path` or below it. A path that is not there matches nothing.
fn visit(
    root: &Path,
    path: &str,
    set: &GlobSet,
    files: &mut BTreeMap<String, [u8; 32]>,
) -> io::Result<()> {
    if NEVER.contains(&path) {
        return Ok(());
    }
    // Every component is looked at without following links, so that none leads out.
    let mut full = root.to_owned();
    for part in path.split('/').filter(|part| !part.is_empty()) {
        full.push(part);
        match full.symlink_metadata() {
            Ok(kind) if kind.is_symlink() => return Ok(()),
            Ok(_) => {}
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
                ) =>
            {
                return Ok(());
            }
            Err(error) => return Err(error),
        }
    }
    below(&full, path, set, files)
}

fn below(
    full: &Path,
    path: &str,
    set: &GlobSet,
    files: &mut BTreeMap<String, [u8; 32]>,
) -> io::Result<()> {
    let kind = full.symlink_metadata()?.file_type();
    if kind.is_file() {
        if set.is_match_candidate(&Candidate::new(path)) && !files.contains_key(path) {
            let mut hasher = blake3::Hasher::new();
            hasher.update_reader(File::open(full)?)?;
            files.insert(path.to_owned(), *hasher.finalize().as_bytes());
        }
    } else if kind.is_dir() && !NEVER.contains(&path) {
        for entry in fs::read_dir(full)? {
            let name = entry?.file_name();
            let Some(name) = name.to_str() else { continue };
            let inner = if path.is_empty() {
                name.to_owned()
            } else {
                format!("{path}/{name}")
            };
            below(&full.join(name), &inner, set, files)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inputs_count_by_path_and_content() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().canonicalize().unwrap();
        let write = |path: &str, text: &str| {
            let path = root.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write("schema/a.json", "1");
        write("schema/deep/b.json", "2");
        write("other.txt", "3");
        write("secret/c.json", "4");
        std::os::unix::fs::symlink(root.join("secret"), root.join("schema/link")).unwrap();
        let project = Project {
            root: root.clone(),
            git: false,
            typed_in: None,
            asked_worker: None,
        };
        let plan = plan::sample(&[("a.md", &[])]);
        let mut task = plan.tasks()[0].clone();
        let now = |task: &Task| fingerprint(&project, task).unwrap();
        assert_eq!(now(&task), task.text, "without inputs it is the text's");
        task.inputs = ["schema/*.json".into(), "./missing/**".into()].into();
        let first = now(&task);
        assert_ne!(first, task.text);
        write("other.txt", "changed");
        write("schema/deep/b.json", "changed");
        write("secret/c.json", "changed");
        assert_eq!(now(&task), first, "what no pattern matches does not count");
        write("schema/a.json", "changed");
        let second = now(&task);
        assert_ne!(second, first);
        fs::rename(root.join("schema/a.json"), root.join("schema/z.json")).unwrap();
        assert_ne!(now(&task), second, "names count");
        task.inputs = ["schema/**".into()].into();
        let deep = now(&task);
        write("secret/c.json", "again");
        assert_eq!(now(&task), deep, "links are not followed");
    }
}
