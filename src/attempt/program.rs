//! Finds a program as a shell would, but in the worker's own search path.
//!
//! Knows files. A program is always started by its absolute path: with a bare name and a changed
//! environment the standard library forks instead of spawning, which costs a copy of this process.

use std::path::{Path, PathBuf};

use rustix::fs::{Access, access};

/// What is searched when the environment names no path.
const DEFAULT_PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// The absolute path of `name`. A name with a slash is taken from `folder`; any other is searched in
/// `path` (folders between colons; an empty one is `folder`). `None`: there is no such program.
#[must_use]
pub fn find(name: &str, path: Option<&str>, folder: &Path) -> Option<PathBuf> {
    if name.is_empty() {
        return None;
    }
    if name.contains('/') {
        let program = folder.join(name);
        return is_program(&program).then_some(program);
    }
    path.unwrap_or(DEFAULT_PATH)
        .split(':')
        .map(|entry| folder.join(entry).join(name))
        .find(|program| is_program(program))
}

fn is_program(path: &Path) -> bool {
    access(path, Access::EXEC_OK).is_ok() && path.is_file()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn programs_are_found_by_path_folder_and_name() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        for (name, mode) in [("a/tool", 0o755), ("b/tool", 0o755), ("a/text", 0o644)] {
            let file = root.join(name);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(&file, "#!/bin/sh\n").unwrap();
            fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
        }
        fs::create_dir(root.join("b/folder")).unwrap();
        let both = format!("{0}/none:{0}/b:{0}/a", root.display());
        for (name, path, found) in [
            ("tool", Some(both.as_str()), Some("b/tool")),
            ("tool", Some("a:b"), Some("a/tool")),
            ("./a/tool", Some(""), Some("a/tool")),
            ("a/tool", None, Some("a/tool")),
            ("text", Some(both.as_str()), None),
            ("folder", Some(both.as_str()), None),
            ("no-such-program", None, None),
            ("", Some(both.as_str()), None),
        ] {
            let got = find(name, path, root).map(|it| fs::canonicalize(it).unwrap());
            let expected = found.map(|it| fs::canonicalize(root.join(it)).unwrap());
            assert_eq!(got, expected, "{name:?} in {path:?}");
        }
    }
}
