//! Later changes to what tasks own: what is remembered of them is what git says from the beginning.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::Value;

use crate::support_sealed::{Sealed, told};

const TASKS: usize = 4;
const FOLDERS: usize = 5;

/// A repository whose history is made by number.
struct Past {
    sealed: Sealed,
    /// Names by number.
    names: Vec<String>,
    seed: u64,
    /// Where the branches are.
    main: usize,
    ahead: usize,
    side: usize,
}

impl Past {
    fn new(seed: u64) -> Self {
        let past = Self {
            sealed: Sealed::new(),
            names: Vec::new(),
            seed,
            main: 0,
            ahead: 0,
            side: 0,
        };
        for task in 0..TASKS {
            past.own(task, &[task]);
        }
        past.git(&["init", "-q", "-b", "main"]);
        past
    }

    /// A number below `end`, the same for the same seed.
    fn some(&mut self, end: usize) -> usize {
        self.seed = self
            .seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.seed >> 33).unwrap() % end
    }

    fn own(&self, task: usize, folders: &[usize]) {
        let owns: Vec<String> = folders.iter().map(|n| format!("src/{n}/**")).collect();
        let owns = owns.join(", ");
        let text = format!("---\nrun: 'true'\nowns: [{owns}]\n---\n# T\n");
        self.sealed.put(&format!(".runr/tasks/{task}.md"), &text);
    }

    fn git(&self, args: &[&str]) -> String {
        let mut command = self.sealed.command("git");
        command.current_dir(self.sealed.root());
        told(command.args(args)).exits(0).stdout.trim().to_owned()
    }

    /// Commits on top of others: the parents, and nothing else of them than the first one's tree.
    fn commits(&mut self, all: &[Vec<usize>]) -> usize {
        let mut stream = String::new();
        for parents in all {
            let number = self.names.len();
            self.names.push(String::new());
            let mut message = format!("Change {number}\n\nbody\n");
            if self.some(6) == 0 {
                let task = self.some(TASKS);
                write!(
                    message,
                    "\nRunr-Task: .runr/tasks/{task}.md\nRunr-Run-Id: 20250101-{number:06}-aaaa\n"
                )
                .unwrap();
            }
            // Clocks differ, but no two commits have one time.
            let at = 1_600_000_000 + (number + self.some(6)) * 1000 + number;
            writeln!(
                stream,
                "commit refs/import/{number}\nmark :{}\ncommitter A <a@example.org> {at} +0000\ndata {}\n{message}",
                number + 1,
                message.len()
            )
            .unwrap();
            for (word, parent) in ["from"].into_iter().chain(["merge"]).zip(parents) {
                writeln!(stream, "{word} :{}", parent + 1).unwrap();
            }
            for _ in 0..1 + self.some(2) {
                let path = format!("src/{}/ü {}", self.some(FOLDERS), self.some(2));
                let text = format!("{number}\n");
                writeln!(
                    stream,
                    "M 100644 inline \"{path}\"\ndata {}\n{text}",
                    text.len()
                )
                .unwrap();
            }
        }
        let marks = self.sealed.root().join(".git/marks");
        let input = self.sealed.root().join(".git/stream");
        fs::write(&input, stream).unwrap();
        let mut import = self.sealed.command("git");
        import
            .current_dir(self.sealed.root())
            .args(["fast-import", "--quiet"])
            .arg(format!("--import-marks-if-exists={}", marks.display()))
            .arg(format!("--export-marks={}", marks.display()))
            .stdin(fs::File::open(&input).unwrap());
        told(&mut import).exits(0);
        for line in fs::read_to_string(&marks).unwrap().lines() {
            let (mark, name) = line.split_once(' ').unwrap();
            let number: usize = mark[1..].parse().unwrap();
            name.clone_into(&mut self.names[number - 1]);
        }
        self.names.len() - 1
    }

    /// Some commits in a row.
    fn grow(&mut self, from: usize) -> usize {
        let first = self.names.len();
        let count = 2 + self.some(6);
        let mut all = vec![vec![from]];
        all.extend((1..count).map(|n| vec![first + n - 1]));
        self.commits(&all)
    }

    /// Something happens.
    fn step(&mut self) {
        match self.some(9) {
            0 | 1 => self.main = self.grow(self.main),
            2 => self.side = self.grow(self.side),
            3 => self.ahead = self.grow(self.ahead),
            // The orchestration's branch starts at HEAD, and lands later.
            4 => self.ahead = self.grow(self.main),
            5 => self.main = self.commits(&[vec![self.main, self.side]]),
            6 => self.main = self.commits(&[vec![self.main, self.ahead]]),
            // History is rewritten, or it is another branch.
            7 => self.main = self.some(self.names.len()),
            _ => {
                let task = self.some(TASKS);
                let folders = [self.some(FOLDERS), self.some(FOLDERS)];
                self.own(task, &folders);
            }
        }
        self.git(&["update-ref", "refs/heads/main", &self.names[self.main]]);
        let ahead = &self.names[self.ahead];
        self.git(&[
            "update-ref",
            "refs/heads/runr/orch-20250101-000000-aaaa",
            ahead,
        ]);
    }

    fn asked(&self) -> Value {
        let told = self
            .sealed
            .runr(&["status", "--infer-from-git", "--json"])
            .exits(0);
        serde_json::from_str(&told.stdout).unwrap()
    }

    /// What git says about one task as runr shows it: the commits, in no order.
    fn expected(&self, task: &Value) -> Vec<String> {
        let Some(commit) = task["commit"].as_str() else {
            return Vec::new();
        };
        let name = task["task"].as_str().unwrap();
        let text = self.sealed.text(&format!(".runr/tasks/{name}"));
        let owns = text.split(['[', ']']).nth(1).unwrap();
        let range = format!("{commit}..HEAD");
        let mut args = vec!["rev-list", "--no-merges", "--full-history", &range, "--"];
        args.extend(owns.split(", ").map(|own| own.trim_end_matches("/**")));
        let mut commits: Vec<String> = self.git(&args).lines().map(str::to_owned).collect();
        commits.sort();
        commits
    }
}

