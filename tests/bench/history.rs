//! `status --infer-from-git` over a history of 100,000 commits, against `git log` printing the same messages.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::process::Stdio;

use crate::place::{Place, program, runr, time};
use crate::table::{line, median, ms, spread, verdict};

const COMMITS: usize = 100_000;
/// As many tasks; every commit of a hundred is a checkpoint of one of them.
const TASKS: usize = 500;
const ROUNDS: usize = 5;
const FIRST: f64 = 1.5;
/// Milliseconds.
const AFTERWARDS: f64 = 50.0;

pub fn run() -> io::Result<()> {
    let place = Place::new()?;
    let folder = place.fresh("history")?;
    project(&folder)?;
    let git = |args: &[&str]| program("git", &folder, args);
    let infer = || runr(&folder, &["status", "--infer-from-git", "--json"]);
    let cache = folder.join(".runr/git-history.json");
    let log = ["log", "-z", "--format=%H %P%n%ct%n%B", "HEAD"];
    line(&format!(
        "history: {COMMITS} commits, {TASKS} tasks, each completed twice; warm; {ROUNDS} rounds, in turns"
    ));
    for (what, owns) in [
        ("no task owns anything", Owns::Nothing),
        ("each task owns a folder", Owns::Folder),
    ] {
        line(&format!(" {what}"));
        tasks(&folder, owns)?;
        time(git(&log))?;
        time(infer())?;
        let (mut first, mut afterwards, mut one_more) = (Vec::new(), Vec::new(), Vec::new());
        for round in 0..ROUNDS {
            fs::remove_file(&cache)?;
            // Into a file, as runr reads all of it too; to nowhere git would skip the writing.
            let mut theirs = git(&log);
            theirs.stdout(Stdio::from(File::create(
                place.fresh(&format!("log-{owns:?}-{round}"))?.join("log"),
            )?));
            let theirs = time(theirs)?;
            let ours = time(infer())?;
            first.push((theirs, ours));
            afterwards.push(time(infer())?);
            let message = format!(
                "Task\n\nRunr-Task: .runr/tasks/{round}.md\nRunr-Run-Id: 20260101-00000{round}-more"
            );
            time(git(&["commit", "-q", "--allow-empty", "-m", &message]))?;
            one_more.push(time(infer())?);
        }
        let middle = |times: Vec<_>| ms(median(times));
        let ratios: Vec<f64> = first.iter().map(|(t, o)| ms(*o) / ms(*t)).collect();
        let ratio = middle(first.iter().map(|pair| pair.1).collect())
            / middle(first.iter().map(|pair| pair.0).collect());
        line(&format!(
            "  git log, all messages            {:>7.0} ms",
            middle(first.iter().map(|pair| pair.0).collect())
        ));
        line(&format!(
            "  the first time                   {:>7.0} ms   × git log {}   at most {FIRST}: {}",
            middle(first.iter().map(|pair| pair.1).collect()),
            spread(ratios),
            verdict(ratio, FIRST)
        ));
        for (what, times) in [
            ("afterwards", afterwards),
            ("afterwards, one commit more", one_more),
        ] {
            let took = middle(times);
            line(&format!(
                "  {what:<32} {took:>7.1} ms   at most {AFTERWARDS} ms: {}",
                verdict(took, AFTERWARDS)
            ));
        }
    }
    Ok(())
}

/// Do the tasks own anything?
#[derive(Debug, Clone, Copy)]
enum Owns {
    Nothing,
    Folder,
}

fn tasks(root: &Path, owns: Owns) -> io::Result<()> {
    fs::create_dir_all(root.join(".runr/tasks"))?;
    for task in 0..TASKS {
        let owns = match owns {
            Owns::Nothing => String::new(),
            Owns::Folder => format!("owns: [src/{task}/**]\n"),
        };
        let text = format!("---\nrun: make {task}\n{owns}---\n# Task {task}\n");
        fs::write(root.join(format!(".runr/tasks/{task}.md")), text)?;
    }
    Ok(())
}

fn project(root: &Path) -> io::Result<()> {
    tasks(root, Owns::Nothing)?;
    let git = |args: &[&str]| time(program("git", root, args));
    git(&["init", "-q", "-b", "main"])?;
    git(&["config", "user.name", "a"])?;
    git(&["config", "user.email", "a@example.org"])?;
    let stream = root.join(".git/stream");
    fs::write(&stream, commits())?;
    let mut import = program("git", root, &["fast-import", "--quiet"]);
    import.stdin(Stdio::from(File::open(&stream)?));
    time(import)?;
    fs::remove_file(&stream)?;
    git(&["read-tree", "HEAD"])?;
    Ok(())
}

/// A stream for `git fast-import`. Messages have a body, as people's have.
fn commits() -> String {
    let mut stream = String::new();
    for number in 0..COMMITS {
        let mut message = format!(
            "Change number {number} of the engine\n\nIt was slow before, and nobody could say why: the table was read anew for every\nentry, and each entry wrote it back. Now it is read once.\n\nReviewed-by: A Person <person@example.org>\n"
        );
        let checkpoint = number / (COMMITS / (2 * TASKS));
        if number % (COMMITS / (2 * TASKS)) == 0 {
            let task = checkpoint % TASKS;
            // Writing to a text cannot fail.
            let _ = write!(
                message,
                "\nRunr-Task: .runr/tasks/{task}.md\nRunr-Run-Id: 20250101-{:06}-aaaa\nRunr-Fingerprint: 000102030405060708090a0b0c0d0e0f\nRunr-Worker: shell\n",
                checkpoint
            );
        }
        let at = 1_600_000_000 + number;
        let _ = write!(
            stream,
            "commit refs/heads/main\ncommitter A <a@example.org> {at} +0000\ndata {}\n{message}",
            message.len()
        );
        let text = number.to_string();
        // One of ten changes what a task owns.
        let path = match number % 10 {
            0 => format!("src/{}/x", number / 10 % 50),
            _ => format!("lib/{}", number % 50),
        };
        let _ = writeln!(
            stream,
            "M 100644 inline {path}\ndata {}\n{text}",
            text.len()
        );
    }
    stream
}
