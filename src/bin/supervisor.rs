//! The program `supervisor`: the whole cluster, as in `cargo run --bin supervisor`.
//!
//! It knows every command of `heirloom`, because it runs its nodes by its own executable.

use std::process::ExitCode;

fn main() -> ExitCode {
    heirloom::cli::heirloom()
}
