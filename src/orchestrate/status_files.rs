//! Writes how an orchestration's tasks stand into their files, where the configuration asks for it
//! (`status: {frontmatter: true}`): in place into the files, else in one commit on the orchestration's branch.
//!
//! Knows where the files are. How a text is changed is [`crate::spec::with_status`]'s matter. A file that cannot be
//! changed safely stays as it is and is named: what it would say stands in the journal.

use std::fs;
use std::path::{Path, PathBuf};

use crate::git::files::{Rewrite, rewrite};
use crate::model::{OrchId, WrittenStatus};
use crate::orchestrate::OrchestrateError;
use crate::orchestrate::ground::Grounds;
use crate::plan::{Plan, TaskIx};
use crate::spec::with_status;
use crate::state::State;
use crate::store::{Layout, replace};
use crate::view;

/// The files of some tasks and what they are to say.
#[derive(Debug)]
pub struct StatusFiles {
    /// Paths from the project root, with `/`.
    files: Vec<(String, WrittenStatus)>,
    /// What people are to know, a line each.
    pub said: Vec<String>,
}

impl StatusFiles {
    #[must_use]
    pub fn new(plan: &Plan, state: &State, tasks: &[TaskIx]) -> Self {
        let files = view::written(plan, state, tasks)
            .into_iter()
            .map(|(ix, status)| (plan.task(ix).place.file.to_string(), status))
            .collect();
        Self {
            files,
            said: Vec::new(),
        }
    }

    /// Into the files themselves.
    pub fn write_in_place(&mut self, root: &Path) {
        let mut changed = 0;
        for (file, status) in &self.files {
            match write(&root.join(file), status) {
                Ok(Wrote::New) => changed += 1,
                Ok(Wrote::Nothing) => {}
                Err(why) => self.said.push(unwritten(file, &why)),
            }
        }
        if changed > 0 {
            self.said
                .push(format!("wrote the status into {}", files(changed)));
        }
    }

    /// Into one commit at the tip of the orchestration's branch.
    ///
    /// # Errors
    /// When git refuses.
    pub fn commit(
        &mut self,
        grounds: &Grounds,
        layout: &Layout,
        orch: &OrchId,
    ) -> Result<(), OrchestrateError> {
        let folder = &grounds.ground.folder;
        let paths: Vec<String> = self
            .files
            .iter()
            .map(|(file, _)| match folder.as_str() {
                "" => file.clone(),
                folder => format!("{folder}/{file}"),
            })
            .collect();
        let lock = layout.branch_lock(&grounds.branch);
        let index: PathBuf = layout.orchestration(orch).join("index");
        let rewriting = Rewrite {
            common: &grounds.ground.common,
            branch: &grounds.branch,
            lock: &lock,
            index: &index,
            message: "Write down how the tasks stand",
            rules: grounds.config.git.commits,
        };
        let (all, said) = (&self.files, &mut self.said);
        let mut changed = 0;
        let made = rewrite(&grounds.git(), &rewriting, &paths, &mut |n, old| {
            let (file, status) = &all[n];
            let text = std::str::from_utf8(old).ok()?;
            match with_status(text, status) {
                Ok(new) if new == text => None,
                Ok(new) => {
                    changed += 1;
                    Some(new.into_bytes())
                }
                Err(why) => {
                    said.push(unwritten(file, &why.to_string()));
                    None
                }
            }
        })?;
        if made.is_some() {
            said.push(format!(
                "wrote the status into {}, in one commit",
                files(changed)
            ));
        }
        Ok(())
    }
}

enum Wrote {
    New,
    Nothing,
}

fn write(path: &Path, status: &WrittenStatus) -> Result<Wrote, String> {
    let io = |error: std::io::Error| error.to_string();
    let before = fs::symlink_metadata(path).map_err(io)?;
    if !before.is_file() {
        // A link would be replaced by a file.
        return Err("it is no regular file".to_owned());
    }
    let text = fs::read_to_string(path).map_err(io)?;
    let new = with_status(&text, status).map_err(|why| why.to_string())?;
    if new == text {
        return Ok(Wrote::Nothing);
    }
    // Somebody may be writing in it right now; what they wrote is worth more.
    if fs::read_to_string(path).map_err(io)? != text {
        return Err("it is being changed".to_owned());
    }
    replace(path, new.as_bytes()).map_err(io)?;
    fs::set_permissions(path, before.permissions()).map_err(io)?;
    Ok(Wrote::New)
}

fn unwritten(file: &str, why: &str) -> String {
    format!("warning: the status was not written into `{file}`: {why}")
}

fn files(n: usize) -> String {
    match n {
        1 => "1 task file".to_owned(),
        n => format!("{n} task files"),
    }
}
