//! `runr graph`: every format of real graphs and of names that bite, through the binary.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// A folder with task files. The environment of the developer does not reach what runs in it.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new(files: &[(String, String)]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = dir.path().join(".runr/tasks").join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        std::fs::create_dir_all(dir.path().join(".runr/tasks")).unwrap();
        Self(dir)
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.0.path().join(name), text).unwrap();
    }

    fn graph(&self, args: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_runr"))
            .arg("graph")
            .args(args)
            .current_dir(self.0.path())
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("HOME", self.0.path())
            .env("LC_ALL", "C.UTF-8")
            .output()
            .unwrap()
    }

    /// The output of a call that must succeed without a word on stderr.
    fn shown(&self, args: &[&str]) -> String {
        let output = self.graph(args);
        let err = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{args:?}: {err}");
        assert_eq!(err, "", "{args:?}");
        String::from_utf8(output.stdout).unwrap()
    }
}

fn task(name: &str, title: &str, keys: &str) -> (String, String) {
    let text = format!("---\nrun: \"true\"\n{keys}---\n# {title}\nText.\n");
    (name.to_owned(), text)
}

/// A real graph as task files.
fn real(path: &Path) -> Folder {
    let text = std::fs::read_to_string(path).unwrap();
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    let files: Vec<_> = value["tasks"]
        .as_array()
        .unwrap()
        .iter()
        .enumerate()
        .map(|(i, step)| {
            let mut keys = format!(
                "estimate: {}ms\ndepends_on: [",
                (step["runtime"].as_f64().unwrap() * 1000.0).max(1.0) as u64
            );
            for need in step["after"].as_array().unwrap() {
                let _ = write!(keys, "t{:04}.md, ", need.as_u64().unwrap());
            }
            keys.push_str("]\n");
            task(&format!("t{i:04}.md"), &format!("Step {i}"), &keys)
        })
        .collect();
    Folder::new(&files)
}

fn fixtures() -> Vec<std::path::PathBuf> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/graphs");
    let mut paths: Vec<_> = std::fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "json"))
        .collect();
    paths.sort();
    assert_eq!(paths.len(), 25);
    paths
}

#[expect(clippy::print_stderr, reason = "the test's own word to its reader")]
fn tell(line: &str) {
    eprintln!("{line}");
}

/// Runs Graphviz. `None`: it is not installed, which only a developer's machine is forgiven.
fn graphviz(dot: &str) -> Option<String> {
    let child = Command::new("dot")
        .arg("-Tsvg")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = match child {
        Ok(child) => child,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            assert!(
                std::env::var_os("RUNR_REQUIRE_TOOLS").is_none(),
                "dot is required here"
            );
            tell("skipped: no dot");
            return None;
        }
        Err(error) => panic!("dot: {error}"),
    };
    let mut stdin = child.stdin.take().unwrap();
    let text = dot.to_owned();
    let writer = std::thread::spawn(move || stdin.write_all(text.as_bytes()));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    let err = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "dot: {err}");
    assert!(
        !err.contains("syntax") && !err.contains("Warning"),
        "dot: {err}"
    );
    Some(String::from_utf8(output.stdout).unwrap())
}

fn nasty() -> Folder {
    let long = "word ".repeat(40);
    let name = |i: usize| format!("'#{i};{{}}[]|.md'");
    Folder::new(&[
        task("a \"quoted\".md", "say \"hello\" \\N \\", ""),
        task(
            "$(touch x).md",
            "`rm -rf` $(touch x)",
            "depends_on: ['a \"quoted\".md']\n",
        ),
        task(
            "<b>.md",
            "<b>bold</b> &amp; & ]]> <!--",
            "depends_on: ['a \"quoted\".md']\n",
        ),
        task(
            "script.md",
            "</script><script>alert(1)</script></svg>",
            "type: manual\n",
        ),
        task(
            "ünï 你好.md",
            "Ünïcode 你好 🎉",
            "depends_on: [script.md]\ntype: hybrid\n",
        ),
        task("rtl\u{202e}.md", "right \u{202e}to left \u{9b}31m", ""),
        task("#1;{}[]|.md", "1. * _under_ ~x~ #quot; %%", ""),
        task("long.md", &long, &format!("depends_on: [{}]\n", name(1))),
    ])
}

#[test]
fn a_graph_that_mermaid_would_not_draw_is_said_beside_it() {
    let chain = |n: usize| {
        let files: Vec<_> = (0..n)
            .map(|i| {
                let after = (0..i).rev().take(2).map(|p| format!("t{p}.md"));
                let after = after.collect::<Vec<_>>().join(", ");
                task(
                    &format!("t{i}.md"),
                    "Do",
                    &format!("depends_on: [{after}]\n"),
                )
            })
            .collect();
        Folder::new(&files)
    };
    let few = chain(200).graph(&["--mermaid"]);
    assert_eq!(String::from_utf8_lossy(&few.stderr), "");
    let many = chain(300).graph(&["--mermaid"]);
    let said = String::from_utf8_lossy(&many.stderr);
    assert!(
        said.starts_with("note: Mermaid draws at most 500 dependencies")
            && said.contains("here are 597 from "),
        "{said}"
    );
    assert!(many.stdout.starts_with(b"flowchart LR\n"));
}

#[test]
fn graphviz_draws_every_real_graph() {
    for path in fixtures() {
        let folder = real(&path);
        let Some(drawn) = graphviz(&folder.shown(&["--dot"])) else {
            return;
        };
        let tasks = drawn.matches("class=\"node\"").count();
        let expected = std::fs::read_to_string(&path)
            .unwrap()
            .matches("\"runtime\"")
            .count();
        assert_eq!(tasks, expected, "{}", path.display());
    }
}

