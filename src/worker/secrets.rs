//! Which values of an environment are secrets, and how they are taken out of a stream of bytes. Pure.
//!
//! Knows names, values and bytes. Does not know files, pipes or who writes: [`crate::attempt`] puts the
//! filter between a worker and its log.

use crate::worker::environment::{is_secret, logins};

/// A value shorter than this is no secret: it would be found everywhere, and hide nothing.
const SHORTEST: usize = 8;

/// Does the variable hold something that must not reach the disk?
#[must_use]
pub fn holds_secret(name: &str, value: &str) -> bool {
    (is_secret(name) && value.trim().len() >= SHORTEST)
        || logins(value).any(|password| password.len() >= SHORTEST)
}

/// The texts to be replaced, each with what stands for it.
#[derive(Debug, Clone, Default)]
pub struct Secrets {
    /// The longest first, so that a secret which begins with another is not cut in two.
    all: Vec<Secret>,
}

#[derive(Clone, PartialEq, Eq)]
struct Secret {
    text: Vec<u8>,
    instead: Vec<u8>,
}

/// Shows what stands for it and never the secret.
impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.instead))
    }
}

impl Secrets {
    /// The secrets of an environment: whole values, their lines (a key is often printed indented), and
    /// passwords inside addresses.
    #[must_use]
    pub fn of(env: &[(String, String)]) -> Self {
        let mut all: Vec<Secret> = Vec::new();
        for (name, value) in env {
            let mut add = |text: &str| {
                let known = all.iter().any(|known| known.text == text.as_bytes());
                if text.len() >= SHORTEST && !known {
                    all.push(Secret {
                        text: text.as_bytes().to_vec(),
                        instead: format!("[{name} redacted]").into_bytes(),
                    });
                }
            };
            if is_secret(name) {
                add(value);
                add(value.trim());
                value.lines().map(str::trim).for_each(&mut add);
            }
            logins(value).for_each(&mut add);
        }
        all.sort_by(|a, b| b.text.len().cmp(&a.text.len()).then(a.text.cmp(&b.text)));
        Self { all }
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// A whole text without its secrets.
    #[must_use]
    pub fn redact(&self, text: &str) -> String {
        let mut filter = Filter::new(self);
        let mut out = Vec::with_capacity(text.len());
        filter.take(text.as_bytes(), &mut out);
        filter.finish(&mut out);
        // Whole values were replaced by whole texts: what was UTF-8 still is.
        String::from_utf8_lossy(&out).into_owned()
    }

    /// What stands at the beginning of `bytes`.
    fn at(&self, bytes: &[u8], more: More) -> Found<'_> {
        for secret in &self.all {
            if bytes.starts_with(&secret.text) {
                return Found::Whole(secret);
            }
            if more == More::MayCome && secret.text.starts_with(bytes) {
                return Found::Begun;
            }
        }
        Found::Nothing
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum More {
    MayCome,
    No,
}

enum Found<'a> {
    Whole(&'a Secret),
    /// What is there so far could become a secret.
    Begun,
    Nothing,
}

/// Takes secrets out of bytes that come in pieces. Keeps back what could be the beginning of one: never
/// more than the longest secret.
#[derive(Debug)]
pub struct Filter<'a> {
    secrets: &'a Secrets,
    /// The bytes with which a secret begins.
    first: Box<[bool; 256]>,
    kept: Vec<u8>,
}

impl<'a> Filter<'a> {
    #[must_use]
    pub fn new(secrets: &'a Secrets) -> Self {
        let mut first = Box::new([false; 256]);
        for secret in &secrets.all {
            first[usize::from(secret.text[0])] = true;
        }
        Self {
            secrets,
            first,
            kept: Vec::new(),
        }
    }

    /// Takes a piece, and adds to `out` what can be told of it.
    pub fn take(&mut self, piece: &[u8], out: &mut Vec<u8>) {
        self.kept.extend_from_slice(piece);
        self.pass_on(out, More::MayCome);
    }

    /// Nothing more comes: adds what was kept back.
    pub fn finish(&mut self, out: &mut Vec<u8>) {
        self.pass_on(out, More::No);
    }

