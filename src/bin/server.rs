//! The program `server`: one node, as in `cargo run --bin server 1`.

use std::process::ExitCode;

fn main() -> ExitCode {
    heirloom::cli::server()
}
