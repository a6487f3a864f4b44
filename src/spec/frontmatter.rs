//! Divides a task file into its frontmatter and its body.
//!
//! Knows lines. Does not know what stands in either part.

/// The two parts of a task file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parts<'t> {
    /// From the opening `---` line on, so that line numbers are those of the file; without the closing
    /// line. `None`: the file has no frontmatter.
    pub yaml: Option<&'t str>,
    pub body: &'t str,
}

/// The frontmatter was opened in the first line and never closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the frontmatter is not closed")]
pub struct Unclosed;

/// Divides a text at its `---` lines (`...` may close too). A byte order mark is skipped.
///
/// # Errors
/// When the first line opens a frontmatter and no line closes it.
pub fn split(text: &str) -> Result<Parts<'_>, Unclosed> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut lines = text.split_inclusive('\n');
    let Some(first) = lines.next().filter(|line| line.trim_end() == "---") else {
        return Ok(Parts {
            yaml: None,
            body: text,
        });
    };
    let mut at = first.len();
    for line in lines {
        if matches!(line.trim_end(), "---" | "...") {
            return Ok(Parts {
                yaml: Some(&text[..at]),
                body: &text[at + line.len()..],
            });
        }
        at += line.len();
    }
    Err(Unclosed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_both_parts() {
        for (text, yaml, body) in [
            ("---\na: 1\n---\nbody\n", Some("---\na: 1\n"), "body\n"),
            (
                "---\r\na: 1\r\n---\r\nbody",
                Some("---\r\na: 1\r\n"),
                "body",
            ),
            ("\u{feff}---\na: 1\n...\nb", Some("---\na: 1\n"), "b"),
            ("---  \n---", Some("---  \n"), ""),
            ("---\na: |\n  ---\n---\nb", Some("---\na: |\n  ---\n"), "b"),
            ("----\nx\n", None, "----\nx\n"),
            ("# T\n---\n", None, "# T\n---\n"),
            ("", None, ""),
        ] {
            assert_eq!(split(text), Ok(Parts { yaml, body }), "{text:?}");
        }
        assert_eq!(split("---\na: 1\n"), Err(Unclosed));
        assert_eq!(split("---"), Err(Unclosed));
    }
}
