//! Changes single files of a branch's tip in the object store: no working tree takes part.
//!
//! Knows blobs, trees and one reference. Does not know what stands in the files.

use std::collections::BTreeMap;
use std::path::Path;

use crate::git::{Git, GitError, checkpoint, lock, repository};
use crate::model::CommitRules;

/// One commit that changes files.
#[derive(Debug)]
pub struct Rewrite<'a> {
    pub common: &'a Path,
    /// Without `refs/heads/`.
    pub branch: &'a str,
    /// Held while the branch advances.
    pub lock: &'a Path,
    /// An index that nobody else uses; it is removed afterwards.
    pub index: &'a Path,
    pub message: &'a str,
    pub rules: CommitRules,
}

/// What becomes of a file, by its number and its bytes. `None`: it stays.
pub type Edit<'a> = dyn FnMut(usize, &[u8]) -> Option<Vec<u8>> + 'a;

/// Gives each of these files (from the top of the repository) to `edit` as it is on the branch, and commits what
/// that makes of them, all at once. Files that are not regular ones of the branch are passed over. `None`: nothing
/// changed, and there is no commit; else the commit, which is on disk.
///
/// # Errors
/// When git refuses, or the branch is gone.
pub fn rewrite(
    git: &Git,
    what: &Rewrite<'_>,
    paths: &[String],
    edit: &mut Edit<'_>,
) -> Result<Option<String>, GitError> {
    let _held = lock::take(what.lock)?;
    let Some(tip) = repository::tip(git, what.branch)? else {
        return Ok(None);
    };
    if paths.is_empty() {
        return Ok(None);
    }
    let mut args = vec!["ls-tree", "-r", "-z", &tip, "--"];
    args.extend(paths.iter().map(String::as_str));
    let listed: BTreeMap<String, (String, String)> =
        git.run(&args)?.records().filter_map(entry).collect();
    let mut orders: Vec<u8> = Vec::new();
    for (n, path) in paths.iter().enumerate() {
        let Some((mode, blob)) = listed.get(path) else {
            continue;
        };
        let old = git.run(&["cat-file", "blob", blob])?.out;
        let Some(new) = edit(n, &old).filter(|new| *new != old) else {
            continue;
        };
        let blob = git
            .run_with(&["hash-object", "-w", "--stdin"], &new)?
            .object()?;
        orders.extend(format!("{mode} {blob}\t{path}\0").into_bytes());
    }
    if orders.is_empty() {
        return Ok(None);
    }
    let inside = git.clone().index(what.index);
    let tree = written(&inside, &tip, &orders);
    // The index has done its part, whether it worked or not; a later one begins anew.
    let _ = std::fs::remove_file(what.index);
    let commit = checkpoint::commit(git, &tree?, &tip, what.message, what.rules)?;
    // Objects first: a reference must never be more durable than what it names.
    lock::sync(what.common)?;
    let name = format!("refs/heads/{}", what.branch);
    git.run(&["update-ref", &name, &commit, &tip])?;
    lock::sync(what.common)?;
    Ok(Some(commit))
}

fn written(git: &Git, tip: &str, orders: &[u8]) -> Result<String, GitError> {
    git.run(&["read-tree", tip])?;
    git.run_with(&["update-index", "-z", "--index-info"], orders)?;
    git.run(&["write-tree"])?.object()
}

/// `MODE blob NAME<tab>PATH` of a regular file: its path, then mode and name.
fn entry(record: String) -> Option<(String, (String, String))> {
    let (head, path) = record.split_once('\t')?;
    let mut words = head.split(' ');
    let (mode, kind, blob) = (words.next()?, words.next()?, words.next()?);
    let regular = kind == "blob" && mode.starts_with("100");
    regular.then(|| (path.to_owned(), (mode.to_owned(), blob.to_owned())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::sample::Sample;

    #[test]
    fn files_of_a_branch_change_in_one_commit_and_no_working_tree_does() {
        let sample = Sample::new();
        sample.commit("a ü", "1\n");
        let program = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(sample.root().join("a ü"), program).unwrap();
        let tip = sample.commit("sub/b", "2\n");
        sample.git(&["branch", "work"]);
        let common = sample.root().join(".git");
        let (lock, index) = (
            sample.outside().join("lock"),
            sample.outside().join("index"),
        );
        let what = Rewrite {
            common: &common,
            branch: "work",
            lock: &lock,
            index: &index,
            message: "Say so",
            rules: CommitRules::default(),
        };
        let git = Git::of(&common);
        let paths = ["a ü", "sub/b", "sub", "none"].map(str::to_owned);
        let mut asked = Vec::new();
        let commit = rewrite(&git, &what, &paths, &mut |n, old| {
            asked.push(n);
            Some([old, b"more\n"].concat())
        });
        let commit = commit.unwrap().unwrap();
        assert_eq!(asked, [0, 1]);
        assert_eq!(
            sample.git(&["rev-parse", "work", "work^", "main"]),
            format!("{commit}\n{tip}\n{tip}")
        );
        assert_eq!(sample.git(&["show", "work:a ü"]), "1\nmore");
        assert_eq!(
            sample.git(&["ls-tree", "--format=%(objectmode)", "work", "a ü"]),
            "100755"
        );
        assert_eq!(
            sample
                .git(&["diff", "--name-only", "main", "work", "-z"])
                .matches('\0')
                .count(),
            2
        );
        assert_eq!(sample.git(&["status", "--porcelain"]), "");
        assert!(!index.exists());
        let same = rewrite(&git, &what, &paths, &mut |_, old| Some(old.to_vec()));
        assert_eq!(same.unwrap(), None);
        assert_eq!(sample.git(&["rev-parse", "work"]), commit);
    }
}
