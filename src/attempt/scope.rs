//! Which changed files a task may not change. Pure.
//!
//! Knows patterns and paths. Files that steer runr or git are never changed by the way: only a task
//! that owns them by name may.

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

use crate::git::checkpoint::{Change, What};
use crate::model::{GitSpec, ScopeRules};

/// Files that package managers write to fix versions.
#[rustfmt::skip]
const LOCK_FILES: &[&str] = &[
    "Cargo.lock", "package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml",
    "bun.lock", "bun.lockb", "deno.lock", "Gemfile.lock", "poetry.lock", "Pipfile.lock", "uv.lock",
    "pdm.lock", "composer.lock", "go.sum", "mix.lock", "pubspec.lock", "Podfile.lock", "flake.lock",
    "packages.lock.json", "gradle.lockfile", "conan.lock", "Package.resolved",
];

/// A file that is out of bounds, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outside {
    /// From the top of the repository.
    pub path: String,
    pub why: Why,
}

/// Why a file is out of bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    NotOwned,
    Denied,
    LockFile,
    /// It steers runr or git.
    Steering,
    OutsideProject,
    Repository,
}

impl Why {
    /// In words, as in `a.txt: the task does not own it`.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::NotOwned => "the task does not own it",
            Self::Denied => "`scope.deny` names it",
            Self::LockFile => "a lock file, and `scope.lockfiles` does not name it",
            Self::Steering => "it steers runr or git, and `owns` does not name it",
            Self::OutsideProject => "it is outside the project",
            Self::Repository => "it is a git repository of its own, whose files would be lost",
        }
    }
}

/// What one task may change.
#[derive(Debug, Clone, Copy)]
pub struct Bounds<'a> {
    /// The project's folder from the top of the repository; empty: the top.
    pub folder: &'a str,
    /// None: everything.
    pub owns: &'a [String],
    pub scope: &'a ScopeRules,
    /// Files that steer runr, from the project's root.
    pub steering: &'a [String],
}

impl<'a> Bounds<'a> {
    #[must_use]
    pub fn of(spec: &'a GitSpec) -> Self {
        Self {
            folder: &spec.folder,
            owns: &spec.owns,
            scope: &spec.scope,
            steering: &spec.steering,
        }
    }
}

/// The changes that are out of bounds, in the order given.
///
/// # Errors
/// The pattern that cannot be used.
pub fn outside(bounds: &Bounds<'_>, changes: &[Change]) -> Result<Vec<Outside>, globset::Error> {
    let mut found = Vec::new();
    if changes.is_empty() {
        return Ok(found);
    }
    let inside = set(bounds.owns.iter().chain(&bounds.scope.allow))?;
    let everything = bounds.owns.is_empty() && bounds.scope.allow.is_empty();
    let deny = set(&bounds.scope.deny)?;
    let lock_files = set(&bounds.scope.lockfiles)?;
    for change in changes {
        let why = match inside_project(bounds.folder, &change.path) {
            None => Some(Why::OutsideProject),
            Some(_) if change.what == What::Repository => Some(Why::Repository),
            Some(path) if is_steering(bounds, path) => Some(Why::Steering),
            Some(path) if deny.is_match(path) => Some(Why::Denied),
            Some(path)
                if is_lock_file(path)
                    && !lock_files.is_match(path)
                    && !bounds.owns.iter().any(|own| clean(own) == path) =>
            {
                Some(Why::LockFile)
            }
            Some(path) if !everything && !inside.is_match(path) && !lock_files.is_match(path) => {
                Some(Why::NotOwned)
            }
            Some(_) => None,
        };
        found.extend(why.map(|why| Outside {
            path: change.path.clone(),
            why,
        }));
    }
    Ok(found)
}

fn inside_project<'p>(folder: &str, path: &'p str) -> Option<&'p str> {
    if folder.is_empty() {
        return Some(path);
    }
    path.strip_prefix(folder)?.strip_prefix('/')
}

/// `.runr/`, orchestration files and everything of git's (`.gitignore`, `.github/`), unless a pattern of
/// `owns` has the very name.
fn is_steering(bounds: &Bounds<'_>, path: &str) -> bool {
    let named = |part: &str| {
        bounds
            .owns
            .iter()
            .any(|own| clean(own).split('/').any(|own| own == part))
    };
    let first = path.split('/').next().unwrap_or_default();
    if first == ".runr" || first == ".runr-worktrees" {
        return !named(first);
    }
    if let Some(file) = bounds.steering.iter().find(|file| clean(file) == path) {
        return !bounds.owns.iter().any(|own| clean(own) == clean(file));
    }
    path.split('/')
        .find(|part| part.starts_with(".git"))
        .is_some_and(|part| !named(part))
}

