//! The dashboard in a real browser: how soon it shows a thousand tasks and what happens to them, how it moves the graph,
//! and what a run pays for being watched.

use std::fs;
use std::io::{self, BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::place::{Place, completed, runr, time};
use crate::table::{line, median, ms, spread, verdict};

const TASKS: usize = 1_000;
const PAINT: f64 = 300.0;
const NEWS: f64 = 100.0;
/// Of the runs that are compared.
const WATCHED: usize = 200;
const ROUNDS: usize = 9;

pub fn run() -> io::Result<()> {
    let Some(browser) = std::env::var_os("RUNR_BROWSER") else {
        line("dashboard: RUNR_BROWSER names no browser; there is nothing to show the page in");
        return Ok(());
    };
    let browser = PathBuf::from(browser);
    let place = Place::new()?;
    let folder = place.fresh("thousand")?;
    project(&folder, TASKS)?;
    // So that there is a journal to watch.
    time(runr(&folder, &["tasks", "complete", "0999-task.md", "-q"]))?;
    let dashboard = Dashboard::of(&folder)?;
    paint(&answer(&dashboard.browse(&browser, "paint")?)?);
    news(&answer(&dashboard.browse(&browser, "news")?)?);
    drop(dashboard);
    watched(&place, &browser)
}

/// Tasks that each wait for up to three of the sixty before them.
fn project(folder: &Path, tasks: usize) -> io::Result<()> {
    let dir = folder.join(".runr/tasks");
    fs::create_dir_all(&dir)?;
    for number in 0..tasks {
        let needs: Vec<String> = [7, 19, 53]
            .into_iter()
            .take(number % 4)
            .filter_map(|back| number.checked_sub(back))
            .map(|before| format!("{before:04}-task.md"))
            .collect();
        let text = format!(
            "---\nrun: 'true'\ndepends_on: [{}]\n---\n# Task number {number} does something useful\n",
            needs.join(", ")
        );
        fs::write(dir.join(format!("{number:04}-task.md")), text)?;
    }
    Ok(())
}

fn paint(found: &Value) {
    let times = |key: &str| numbers(&found[key]);
    line(&format!("dashboard: {TASKS} tasks"));
    let tasks = times("tasks_shown_ms");
    let most = tasks.iter().copied().fold(0.0, f64::max);
    line(&format!(
        "  first paint             {} ms",
        spread(times("first_paint_ms"))
    ));
    line(&format!(
        "  all tasks shown         {} ms   at most {PAINT}: {}",
        spread(tasks),
        verdict(most, PAINT)
    ));
    line(&format!(
        "  graph shown             {} ms",
        found["graph_shown_ms"]
    ));
    for how in ["far_zoom", "far_pan", "near_zoom", "near_pan"] {
        let frames = &found[how];
        line(&format!(
            "  a frame, {:<14} {} ms, one in twenty {} ms",
            how.replace('_', ", "),
            frames["median_ms"],
            frames["p95_ms"]
        ));
    }
}

fn news(found: &Value) {
    let (command, journal) = (
        numbers(&found["from_command_ms"]),
        numbers(&found["from_journal_ms"]),
    );
    let most = journal.iter().copied().fold(0.0, f64::max);
    line(&format!(
        "  event to page           {} ms   at most {NEWS}: {}",
        spread(journal),
        verdict(most, NEWS)
    ));
    line(&format!(
        "  from the command's start {} ms",
        spread(command)
    ));
}

fn numbers(value: &Value) -> Vec<f64> {
    let all = value.as_array().map(Vec::as_slice).unwrap_or_default();
    all.iter().filter_map(Value::as_f64).collect()
}

fn answer(child: &[String]) -> io::Result<Value> {
    let last = child.last().map(String::as_str).unwrap_or_default();
    serde_json::from_str(last).map_err(io::Error::from)
}

/// Runs in turns: alone, with somebody who only hears what happens, and with a page that shows the graph.
fn watched(place: &Place, browser: &Path) -> io::Result<()> {
    let mut rounds = Vec::new();
    for round in 0..ROUNDS {
        let mut timed = [None; 3];
        // Each comes first, second and last as often as the others.
        for turn in 0..3 {
            let which = (round + turn) % 3;
            let folder = place.fresh(&format!("watched-{round}-{which}"))?;
            project(&folder, WATCHED)?;
            let dashboard = (which > 0).then(|| Dashboard::of(&folder)).transpose()?;
            let page = dashboard
                .as_ref()
                .map(|one| match which {
                    1 => one.open("listen.mjs", browser),
                    _ => one.open("measure.mjs", browser),
                })
                .transpose()?;
            let took = time(runr(&folder, &["run", "-j2", "-q"]))?;
            completed(&folder, WATCHED)?;
            drop(page);
            timed[which] = Some(took);
        }
        if let [Some(alone), Some(heard), Some(drawn)] = timed {
            rounds.push([alone, heard, drawn]);
        }
    }
    let alone = median(rounds.iter().map(|round| round[0]).collect());
    line(&format!(
        "  {WATCHED} tasks `true`, -j2, {ROUNDS} rounds: alone {:.0} ms",
        ms(alone)
    ));
    for (which, how) in [
        (1, "with somebody who hears the stream"),
        (2, "with a page that draws the graph on the same processors"),
    ] {
        let took = median(rounds.iter().map(|round| round[which]).collect());
        let ratios = rounds
            .iter()
            .map(|round| round[which].as_secs_f64() / round[0].as_secs_f64());
        line(&format!(
            "    {how} {:.0} ms, ratio {}",
            ms(took),
            spread(ratios.collect())
        ));
    }
    Ok(())
}

/// Ends when dropped.
struct Dashboard {
    child: Child,
    address: String,
    folder: PathBuf,
}

impl Dashboard {
    fn of(folder: &Path) -> io::Result<Self> {
        let mut child = runr(folder, &["dashboard", "--no-open"])
            .stdout(Stdio::piped())
            .spawn()?;
        let mut address = String::new();
        if let Some(out) = child.stdout.take() {
            BufReader::new(out).read_line(&mut address)?;
        }
        Ok(Self {
            child,
            address: address.trim().to_owned(),
            folder: folder.to_owned(),
        })
    }

    fn node(&self, browser: &Path, script: &str, how: &str) -> Command {
        let mut command = Command::new("node");
        command
            .args([script, how])
            .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser"))
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .env("HOME", &self.folder)
            .env("ADDRESS", &self.address)
            .env("RUNR_BROWSER", browser)
            .env("RUNR", env!("CARGO_BIN_EXE_runr"))
            .env("PROJECT", &self.folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        command
    }

    /// The lines that it prints.
    fn browse(&self, browser: &Path, how: &str) -> io::Result<Vec<String>> {
        let done = self.node(browser, "measure.mjs", how).output()?;
        if !done.status.success() {
            return Err(io::Error::other(format!("node ended with {}", done.status)));
        }
        let text = String::from_utf8_lossy(&done.stdout);
        Ok(text.lines().map(str::to_owned).collect())
    }

    /// A page that stays open until what is given is dropped.
    fn open(&self, script: &str, browser: &Path) -> io::Result<Page> {
        let mut child = self.node(browser, script, "hold").spawn()?;
        let mut said = String::new();
        if let Some(out) = child.stdout.take() {
            BufReader::new(out).read_line(&mut said)?;
        }
        match said.trim() {
            "open" => Ok(Page(child)),
            _ => Err(io::Error::other("the page did not open")),
        }
    }
}

impl Drop for Dashboard {
    fn drop(&mut self) {
        // It has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Closes when dropped.
struct Page(Child);

impl Drop for Page {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        // Nothing is measured any more.
        let _ = self.0.wait();
    }
}
