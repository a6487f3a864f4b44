//! A folder of its own for a test, and the program in surroundings that hold nothing of the developer's.
//!
//! Knows how to start a process without the developer's environment. Does not know any command of runr's.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// What a process left behind.
#[derive(Debug)]
pub struct Told {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Told {
    /// Asserts the exit code, and shows everything when it is another one.
    #[track_caller]
    pub fn exits(self, code: i32) -> Self {
        assert_eq!(
            self.code,
            Some(code),
            "\n--- stdout\n{}\n--- stderr\n{}",
            self.stdout,
            self.stderr
        );
        self
    }
}

/// A temporary folder with a project folder and an empty home in it.
pub struct Sealed {
    dir: TempDir,
}

impl Sealed {
    pub fn new() -> Self {
        let dir = TempDir::new().expect("a temporary folder");
        for name in ["home", "project"] {
            fs::create_dir(dir.path().join(name)).expect("a folder in it");
        }
        Self { dir }
    }

    /// A project that is a copy of a folder of the repository.
    pub fn copy_of(source: &Path) -> Self {
        let sealed = Self::new();
        copy(source, &sealed.root());
        sealed
    }

    /// The project folder, without links.
    pub fn root(&self) -> PathBuf {
        self.dir
            .path()
            .join("project")
            .canonicalize()
            .expect("the project folder")
    }

    /// Another program in the same surroundings; the project folder is its current folder.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let exe = Path::new(env!("CARGO_BIN_EXE_runr"));
        let mut path = exe
            .parent()
            .expect("the program's folder")
            .as_os_str()
            .to_owned();
        path.push(":/usr/local/bin:/usr/bin:/bin");
        let mut command = Command::new(program);
        command
            .current_dir(self.root())
            .env_clear()
            .env("PATH", path)
            .env("HOME", self.dir.path().join("home"))
            .env("LC_ALL", "C.UTF-8")
            .env("TZ", "UTC")
            .env("USER", "tester")
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_SYSTEM", "/dev/null")
            .stdin(Stdio::null());
        command
    }

    /// Runs the program in the project folder.
    pub fn runr(&self, args: &[&str]) -> Told {
        let mut command = self.command(env!("CARGO_BIN_EXE_runr"));
        told(command.args(args))
    }

    /// A file of the project, empty when it is not there.
    pub fn text(&self, path: &str) -> String {
        fs::read_to_string(self.root().join(path)).unwrap_or_default()
    }

    /// Puts a file into the project.
    pub fn put(&self, path: &str, text: &str) {
        let path = self.root().join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("the folder");
        fs::write(path, text).expect("the file");
    }

    /// Every file of the project with its text, by path.
    pub fn files(&self) -> BTreeMap<String, String> {
        let mut files = BTreeMap::new();
        walk(&self.root(), &mut |path| {
            let name = path.strip_prefix(self.root()).expect("a path inside");
            let text = String::from_utf8_lossy(&fs::read(path).expect("a file")).into_owned();
            files.insert(name.to_string_lossy().into_owned(), text);
        });
        files
    }

    /// The stored status of every task file, by its name below `.runr/tasks/`.
    pub fn statuses(&self) -> BTreeMap<String, String> {
        let text = self.text(".runr/task-status.json");
        let cache: serde_json::Value = serde_json::from_str(&text).expect("task-status.json");
        cache["tasks"]
            .as_object()
            .expect("`tasks`")
            .iter()
            .map(|(name, task)| {
                let name = name.trim_start_matches(".runr/tasks/").to_owned();
                (name, task["status"].as_str().expect("a word").to_owned())
            })
            .collect()
    }
}

/// Runs a command to its end.
pub fn told(command: &mut Command) -> Told {
    let output = command.output().expect("a process that starts");
    Told {
        code: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// The top of the repository.
pub fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn walk(dir: &Path, each: &mut impl FnMut(&Path)) {
    let mut paths: Vec<PathBuf> = fs::read_dir(dir)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            walk(&path, each);
        } else {
            each(&path);
        }
    }
}

/// Copies what is committed: not what somebody's own run of an example left there.
fn copy(source: &Path, target: &Path) {
    const LEFT_BEHIND: &[&str] = &[
        "out",
        "journal.jsonl",
        "task-status.json",
        "runs",
        "orchestrations",
        "locks",
        "quarantine",
    ];
    for entry in fs::read_dir(source).expect("a folder") {
        let entry = entry.expect("an entry");
        let name = entry.file_name();
        if LEFT_BEHIND.iter().any(|left| name == *left) {
            continue;
        }
        let (from, to) = (entry.path(), target.join(&name));
        if from.is_dir() {
            fs::create_dir_all(&to).expect("a folder");
            copy(&from, &to);
        } else {
            fs::copy(&from, &to).expect("a file");
        }
    }
}
