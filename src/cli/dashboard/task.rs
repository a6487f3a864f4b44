//! Everything about one task, as `runr tasks show --json` has it.

use crate::cli::dashboard::desk::Desk;
use crate::cli::dashboard::seen::Seen;
use crate::cli::task_text::TaskText;
use crate::plan::TaskIx;

/// One JSON object.
///
/// # Errors
/// When the journal or the task's file cannot be read.
pub fn page(desk: &Desk, seen: &Seen, ix: TaskIx) -> anyhow::Result<String> {
    // Its warnings are kept, and shown nowhere: the answers of runs that cannot be read are missing.
    let (context, _) = desk.context.through("dashboard");
    let text = TaskText::of(&context, &seen.places, (seen.facts(), ix))?;
    Ok(text.page_of(seen.facts()).json()?)
}
