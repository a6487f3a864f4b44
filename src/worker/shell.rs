//! The worker `shell`: runs the task's own command.
//!
//! Knows the two forms of a command. A text goes to the shell whole, as its author wrote it; nothing is
//! ever put into it.

use crate::model::CommandLine;

/// The words that start a command; the first is the program. Empty when an argument vector is.
#[must_use]
pub fn invocation(command: &CommandLine) -> Vec<String> {
    match command {
        CommandLine::Shell(text) => vec!["/bin/sh".to_owned(), "-c".to_owned(), text.clone()],
        CommandLine::Argv(words) => words.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_one_argument_and_a_vector_stays_as_it_is() {
        let text = "echo \"$(id)\"; a && b\n";
        assert_eq!(
            invocation(&CommandLine::Shell(text.to_owned())),
            ["/bin/sh", "-c", text]
        );
        let words = vec!["cargo".to_owned(), "$(id)".to_owned(), String::new()];
        assert_eq!(invocation(&CommandLine::Argv(words.clone())), words);
    }
}
