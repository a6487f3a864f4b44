//! `runr dashboard` over the wire: who is let in, what is shown, what is decided.

use runr::cli::dashboard_routes as routes;
use runr::event::Event;
use runr::store::{Layout, history};
use runr::web::{Access, Method};

use crate::support::Fixture;
use crate::support_dashboard::Dashboard;
use crate::support_git::Repo;

fn project() -> Fixture {
    Fixture::with(&[
        (
            ".runr/tasks/00-setup.md",
            "---\nrun: printf '\\033[31mred\\033[0m <b>bold</b>\\n'\n---\n# Set up\n",
        ),
        (
            ".runr/tasks/01-keys.md",
            "---\ntype: manual\ndepends_on: 00-setup.md\n---\n# Get <i>keys</i>\n",
        ),
        (
            ".runr/tasks/02-use.md",
            "---\nrun: 'true'\ndepends_on: 01-keys.md\n---\n# Use them\n",
        ),
        (
            ".runr/tasks/03-copy.md",
            "---\ntype: hybrid\nrun: 'true'\n---\n# Copy\n",
        ),
        (
            ".runr/tasks/04-bad.md",
            "---\nrun: 'false'\nretries: 0\n---\n# Bad\n",
        ),
    ])
}

fn events(fixture: &Fixture) -> Vec<Event> {
    let mut found = Vec::new();
    history(&Layout::new(fixture.root()), &mut |recorded| {
        found.push(recorded.event)
    })
    .unwrap();
    found
}

fn word(method: Method) -> &'static str {
    match method {
        Method::Get => "GET",
        Method::Post => "POST",
    }
}

#[test]
fn no_token_is_refused_on_every_route_that_holds_data() {
    let fixture = project();
    let dashboard = Dashboard::of(&fixture);
    let before = fixture.snapshot();
    let (mut open, mut closed) = (0, 0);
    for route in routes() {
        let method = word(route.method);
        let mut bare = dashboard.head(method, route.path);
        bare.retain(|line| !line.starts_with("Authorization"));
        bare.push("Content-Type: application/json".to_owned());
        let body = if method == "POST" {
            "{\"task\":\"01-keys.md\",\"note\":\"x\"}"
        } else {
            ""
        };
        let answer = dashboard.say(&bare, body);
        if route.access == Access::Shell {
            assert_eq!(answer.status, 200, "{route:?}");
            open += 1;
            continue;
        }
        assert_eq!(answer.status, 401, "{route:?}");
        for wrong in [
            format!("Authorization: Bearer {}", "0".repeat(64)),
            "Authorization: Bearer".to_owned(),
            format!("Cookie: runr-{}={}", dashboard.port, dashboard.token),
            format!("Cookie: runr-{}=", dashboard.port),
        ] {
            let mut head = bare.clone();
            head.push(wrong.clone());
            head.push(format!("Origin: http://{}", dashboard.host()));
            assert_eq!(dashboard.say(&head, body).status, 401, "{route:?} {wrong}");
        }
        closed += 1;
    }
    assert!(open >= 8 && closed >= 14, "{open} {closed}");
    let mut unknown = dashboard.head("GET", "/api/nothing");
    assert_eq!(dashboard.say(&unknown, "").status, 404);
    unknown.pop();
    assert_eq!(dashboard.say(&unknown, "").status, 401);
    assert_eq!(fixture.snapshot(), before);
}

