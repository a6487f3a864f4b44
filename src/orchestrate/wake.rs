//! Wakes a waiting command when the journal grows.

use std::path::Path;

use notify::{RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::mpsc;

use crate::orchestrate::OrchestrateError;
use crate::store::Layout;

/// Watches the folders of journals (the files themselves may not be there yet).
#[derive(Debug)]
pub struct JournalWatch {
    // Watching ends with it.
    _watcher: RecommendedWatcher,
    woken: mpsc::Receiver<()>,
}

impl JournalWatch {
    /// Starts to watch. What is written before this returns may give no wake-up: read afterwards.
    ///
    /// # Errors
    /// When the system gives no watch, as at its limit of inotify instances.
    pub fn new(layout: &Layout) -> Result<Self, OrchestrateError> {
        Self::of(std::slice::from_ref(layout))
    }

    /// As [`Self::new`], of several journals. The first is the home's; the folder of another one need not be there.
    ///
    /// # Errors
    /// As for [`Self::new`].
    pub fn of(layouts: &[Layout]) -> Result<Self, OrchestrateError> {
        // One waiting wake-up says as much as many.
        let (wake, woken) = mpsc::channel(1);
        let name = layouts
            .first()
            .and_then(|layout| Some(layout.journal().file_name()?.to_owned()));
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |source| OrchestrateError::Watch { path, source }
        };
        let first = layouts.first().map(Layout::dir).unwrap_or_default();
        let mut watcher =
            notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
                let concerns_us = match event {
                    Ok(event) => event
                        .paths
                        .iter()
                        .any(|path| path.file_name() == name.as_deref()),
                    // After an overflow anything may have happened.
                    Err(_) => true,
                };
                if concerns_us {
                    // Full: a wake-up waits already. Closed: nobody listens any more.
                    let _ = wake.try_send(());
                }
            })
            .map_err(failed(&first))?;
        for (n, layout) in layouts.iter().enumerate() {
            let dir = layout.dir();
            if n > 0 && !dir.is_dir() {
                continue;
            }
            watcher
                .watch(&dir, RecursiveMode::NonRecursive)
                .map_err(failed(&dir))?;
        }
        Ok(Self {
            _watcher: watcher,
            woken,
        })
    }

    /// Waits until the journal may have grown. Cancel safe.
    pub async fn grown(&mut self) {
        if self.woken.recv().await.is_none() {
            // The watcher's thread is gone; it cannot be while we hold the watcher.
            std::future::pending::<()>().await;
        }
    }
}
