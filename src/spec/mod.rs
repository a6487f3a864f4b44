//! Text → raw documents: what stands in a task file, an orchestration file and the configuration, with
//! the place of everything.
//!
//! Knows the model. Does not open files, resolve names between documents or apply defaults. Every
//! reader goes on after a problem and collects [`Finding`]s, so that one look shows them all.

mod configuration;
mod fields;
mod finding;
mod fingerprint;
mod frontmatter;
mod orchestration;
mod reader;
mod settings;
mod task_file;
mod values;
mod yaml;

pub use configuration::{
    CONFIG_KEYS, ConfigDoc, NESTED_KEYS, PoolDoc, VerifyDoc, WorkerDoc, read as read_config,
};
pub use fields::nearest;
pub use finding::{At, Finding, Mark, line_of};
pub use fingerprint::join as join_fingerprint;
pub use orchestration::{
    DEFAULTS_KEYS, FILE_KEYS, OrchestrationDoc, STEP_KEYS, StepDoc, TRACK_KEYS, TrackDoc, Work,
    read as read_orchestration,
};
pub use settings::{RetryDoc, Settings, TimeoutsDoc};
pub use task_file::{MAX_BYTES, TASK_KEYS, TaskDoc, read as read_task};
