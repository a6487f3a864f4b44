//! What a task costs beside its work: a thousand `true`, against `ninja` with the same commands.

use std::fs;
use std::io;
use std::path::Path;
use std::time::Duration;

use crate::place::{Place, completed, program, runr, time};
use crate::table::{line, median, ms, spread, verdict};

const TASKS: usize = 1000;
const ROUNDS: usize = 5;
/// The most that is allowed, and what is aimed at.
const LIMIT: f64 = 5.0;
const AIM: f64 = 3.5;

/// How the tasks hang together.
#[derive(Clone, Copy)]
enum Shape {
    Independent,
    Chain,
}

pub fn run() -> io::Result<()> {
    let place = Place::new()?;
    line(&format!(
        "overhead: {TASKS} tasks `true`, -j2, median of {ROUNDS} pairs; fdatasync {:.2} ms",
        ms(place.fdatasync()?)
    ));
    let ninja = program("ninja", Path::new("/"), &["--version"])
        .status()
        .is_ok_and(|status| status.success());
    if !ninja {
        line("  ninja is missing (Debian: ninja-build); there is nothing to compare with");
    }
    line("  shape        ninja ms/task   runr ms/task   ratio [least..most]    at most 5, aim 3.5");
    for (name, shape) in [("independent", Shape::Independent), ("chain", Shape::Chain)] {
        let mut pairs = Vec::new();
        for round in 0..ROUNDS {
            let theirs = match ninja {
                true => time_ninja(&place.fresh(&format!("{name}-ninja-{round}"))?, shape)?,
                false => Duration::ZERO,
            };
            let ours = time_runr(&place.fresh(&format!("{name}-runr-{round}"))?, shape)?;
            pairs.push((theirs, ours));
        }
        let each = |time: Duration| ms(time) / TASKS as f64;
        let theirs = each(median(pairs.iter().map(|pair| pair.0).collect()));
        let ours = each(median(pairs.iter().map(|pair| pair.1).collect()));
        let ratios: Vec<f64> = pairs
            .iter()
            .map(|(theirs, ours)| ours.as_secs_f64() / theirs.as_secs_f64())
            .collect();
        let middle = ours / theirs;
        let said = match ninja {
            true => format!(
                "{} the limit, {} the aim",
                verdict(middle, LIMIT),
                verdict(middle, AIM)
            ),
            false => String::new(),
        };
        line(&format!(
            "  {name:<11}  {theirs:>13.2}   {ours:>12.2}   {:<21}  {said}",
            spread(ratios)
        ));
    }
    parts(&place)
}

fn time_ninja(folder: &Path, shape: Shape) -> io::Result<Duration> {
    let mut text = String::from("rule r\n  command = true\n");
    for number in 0..TASKS {
        text += &match shape {
            Shape::Chain if number > 0 => format!("build o{number}: r o{}\n", number - 1),
            _ => format!("build o{number}: r\n"),
        };
    }
    fs::write(folder.join("build.ninja"), text)?;
    time(program("ninja", folder, &["-j2"]))
}

fn project(folder: &Path, shape: Shape, tasks: usize) -> io::Result<()> {
    let dir = folder.join(".runr/tasks");
    fs::create_dir_all(&dir)?;
    for number in 0..tasks {
        let after = match shape {
            Shape::Chain if number > 0 => format!("depends_on: t{:04}.md\n", number - 1),
            _ => String::new(),
        };
        fs::write(
            dir.join(format!("t{number:04}.md")),
            format!("---\n{after}run: 'true'\n---\n# Task {number}\n"),
        )?;
    }
    Ok(())
}

fn time_runr(folder: &Path, shape: Shape) -> io::Result<Duration> {
    project(folder, shape, TASKS)?;
    let took = time(runr(folder, &["orchestrate", "run", "-j2", "-q"]))?;
    completed(folder, TASKS)?;
    Ok(took)
}

/// Where the time goes: the same number of bare process starts, and the calls that runr and its attempts
/// make for each task.
fn parts(place: &Place) -> io::Result<()> {
    let folder = place.fresh("parts")?;
    let bare =
        |what: &str, command: &(dyn Fn() -> std::process::Command + Sync)| -> io::Result<()> {
            let began = std::time::Instant::now();
            std::thread::scope(|scope| {
                let started = [(); 2].map(|()| {
                    scope.spawn(|| (0..TASKS / 2).try_for_each(|_| command().status().map(drop)))
                });
                started
                    .into_iter()
                    .try_for_each(|thread| match thread.join() {
                        Ok(result) => result,
                        Err(panic) => std::panic::resume_unwind(panic),
                    })
            })?;
            line(&format!(
                "  {what:<44} {:.2} ms each",
                ms(began.elapsed()) / TASKS as f64
            ));
            Ok(())
        };
    bare("of this: `sh -c true` started two at once", &|| {
        program("/bin/sh", &folder, &["-c", "true"])
    })?;
    bare("of this: an attempt that leaves at once", &|| {
        runr(&folder, &["attempt"])
    })?;
    calls(place)
}

/// Counts the calls for a hundred tasks. Their times under strace would say nothing.
fn calls(place: &Place) -> io::Result<()> {
    const COUNTED: usize = 100;
    let folder = place.fresh("calls")?;
    project(&folder, Shape::Independent, COUNTED)?;
    let binary = env!("CARGO_BIN_EXE_runr");
    let args = [
        "-f",
        "-qq",
        "-c",
        "-o",
        "calls",
        binary,
        "orchestrate",
        "run",
        "-j2",
        "-q",
    ];
    match program("strace", &folder, &args).status() {
        Ok(status) if status.success() => {}
        _ => {
            line("  strace is missing or may not trace; the calls are not counted");
            return Ok(());
        }
    }
    let text = fs::read_to_string(folder.join("calls"))?;
    let mut counts: Vec<(String, usize)> = Vec::new();
    for row in text.lines() {
        // % time, seconds, usecs/call, calls, [errors], syscall
        let words: Vec<&str> = row.split_whitespace().collect();
        if let [_, _, _, calls, .., name] = words.as_slice()
            && let Ok(calls) = calls.parse()
        {
            counts.push(((*name).to_owned(), calls));
        }
    }
    counts.retain(|(name, _)| name != "total");
    counts.sort_by_key(|(name, calls)| (std::cmp::Reverse(*calls), name.clone()));
    let total: usize = counts.iter().map(|(_, calls)| calls).sum();
    line(&format!(
        "  calls a task, all processes, start-up included: {:.1}",
        total as f64 / COUNTED as f64
    ));
    let each = |name: &str| {
        let calls = counts
            .iter()
            .find(|(known, _)| known == name)
            .map_or(0, |(_, calls)| *calls);
        format!("{name} {:.2}", calls as f64 / COUNTED as f64)
    };
    let telling = [
        "fdatasync",
        "fsync",
        "rename",
        "mkdir",
        "execve",
        "clone",
        "clone3",
        "vfork",
        "flock",
    ];
    line(&format!("    {}", telling.map(each).join(", ")));
    let most: Vec<String> = counts
        .iter()
        .take(12)
        .map(|(name, calls)| format!("{name} {:.1}", *calls as f64 / COUNTED as f64))
        .collect();
    line(&format!("    most often: {}", most.join(", ")));
    Ok(())
}
