//! Inert, validated types: what a task, a run, a place in a file *are*.
//!
//! Knows nothing else of runr. Does no input or output, reads no clock, decides nothing: values are
//! checked when they are made and can be trusted afterwards.

mod agent;
mod claim;
mod claims;
mod completion;
mod config;
mod decision;
mod diagnostic;
mod diff;
mod duration;
mod fingerprint;
mod id;
mod isolation;
mod notify;
mod place;
mod policy;
mod process;
mod remark;
mod repository;
mod risk;
mod run;
mod run_git;
mod status;
mod task;
mod usd;

pub use agent::{
    Adapter, AgentReport, AgentSettings, AgentSpec, AgentWork, Budget, HandoffState, ResultWay,
    ServiceLimit, Session, Spent, Tokens,
};
pub use claim::{Provenance, Through};
pub use claims::overlap;
pub use completion::{Completion, Told, Undone, Unnamed};
pub use config::{Config, OrphanPolicy, WorkerConfig};
pub use decision::Decision;
pub use diagnostic::{Diagnostic, Note, Severity, SourceLine};
pub use diff::FileChange;
pub use duration::{DurationError, parse_duration, show_duration};
pub use fingerprint::Fingerprint;
pub use id::{IdError, OrchId, RunId, TaskId};
pub use isolation::{CommitRules, GitConfig, Isolation, Land, ScopeRules, TreeSetUp};
pub use notify::{NotifyConfig, Occasion};
pub use place::Place;
pub use policy::{Backoff, Collision, Policy, RetryPolicy, StalePolicy, Timeouts, VerifyPolicy};
pub use process::ProcessRef;
pub use remark::{Remark, Settled};
pub use repository::{Alias, Known, Repositories, Repository, Unread, Unreadable, Whose};
pub use risk::{HigherTier, LAST_TIER};
pub use run::{CheckResult, Outcome, PassedCheck, RunSpec, RunState};
pub use run_git::{Conflict, GitSpec, Guard, Needed, RunGit};
pub use status::{Source, Status, StopReason};
pub use task::{CommandLine, EnvVar, PoolTake, Task, TaskKind, Track, TrackIx, WrittenStatus};
pub use usd::Usd;
