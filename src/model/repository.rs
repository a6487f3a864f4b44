//! Repositories that work together: what they are called, and what a task is called in which of them.
//!
//! Knows names only. In a plan of several repositories a task of the one that the plan is made for (the *home*) has its
//! own id, a task of another one `ALIAS:ID`. Each repository's journal names tasks as its own configuration does. Does
//! not know where a repository's files are read.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use crate::model::TaskId;

/// What a repository is called: a name of the configuration, or several joined by `/` for a repository that is reached
/// through another one only. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Alias(Arc<str>);

impl Alias {
    /// Checks a name of the configuration. `None`: it has something else than letters, digits, `-`, `_` and `.`, or
    /// begins with a dot.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let fine = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        let is = !text.is_empty() && !text.starts_with('.') && text.len() <= 64;
        (is && text.chars().all(fine)).then(|| Self(text.into()))
    }

    /// The name of a repository that this one's configuration calls `name`.
    #[must_use]
    pub fn through(&self, name: &Self) -> Self {
        Self(format!("{}/{}", self.0, name.0).into())
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whose a task is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Whose {
    Home,
    /// By its number in [`Repositories::others`].
    Other(usize),
}

/// What a repository's configuration calls the repositories that it names.
pub type Known = BTreeMap<Alias, Whose>;

/// A repository beside the home.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repository {
    /// In the plan.
    pub alias: Alias,
    /// Where it is, from the home's root: `../api`. What is shown and what programs are told.
    pub folder: Box<str>,
    /// Where it is, from the folder that commands are typed in.
    pub typed: Box<str>,
    /// Absolute, without links as far as it is there.
    pub root: PathBuf,
    pub knows: Known,
    /// Why it cannot be read; its tasks are unknown then.
    pub unknown: Option<Unreadable>,
}

/// Why a repository cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    pub why: Box<str>,
    pub what: Unread,
}

impl Unreadable {
    #[must_use]
    pub fn new(what: Unread, why: impl Into<Box<str>>) -> Self {
        Self {
            why: why.into(),
            what,
        }
    }
}

/// What of a repository cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unread {
    /// Its folder is not there, or its files are invalid.
    Files,
    Journal,
}

/// All repositories of a plan. The default: the home alone.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Repositories {
    home: Known,
    others: Vec<Repository>,
}

impl Repositories {
    #[must_use]
    pub fn new(home: Known, others: Vec<Repository>) -> Self {
        Self { home, others }
    }

    /// Are there no others?
    #[must_use]
    pub fn is_alone(&self) -> bool {
        self.others.is_empty()
    }

    /// In the order in which the configurations name them, the home's first.
    #[must_use]
    pub fn others(&self) -> &[Repository] {
        &self.others
    }

    #[must_use]
    pub fn get(&self, whose: Whose) -> Option<&Repository> {
        match whose {
            Whose::Home => None,
            Whose::Other(number) => self.others.get(number),
        }
    }

    /// What a repository's configuration calls the others.
    #[must_use]
    pub fn known_by(&self, whose: Whose) -> &Known {
        self.get(whose).map_or(&self.home, |other| &other.knows)
    }

    /// Notes that a repository cannot be read. Its files are called as they are typed from the home.
    pub fn set_unknown(&mut self, number: usize, mut why: Unreadable) {
        if let Some(other) = self.others.get_mut(number) {
            let root = format!("{}/", other.root.display());
            why.why = why.why.replace(&root, &format!("{}/", other.folder)).into();
            other.unknown = Some(why);
        }
    }

    /// Forgets that this cannot be read of any repository.
    pub fn forget(&mut self, what: Unread) {
        for other in &mut self.others {
            other.unknown.take_if(|unknown| unknown.what == what);
        }
    }

    /// Those that cannot be read, with why.
    pub fn unreadable(&self) -> impl Iterator<Item = (&Repository, &Unreadable)> {
        let others = self.others.iter();
        others.filter_map(|other| Some((other, other.unknown.as_ref()?)))
    }

    /// Notes that a repository can be read.
    pub fn set_known(&mut self, number: usize) {
        if let Some(other) = self.others.get_mut(number) {
            other.unknown = None;
        }
    }

    /// Whose task an id of the plan names.
    #[must_use]
    pub fn whose(&self, id: &TaskId) -> Whose {
        if self.is_alone() {
            return Whose::Home;
        }
        self.split(id.as_str()).0
    }

    /// What a task of the plan is called in its own repository.
    #[must_use]
    pub fn own(&self, id: &TaskId) -> TaskId {
        if self.is_alone() {
            return id.clone();
        }
        match self.split(id.as_str()) {
            (Whose::Home, _) => id.clone(),
            // What stands behind a prefix was an id before.
            (Whose::Other(_), own) => TaskId::parse(own).unwrap_or_else(|_| id.clone()),
        }
    }