fn is_lock_file(path: &str) -> bool {
    LOCK_FILES.contains(&path.rsplit('/').next().unwrap_or(path))
}

fn clean(pattern: &str) -> &str {
    pattern.trim_start_matches("./").trim_end_matches('/')
}

/// Each pattern means what it matches and everything below that.
fn set<'a>(patterns: impl IntoIterator<Item = &'a String>) -> Result<GlobSet, globset::Error> {
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        let pattern = clean(pattern);
        for pattern in [pattern, &format!("{pattern}/**")] {
            set.add(GlobBuilder::new(pattern).literal_separator(true).build()?);
        }
    }
    set.build()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{CommitRules, Fingerprint, Guard, ScopeRules, TaskKind, TreeSetUp};

    fn spec(owns: &[&str]) -> GitSpec {
        GitSpec {
            common: "/r/.git".into(),
            worktree: "/r/.runr-worktrees/x".into(),
            folder: String::new(),
            branch: "runr/x".to_owned(),
            git_lock: "/l".into(),
            branch_lock: "/l".into(),
            kind: TaskKind::Automated,
            fingerprint: Fingerprint::new([0; 16]),
            owns: owns.iter().map(|own| (*own).to_owned()).collect(),
            scope: ScopeRules::default(),
            steering: vec!["orchestration.yaml".to_owned()],
            setup: TreeSetUp::default(),
            commits: CommitRules::default(),
            excludes: None,
            needs: Vec::new(),
            continues: None,
            remarks: Vec::new(),
            guard: Guard::default(),
        }
    }

    fn why(spec: &GitSpec, path: &str) -> Option<Why> {
        let change = Change {
            path: path.to_owned(),
            what: What::Added,
        };
        let found = outside(&Bounds::of(spec), &[change]).unwrap();
        found.first().map(|outside| outside.why)
    }

    #[test]
    fn a_task_changes_what_it_owns() {
        let all: &[&str] = &[];
        for (owns, path, expected) in [
            (all, "anything/at/all.txt", None),
            (&["src/net/**"], "src/net/new/deep.rs", None),
            (&["src/net"], "src/net/new/deep.rs", None),
            (&["./src/net/"], "src/net/a.rs", None),
            (&["src/*.rs"], "src/a.rs", None),
            (&["src/*.rs"], "src/net/a.rs", Some(Why::NotOwned)),
            (&["src/net/**"], "src/network/a.rs", Some(Why::NotOwned)),
            (all, ".runr/config.yaml", Some(Why::Steering)),
            (&["**"], ".runr/tasks/a.md", Some(Why::Steering)),
            (&[".runr/tasks/**"], ".runr/tasks/a.md", None),
            (&["**"], "orchestration.yaml", Some(Why::Steering)),
            (&["orchestration.yaml"], "orchestration.yaml", None),
            (all, "sub/.gitattributes", Some(Why::Steering)),
            (all, ".github/workflows/ci.yml", Some(Why::Steering)),
            (&[".github/**"], ".github/workflows/ci.yml", None),
            (&["**/.gitignore"], "sub/.gitignore", None),
            (
                &["**/.gitignore"],
                "sub/.gitattributes",
                Some(Why::Steering),
            ),
            (all, "Cargo.lock", Some(Why::LockFile)),
            (&["**"], "web/yarn.lock", Some(Why::LockFile)),
            (&["web/yarn.lock"], "web/yarn.lock", None),
        ] {
            assert_eq!(why(&spec(owns), path), expected, "{owns:?} and {path}");
        }
    }

    #[test]
    fn the_rules_of_the_configuration_hold_for_all() {
        let mut spec = spec(&["src/**"]);
        spec.scope = ScopeRules {
            allow: vec!["docs/**".to_owned()],
            deny: vec!["**/secret*".to_owned()],
            lockfiles: vec!["Cargo.lock".to_owned()],
        };
        for (path, expected) in [
            ("docs/a.md", None),
            ("src/secret.txt", Some(Why::Denied)),
            ("src/secrets/key", Some(Why::Denied)),
            ("Cargo.lock", None),
            ("web/Cargo.lock", Some(Why::LockFile)),
            ("other.txt", Some(Why::NotOwned)),
        ] {
            assert_eq!(why(&spec, path), expected, "{path}");
        }
        spec.folder = "apps/one".to_owned();
        assert_eq!(why(&spec, "apps/one/src/a.rs"), None);
        assert_eq!(why(&spec, "apps/one2/src/a.rs"), Some(Why::OutsideProject));
        assert_eq!(why(&spec, "src/a.rs"), Some(Why::OutsideProject));
        let change = Change {
            path: "apps/one/src/own".to_owned(),
            what: What::Repository,
        };
        assert_eq!(
            outside(&Bounds::of(&spec), &[change]).unwrap()[0].why,
            Why::Repository
        );
    }
}