#[test]
fn the_attack_matrix_over_the_wire_changes_nothing() {
    let fixture = project();
    let dashboard = Dashboard::of(&fixture);
    let before = fixture.snapshot();
    let own = format!("http://{}", dashboard.host());
    let port = dashboard.port;
    let hosts = [
        (dashboard.host(), true),
        ("evil.example".to_owned(), false),
        (format!("evil.example:{port}"), false),
        (format!("127.0.0.1:{}", port ^ 1), false),
    ];
    let origins = [
        (None, true),
        (Some(own), true),
        (Some("null".to_owned()), false),
        (Some(format!("http://evil.example:{port}")), false),
        (Some(format!("http://127.0.0.1:{}", port ^ 1)), false),
    ];
    let sites = [
        (None, true),
        (Some("same-origin"), true),
        (Some("same-site"), false),
        (Some("cross-site"), false),
    ];
    let kinds = [
        ("application/json", true),
        ("text/plain", false),
        ("application/x-www-form-urlencoded", false),
    ];
    let mut refused = 0;
    for (host, host_good) in &hosts {
        for (origin, origin_good) in &origins {
            for (site, site_good) in sites {
                for (kind, kind_good) in kinds {
                    for method in ["GET", "POST", "PUT", "OPTIONS"] {
                        let mut head = vec![
                            format!("{method} /api/reset HTTP/1.1"),
                            format!("Host: {host}"),
                            format!("Content-Type: {kind}"),
                        ];
                        head.extend(origin.as_ref().map(|o| format!("Origin: {o}")));
                        head.extend(site.map(|s| format!("Sec-Fetch-Site: {s}")));
                        // The token of somebody who has found it out: the rest holds without it.
                        head.push(format!("Authorization: Bearer {}", dashboard.token));
                        let good = *host_good && *origin_good && site_good;
                        let expected = match (good, method) {
                            (false, _) if !*host_good => 421,
                            (false, _) => 403,
                            (true, "GET") => 405,
                            (true, "POST") if kind_good => 400,
                            (true, "POST") => 415,
                            (true, _) => 405,
                        };
                        let body = if method == "POST" {
                            "{\"command\":\"true\"}"
                        } else {
                            ""
                        };
                        let answer = dashboard.say(&head, body);
                        assert_eq!(answer.status, expected, "{head:?}");
                        let lower = answer.head.to_ascii_lowercase();
                        assert!(!lower.contains("access-control"), "{lower}");
                        assert!(
                            lower.contains("content-security-policy: default-src 'none'"),
                            "{lower}"
                        );
                        refused += 1;
                    }
                }
            }
        }
    }
    assert_eq!(refused, 4 * 5 * 4 * 3 * 4);
    assert_eq!(fixture.snapshot(), before);
}

#[test]
fn every_answer_has_the_headers_and_the_page_runs_nothing_inline() {
    let fixture = project();
    let dashboard = Dashboard::of(&fixture);
    for path in ["/", "/app.js", "/api/seen", "/api/graph", "/nothing"] {
        let answer = dashboard.get(path);
        for (name, value) in [
            (
                "content-security-policy",
                "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
            ),
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("cache-control", "no-store"),
        ] {
            assert_eq!(answer.header(name), Some(value), "{path}");
        }
    }
    let page = dashboard.get("/").body;
    assert!(!page.contains("<style") && !page.contains(" style=") && !page.contains(" onclick"));
    assert_eq!(
        page.matches("<script").count(),
        page.matches("<script src=\"/").count()
    );
    for file in [
        "/app.js",
        "/detail.js",
        "/timeline.js",
        "/dom.js",
        "/viewer.js",
    ] {
        let script = dashboard.get(file).body;
        for word in [
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
            "eval(",
            "Function(",
        ] {
            assert!(!script.contains(word), "{file} names {word}");
        }
    }
}

#[test]
fn the_token_is_exchanged_for_a_cookie_that_reads_and_with_an_origin_changes() {
    let fixture = project();
    let dashboard = Dashboard::of(&fixture);
    let answer = dashboard.post("/session", "{}");
    assert_eq!(answer.status, 200);
    let set = answer.header("set-cookie").unwrap().to_owned();
    for part in ["; HttpOnly", "; SameSite=Strict", "; Path=/"] {
        assert!(set.contains(part), "{set}");
    }
    let cookie = set.split(';').next().unwrap();
    assert!(cookie.starts_with(&format!("runr-{}=", dashboard.port)));
    assert!(!cookie.contains(&dashboard.token));
    let ask = |method: &str, path: &str, more: &[&str], body: &str| {
        let mut head = dashboard.head(method, path);
        head[2] = format!("Cookie: {cookie}");
        head.push("Content-Type: application/json".to_owned());
        head.extend(more.iter().map(ToString::to_string));
        dashboard.say(&head, body).status
    };
    let origin = format!("Origin: http://{}", dashboard.host());
    assert_eq!(ask("GET", "/api/seen", &[], ""), 200);
    assert_eq!(
        ask("POST", "/api/reset", &[], "{\"task\":\"04-bad.md\"}"),
        401
    );
    assert_eq!(
        ask("POST", "/api/reset", &[&origin], "{\"task\":\"04-bad.md\"}"),
        200
    );
    assert_eq!(ask("POST", "/session", &[&origin], "{}"), 401);
}

