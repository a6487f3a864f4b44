//! Which tasks own a path.
//!
//! Pure. Knows the patterns of a plan's tasks. Does not know who changed what.

use std::collections::{BTreeSet, HashMap};

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

use crate::model::Whose;
use crate::plan::{Plan, TaskIx};

/// With more folders than these it is dearer to tell which of them a path is in than to look at some more paths.
const FOLDERS: usize = 8;

/// The tasks by what they own.
#[derive(Debug)]
pub struct Owners {
    /// In the order of the tasks that own anything.
    sets: Vec<(TaskIx, GlobSet)>,
    /// Places in `sets` by the folders, or files, that all they own is in. Looked up only, so that no order shows.
    by_folder: HashMap<String, Vec<usize>>,
}

impl Owners {
    /// Paths are the home's. Patterns that are none match nothing; they were reported when the files were read.
    #[must_use]
    pub fn new(plan: &Plan) -> Self {
        let home = plan.tasks_of(Whose::Home).into_iter();
        let owning = home.filter(|ix| !plan.task(*ix).owns.is_empty());
        let mut owners = Self {
            sets: Vec::new(),
            by_folder: HashMap::new(),
        };
        for ix in owning {
            let place = owners.sets.len();
            let patterns = &plan.task(ix).owns;
            owners.sets.push((ix, set(patterns)));
            let folders: BTreeSet<String> = patterns.iter().filter_map(|p| folder(p)).collect();
            for folder in folders {
                owners.by_folder.entry(folder).or_default().push(place);
            }
        }
        owners
    }

    /// The tasks that own a path, in their order.
    pub fn of(&self, path: &str) -> impl Iterator<Item = TaskIx> {
        let slashes = path.match_indices('/').map(|(at, _)| at);
        let ends = [0].into_iter().chain(slashes).chain([path.len()]);
        let mut places: Vec<usize> = ends
            .filter_map(|end| self.by_folder.get(&path[..end]))
            .flatten()
            .copied()
            .collect();
        places.sort_unstable();
        places.dedup();
        places
            .into_iter()
            .map(|place| &self.sets[place])
            .filter(move |(_, set)| set.is_match(path))
            .map(|(ix, _)| *ix)
    }

    /// The one task that owns all of these paths.
    pub(super) fn only(&self, paths: &[String]) -> Option<TaskIx> {
        let (first, others) = paths.split_first()?;
        let mut all = self.of(first).filter(|ix| {
            let owns = |path: &String| self.of(path).any(|other| other == *ix);
            others.iter().all(owns)
        });
        let ix = all.next()?;
        all.next().is_none().then_some(ix)
    }

    /// Folders, or files, that everything owned is in: few, none within another, sorted. The empty one is the
    /// project's root.
    #[must_use]
    pub fn folders(&self) -> Vec<String> {
        few(self.by_folder.keys().cloned().collect())
    }
}

/// Folders that these folders are in, at most [`FOLDERS`].
fn few(mut folders: BTreeSet<String>) -> Vec<String> {
    loop {
        let outermost: BTreeSet<String> = folders
            .iter()
            .filter(|folder| !above(folder).any(|above| folders.contains(above)))
            .cloned()
            .collect();
        if outermost.len() <= FOLDERS {
            return outermost.into_iter().collect();
        }
        let depth = |folder: &str| folder.matches('/').count();
        let deepest = outermost.iter().map(|folder| depth(folder)).max();
        folders = outermost
            .into_iter()
            .map(|folder| {
                if Some(depth(&folder)) == deepest {
                    above(&folder).next().unwrap_or_default().to_owned()
                } else {
                    folder
                }
            })
            .collect();
    }
}

/// The folders around one, the nearest first; the last is the root.
fn above(folder: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(folder), |folder| {
        if folder.is_empty() {
            return None;
        }
        Some(folder.rsplit_once('/').map_or("", |(above, _)| above))
    })
    .skip(1)
}

