//! The binary `runr`: nothing but a call.

use std::process::ExitCode;

fn main() -> ExitCode {
    // An attempt is started once for every task run: it must not pay for the command line parser.
    if let Some(code) = runr::attempt::early_main(std::env::args_os()) {
        return code;
    }
    runr::cli::main()
}
