//! Which tasks are listed.

use crate::model::Task;
use crate::view::{Class, TaskView};

/// A part of a name or title, and a class.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// As typed; letters of both cases mean the same.
    pub text: String,
    pub class: Option<Class>,
}

/// In the order in which a key goes through them.
const CLASSES: [Class; 8] = [
    Class::Running,
    Class::NeedsYou,
    Class::Failed,
    Class::Stopped,
    Class::Ready,
    Class::Blocked,
    Class::Unknown,
    Class::Completed,
];

impl Filter {
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.text.is_empty() && self.class.is_none()
    }

    /// The next class; after the last one all.
    pub fn turn(&mut self) {
        let at = self
            .class
            .and_then(|now| CLASSES.iter().position(|c| *c == now));
        self.class = CLASSES.get(at.map_or(0, |at| at + 1)).copied();
    }

    #[must_use]
    pub fn lets(&self, task: &Task, view: &TaskView) -> bool {
        if self.class.is_some_and(|class| class != view.class()) {
            return false;
        }
        let wanted = self.text.to_lowercase();
        wanted.split_whitespace().all(|word| {
            task.id.as_str().to_lowercase().contains(word)
                || task.title.to_lowercase().contains(word)
                || task
                    .tags
                    .iter()
                    .any(|tag| tag.to_lowercase().contains(word))
        })
    }

    /// Is a file listed that no task is known of? It has no state to be chosen by.
    #[must_use]
    pub fn lets_file(&self, name: &str) -> bool {
        let wanted = self.text.to_lowercase();
        let name = name.to_lowercase();
        self.class.is_none() && wanted.split_whitespace().all(|word| name.contains(word))
    }

    /// As it stands above the list.
    #[must_use]
    pub fn words(&self) -> String {
        let class = self.class.map(class_words);
        match (self.text.is_empty(), class) {
            (true, None) => String::new(),
            (true, Some(class)) => class.to_owned(),
            (false, None) => format!("/{}", self.text),
            (false, Some(class)) => format!("/{} {class}", self.text),
        }
    }
}

fn class_words(class: Class) -> &'static str {
    match class {
        Class::Completed => "completed",
        Class::Running => "running",
        Class::Failed => "failed",
        Class::Stopped => "stopped",
        Class::NeedsYou => "needs you",
        Class::Ready => "ready",
        Class::Blocked => "blocked",
        Class::Unknown => "unknown",
    }
}
