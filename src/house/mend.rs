//! Carries one fix out. Settling runs is the orchestrator's recovery, and not done here.

use std::fs;
use std::path::Path;

use crate::attempt::sweep;
use crate::house::finding::Fix;
use crate::house::leftovers::entries;
use crate::model::OrchId;
use crate::store::lock::{self, Held};
use crate::store::{Layout, Repaired, Store, StoreError, repair};

/// What was done, in lines for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mended(pub Vec<String>);

/// Why a fix was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum NotMended {
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It would fold the new journal a second time.
    #[error("orchestration {0} is running")]
    Running(OrchId),
    #[error("cannot {doing}: {source}")]
    Io {
        doing: String,
        source: std::io::Error,
    },
}

/// Carries a fix out. [`Fix::Settle`] does nothing here.
///
/// # Errors
/// When it cannot be done; nothing is half done but a list of independent removals.
pub fn mend(root: &Path, fix: &Fix, now: jiff::Timestamp) -> Result<Mended, NotMended> {
    let layout = Layout::new(root);
    match fix {
        Fix::RepairJournal => {
            refuse_running(&layout)?;
            let repaired = repair(&layout, now)?;
            let mut lines = repaired.as_ref().map_or_else(Vec::new, told);
            Store::open(root)?.write_cache()?;
            if repaired.is_none() {
                lines.push("the journal was repaired meanwhile".to_owned());
            }
            Ok(Mended(lines))
        }
        Fix::CutTornEnd => {
            let mut store = Store::open(root)?;
            store.append(Vec::new())?;
            Ok(Mended(
                store.notices().iter().map(ToString::to_string).collect(),
            ))
        }
        Fix::RebuildStatus => {
            Store::open(root)?.write_cache()?;
            let line = "wrote `task-status.json` anew from the journal".to_owned();
            Ok(Mended(vec![line]))
        }
        Fix::EndStrays(runs) => {
            let mut ended = 0;
            for run in runs {
                ended += sweep(root, run).map_err(|source| NotMended::Io {
                    doing: format!("end the processes of run {run}"),
                    source,
                })?;
            }
            Ok(Mended(vec![format!("ended {ended} processes")]))
        }
        Fix::RemoveTemporary(files) => {
            for file in files {
                fs::remove_file(file).map_err(|source| NotMended::Io {
                    doing: format!("remove `{}`", file.display()),
                    source,
                })?;
            }
            let line = format!("removed {} temporary files", files.len());
            Ok(Mended(vec![line]))
        }
        Fix::Settle => Ok(Mended(Vec::new())),
    }
}

/// By their locks: what the journal says of them cannot be believed now.
fn refuse_running(layout: &Layout) -> Result<(), NotMended> {
    let locks = entries(&layout.locks()).map_err(|source| NotMended::Io {
        doing: format!("read `{}`", layout.locks().display()),
        source,
    })?;
    for path in locks {
        let name = path.file_name().and_then(|name| name.to_str());
        let Some(orch) = name.and_then(|name| OrchId::parse(name).ok()) else {
            continue;
        };
        if lock::owner_lock(layout, &orch)? == Held::Yes {
            return Err(NotMended::Running(orch));
        }
    }
    Ok(())
}

fn told(repaired: &Repaired) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(kept) = &repaired.kept {
        lines.push(format!("kept the damaged journal in `{}`", kept.display()));
    }
    lines.push(format!(
        "wrote a new journal: {} appends from before the damage, {} from behind it and from other records",
        repaired.lines, repaired.salvaged
    ));
    let wounds = repaired.wounds.iter();
    lines.extend(wounds.map(|wound| format!("not believed: {wound}")));
    let restored = repaired.restored.iter();
    lines.extend(restored.map(|it| format!("restored: {it}")));
    lines.extend(repaired.lost.iter().map(|it| format!("lost: {it}")));
    lines
}
