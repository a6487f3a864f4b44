//! `status --tasks --all-repos` over ten repositories with a thousand tasks each, half of them completed.

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::Path;

use crate::place::{Place, runr, time};
use crate::table::{line, median, ms, verdict};

const REPOSITORIES: usize = 10;
const TASKS: usize = 1_000;
const ROUNDS: usize = 21;
/// Milliseconds.
const LIMIT: f64 = 150.0;

pub fn run() -> io::Result<()> {
    let place = Place::new()?;
    line(
        "repositories: 10 with 1,000 tasks each, half of them completed; warm, median of 21, in turns",
    );
    line("  command                               ms   at most 150");
    let top = place.fresh("several")?;
    let mut repos = String::from("repos:\n");
    for number in 1..REPOSITORIES {
        // Writing to a text cannot fail.
        let _ = writeln!(repos, "  r{number}: ../r{number}");
    }
    // The home last: its tasks need those of the others.
    for number in (0..REPOSITORIES).rev() {
        let folder = top.join(format!("r{number}"));
        project(&folder, number)?;
        if number == 0 {
            fs::write(folder.join(".runr/config.yaml"), &repos)?;
        }
        complete(&folder)?;
    }
    let home = top.join("r0");
    let commands: [&[&str]; 3] = [
        &["status", "--tasks", "--all-repos"],
        &["status", "--tasks", "--all-repos", "--json"],
        &["status", "--tasks"],
    ];
    let mut times = vec![Vec::new(); commands.len()];
    for _ in 0..ROUNDS {
        for (args, times) in commands.iter().zip(&mut times) {
            times.push(time(runr(&home, args))?);
        }
    }
    for (args, times) in commands.iter().zip(times) {
        let took = ms(median(times));
        let command = format!("runr {}", args.join(" "));
        line(&format!(
            "  {command:<35} {took:>5.0}   {}",
            verdict(took, LIMIT)
        ));
    }
    Ok(())
}

/// Tasks that need the one before, and of another repository the one with the same number.
fn project(root: &Path, number: usize) -> io::Result<()> {
    let tasks = root.join(".runr/tasks");
    fs::create_dir_all(&tasks)?;
    for task in 0..TASKS {
        let mut needs = Vec::new();
        if task > 0 {
            needs.push(format!("{:04}.md", task - 1));
        }
        if number == 0 && task > 0 {
            let other = task % (REPOSITORIES - 1) + 1;
            needs.push(format!("'r{other}:{task:04}.md'"));
        }
        let text = format!(
            "---\ndepends_on: [{}]\nrun: make part-{task}\nowns: [src/part-{task}/**]\nestimate: 5m\n---\n# Part {task}\n\nBuild this part from its sources.\n",
            needs.join(", ")
        );
        fs::write(tasks.join(format!("{task:04}.md")), text)?;
    }
    Ok(())
}

/// The first half, as a person says it.
fn complete(root: &Path) -> io::Result<()> {
    let names: Vec<String> = (0..TASKS / 2).map(|task| format!("{task:04}.md")).collect();
    let mut args = vec!["tasks", "complete"];
    args.extend(names.iter().map(String::as_str));
    time(runr(root, &args)).map(drop)
}
