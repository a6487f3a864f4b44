//! Ten bad inputs and more of every kind of file: a clear error at the exact place, exit code 2, nothing changed.

use crate::support::Fixture;

/// A bad file, and the message and place that are expected of it.
struct Bad {
    text: &'static [u8],
    line: u32,
    column: u32,
    message: &'static str,
    help: &'static str,
}

const fn bad(text: &'static str, at: (u32, u32), message: &'static str, help: &'static str) -> Bad {
    Bad {
        text: text.as_bytes(),
        line: at.0,
        column: at.1,
        message,
        help,
    }
}

/// Writes each bad text to `path` of a sound project and compares what is said with what is expected.
fn refuse_all(path: &str, sound: &[(&str, &str)], all: &[Bad]) {
    for case in all {
        let fixture = Fixture::with(sound);
        fixture.write(path, case.text);
        let name = String::from_utf8_lossy(&case.text[..case.text.len().min(80)]);
        let before = fixture.snapshot();
        let ran = fixture.runr(&["check"]);
        assert_eq!(ran.code, 2, "{name}\n{}", ran.err);
        assert_eq!(ran.out, "", "{name}");
        let title = format!("error: {}\n", case.message);
        assert!(
            ran.err.contains(&title),
            "{name}\nexpected {title}in\n{}",
            ran.err
        );
        let place = format!("--> {path}:{}:{}\n", case.line, case.column);
        assert!(
            ran.err.contains(&place),
            "{name}\nexpected {place}in\n{}",
            ran.err
        );
        let help = format!("help: {}\n", case.help);
        assert!(
            ran.err.contains(&help),
            "{name}\nexpected {help}in\n{}",
            ran.err
        );
        assert!(ran.err.ends_with("1 error\n"), "{name}\n{}", ran.err);
        assert_eq!(fixture.snapshot(), before, "{name}");
    }
}

