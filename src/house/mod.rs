//! Keeping house: what is wrong with runr's own files and processes, and what nothing needs any more.
//!
//! Knows the journal, the run folders, git, processes and the file system. Does not know the plan, the
//! scheduler or the screen. `facts` and `contents` look; `judge` and `needless` decide and are pure; `mend`
//! and `needless`'s caller act.

mod branches;
mod contents;
mod facts;
mod finding;
mod in_git;
mod judge;
mod leftovers;
mod mend;
mod needless;
mod repositories;
mod show;
mod workers;

pub use branches::{Held, Remains, Tree, clear as clear_repository, remains};
pub use contents::{Contents, Has, OrchFolder, RunFolder, contents};
pub use facts::{Facts, gather};
pub use finding::{Check, Finding, Fix, Level};
pub use judge::judge;
pub use mend::{Mended, NotMended, mend};
pub use needless::{Clearance, Kept, Needless, Question, clear, needless};
pub use repositories::judge_repositories;
pub use show::show;
pub use workers::{Configured, Login, Surroundings, Worker, judge_workers, look};
