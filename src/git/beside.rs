//! What changed in the user's own working tree while a run worked in another one.
//!
//! Knows what differs from HEAD, and how each such file looked. Cannot tell who changed it: the user may work
//! there meanwhile, and an agent may have got its paths wrong.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::SystemTime;

use crate::git::GitError;
use crate::git::checkpoint::What;
use crate::git::uncommitted::uncommitted;

/// How a file looked without reading it; `None`: it is not there.
type Look = Option<(SystemTime, u64)>;

/// The user's uncommitted work at one moment.
#[derive(Debug)]
pub struct Beside(BTreeMap<String, (What, Look)>);

impl Beside {
    /// Looks at the working tree at `top`. One process.
    ///
    /// # Errors
    /// When git refuses.
    pub fn of(top: &Path) -> Result<Self, GitError> {
        let changes = uncommitted(top)?.into_iter().map(|change| {
            let look = look(&top.join(&change.path));
            (change.path, (change.what, look))
        });
        Ok(Self(changes.collect()))
    }

    /// The files that look otherwise now, from the top, sorted.
    #[must_use]
    pub fn changed(&self, now: &Self) -> Vec<String> {
        now.0
            .iter()
            .filter(|(path, now)| self.0.get(*path) != Some(now))
            .map(|(path, _)| path.clone())
            .collect()
    }
}

fn look(path: &Path) -> Look {
    let found = fs::symlink_metadata(path).ok()?;
    Some((found.modified().ok()?, found.len()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::sample::Sample;

    #[test]
    fn only_what_changed_meanwhile_is_told() {
        let sample = Sample::new();
        for name in ["kept.txt", "edited.txt", "gone.txt"] {
            sample.commit(name, "1");
        }
        let root = sample.root();
        let put = |name: &str, text: &str| std::fs::write(root.join(name), text).unwrap();
        put("kept.txt", "by the user");
        put("again.txt", "by the user");
        let before = Beside::of(&root).unwrap();
        assert_eq!(before.changed(&Beside::of(&root).unwrap()), [""; 0]);
        put("edited.txt", "2");
        put("again.txt", "and again");
        put("new.txt", "1");
        std::fs::remove_file(root.join("gone.txt")).unwrap();
        let now = Beside::of(&root).unwrap();
        assert_eq!(
            before.changed(&now),
            ["again.txt", "edited.txt", "gone.txt", "new.txt"]
        );
        sample.git(&["add", "-A"]);
        sample.git(&["commit", "-qm", "all"]);
        let committed = Beside::of(&root).unwrap();
        assert_eq!(
            before.changed(&committed),
            [""; 0],
            "what is committed is the user's"
        );
    }
}
