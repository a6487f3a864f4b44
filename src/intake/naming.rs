//! Names of task files: numbers, and words made of titles; and how one file names another.

/// A title as a part of a file name: letters and digits in lower case, one `-` for anything else, at most 48 characters.
/// A title without any becomes `task`.
#[must_use]
pub fn slug(title: &str) -> String {
    const LONGEST: usize = 48;
    let mut words: Vec<String> = Vec::new();
    let mut length = 0;
    for word in title.split(|c: char| !c.is_alphanumeric()) {
        let word: String = word
            .chars()
            .flat_map(char::to_lowercase)
            .take(LONGEST)
            .collect();
        // Lower case may bring marks that are no letters.
        let word: String = word.chars().filter(|c| c.is_alphanumeric()).collect();
        if word.is_empty() {
            continue;
        }
        let count = word.chars().count() + usize::from(!words.is_empty());
        if length + count > LONGEST {
            break;
        }
        length += count;
        words.push(word);
    }
    match words.is_empty() {
        true => "task".to_owned(),
        false => words.join("-"),
    }
}

/// The name of the next file of a folder: the number after its highest, as wide as that, and the title.
#[must_use]
pub fn next_name<'a>(names: impl Iterator<Item = &'a str>, title: &str) -> String {
    let highest = names
        .filter_map(|name| {
            let digits = name.len() - name.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            let number: u64 = name[..digits].parse().ok()?;
            name[digits..]
                .starts_with(['-', '_', '.', ' '])
                .then_some((number, digits))
        })
        .max();
    let (number, digits) = highest.map_or((1, 2), |(number, digits)| (number + 1, digits));
    format!("{number:0digits$}-{}.md", slug(title))
}

/// How the task `from` writes that it needs the task `to`: by its file's name in the same folder, else by its id; with
/// what makes it mean no other when `exists` knows a task of that name from elsewhere.
#[must_use]
pub fn reference(from: &str, to: &str, exists: impl Fn(&str) -> bool) -> String {
    let folder = |id: &str| {
        id.rsplit_once('/')
            .map_or("", |(folder, _)| folder)
            .to_owned()
    };
    let own = folder(from);
    let in_own = |name: &str| match own.is_empty() {
        true => name.to_owned(),
        false => format!("{own}/{name}"),
    };
    if folder(to) == own {
        let name = to.rsplit('/').next().unwrap_or(to);
        return match !own.is_empty() && exists(name) {
            true => format!("./{name}"),
            false => name.to_owned(),
        };
    }
    match !own.is_empty() && exists(&in_own(to)) {
        true => format!(".runr/tasks/{to}"),
        false => to.to_owned(),
    }
}

/// Could `written`, in a file of the folder of the task `from`, mean the task `id`?
#[must_use]
pub fn could_mean(written: &str, from: &str, id: &str) -> bool {
    let folder = from.rsplit_once('/').map_or("", |(folder, _)| folder);
    let above = format!(".runr/tasks/{folder}");
    let bases = [above.trim_end_matches('/'), ".runr/tasks", ""];
    let own_words = written.starts_with("./") || written.starts_with("../");
    let count = if own_words { 1 } else { bases.len() };
    bases[..count].iter().any(|base| {
        let mut parts: Vec<&str> = base.split('/').filter(|part| !part.is_empty()).collect();
        for part in written.split('/') {
            match part {
                "" | "." => {}
                ".." => drop(parts.pop()),
                part => parts.push(part),
            }
        }
        let path = parts.join("/");
        let name = path.strip_prefix(".runr/tasks/").unwrap_or_default();
        name == id || id.strip_suffix(".md") == Some(name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_task_are_known() {
        for (written, from, id, expected) in [
            ("a", "x.md", "a.md", true),
            ("a.md", "net/x.md", "net/a.md", true),
            ("./a.md", "net/x.md", "a.md", false),
            ("../a", "net/x.md", "a.md", true),
            ("a", "net/x.md", "a.md", true),
            (".runr/tasks/net/a.md", "x.md", "net/a.md", true),
            ("b", "x.md", "a.md", false),
        ] {
            assert_eq!(
                could_mean(written, from, id),
                expected,
                "{written} {from} {id}"
            );
        }
    }

    #[test]
    fn titles_become_safe_names() {
        for (title, name) in [
            ("Set up the machine", "set-up-the-machine"),
            ("  ../../etc/passwd\0 ", "etc-passwd"),
            ("Über\nÄrger: \"2\"", "über-ärger-2"),
            ("…", "task"),
            ("日本語 タスク", "日本語-タスク"),
            ("a\u{202e}b", "a-b"),
        ] {
            assert_eq!(slug(title), name);
        }
        let long = slug(&"word ".repeat(40));
        assert!(long.len() <= 48 && long.ends_with("word"), "{long}");
        assert_eq!(slug(&"é".repeat(300)).chars().count(), 48);
    }

    #[test]
    fn the_next_number_is_as_wide_as_the_highest() {
        for (names, expected) in [
            (&[][..], "01-new.md"),
            (&["00-a.md", "07-b.md", "x.md"][..], "08-new.md"),
            (&["099-a.md", "7-b.md"][..], "100-new.md"),
            (&["99-a.md", "2024.md"][..], "2025-new.md"),
            (&["3d-model.md"][..], "01-new.md"),
            (&["99999999999999999999999-a.md"][..], "01-new.md"),
        ] {
            assert_eq!(
                next_name(names.iter().copied(), "New"),
                expected,
                "{names:?}"
            );
        }
    }

    #[test]
    fn references_mean_one_task() {
        let known = [
            "a.md",
            "b.md",
            "net/a.md",
            "net/c.md",
            "net/ui/d.md",
            "ui/d.md",
        ];
        let exists = |name: &str| known.contains(&name);
        for (from, to, written) in [
            ("x.md", "a.md", "a.md"),
            ("net/x.md", "net/c.md", "c.md"),
            ("net/x.md", "net/a.md", "./a.md"),
            ("net/x.md", "b.md", "b.md"),
            ("net/x.md", "a.md", ".runr/tasks/a.md"),
            ("net/x.md", "ui/d.md", ".runr/tasks/ui/d.md"),
            ("x.md", "net/c.md", "net/c.md"),
        ] {
            assert_eq!(reference(from, to, exists), written, "{from} {to}");
        }
    }
}
