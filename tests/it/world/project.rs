//! A project to run things in.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::Value;
use tempfile::TempDir;

use super::ledger::SCRIPT;
use super::process::{processes_naming, threads, with_cookie};
use super::{Journal, Ledger, Proc, Ran, Running, Watch};

/// A project without git, its ledger beside it, and a home of its own.
#[derive(Debug)]
pub struct World {
    dir: TempDir,
    root: PathBuf,
    commands: AtomicU32,
    /// Held open for reading and writing: neither end ever waits for the other to come.
    gates: Mutex<BTreeMap<String, File>>,
}

impl World {
    pub fn new() -> Self {
        Self::at(TempDir::with_prefix("runr-").unwrap())
    }

    /// In a folder that the test prepared.
    pub fn at(dir: TempDir) -> Self {
        let top = dir.path().canonicalize().unwrap();
        let root = top.join("project");
        fs::create_dir_all(root.join(".runr/tasks")).unwrap();
        fs::create_dir(top.join("home")).unwrap();
        fs::write(top.join("ledger"), "").unwrap();
        fs::write(root.join("work.sh"), SCRIPT).unwrap();
        let world = Self {
            dir,
            root,
            commands: AtomicU32::new(0),
            gates: Mutex::default(),
        };
        world.write(
            ".runr/config.yaml",
            "retries: { max: 0, backoff: { base: 10ms, max: 20ms } }\ntimeouts: { grace: 2s }\n",
        );
        world
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The folder around the project.
    pub fn outside(&self) -> PathBuf {
        self.dir.path().canonicalize().unwrap()
    }

    /// Writes a file of the project.
    pub fn write(&self, path: &str, text: &str) {
        let path = self.root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Writes a task file with this frontmatter.
    pub fn task(&self, name: &str, frontmatter: &str) {
        self.write(
            &format!(".runr/tasks/{name}.md"),
            &format!("---\n{frontmatter}\n---\n# {name}\n"),
        );
    }

    /// A task whose worker writes its start and end and takes `seconds` between.
    pub fn works(&self, name: &str, seconds: &str, after: &[&str]) {
        self.works_with(name, seconds, after, "");
    }

    /// As [`Self::works`], with more frontmatter.
    pub fn works_with(&self, name: &str, seconds: &str, after: &[&str], more: &str) {
        let after = after
            .iter()
            .map(|name| format!("{name}.md"))
            .collect::<Vec<_>>()
            .join(", ");
        self.task(
            name,
            &format!("depends_on: [{after}]\nrun: [sh, work.sh, {name}, '{seconds}']\n{more}"),
        );
    }

    /// Makes a gate that workers can wait at (`../NAME` from the project root).
    pub fn gate(&self, name: &str) {
        let path = self.outside().join(name);
        rustix::fs::mknodat(
            rustix::fs::CWD,
            &path,
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR,
            0,
        )
        .unwrap();
        let both_ends = File::options().read(true).write(true).open(&path).unwrap();
        self.gates
            .lock()
            .unwrap()
            .insert(name.to_owned(), both_ends);
    }

    /// Lets one worker through a gate, now or when it comes; it fails when `answer` is `fail`.
    pub fn open(&self, gate: &str, answer: &str) {
        let mut gates = self.gates.lock().unwrap();
        writeln!(gates.get_mut(gate).unwrap(), "{answer}").unwrap();
    }

    /// runr with an environment of its own, in the project.
    pub fn runr(&self, args: &[&str]) -> Command {
        let mut command = self.sealed(&binary());
        command.args(args);
        command
    }

    /// Any program with the environment of [`Self::runr`].
    pub fn sealed(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .env("HOME", self.outside().join("home"))
            .env("LC_ALL", "C.UTF-8")
            .env("TZ", "UTC")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CEILING_DIRECTORIES", self.outside())
            .current_dir(&self.root)
            .stdin(Stdio::null());
        command
    }

    /// Runs a command of runr to its end.
    #[track_caller]
    pub fn run(&self, args: &[&str]) -> Ran {
        self.spawn(args).wait()
    }

    /// Starts a command of runr beside the test.
    pub fn spawn(&self, args: &[&str]) -> Running {
        self.start(self.runr(args))
    }

    /// Starts a prepared command beside the test.
    pub fn start(&self, command: Command) -> Running {
        let number = self.commands.fetch_add(1, Ordering::Relaxed);
        let file = |what| self.outside().join(format!("{what}.{number}"));
        Running::start(command, file("stdout"), file("stderr"))
    }

    /// Runs git in the project; it must succeed. Gives what it printed, without the last line's end.
    #[track_caller]
    pub fn git(&self, args: &[&str]) -> String {
        let mut command = self.sealed("git");
        command.args(args);
        let ran = self.output(command).exits(0);
        ran.stdout.trim_end().to_owned()
    }

    /// Makes the project a repository with everything in one commit on `main`.
    #[track_caller]
    pub fn commits(&self) {
        self.git(&["init", "-q", "-b", "main"]);
        self.git(&["config", "user.name", "Ada"]);
        self.git(&["config", "user.email", "ada@example.org"]);
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "-m", "begin"]);
    }