    fn pass_on(&mut self, out: &mut Vec<u8>, more: More) {
        let bytes = std::mem::take(&mut self.kept);
        let mut at = 0;
        while at < bytes.len() {
            let plain = bytes[at..]
                .iter()
                .position(|byte| self.first[usize::from(*byte)])
                .unwrap_or(bytes.len() - at);
            out.extend_from_slice(&bytes[at..at + plain]);
            at += plain;
            if at == bytes.len() {
                break;
            }
            match self.secrets.at(&bytes[at..], more) {
                Found::Whole(secret) => {
                    out.extend_from_slice(&secret.instead);
                    at += secret.text.len();
                }
                Found::Begun => {
                    self.kept = bytes[at..].to_vec();
                    return;
                }
                Found::Nothing => {
                    out.push(bytes[at]);
                    at += 1;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets(env: &[(&str, &str)]) -> Secrets {
        let env: Vec<(String, String)> = env
            .iter()
            .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))
            .collect();
        Secrets::of(&env)
    }

    #[test]
    fn a_secret_is_found_however_the_text_is_cut() {
        let secrets = secrets(&[
            ("API_TOKEN", "abcabcabd"),
            ("LONG_TOKEN", "abcabcabdefgh"),
            ("PATH", "/usr/bin:/bin"),
        ]);
        let text = b"x abcabcabcabd y abcabcabdefgh /usr/bin:/bin abcabcab";
        let expected = "x abc[API_TOKEN redacted] y [LONG_TOKEN redacted] /usr/bin:/bin abcabcab";
        for size in 1..=text.len() {
            let mut filter = Filter::new(&secrets);
            let mut out = Vec::new();
            for piece in text.chunks(size) {
                filter.take(piece, &mut out);
                assert!(filter.kept.len() < 13, "keeps back no more than a secret");
            }
            filter.finish(&mut out);
            assert_eq!(String::from_utf8_lossy(&out), expected, "pieces of {size}");
        }
    }

    #[test]
    fn a_secret_that_a_longer_one_begins_with_is_found_at_the_end() {
        let secrets = secrets(&[("A_TOKEN", "abcabcabd"), ("B_TOKEN", "abcabcabdefgh")]);
        assert_eq!(secrets.redact("abcabcabdef"), "[A_TOKEN redacted]ef");
        assert_eq!(secrets.redact("abcabcabd"), "[A_TOKEN redacted]");
    }

    #[test]
    fn what_is_a_secret() {
        for (name, value, text, expected) in [
            (
                "GITHUB_TOKEN",
                "12345678",
                "12345678",
                "[GITHUB_TOKEN redacted]",
            ),
            ("GITHUB_TOKEN", "1234567", "1234567", "1234567"),
            ("RUST_LOG", "12345678", "12345678", "12345678"),
            (
                "DB_PASSWORD",
                "hunter22\n",
                "is hunter22!",
                "is [DB_PASSWORD redacted]!",
            ),
            (
                "SIGNING_KEY",
                "-----BEGIN\nAAAABBBBCCCC\n",
                "  AAAABBBBCCCC",
                "  [SIGNING_KEY redacted]",
            ),
            (
                "HTTPS_PROXY",
                "http://me:p4ssw0rd@proxy:3128",
                "via me:p4ssw0rd@proxy",
                "via me:[HTTPS_PROXY redacted]@proxy",
            ),
            (
                "HTTPS_PROXY",
                "http://proxy:3128",
                "http://proxy:3128",
                "http://proxy:3128",
            ),
        ] {
            let secrets = secrets(&[(name, value)]);
            assert_eq!(secrets.redact(text), expected, "{name}={value:?}");
            assert_eq!(
                holds_secret(name, value),
                !secrets.is_empty(),
                "{name}={value:?}"
            );
        }
    }

    #[test]
    fn a_secret_does_not_show_in_debug_output() {
        let shown = format!("{:?}", secrets(&[("API_TOKEN", "abcabcabd")]));
        assert!(!shown.contains("abcabcabd"), "{shown}");
    }
}