    /// What the plan calls a task that the files and the journal of a repository call `id`. `None`: the name is too
    /// long, or it names a repository that is not part of the plan.
    #[must_use]
    pub fn in_plan(&self, from: Whose, id: &TaskId) -> Option<TaskId> {
        if self.is_alone() {
            return Some(id.clone());
        }
        let knows = self.known_by(from);
        let named = id.as_str().split_once(':').and_then(|(alias, own)| {
            let alias = Alias::parse(alias)?;
            Some((*knows.get(&alias)?, own))
        });
        let (whose, own) = named.unwrap_or((from, id.as_str()));
        match self.get(whose) {
            None => TaskId::parse(own).ok(),
            Some(other) => TaskId::parse(&format!("{}:{own}", other.alias.as_str())).ok(),
        }
    }

    /// What the files and the journal of a repository call a task of the plan. `None`: they have no name for it.
    #[must_use]
    pub fn seen_from(&self, from: Whose, id: &TaskId) -> Option<TaskId> {
        if self.is_alone() {
            return Some(id.clone());
        }
        let (whose, own) = self.split(id.as_str());
        if whose == from {
            return TaskId::parse(own).ok();
        }
        let knows = self.known_by(from);
        let (alias, _) = knows.iter().find(|(_, other)| **other == whose)?;
        TaskId::parse(&format!("{}:{own}", alias.as_str())).ok()
    }

    fn split<'a>(&self, id: &'a str) -> (Whose, &'a str) {
        let Some((alias, own)) = id.split_once(':') else {
            return (Whose::Home, id);
        };
        let found = self.others.iter().position(|o| o.alias.as_str() == alias);
        match found {
            Some(number) => (Whose::Other(number), own),
            None => (Whose::Home, id),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alias(text: &str) -> Alias {
        Alias::parse(text).unwrap()
    }

    /// Home names `api`; api names home `site` and, beside it, `common`, which the home does not name.
    fn repositories() -> Repositories {
        let other = |name: Alias, knows: Known| Repository {
            alias: name,
            folder: "..".into(),
            typed: "..".into(),
            root: PathBuf::new(),
            knows,
            unknown: None,
        };
        let api = Known::from([
            (alias("site"), Whose::Home),
            (alias("common"), Whose::Other(1)),
        ]);
        Repositories::new(
            Known::from([(alias("api"), Whose::Other(0))]),
            vec![
                other(alias("api"), api),
                other(alias("api").through(&alias("common")), Known::new()),
            ],
        )
    }

    #[test]
    fn files_of_a_repository_are_called_as_they_are_typed() {
        let mut all = repositories().others;
        (all[0].folder, all[0].root) = ("../api".into(), PathBuf::from("/top/api"));
        let mut repositories = Repositories::new(Known::new(), all);
        let why = "`/top/api/.runr/x` is damaged, `/top/api2/x` is not";
        repositories.set_unknown(0, Unreadable::new(Unread::Journal, why));
        let unknown = repositories.others()[0].unknown.as_ref();
        let why = "`../api/.runr/x` is damaged, `/top/api2/x` is not";
        assert_eq!(unknown.map(|unknown| &*unknown.why), Some(why));
    }

    #[test]
    fn each_repository_has_its_own_name_for_a_task() {
        let repositories = repositories();
        let (home, api, common) = (Whose::Home, Whose::Other(0), Whose::Other(1));
        for (from, seen, plan, whose) in [
            (home, "a.md", "a.md", home),
            (home, "net:a.md", "net:a.md", home),
            (home, "api:a.md", "api:a.md", api),
            (api, "a.md", "api:a.md", api),
            (api, "net:a.md", "api:net:a.md", api),
            (api, "site:a.md", "a.md", home),
            (api, "common:x/a.md", "api/common:x/a.md", common),
            (common, "a.md", "api/common:a.md", common),
        ] {
            let id = |text: &str| TaskId::parse(text).unwrap();
            assert_eq!(repositories.in_plan(from, &id(seen)), Some(id(plan)));
            assert_eq!(repositories.seen_from(from, &id(plan)), Some(id(seen)));
            assert_eq!(repositories.whose(&id(plan)), whose, "{plan}");
        }
        let far = TaskId::parse("api/common:a.md").unwrap();
        assert_eq!(repositories.seen_from(home, &far), None);
        assert_eq!(repositories.own(&far).as_str(), "a.md");
    }

    #[test]
    fn a_name_has_no_separator() {
        for (text, is) in [
            ("api", true),
            ("api-2_b.c", true),
            ("", false),
            (".api", false),
            ("a/b", false),
            ("a:b", false),
            ("a b", false),
        ] {
            assert_eq!(Alias::parse(text).is_some(), is, "{text:?}");
        }
    }
}
