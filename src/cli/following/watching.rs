//! Tells when the journal or the files of a project change.
//!
//! What is not there yet, or not any more, is looked for in the nearest folder that is: a `.runr/` that is made later
//! and one that comes back are watched as if they had always been there.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Context as _;
use notify::event::ModifyKind;
use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};

use crate::store::Layout;

/// What may be different now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Changed {
    Journal,
    /// Task files or the configuration.
    Files,
}

/// Told of every change.
pub type Tell = Arc<dyn Fn(Changed) + Send + Sync>;

/// What is watched of one repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub root: PathBuf,
    /// The common directory of its git: what is checked out is asked for in the home only.
    pub git: Option<PathBuf>,
    /// An orchestration file that is not where it usually is.
    pub file: Option<PathBuf>,
}

/// Watching ends with it.
pub struct Watching {
    tell: Tell,
    watched: Vec<One>,
}

impl std::fmt::Debug for Watching {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(&self.watched).finish()
    }
}

impl Watching {
    #[must_use]
    pub fn new(tell: Tell) -> Self {
        let watched = Vec::new();
        Self { tell, watched }
    }

    /// Watches these repositories as their folders are now. Where something is watched that was not before, what has
    /// happened there until now may have gone unheard: then it is told that the files have changed.
    ///
    /// # Errors
    /// When the system gives no watch; what could be watched is watched all the same.
    pub fn follow(&mut self, places: Vec<Place>) -> anyhow::Result<()> {
        let mut before = std::mem::take(&mut self.watched);
        let mut trouble = None;
        for place in places {
            let known = before.iter().position(|one| one.place == place);
            let one = match known {
                Some(at) => Ok(before.swap_remove(at)),
                None => One::new(place, Arc::clone(&self.tell)),
            };
            match one.and_then(|mut one| one.attend(&self.tell).map(|()| one)) {
                Ok(one) => self.watched.push(one),
                Err(error) => trouble = trouble.or(Some(error)),
            }
        }
        trouble.map_or(Ok(()), Err)
    }
}

/// One repository.
#[derive(Debug)]
struct One {
    place: Place,
    watcher: RecommendedWatcher,
    watched: BTreeMap<PathBuf, RecursiveMode>,
    /// A folder that is watched was moved or removed, and its watch with it.
    upset: Arc<AtomicBool>,
}

impl One {
    fn new(place: Place, tell: Tell) -> anyhow::Result<Self> {
        let upset = Arc::new(AtomicBool::new(false));
        let ear = Ear {
            folders: folders(&place).into_iter().map(|(path, _)| path).collect(),
            layout: Layout::new(&place.root),
            head: place.git.as_ref().map(|git| git.join("logs/HEAD")),
            place: place.clone(),
            upset: Arc::clone(&upset),
            tell,
        };
        let told = move |event| ear.hear(event);
        Ok(Self {
            place,
            watcher: notify::recommended_watcher(told).context("cannot watch files")?,
            watched: BTreeMap::new(),
            upset,
        })
    }

    fn attend(&mut self, tell: &Tell) -> anyhow::Result<()> {
        let wanted = self.wanted();
        let upset = self.upset.swap(false, Ordering::Relaxed);
        if !upset && wanted == self.watched {
            return Ok(());
        }
        let began = self.watched.is_empty();
        for path in std::mem::take(&mut self.watched).into_keys() {
            // A folder that is gone is not watched any more.
            drop(self.watcher.unwatch(&path));
        }
        for (path, mode) in &wanted {
            self.watcher
                .watch(path, *mode)
                .with_context(|| format!("cannot watch `{}`", path.display()))?;
        }
        self.watched = wanted;
        if !began {
            tell(Changed::Files);
        }
        Ok(())
    }

    /// The folders to be watched, as far as they are there; of the others the nearest above.
    fn wanted(&self) -> BTreeMap<PathBuf, RecursiveMode> {
        let mut wanted = BTreeMap::new();
        for (path, mode) in folders(&self.place) {
            let there = path.ancestors().find(|folder| folder.is_dir());
            let Some(there) = there.map(Path::to_owned) else {
                continue;
            };
            match there == path {
                true => wanted.insert(there, mode),
                false => Some(*wanted.entry(there).or_insert(RecursiveMode::NonRecursive)),
            };
        }
        wanted
    }
}

fn folders(place: &Place) -> Vec<(PathBuf, RecursiveMode)> {
    let layout = Layout::new(&place.root);
    let mut folders = vec![
        (place.root.clone(), RecursiveMode::NonRecursive),
        (layout.dir(), RecursiveMode::NonRecursive),
        (layout.tasks(), RecursiveMode::Recursive),
    ];
    let more = [
        place.git.as_ref().map(|git| git.join("logs")),
        place
            .file
            .as_ref()
            .and_then(|file| Some(file.parent()?.to_owned())),
    ];
    for folder in more.into_iter().flatten() {
        if !folders.iter().any(|(known, _)| *known == folder) {
            folders.push((folder, RecursiveMode::NonRecursive));
        }
    }
    folders
}

/// Makes out what an event of the file system means.
struct Ear {
    place: Place,
    layout: Layout,
    head: Option<PathBuf>,
    folders: Vec<PathBuf>,
    upset: Arc<AtomicBool>,
    tell: Tell,
}

