//! The secrets of one start: the token in the printed address, the cookie made of it, and the entry for the
//! browser that runr itself opens.
//!
//! Knows no request. All comparisons take the same time whatever differs.

use std::sync::Mutex;

/// 256 random bits.
#[derive(Clone)]
pub struct Secret([u8; 32]);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret")
    }
}

impl Secret {
    #[must_use]
    pub fn new(bits: [u8; 32]) -> Self {
        Self(bits)
    }

    /// 64 digits.
    #[must_use]
    pub fn text(&self) -> String {
        blake3::Hash::from_bytes(self.0).to_hex().to_string()
    }

    fn is(&self, text: &str) -> bool {
        // Hashes are compared in constant time, and a hash tells nothing of how near a guess was.
        blake3::hash(self.text().as_bytes()) == blake3::hash(text.as_bytes())
    }
}

/// How somebody has shown that they may come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entry {
    /// `Authorization: Bearer` with the token.
    Bearer,
    /// The cookie that the token was exchanged for.
    Cookie,
    /// The one exchange of the browser that runr has opened.
    Once,
}

/// What opens the dashboard.
#[derive(Debug)]
pub struct Keys {
    token: Secret,
    cookie: Secret,
    /// Goes through the command line of a browser, which others on the machine can read: good for one
    /// exchange.
    once: Mutex<Option<Secret>>,
}

impl Keys {
    #[must_use]
    pub fn new(token: Secret, once: Secret) -> Self {
        let cookie = blake3::derive_key("runr dashboard cookie", &token.0);
        Self {
            token,
            cookie: Secret(cookie),
            once: Mutex::new(Some(once)),
        }
    }

    /// What the page's address ends with.
    #[must_use]
    pub fn token(&self) -> String {
        self.token.text()
    }

    /// The value of the cookie.
    #[must_use]
    pub fn cookie(&self) -> String {
        self.cookie.text()
    }

    #[must_use]
    pub fn is_token(&self, text: &str) -> bool {
        self.token.is(text)
    }

    #[must_use]
    pub fn is_cookie(&self, text: &str) -> bool {
        self.cookie.is(text)
    }

    /// Is this the entry for one exchange? From then on it is nothing.
    #[must_use]
    pub fn take_once(&self, text: &str) -> bool {
        // A poisoned lock means that a comparison panicked; the entry is then lost, not open.
        let Ok(mut once) = self.once.lock() else {
            return false;
        };
        let good = once.as_ref().is_some_and(|secret| secret.is(text));
        if good {
            *once = None;
        }
        good
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_secret_opens_its_own_door_and_the_entry_only_once() {
        let keys = Keys::new(Secret::new([1; 32]), Secret::new([2; 32]));
        let once = Secret::new([2; 32]).text();
        assert_eq!(keys.token().len(), 64);
        assert!(keys.is_token(&keys.token()) && !keys.is_token(&keys.cookie()));
        assert!(keys.is_cookie(&keys.cookie()) && !keys.is_cookie(&keys.token()));
        for wrong in ["", "0", &keys.token()[..63], &keys.token().to_uppercase()] {
            let real = keys.token();
            assert!(wrong == real || !keys.is_token(wrong), "{wrong}");
        }
        assert!(!keys.is_token(&once) && !keys.take_once(&keys.token()));
        assert!(keys.take_once(&once));
        assert!(!keys.take_once(&once));
    }

    #[test]
    fn secrets_do_not_show_in_debug_output() {
        let keys = Keys::new(Secret::new([1; 32]), Secret::new([2; 32]));
        assert!(!format!("{keys:?}").contains("01"));
    }
}
