//! A repository in a temporary folder, for tests. Nothing of the developer's configuration is read.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

/// A repository with the branch `main` and no commit yet.
#[derive(Debug)]
pub struct Sample {
    dir: tempfile::TempDir,
}

impl Sample {
    pub fn new() -> Self {
        let sample = Self {
            dir: tempfile::tempdir().unwrap(),
        };
        fs::create_dir(sample.root()).unwrap();
        sample.git(&["init", "-q", "-b", "main"]);
        sample.git(&["config", "user.name", "Ada"]);
        sample.git(&["config", "user.email", "ada@example.org"]);
        sample
    }

    pub fn root(&self) -> PathBuf {
        self.dir.path().canonicalize().unwrap().join("repository ü")
    }

    /// The folder around it.
    pub fn outside(&self) -> PathBuf {
        self.dir.path().canonicalize().unwrap()
    }

    pub fn write(&self, path: &str, text: &str) {
        let path = self.root().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Commits one file; gives the commit.
    pub fn commit(&self, path: &str, text: &str) -> String {
        self.write(path, text);
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "-m", path]);
        self.git(&["rev-parse", "HEAD"])
    }

    /// Runs plain git, which must succeed.
    #[track_caller]
    pub fn git(&self, args: &[&str]) -> String {
        let output = Command::new("git")
            .args(args)
            .current_dir(self.root())
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .env("HOME", self.dir.path())
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "git {args:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout)
            .unwrap()
            .trim_end()
            .to_owned()
    }
}
