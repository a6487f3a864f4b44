//! Reads what attempts left in their folders.

use std::collections::BTreeMap;
use std::io::{self, Write as _};
use std::path::PathBuf;

use crate::cli::Context;
use crate::model::{RunId, RunState, Status, StopReason, TaskId};
use crate::report::receipt::{Receipt, TaskEntry};
use crate::report::{Remains, last_lines};
use crate::store::{Layout, Places, read_state};

/// Lines of a failed task's log that a summary may show.
const LOG_LINES: usize = 10;

/// The final answers of these runs, as far as there are any. One that cannot be read is warned about.
///
/// # Errors
/// When stderr cannot be written.
pub fn read_states(
    context: &Context,
    places: &Places,
    runs: &[RunId],
) -> io::Result<BTreeMap<RunId, RunState>> {
    let mut states = BTreeMap::new();
    for run in runs {
        match read_state(places.of_run(run), run) {
            Ok(Some(state)) => {
                states.insert(run.clone(), state);
            }
            Ok(None) => {}
            Err(error) => writeln!(context.err(), "warning: {error}")?,
        }
    }
    Ok(states)
}

/// The log files of a run in the order of their making: the worker's, then each verification's.
///
/// # Errors
/// When the folder is there and cannot be read.
pub fn logs(layout: &Layout, run: &RunId) -> io::Result<Vec<PathBuf>> {
    let folder = layout.run(run);
    let entries = match std::fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut found = Vec::new();
    for entry in entries {
        let name = entry?.file_name();
        if let Some(rank) = name.to_str().and_then(rank) {
            found.push((rank, name.clone()));
        }
    }
    found.sort();
    Ok(found
        .into_iter()
        .map(|(_, name)| folder.join(name))
        .collect())
}

/// Where a log stands among its run's: `worker.log` first, `verify-10.log` after `verify-9.log`.
fn rank(name: &str) -> Option<(u8, u64)> {
    if name == "worker.log" {
        return Some((0, 0));
    }
    let middle = name.strip_prefix("verify-")?.strip_suffix(".log")?;
    let number: String = middle.chars().take_while(char::is_ascii_digit).collect();
    Some((1, number.parse().unwrap_or(u64::MAX)))
}

/// What the last attempts of what failed or stopped left behind: the end of the log of the check that failed, else of
/// the worker, none where it cannot be read; and the working tree.
#[must_use]
pub fn remains(places: &Places, receipt: &Receipt) -> BTreeMap<TaskId, Remains> {
    let bad = |task: &&TaskEntry| matches!(task.status, Status::Failed | Status::Stopped);
    let tasks = receipt.tasks.iter().filter(bad);
    tasks
        .filter_map(|task| {
            let run = task.runs.last()?;
            let layout = places.of_run(&run.run);
            let log = run
                .checks
                .iter()
                .find(|check| !check.passed)
                .map_or("worker.log", |check| &check.log);
            // The log of what was cancelled tells nothing about why; one that cannot be read is only not shown.
            let log = match task.stop_reason {
                Some(StopReason::Cancelled) => Vec::new(),
                _ => last_lines(&layout.run(&run.run).join(log), LOG_LINES).unwrap_or_default(),
            };
            let worktree = layout.worktree(&run.run);
            let worktree = worktree.is_dir().then(|| {
                let shown = worktree.strip_prefix(layout.root()).unwrap_or(&worktree);
                format!("{}{}", places.prefix_of(&run.run), shown.to_string_lossy())
            });
            Some((task.task.clone(), Remains { log, worktree }))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logs_come_in_the_order_of_their_making() {
        let folder = tempfile::tempdir().unwrap();
        let layout = Layout::new(folder.path());
        let run = RunId::parse("20250108-143000-aaaa").unwrap();
        assert!(logs(&layout, &run).unwrap().is_empty());
        std::fs::create_dir_all(layout.run(&run)).unwrap();
        for name in [
            "verify-10.log",
            "state.json",
            "verify-2.log",
            "worker.log",
            "x.log",
        ] {
            std::fs::write(layout.run(&run).join(name), "").unwrap();
        }
        let names: Vec<_> = logs(&layout, &run)
            .unwrap()
            .iter()
            .map(|path| path.file_name().unwrap().to_str().unwrap().to_owned())
            .collect();
        assert_eq!(names, ["worker.log", "verify-2.log", "verify-10.log"]);
    }
}
