//! Why what is shown is not all that there is.

use std::collections::BTreeMap;
use std::path::Path;

use crate::model::{Diagnostic, Severity};
use crate::report::count;

/// What is wrong with the files of a project that is looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// They cannot be read as a whole; there is at least one error.
    Invalid(Vec<Diagnostic>),
    /// The folder with the tasks is not there any more.
    Gone,
    /// Changes are not heard of.
    Unwatched(String),
}

impl Trouble {
    /// One line, the place first.
    #[must_use]
    pub fn line(&self) -> String {
        match self {
            Self::Invalid(problems) => {
                let errors = problems.iter().filter(|p| p.severity == Severity::Error);
                let n = errors.clone().count();
                let first = errors.into_iter().next();
                let place = first.and_then(|problem| problem.place.as_ref());
                let message = first.map_or("", |problem| &problem.message);
                let place = place.map_or_else(String::new, |place| format!("{place}: "));
                let more = match n {
                    0 | 1 => String::new(),
                    n => format!(" and {}", count(n - 1, "more error", "more errors")),
                };
                format!(
                    "{place}{message}{more} (runr check); until then the tasks are as last read"
                )
            }
            Self::Gone => {
                "`.runr` is not there any more; what is shown is how things stood before".to_owned()
            }
            Self::Unwatched(why) => format!("changes may show late: {why}"),
        }
    }

    /// The files that are invalid, from the root, each with its first error.
    #[must_use]
    pub fn files(&self) -> BTreeMap<&str, &Diagnostic> {
        let Self::Invalid(problems) = self else {
            return BTreeMap::new();
        };
        let mut files = BTreeMap::new();
        for problem in problems {
            if let (Severity::Error, Some(place)) = (problem.severity, &problem.place) {
                files.entry(&*place.file).or_insert(problem);
            }
        }
        files
    }
}

/// A text without the path of the root, which everybody knows who looks at it.
#[must_use]
pub fn from_root(text: &str, root: &Path) -> String {
    text.replace(&format!("{}/", root.display()), "")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Place;

    fn problem(severity: Severity, file: &str, line: u32) -> Diagnostic {
        Diagnostic {
            severity,
            code: "yaml",
            message: format!("wrong {line}"),
            place: Some(Place {
                file: file.into(),
                line,
                column: 3,
            }),
            source: None,
            label: None,
            notes: Vec::new(),
            help: None,
        }
    }

    #[test]
    fn the_place_leads_and_warnings_do_not_count() {
        let (error, warning) = (Severity::Error, Severity::Warning);
        for (problems, line, files) in [
            (
                vec![(warning, "a.md", 1), (error, "b.md", 2)],
                "b.md:2:3: wrong 2 (runr check)",
                vec!["b.md"],
            ),
            (
                vec![(error, "a.md", 1), (error, "a.md", 2), (error, "b.md", 9)],
                "a.md:1:3: wrong 1 and 2 more errors (runr check)",
                vec!["a.md", "b.md"],
            ),
        ] {
            let problems = problems.into_iter();
            let problems = problems.map(|(severity, file, line)| problem(severity, file, line));
            let trouble = Trouble::Invalid(problems.collect());
            assert!(trouble.line().starts_with(line), "{}", trouble.line());
            assert_eq!(trouble.files().into_keys().collect::<Vec<_>>(), files);
        }
        let files = Trouble::Invalid(vec![problem(error, "a.md", 1), problem(error, "a.md", 2)]);
        assert_eq!(files.files()["a.md"].message, "wrong 1");
    }

    #[test]
    fn the_root_goes_without_saying() {
        let text = from_root("`/top/a/.runr/x` and `/top/b`", Path::new("/top/a"));
        assert_eq!(text, "`.runr/x` and `/top/b`");
    }
}