fn commits(task: &Value) -> Vec<String> {
    let later = task["later_changes"].as_array().unwrap().iter();
    later
        .map(|change| change["commit"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn step_by_step_is_the_same_as_from_the_beginning() {
    let mut seen = 0;
    for seed in 1..=4 {
        let mut past = Past::new(seed);
        past.commits(&[vec![]]);
        past.main = past.grow(past.main);
        past.main = past.grow(past.main);
        let cache = past.sealed.root().join(".runr/git-history.json");
        for step in 0..8 {
            past.step();
            let stepwise = past.asked();
            for task in stepwise["tasks"].as_array().unwrap() {
                let mut told = commits(task);
                assert_eq!(task["later_changes_total"], told.len());
                seen += told.len();
                told.sort();
                assert_eq!(told, past.expected(task), "seed {seed} step {step}: {task}");
            }
            // And in the same order.
            let kept = fs::read(&cache).unwrap();
            fs::remove_file(&cache).unwrap();
            assert_eq!(past.asked(), stepwise, "seed {seed} step {step}");
            fs::write(&cache, kept).unwrap();
        }
    }
    assert!(seen > 100, "the histories say too little: {seen}");
}

/// How often git is started, by its command, when the same is asked again.
fn started(past: &Past) -> BTreeMap<String, usize> {
    let around = past.sealed.root().parent().unwrap().to_owned();
    let log = around.join("started");
    let real = ["/usr/local/bin/git", "/usr/bin/git", "/bin/git"]
        .into_iter()
        .find(|path| fs::metadata(path).is_ok())
        .expect("git is installed");
    let shim = around.join("shim");
    fs::create_dir_all(&shim).unwrap();
    let script = format!(
        "#!/bin/sh\nfor word; do\n  case $word in log|rev-parse|merge-base|rev-list) echo \"$word\" >> '{}'; esac\ndone\nexec {real} \"$@\"\n",
        log.display()
    );
    fs::write(shim.join("git"), script).unwrap();
    fs::set_permissions(shim.join("git"), fs::Permissions::from_mode(0o755)).unwrap();
    fs::write(&log, "").unwrap();
    let mut runr = past.sealed.command(env!("CARGO_BIN_EXE_runr"));
    runr.current_dir(past.sealed.root())
        .env("PATH", format!("{}:/usr/bin:/bin", shim.display()))
        .args(["status", "--infer-from-git"]);
    told(&mut runr).exits(0);
    let mut counts = BTreeMap::new();
    for word in fs::read_to_string(&log).unwrap().lines() {
        *counts.entry(word.to_owned()).or_insert(0) += 1;
    }
    counts
}

#[test]
fn git_is_asked_once_when_nothing_is_new_and_once_more_for_what_is() {
    let mut past = Past::new(7);
    past.commits(&[vec![]]);
    for _ in 0..6 {
        past.main = past.grow(past.main);
    }
    past.ahead = past.main;
    past.git(&["update-ref", "refs/heads/main", &past.names[past.main]]);
    let logs = |count| BTreeMap::from([("log".to_owned(), count)]);
    assert_eq!(
        started(&past),
        logs(1),
        "the first time one reading is for all"
    );
    assert_eq!(started(&past), logs(1));
    past.main = past.commits(&[vec![past.main]]);
    past.git(&["update-ref", "refs/heads/main", &past.names[past.main]]);
    let more = started(&past);
    assert!(
        more.len() == 1 && (2..=3).contains(&more["log"]),
        "{more:?}"
    );
    assert_eq!(started(&past), logs(1));
    past.own(0, &[0, 1]);
    past.own(1, &[0, 1]);
    assert_eq!(started(&past), logs(2));
    assert_eq!(started(&past), logs(1));
}
