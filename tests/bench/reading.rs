//! `check` and `status --tasks` over many task files, against only reading them.

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::Path;

use crate::place::{Place, peak_memory, program, runr, time};
use crate::table::{line, median, ms, verdict};

const ROUNDS: usize = 5;
const LIMIT: f64 = 2.5;
/// Bytes of memory a task beyond its text.
const MEMORY: f64 = 1024.0;

pub fn run() -> io::Result<()> {
    let place = Place::new()?;
    line("reading: task files with 3 prerequisites each, warm; median of 5, in turns");
    line("    tasks   cat ms   command                 ms     × cat   at most 2.5");
    let mut memory = Vec::new();
    for tasks in [10_000, 100_000] {
        let folder = place.fresh(&format!("tasks-{tasks}"))?;
        let text = project(&folder, tasks)?;
        let cat = || {
            program(
                "find",
                &folder,
                &[".runr/tasks", "-type", "f", "-exec", "cat", "{}", "+"],
            )
        };
        time(cat())?;
        for args in [["check"].as_slice(), &["status", "--tasks"]] {
            let mut pairs = Vec::new();
            for _ in 0..ROUNDS {
                pairs.push((time(cat())?, time(runr(&folder, args))?));
            }
            let theirs = ms(median(pairs.iter().map(|pair| pair.0).collect()));
            let ours = ms(median(pairs.iter().map(|pair| pair.1).collect()));
            let ratio = ours / theirs;
            let command = format!("runr {}", args.join(" "));
            line(&format!(
                "  {tasks:>7}  {theirs:>7.0}   {command:<19} {ours:>6.0}   {ratio:>7.2}   {}",
                verdict(ratio, LIMIT)
            ));
        }
        memory.push((
            tasks,
            text,
            peak_memory(runr(&folder, &["status", "--tasks"]))?,
        ));
    }
    if let [(few, less_text, low), (many, text, high)] = memory[..] {
        let tasks = (many - few) as f64;
        let beyond = (high.saturating_sub(low) as f64 - (text - less_text) as f64) / tasks;
        line(&format!(
            "  memory: {:.0} MiB for {few} tasks, {:.0} MiB for {many}; {beyond:.0} bytes a task beyond its text: {}",
            low as f64 / 1_048_576.0,
            high as f64 / 1_048_576.0,
            verdict(beyond, MEMORY)
        ));
    }
    Ok(())
}

/// Writes the task files, a thousand to a folder; gives the bytes of all.
fn project(root: &Path, tasks: usize) -> io::Result<u64> {
    let mut bytes = 0;
    let mut dice = 0x9e37_79b9_u64;
    let name = |number: usize| format!("part-{:03}/{:06}.md", number / 1000, number);
    for number in 0..tasks {
        let path = root.join(".runr/tasks").join(name(number));
        if number % 1000 == 0 {
            fs::create_dir_all(path.parent().unwrap_or(root))?;
        }
        let mut text = String::from("---\ndepends_on:");
        text += if number == 0 { " []\n" } else { "\n" };
        let mut after: Vec<usize> = Vec::new();
        while after.len() < number.min(3) {
            dice = dice
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let one = usize::try_from(dice >> 33).unwrap_or(0) % number;
            if !after.contains(&one) {
                after.push(one);
                // Writing to a text cannot fail.
                let _ = writeln!(text, "  - {}", name(one));
            }
        }
        let _ = write!(
            text,
            "run: make part-{number}\nowns: [src/part-{number}/**]\nestimate: 5m\n---\n# Part {number}\n\n"
        );
        for sentence in [
            "Build this part from its sources.",
            "Keep its interface as it is.",
            "Say what was left out, and why.",
        ] {
            text += sentence;
            text.push('\n');
        }
        bytes += text.len() as u64;
        fs::write(path, text)?;
    }
    Ok(bytes)
}