#[test]
fn decisions_are_those_of_the_commands_and_the_journal_says_through_what() {
    let fixture = project();
    assert_eq!(fixture.runr(&["run"]).code, 1);
    let dashboard = Dashboard::of(&fixture);
    let seen = dashboard.get("/api/seen").json();
    let people: Vec<(&str, &str, usize)> = seen["head"]["people"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            let free = one["sets_free"].as_array().unwrap().len();
            (
                one["task"].as_str().unwrap(),
                one["ask"].as_str().unwrap(),
                free,
            )
        })
        .collect();
    assert_eq!(
        people,
        [
            ("01-keys.md", "do", 1),
            ("03-copy.md", "approve", 0),
            ("04-bad.md", "decide", 0)
        ]
    );

    let answer = dashboard.post(
        "/api/complete",
        "{\"task\":\"01-keys.md\",\"note\":\"in the safe\"}",
    );
    assert_eq!(answer.status, 200, "{answer:?}");
    let said = answer.json()["said"].as_str().unwrap().to_owned();
    assert!(
        said.contains("completed 01-keys.md by hand") && said.contains("now ready: 02-use.md"),
        "{said}"
    );
    assert!(events(&fixture).iter().any(|event| matches!(event,
        Event::CompletedByHand { by, note: Some(note), .. } if by == "ada (dashboard)" && note == "in the safe")));

    for (path, body, status, words) in [
        ("/api/reject", "{\"task\":\"03-copy.md\"}", 422, "note"),
        (
            "/api/approve",
            "{\"task\":\"04-bad.md\"}",
            422,
            "not awaiting approval",
        ),
        (
            "/api/complete",
            "{\"task\":\"nothing.md\"}",
            404,
            "no such task",
        ),
        // Names are whole ids: no part of one, no path.
        ("/api/complete", "{\"task\":\"02\"}", 404, "no such task"),
        (
            "/api/complete",
            "{\"task\":\".runr/tasks/02-use.md\"}",
            404,
            "no such task",
        ),
        (
            "/api/complete",
            "{\"task\":\"02-use.md\",\"commit\":true}",
            400,
            "unknown field",
        ),
        ("/api/complete", "{", 400, "EOF"),
    ] {
        let answer = dashboard.post(path, body);
        assert_eq!(answer.status, status, "{path} {body}: {answer:?}");
        assert!(answer.body.contains(words), "{path} {body}: {answer:?}");
    }
    let long = format!(
        "{{\"task\":\"02-use.md\",\"note\":\"{}\"}}",
        "x".repeat(5_000)
    );
    assert_eq!(dashboard.post("/api/complete", &long).status, 413);
    let huge = format!("{{\"task\":\"{}\"}}", "x".repeat(100_000));
    assert_eq!(dashboard.post("/api/complete", &huge).status, 413);

    assert_eq!(
        dashboard
            .post(
                "/api/reject",
                "{\"task\":\"03-copy.md\",\"note\":\"shorter\"}"
            )
            .status,
        200
    );
    assert_eq!(
        dashboard
            .post("/api/reset", "{\"task\":\"04-bad.md\"}")
            .status,
        200
    );
    let log = events(&fixture);
    assert!(
        log.iter()
            .any(|event| matches!(event, Event::Rejected { by, .. } if by == "ada (dashboard)"))
    );
    assert!(
        log.iter()
            .any(|event| matches!(event, Event::Reset { by, .. } if by == "ada (dashboard)"))
    );
}

