//! The program on a stage: a folder of pictures, a terminal, and what a person would type.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use heirloom::lab::picture::{Palette, svg};
use tempfile::TempDir;

use super::MADE_BY;
use super::cells::cells;
use crate::harness::told;
use crate::project::project;
use crate::terminal::pane::Pane;

const HEIRLOOM: &str = env!("CARGO_BIN_EXE_heirloom");

/// When the film ends: the leader that came back has led for some seconds.
const FILM_ENDS: &str = "13s";

/// The folder that everything happens in, and one for what a user's home would hold.
pub(super) struct Stage {
    photos: TempDir,
    home: TempDir,
}

impl Stage {
    /// Lays our own pictures out in a folder with a name that looks well in a title.
    pub(super) fn new() -> Self {
        let photos = tempfile::Builder::new()
            .prefix("family-album")
            .rand_bytes(0)
            .tempdir();
        let photos = photos.expect("no other folder of that name among the temporary files");
        let home = tempfile::tempdir().expect("a temporary directory");
        let copy = |file: &Path| {
            let name = file.file_name().expect("a file has a name");
            fs::copy(file, photos.path().join(name)).expect("a picture can be copied");
        };
        copy(&project().join("test_image.png"));
        for sample in fs::read_dir(project().join("assets/samples")).expect("there are samples") {
            copy(&sample.expect("readable").path());
        }
        Self { photos, home }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(HEIRLOOM);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("HEIRLOOM_") {
                command.env_remove(name);
            }
        }
        command.env_remove("TERM_PROGRAM").args(arguments);
        command.current_dir(self.photos.path());
        command.env("XDG_STATE_HOME", self.home.path());
        command
    }

    /// Opens the dashboard.
    pub(super) fn dashboard(&self, arguments: &[&str], rows: u16, columns: u16) -> Pane {
        Pane::open(self.command(arguments), rows, columns)
    }

    /// Uploads a picture from another terminal.
    pub(super) fn upload(&self, file: &str, user: &str) {
        let mut command = self.command(&["upload", file, "--user", user]);
        let output = command.stdin(Stdio::null()).output().expect("heirloom runs");
        assert!(output.status.success(), "{}", told(&output));
    }

    /// Makes a film of a recording, up to the quitting.
    pub(super) fn export_film(&self, recording: &str, name: &str) {
        let film = project().join("assets").join(name);
        let mut command = self.command(&[
            "export", recording, "--force", "--size", "100x34", "--to", FILM_ENDS,
        ]);
        let output = command.arg("--film").arg(film).output().expect("heirloom runs");
        assert!(output.status.success(), "{}", told(&output));
    }
}

/// Waits until the screen tells so many seconds after `word`.
pub(super) fn wait_for_age(pane: &Pane, word: &str, seconds: u32) {
    let such = |text: &str| {
        let ages = text.split(word).skip(1).filter_map(|rest| {
            let mut words = rest.split_whitespace();
            let first = words.next()?.parse::<u32>().ok()?;
            match words.next()? {
                "s" => Some(first),
                "min" => Some(first * 60 + words.next()?.parse::<u32>().ok()?),
                _ => None,
            }
        });
        ages.max().is_some_and(|age| age >= seconds)
    };
    pane.wait_until("old enough", |screen| such(&screen.contents()));
}

/// Quits as a person does, and waits until nothing is left.
pub(super) fn quit(mut pane: Pane) {
    pane.type_in(b"q");
    pane.wait_for("Quit?");
    pane.type_in(b"y");
    assert!(pane.wait().success());
}

/// Writes what the screen shows now as a picture.
pub(super) fn take(pane: &Pane, name: &str, palette: &Palette, title: &str) {
    let picture =
        svg(&cells(&pane.frame(), palette), palette, title, MADE_BY).expect("a string takes everything");
    let path = project().join("assets").join(name);
    fs::write(path, picture).expect("the picture can be written");
}
