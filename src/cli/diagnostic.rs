//! Prints problems of the user's files: for people, and as JSON.
//!
//! Knows how problems look. Does not know how they were found. Everything that comes from a file passes the
//! sanitiser first.

use std::borrow::Cow;
use std::io::{self, Write};
use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};
use serde_json::{Value, json};

use crate::model::{Diagnostic, Severity, SourceLine};
use crate::report::sanitise;

/// Columns of a message before the renderer shortens source lines.
const WIDTH: usize = 160;

/// Prints every problem with its place, line and help, and a count at the end when there are any.
pub fn print(out: &mut impl Write, problems: &[Diagnostic]) -> io::Result<()> {
    let renderer = Renderer::styled().hyperlink(false).term_width(WIDTH);
    for problem in problems {
        writeln!(out, "{}\n", one(&renderer, problem))?;
    }
    if !problems.is_empty() {
        writeln!(out, "{}", count(problems))?;
    }
    Ok(())
}

/// `2 errors, 1 warning`.
#[must_use]
pub fn count(problems: &[Diagnostic]) -> String {
    let errors = problems
        .iter()
        .filter(|problem| problem.severity == Severity::Error)
        .count();
    let warnings = problems.len() - errors;
    let counted = |n: usize, what: &str| match n {
        0 => None,
        1 => Some(format!("1 {what}")),
        n => Some(format!("{n} {what}s")),
    };
    let parts: Vec<String> = [counted(errors, "error"), counted(warnings, "warning")]
        .into_iter()
        .flatten()
        .collect();
    parts.join(", ")
}

fn one(renderer: &Renderer, problem: &Diagnostic) -> String {
    let level = match problem.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let mut group = Group::with_title(level.primary_title(sanitise(&problem.message)));
    let label = problem.label.as_deref().map(sanitise);
    match (&problem.place, &problem.source) {
        (Some(place), Some(source)) => {
            let (text, mark) = shown(source);
            let annotation = AnnotationKind::Primary.span(mark).label(label);
            let snippet = Snippet::source(text)
                .line_start(place.line as usize)
                .path(sanitise(&place.file))
                .annotation(annotation);
            group = group.element(snippet);
        }
        // Of a file that cannot be read there are no lines to point at.
        (Some(place), None) if problem.code == "unreadable" => {
            group = group.element(Origin::path(sanitise(&place.file)));
        }
        (Some(place), None) => group = group.element(origin(place)),
        (None, _) => {}
    }
    for note in &problem.notes {
        let text = match &note.place {
            Some(place) => format!("{} ({place})", note.text),
            None => note.text.clone(),
        };
        group = group.element(Level::NOTE.message(sanitise(&text).into_owned()));
    }
    if let Some(help) = &problem.help {
        group = group.element(Level::HELP.message(sanitise(help)));
    }
    renderer.render(&[group])
}

fn origin(place: &crate::model::Place) -> Origin<'_> {
    Origin::path(sanitise(&place.file))
        .line(place.line as usize)
        .char_column(place.column as usize)
}

/// A source line as it is shown, and the mark moved along with what the sanitiser changed.
fn shown(source: &SourceLine) -> (Cow<'_, str>, Range<usize>) {
    let part = |range: Range<usize>| sanitise(source.text.get(range).unwrap_or_default());
    let before = part(0..source.mark.start);
    let marked = part(source.mark.clone());
    let text = sanitise(&source.text);
    let start = before.len().min(text.len());
    let end = (start + marked.len()).min(text.len());
    (text, start..end)
}

/// One problem for programs.
#[must_use]
pub fn to_json(problem: &Diagnostic) -> Value {
    let place = problem.place.as_ref();
    let notes: Vec<Value> = problem
        .notes
        .iter()
        .map(|note| {
            let place = note.place.as_ref();
            json!({
                "message": note.text,
                "file": place.map(|p| &*p.file),
                "line": place.map(|p| p.line),
                "column": place.map(|p| p.column),
            })
        })
        .collect();
    json!({
        "severity": match problem.severity { Severity::Error => "error", Severity::Warning => "warning" },
        "code": problem.code,
        "message": problem.message,
        "file": place.map(|p| &*p.file),
        "line": place.map(|p| p.line),
        "column": place.map(|p| p.column),
        "notes": notes,
        "help": problem.help,
    })
}
