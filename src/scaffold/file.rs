//! A file to be made. Does not know whether it is there already.

use std::borrow::Cow;

/// A path and the text that belongs there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewFile {
    /// From the folder that is being filled; `/` between parts, never absolute, never upwards.
    pub path: &'static str,
    pub text: Cow<'static, str>,
}

impl NewFile {
    /// A file whose text is part of the program.
    #[must_use]
    pub const fn fixed(path: &'static str, text: &'static str) -> Self {
        Self {
            path,
            text: Cow::Borrowed(text),
        }
    }
}