impl Ear {
    fn hear(&self, event: notify::Result<notify::Event>) {
        let Ok(event) = event else {
            // After an overflow anything may have happened.
            self.upset.store(true, Ordering::Relaxed);
            (self.tell)(Changed::Files);
            return;
        };
        if event.kind.is_access() {
            return;
        }
        let comes_or_goes = matches!(
            event.kind,
            EventKind::Create(_) | EventKind::Remove(_) | EventKind::Modify(ModifyKind::Name(_))
        );
        let mut found = None;
        for path in &event.paths {
            // A folder that is watched, or one on the way to it.
            let structure = |folder: &PathBuf| folder.starts_with(path);
            if comes_or_goes && self.folders.iter().any(structure) {
                self.upset.store(true, Ordering::Relaxed);
                found = Some(Changed::Files);
            } else if self.is_file(path) {
                found = Some(Changed::Files);
            } else if *path == self.layout.journal() || self.head.as_ref() == Some(path) {
                found = found.or(Some(Changed::Journal));
            }
        }
        if let Some(found) = found {
            (self.tell)(found);
        }
    }

    fn is_file(&self, path: &Path) -> bool {
        let kind = path.extension().and_then(|kind| kind.to_str());
        let named = |name: &str| path.file_stem().is_some_and(|stem| stem == name);
        let above = path.parent();
        path.starts_with(self.layout.tasks())
            || self.place.file.as_deref() == Some(path)
            || (above == Some(&self.layout.dir())
                && !named("task-status")
                && matches!(kind, Some("yaml" | "yml" | "json")))
            || (above == Some(&self.place.root) && path.ends_with("orchestration.yaml"))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::sync::mpsc::{Receiver, channel};
    use std::time::Duration;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(30);

    fn watching() -> (Watching, Receiver<Changed>) {
        let (tell, told) = channel();
        let watching = Watching::new(Arc::new(move |changed| {
            // A test that is over hears nothing more.
            let _ = tell.send(changed);
        }));
        (watching, told)
    }

    fn heard(told: &Receiver<Changed>, expected: Changed) {
        // Others may come before it: a folder that appears, a file that is made before it is written.
        while told.recv_timeout(PATIENCE).unwrap() != expected {}
    }

    /// Brings the watches up to date as a reader does: again after everything that is heard meanwhile.
    fn settle(watching: &mut Watching, place: &Place, told: &Receiver<Changed>) {
        watching.follow(vec![place.clone()]).unwrap();
        while told.try_recv().is_ok() {
            watching.follow(vec![place.clone()]).unwrap();
        }
    }

    #[test]
    fn what_is_made_later_and_what_comes_back_is_heard_of() {
        let top = tempfile::tempdir().unwrap();
        let root = top.path().join("a/project");
        let (mut watching, told) = watching();
        let place = Place {
            root: root.clone(),
            git: None,
            file: None,
        };
        settle(&mut watching, &place, &told);
        for made in ["", ".runr", ".runr/tasks"] {
            fs::create_dir_all(root.join(made)).unwrap();
            heard(&told, Changed::Files);
            settle(&mut watching, &place, &told);
        }
        fs::write(root.join(".runr/tasks/a.md"), "x").unwrap();
        heard(&told, Changed::Files);
        fs::write(root.join(".runr/journal.jsonl"), "x").unwrap();
        heard(&told, Changed::Journal);
        fs::write(root.join("orchestration.yaml"), "x").unwrap();
        heard(&told, Changed::Files);
        for away in [".runr/tasks", ".runr", ""] {
            fs::rename(root.join(away), top.path().join("away")).unwrap();
            heard(&told, Changed::Files);
            settle(&mut watching, &place, &told);
            fs::rename(top.path().join("away"), root.join(away)).unwrap();
            heard(&told, Changed::Files);
            settle(&mut watching, &place, &told);
            fs::write(root.join(".runr/tasks/a.md"), away).unwrap();
            heard(&told, Changed::Files);
            settle(&mut watching, &place, &told);
            fs::write(root.join(".runr/journal.jsonl"), away).unwrap();
            heard(&told, Changed::Journal);
        }
    }

    #[test]
    fn what_concerns_nobody_is_not_told() {
        let top = tempfile::tempdir().unwrap();
        let root = top.path().to_owned();
        fs::create_dir_all(root.join(".runr/tasks")).unwrap();
        let (mut watching, told) = watching();
        let place = Place {
            root: root.clone(),
            git: None,
            file: Some(root.join("other/o.yaml")),
        };
        settle(&mut watching, &place, &told);
        for path in ["Cargo.toml", ".runr/task-status.json", ".runr/journal.lock"] {
            fs::write(root.join(path), "x").unwrap();
        }
        fs::create_dir(root.join("src")).unwrap();
        fs::write(root.join(".runr/journal.jsonl"), "x").unwrap();
        assert_eq!(told.recv_timeout(PATIENCE), Ok(Changed::Journal));
        fs::create_dir(root.join("other")).unwrap();
        heard(&told, Changed::Files);
        settle(&mut watching, &place, &told);
        fs::write(root.join("other/o.yaml"), "x").unwrap();
        heard(&told, Changed::Files);
    }
}
