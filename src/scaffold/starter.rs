//! What `init` writes into a folder: an annotated configuration and a first task.
//!
//! Knows the checks that were found. Does not know how they were found, or what lies in the folder.

use std::fmt::Write as _;

use crate::scaffold::{Found, NewFile};

/// Stands in the template for the verification commands.
const SLOT: &str = "@tier0@\n";

/// The configuration with every key and its default as comments, and the checks that were found.
#[must_use]
pub fn configuration(found: &[Found]) -> NewFile {
    let mut checks = String::new();
    let with_checks: Vec<&Found> = found.iter().filter(|f| !f.commands.is_empty()).collect();
    if with_checks.is_empty() {
        checks.push_str("# verify:\n#   tier0: []\n");
    } else {
        checks.push_str("verify:\n  tier0:\n");
        for found in with_checks {
            // Writing to a `String` cannot fail.
            let _ = writeln!(checks, "    # {}: {}", found.kind, found.evidence);
            for command in &found.commands {
                let _ = writeln!(checks, "    - {command}");
            }
        }
    }
    NewFile {
        path: ".runr/config.yaml",
        text: include_str!("starter/config.yaml")
            .replace(SLOT, &checks)
            .into(),
    }
}

/// A first task: it says hello, and runs the checks of the configuration.
#[must_use]
pub fn hello() -> NewFile {
    NewFile::fixed(
        ".runr/tasks/00-hello.md",
        include_str!("starter/00-hello.md"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checks_stand_where_the_template_has_their_slot() {
        let none = configuration(&[]);
        assert!(!none.text.contains('@'), "{}", none.text);
        assert!(
            none.text
                .lines()
                .all(|line| line.is_empty() || line.starts_with('#')),
            "without checks every line is a comment"
        );
        let found = Found {
            kind: "Rust",
            evidence: "Cargo.toml".into(),
            commands: vec!["cargo test"],
        };
        let some = configuration(&[found]);
        assert!(
            some.text
                .contains("\nverify:\n  tier0:\n    # Rust: Cargo.toml\n    - cargo test\n"),
            "{}",
            some.text
        );
    }

    #[test]
    fn a_kind_without_a_check_adds_nothing() {
        let found = Found {
            kind: "Node",
            evidence: "package.json without a `test` script".into(),
            commands: Vec::new(),
        };
        assert_eq!(configuration(&[found]), configuration(&[]));
    }
}
