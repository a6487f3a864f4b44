//! What runr costs, measured: `cargo bench --bench bench [-- NAME…]`. See `README.md` here.
//!
//! No test: a figure of a loaded machine proves nothing. Every table names what it is compared with, and
//! both are measured in turns.

mod agents;
mod dashboard;
mod git;
mod history;
mod overhead;
mod place;
mod reading;
mod release;
mod repositories;
mod startup;
mod table;
mod watching;

use std::io;
use std::process::ExitCode;

type Run = fn() -> io::Result<()>;

/// Each benchmark with its name on the command line.
const ALL: [(&str, Run); 10] = [
    ("startup", startup::run),
    ("reading", reading::run),
    ("repositories", repositories::run),
    ("history", history::run),
    ("overhead", overhead::run),
    ("release", release::run),
    ("git", git::run),
    ("agents", agents::run),
    ("dashboard", dashboard::run),
    ("watching", watching::run),
];

fn main() -> ExitCode {
    // Cargo adds `--bench`; everything else is a name.
    let names: Vec<String> = std::env::args()
        .skip(1)
        .filter(|arg| !arg.starts_with('-'))
        .collect();
    if let Some(name) = names
        .iter()
        .find(|name| ALL.iter().all(|(known, _)| known != name))
    {
        table::line(&format!(
            "no benchmark is called `{name}`; there are: {}",
            ALL.map(|(name, _)| name).join(", ")
        ));
        return ExitCode::from(2);
    }
    let chosen = ALL
        .iter()
        .filter(|(name, _)| names.is_empty() || names.iter().any(|n| n == name));
    for (name, run) in chosen {
        if let Err(error) = run() {
            table::line(&format!("{name}: {error}"));
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}
