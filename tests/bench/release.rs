//! How soon a running orchestration starts what a person has just released in another terminal.

use std::fs;
use std::io;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::place::{Place, runr, time};
use crate::table::{line, ms, spread, verdict};

const ROUNDS: usize = 20;
const LIMIT: f64 = 200.0;

pub fn run() -> io::Result<()> {
    let place = Place::new()?;
    let folder = place.fresh("people")?;
    let dir = folder.join(".runr/tasks");
    fs::create_dir_all(&dir)?;
    for number in 0..ROUNDS {
        fs::write(
            dir.join(format!("m{number}.md")),
            format!("---\ntype: manual\n---\n# By hand {number}\n"),
        )?;
        let run = format!("date +%s%N > began.tmp && mv began.tmp began-{number}");
        fs::write(
            dir.join(format!("w{number}.md")),
            format!("---\ndepends_on: m{number}.md\nrun: {run}\n---\n# After {number}\n"),
        )?;
    }
    let mut waiting = runr(&folder, &["orchestrate", "run", "--wait", "-q"]).spawn()?;
    let journal = folder.join(".runr/journal.jsonl");
    let skipped = || {
        fs::read_to_string(&journal)
            .unwrap_or_default()
            .matches("\"event\":\"skipped\"")
            .count()
    };
    until(|| Ok((skipped() == ROUNDS).then_some(())))?;
    let mut from_start = Vec::new();
    let mut from_end = Vec::new();
    for number in 0..ROUNDS {
        let began = now();
        time(runr(
            &folder,
            &["tasks", "complete", &format!("m{number}"), "-q"],
        ))?;
        let told = now();
        let path = folder.join(format!("began-{number}"));
        let worker = until(|| read(&path))?;
        from_start.push(ms(worker.saturating_sub(began)));
        from_end.push(ms(worker.saturating_sub(told)));
    }
    let status = waiting.wait()?;
    let most = from_start.iter().copied().fold(0.0, f64::max);
    line(&format!(
        "release: `runr tasks complete` to the first act of the dependent's worker, {ROUNDS} times"
    ));
    line(&format!(
        "  from its start  {} ms   at most {LIMIT}: {}",
        spread(from_start),
        verdict(most, LIMIT)
    ));
    line(&format!("  from its end    {} ms", spread(from_end)));
    match status.success() {
        true => Ok(()),
        false => Err(io::Error::other(format!(
            "the orchestration ended with {status}"
        ))),
    }
}

fn now() -> Duration {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
}

fn read(path: &Path) -> io::Result<Option<Duration>> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(text.trim().parse().ok().map(Duration::from_nanos)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Looks again and again: what is measured is written down by the worker itself.
fn until<T>(mut look: impl FnMut() -> io::Result<Option<T>>) -> io::Result<T> {
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(60) {
        if let Some(found) = look()? {
            return Ok(found);
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    Err(io::Error::other("waited a minute in vain"))
}
