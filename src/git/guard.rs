//! The parts of the shared configuration that can run programs: as they were, and whether they changed.
//!
//! All working trees share one configuration and one folder of hooks, and a worker can write both: the
//! next plain `git status` of the user's would run what it put there. Knows which settings run
//! something. Does not know what follows from a change.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::git::{Git, GitError};
use crate::model::Guard;

/// Whole names of settings that name a program or lead to one, in lower case.
#[rustfmt::skip]
const NAMES: &[&str] = &[
    "core.hookspath", "core.fsmonitor", "core.sshcommand", "core.editor", "core.pager", "core.askpass",
    "core.gitproxy", "core.alternaterefscommand", "core.attributesfile", "core.worktree",
    "diff.external", "interactive.difffilter", "sequence.editor", "uploadpack.packobjectshook",
    "include.path", "extensions.worktreeconfig", "gpg.program", "protocol.allow", "protocol.ext.allow",
    "receive.procreceiverefs", "sendemail.smtpserver", "web.browser",
];
/// Families of settings, by their first part.
#[rustfmt::skip]
const FAMILIES: &[&str] = &[
    "filter", "merge", "mergetool", "difftool", "alias", "includeif", "credential", "pager", "gpg",
    "trailer", "browser", "man", "guitool", "hook", "submodule", "remote", "url", "tar", "imap",
];
/// Of these families only settings that end so.
const ENDINGS: &[(&str, &[&str])] = &[
    ("merge", &[".driver"]),
    (
        "remote",
        &[
            ".uploadpack",
            ".receivepack",
            ".vcs",
            ".proxy",
            ".url",
            ".pushurl",
        ],
    ),
    ("submodule", &[".update", ".url"]),
    ("trailer", &[".command", ".cmd"]),
];

/// Takes down how things are. Two processes.
///
/// # Errors
/// When the configuration or a hook cannot be read.
pub fn take(common: &Path) -> Result<Guard, GitError> {
    let git = Git::of(common);
    let files = files(&git, common)?;
    Ok(Guard {
        digest: digest(common, &files).map_err(GitError::io("read", common))?,
        programs: programs(&git, common)?,
        files,
    })
}

/// What has changed since, each in a few words; sorted. Costs no process when nothing has.
///
/// # Errors
/// As for [`take`].
pub fn changes(common: &Path, before: &Guard) -> Result<Vec<String>, GitError> {
    let now = digest(common, &before.files).map_err(GitError::io("read", common))?;
    if now == before.digest {
        return Ok(Vec::new());
    }
    let now = programs(&Git::of(common), common)?;
    Ok(difference(&before.programs, &now))
}

fn difference(before: &[(String, String)], now: &[(String, String)]) -> Vec<String> {
    let values = |all: &[(String, String)]| {
        let mut map: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (key, value) in all {
            map.entry(key.clone()).or_default().push(value.clone());
        }
        map
    };
    let (before, now) = (values(before), values(now));
    let mut names: Vec<&String> = before.keys().chain(now.keys()).collect();
    names.sort_unstable();
    names.dedup();
    names
        .into_iter()
        .filter_map(|name| match (before.get(name), now.get(name)) {
            (Some(a), Some(b)) if a == b => None,
            (Some(_), Some(_)) => Some(format!("`{name}` was changed")),
            (Some(_), None) => Some(format!("`{name}` was removed")),
            (None, _) => Some(format!("`{name}` was added")),
        })
        .collect()
}

/// The files of the repository's own configuration, with those that it includes.
fn files(git: &Git, common: &Path) -> Result<Vec<PathBuf>, GitError> {
    let mut files = vec![
        common.join("config"),
        common.join("config.worktree"),
        common.join("info/attributes"),
    ];
    let answer = git.run(&[
        "config",
        "--local",
        "--includes",
        "--list",
        "-z",
        "--show-origin",
    ])?;
    // Origin and setting take turns.
    for origin in answer.records().step_by(2) {
        if let Some(path) = origin.strip_prefix("file:") {
            let path = common.join(path);
            if !files.contains(&path) {
                files.push(path);
            }
        }
    }
    Ok(files)
}

/// Of the bytes of all files and of all hooks.
fn digest(common: &Path, files: &[PathBuf]) -> io::Result<String> {
    let mut hasher = blake3::Hasher::new();
    for path in files {
        match fs::read(path) {
            Ok(bytes) => {
                hasher.update(&(bytes.len() as u64).to_le_bytes());
                hasher.update(&bytes);
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                hasher.update(&u64::MAX.to_le_bytes());
            }
            Err(error) => return Err(error),
        }
    }
    for (name, text) in hooks(common)? {
        hasher.update(name.as_bytes());
        hasher.update(text.as_bytes());
    }
    Ok(hasher.finalize().to_hex().to_string())
}

