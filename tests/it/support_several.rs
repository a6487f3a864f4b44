//! Several git repositories side by side, each a project of its own; `project` is the one that names the others.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use crate::world::{Ran, Running, World};

/// Repositories in one folder, and one ledger for all.
#[derive(Debug)]
pub struct Several {
    pub world: World,
}

impl Several {
    /// `project`, which names all of `others` by their folder's name.
    pub fn new(others: &[&str]) -> Self {
        let several = Self {
            world: World::new(),
        };
        let named: Vec<String> = others.iter().map(|o| format!("{o}: ../{o}")).collect();
        several.begin("project", &format!("{{ {} }}", named.join(", ")));
        for other in others {
            several.begin(other, "{}");
        }
        several
    }

    /// Makes a repository with this `repos:`.
    fn begin(&self, repo: &str, repos: &str) {
        fs::create_dir_all(self.root(repo).join(".runr/tasks")).unwrap();
        let script = fs::read(self.world.root().join("work.sh")).unwrap();
        fs::write(self.root(repo).join("work.sh"), script).unwrap();
        self.name_repos(repo, repos);
        self.git(repo, &["init", "-q", "-b", "main"]);
        self.git(repo, &["config", "user.name", "Ada"]);
        self.git(repo, &["config", "user.email", "ada@example.org"]);
    }

    /// Writes the configuration.
    pub fn name_repos(&self, repo: &str, repos: &str) {
        let text = format!(
            "repos: {repos}\nretries: {{ max: 0, backoff: 1ms }}\ntimeouts: {{ grace: 2s }}\n"
        );
        fs::write(self.root(repo).join(".runr/config.yaml"), text).unwrap();
    }

    pub fn root(&self, repo: &str) -> PathBuf {
        self.world.outside().join(repo)
    }

    pub fn write(&self, repo: &str, path: &str, text: &str) {
        let path = self.root(repo).join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Writes a task file with this frontmatter.
    pub fn task(&self, repo: &str, name: &str, frontmatter: &str) {
        let text = format!("---\n{frontmatter}\n---\n# Do {name}\n");
        self.write(repo, &format!(".runr/tasks/{name}.md"), &text);
    }

    /// A task that writes its start and end into the ledger and its name into a file.
    pub fn works(&self, repo: &str, name: &str, after: &[&str]) {
        self.waits(repo, name, after, "");
    }

    /// As [`Self::works`]; it waits at a gate of [`World::gate`] in between.
    pub fn waits(&self, repo: &str, name: &str, after: &[&str], gate: &str) {
        let gate = match gate {
            "" => String::new(),
            gate => self.world.outside().join(gate).display().to_string(),
        };
        let after: Vec<String> = after.iter().map(|name| format!("'{name}'")).collect();
        let after = after.join(", ");
        self.task(
            repo,
            name,
            &format!(
                "depends_on: [{after}]\nrun: sh work.sh {name} {gate} && echo {name} > {name}.txt"
            ),
        );
    }

    /// Commits everything in every repository.
    pub fn commit(&self, repos: &[&str]) {
        for repo in repos {
            self.git(repo, &["add", "-A"]);
            self.git(repo, &["commit", "-q", "-m", "begin"]);
        }
    }

    #[track_caller]
    pub fn git(&self, repo: &str, args: &[&str]) -> String {
        let output = Command::new("git")
            .args(args)
            .current_dir(self.root(repo))
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .env("HOME", "/nonexistent")
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_SYSTEM", "/dev/null")
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "git {args:?} in {repo}: {said}");
        String::from_utf8(output.stdout)
            .unwrap()
            .trim_end()
            .to_owned()
    }

    /// Subjects of a branch, the oldest first.
    #[track_caller]
    pub fn subjects(&self, repo: &str, branch: &str) -> Vec<String> {
        let text = self.git(repo, &["log", "--reverse", "--format=%s", branch]);
        text.lines().map(str::to_owned).collect()
    }

    pub fn command(&self, repo: &str, args: &[&str]) -> Command {
        let mut command = self.world.runr(args);
        command.current_dir(self.root(repo));
        command
    }

    #[track_caller]
    pub fn run(&self, repo: &str, args: &[&str]) -> Ran {
        self.start(repo, args).wait()
    }

    pub fn start(&self, repo: &str, args: &[&str]) -> Running {
        self.world.start(self.command(repo, args))
    }

    /// `NAME STATUS` of every task of every repository, in the words of `project`.
    #[track_caller]
    pub fn statuses(&self) -> String {
        let ran = self.run("project", &["status", "--tasks", "--all-repos", "--json"]);
        let json = ran.exits(0).json();
        let tasks = json["tasks"].as_array().unwrap();
        let one = |task: &Value| {
            let word = |key: &str| {
                task[key]
                    .as_str()
                    .unwrap()
                    .trim_end_matches(".md")
                    .to_owned()
            };
            format!("{} {}", word("task"), word("status"))
        };
        tasks.iter().map(one).collect::<Vec<_>>().join(", ")
    }

    /// What `status --tasks --all-repos --json` says of one task.
    #[track_caller]
    pub fn told(&self, task: &str) -> Value {
        let ran = self.run("project", &["status", "--tasks", "--all-repos", "--json"]);
        let json = ran.exits(0).json();
        let tasks = json["tasks"].as_array().unwrap();
        let found = tasks.iter().find(|told| told["task"] == task);
        found
            .unwrap_or_else(|| panic!("no {task} in {json}"))
            .clone()
    }

    /// The journal of a repository as text.
    pub fn journal(&self, repo: &str) -> String {
        fs::read_to_string(self.root(repo).join(".runr/journal.jsonl")).unwrap_or_default()
    }

    /// The ledger as `start a, end a`.
    pub fn ledger(&self) -> String {
        let ledger = self.world.ledger();
        let lines = ledger.0.iter().map(|e| format!("{} {}", e.what, e.task));
        lines.collect::<Vec<_>>().join(", ")
    }

    /// How often a task was begun.
    pub fn starts(&self, task: &str) -> usize {
        let ledger = self.world.ledger();
        let begun = ledger.0.iter().filter(|e| e.what == "start");
        begun.filter(|e| e.task == task).count()
    }

    /// Working trees and branches of runr's are gone, and git sees nothing of its files.
    #[track_caller]
    pub fn assert_clean(&self, repo: &str) {
        assert_eq!(self.git(repo, &["status", "--porcelain"]), "", "{repo}");
        let trees = self.git(repo, &["worktree", "list", "--porcelain"]);
        assert_eq!(trees.matches("worktree ").count(), 1, "{trees}");
        self.git(
            repo,
            &["fsck", "--strict", "--no-dangling", "--no-progress"],
        );
    }
}
