//! The journal and everything kept beside it: the only place that reads and writes `.runr/` state.
//!
//! Knows the model, the events and the fold. Does not know the plan, the scheduler or the screen.
//!
//! `line` and `status_format` are the texts, pure; `journal`, `status_file`, `run_folder`, `lock` and
//! `process` each touch one kind of thing; `files` and `append` put them together into the [`Store`].

mod append;
mod error;
mod examine;
mod facts;
pub mod file_system;
mod files;
mod first_write;
mod history;
mod journal;
mod journal_verify;
mod journal_write;
mod layout;
mod line;
pub mod lock;
mod notice;
mod older;
mod older_files;
mod places;
pub mod process;
pub mod recovery;
mod repair;
mod replace;
mod run_folder;
mod salvage;
pub mod sessions;
mod status_file;
mod status_format;
mod stores;
#[cfg(test)]
mod stores_tests;
mod survey;
#[cfg(test)]
mod tests;
mod trust;

pub use append::{Appended, Refused};
pub use error::StoreError;
pub use examine::{CacheHealth, Examination, JournalHealth, examine};
pub use facts::facts;
pub use files::Store;
pub use first_write::prepare;
pub use history::history;
pub use layout::Layout;
pub use lock::OwnerLock;
pub use notice::Notice;
pub use places::Places;
pub use repair::{Repaired, repair};
pub use replace::{replace, sync_folder};
pub use run_folder::{RUN_VERSION, create_run, read_spec, read_state};
pub use salvage::{Lost, Restored};
pub use stores::Stores;
pub use survey::Wound;