/// Every hook that git would find, by name, with the digest of its text. Samples are none.
fn hooks(common: &Path) -> io::Result<BTreeMap<String, String>> {
    let mut found = BTreeMap::new();
    let entries = match fs::read_dir(common.join("hooks")) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(found),
        Err(error) => return Err(error),
    };
    for entry in entries {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.ends_with(".sample") || path.is_dir() {
            continue;
        }
        // A link that leads nowhere runs nothing.
        let text = fs::read(&path).unwrap_or_default();
        found.insert(name.into_owned(), blake3::hash(&text).to_hex().to_string());
    }
    Ok(found)
}

/// Settings that can run a program, from all of the configuration that the repository itself holds.
fn programs(git: &Git, common: &Path) -> Result<Vec<(String, String)>, GitError> {
    let answer = git.run(&["config", "--local", "--includes", "--list", "-z"])?;
    let mut found: Vec<(String, String)> = answer
        .records()
        .map(|record| match record.split_once('\n') {
            Some((key, value)) => (key.to_owned(), value.to_owned()),
            None => (record, String::new()),
        })
        .filter(|(key, _)| runs_something(key))
        .collect();
    let attributes = common.join("info/attributes");
    if let Ok(text) = fs::read(&attributes) {
        found.push((
            "info/attributes".to_owned(),
            blake3::hash(&text).to_hex().to_string(),
        ));
    }
    let hooks = hooks(common).map_err(GitError::io("read", common.join("hooks")))?;
    found.extend(
        hooks
            .into_iter()
            .map(|(name, text)| (format!("hooks/{name}"), text)),
    );
    found.sort();
    Ok(found)
}

fn runs_something(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    let family = key.split('.').next().unwrap_or_default();
    if NAMES.contains(&key.as_str()) {
        return true;
    }
    if family == "diff" {
        return key.ends_with(".command") || key.ends_with(".textconv");
    }
    if !FAMILIES.contains(&family) {
        return false;
    }
    match ENDINGS.iter().find(|(name, _)| *name == family) {
        Some((_, endings)) => endings.iter().any(|ending| key.ends_with(ending)),
        None => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::sample::Sample;

    #[test]
    fn what_can_run_a_program_is_noticed_and_the_rest_is_not() {
        for (what, expected) in [
            ("user.name x", None),
            ("branch.main.remote origin", None),
            ("merge.conflictStyle diff3", None),
            ("core.fsmonitor evil", Some("`core.fsmonitor` was added")),
            ("filter.x.clean evil", Some("`filter.x.clean` was added")),
            ("merge.x.driver evil", Some("`merge.x.driver` was added")),
            ("diff.x.textconv evil", Some("`diff.x.textconv` was added")),
            ("alias.status !evil", Some("`alias.status` was added")),
            ("include.path ../evil", Some("`include.path` was added")),
        ] {
            let sample = Sample::new();
            let common = sample.root().join(".git");
            let before = take(&common).unwrap();
            assert_eq!(changes(&common, &before).unwrap(), [""; 0]);
            let (key, value) = what.split_once(' ').unwrap();
            sample.git(&["config", key, value]);
            let found = changes(&common, &before).unwrap();
            assert_eq!(
                found,
                expected.map(str::to_owned).into_iter().collect::<Vec<_>>(),
                "{what}"
            );
        }
    }

    #[test]
    fn hooks_attributes_and_included_files_belong_to_it() {
        let sample = Sample::new();
        let common = sample.root().join(".git");
        fs::write(sample.root().join("team"), "[alias]\n\tco = checkout\n").unwrap();
        sample.git(&["config", "include.path", "../team"]);
        fs::create_dir_all(common.join("hooks")).unwrap();
        fs::write(common.join("hooks/post-merge"), "old").unwrap();
        let before = take(&common).unwrap();
        fs::write(common.join("hooks/pre-commit"), "evil").unwrap();
        fs::write(common.join("hooks/post-merge"), "new").unwrap();
        fs::write(common.join("hooks/x.sample"), "none").unwrap();
        fs::create_dir_all(common.join("info")).unwrap();
        fs::write(common.join("info/attributes"), "* filter=x\n").unwrap();
        fs::write(sample.root().join("team"), "[alias]\n\tco = !evil\n").unwrap();
        assert_eq!(
            changes(&common, &before).unwrap(),
            [
                "`alias.co` was changed",
                "`hooks/post-merge` was changed",
                "`hooks/pre-commit` was added",
                "`info/attributes` was added",
            ]
        );
    }
}
