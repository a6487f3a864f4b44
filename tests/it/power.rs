//! Cuts the power: a file system of its own, shut down in the middle of a run without its log being flushed, and mounted
//! again. What runr told anybody of must be there.
//!
//! A few cuts in every test run where loop mounts are possible; where they are not it says that it was not done.
//! `RUNR_POWER=200 cargo test --test it power -- --nocapture` makes two hundred, and fails where it cannot.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use tempfile::TempDir;

use crate::world::{Came, Proc, World, with_cookie};

/// `FS_IOC_SHUTDOWN` with the flag that leaves the log as it is on the disk.
const SHUT_DOWN: &str =
    "open F, '<', $ARGV[0] or die $!; my $how = pack('L', 2); ioctl(F, 0x8004587d, $how) or die $!";

const GRAPH: [(&str, &[&str]); 5] = [
    ("t1", &[]),
    ("t2", &[]),
    ("t3", &["t1"]),
    ("t4", &["t2"]),
    ("t5", &["t3", "t4"]),
];

#[test]
fn what_was_told_before_the_power_went_is_there_after_it() {
    let asked = std::env::var("RUNR_POWER")
        .ok()
        .and_then(|n| n.parse::<u32>().ok());
    if let Err(why) = Disk::possible() {
        assert!(asked.is_none(), "power cuts are not possible here: {why}");
        say(&format!("NOT DONE: power cuts: {why}"));
        return;
    }
    let rounds = asked.unwrap_or(3);
    let began = Instant::now();
    let (mut told, mut cuts) = (0, 0);
    for number in 0..rounds {
        let cut = cut(number);
        told += cut.told;
        cuts += u32::from(cut.in_time);
    }
    if asked.is_some() {
        say(&format!(
            "power: {rounds} rounds, {cuts} cut before the end, {told} completions told before the cut, all there; {:?}",
            began.elapsed()
        ));
    }
    assert!(
        rounds < 10 || cuts > rounds / 3,
        "{cuts} of {rounds} cuts came in time"
    );
}

struct Cut {
    told: usize,
    in_time: bool,
}

fn cut(number: u32) -> Cut {
    let dir = TempDir::with_prefix("runr-power-").unwrap();
    let disk = Disk::new(dir.path());
    let world = World::at(dir);
    for (task, after) in GRAPH {
        world.works(task, "0.01", after);
    }
    // Every task leaves some files of some size, of which some are the same in every attempt.
    let script = fs::read_to_string(world.root().join("work.sh")).unwrap();
    let work = "mkdir -p made/$1\nfor n in 1 2 3 4 5 6 7 8; do seq 1 ${n}00 > made/$1/$n; done\necho $RUNR_RUN_ID > made/$1/run\n";
    world.write(
        "work.sh",
        &script.replace("case \"$2\"", &format!("{work}case \"$2\"")),
    );
    git(&world, &["init", "-q", "-b", "main"]);
    git(&world, &["config", "user.name", "Ada"]);
    git(&world, &["config", "user.email", "ada@example.org"]);
    git(&world, &["add", "-A"]);
    git(&world, &["commit", "-q", "-m", "begin"]);
    disk.sync();
    let running = world.spawn(&["run", "-j2", "--land", "never", "--events"]);
    let runr = Proc::of(running.pid()).expect("it runs");
    // The moment is the random variable: after so many lines, and so much later.
    let lines = usize::try_from(getrandom::u32().unwrap() % 24).unwrap();
    let watch = world.watch();
    let come = watch.until_or_ended(&runr, || {
        (running.printed().lines().count() >= lines).then_some(())
    });
    assert!(come != Came::Neither, "runr hangs");
    std::thread::sleep(Duration::from_micros(u64::from(
        getrandom::u32().unwrap() % 60_000,
    )));
    let in_time = !runr.ends_within(Duration::ZERO);
    // Read before the cut: what is told after it is told by nobody.
    let told = told(&running.printed());
    disk.cut();
    runr.signal(Signal::KILL);
    let ran = running.wait();
    world_ends(&world);
    disk.again();

    let context = format!(
        "round {number}, told {told:?}\n{}\n{}",
        ran.stdout, ran.stderr
    );
    let shown = world.run(&["status", "--tasks", "--json"]);
    assert_eq!(shown.code, 0, "{context}\n{}", shown.stderr);
    let tasks = shown.json();
    let status = |task: &str| {
        let all = tasks["tasks"].as_array().expect("a list");
        let found = all.iter().find(|json| json["task"] == task);
        found.map(|json| json["status"].clone()).unwrap_or_default()
    };
    let journal = world.growing_journal();
    let reachable = git(&world, &["rev-list", "--branches"]);
    for task in &told {
        assert_eq!(status(task), "completed", "`{task}`: {context}");
        let runs = journal.task_of_run();
        let of_task = |event: &&serde_json::Value| {
            let run = event["run"].as_str().unwrap_or_default();
            event["is"] == "completed" && runs.get(run) == Some(task)
        };
        let event = journal.of("ended").find(of_task).expect("its completion");
        let sha = event["sha"].as_str().unwrap_or_default();
        assert!(
            reachable.lines().any(|line| line == sha),
            "{event}: {context}"
        );
    }
    // Whatever was not told may be gone, but nothing is broken for what comes.
    git(
        &world,
        &[
            "fsck",
            "--connectivity-only",
            "--no-dangling",
            "--no-progress",
        ],
    );
    let resumed = journal.of("orchestration_started").next().is_some();
    let args: &[&str] = match resumed {
        true => &["resume", "--retry-failed"],
        false => &["run", "--land", "never"],
    };
    let ran = world.run(args);
    // The cut may have come after its last word.
    let over = journal
        .of("orchestration_ended")
        .any(|event| event["exit"] == 0);
    assert!(
        ran.code == 0 || ran.code == 2 && over,
        "{context}\nthen\n{}\n{}\n{}",
        ran.stdout,
        ran.stderr,
        world.run(&["report", "--json"]).stdout
    );
    git(&world, &["fsck", "--no-dangling", "--no-progress"]);
    for (task, _) in GRAPH {
        let ran = world
            .ledger()
            .of("end")
            .filter(|entry| entry.task == task)
            .count();
        let again = told.contains(&format!("{task}.md")) && ran > 1;
        assert!(
            !again,
            "`{task}` was told completed and ran again: {context}"
        );
    }
    drop(disk);
    Cut {
        told: told.len(),
        in_time,
    }
}

