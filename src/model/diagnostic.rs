//! What is wrong with a file of the user's, with its place and the remedy.

use crate::model::Place;

/// How bad a problem is. `--strict` turns warnings into errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    Error,
    Warning,
}

/// The line that a problem stands in, and which of its bytes to mark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceLine {
    /// The line's text without its end.
    pub text: String,
    /// Bytes of `text` to mark; may be empty, lies inside `text` on character boundaries.
    pub mark: std::ops::Range<usize>,
}

/// Another place that belongs to a problem, as the first of two definitions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    pub place: Option<Place>,
    pub text: String,
}

/// One problem of one file. Sorted by place, then message, before it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    pub severity: Severity,
    /// A stable word for programs, as `unknown-key`.
    pub code: &'static str,
    /// Lower case, without a final period, names in backticks.
    pub message: String,
    pub place: Option<Place>,
    pub source: Option<SourceLine>,
    /// Stands under the mark.
    pub label: Option<String>,
    pub notes: Vec<Note>,
    /// What to do about it.
    pub help: Option<String>,
}