/// The folder, or file, that all that a pattern matches is in: its leading components without wildcards. `None`: it
/// matches no path.
fn folder(pattern: &str) -> Option<String> {
    let pattern = plain(pattern);
    if pattern.contains('\0') {
        return None;
    }
    let components: Vec<&str> = pattern
        .split('/')
        .take_while(|component| !component.contains(['*', '?', '[', ']', '{', '}', '\\']))
        .collect();
    let odd = |component: &&str| matches!(*component, "" | "." | "..");
    (!components.iter().any(odd)).then(|| components.join("/"))
}

fn plain(pattern: &str) -> &str {
    pattern.trim_start_matches("./").trim_end_matches('/')
}

fn set(patterns: &[Box<str>]) -> GlobSet {
    let mut builder = GlobSetBuilder::new();
    for pattern in patterns {
        let pattern = plain(pattern);
        // A folder owns what is in it.
        for pattern in [pattern.to_owned(), format!("{pattern}/**")] {
            let glob = GlobBuilder::new(&pattern).literal_separator(true).build();
            if let Ok(glob) = glob {
                builder.add(glob);
            }
        }
    }
    builder.build().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::tests::Story;

    #[test]
    fn a_pattern_stays_in_its_folder() {
        for (pattern, expected) in [
            ("src/net/**", Some("src/net")),
            ("./src/a.rs", Some("src/a.rs")),
            ("src/", Some("src")),
            ("src/{a,b/c}/x", Some("src")),
            ("**/x", Some("")),
            ("*", Some("")),
            ("../x", None),
            ("/x", None),
            ("a//b", None),
            ("", None),
        ] {
            assert_eq!(folder(pattern).as_deref(), expected, "{pattern}");
        }
    }

    #[test]
    fn a_wildcard_across_folders_is_no_folder() {
        // A brace may hold a slash.
        assert_eq!(folder("a/{b/c,d}").as_deref(), Some("a"));
        assert_eq!(folder("{a/b,c}/d").as_deref(), Some(""));
    }

    #[test]
    fn many_folders_become_few_that_hold_them() {
        let many = |names: &mut dyn Iterator<Item = String>| few(names.collect());
        assert_eq!(many(&mut (0..100).map(|n| format!("src/{n}"))), ["src"]);
        assert_eq!(
            many(&mut (0..100).map(|n| format!("a/{n}/x")).chain(["b/c".into()])),
            ["a", "b"]
        );
        assert_eq!(many(&mut (0..100).map(|n| n.to_string())), [""]);
        let inner = ["a", "a/b", "a/b/c", "ab"].map(str::to_owned);
        assert_eq!(few(inner.into()), ["a", "ab"]);
        assert_eq!(few(BTreeSet::new()), [""; 0]);
    }

    #[test]
    fn owners_are_found_as_if_every_pattern_were_asked() {
        let patterns = [
            "src/net/**",
            "src",
            "src/*.rs",
            "**/x",
            "lib/a.rs",
            "lib/{a,b}/*",
            "src/net/../x",
            "./doc/",
        ];
        let names: Vec<String> = (0..patterns.len()).map(|n| format!("{n}.md")).collect();
        let tasks: Vec<(&str, &[&str])> = names.iter().map(|name| (&**name, &[][..])).collect();
        let mut story = Story::new(&tasks);
        for (name, pattern) in names.iter().zip(patterns) {
            story.change(name, |task| task.owns = [Box::from(pattern)].into());
        }
        let owners = Owners::new(&story.plan);
        for path in [
            "src/net/a",
            "src/a.rs",
            "src",
            "x",
            "lib/a.rs",
            "lib/a/x",
            "lib/b/c",
            "doc/ü/a",
            "other",
            "srcs/a",
        ] {
            let asked: Vec<TaskIx> = owners.of(path).collect();
            let every: Vec<TaskIx> = owners
                .sets
                .iter()
                .filter(|(_, set)| set.is_match(path))
                .map(|(ix, _)| *ix)
                .collect();
            assert_eq!(asked, every, "{path}");
        }
    }
}
