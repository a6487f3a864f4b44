//! Where a command waits for what is asynchronous: one thread, for as long as the work takes.

use std::time::Duration;

use crate::orchestrate::OrchestrateError;

/// Does the work on this thread.
///
/// # Errors
/// Those of the work; and when the system gives no runtime.
pub fn block_on<T>(work: impl Future<Output = Result<T, OrchestrateError>>) -> anyhow::Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let result = runtime.block_on(work);
    // Nothing of ours is left on it; a blocking read of a lock may be.
    runtime.shutdown_timeout(Duration::ZERO);
    Ok(result?)
}
