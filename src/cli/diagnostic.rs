//! Prints problems of the user's files. (Skeleton.)

use std::io::{self, Write};

use crate::model::Diagnostic;

/// Prints every problem with its place, line and help, and a count at the end when there are any.
pub fn print(out: &mut impl Write, problems: &[Diagnostic]) -> io::Result<()> {
    for problem in problems {
        writeln!(out, "{}", problem.message)?;
    }
    Ok(())
}
