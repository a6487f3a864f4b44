//! A project that is a git repository, with the git of a person beside runr: sealed, with an identity of its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::support::{Fixture, Ran};

/// The repository and its files.
pub struct Repo {
    pub fixture: Fixture,
}

impl Repo {
    /// Tasks by name and frontmatter, committed on `main` with a file `README.md`.
    pub fn with(tasks: &[(&str, &str)]) -> Self {
        Self::made(&["init", "-q", "-b", "main"], tasks)
    }

    /// The same, made by another `git init`.
    pub fn made(init: &[&str], tasks: &[(&str, &str)]) -> Self {
        let repo = Self {
            fixture: Fixture::new(),
        };
        repo.git(init);
        repo.git(&["config", "user.name", "Ada"]);
        repo.git(&["config", "user.email", "ada@example.org"]);
        repo.fixture.write("README.md", "read me\n");
        // Retries wait for nothing.
        repo.fixture
            .write(".runr/config.yaml", "retries: { backoff: 1ms }\n");
        for (name, front) in tasks {
            repo.task(name, front);
        }
        repo.commit("begin");
        repo
    }

    pub fn root(&self) -> PathBuf {
        self.fixture.root()
    }

    pub fn task(&self, name: &str, front: &str) {
        self.fixture.write(
            &format!(".runr/tasks/{name}.md"),
            format!("---\n{front}\n---\n# Do {name}\n"),
        );
    }

    pub fn commit(&self, message: &str) {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "-m", message]);
    }

    pub fn command(&self, args: &[&str]) -> Command {
        self.fixture.command(args)
    }

    #[track_caller]
    pub fn runr(&self, args: &[&str], code: i32) -> Ran {
        let ran = self.fixture.runr(args);
        assert_eq!(ran.code, code, "{args:?}\n{}\n{}", ran.out, ran.err);
        ran
    }

    /// git as the person at the shell would call it, in the project.
    #[track_caller]
    pub fn git(&self, args: &[&str]) -> String {
        self.git_in(&self.root(), args)
    }

    #[track_caller]
    pub fn git_in(&self, folder: &Path, args: &[&str]) -> String {
        let output = Command::new("git")
            .args(args)
            .current_dir(folder)
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .env("HOME", "/nonexistent")
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_SYSTEM", "/dev/null")
            .env("LC_ALL", "C")
            .output()
            .expect("git runs");
        let err = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "git {args:?}: {err}");
        String::from_utf8(output.stdout)
            .expect("UTF-8")
            .trim_end()
            .to_owned()
    }

    /// Subjects of a history, the oldest first.
    #[track_caller]
    pub fn subjects(&self, of: &str) -> Vec<String> {
        let text = self.git(&["log", "--reverse", "--format=%s", of]);
        text.lines().map(str::to_owned).collect()
    }

    pub fn file(&self, path: &str) -> Option<String> {
        fs::read_to_string(self.root().join(path)).ok()
    }

    /// What the status file says about a task.
    #[track_caller]
    pub fn status(&self, task: &str) -> Value {
        let text = self.file(".runr/task-status.json").expect("a status file");
        let json: Value = serde_json::from_str(&text).expect("JSON");
        json["tasks"][format!(".runr/tasks/{task}.md")].clone()
    }

    /// Working trees that runr has left there.
    pub fn trees(&self) -> Vec<String> {
        let Ok(entries) = fs::read_dir(self.root().join(".runr-worktrees")) else {
            return Vec::new();
        };
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name != ".gitignore").collect()
    }

    /// Everything of the person's: files with their bytes, index, HEAD, stash, configuration, branches.
    pub fn theirs(&self) -> Vec<(String, Vec<u8>)> {
        let mut all = Vec::new();
        for (path, bytes) in self.fixture.snapshot() {
            let path = path.strip_prefix(self.root()).unwrap();
            let path = path.to_str().unwrap().to_owned();
            let first = path.split('/').next().unwrap();
            let kept = match first {
                ".runr" | ".runr-worktrees" => false,
                ".git" => matches!(
                    path.as_str(),
                    ".git/index" | ".git/HEAD" | ".git/config" | ".git/logs/HEAD"
                ),
                _ => true,
            };
            if kept {
                all.push((path, bytes));
            }
        }
        let refs = self.git(&["for-each-ref", "--format=%(refname) %(objectname)"]);
        let own =
            |line: &&str| !line.starts_with("refs/heads/runr/") && !line.starts_with("refs/runr/");
        let refs: Vec<&str> = refs.lines().filter(own).collect();
        all.push(("refs".to_owned(), refs.join("\n").into_bytes()));
        all
    }

    /// Nothing is broken and nothing of runr's is half done.
    #[track_caller]
    pub fn assert_sound(&self) {
        self.git(&["fsck", "--strict", "--no-dangling", "--no-progress"]);
        let mut folders = vec![self.root().join(".git")];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                assert!(
                    path.extension().is_none_or(|end| end != "lock"),
                    "{} is left",
                    path.display()
                );
                if path.is_dir() && !path.ends_with("objects") {
                    folders.push(path);
                }
            }
        }
    }
}