#[test]
fn task_files() {
    let deep = format!("---\nx-a: {}{}\n---\n", "[".repeat(40), "]".repeat(40));
    let long = format!("---\nx-a: {}\n---\n", "y".repeat(70_000));
    let large = "y".repeat(1_100_000);
    let leak = |text: String| -> &'static str { Box::leak(text.into_boxed_str()) };
    let invalid = Bad {
        text: b"# Title\nab\xff\n",
        line: 2,
        column: 3,
        message: "the file is not UTF-8",
        help: "save it as UTF-8",
    };
    let syntax = "see the line: a quote, bracket or colon is amiss here or just before";
    refuse_all(
        ".runr/tasks/a.md",
        &[
            (".runr/tasks/b.md", "# B\n"),
            (".runr/tasks/net/c.md", "# C\n"),
        ],
        &[
            bad(
                "---\npriority: high\n---\n",
                (2, 11),
                "`priority` takes a whole number, found `high`",
                "write for instance `priority: 10`",
            ),
            bad(
                "---\ntype: manuel\n---\n",
                (2, 7),
                "`type` is one of `automated`, `manual`, `hybrid`, found `manuel`",
                "did you mean `manual`?",
            ),
            bad(
                "---\ndepends_on: [b.md, bb.md]\n---\n",
                (2, 20),
                "there is no task `bb.md`",
                "did you mean `b.md`?",
            ),
            bad(
                "---\r\ndepends_on: c\r\n---\r\n",
                (2, 13),
                "there is no task `c`",
                "did you mean `net/c.md`?",
            ),
            bad(
                "---\ndepends_on: a\n---\n",
                (2, 13),
                "`a` would wait for itself",
                "remove it from `depends_on`",
            ),
            bad(
                "---\ndepends_on: { b: c }\n---\n",
                (2, 13),
                "`depends_on` takes a text or a list of texts, found a mapping",
                "write for instance `depends_on: [00-setup.md]`; a task of another repository stands in quotes: `[\"b:c\"]`",
            ),
            bad(
                "---\ndepends_on: api:02-auth.md\n---\n",
                (2, 13),
                "`api:02-auth.md` names a task of the repository `api`, which the configuration does not name",
                "name its folder in `.runr/config.yaml`: `repos: { api: ../api }`",
            ),
            bad(
                "---\ntimeout: 90\n---\n",
                (2, 10),
                "`timeout` takes a length of time: `90` has no unit: write `90s` for seconds",
                "write for instance `timeout: 45m`",
            ),
            bad(
                "---\nrun: \"x\n---\n",
                (2, 6),
                "this is not valid YAML: unclosed quote",
                syntax,
            ),
            bad(
                "---\ntype: manual\n",
                (1, 1),
                "the frontmatter is not closed",
                "end it with a line `---`",
            ),
            bad(
                "---\ntags: [a]\ntags: [b]\n---\n",
                (3, 1),
                "`tags` stands here twice",
                "keep one of them",
            ),
            bad(
                "---\nowns: [../other/**]\n---\n",
                (2, 8),
                "`../other/**` leaves the project",
                "patterns are read from the project root, as in `src/net/**`",
            ),
            bad(
                "---\nworker: cladue-code\n---\n",
                (2, 9),
                "there is no worker `cladue-code`",
                "did you mean `claude-code`?",
            ),
            bad(
                "---\nworker: shell\n---\n",
                (2, 9),
                "the worker `shell` has nothing to run",
                "add `run: COMMAND`, or `type: manual` if a person does it",
            ),
            bad(
                "---\nworker: codex\nrun: make\n---\n",
                (3, 6),
                "`run` is for the worker `shell`, and the worker here is `codex`",
                "remove `run` or `worker`",
            ),
            bad(
                "---\npools: { gpu: 1 }\n---\n",
                (2, 10),
                "there is no pool `gpu`",
                "declare it: `pools: { gpu: 1 }` in the configuration or the orchestration file",
            ),
            bad(
                "---\nverify: { tier: 7 }\n---\n",
                (2, 17),
                "`tier` takes 0, 1 or 2, found `7`",
                "write for instance `tier: 1`",
            ),
            bad(
                "---\nrun: !!python/object x\n---\n",
                (2, 6),
                "tags (`!name`) are not supported",
                "write the value out",
            ),
            bad(
                leak(deep),
                (2, 37),
                "lists and mappings are nested more than 32 deep",
                "write it more simply",
            ),
            bad(
                leak(long),
                (1, 1),
                "the frontmatter is larger than 64 KiB",
                "move text below the frontmatter",
            ),
            bad(
                leak(large),
                (1, 1),
                "the file is larger than 1 MiB",
                "keep long material in files of its own and name them in the text",
            ),
            invalid,
        ],
    );
}

