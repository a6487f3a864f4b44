//! The kinds of project that are known, one function each.
//!
//! Knows the conventions of other tools: which file marks a project, and what runs its tests. A command is
//! plain text for `sh -c` and for YAML: no quote, no `#`, no colon before a blank.

use serde_json::Value;

use crate::scaffold::detect::{Found, Surroundings};

type Kind = fn(&Surroundings) -> Option<Found>;

/// In the order in which they are reported.
pub const ALL: &[Kind] = &[
    rust, node, deno, python, go, cmake, gradle, maven, composer, mix, ruby, dotnet, swift, dart,
    stack,
];

fn found(
    kind: &'static str,
    evidence: impl Into<String>,
    commands: &[&'static str],
) -> Option<Found> {
    Some(Found {
        kind,
        evidence: evidence.into(),
        commands: commands.to_vec(),
    })
}

/// A kind that one file marks and one command tests.
fn simple(
    around: &Surroundings,
    kind: &'static str,
    marks: &[&'static str],
    command: &'static str,
) -> Option<Found> {
    found(kind, around.first(marks)?, &[command])
}

fn rust(around: &Surroundings) -> Option<Found> {
    let mark = around.first(&["Cargo.toml"])?;
    let workspace = around
        .text(mark)
        .lines()
        .any(|line| line.trim_start().starts_with("[workspace]"));
    if workspace {
        found(
            "Rust",
            "Cargo.toml with a workspace",
            &["cargo test --workspace"],
        )
    } else {
        found("Rust", mark, &["cargo test"])
    }
}

/// What `scripts.test` of a JSON manifest says; a list of commands counts as well.
fn test_script(text: &str) -> Option<String> {
    let manifest: Value = serde_json::from_str(text).ok()?;
    let script = manifest.get("scripts")?.get("test")?;
    Some(
        script
            .as_str()
            .map_or_else(|| script.to_string(), str::to_owned),
    )
}

fn node(around: &Surroundings) -> Option<Found> {
    let mark = around.first(&["package.json"])?;
    let text = around.text(mark);
    // What `npm init` writes when it is not told how to test: it always fails.
    let script = test_script(text).filter(|script| !script.contains("no test specified"));
    if script.is_none() {
        return found("Node", "package.json, without a `test` script", &[]);
    }
    let manager = serde_json::from_str::<Value>(text)
        .ok()
        .and_then(|manifest| Some(manifest.get("packageManager")?.as_str()?.to_owned()))
        .unwrap_or_default();
    let lock = around.first(&[
        "pnpm-lock.yaml",
        "yarn.lock",
        "bun.lock",
        "bun.lockb",
        "package-lock.json",
    ]);
    let named = ["pnpm", "yarn", "bun"]
        .into_iter()
        .find(|name| manager.split('@').next() == Some(name));
    let command = match (named, lock) {
        (Some("pnpm"), _) | (None, Some("pnpm-lock.yaml")) => "pnpm test",
        (Some("yarn"), _) | (None, Some("yarn.lock")) => "yarn test",
        (Some("bun"), _) | (None, Some("bun.lock" | "bun.lockb")) => "bun run test",
        _ => "npm test",
    };
    let evidence = match lock {
        Some(lock) => format!("package.json with a `test` script, {lock}"),
        None => "package.json with a `test` script".to_owned(),
    };
    found("Node", evidence, &[command])
}

fn deno(around: &Surroundings) -> Option<Found> {
    let mark = around.first(&["deno.json", "deno.jsonc"])?;
    // The file may hold comments, which no JSON reader takes: a look at the words is enough here.
    let text = around.text(mark);
    let tasks = text.split_once("\"tasks\"").map_or("", |(_, rest)| rest);
    let block = tasks.split_once('}').map_or(tasks, |(block, _)| block);
    if block.contains("\"test\"") {
        found(
            "Deno",
            format!("{mark} with a `test` task"),
            &["deno task test"],
        )
    } else {
        found("Deno", mark, &["deno test"])
    }
}

fn python(around: &Surroundings) -> Option<Found> {
    const MARKS: &[&str] = &[
        "manage.py",
        "pytest.ini",
        "conftest.py",
        "tox.ini",
        "pyproject.toml",
        "setup.cfg",
        "setup.py",
        "requirements.txt",
    ];
    let mark = around.first(MARKS)?;
    if mark == "manage.py" {
        return found("Python", "manage.py", &["python3 manage.py test"]);
    }
    let says_pytest = ["pyproject.toml", "setup.cfg", "tox.ini", "requirements.txt"]
        .into_iter()
        .find(|name| around.text(name).contains("pytest"))
        .or_else(|| around.first(&["pytest.ini", "conftest.py"]));
    if let Some(source) = says_pytest {
        let (command, lock) = match around.first(&["uv.lock", "poetry.lock", "pdm.lock"]) {
            Some("uv.lock") => ("uv run pytest", ", uv.lock"),
            Some("poetry.lock") => ("poetry run pytest", ", poetry.lock"),
            Some("pdm.lock") => ("pdm run pytest", ", pdm.lock"),
            _ => ("python3 -m pytest", ""),
        };
        return found("Python", format!("pytest in {source}{lock}"), &[command]);
    }
    match around.first(&["tests", "test"]) {
        Some(folder) => found(
            "Python",
            format!("{mark}, {folder}/"),
            &["python3 -m unittest discover"],
        ),
        None => found(
            "Python",
            format!("{mark}, without pytest or a tests folder"),
            &[],
        ),
    }
}

fn go(around: &Surroundings) -> Option<Found> {
    simple(around, "Go", &["go.mod"], "go test ./...")
}

fn cmake(around: &Surroundings) -> Option<Found> {
    let mark = around.first(&["CMakeLists.txt"])?;
    found(
        "CMake",
        mark,
        &[
            "cmake -B build",
            "cmake --build build",
            "ctest --test-dir build --output-on-failure",
        ],
    )
}

fn gradle(around: &Surroundings) -> Option<Found> {
    let mark = around.first(&[
        "build.gradle.kts",
        "build.gradle",
        "settings.gradle.kts",
        "settings.gradle",
    ])?;
    let command = if around.has("gradlew") {
        "./gradlew test"
    } else {
        "gradle test"
    };
    found("Gradle", mark, &[command])
}

fn maven(around: &Surroundings) -> Option<Found> {
    let mark = around.first(&["pom.xml"])?;
    let command = if around.has("mvnw") {
        "./mvnw -q test"
    } else {
        "mvn -q test"
    };
    found("Maven", mark, &[command])
}

fn composer(around: &Surroundings) -> Option<Found> {
    let mark = around.first(&["composer.json"])?;
    if test_script(around.text(mark)).is_some() {
        return found(
            "PHP",
            "composer.json with a `test` script",
            &["composer test"],
        );
    }
    match around.first(&["phpunit.xml", "phpunit.xml.dist"]) {
        Some(unit) => found("PHP", format!("{mark}, {unit}"), &["vendor/bin/phpunit"]),
        None => found("PHP", "composer.json, without a `test` script", &[]),
    }
}

fn mix(around: &Surroundings) -> Option<Found> {
    simple(around, "Elixir", &["mix.exs"], "mix test")
}

fn ruby(around: &Surroundings) -> Option<Found> {
    let mark = around.first(&["Gemfile"])?;
    match around.first(&[".rspec", "spec", "Rakefile"]) {
        Some("Rakefile") => found("Ruby", "Gemfile, Rakefile", &["bundle exec rake test"]),
        Some(spec) => found("Ruby", format!("{mark}, {spec}"), &["bundle exec rspec"]),
        None => found("Ruby", "Gemfile, without specs or a Rakefile", &[]),
    }
}

fn dotnet(around: &Surroundings) -> Option<Found> {
    let ends = [".sln", ".slnx", ".csproj", ".fsproj"];
    let mark = around
        .names
        .iter()
        .find(|name| ends.iter().any(|end| name.ends_with(end)))?;
    // A name from the folder is shown only; one with a line end in it would break out of its comment.
    let shown: String = mark.chars().filter(|c| !c.is_control()).collect();
    found(".NET", shown, &["dotnet test"])
}

fn swift(around: &Surroundings) -> Option<Found> {
    simple(around, "Swift", &["Package.swift"], "swift test")
}

fn dart(around: &Surroundings) -> Option<Found> {
    let mark = around.first(&["pubspec.yaml"])?;
    let flutter = around
        .text(mark)
        .lines()
        .any(|line| line.trim_start().starts_with("flutter:"));
    found(
        "Dart",
        mark,
        &[if flutter { "flutter test" } else { "dart test" }],
    )
}

fn stack(around: &Surroundings) -> Option<Found> {
    simple(around, "Haskell", &["stack.yaml"], "stack test")
}

/// A `test` (else `check`) target of a Makefile or justfile.
pub fn recipes(around: &Surroundings) -> Option<Found> {
    let target = |text: &str, name: &str| {
        text.lines().any(|line| {
            // A recipe's own lines begin with a blank; `test := x` is a variable.
            line.split_once(':').is_some_and(|(left, right)| {
                !line.starts_with([' ', '\t', '#', '.'])
                    && !right.starts_with('=')
                    && left.split_whitespace().any(|word| word == name)
            })
        })
    };
    for (files, kind, commands) in [
        (
            &["GNUmakefile", "makefile", "Makefile"][..],
            "Make",
            [("test", "make test"), ("check", "make check")],
        ),
        (
            &["justfile", "Justfile"][..],
            "just",
            [("test", "just test"), ("check", "just check")],
        ),
    ] {
        let Some(file) = around.first(files) else {
            continue;
        };
        for (name, command) in commands {
            if target(around.text(file), name) {
                return found(kind, format!("{file} with a `{name}` target"), &[command]);
            }
        }
    }
    None
}
