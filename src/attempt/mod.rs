//! One run in a process of its own. (Skeleton.)

use std::ffi::OsString;
use std::process::ExitCode;

/// Is this process an attempt (`runr attempt DIR`)? Then it does its work here and gives its exit code.
pub fn early_main(mut args: impl Iterator<Item = OsString>) -> Option<ExitCode> {
    let _program = args.next();
    if args.next()? != "attempt" {
        return None;
    }
    None
}
