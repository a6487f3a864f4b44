//! A receipt as Markdown: readable as plain text, safe to show in a web page.

use std::fmt::Write as _;
use std::time::Duration;

use crate::model::{Status, show_duration};
use crate::report::receipt::{Receipt, RunEntry, TaskEntry};
use crate::report::sanitise::one_line;
use crate::report::style::{Glyphs, status_words};
use crate::report::text::{count, short_commit};

impl Receipt {
    /// The whole account. Times are UTC.
    #[must_use]
    pub fn to_markdown(&self) -> String {
        let mut text = String::new();
        // Writing to a `String` cannot fail.
        let _ = writeln!(text, "# {}\n", self.orchestration);
        let _ = writeln!(text, "{}.\n", escape(&capital(&self.why)));
        let _ = writeln!(text, "- Command: {}", code(&self.command));
        let _ = writeln!(text, "- Started: {}", seconds(self.started_at));
        if let Some(ended) = self.ended_at {
            let _ = writeln!(text, "- Ended: {}", seconds(ended));
        }
        let _ = writeln!(
            text,
            "- Took: {}, {}",
            took(self.took_ms),
            count(self.jobs as usize, "job", "jobs")
        );
        if let Some(exit) = self.exit {
            let _ = writeln!(text, "- Exit code: {exit}");
        }
        if let Some(spent) = self.spent {
            let _ = writeln!(text, "- Used: {}", spent.line());
        }
        if let Some(landing) = &self.landing {
            let _ = writeln!(text, "- Git: {}", escape(landing));
        }
        for warning in &self.warnings {
            let _ = writeln!(text, "- Warning: {}", escape(warning));
        }
        let line = anstream::adapter::strip_str(&self.counts.line()).to_string();
        let _ = writeln!(text, "- {line}");
        let _ = writeln!(
            text,
            "\n## Tasks\n\n| | task | status | runs | took | commit | why |\n|---|---|---|---|---|---|---|"
        );
        for task in &self.tasks {
            row(&mut text, task);
        }
        self.checks(&mut text);
        if !self.needs_people.is_empty() {
            let _ = writeln!(text, "\n## Needs you\n");
        }
        for need in &self.needs_people {
            let free = match need.sets_free.len() {
                0 => String::new(),
                n => format!(" (sets {} free)", count(n, "task", "tasks")),
            };
            let _ = writeln!(
                text,
                "- {}: {}{free}",
                escape(&need.title),
                code(&need.command)
            );
        }
        if !self.next.is_empty() {
            let _ = writeln!(text, "\n## Next\n");
        }
        for next in &self.next {
            let _ = writeln!(text, "- {}: {}", code(&next.command), escape(&next.why));
        }
        text
    }

    fn checks(&self, text: &mut String) {
        let mut heading = "\n## Checks\n\n";
        for task in &self.tasks {
            for run in task.runs.iter().filter(|run| !run.checks.is_empty()) {
                for check in &run.checks {
                    let how = match (check.passed, check.exit_code) {
                        (true, _) => "passed".to_owned(),
                        (false, Some(exit)) => format!("failed with exit code {exit}"),
                        (false, None) => "failed without an exit code".to_owned(),
                    };
                    let _ = writeln!(
                        text,
                        "{heading}- {} {}: {} {how} after {}",
                        escape(task.task.as_str()),
                        run.run,
                        code(&check.command.to_string()),
                        took(check.took_ms)
                    );
                    heading = "";
                }
            }
        }
    }
}

fn row(text: &mut String, task: &TaskEntry) {
    let all: u64 = task.runs.iter().filter_map(|run| run.took_ms).sum();
    let runs = match (task.runs.len(), task.done_before) {
        (0, true) => "done before".to_owned(),
        (0, false) => "-".to_owned(),
        (1, _) => format!("{}", task.runs[0].run),
        (n, _) => format!("{n}, last {}", task.runs[n - 1].run),
    };
    let last = task.runs.last().and_then(|run| run.git.as_deref());
    let commit = last.and_then(|git| git.integrated.as_deref().or(git.checkpoint.as_deref()));
    let mut why = vec![task.reason.clone()];
    if task.status == Status::Completed && task.runs.len() > 1 {
        why.extend(task.runs[..task.runs.len() - 1].iter().map(first_try));
    }
    why.retain(|part| !part.is_empty());
    let _ = writeln!(
        text,
        "| {} | {} | {} | {runs} | {} | {} | {} |",
        Glyphs::Unicode.status(task.status),
        escape(task.task.as_str()),
        status_words(task.status),
        if task.runs.is_empty() {
            "-".to_owned()
        } else {
            took(all)
        },
        commit.map_or_else(
            || "-".to_owned(),
            |commit| format!("`{}`", short_commit(commit))
        ),
        escape(&why.join("; ")),
    );
}

fn first_try(run: &RunEntry) -> String {
    match (run.stop_reason, &run.message) {
        (Some(reason), message) => {
            let reason = crate::report::note::reason_text(reason, message.as_deref());
            format!("attempt {}: {reason}", run.attempt)
        }
        (None, _) => String::new(),
    }
}

fn took(ms: u64) -> String {
    show_duration(Duration::from_millis(ms))
}

fn seconds(at: jiff::Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars).collect(),
        None => String::new(),
    }
}

/// Text that stays text: nothing in it opens a link, a tag, a cell or emphasis.
fn escape(text: &str) -> String {
    let mut escaped = String::new();
    for c in one_line(text).chars() {
        match c {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '#' | '!' => {
                escaped.push('\\');
                escaped.push(c);
            }
            c => escaped.push(c),
        }
    }
    escaped
}

/// Text in a code span whose fence is longer than any run of backticks inside.
fn code(text: &str) -> String {
    let text = one_line(text);
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    let space = if longest > 0 { " " } else { "" };
    format!("{fence}{space}{text}{space}{fence}")
}

#[cfg(test)]
mod tests {
    use super::{code, escape};

    #[test]
    fn nothing_in_a_name_becomes_markup() {
        assert_eq!(
            escape("a|b <script> [x](y) *z*\nq"),
            "a\\|b &lt;script&gt; \\[x\\](y) \\*z\\* q"
        );
        assert_eq!(code("ls"), "`ls`");
        assert_eq!(code("echo `x`"), "`` echo `x` ``");
    }
}