#[test]
fn orchestration_files() {
    let syntax = "see the line: a quote, bracket or colon is amiss here or just before";
    refuse_all(
        ".runr/orchestration.yaml",
        &[
            (".runr/tasks/a.md", "# A\n"),
            (".runr/tasks/b.md", "---\ntype: manual\n---\n"),
        ],
        &[
            bad(
                "",
                (1, 1),
                "the file is empty",
                "give it `tracks:` with steps, or remove it",
            ),
            bad(
                "version: 1\n",
                (1, 1),
                "`tracks` is missing",
                "add `tracks:` with at least one track",
            ),
            bad(
                "version: 9\ntracks: [{name: x, steps: [{task: a}]}]\n",
                (1, 10),
                "`version` lies between 1 and 1, found `9`",
                "write for instance `version: 1`",
            ),
            bad(
                "tracks:\n  - name: x\n    steps: [{task: aa}]\n",
                (3, 20),
                "there is no task `aa`",
                "did you mean `a.md`?",
            ),
            bad(
                "tracks:\n  - name: x\n    steps:\n      - task: a\n      - task: a.md\n",
                (5, 15),
                "`a.md` is a step already",
                "a task stands in one place; order it with `depends_on`",
            ),
            bad(
                "tracks:\n  - name: x\n    steps: [{task: a}]\n  - name: x\n    steps: [{task: b}]\n",
                (4, 11),
                "two tracks are called `x`",
                "give one of them another name",
            ),
            bad(
                "tracks:\n  - name: engine\n    steps: [{task: a}]\n  - name: y\n    depends_on: engin\n    steps: [{task: b}]\n",
                (5, 17),
                "there is no task, step or track `engin`",
                "did you mean `engine`?",
            ),
            bad(
                "tracks:\n  - name: x\n    steps:\n      - task: a\n        depends_on: [x]\n",
                (5, 22),
                "`x` would wait for itself",
                "remove it from `depends_on`",
            ),
            bad(
                "tracks:\n  - name: x\n    steps:\n      - name: y\n",
                (4, 9),
                "the step has neither `task` nor `run`",
                "add `task: 00-setup.md` or `run: cargo test`",
            ),
            bad(
                "tracks:\n  - name: x\n    steps:\n      - task: a\n        timeout: soon\n",
                (5, 18),
                "`timeout` takes a length of time: `soon` is not a length of time: write for instance `90s`, `45m` or `1h 30m`",
                "write for instance `timeout: 45m`",
            ),
            bad(
                "defaults: { worker: gemini }\ntracks:\n  - name: x\n    steps: [{task: b}]\n",
                (1, 21),
                "there is no worker `gemini`",
                "runr knows `claude-code`, `codex` and `shell`; describe others under `workers` in the configuration",
            ),
            bad(
                "pools: { browser: 1 }\ntracks:\n  - name: x\n    steps: [{run: y, pools: {browser: 2}}]\n",
                (4, 30),
                "takes 2 of the pool `browser`, which has 1",
                "take less, or make the pool larger",
            ),
            bad(
                "tracks:\n  - name: a\n    steps: [{task: b}]\n  - name: y\n    depends_on: [a]\n    steps: [{run: z}]\n",
                (5, 18),
                "`a` can mean the track `a` or the task `a.md`",
                "write a task with `.md`, a step as `TRACK/NAME`",
            ),
            bad(
                "tracks: [",
                (1, 9),
                "this is not valid YAML: unclosed bracket '['",
                syntax,
            ),
        ],
    );
}

#[test]
fn configurations() {
    refuse_all(
        ".runr/config.yaml",
        &[(".runr/tasks/a.md", "---\nrun: make\n---\n")],
        &[
            bad(
                "- worker\n",
                (1, 1),
                "the file must be a mapping of keys to values",
                "write `key: value` lines",
            ),
            bad(
                "jobs: 0\n",
                (1, 7),
                "`jobs` lies between 1 and 1024, found `0`",
                "write for instance `jobs: 4`",
            ),
            bad(
                "jobs: many\n",
                (1, 7),
                "`jobs` takes a whole number, found `many`",
                "write for instance `jobs: 4`",
            ),
            bad(
                "worker: [codex]\n",
                (1, 9),
                "`worker` takes a text, found a list",
                "write for instance `worker: claude-code`",
            ),
            bad(
                "worker: claude\n",
                (1, 9),
                "there is no worker `claude`",
                "did you mean `claude-code`?",
            ),
            bad(
                "timeouts:\n  idle: -5m\n",
                (2, 9),
                "`idle` takes a length of time: `-5m` is negative or longer than a year",
                "write for instance `idle: 45m`",
            ),
            bad(
                "collision: fial\n",
                (1, 12),
                "`collision` is one of `serialize`, `force`, `fail`, found `fial`",
                "did you mean `fail`?",
            ),
            bad(
                "verify: { cwd: ../x }\n",
                (1, 16),
                "`../x` leaves the project",
                "write a folder from the project root, as in `packages/app`",
            ),
            bad(
                "verify: { tier0: { a: b } }\n",
                (1, 18),
                "`tier0` takes a command (a text for the shell, or a list of words), found a mapping",
                "write for instance `tier0: cargo test`",
            ),
            bad(
                "pools: { 'worker:codex': 3 }\n",
                (1, 10),
                "pools named `worker:…` are runr's own",
                "set `max_parallel` of the worker",
            ),
            bad(
                "retries: { max: 1, backoff: { base: 0s } }\n",
                (1, 37),
                "`base` must be longer than nothing",
                "write for instance `base: 45m`",
            ),
            bad(
                "git: { sign: yes }\n",
                (1, 14),
                "`sign` takes `true` or `false`, found `yes`",
                "write for instance `sign: true`",
            ),
            bad(
                "land: later\n",
                (1, 7),
                "`land` is one of `end`, `each`, `never`, found `later`",
                "write for instance `land: end`",
            ),
            bad(
                "a: &a [x]\njobs: 2\n---\nb: c\n",
                (3, 1),
                "a second document begins here",
                "keep one document a file",
            ),
            bad(
                "<<: { jobs: 2 }\n",
                (1, 1),
                "merge keys (`<<`) are not supported",
                "write the keys out",
            ),
            bad(
                "budget: { task_usd: -1 }\n",
                (1, 21),
                "`task_usd` takes an amount in US dollars, found `-1`",
                "write for instance `task_usd: 3.50`",
            ),
        ],
    );
}

