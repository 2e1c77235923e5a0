//! The program `client`: a session, as in `cargo run --bin client alice`.

use std::process::ExitCode;

fn main() -> ExitCode {
    heirloom::cli::client()
}
