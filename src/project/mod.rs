//! Finds the project root and reads its files.
//!
//! Knows where files lie and how they are opened safely. Does not know what they mean: that is
//! [`crate::spec`]'s and [`crate::plan`]'s matter.

mod edits;
mod find;
mod inputs;
mod load;
mod neighbours;
mod read;
mod reread;
mod walk;

pub use edits::{Edits, NotRewritten, NotWritten, read_text, rewrite};
pub use find::{Project, find};
pub use inputs::fingerprint;
pub use load::{Loaded, Projects, collisions, load, load_alone, load_with};
pub use neighbours::{Neighbour, folder_from};
pub use read::ReadError;
pub use reread::{body, reread};
