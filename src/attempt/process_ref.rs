//! Names a process so that it can be told from a later one with its number.

use std::io;
use std::sync::OnceLock;

use crate::attempt::os;
use crate::model::ProcessRef;

/// The living process with this number, or `None`.
///
/// # Errors
/// When the system does not tell.
pub fn process_of(pid: u32) -> io::Result<Option<ProcessRef>> {
    let Ok(raw) = i32::try_from(pid) else {
        return Ok(None);
    };
    let boot_id = this_boot()?;
    Ok(os::process(raw)?.map(|seen| ProcessRef {
        pid,
        start_ticks: seen.start,
        boot_id,
    }))
}

/// The id of this boot of this machine.
///
/// # Errors
/// When the system does not tell.
pub fn this_boot() -> io::Result<String> {
    // It cannot change while this process lives.
    static BOOT: OnceLock<String> = OnceLock::new();
    if let Some(id) = BOOT.get() {
        return Ok(id.clone());
    }
    let id = os::boot_id()?;
    Ok(BOOT.get_or_init(|| id).clone())
}
