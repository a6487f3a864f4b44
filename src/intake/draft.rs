//! The text of a task file that is about to be made.

/// A task file to be.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Draft {
    pub title: String,
    /// Markdown, below the title.
    pub body: String,
    /// Keys of the frontmatter with their values as YAML, in the order in which they are to stand.
    pub keys: Vec<(&'static str, String)>,
}

impl Draft {
    /// The whole file. Control characters are left out, line ends are made one kind.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        if !self.keys.is_empty() {
            text.push_str("---\n");
            for (key, value) in &self.keys {
                text.push_str(&format!("{key}: {value}\n"));
            }
            text.push_str("---\n");
        }
        let title = one_line(&self.title);
        text.push_str(&format!("# {title}\n"));
        let whole = in_one_line(&self.title);
        if whole != title {
            // What does not fit there is not lost.
            text.push_str(&format!("\n{whole}\n"));
        }
        let body = clean(&self.body);
        let body = body.trim_matches('\n');
        if !body.trim().is_empty() {
            text.push_str(&format!("\n{body}\n"));
        }
        text
    }
}

/// A title in one line, at most 200 characters of it.
#[must_use]
pub fn one_line(text: &str) -> String {
    const LONGEST: usize = 200;
    let line = in_one_line(text);
    match line.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}…", line[..at].trim_end()),
        None => line,
    }
}

fn in_one_line(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    clean(&words.join(" "))
}

fn clean(text: &str) -> String {
    text.replace("\r\n", "\n")
        .chars()
        .filter(|c| !c.is_control() || matches!(c, '\n' | '\t'))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_well_formed_whatever_is_in_them() {
        let draft = Draft {
            title: " Two\nlines \u{1b}[31m ".into(),
            body: "\r\nText\r\n---\n\u{0}end".into(),
            keys: vec![("priority", "10".into())],
        };
        assert_eq!(
            draft.text(),
            "---\npriority: 10\n---\n# Two lines [31m\n\nText\n---\nend\n"
        );
        let long = "é".repeat(300);
        assert_eq!(one_line(&long).chars().count(), 201);
        let draft = Draft {
            title: long.clone(),
            body: "Text".into(),
            ..Draft::default()
        };
        let short = one_line(&long);
        assert_eq!(draft.text(), format!("# {short}\n\n{long}\n\nText\n"));
    }
}
