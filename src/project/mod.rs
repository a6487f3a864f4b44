//! Finds the project root and reads its files.
//!
//! Knows where files lie and how they are opened safely. Does not know what they mean: that is
//! [`crate::spec`]'s and [`crate::plan`]'s matter.

mod add;
mod find;
mod inputs;
mod load;
mod read;
mod reread;
mod walk;

pub use add::{AddError, NewTask, add};
pub use find::{Project, find};
pub use inputs::fingerprint;
pub use load::{Loaded, collisions, load};
pub use reread::{body, reread};
