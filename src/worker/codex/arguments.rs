//! The words that start Codex.
//!
//! Knows its options. `resume` takes fewer than `exec`; what both take as `-c` is given so. The prompt goes
//! through standard input.

use crate::worker::Start;

/// What its commands may do when nothing is configured: write in its folder, without the network.
const SANDBOX: &str = "workspace-write";

/// The words after the program's own.
#[must_use]
pub fn arguments(start: &Start<'_>) -> Vec<String> {
    let spec = start.spec;
    let mut words = vec!["exec".to_owned()];
    if start.resume.is_some() {
        words.push("resume".to_owned());
    }
    // runr keeps the work and has made the folder; whether it is a repository is its own matter.
    words.extend(["--json", "--skip-git-repo-check"].map(str::to_owned));
    let sandbox = spec.settings.permission.as_deref().unwrap_or(SANDBOX);
    words.extend(["-c".to_owned(), format!("sandbox_mode={}", toml(sandbox))]);
    if let Some(model) = &spec.model {
        words.extend(["-m".to_owned(), model.clone()]);
    }
    if let Some(schema) = start.schema_file {
        words.extend(["--output-schema".to_owned(), schema.to_owned()]);
    }
    words.extend(spec.settings.args.iter().flatten().cloned());
    words.extend(start.resume.map(str::to_owned));
    words.push("-".to_owned());
    words
}

/// A text as a TOML string. JSON's escapes are TOML's too.
fn toml(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use crate::worker::start::sample;

    #[test]
    fn a_new_and_a_continued_session() {
        let mut spec = sample();
        spec.model = Some("m".to_owned());
        spec.settings.args = Some(vec!["--ignore-user-config".to_owned()]);
        let start = super::Start {
            schema_file: Some("/s"),
            ..super::Start::new(&spec)
        };
        let words = super::arguments(&start);
        assert_eq!(
            words.join(" "),
            "exec --json --skip-git-repo-check -c sandbox_mode=\"workspace-write\" -m m --output-schema /s \
             --ignore-user-config -"
        );
        let start = super::Start {
            resume: Some("id"),
            ..super::Start::new(&spec)
        };
        let words = super::arguments(&start);
        assert_eq!(words[..2], ["exec", "resume"]);
        assert_eq!(words[words.len() - 2..], ["id", "-"]);
    }
}
