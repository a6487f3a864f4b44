//! `runr gc`: removes what nothing needs any more.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;

use crate::cli::{Context, Exit, Failure};
use crate::event::Event;
use crate::house::{
    Needless, Question, Remains, clear, clear_repository, contents, needless, remains,
};
use crate::model::{RunId, parse_duration};
use crate::report::one_line;
use crate::store::{Layout, StoreError, history};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Print what would be removed and remove nothing
    #[arg(short = 'n', long)]
    dry_run: bool,
    /// Remove only what is older than this, as `12h` or `30d`
    #[arg(long, value_name = "AGE", default_value = "7d", value_parser = parse_duration)]
    older_than: Duration,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Folders of runs and orchestrations that are over, settled and old, and files that interrupted writes
/// left. Never anything of an open run, the latest run of an unfinished task, or an unrecorded verdict.
pub fn run(context: &Context, args: Args) -> anyhow::Result<Exit> {
    let project = context.project()?;
    let layout = Layout::new(&project.root);
    let mut lying = contents(&layout).map_err(|source| StoreError::Io {
        doing: "read",
        path: layout.dir(),
        source,
    })?;
    // Only now: a run that began meanwhile is not in the list.
    let store = context.store(&project)?;
    if let Some(damage) = store.damage() {
        let failure = Failure {
            exit: Exit::STATE,
            message: format!("nothing was removed, for {damage}"),
            help: damage.help(&context.doctor_of(damage)),
        };
        return Err(failure.into());
    }
    let ends = ends(&layout)?;
    let question = Question {
        state: store.state(),
        ends: &ends,
        now: Timestamp::now(),
        older_than: args.older_than,
    };
    let remains = remains(&layout, &lying.alive, &ends, &question)?;
    lying.trees.clone_from(&remains.staying);
    let found = needless(&lying, &question);
    if !args.dry_run {
        for name in clear_repository(&layout, &remains)? {
            writeln!(
                context.err(),
                "note: work that was in no commit is kept as {name}"
            )?;
        }
        clear(&found).map_err(|(path, source)| StoreError::Io {
            doing: "remove",
            path,
            source,
        })?;
    }
    let mut out = context.out();
    if args.json {
        let whole = json(&project.root, &found, &remains, args.dry_run);
        writeln!(out, "{}", serde_json::to_string_pretty(&whole)?)?;
        return Ok(Exit::OK);
    }
    if args.dry_run || context.verbose() {
        for (path, bytes) in found.all() {
            let path = path.strip_prefix(&project.root).unwrap_or(path);
            let path = path.to_string_lossy();
            writeln!(out, "{:>10}  {}", size(*bytes), one_line(&path))?;
        }
    }
    if args.dry_run || context.verbose() {
        for tree in &remains.trees {
            let path = tree.path.strip_prefix(&project.root).unwrap_or(&tree.path);
            writeln!(out, "{:>10}  {}", "", one_line(&path.to_string_lossy()))?;
        }
        for (name, _) in &remains.names {
            writeln!(out, "{:>10}  {}", "", one_line(name))?;
        }
    }
    let verb = if args.dry_run { "would free" } else { "freed" };
    writeln!(
        out,
        "{verb} {}: {} runs, {} orchestrations, {} temporary files",
        size(found.bytes()),
        found.runs.len(),
        found.orchestrations.len(),
        found.temporary.len()
    )?;
    if !remains.trees.is_empty() || !remains.names.is_empty() {
        let verb = if args.dry_run {
            "would remove"
        } else {
            "removed"
        };
        writeln!(
            out,
            "{verb} {} working trees, {} branches and references",
            remains.trees.len(),
            remains.names.len()
        )?;
    }
    if !context.quiet() && !remains.kept.is_empty() {
        let kept: Vec<String> = remains
            .kept
            .iter()
            .map(|(why, count)| format!("{count} {}", why.words()))
            .collect();
        writeln!(context.err(), "kept in the repository: {}", kept.join(", "))?;
    }
    if !context.quiet() && !found.kept.is_empty() {
        let kept: Vec<String> = found
            .kept
            .iter()
            .map(|(why, count)| format!("{count} {}", why.words()))
            .collect();
        writeln!(context.err(), "kept: {}", kept.join(", "))?;
    }
    Ok(Exit::OK)
}

/// Every run that the journal names, and when it ended.
fn ends(layout: &Layout) -> Result<BTreeMap<RunId, Option<Timestamp>>, StoreError> {
    let mut ends = BTreeMap::new();
    history(layout, &mut |recorded| {
        let Some(run) = recorded.event.run() else {
            return;
        };
        let end = match &recorded.event {
            Event::Ended { .. } | Event::Voided { .. } | Event::ClaimEnded { .. } => {
                Some(recorded.at)
            }
            Event::Imported { when, .. } => Some(*when),
            _ => None,
        };
        ends.insert(run.clone(), end);
    })?;
    Ok(ends)
}

fn json(root: &Path, found: &Needless, remains: &Remains, dry_run: bool) -> serde_json::Value {
    let list = |all: &[(std::path::PathBuf, u64)]| -> Vec<serde_json::Value> {
        all.iter()
            .map(|(path, bytes)| {
                let path = path.strip_prefix(root).unwrap_or(path);
                serde_json::json!({ "path": path.to_string_lossy(), "bytes": bytes })
            })
            .collect()
    };
    let kept: BTreeMap<&str, usize> = found
        .kept
        .iter()
        .map(|(why, count)| (why.words(), *count))
        .collect();
    let trees: Vec<_> = remains
        .trees
        .iter()
        .map(|tree| tree.path.strip_prefix(root).unwrap_or(&tree.path))
        .map(|path| path.to_string_lossy())
        .collect();
    let names: Vec<_> = remains.names.iter().map(|(name, _)| name).collect();
    let held: BTreeMap<&str, usize> = remains
        .kept
        .iter()
        .map(|(why, count)| (why.words(), *count))
        .collect();
    serde_json::json!({
        "schema_version": 1,
        "dry_run": dry_run,
        "bytes": found.bytes(),
        "runs": list(&found.runs),
        "orchestrations": list(&found.orchestrations),
        "temporary": list(&found.temporary),
        "kept": kept,
        "worktrees": trees,
        "references": names,
        "kept_in_repository": held,
    })
}

/// A size as people read it.
fn size(bytes: u64) -> String {
    const UNITS: [(&str, u64); 3] = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];
    for (name, unit) in UNITS {
        if bytes >= unit {
            let tenths = bytes.saturating_mul(10) / unit;
            return format!("{}.{} {name}", tenths / 10, tenths % 10);
        }
    }
    format!("{bytes} bytes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_by_people() {
        for (bytes, text) in [
            (0, "0 bytes"),
            (1023, "1023 bytes"),
            (1024, "1.0 KiB"),
            (1536, "1.5 KiB"),
            (5 << 20, "5.0 MiB"),
            (3 << 30, "3.0 GiB"),
        ] {
            assert_eq!(size(bytes), text);
        }
    }
}
