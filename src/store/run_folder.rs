//! The folder of one attempt: `spec.json` written before it, `state.json` read after it.
//!
//! Knows which file is who's. Does not know what an attempt does.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::model::{RunId, RunSpec, RunState};
use crate::store::{Layout, StoreError, first_write};

/// The version of `spec.json` and `state.json` that this program writes, and the newest that it reads.
pub const RUN_VERSION: u32 = 1;

/// Makes the folder of a run, which must not be there yet, and writes its `spec.json`. Gives the folder.
///
/// Not synced: after a power cut nothing of the run is alive, and recovery does not read the spec.
///
/// # Errors
/// [`StoreError::RunExists`] when another run has the id; otherwise when something cannot be made.
pub fn create_run(layout: &Layout, spec: &RunSpec) -> Result<PathBuf, StoreError> {
    let folder = layout.run(&spec.run);
    let made = match fs::create_dir(&folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            first_write::prepare(layout)?;
            let runs = layout.runs();
            fs::create_dir_all(&runs).map_err(StoreError::io("create", &runs))?;
            fs::create_dir(&folder)
        }
        made => made,
    };
    match made {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            return Err(StoreError::RunExists { path: folder });
        }
        Err(error) => return Err(StoreError::io("create", &folder)(error)),
    }
    let path = folder.join("spec.json");
    let text = serde_json::to_vec_pretty(spec)
        .map_err(|error| StoreError::io("write", &path)(error.into()))?;
    fs::write(&path, text).map_err(StoreError::io("write", &path))?;
    Ok(folder)
}

/// Reads the `spec.json` of a run folder.
///
/// # Errors
/// When it is missing, not whole, or of a newer format.
pub fn read_spec(folder: &Path) -> Result<RunSpec, StoreError> {
    let path = folder.join("spec.json");
    let text = fs::read(&path).map_err(StoreError::io("read", &path))?;
    let spec: RunSpec = serde_json::from_slice(&text)
        .map_err(|error| StoreError::io("read", &path)(error.into()))?;
    if spec.schema_version > RUN_VERSION {
        return Err(StoreError::Newer {
            path,
            format: spec.schema_version,
        });
    }
    Ok(spec)
}

/// Reads the verdict that an attempt left. `None`: it left none, or what is there is not a whole
/// verdict of this very run.
///
/// # Errors
/// When the file is there and cannot be read, or is of a newer format.
pub fn read_state(layout: &Layout, run: &RunId) -> Result<Option<RunState>, StoreError> {
    let path = layout.run(run).join("state.json");
    let text = match fs::read(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(StoreError::io("read", &path)(error)),
    };
    let Ok(state) = serde_json::from_slice::<RunState>(&text) else {
        let newer = serde_json::from_slice::<serde_json::Value>(&text)
            .ok()
            .and_then(|json| json["schema_version"].as_u64())
            .and_then(|version| u32::try_from(version).ok())
            .filter(|version| *version > RUN_VERSION);
        return match newer {
            Some(format) => Err(StoreError::Newer { path, format }),
            None => Ok(None),
        };
    };
    if state.schema_version > RUN_VERSION {
        return Err(StoreError::Newer {
            path,
            format: state.schema_version,
        });
    }
    Ok((state.run == *run).then_some(state))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{CommandLine, OrchId, Outcome, StopReason, TaskId, Timeouts, VerifyPolicy};
    use std::time::Duration;

    fn spec(run: &RunId) -> RunSpec {
        RunSpec {
            schema_version: RUN_VERSION,
            run: run.clone(),
            orch: OrchId::parse("orch-20260102-030405-aaaa").unwrap(),
            task: TaskId::parse("a.md").unwrap(),
            attempt: 1,
            title: "A".to_owned(),
            worker: "shell".to_owned(),
            root: PathBuf::from("/p"),
            tree: PathBuf::from("/p"),
            lock: PathBuf::from("/p/.runr/locks/task-x"),
            command: CommandLine::Shell("true".to_owned()),
            env: vec![("PATH".to_owned(), "/bin".to_owned())],
            secrets: Vec::new(),
            verify: VerifyPolicy::default(),
            timeouts: Timeouts {
                startup: None,
                idle: None,
                wall: Some(Duration::from_secs(60)),
                grace: Duration::from_secs(10),
            },
            agent: None,
            previous: None,
            git: None,
        }
    }

    #[test]
    fn two_runs_never_share_a_folder() {
        let dir = tempfile::tempdir().unwrap();
        let layout = Layout::new(dir.path());
        let run = RunId::parse("20260102-030405-aaaa").unwrap();
        let folder = create_run(&layout, &spec(&run)).unwrap();
        assert_eq!(read_spec(&folder).unwrap(), spec(&run));
        assert!(matches!(
            create_run(&layout, &spec(&run)),
            Err(StoreError::RunExists { path }) if path == folder
        ));
        assert!(dir.path().join(".runr/.gitignore").exists());
    }

    #[test]
    fn only_a_whole_verdict_of_the_same_run_counts() {
        let dir = tempfile::tempdir().unwrap();
        let layout = Layout::new(dir.path());
        let run = RunId::parse("20260102-030405-aaaa").unwrap();
        assert_eq!(read_state(&layout, &run).unwrap(), None);
        let folder = create_run(&layout, &spec(&run)).unwrap();
        assert_eq!(read_state(&layout, &run).unwrap(), None);
        let at = "2026-01-02T03:04:05Z".parse().unwrap();
        let state = RunState {
            schema_version: RUN_VERSION,
            run: run.clone(),
            task: TaskId::parse("a.md").unwrap(),
            outcome: Outcome::Ended(StopReason::VerificationFailed),
            message: None,
            started_at: at,
            ended_at: at,
            took_ms: 12,
            exit_code: Some(0),
            signal: None,
            checks: Vec::new(),
            ended_strays: 0,
            agent: None,
            git: None,
        };
        let text = serde_json::to_string(&state).unwrap();
        let path = folder.join("state.json");
        for cut in 0..text.len() {
            fs::write(&path, &text[..cut]).unwrap();
            assert_eq!(read_state(&layout, &run).unwrap(), None, "cut at {cut}");
        }
        fs::write(&path, &text).unwrap();
        assert_eq!(read_state(&layout, &run).unwrap(), Some(state));
        fs::write(&path, text.replace("-aaaa", "-bbbb")).unwrap();
        assert_eq!(read_state(&layout, &run).unwrap(), None);
        fs::write(&path, r#"{"schema_version":2}"#).unwrap();
        assert!(matches!(
            read_state(&layout, &run),
            Err(StoreError::Newer { format: 2, .. })
        ));
    }
}
