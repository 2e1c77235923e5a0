//! Uploads by the dialog, in the real program: chosen, watched, seen, and done again after a failover.

use std::fs;
use std::path::Path;

use image::{Rgb, RgbImage};

use super::pane::{Pane, is_normal};
use super::{FAST, HEIRLOOM, dashboard, dashboard_in_shell, shows_leader};
use crate::harness::{TestCluster, decrypted, told};
use crate::processes::wait_until_gone;

/// Puts an image of a few thousand pixels into the folder in which the program runs.
fn draw(cluster: &TestCluster, name: &str) -> Vec<u8> {
    let path = cluster.path().join(name);
    let shade = |side: u32| u8::try_from(side).expect("below 120");
    let image = RgbImage::from_fn(120, 80, |x, y| Rgb([200, shade(x), shade(y)]));
    image.save(&path).expect("written");
    fs::read(path).expect("read")
}

/// Opens the dialog, chooses `name`, names `user`, and waits until the upload is done.
fn upload(pane: &Pane, name: &str, user: &str) {
    pane.type_in(b"u");
    pane.wait_for(name);
    pane.type_in(b"/");
    pane.type_in(name.as_bytes());
    pane.wait_for("PNG, 120x80");
    pane.type_in(b"\r");
    pane.wait_for("Enter encrypts the image");
    // Ctrl-U clears the line, whoever stands in it.
    pane.type_in(b"\x15");
    pane.type_in(user.as_bytes());
    pane.type_in(b"\r");
    pane.wait_for("saved to");
}

/// The pixels on the screen: half-blocks of a colour of their own.
fn has_picture(pane: &Pane) {
    pane.wait_until("two pictures in half-blocks", |screen| {
        screen.contents().matches('▀').count() > 200
    });
}

#[test]
fn the_whole_story_is_played_on_a_terminal_and_leaves_nothing_behind() {
    let cluster = TestCluster::new(3, FAST);
    let sent = draw(&cluster, "trip.png");
    let pane = dashboard_in_shell(&cluster);
    let pids = shows_leader(&pane, &cluster, 3);
    upload(&pane, "trip.png", "alice");
    has_picture(&pane);
    let saved = cluster.saved();
    assert_eq!(saved.len(), 1, "{saved:?}");
    assert_eq!(decrypted(&saved[0], "alice"), sent);
    pane.type_in(b"\r!");
    pane.wait_for("NODE 2 LEADS");
    pane.wait_until("the stopwatch of the failover", |screen| {
        let text = screen.contents();
        ["node 3 killed", "node 2 elected", "serving"]
            .iter()
            .all(|word| text.contains(word))
    });
    pane.wait_for("was killed by SIGKILL");
    upload(&pane, "trip.png", "bob");
    pane.wait_for("led by node 2");
    pane.type_in(b"\r");
    pane.wait_for("first upload");
    assert_eq!(cluster.saved().len(), 2);
    let users = fs::read_to_string(cluster.path().join("state/heirloom/users")).expect("remembered");
    assert_eq!(users, "bob\nalice\n");
    pane.type_in(b"qy");
    pane.wait_for("ENDED 0");
    pane.wait_until("normal", is_normal);
    assert!(pane.is_as_before(), "the terminal has its mode again");
    assert!(
        pane.text().contains("Node 3 killed; node 2 served after"),
        "{}",
        pane.text()
    );
    wait_until_gone(pids);
}

#[test]
fn a_picture_that_cannot_be_made_and_a_folder_that_is_none_cost_a_line() {
    let cluster = TestCluster::new(1, FAST);
    cluster.file("broken.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR");
    let pane = dashboard(&cluster);
    shows_leader(&pane, &cluster, 1);
    pane.type_in(b"u/broken");
    pane.wait_for("no preview:");
    pane.type_in(b"\x1b");
    // As a terminal pastes what is dropped on it.
    pane.type_in(b"\x1b[200~'/nowhere/at all.png'\x1b[201~");
    pane.wait_for("could not open /nowhere/at all.png: there is nothing of that name");
    pane.type_in(b"\x1b");
    pane.wait_until("closed", |screen| !screen.contents().contains("Upload an image"));
}

/// Runs the decoder as the dashboard does.
fn decoder(cluster: &TestCluster, file: &Path) -> std::process::Output {
    let mut command = cluster.command(HEIRLOOM);
    command.args(["picture", "--within=30x20", "--"]).arg(file);
    command.output().expect("it runs")
}

#[test]
fn the_decoder_says_what_it_made_or_why_it_did_not() {
    let cluster = TestCluster::new(1, "");
    draw(&cluster, "-a.png");
    let made = decoder(&cluster, Path::new("-a.png"));
    assert!(made.status.success(), "{}", told(&made));
    let header = b"{\"kind\":\"png\",\"width\":120,\"height\":80,\"row\":30}\n";
    assert_eq!(&made.stdout[..header.len()], header);
    assert_eq!(made.stdout.len(), header.len() + 30 * 20 * 3);
    let refused = decoder(&cluster, Path::new("heirloom.toml"));
    assert_eq!(refused.status.code(), Some(1));
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(said.starts_with("error: it looks like text"), "{said}");
    assert_eq!(refused.stdout, b"");
}