#[test]
fn what_others_do_is_told_as_it_happens_and_looking_writes_nothing() {
    let fixture = project();
    assert_eq!(fixture.runr(&["run"]).code, 1);
    let before = fixture.snapshot();
    let dashboard = Dashboard::of(&fixture);
    let mut told = dashboard.listen("/api/events");
    let (event, whole) = told.next().unwrap();
    assert_eq!(event, "whole");
    let whole: serde_json::Value = serde_json::from_str(&whole).unwrap();
    assert_eq!(whole["tasks"].as_array().unwrap().len(), 5);
    assert_eq!(whole["tasks"][4]["class"], "failed");
    assert_eq!(fixture.snapshot(), before);

    assert_eq!(fixture.runr(&["tasks", "complete", "01-keys.md"]).code, 0);
    let change = told
        .find_map(|(event, data)| {
            assert_eq!(event, "change");
            let data: serde_json::Value = serde_json::from_str(&data).unwrap();
            let changed = data["tasks"].as_array().unwrap().clone();
            (!changed.is_empty()).then_some(changed)
        })
        .unwrap();
    let names: Vec<_> = change
        .iter()
        .map(|task| {
            (
                task["task"].as_str().unwrap(),
                task["class"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(names, [("01-keys.md", "completed"), ("02-use.md", "ready")]);

    // A new file is a new plan: everything is told again.
    fixture.write(".runr/tasks/05-new.md", "# New\n");
    let many = told.find_map(|(_, data)| {
        let data: serde_json::Value = serde_json::from_str(&data).unwrap();
        let n = data["tasks"].as_array().unwrap().len();
        (n == 6).then_some(data["head"]["generation"].as_u64())
    });
    assert!(many.flatten() > Some(1), "{many:?}");
}

#[test]
fn a_task_shows_its_text_runs_and_log() {
    let fixture = project();
    assert_eq!(fixture.runr(&["run"]).code, 1);
    let dashboard = Dashboard::of(&fixture);
    let page = dashboard.get("/api/task?task=00-setup.md").json();
    assert!(page["text"].as_str().unwrap().ends_with("# Set up\n"));
    let run = page["runs"][0]["run"].as_str().unwrap();
    assert_eq!(page["runs"][0]["outcome"], "completed");

    let log = dashboard.get(&format!("/api/run/log?run={run}"));
    assert_eq!(
        log.header("content-type"),
        Some("text/plain; charset=utf-8")
    );
    assert!(
        log.body.contains("red <b>bold</b>\n") && !log.body.contains('\u{1b}'),
        "{log:?}"
    );
    let followed: Vec<_> = dashboard
        .listen(&format!("/api/run/follow?run={run}"))
        .collect();
    assert_eq!(followed.last().unwrap().0, "end");
    assert!(followed[0].1.contains("red <b>bold</b>\\n"), "{followed:?}");

    let timeline = dashboard.get("/api/timeline").json();
    let outcomes: Vec<_> = timeline["runs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|run| run["outcome"].as_str().unwrap())
        .collect();
    assert_eq!(outcomes.len(), 3);
    assert!(
        outcomes.contains(&"failed") && outcomes.contains(&"awaiting_approval"),
        "{outcomes:?}"
    );

    let graph = dashboard.get("/api/graph").json();
    let svg = graph["svg"].as_str().unwrap();
    assert!(!svg.contains("<style") && svg.contains("data-task=\"00-setup.md\""));
    assert_eq!(graph["edges"], serde_json::json!([[0, 1], [1, 2]]));

    for (path, status) in [
        ("/api/run/log?run=../../x", 400),
        ("/api/run/log?run=", 400),
        ("/api/run/log?file=/etc/passwd", 400),
        ("/api/task?task=../../../etc/passwd", 404),
        ("/api/run/diff?run=20260102-030405-aaaa", 200),
    ] {
        assert_eq!(dashboard.get(path).status, status, "{path}");
    }
}

#[test]
fn a_run_that_is_alive_is_followed_to_its_end() {
    let fixture = Fixture::with(&[(
        ".runr/tasks/a.md",
        "---\nrun: |\n  mkfifo go\n  echo one\n  cat go > /dev/null\n  echo two\n---\n# A\n",
    )]);
    let mut running = fixture.command(&["run", "--quiet"]).spawn().unwrap();
    let dashboard = Dashboard::of(&fixture);
    let mut told = dashboard.listen("/api/events");
    let run = told
        .find_map(|(_, data)| {
            let data: serde_json::Value = serde_json::from_str(&data).unwrap();
            data["tasks"][0]["run"].as_str().map(str::to_owned)
        })
        .unwrap();
    let mut log = dashboard.listen(&format!("/api/run/follow?run={run}"));
    assert!(log.next().unwrap().1.contains("one\\n"));
    // Waits for its reader, as the task waits for its writer.
    fixture.write("go", "x");
    let rest: Vec<_> = log.collect();
    assert!(
        rest.iter().any(|(_, data)| data.contains("two\\n")),
        "{rest:?}"
    );
    assert_eq!(rest.last().unwrap().0, "end");
    assert!(running.wait().unwrap().success());
}

#[test]
fn it_ends_when_interrupted_though_somebody_looks() {
    let fixture = project();
    let dashboard = Dashboard::of(&fixture);
    let mut told = dashboard.listen("/api/events");
    assert_eq!(told.next().unwrap().0, "whole");
    let taken = fixture.runr(&[
        "dashboard",
        "--no-open",
        "--port",
        &dashboard.port.to_string(),
    ]);
    assert_eq!(taken.code, 2, "{}", taken.err);
    assert!(taken.err.contains("cannot listen"), "{}", taken.err);
    assert_eq!(dashboard.interrupt(), Some(0));
    assert_eq!(told.next(), None);
}

#[test]
fn the_page_of_the_graph_loads_nothing() {
    let fixture = project();
    let page = fixture.runr(&["graph", "--html"]);
    assert_eq!(page.code, 0, "{}", page.err);
    assert!(page.out.starts_with("<!doctype html>"));
    assert!(page.out.contains("data-task=\"00-setup.md\"") && page.out.contains("&lt;i&gt;keys"));
    for word in [" src=", "<link", "@import", "url(http", "fetch(", "<i>keys"] {
        assert!(!page.out.contains(word), "{word}");
    }
}

#[test]
fn work_that_has_not_landed_is_shown_until_it_is_brought_in() {
    let repo = Repo::with(&[
        ("a", "run: echo a > a.txt"),
        (
            "wide",
            "owns: [src/**]\nrun: echo x > other.txt\nretries: 0",
        ),
    ]);
    repo.runr(&["run", "--land", "never"], 1);
    let dashboard = Dashboard::of(&repo.fixture);
    let mut messages = dashboard.listen("/api/events");
    let head = |message: (String, String)| -> serde_json::Value {
        let told: serde_json::Value = serde_json::from_str(&message.1).unwrap();
        told["head"]["not_landed"].clone()
    };
    let told = head(messages.next().unwrap());
    let branch = told[0]["branch"].as_str().unwrap().to_owned();
    assert!(branch.starts_with("runr/orch-"), "{told}");
    assert_eq!(
        (&told[0]["commits"], &told[0]["not_in"]),
        (&1.into(), &"main".into())
    );
    assert_eq!(told[0]["command"], format!("git merge {branch}"));
    // What there is to look at is asked for one by one.
    let need = dashboard.get("/api/evidence?task=wide.md").json();
    assert_eq!(need["ask"], "decide");
    assert_eq!(need["evidence"]["outside"][0], "other.txt", "{need}");
    assert_eq!(dashboard.get("/api/evidence?task=a.md").body, "null");
    assert_eq!(dashboard.get("/api/evidence?task=b.md").status, 404);
    // Nobody writes to the journal now: git itself is watched.
    repo.git(&["merge", "-q", &branch]);
    assert!(
        messages.any(|message| head(message) == serde_json::json!([])),
        "it is told"
    );
}
