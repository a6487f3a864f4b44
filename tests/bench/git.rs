//! What a run in a working tree of its own costs, against the bare git commands that do the same.
//!
//! In pairs, in repositories of 200 files, with the same syncs: whatever the disk and the machine do meanwhile, they do
//! to both.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::place::{Place, completed, program, runr, time};
use crate::table::{line, median, ms, spread, verdict};

const FILES: usize = 200;
const RUNS: usize = 20;
const ROUNDS: usize = 7;
const LIMIT: f64 = 1.5;

pub fn run() -> io::Result<()> {
    let place = Place::new()?;
    line(&format!(
        "git: {RUNS} runs of `true`, each in a working tree of {FILES} files, -j1, median of {ROUNDS} pairs; fdatasync {:.2} ms",
        ms(place.fdatasync()?)
    ));
    let mut pairs = Vec::new();
    let mut steps: BTreeMap<&'static str, Vec<Duration>> = BTreeMap::new();
    for round in 0..ROUNDS {
        let folder = place.fresh(&format!("bare-{round}"))?;
        repository(&folder, 0)?;
        let theirs = bare(&folder, &mut steps)?;
        let folder = place.fresh(&format!("runr-{round}"))?;
        repository(&folder, RUNS)?;
        let ours = time(quiet(runr(
            &folder,
            &["run", "-j1", "-q", "--land", "never"],
        )))?;
        completed(&folder, RUNS)?;
        pairs.push((theirs, ours));
    }
    let each = |time: Duration| ms(time) / RUNS as f64;
    let theirs = each(median(pairs.iter().map(|pair| pair.0).collect()));
    let ours = each(median(pairs.iter().map(|pair| pair.1).collect()));
    let ratios = pairs.iter().map(|(a, b)| b.as_secs_f64() / a.as_secs_f64());
    line("  bare git ms/run   runr ms/run   ratio [least..most]    at most 1.5");
    line(&format!(
        "  {theirs:>15.2}   {ours:>11.2}   {:<21}  {}",
        spread(ratios.collect()),
        verdict(ours / theirs, LIMIT)
    ));
    line("  of the bare commands, the middle of each:");
    for (step, times) in steps {
        line(&format!("    {step:<24} {:.2} ms", ms(median(times))));
    }
    processes(&place)
}

/// 200 files in folders, and so many tasks.
fn repository(folder: &Path, tasks: usize) -> io::Result<()> {
    for number in 0..FILES {
        let dir = folder.join(format!("src/{}", number / 20));
        fs::create_dir_all(&dir)?;
        let text = format!("line of file {number}\n").repeat(60);
        fs::write(dir.join(format!("{number}.txt")), text)?;
    }
    let dir = folder.join(".runr/tasks");
    fs::create_dir_all(&dir)?;
    for number in 0..tasks {
        fs::write(
            dir.join(format!("t{number:02}.md")),
            format!("---\nrun: 'true'\n---\n# Task {number}\n"),
        )?;
    }
    for args in [
        &["init", "-q", "-b", "main"][..],
        &["config", "user.name", "Ada"],
        &["config", "user.email", "ada@example.org"],
        &["add", "-A"],
        &["commit", "-q", "-m", "begin"],
        &["branch", "orch"],
    ] {
        time(git(folder, args))?;
    }
    Ok(())
}

fn git(folder: &Path, args: &[&str]) -> Command {
    quiet(program("git", folder, args))
}

/// Without any settings but the repository's.
fn quiet(mut command: Command) -> Command {
    command
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1");
    command
}

