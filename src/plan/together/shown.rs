//! How things of other repositories are shown from the home, and what is said of their names.

use std::sync::Arc;

use crate::model::{Place, Repositories, Task, TaskId, Whose};
use crate::spec::Finding;

/// How the files of a repository are named from the home's root.
pub(super) struct Shown<'a> {
    folder: Option<&'a str>,
    /// Many places stand in one file, and one after the other.
    last: Option<(Arc<str>, Arc<str>)>,
}

impl<'a> Shown<'a> {
    pub(super) fn new(repositories: &'a Repositories, whose: Whose) -> Self {
        Self {
            folder: repositories.get(whose).map(|other| &*other.folder),
            last: None,
        }
    }

    pub(super) fn file(&mut self, file: &Arc<str>) -> Arc<str> {
        let Some(folder) = self.folder else {
            return file.clone();
        };
        match &self.last {
            Some((own, shown)) if Arc::ptr_eq(own, file) => shown.clone(),
            _ => {
                let shown: Arc<str> = format!("{folder}/{file}").into();
                self.last = Some((file.clone(), shown.clone()));
                shown
            }
        }
    }

    pub(super) fn place(&mut self, place: &Place) -> Place {
        Place {
            file: self.file(&place.file),
            line: place.line,
            column: place.column,
        }
    }
}

pub(super) fn taken(id: &TaskId, place: &Place) -> Finding {
    let alias = id.as_str().split(':').next().unwrap_or_default();
    let mark = crate::spec::Mark {
        line: place.line,
        column: place.column,
        width: 0,
    };
    Finding::error(
        "bad-name",
        &place.file,
        mark,
        format!("`{alias}:` means the tasks of the repository `{alias}`"),
    )
    .help("rename the file, or give the repository another name in `repos`")
}

pub(super) fn too_long(task: &Task, shown: &mut Shown<'_>) -> Finding {
    let place = shown.place(&task.place);
    Finding::error(
        "bad-name",
        &place.file,
        crate::spec::Mark::START,
        format!(
            "`{}` is too long with the name of its repository before it",
            task.id
        ),
    )
    .help("shorten one of them")
}
