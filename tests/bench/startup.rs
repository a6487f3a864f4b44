//! How long the smallest commands take.

use std::fs;
use std::io;

use crate::place::{Place, completed, program, runr, time};
use crate::table::{line, median, ms, verdict};

const ROUNDS: usize = 200;

pub fn run() -> io::Result<()> {
    let place = Place::new()?;
    let folder = place.fresh("ten")?;
    let dir = folder.join(".runr/tasks");
    fs::create_dir_all(&dir)?;
    for number in 0..10 {
        let after = if number > 0 {
            format!("depends_on: t{}.md\n", number - 1)
        } else {
            String::new()
        };
        fs::write(
            dir.join(format!("t{number}.md")),
            format!("---\n{after}run: 'true'\n---\n# Task {number}\n"),
        )?;
    }
    time(runr(&folder, &["orchestrate", "run", "-q"]))?;
    completed(&folder, 10)?;
    line(&format!("startup: median of {ROUNDS}, in turns"));
    let mut times = [const { Vec::new() }; 3];
    for _ in 0..ROUNDS {
        times[0].push(time(program("/bin/true", &folder, &[]))?);
        times[1].push(time(runr(&folder, &["--version"]))?);
        times[2].push(time(runr(&folder, &["status", "--tasks"]))?);
    }
    let [bare, version, status] = times.map(|times| ms(median(times)));
    line(&format!(
        "  /bin/true (any process)           {bare:>6.2} ms"
    ));
    line(&format!(
        "  runr --version                    {version:>6.2} ms   at most  3: {}",
        verdict(version, 3.0)
    ));
    line(&format!(
        "  runr status --tasks, 10 completed {status:>6.2} ms   at most 10: {}",
        verdict(status, 10.0)
    ));
    Ok(())
}
