//! The pictures of the README: the screen of the real program, drawn as SVG.
//!
//! `cargo test --test it pictures -- --ignored` makes them again, which takes about two minutes and
//! the ports 8001 to 8003 of this machine. What holds them otherwise: the renderer draws a small
//! screen exactly so, and every picture that the README shows was made by this renderer.

use std::fs;

use heirloom::lab::picture::{DARK, LIGHT, has_shape, svg};
use vt100::Parser;

use crate::project::{project, sources, text};
use crate::terminal::pane::Pane;
use cells::cells;
use stage::{Stage, quit, take, wait_for_age};
use xml::well_formed;

mod cells;
mod stage;
pub(crate) mod xml;

/// What is written into each picture; another look is another number.
const MADE_BY: &str = "Drawn from the running program by tests/it/pictures.rs, version 1";

/// The largest picture: a page with all of them is still there at once over a slow line.
const PICTURE_BYTES_MAX: u64 = 150_000;

/// What `heirloom export --film` writes into its films.
const FILM_MADE_BY: &str = "Made by heirloom export from a recording";

/// The largest film: a dozen pictures' worth of what changes in as many seconds.
const FILM_BYTES_MAX: u64 = 300_000;

/// What becomes of a small screen, to be compared.
const SMALL: &str = "tests/it/pictures/small.svg";

#[test]
#[ignore = "runs the program for two minutes and writes assets/*.svg"]
fn remakes_the_pictures_of_the_readme() {
    fs::write(project().join(SMALL), small()).expect("written");
    let stage = Stage::new();
    let pane = stage.dashboard(&[], 40, 120);
    pane.wait_for("NODE 3 LEADS");
    a_minute_of_life(&stage, &pane);
    take(&pane, "dashboard.svg", &DARK, "heirloom");
    choose_an_image(&pane);
    take(&pane, "upload.svg", &DARK, "heirloom: upload an image");
    pane.type_in(b"\r");
    pane.wait_for("saved to");
    pane.wait_until("two pictures", |screen| half_blocks(&screen.contents()) > 1500);
    take(
        &pane,
        "encrypted.svg",
        &DARK,
        "heirloom: what you sent, what the nodes keep",
    );
    pane.type_in(b"\r");
    quit(pane);
    take_the_light_one(&stage);
    make_the_film(&stage);
}

/// Uploads, a worker that dies and comes back, a leader that dies and takes the lead back.
fn a_minute_of_life(stage: &Stage, pane: &Pane) {
    pane.type_in(b"+");
    stage.upload("test_image.png", "alice");
    wait_for_age(pane, "up ", 4);
    stage.upload("three_towers.jpg", "bob");
    wait_for_age(pane, "up ", 10);
    pane.type_in(b"1X");
    pane.wait_for("DEAD");
    stage.upload("locket.bmp", "alice");
    wait_for_age(pane, "up ", 16);
    pane.type_in(b"s");
    pane.wait_until("alive", |screen| !screen.contents().contains("DEAD"));
    wait_for_age(pane, "up ", 24);
    pane.type_in(b"!");
    pane.wait_for("NODE 2 LEADS");
    stage.upload("passing_crown.gif", "bob");
    wait_for_age(pane, "up ", 32);
    pane.type_in(b"S3");
    pane.wait_for("NODE 3 LEADS");
    wait_for_age(pane, "up ", 40);
    for (file, user) in [
        ("guilloche.tiff", "alice"),
        ("tree_rings.avif", "alice"),
        ("marbled_paper.webp", "bob"),
    ] {
        stage.upload(file, user);
    }
    wait_for_age(pane, "up ", 50);
}

/// Goes to the picture of the crown and says who uploads it.
fn choose_an_image(pane: &Pane) {
    pane.type_in(b"u");
    pane.wait_for("9 listed");
    // The last but two, in alphabetical order.
    pane.type_in(b"Gkk");
    pane.wait_for("PNG, 1200x800");
    pane.wait_until("a picture", |screen| half_blocks(&screen.contents()) > 500);
    pane.type_in(b"\t\x15alice");
    pane.wait_for("User  alice");
}