#[test]
fn names_that_bite_stay_names_in_every_format() {
    let folder = nasty();
    let text = folder.shown(&[]);
    assert!(!text.contains(['\u{202e}', '\u{9b}', '\u{1b}']), "{text}");
    assert!(text.contains("rtl\\u{202e}.md"), "{text}");
    let svg = folder.shown(&["--svg"]);
    assert!(!svg.contains("<script") && !svg.contains("<b>") && !svg.contains('\u{202e}'));
    assert_eq!(svg.matches("data-task=").count(), 8);
    let mermaid = folder.shown(&["--mermaid"]);
    assert!(!mermaid.contains("<script") && !mermaid.contains('\u{202e}'));
    let json: serde_json::Value = serde_json::from_str(&folder.shown(&["--json"])).unwrap();
    let names: Vec<_> = json["tasks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|t| t["task"].as_str().unwrap())
        .collect();
    assert!(names.contains(&"rtl\u{202e}.md") && names.contains(&"a \"quoted\".md"));
    if let Some(drawn) = graphviz(&folder.shown(&["--dot"])) {
        assert_eq!(drawn.matches("class=\"node\"").count(), 8);
        assert!(!drawn.contains("<script") && !drawn.contains("<b>"));
        // The title, as Graphviz shows it: entities in it are text.
        assert!(
            drawn.contains("&lt;b&gt;bold&lt;/b&gt; &amp;amp; &amp; ]]&gt;"),
            "{drawn}"
        );
    }
}

fn tracks() -> Folder {
    let folder = Folder::new(&[
        task("a.md", "A", ""),
        task("b.md", "B", "estimate: 2m\n"),
        task("c.md", "C", "depends_on: [a.md]\n"),
        task("d.md", "D", "depends_on: [c.md, a.md]\ntype: manual\n"),
        task("lone.md", "Lone", ""),
    ]);
    folder.write(
        "orchestration.yaml",
        "version: 1\ntracks:\n  - name: one\n    steps:\n      - task: a.md\n      - task: b.md\n  - name: two\n    steps:\n      - task: c.md\n      - task: d.md\n",
    );
    folder
}

#[test]
fn people_see_levels_tracks_types_and_the_critical_path() {
    let text = tracks().shown(&[]);
    for part in [
        "[one]",
        "[two]",
        "(manual)",
        "← a.md",
        "lone.md",
        "5 tasks in 3 levels, critical path *: ",
    ] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
    assert!(!text.contains('\u{1b}'));
    assert!(tracks().shown(&["--color", "always"]).contains('\u{1b}'));
}

#[test]
fn parts_are_drawn_as_asked() {
    let folder = tracks();
    let tasks = |args: &[&str]| -> Vec<String> {
        let json: serde_json::Value =
            serde_json::from_str(&folder.shown(&[&["--json"], args].concat())).unwrap();
        let tasks = json["tasks"].as_array().unwrap();
        let mut names: Vec<String> = tasks
            .iter()
            .map(|t| t["task"].as_str().unwrap().to_owned())
            .collect();
        names.sort();
        names
    };
    for (args, expected) in [
        (&[][..], &["a.md", "b.md", "c.md", "d.md", "lone.md"][..]),
        (&["--focus", "c"], &["a.md", "c.md", "d.md"]),
        (
            &["--focus", ".runr/tasks/c.md", "--up", "0"],
            &["c.md", "d.md"],
        ),
        (
            &["--focus", "a.md", "--down", "1"],
            &["a.md", "b.md", "c.md", "d.md"],
        ),
        (&["--focus", "lone.md"], &["lone.md"]),
        (&["--track", "two"], &["c.md", "d.md"]),
    ] {
        assert_eq!(tasks(args), expected, "{args:?}");
    }
    let edges = |args: &[&str]| folder.shown(args).matches(" -> ").count();
    assert_eq!((edges(&["--dot"]), edges(&["--dot", "--reduce"])), (4, 3));
    let json: serde_json::Value = serde_json::from_str(&folder.shown(&["--json"])).unwrap();
    let origins: Vec<_> = json["edges"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| e["origin"].as_str().unwrap())
        .collect();
    assert!(
        origins.contains(&"track_order") && origins.contains(&"task_file"),
        "{origins:?}"
    );
}

#[test]
fn output_goes_to_a_file_and_wrong_names_are_named() {
    let folder = tracks();
    assert_eq!(folder.shown(&["--svg", "-o", "graph.svg"]), "");
    let svg = std::fs::read_to_string(folder.0.path().join("graph.svg")).unwrap();
    assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"));
    for (args, message) in [
        (&["--focus", "lon.md"][..], "did you mean `lone.md`?"),
        (&["--track", "twoo"], "did you mean `two`?"),
        (&["--up", "1"], "--focus"),
        (&["--dot", "--svg"], "cannot be used with"),
        (
            &["--svg", "-o", "no/such/folder.svg"],
            "cannot write `no/such/folder.svg`",
        ),
    ] {
        let output = folder.graph(args);
        let err = String::from_utf8_lossy(&output.stderr);
        assert!(err.contains(message), "{args:?}: {err}");
        let code = if message.starts_with("cannot write") {
            1
        } else {
            2
        };
        assert_eq!(output.status.code(), Some(code), "{args:?}: {err}");
    }
}
