//! `orchestration.yaml.example` is what it says: loaded without a word, with every key of every kind of file.

use runr::spec::{
    CONFIG_KEYS, DEFAULTS_KEYS, FILE_KEYS, NESTED_KEYS, STEP_KEYS, TASK_KEYS, TRACK_KEYS,
};

use crate::support::{Fixture, of_repository};

/// The files that the example shows: itself, and those in its comments, by path.
fn files() -> Vec<(String, String)> {
    let mut files = vec![("orchestration.yaml".to_owned(), String::new())];
    for line in of_repository("orchestration.yaml.example").lines() {
        if let Some(name) = line
            .strip_prefix("# ==== ")
            .and_then(|rest| rest.strip_suffix(" ===="))
        {
            files.push((name.to_owned(), String::new()));
            continue;
        }
        let commented = files.len() > 1;
        let (_, text) = files.last_mut().expect("at least the first");
        let line = match line.strip_prefix('#').filter(|_| commented) {
            Some(line) => line.strip_prefix(' ').unwrap_or(line),
            None => line,
        };
        text.push_str(line);
        text.push('\n');
    }
    files
}

#[test]
fn it_is_loaded_without_a_warning() {
    let files = files();
    assert_eq!(
        files.len(),
        5,
        "the example shows a configuration and three tasks"
    );
    let fixture = Fixture::new();
    for (path, text) in &files {
        fixture.write(path, text);
    }
    // The other repository that the configuration names.
    fixture.write("../api/.runr/tasks/02-auth.md", "# Log in\n");
    let ran = fixture.runr(&["check", "--strict"]);
    assert_eq!(
        (ran.code, ran.out.as_str(), ran.err.as_str()),
        (
            0,
            "5 tasks, 4 dependencies, 2 tracks, 2 repositories: no problems\n",
            ""
        )
    );
}

#[test]
fn it_shows_every_key() {
    let files = files();
    let shows = |path: &str, key: &str| {
        files
            .iter()
            .filter(|(name, _)| name.starts_with(path))
            .any(|(_, text)| {
                let code = text
                    .lines()
                    .map(|line| line.split(" #").next().unwrap_or_default());
                let mut words = code.flat_map(|line| {
                    line.split(['{', ',', ' ', '-'])
                        .map(str::trim)
                        .collect::<Vec<_>>()
                });
                words.any(|word| word.strip_suffix(':') == Some(key))
            })
    };
    let groups: [(&str, &[&str]); 6] = [
        ("orchestration.yaml", &FILE_KEYS),
        ("orchestration.yaml", &TRACK_KEYS),
        ("orchestration.yaml", &STEP_KEYS),
        ("orchestration.yaml", &DEFAULTS_KEYS),
        (".runr/config.yaml", &CONFIG_KEYS),
        (".runr/tasks/", &TASK_KEYS),
    ];
    let nested = NESTED_KEYS
        .iter()
        .map(|(_, keys)| (".runr/config.yaml", *keys));
    for (path, keys) in groups.into_iter().chain(nested) {
        for key in keys {
            assert!(shows(path, key), "`{key}` is not shown for {path}");
        }
    }
}
