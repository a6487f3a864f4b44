//! What becomes of the state that was read when the file it was read from is another, or is changed in place.
//!
//! Knows what was read before, and where in the file it ended. What was read was true: it is shown on, whatever was
//! done to the lines it came from, and the damage is told.

use crate::store::files::Store;
use crate::store::journal::{Journal, Skip, Stop};
use crate::store::{Layout, StoreError};

impl Store {
    /// Goes over to the file that the journal's path names now; another journal is read from its first line.
    pub(super) fn go_over(&mut self) -> Result<(), StoreError> {
        let known = self.journal.take().and_then(|journal| {
            let id = journal.id()?.to_owned();
            Some((id, journal.position()))
        });
        self.journal = Journal::open(&self.layout.journal())?;
        let Some(journal) = &mut self.journal else {
            // What was read is the best that is known, as with a cache whose journal is gone.
            self.damage = Some(lost(&self.layout));
            return Ok(());
        };
        let Some((id, position)) = known.filter(|(_, position)| position.seq == self.state.seq)
        else {
            self.begin_anew();
            return Ok(());
        };
        let found = match journal.read_header()? {
            Stop::Whole => journal.skip_to(&id, position)?,
            // The reading from its first line says what is wrong, or waits for the rest.
            Stop::Torn { .. } | Stop::Damaged(_) => Skip::Lost,
        };
        self.damage = match found {
            Skip::OtherJournal => {
                self.begin_anew();
                return Ok(());
            }
            Skip::Done => journal.verify_before().err(),
            Skip::Lost => {
                // For when it is put right again.
                let _ = journal.resume(&id, position);
                Some(lost(&self.layout))
            }
        };
        self.verified = self.damage.is_none();
        self.torn = 0;
        Ok(())
    }

    /// Looks whether what was read is still there, where the file was touched though nothing was added. Only who
    /// reads asks: a writer touches the file itself, and looks before it writes.
    pub(super) fn doubt(&mut self) {
        let Some(journal) = self.journal.as_ref().filter(|it| !it.is_writable()) else {
            return;
        };
        if journal.position().seq != self.state.seq {
            return;
        }
        match (journal.verify_before(), &self.damage) {
            (Err(damage), None) => self.damage = Some(damage),
            // It was put right again; what is behind is read as ever.
            (Ok(()), Some(StoreError::Corrupt { .. } | StoreError::Lost { .. })) => {
                self.damage = None;
            }
            (Ok(()), _) | (Err(_), Some(_)) => {}
        }
    }
}

fn lost(layout: &Layout) -> StoreError {
    StoreError::Lost {
        path: layout.journal(),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::FileExt as _;
    use std::path::Path;
    use std::time::{Duration, SystemTime};

    use super::*;
    use crate::event::Event;
    use crate::model::TaskId;

    /// A journal with three lines behind its first, and somebody who has read it.
    fn read() -> (tempfile::TempDir, Store) {
        let dir = tempfile::tempdir().unwrap();
        let mut writer = Store::open(dir.path()).unwrap();
        for task in ["a.md", "b.md", "c.md"] {
            writer.append(vec![settled(task)]).unwrap();
        }
        let reader = Store::open(dir.path()).unwrap();
        assert_eq!(reader.state(), writer.state());
        (dir, reader)
    }

    fn settled(task: &str) -> Event {
        Event::Reset {
            task: TaskId::parse(task).unwrap(),
            by: "ada".to_owned(),
            note: None,
        }
    }

    /// The clock of a file system may tick too slowly for a test.
    fn touch(path: &Path, seconds: u64) {
        let later = SystemTime::now() + Duration::from_secs(seconds);
        let file = fs::File::options().write(true).open(path).unwrap();
        file.set_modified(later).unwrap();
    }

    #[test]
    fn what_is_done_to_lines_that_were_read_is_noticed_and_what_they_said_is_shown_on() {
        let edited = |text: &str| text.replacen("b.md", "x.md", 1);
        let shorter = |text: &str| {
            let lines: Vec<&str> = text.lines().take(3).collect();
            format!("{}\n", lines.join("\n"))
        };
        for (name, replaced, change) in [
            ("edited in place", false, &edited as &dyn Fn(&str) -> String),
            ("shorter in place", false, &shorter),
            ("an edited file in its place", true, &edited),
            ("a shorter file in its place", true, &shorter),
        ] {
            let (dir, mut reader) = read();
            let journal = reader.layout().journal();
            let before = reader.state().clone();
            let whole = fs::read_to_string(&journal).unwrap();
            let put = |text: &str, seconds| {
                if replaced {
                    fs::write(dir.path().join("new"), text).unwrap();
                    fs::rename(dir.path().join("new"), &journal).unwrap();
                } else {
                    let file = fs::File::options().write(true).open(&journal).unwrap();
                    file.write_all_at(text.as_bytes(), 0).unwrap();
                    file.set_len(text.len() as u64).unwrap();
                    touch(&journal, seconds);
                }
            };
            put(&change(&whole), 5);
            assert!(reader.refresh().unwrap().is_empty(), "{name}");
            assert!(
                matches!(
                    reader.damage(),
                    Some(StoreError::Corrupt { line: 3, .. } | StoreError::Lost { .. })
                ),
                "{name}: {:?}",
                reader.damage()
            );
            assert_eq!(reader.state(), &before, "{name}");
            // Put right again, it is followed again.
            put(&whole, 10);
            assert!(reader.refresh().unwrap().is_empty(), "{name}");
            assert!(reader.damage().is_none(), "{name}: {:?}", reader.damage());
            let mut writer = Store::open(dir.path()).unwrap();
            writer.append(vec![settled("d.md")]).unwrap();
            assert_eq!(reader.refresh().unwrap().len(), 1, "{name}");
            assert_eq!(reader.state(), writer.state(), "{name}");
        }
    }
}
