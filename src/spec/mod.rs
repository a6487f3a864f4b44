//! Text → raw documents: what stands in a task file, an orchestration file and the configuration, with
//! the place of everything.
//!
//! Knows the model. Does not open files, resolve names between documents or apply defaults. Every
//! reader goes on after a problem and collects [`Finding`]s, so that one look shows them all.

mod configuration;
#[cfg(test)]
mod edit_samples;
mod entry_lines;
mod fields;
mod finding;
mod fingerprint;
mod foreign;
mod frontmatter;
mod item_edit;
mod lists;
mod orchestration;
mod reader;
mod scalar;
pub mod schema;
mod schema_shapes;
#[cfg(test)]
mod schema_tests;
mod settings;
mod status_edit;
mod step_edit;
mod task_edit;
mod task_file;
mod track;
mod values;
mod yaml;

pub use configuration::{
    CONFIG_KEYS, ConfigDoc, NESTED_KEYS, PoolDoc, RepoDoc, VerifyDoc, WorkerDoc,
    read as read_config,
};
pub use entry_lines::EditError;
pub use fields::nearest;
pub use finding::{At, Finding, Mark, line_of};
pub use fingerprint::join as join_fingerprint;
pub use foreign::{Foreign, ForeignError, read as read_foreign};
pub use frontmatter::{Parts, Unclosed, split};
pub use orchestration::{
    DEFAULTS_KEYS, FILE_KEYS, OrchestrationDoc, STEP_KEYS, StepDoc, TRACK_KEYS, TrackDoc, Work,
    read as read_orchestration,
};
pub use scalar::{scalar, scalars};
pub use settings::{RetryDoc, Settings, TimeoutsDoc};
pub use status_edit::with_status;
pub use step_edit::{StepEditError, with_step};
pub use task_edit::{Change, with_changes};
pub use task_file::{MAX_BYTES, TASK_KEYS, TaskDoc, read as read_task};

#[cfg(test)]
mod tests {
    use super::*;

    /// A key that is known but read by nobody would be taken in silence: each must refuse nonsense.
    #[test]
    fn every_known_key_is_read_by_somebody() {
        let refuses = |text: String, read: &dyn Fn(&[u8], &mut Vec<Finding>)| {
            let mut findings = Vec::new();
            read(text.as_bytes(), &mut findings);
            assert!(
                findings.iter().any(|f| f.diagnostic.code != "unknown-key"),
                "{text}"
            );
        };
        let nonsense = "[[{a: [b]}]]";
        let file = "f".into();
        for key in TASK_KEYS
            .iter()
            .filter(|key| !fingerprint::STATUS_KEYS.contains(key))
        {
            refuses(format!("---\n{key}: {nonsense}\n---\n"), &|b, f| {
                drop(read_task(&file, b, f))
            });
        }
        let orchestration =
            |text: String| refuses(text, &|b, f| drop(read_orchestration(&file, b, f)));
        let track = "tracks: [{name: a, steps: [{run: x}]}]";
        for key in FILE_KEYS.iter().filter(|key| **key != "tracks") {
            orchestration(format!("{track}\n{key}: {nonsense}\n"));
        }
        for key in DEFAULTS_KEYS {
            orchestration(format!("{track}\ndefaults: {{{key}: {nonsense}}}\n"));
        }
        for key in TRACK_KEYS {
            let others = [("name", "name: a"), ("steps", "steps: [{run: x}]")];
            let others: Vec<&str> = others
                .iter()
                .filter(|(k, _)| *k != key)
                .map(|(_, text)| *text)
                .collect();
            orchestration(format!(
                "tracks: [{{{}, {key}: {nonsense}}}]\n",
                others.join(", ")
            ));
        }
        for key in STEP_KEYS {
            let run = if key == "run" || key == "task" {
                ""
            } else {
                "run: x, "
            };
            orchestration(format!(
                "tracks: [{{name: a, steps: [{{{run}{key}: {nonsense}}}]}}]\n"
            ));
        }
        let config = |text: String| refuses(text, &|b, f| drop(read_config(&file, b, f)));
        for key in CONFIG_KEYS {
            config(format!("{key}: {nonsense}\n"));
        }
        for (key, inner) in NESTED_KEYS {
            for inner in inner {
                let text = format!("{{{inner}: {nonsense}}}");
                let text = if key == "workers" {
                    format!("{{w: {text}}}")
                } else {
                    text
                };
                config(format!("{key}: {text}\n"));
            }
        }
    }
}