    /// Runs any prepared command to its end and takes its output.
    pub fn output(&self, mut command: Command) -> Ran {
        let output = command.output().unwrap();
        Ran {
            code: output
                .status
                .code()
                .unwrap_or_else(|| 128 + output.status.signal().unwrap_or(0)),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    pub fn ledger(&self) -> Ledger {
        Ledger::parse(&fs::read_to_string(self.outside().join("ledger")).unwrap())
    }

    fn journal_text(&self) -> String {
        match fs::read_to_string(self.root.join(".runr/journal.jsonl")) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => panic!("{error}"),
        }
    }

    /// The journal, which must be whole.
    pub fn journal(&self) -> Journal {
        Journal::parse(&self.journal_text())
    }

    /// The journal while somebody writes it.
    pub fn growing_journal(&self) -> Journal {
        Journal::parse_growing(&self.journal_text())
    }

    /// What `runr status --tasks --json` says of each task.
    #[track_caller]
    pub fn tasks(&self) -> BTreeMap<String, Value> {
        let ran = self.run(&["status", "--tasks", "--json"]).exits(0);
        let json = ran.json();
        let tasks = json["tasks"]
            .as_array()
            .unwrap_or_else(|| panic!("no list of tasks: {json}"));
        tasks
            .iter()
            .map(|task| {
                (
                    task["task"]
                        .as_str()
                        .unwrap_or_default()
                        .trim_end_matches(".md")
                        .to_owned(),
                    task.clone(),
                )
            })
            .collect()
    }

    /// The status of each task as one line: `a completed, b pending`.
    #[track_caller]
    pub fn statuses(&self) -> String {
        let tasks = self.tasks();
        let each = tasks
            .iter()
            .map(|(task, json)| format!("{task} {}", json["status"].as_str().unwrap_or("?")));
        each.collect::<Vec<_>>().join(", ")
    }

    /// Is told of changes of the ledger and the journal.
    pub fn watch(&self) -> Watch {
        Watch::new(&[&self.outside(), &self.root.join(".runr")])
    }

    /// Waits for a line of the ledger and gives its process.
    #[track_caller]
    pub fn until_started(&self, task: &str) -> Proc {
        let entry = self.watch().until(&format!("`{task}` has started"), || {
            self.ledger()
                .of("start")
                .filter(|entry| entry.task == task)
                .last()
                .cloned()
        });
        Proc::with_cookie(entry.pid, &format!("RUNR_RUN_ID={}", entry.run))
            .expect("the worker is gone")
    }

    /// Waits until the journal shows something.
    #[track_caller]
    pub fn until_journal<T>(&self, what: &str, mut look: impl FnMut(&Journal) -> Option<T>) -> T {
        self.watch().until(what, || look(&self.growing_journal()))
    }

    /// Everything that helps to understand why a process of runr does not go on.
    pub fn describe(&self, runr: u32) -> String {
        let attempts: Vec<(u32, String)> = processes_naming(&self.root.display().to_string());
        let threads: Vec<String> = threads(runr);
        format!(
            "\nthreads of {runr}: {threads:?}\nprocesses: {attempts:?}\nworkers: {:?}\ncache:\n{}\njournal:\n{}ledger:\n{}",
            self.survivors(),
            fs::read_to_string(self.root.join(".runr/task-status.json")).unwrap_or_default(),
            self.journal_text(),
            self.ledger()
        )
    }

    /// Processes of attempts of this project that are still alive.
    pub fn survivors(&self) -> Vec<(u32, String)> {
        with_cookie(&format!("RUNR_ROOT={}", self.root.display()))
    }

    #[track_caller]
    pub fn assert_nothing_survives(&self) {
        let left = self.survivors();
        assert!(
            left.is_empty(),
            "processes outlived their attempt: {left:?}"
        );
    }
}

/// The runr that is tested: the one that was built with the tests, or the one that a long run names (a
/// release, or a copy that nobody rebuilds meanwhile).
pub fn binary() -> String {
    let built = env!("CARGO_BIN_EXE_runr");
    std::env::var("RUNR_TEST_BINARY").unwrap_or_else(|_| built.to_owned())
}

impl Drop for World {
    fn drop(&mut self) {
        // A failed test must not leave its workers behind. Only processes of this very project.
        for (pid, _) in self.survivors() {
            let cookie = format!("RUNR_ROOT={}", self.root.display());
            if let Some(process) = Proc::with_cookie(pid, &cookie) {
                process.signal(rustix::process::Signal::KILL);
            }
        }
    }
}
