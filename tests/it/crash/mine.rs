//! What is the person's in a repository, byte for byte: whatever runs and dies beside it, it stays so.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::world::World;

/// Files of the working tree, index, HEAD and its log, stash, configuration, hooks, and every reference that is not runr's.
#[derive(PartialEq, Eq)]
pub struct Mine(BTreeMap<String, Vec<u8>>);

impl Mine {
    pub fn of(world: &World) -> Self {
        let mut all = BTreeMap::new();
        files(world.root(), "", &mut all);
        let refs = world.git(&["for-each-ref", "--format=%(refname) %(objectname)"]);
        let own =
            |line: &&str| !line.starts_with("refs/heads/runr/") && !line.starts_with("refs/runr/");
        let refs: Vec<&str> = refs.lines().filter(own).collect();
        all.insert("the references".to_owned(), refs.join("\n").into_bytes());
        Self(all)
    }

    /// Holds that nothing differs, but for what `allowed` names.
    #[track_caller]
    pub fn assert_same(&self, now: &Self, allowed: &[&str], context: &str) {
        let names: Vec<&String> = self.0.keys().chain(now.0.keys()).collect();
        for name in names {
            if allowed.iter().any(|prefix| name.starts_with(prefix)) {
                continue;
            }
            let text = |of: &Self| {
                of.0.get(name)
                    .map(|b| String::from_utf8_lossy(b).into_owned())
            };
            assert_eq!(
                text(self),
                text(now),
                "{context}: `{name}` of the person's changed"
            );
        }
    }
}

fn files(root: &Path, below: &str, all: &mut BTreeMap<String, Vec<u8>>) {
    for entry in fs::read_dir(root.join(below)).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        let path = match below {
            "" => name,
            below => format!("{below}/{name}"),
        };
        let kept = match path.as_str() {
            ".runr-worktrees" | ".git/objects" | ".git/worktrees" | ".git/refs" => false,
            // runr's own branches have logs there.
            ".git/logs/refs/heads/runr" | ".git/packed-refs" => false,
            ".runr" | ".git" => true,
            path if path.starts_with(".runr/") => path.starts_with(".runr/tasks"),
            path if path.starts_with(".git/") => !path.ends_with(".lock"),
            _ => true,
        };
        if !kept {
            continue;
        }
        if entry.file_type().unwrap().is_dir() {
            files(root, &path, all);
        } else {
            all.insert(path.clone(), fs::read(root.join(&path)).unwrap());
        }
    }
}
