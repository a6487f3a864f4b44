//! Journals of other repositories that come back after they could not be read.
//!
//! Knows files only by what the file system says of them: a journal is opened again when that has changed.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use crate::model::{Unread, Unreadable, Whose};
use crate::store::{Layout, Store, Stores};

/// What the file system says of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Seen {
    device: u64,
    inode: u64,
    bytes: u64,
    /// In seconds and nanoseconds.
    changed: (i64, i64),
}

/// What it says of a journal and of the cache beside it; `None`: the file is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    journal: Option<Seen>,
    cache: Option<Seen>,
}

impl Stamp {
    fn of(root: &Path) -> Self {
        let layout = Layout::new(root);
        let seen = |path: &Path| {
            let meta = std::fs::metadata(path).ok()?;
            Some(Seen {
                device: meta.dev(),
                inode: meta.ino(),
                bytes: meta.size(),
                changed: (meta.ctime(), meta.ctime_nsec()),
            })
        };
        Self {
            journal: seen(&layout.journal()),
            cache: seen(&layout.status_cache()),
        }
    }
}

impl Stores {
    /// Tries the journals again that could not be read, each once for every change of its files. What comes back is
    /// known from here on, with everything that was written meanwhile.
    pub fn reopen(&mut self) {
        let mut back = false;
        for number in 0..self.others.len() {
            let Some(other) = self.repositories.get(Whose::Other(number)) else {
                continue;
            };
            let Some(tried) = self.lost.get(&other.alias).copied() else {
                continue;
            };
            // Before the attempt: what changes during it is tried again.
            let now = Stamp::of(&other.root);
            // One that was read before and is not there has not begun anew.
            if tried == Some(now) || now.journal.is_none() {
                continue;
            }
            let alias = other.alias.clone();
            let (store, why) = match Store::open(&other.root) {
                Ok(store) => match store.damage().map(ToString::to_string) {
                    None => (Some(store), None),
                    damage => (None, damage),
                },
                Err(error) => (None, Some(error.to_string())),
            };
            back |= store.is_some();
            self.others[number] = store;
            match why {
                None => {
                    self.lost.remove(&alias);
                    self.left.remove(&Whose::Other(number));
                    self.stranded
                        .retain(|_, whose| *whose != Whose::Other(number));
                    self.repositories.set_known(number);
                }
                Some(why) => {
                    self.lost.insert(alias, Some(now));
                    self.repositories
                        .set_unknown(number, Unreadable::new(Unread::Journal, why));
                }
            }
        }
        if back {
            self.join();
        }
    }
}