/// The tasks of whose completion the whole lines of the event stream tell.
fn told(stdout: &str) -> BTreeSet<String> {
    let whole = stdout.rfind('\n').map_or("", |end| &stdout[..end]);
    let events: Vec<serde_json::Value> = whole
        .lines()
        .map(|line| serde_json::from_str(line).expect("an event"))
        .collect();
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let task_of = |run: &serde_json::Value| {
        let reserved = events
            .iter()
            .find(|e| e["event"] == "reserved" && e["run"] == *run);
        text(&reserved.expect("its reservation")["task"])
    };
    let ended = events
        .iter()
        .filter(|e| e["event"] == "ended" && e["is"] == "completed");
    ended.map(|e| task_of(&e["run"])).collect()
}

/// With the power everything ends.
fn world_ends(world: &World) {
    let root = world.root().display().to_string();
    loop {
        let mut left = with_cookie(&format!("RUNR_ROOT={root}"));
        left.extend(crate::world::processes_called("git", &root));
        left.extend(crate::world::processes_naming(&format!(
            "{root}/.runr/runs/"
        )));
        // One on its way out has lost its command line and its environment, but it may still have its files.
        left.extend(crate::world::processes_inside(world.root()));
        let held: Vec<Proc> = left.iter().filter_map(|(pid, _)| Proc::of(*pid)).collect();
        if held.is_empty() {
            return;
        }
        held.iter().for_each(Proc::kill);
    }
}

#[track_caller]
fn git(world: &World, args: &[&str]) -> String {
    let mut command = world.sealed("git");
    command.args(args);
    world.output(command).exits(0).stdout.trim_end().to_owned()
}

fn say(line: &str) {
    // The test's outcome does not hang on being heard.
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// A file system in a file, mounted as the project's folder. Goes with the test.
struct Disk {
    image: PathBuf,
    at: PathBuf,
}

impl Disk {
    /// Tries it once: root alone does not say it.
    fn possible() -> Result<(), String> {
        let dir = TempDir::with_prefix("runr-power-").unwrap();
        let disk = Self::made(dir.path())?;
        fs::write(disk.at.join("file"), "").map_err(|error| error.to_string())?;
        disk.try_cut()
    }

    fn new(folder: &Path) -> Self {
        Self::made(folder).unwrap()
    }

    fn made(folder: &Path) -> Result<Self, String> {
        let disk = Self {
            image: folder.join("image"),
            at: folder.join("project"),
        };
        fs::create_dir(&disk.at).map_err(|error| error.to_string())?;
        let file = fs::File::create(&disk.image).map_err(|error| error.to_string())?;
        file.set_len(64 << 20).map_err(|error| error.to_string())?;
        let image = disk.image.as_os_str();
        run("mkfs.ext4", &["-q".as_ref(), "-F".as_ref(), image])?;
        disk.mount()?;
        Ok(disk)
    }

    fn mount(&self) -> Result<(), String> {
        let (image, at) = (self.image.as_os_str(), self.at.as_os_str());
        run("mount", &["-o".as_ref(), "loop".as_ref(), image, at])
    }

    fn sync(&self) {
        run("sync", &["-f".as_ref(), self.at.as_os_str()]).unwrap();
    }

    fn try_cut(&self) -> Result<(), String> {
        run(
            "perl",
            &[
                "-e".as_ref(),
                SHUT_DOWN.as_ref(),
                self.at.join("file").as_os_str(),
            ],
        )
    }

    /// From now on every write fails, and nothing more comes to the disk.
    fn cut(&self) {
        let any = self.at.join("work.sh");
        run(
            "perl",
            &["-e".as_ref(), SHUT_DOWN.as_ref(), any.as_os_str()],
        )
        .unwrap();
    }

    fn again(&self) {
        run("umount", &[self.at.as_os_str()]).unwrap();
        self.mount().unwrap();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // A mount that stays is seen in the failure to remove the folder.
        let _ = Command::new("umount").arg("-l").arg(&self.at).output();
    }
}

fn run(program: &str, args: &[&std::ffi::OsStr]) -> Result<(), String> {
    let output = Command::new(program)
        .args(args)
        .env_clear()
        .env("PATH", "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin")
        .output()
        .map_err(|error| format!("{program}: {error}"))?;
    match output.status.success() {
        true => Ok(()),
        false => Err(format!(
            "{program}: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        )),
    }
}