/// Another cluster in the same folder, on a terminal of the usual size and a light ground.
fn take_the_light_one(stage: &Stage) {
    let pane = stage.dashboard(&["--theme", "light"], 24, 80);
    pane.wait_for("NODE 3 LEADS");
    stage.upload("test_image.png", "alice");
    wait_for_age(&pane, "up ", 8);
    pane.type_in(b"1X");
    pane.wait_for("✖");
    stage.upload("locket.bmp", "bob");
    wait_for_age(&pane, "up ", 20);
    take(&pane, "light.svg", &LIGHT, "heirloom --theme light");
    quit(pane);
}

/// A leader dies, its heir serves, and it comes back: recorded by the program, and made a film by it.
fn make_the_film(stage: &Stage) {
    let arguments = [
        "--record",
        "film.jsonl",
        "--timing",
        "fast",
        "--takeover-after",
        "1s",
    ];
    let pane = stage.dashboard(&arguments, 34, 100);
    pane.wait_for("NODE 3 LEADS");
    wait_for_age(&pane, "up ", 1);
    stage.upload("three_towers.jpg", "alice");
    wait_for_age(&pane, "up ", 3);
    stage.upload("locket.bmp", "bob");
    wait_for_age(&pane, "up ", 4);
    pane.type_in(b"!");
    pane.wait_for("NODE 2 LEADS");
    wait_for_age(&pane, "up ", 5);
    stage.upload("guilloche.tiff", "alice");
    wait_for_age(&pane, "up ", 8);
    pane.type_in(b"S");
    pane.wait_for("NODE 3 LEADS");
    wait_for_age(&pane, "for ", 4);
    quit(pane);
    stage.export_film("film.jsonl", "failover-film.svg");
}

fn half_blocks(text: &str) -> usize {
    text.matches('▀').count()
}

/// A small screen with a little of everything.
fn small() -> String {
    let screen = "\x1b[38;5;78m★ A\x1b[0m \x1b[1mlead\x1b[22m <&>\r\n\
        ╭──┓\x1b[7m \x1b[0m\x1b[38;2;1;2;3;48;2;17;34;51m▀▀\x1b[0m\x1b[31m▂\x1b[0m\r\n\x1b[2mdim\x1b[0m";
    let mut parser = Parser::new(length(3), length(14), 0);
    parser.process(screen.as_bytes());
    svg(&cells(parser.screen(), &DARK), &DARK, "a < b", MADE_BY).expect("a string takes everything")
}

#[test]
fn a_screen_is_drawn_exactly_so() {
    let drawn = small();
    assert_eq!(well_formed(&drawn), Ok(()), "{drawn}");
    assert_eq!(drawn, text(SMALL));
}

#[test]
fn every_line_and_block_that_the_dashboard_draws_has_a_shape() {
    let files = sources();
    let drawn = files.iter().filter(|file| file.starts_with("src/dashboard"));
    for file in drawn {
        for letter in text(file).chars().filter(|c| ('─'..='▟').contains(c)) {
            assert!(has_shape(&letter.to_string()), "{letter} of {file}");
        }
    }
}

fn length(count: u16) -> std::num::NonZeroU16 {
    std::num::NonZeroU16::new(count).expect("not zero")
}

/// The pictures of our own making that the README shows.
fn shown() -> Vec<String> {
    let readme = text("README.md");
    let targets = readme
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split(')').next());
    let drawn = targets.filter(|target| {
        std::path::Path::new(target)
            .extension()
            .is_some_and(|end| end == "svg")
    });
    drawn.map(str::to_owned).collect()
}

#[test]
fn every_picture_of_the_readme_was_made_by_this_renderer() {
    let shown = shown();
    assert!(shown.len() >= 4, "the README shows {shown:?}");
    for picture in shown {
        let drawn = text(&picture);
        assert_eq!(well_formed(&drawn), Ok(()), "{picture}");
        let made_by = |maker: &str| drawn.contains(&format!("<desc>{maker}</desc>"));
        let bytes_max = if made_by(FILM_MADE_BY) {
            FILM_BYTES_MAX
        } else {
            assert!(
                made_by(MADE_BY),
                "{picture} was made by another renderer; cargo test --test it pictures -- --ignored makes it again"
            );
            PICTURE_BYTES_MAX
        };
        let size = fs::metadata(project().join(&picture)).expect("it exists").len();
        assert!(size <= bytes_max, "{picture} has {size} bytes");
    }
}
