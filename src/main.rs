//! The program `heirloom`: everything this package does, as commands.

use std::process::ExitCode;

fn main() -> ExitCode {
    heirloom::cli::heirloom()
}