/// As many times what a run does, by hand: working tree, work, commit, merge, branch, and away with it; and on the disk
/// at the same points as runr's own files and its commits are.
fn bare(folder: &Path, steps: &mut BTreeMap<&'static str, Vec<Duration>>) -> io::Result<Duration> {
    let began = Instant::now();
    let mut journal = File::create(folder.join(".git/journal"))?;
    fs::create_dir(folder.join("trees"))?;
    fs::write(folder.join("trees/.gitignore"), "*\n")?;
    let mut step = |name, work: &mut dyn FnMut() -> io::Result<()>| -> io::Result<()> {
        let began = Instant::now();
        work()?;
        steps.entry(name).or_default().push(began.elapsed());
        Ok(())
    };
    for number in 0..RUNS {
        let branch = format!("run-{number}");
        let tree = folder.join("trees").join(&branch);
        let path = tree.to_string_lossy().into_owned();
        let note = |journal: &mut File| -> io::Result<()> {
            journal.write_all(&[0x20; 300])?;
            journal.sync_data()
        };
        // Reserved, started.
        step("journal, each of three", &mut || note(&mut journal))?;
        step("journal, each of three", &mut || note(&mut journal))?;
        step("1 worktree add", &mut || {
            let add = [
                "worktree",
                "add",
                "-q",
                "--no-track",
                "--lock",
                "-b",
                &branch,
                &path,
                "orch",
            ];
            time(git(folder, &add)).map(drop)
        })?;
        step("2 sh -c true", &mut || {
            time(program("/bin/sh", &tree, &["-c", "true"])).map(drop)
        })?;
        step("3 add, commit", &mut || {
            time(git(&tree, &["add", "--all"]))?;
            time(git(&tree, &["commit", "-q", "--allow-empty", "-m", "work"])).map(drop)
        })?;
        step("4 merge-tree", &mut || {
            time(git(
                folder,
                &["merge-tree", "--write-tree", "orch", &branch],
            ))
            .map(drop)
        })?;
        step("5 syncfs, each of two", &mut || sync(folder))?;
        step("6 update-ref", &mut || {
            let name = format!("refs/heads/{branch}");
            let tip = output(folder, &["rev-parse", &name])?;
            time(git(folder, &["update-ref", "refs/heads/orch", &tip])).map(drop)
        })?;
        step("5 syncfs, each of two", &mut || sync(folder))?;
        // The verdict in its own file.
        step("7 verdict", &mut || {
            let path = folder.join(".git/verdict");
            let mut file = File::create(&path)?;
            file.write_all(&[0x20; 600])?;
            file.sync_all()?;
            fs::rename(&path, folder.join(".git/verdict.json"))?;
            File::open(folder.join(".git"))?.sync_all()
        })?;
        step("journal, each of three", &mut || note(&mut journal))?;
        step("8 worktree remove", &mut || {
            let remove = ["worktree", "remove", "--force", "--force", &path];
            time(git(folder, &remove))?;
            time(git(folder, &["branch", "-q", "-D", &branch])).map(drop)
        })?;
    }
    Ok(began.elapsed())
}

fn output(folder: &Path, args: &[&str]) -> io::Result<String> {
    let output = git(folder, args).stdout(Stdio::piped()).output()?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn sync(folder: &Path) -> io::Result<()> {
    Ok(rustix::fs::syncfs(File::open(folder)?)?)
}

/// Where runr's time goes: which processes of git it starts, for how many runs.
fn processes(place: &Place) -> io::Result<()> {
    let folder = place.fresh("processes")?;
    repository(&folder, RUNS)?;
    let trace = folder.join(".git/trace");
    let trace = trace.to_string_lossy().into_owned();
    let args = [
        "-f",
        "-qq",
        "-s",
        "4000",
        "-v",
        "-e",
        "trace=execve",
        "-e",
        "signal=none",
        "-o",
        &trace,
        env!("CARGO_BIN_EXE_runr"),
        "run",
        "-j1",
        "-q",
        "--land",
        "never",
    ];
    match quiet(program("strace", &folder, &args)).status() {
        Ok(status) if status.success() => {}
        _ => {
            line("  strace is missing or may not trace; the processes are not counted");
            return Ok(());
        }
    }
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for row in fs::read_to_string(&trace)?
        .lines()
        .filter(|row| row.contains(" = 0"))
    {
        // execve("/usr/bin/git", ["git", "-c", …], [environment])
        let Some((_, args)) = row.split_once(", [\"") else {
            continue;
        };
        let args = args.split("\"], [").next().unwrap_or_default();
        let words: Vec<&str> = args.split("\", \"").collect();
        let mut rest = words.iter().skip(1).peekable();
        while let Some(word) = rest.next_if(|word| word.starts_with('-')) {
            if matches!(*word, "-c" | "-C") {
                rest.next();
            }
        }
        let what = match words.first() {
            Some(&"git") => format!("git {}", rest.next().unwrap_or(&"")),
            Some(other) => other.rsplit('/').next().unwrap_or_default().to_owned(),
            None => continue,
        };
        *counts.entry(what).or_default() += 1;
    }
    let mut counts: Vec<(String, usize)> = counts.into_iter().collect();
    counts.sort_by_key(|(name, count)| (std::cmp::Reverse(*count), name.clone()));
    line(&format!("  processes of runr for {RUNS} runs:"));
    let all: Vec<String> = counts
        .iter()
        .map(|(name, count)| format!("{name} {count}"))
        .collect();
    line(&format!("    {}", all.join(", ")));
    Ok(())
}
