//! `heirloom simulate --watch` in a terminal: shown, played with, and gone without a trace.

use std::process::Command;

use super::pane::{Pane, is_normal};
use super::{HEIRLOOM, THEN_TELL};

/// Watches the run of a seed under a shell that stays, in a folder without settings.
fn watch(folder: &std::path::Path, arguments: &[&str]) -> Pane {
    let mut command = Command::new("sh");
    command.args([
        "-c", THEN_TELL, HEIRLOOM, "simulate", "--nodes", "5", "--seed", "7", "--watch",
    ]);
    command.args(arguments).current_dir(folder);
    Pane::open(command, 45, 160)
}

#[test]
fn a_simulation_is_shown_played_with_and_leaves_its_report() {
    let folder = tempfile::tempdir().expect("a folder");
    let pane = watch(folder.path(), &["--duration", "1m"]);
    pane.wait_for("SIMULATION  seed 7  5 nodes");
    pane.wait_for("slow motion");
    assert!(pane.is_raw());
    pane.type_in(b" ");
    pane.wait_for("paused");
    pane.type_in(b"!");
    pane.wait_for("this is a simulation");
    pane.type_in(b"u");
    pane.wait_for("this is a simulation");
    pane.type_in(b"}");
    pane.type_in(b"+");
    pane.wait_for("  2x");
    pane.type_in(b"\x1b[F");
    pane.wait_for("over, no violation");
    pane.wait_for("NODE 5 LEADS");

    pane.type_in(b"q");
    pane.wait_for("ENDED 0");
    pane.wait_until("normal", is_normal);
    assert!(pane.is_as_before(), "the terminal has its mode again");
    let text = pane.text();
    for line in ["runs of 1m from seed 7", "5 nodes, 1 run", "none violated"] {
        assert!(text.contains(line), "no {line:?}:\n{text}");
    }
}

#[test]
fn ctrl_c_ends_it_and_is_told_by_the_exit_code() {
    let folder = tempfile::tempdir().expect("a folder");
    let pane = watch(folder.path(), &["--ascii", "--json"]);
    pane.wait_for("SIMULATION  seed 7");
    pane.type_in(b"\x03");
    pane.wait_for("ENDED 130");
    pane.wait_until("normal", is_normal);
    assert!(pane.raw().contains("\"violation\":null"), "{}", pane.text());
}
