//! Where the project of a folder is.
//!
//! Knows the layout of git's files as far as it takes to find the main working tree without running
//! git. Never looks at the environment: `GIT_DIR` of a hook or an alias does not matter.

use std::fs;
use std::path::{Component, Path, PathBuf};

/// Where a project is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Project {
    /// Absolute, without links.
    pub root: PathBuf,
    /// Is it in a git repository?
    pub git: bool,
    /// The folder that commands are typed in, absolute and without links: what is said to type about another repository
    /// begins there. `None`: the root.
    pub typed_in: Option<PathBuf>,
    /// The worker that was asked for on the command line, for every task that has no `run`.
    pub asked_worker: Option<Box<str>>,
}

impl Project {
    /// What people call it: the name of its folder.
    #[must_use]
    pub fn name(&self) -> String {
        match self.root.file_name() {
            Some(name) => name.to_string_lossy().into_owned(),
            None => self.root.display().to_string(),
        }
    }
}

/// Looks for the project of a folder.
///
/// In a git repository it is the nearest folder with `.runr/`, from the start upwards to the top of the
/// working tree, and without any that top itself. A sample project inside a repository is thus a project
/// of its own. From a linked worktree the same folder of the *main* working tree is taken, since one
/// repository has one journal; a repository that is bare has no main working tree, and its worktrees stand for
/// themselves. Without git it is the nearest folder upwards with `.runr/`. `None`: none of these is there.
#[must_use]
pub fn find(start: &Path) -> Option<Project> {
    let start = start.canonicalize().ok()?;
    let mut nearest: Option<&Path> = None;
    for folder in start.ancestors() {
        if nearest.is_none() && folder.join(".runr").is_dir() {
            nearest = Some(folder);
        }
        if let Some(git) = git_folder(folder) {
            let root = in_main_tree(folder, &git, nearest.unwrap_or(folder));
            return Some(Project {
                root,
                git: true,
                typed_in: None,
                asked_worker: None,
            });
        }
        if nearest.is_none() && is_repository(folder) {
            // The inside of a repository, or a bare one: there is no working tree here.
            return None;
        }
    }
    nearest.map(|root| Project {
        root: root.to_owned(),
        git: false,
        typed_in: None,
        asked_worker: None,
    })
}

/// The folder with the repository's files that a working tree's `.git` leads to.
fn git_folder(tree: &Path) -> Option<PathBuf> {
    let path = tree.join(".git");
    let kind = fs::metadata(&path).ok()?;
    let folder = if kind.is_dir() {
        path
    } else {
        let text = fs::read_to_string(&path).ok()?;
        plain(tree, text.strip_prefix("gitdir:")?.trim())
    };
    folder.join("HEAD").is_file().then_some(folder)
}

fn is_repository(folder: &Path) -> bool {
    folder.join("HEAD").is_file() && folder.join("objects").is_dir() && folder.join("refs").is_dir()
}

/// `project`, a folder of the working tree `top`, as a folder of the main working tree.
fn in_main_tree(top: &Path, git: &Path, project: &Path) -> PathBuf {
    let Some(main) = main_tree(git).filter(|main| main != top) else {
        return project.to_owned();
    };
    let inside = project.strip_prefix(top).unwrap_or(Path::new(""));
    let same = main.join(inside);
    if same.join(".runr").is_dir() {
        same
    } else {
        main
    }
}

/// The main working tree of a linked one. `None`: it is the main one, or there is none.
fn main_tree(git: &Path) -> Option<PathBuf> {
    let common = fs::read_to_string(git.join("commondir")).ok()?;
    let common = plain(git, common.trim()).canonicalize().ok()?;
    let (bare, tree) =
        core_settings(&fs::read_to_string(common.join("config")).unwrap_or_default());
    let main = match tree {
        Some(tree) => plain(&common, &tree),
        None if bare || common.file_name()? != ".git" => return None,
        None => common.parent()?.to_owned(),
    };
    main.canonicalize().ok().filter(|main| main.is_dir())
}

