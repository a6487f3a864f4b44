//! A run's output as it grows, line by line, made harmless.
//!
//! Woken by the file system and by the journal; nothing polls.

use std::sync::Arc;

use notify::{RecursiveMode, Watcher as _};
use tokio::sync::mpsc;

use crate::cli::dashboard::desk::Desk;
use crate::cli::dashboard::seen::json;
use crate::cli::following::LogFiles;
use crate::cli::runs;
use crate::model::RunId;
use crate::state::State;
use crate::store::read_state;
use crate::web::{Message, Messages};

/// Sends until the run ends or the reader leaves.
pub async fn follow(desk: Arc<Desk>, run: RunId, mut messages: Messages) {
    let (wake, mut woken) = mpsc::channel(1);
    let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        if event.is_ok_and(|event| event.kind.is_access()) {
            return;
        }
        // Full: a wake-up waits already. Closed: nobody listens any more.
        let _ = wake.try_send(());
    });
    // Without a watch the journal still tells of the end, and everything is shown then.
    let mut watcher = watcher.ok();
    let mut watched = false;
    let mut seen = desk.seen.subscribe();
    let mut files = LogFiles::default();
    loop {
        // Its folder may not be made yet, and tells in which repository it is.
        let layout = desk.layout_of(&run);
        let folder = layout.run(&run);
        if let Some(watcher) = &mut watcher
            && !watched
        {
            watched = watcher.watch(&folder, RecursiveMode::NonRecursive).is_ok();
        }
        // First ask whether it has ended, then read: what was written before the end is then there.
        let ended = matches!(read_state(&layout, &run), Ok(Some(_)) | Err(_))
            || !alive(&seen.borrow_and_update().state, &run);
        loop {
            let read = {
                let (layout, run) = (layout.clone(), run.clone());
                let mut taken = std::mem::take(&mut files);
                tokio::task::spawn_blocking(move || {
                    let read =
                        runs::logs(&layout, &run).and_then(|paths| taken.read(&paths, ended));
                    (taken, read)
                })
                .await
            };
            let Ok((kept, read)) = read else {
                return;
            };
            files = kept;
            let pieces = match read {
                Ok(pieces) => pieces,
                Err(error) => {
                    let data = json(&error.to_string());
                    let _ = messages.send(&Message {
                        event: "trouble",
                        data,
                    });
                    return;
                }
            };
            if pieces.is_empty() {
                break;
            }
            for piece in pieces {
                let data = json(&piece);
                if !messages
                    .send_patiently(&Message {
                        event: "piece",
                        data,
                    })
                    .await
                {
                    return;
                }
            }
        }
        if ended {
            let data = "{}".to_owned();
            let _ = messages
                .send_patiently(&Message { event: "end", data })
                .await;
            return;
        }
        tokio::select! {
            _ = woken.recv(), if watched => {}
            changed = seen.changed() => if changed.is_err() { return },
            () = messages.closed() => return,
        }
    }
}

fn alive(state: &State, run: &RunId) -> bool {
    state.open.contains_key(run) || state.claimed.contains_key(run)
}
