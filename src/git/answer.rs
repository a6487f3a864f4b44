//! What a git command said, and what can be made of it.
//!
//! Knows text and object names. Does not know which command it was.

use crate::git::GitError;

/// What a command said.
#[derive(Debug)]
pub struct Answer {
    /// `None`: a signal ended it.
    pub code: Option<i32>,
    pub out: Vec<u8>,
    /// The end of what it said on stderr, in one line.
    pub said: String,
    pub(super) command: String,
}

impl Answer {
    /// The error that a failure is.
    #[must_use]
    pub fn failed(self) -> GitError {
        GitError::Failed {
            command: self.command,
            code: self.code,
            said: self.said,
        }
    }

    /// Its text without the last line end.
    ///
    /// # Errors
    /// When it is no UTF-8.
    pub fn text(self) -> Result<String, GitError> {
        let command = self.command;
        let mut text = String::from_utf8(self.out).map_err(|error| GitError::Unreadable {
            command,
            answer: String::from_utf8_lossy(error.as_bytes()).into_owned(),
        })?;
        while text.ends_with('\n') {
            text.pop();
        }
        Ok(text)
    }

    /// The one object name that it gave.
    ///
    /// # Errors
    /// When it is none.
    pub fn object(self) -> Result<String, GitError> {
        let command = self.command.clone();
        let text = self.text()?;
        if is_object(&text) {
            Ok(text)
        } else {
            Err(GitError::Unreadable {
                command,
                answer: text,
            })
        }
    }

    /// Its records, which end with NUL. What is no UTF-8 is shown with replacement characters.
    pub fn records(&self) -> impl Iterator<Item = String> {
        let records = self.out.split(|byte| *byte == 0);
        records
            .filter(|record| !record.is_empty())
            .map(|record| String::from_utf8_lossy(record).into_owned())
    }
}

/// Is this a full object name, of either format?
#[must_use]
pub fn is_object(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

/// What git says behind every failure on a lock, instead of which lock it was.
const LOCK_ADVICE: &[&str] = &[
    "Another git process seems to be running",
    "an editor opened by 'git commit'",
    "are terminated then try again",
    "may have crashed in this repository",
    "remove the file manually to continue",
];

/// The end of what git said on stderr, in one line.
pub(super) fn last_words(said: &[u8]) -> String {
    let text = String::from_utf8_lossy(said);
    let lines: Vec<&str> = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with("hint:"))
        .filter(|line| !LOCK_ADVICE.iter().any(|advice| line.starts_with(advice)))
        .collect();
    let from = lines.len().saturating_sub(4);
    let mut words = String::new();
    for line in &lines[from..] {
        // What ends so goes on in the next line.
        words.push_str(match (words.is_empty(), words.ends_with(':')) {
            (true, _) => "",
            (false, true) => " ",
            (false, false) => "; ",
        });
        words.push_str(line);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_lines_are_one_sentence_after_the_other() {
        for (said, words) in [
            ("", ""),
            ("fatal: no\nhint: try\n\n", "fatal: no"),
            ("a\nb\n", "a; b"),
            (
                "fatal: x\nTo allow it, call:\n\n\tgit config y\n",
                "fatal: x; To allow it, call: git config y",
            ),
            ("1\n2\n3\n4\n5\n", "2; 3; 4; 5"),
        ] {
            assert_eq!(last_words(said.as_bytes()), words, "{said:?}");
        }
    }

    #[test]
    fn object_names_are_whole() {
        for (text, is) in [
            ("0123456789abcdef0123456789abcdef01234567", true),
            ("0123456789abcdef0123456789abcdef0123456", false),
            ("0123456789ABCDEF0123456789abcdef01234567", false),
            ("", false),
        ] {
            assert_eq!(is_object(text), is, "{text}");
        }
        assert!(is_object(&"a".repeat(64)));
    }
}
