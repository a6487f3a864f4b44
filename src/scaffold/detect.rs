//! Which kinds of project a folder holds, and the commands that test them.
//!
//! Knows names of files and a few texts that it is handed. Reads nothing itself, and no text of the
//! folder's reaches a command: every command is one of runr's own.

use std::collections::{BTreeMap, BTreeSet};

use crate::scaffold::kinds;

/// The files whose text matters; the others only need to be there.
pub const READ: &[&str] = &[
    "Cargo.toml",
    "GNUmakefile",
    "Justfile",
    "Makefile",
    "composer.json",
    "deno.json",
    "deno.jsonc",
    "justfile",
    "makefile",
    "package.json",
    "pubspec.yaml",
    "pyproject.toml",
    "requirements.txt",
    "setup.cfg",
    "tox.ini",
];

/// What lies at the top of a folder.
#[derive(Debug, Clone, Default)]
pub struct Surroundings {
    /// The names of files and folders.
    pub names: BTreeSet<String>,
    /// The texts of those files of [`READ`] that are there and can be read.
    pub texts: BTreeMap<&'static str, String>,
}

impl Surroundings {
    pub(in crate::scaffold) fn has(&self, name: &str) -> bool {
        self.names.contains(name)
    }
    /// The first of these names that is there.
    pub(in crate::scaffold) fn first<'n>(&self, names: &[&'n str]) -> Option<&'n str> {
        names.iter().copied().find(|name| self.has(name))
    }
    /// The text of a file, empty when it is not there.
    pub(in crate::scaffold) fn text(&self, name: &str) -> &str {
        self.texts.get(name).map_or("", String::as_str)
    }
}

/// A kind of project that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// `Rust`, `Node`.
    pub kind: &'static str,
    /// What told so: a file, and what in it when that matters.
    pub evidence: String,
    /// In the order in which they run; empty when it is not known how this project is tested.
    pub commands: Vec<&'static str>,
}

/// Finds every kind of project, in a fixed order. A `test` target of a Makefile or justfile counts only
/// when nothing else gave a command: beside another kind it usually runs the same tests again.
#[must_use]
pub fn detect(around: &Surroundings) -> Vec<Found> {
    let mut found: Vec<Found> = kinds::ALL.iter().filter_map(|kind| kind(around)).collect();
    if found.iter().all(|f| f.commands.is_empty()) {
        found.extend(kinds::recipes(around));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn around(files: &[(&'static str, &str)]) -> Surroundings {
        Surroundings {
            names: files.iter().map(|(name, _)| (*name).to_owned()).collect(),
            texts: files
                .iter()
                .filter(|(name, _)| READ.contains(name))
                .map(|(name, text)| (*name, (*text).to_owned()))
                .collect(),
        }
    }

    #[test]
    fn each_kind_is_known_by_its_files() {
        let jest = r#"{"scripts": {"test": "jest"}}"#;
        for (files, expected) in [
            (&[("Cargo.toml", "[package]")][..], &["cargo test"][..]),
            (
                &[("Cargo.toml", "[workspace]\n")],
                &["cargo test --workspace"],
            ),
            (&[("package.json", jest)], &["npm test"]),
            (
                &[("package.json", jest), ("pnpm-lock.yaml", "")],
                &["pnpm test"],
            ),
            (&[("package.json", jest), ("yarn.lock", "")], &["yarn test"]),
            (
                &[("package.json", jest), ("bun.lock", "")],
                &["bun run test"],
            ),
            (
                &[(
                    "package.json",
                    r#"{"scripts":{"test":"x"},"packageManager":"pnpm@9.1.0"}"#,
                )],
                &["pnpm test"],
            ),
            (
                &[(
                    "package.json",
                    r#"{"scripts":{"test":"echo \"Error: no test specified\" && exit 1"}}"#,
                )],
                &[],
            ),
            (&[("package.json", r#"{"scripts":{"build":"test"}}"#)], &[]),
            (&[("package.json", "not json")], &[]),
            (
                &[("pyproject.toml", "[tool.pytest.ini_options]")],
                &["python3 -m pytest"],
            ),
            (
                &[("pyproject.toml", "pytest"), ("uv.lock", "")],
                &["uv run pytest"],
            ),
            (
                &[("pyproject.toml", "pytest"), ("poetry.lock", "")],
                &["poetry run pytest"],
            ),
            (
                &[("setup.py", ""), ("tests", "")],
                &["python3 -m unittest discover"],
            ),
            (&[("manage.py", "")], &["python3 manage.py test"]),
            (&[("pyproject.toml", "[project]")], &[]),
            (&[("go.mod", "")], &["go test ./..."]),
            (
                &[("CMakeLists.txt", "")],
                &[
                    "cmake -B build",
                    "cmake --build build",
                    "ctest --test-dir build --output-on-failure",
                ],
            ),
            (
                &[("build.gradle.kts", ""), ("gradlew", "")],
                &["./gradlew test"],
            ),
            (&[("build.gradle", "")], &["gradle test"]),
            (&[("pom.xml", "")], &["mvn -q test"]),
            (&[("pom.xml", ""), ("mvnw", "")], &["./mvnw -q test"]),
            (
                &[("composer.json", r#"{"scripts":{"test":["phpunit"]}}"#)],
                &["composer test"],
            ),
            (
                &[("composer.json", "{}"), ("phpunit.xml.dist", "")],
                &["vendor/bin/phpunit"],
            ),
            (&[("mix.exs", "")], &["mix test"]),
            (&[("deno.json", "{}")], &["deno test"]),
            (
                &[(
                    "deno.jsonc",
                    r#"{ /* ours */ "tasks": { "test": "deno test -A" } }"#,
                )],
                &["deno task test"],
            ),
            (&[("Gemfile", ""), (".rspec", "")], &["bundle exec rspec"]),
            (&[("App.sln", "")], &["dotnet test"]),
            (&[("Package.swift", "")], &["swift test"]),
            (
                &[("pubspec.yaml", "dependencies:\n  flutter:\n")],
                &["flutter test"],
            ),
            (&[("pubspec.yaml", "name: x\n")], &["dart test"]),
            (
                &[("Makefile", "all:\n\ttrue\ntest: all\n\ttrue\n")],
                &["make test"],
            ),
            (&[("Makefile", "check:\n\ttrue\n")], &["make check"]),
            (
                &[(
                    "Makefile",
                    ".PHONY: test\n# test:\ntest := no\nall:\n\ttest: x\n",
                )],
                &[],
            ),
            (&[("justfile", "test *ARGS:\n  true\n")], &["just test"]),
            (&[], &[]),
        ] {
            let commands: Vec<&str> = detect(&around(files))
                .into_iter()
                .flat_map(|f| f.commands)
                .collect();
            assert_eq!(commands, expected, "{files:?}");
        }
    }

    #[test]
    fn several_kinds_give_all_their_commands_and_a_makefile_beside_them_none() {
        let found = detect(&around(&[
            ("Makefile", "test:\n\ttrue\n"),
            ("package.json", r#"{"scripts":{"test":"x"}}"#),
            ("Cargo.toml", ""),
        ]));
        let kinds: Vec<_> = found.iter().map(|f| f.kind).collect();
        assert_eq!(kinds, ["Rust", "Node"]);
    }

    #[test]
    fn a_project_without_a_known_test_is_still_named() {
        let found = detect(&around(&[("package.json", "{}")]));
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].evidence, "package.json, without a `test` script");
    }
}