/// `core.bare` and `core.worktree`.
fn core_settings(config: &str) -> (bool, Option<String>) {
    let (mut bare, mut tree, mut core) = (false, None, false);
    for line in config.lines().map(str::trim) {
        if line.starts_with('[') {
            core = line.eq_ignore_ascii_case("[core]");
        } else if let Some((key, value)) = line.split_once('=').filter(|_| core) {
            let value = value.trim().trim_matches('"');
            match key.trim().to_ascii_lowercase().as_str() {
                "bare" => bare = value.eq_ignore_ascii_case("true"),
                "worktree" => tree = Some(value.to_owned()),
                _ => {}
            }
        }
    }
    (bare, tree)
}

/// A path from a folder, as people and git write it, without `.` and `..` as far as the text tells.
pub(super) fn plain(base: &Path, path: &str) -> PathBuf {
    let mut joined = base.to_owned();
    for part in Path::new(path).components() {
        match part {
            Component::ParentDir => {
                joined.pop();
            }
            Component::CurDir => {}
            part => joined.push(part),
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(folders: &[&str], files: &[(&str, &str)]) -> (tempfile::TempDir, PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().canonicalize().unwrap();
        for folder in folders {
            fs::create_dir_all(root.join(folder)).unwrap();
        }
        for (path, text) in files {
            let path = root.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text.replace("ROOT", root.to_str().unwrap())).unwrap();
        }
        (dir, root)
    }

    #[test]
    fn nearest_runr_folder_up_to_the_top_of_the_repository() {
        let (_dir, root) = tree(
            &[
                ".runr",
                "repo/src/deep",
                "repo/examples/one/.runr/tasks",
                "repo/examples/one/sub",
                "repo/.git/objects",
                "repo/.git/refs",
                "bare.git/objects",
                "bare.git/refs",
                "plain/sub",
            ],
            &[("repo/.git/HEAD", "ref: x"), ("bare.git/HEAD", "ref: x")],
        );
        let project = |path: &str| find(&root.join(path)).map(|p| (p.root, p.git));
        let at = |path: &str, git| Some((root.join(path).components().collect::<PathBuf>(), git));
        assert_eq!(
            project("repo/src/deep"),
            at("repo", true),
            "the `.runr` above is another project's"
        );
        assert_eq!(
            project("repo/examples/one/sub"),
            at("repo/examples/one", true)
        );
        assert_eq!(
            project("repo/examples/one/.runr/tasks"),
            at("repo/examples/one", true)
        );
        assert_eq!(project("plain/sub"), at("", false));
        assert_eq!(project("bare.git"), None);
        assert_eq!(project("repo/.git"), None);
        assert_eq!(project("missing"), None);
    }

    #[test]
    fn linked_worktrees_lead_to_the_main_one() {
        let (_dir, root) = tree(
            &[
                "main/.runr",
                "main/examples/one/.runr",
                "main/.runr-worktrees/w/.runr",
                "main/.runr-worktrees/w/examples/one/.runr",
                "lone",
            ],
            &[
                ("main/.git/HEAD", "ref: x"),
                ("main/.git/config", "[core]\n\tbare = false\n"),
                ("main/.git/worktrees/w/HEAD", "ref: y"),
                ("main/.git/worktrees/w/commondir", "../..\n"),
                (
                    "main/.runr-worktrees/w/.git",
                    "gitdir: ROOT/main/.git/worktrees/w\n",
                ),
                ("bare.git/HEAD", "ref: x"),
                ("bare.git/config", "[core]\n\tbare = true\n"),
                ("bare.git/worktrees/l/HEAD", "ref: y"),
                ("bare.git/worktrees/l/commondir", "../..\n"),
                ("lone/.git", "gitdir: ../bare.git/worktrees/l\n"),
                ("super/.git/HEAD", "ref: x"),
                ("super/.git/modules/m/HEAD", "ref: y"),
                ("super/m/.git", "gitdir: ../.git/modules/m\n"),
            ],
        );
        let project = |path: &str| find(&root.join(path)).unwrap().root;
        assert_eq!(project("main/.runr-worktrees/w"), root.join("main"));
        assert_eq!(
            project("main/.runr-worktrees/w/examples/one"),
            root.join("main/examples/one")
        );
        assert_eq!(project("lone"), root.join("lone"));
        assert_eq!(project("super/m"), root.join("super/m"));
    }
}
