//! The signals that end, stop and continue the program.

use std::sync::mpsc::Sender;

use tokio::signal::unix::{SignalKind, signal};

use crate::cli::watch::happening::Happening;
use crate::orchestrate::Signals;

/// Listens from the moment of this call on, in a thread of its own, until the program ends.
///
/// # Errors
/// When the system cannot watch a signal.
pub fn listen(tell: Sender<Happening>) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()?;
    let (mut ends, mut stop, mut go_on) = {
        let _entered = runtime.enter();
        (
            Signals::listen()?,
            signal(SignalKind::from_raw(signal_hook::consts::SIGTSTP))?,
            signal(SignalKind::from_raw(signal_hook::consts::SIGCONT))?,
        )
    };
    std::thread::spawn(move || {
        runtime.block_on(async {
            loop {
                let told = tokio::select! {
                    which = ends.next() => Happening::Signalled(which),
                    _ = stop.recv() => Happening::Stopped,
                    _ = go_on.recv() => Happening::Continued,
                };
                if tell.send(told).is_err() {
                    return;
                }
            }
        });
    });
    Ok(())
}