#[test]
fn two_configurations_are_one_too_many() {
    let fixture = Fixture::with(&[
        (".runr/config.yaml", "jobs: 1\n"),
        (".runr/runr.config.json", "{\"jobs\": 2}"),
    ]);
    let ran = fixture.runr(&["check"]);
    assert_eq!(ran.code, 2);
    assert!(
        ran.err.contains("error: there are two configurations\n"),
        "{}",
        ran.err
    );
    let fixture = Fixture::with(&[(".runr/runr.config.json", "{\n  \"jobs\": \"x\"\n}")]);
    let ran = fixture.runr(&["check"]);
    assert_eq!(ran.code, 2);
    assert!(
        ran.err.contains("--> .runr/runr.config.json:2:11\n"),
        "{}",
        ran.err
    );
}

#[test]
fn links_stay_inside_and_do_not_circle() {
    let fixture = Fixture::with(&[
        ("real.md", "---\ntype: manual\n---\n"),
        (".runr/tasks/a.md", "---\ntype: manual\n---\n# A\n"),
    ]);
    let tasks = fixture.root().join(".runr/tasks");
    let link =
        |to: &str, name: &str| std::os::unix::fs::symlink(to, tasks.join(name)).expect("a link");
    link("../../real.md", "inside.md");
    let ran = fixture.runr(&["check"]);
    assert_eq!(
        (ran.code, ran.out.as_str()),
        (0, "2 tasks, 0 dependencies: no problems\n"),
        "{}",
        ran.err
    );
    link("/etc/passwd", "outside.md");
    link("..", "circle");
    link("nowhere", "gone.md");
    let ran = fixture.runr(&["check"]);
    assert_eq!(ran.code, 2);
    assert!(
        ran.err
            .contains("error: the link leads out of the project, to `/etc/passwd`\n"),
        "{}",
        ran.err
    );
    assert!(
        !ran.err.contains("root:"),
        "no line of it is shown: {}",
        ran.err
    );
    assert!(ran.err.contains("--> .runr/tasks/circle"), "{}", ran.err);
    assert!(ran.err.contains("--> .runr/tasks/gone.md"), "{}", ran.err);
}

#[test]
fn where_no_task_is_nothing_is_called_completed() {
    let fixture = Fixture::with(&[(".runr/config.yaml", "jobs: 1\n")]);
    let add = "runr tasks add 'What is to be done'";
    for command in [["run"].as_slice(), &["orchestrate", "run"], &["run", "-n"]] {
        let ran = fixture.runr(command);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{command:?}");
        assert!(ran.err.contains("there are no tasks in `"), "{}", ran.err);
        assert!(ran.err.contains(add), "{}", ran.err);
    }
    for command in [[].as_slice(), &["status"], &["next"]] {
        let ran = fixture.runr(command);
        assert_eq!(ran.code, 0, "{command:?}");
        assert!(ran.out.contains(add), "{command:?}: {}", ran.out);
    }
    // The remedy, word for word.
    assert_eq!(
        fixture.runr(&["tasks", "add", "What is to be done"]).code,
        0
    );
    assert!(!fixture.runr(&["status"]).out.contains(add));
}
