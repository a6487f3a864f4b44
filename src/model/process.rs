//! A process that can be told from a later one with the same number.

use serde::{Deserialize, Serialize};

/// A process of this machine, for as long as it has not been rebooted: the kernel gives a process
/// number again, but not together with the same start time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessRef {
    pub pid: u32,
    /// Start time in clock ticks since boot (field 22 of `/proc/PID/stat`).
    pub start_ticks: u64,
    /// `/proc/sys/kernel/random/boot_id`.
    pub boot_id: String,
}
