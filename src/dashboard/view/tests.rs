//! Every panel in every state, as text and as maps of styles; several scenes a file, to be read.

use std::fmt::Write as _;

use crossterm::event::KeyCode;
use ratatui::backend::CrosstermBackend;
use ratatui::buffer::Buffer;
use ratatui::layout::{Rect, Size};
use ratatui::style::{Color, Modifier, Style};
use ratatui::{Terminal, TerminalOptions, Viewport};

use crate::dashboard::testing::{Scene, ballot_of, node};
use crate::dashboard::theme::{Charset, Palette, Theme};
use crate::dashboard::view;
use crate::event::process::{OutputStream, ProcessFact};

const DARK: Theme = Theme::new(Palette::Dark, Charset::Unicode);

mod presenting;
mod scenes;
mod sentences;
mod stage;

use scenes::{
    attached, busy, crashing, frozen, heir, killed, lacking, lagging_leader, led, missing, no_quorum,
    partitioned, served,
};

type Named = (&'static str, Scene);

fn states(size: (u16, u16), theme: Theme) -> Vec<Named> {
    vec![
        ("nothing started", Scene::themed(size.0, size.1, theme)),
        ("busy", busy(size, theme)),
        ("all kinds of requests", pressed(served(size, theme), "\t\tz")),
        ("catching up and damaged", lacking(size, theme)),
        ("dead and missing copies", missing(size, theme)),
        ("leader killed", killed(size, theme)),
        ("heir", heir(size, theme)),
        ("leader frozen", frozen(size, theme)),
        ("crashing", crashing(size, theme)),
        ("no quorum", no_quorum(size, theme)),
        ("partitioned", partitioned(size, theme)),
        ("attached", attached(size, theme)),
    ]
}

fn pressed(mut scene: Scene, keys: &str) -> Scene {
    for key in keys.chars() {
        match key {
            '\n' => scene.key(KeyCode::Enter),
            '\x1b' => scene.key(KeyCode::Esc),
            '\t' => scene.key(KeyCode::Tab),
            key => scene.press(key),
        };
    }
    scene
}

fn windows(size: (u16, u16), theme: Theme) -> Vec<Named> {
    vec![
        ("help", pressed(led(size, theme), "?")),
        ("quit", pressed(led(size, theme), "q")),
        ("why a leader", pressed(heir(size, theme), "2w")),
        ("why a follower", pressed(led(size, theme), "1w")),
        ("why frozen", pressed(frozen(size, theme), "3w")),
        ("why without a quorum", pressed(no_quorum(size, theme), "1w")),
        ("why out of reach", pressed(attached(size, theme), "1w")),
        ("why catching up", pressed(lacking(size, theme), "2w")),
        (
            "why a leader catches up",
            pressed(lagging_leader(size, theme), "3w"),
        ),
        ("why damaged", pressed(lacking(size, theme), "1w")),
        ("why dead", pressed(missing(size, theme), "2w")),
        ("faults", pressed(heir(size, theme), "3Fjj")),
        ("links, all sound", pressed(led(size, theme), "f")),
        ("links, partitioned", pressed(partitioned(size, theme), "3fb")),
    ]
}

/// Each panel that can be looked at alone.
fn alone(size: (u16, u16), theme: Theme) -> Vec<Named> {
    let chatty = |size| {
        let mut scene = heir(size, theme);
        for (stream, text) in [
            (OutputStream::Stdout, "a line that the process wrote"),
            (
                OutputStream::Stderr,
                "thread 'main' panicked at a place whose name is far too long to be read",
            ),
        ] {
            let text = text.to_owned();
            scene.process(1, ProcessFact::Wrote { stream, text });
        }
        scene.process(1, ProcessFact::OutputDropped { lines: 12 });
        scene
    };
    vec![
        ("timeline", pressed(heir(size, theme), "tt")),
        ("timeline, finer", pressed(heir(size, theme), "tt++")),
        ("timeline, coarser", pressed(heir(size, theme), "tt---")),
        ("elections", pressed(heir(size, theme), "e")),
        (
            "no election yet",
            pressed(Scene::themed(size.0, size.1, theme), "e"),
        ),
        ("logs", pressed(chatty(size), "l")),
        ("logs, typing", pressed(chatty(size), "l/lead")),
        ("logs, filtered and stepped", pressed(chatty(size), "l/lead\nnnn")),
        ("logs, around a match", pressed(chatty(size), "l/suspect\nn\x1b")),
        ("logs, nothing found", pressed(chatty(size), "l/xyzzy\n")),
        ("logs of node 2, alone", pressed(chatty(size), "laa")),
    ]
}

fn texts(scenes: &[Named]) -> String {
    let mut all = String::new();
    for (name, scene) in scenes {
        let _ = writeln!(all, "----- {name}\n{}", scene.text());
    }
    all
}

#[test]
fn states_on_a_classic_terminal() {
    insta::assert_snapshot!("states_80x24", texts(&states((80, 24), DARK)));
}

#[test]
fn a_partition_and_its_matrix_at_every_size() {
    let none = Theme::new(Palette::None, Charset::Ascii);
    let mut all = String::new();
    for (size, theme) in [((160, 45), DARK), ((120, 30), DARK), ((80, 24), none)] {
        all += &texts(&[
            ("partitioned", partitioned(size, theme)),
            ("its matrix", pressed(partitioned(size, theme), "f")),
        ]);
    }
    insta::assert_snapshot!("partition", all);
}

#[test]
fn windows_on_a_classic_terminal() {
    insta::assert_snapshot!("windows_80x24", texts(&windows((80, 24), DARK)));
}

#[test]
fn panels_alone() {
    insta::assert_snapshot!("alone_80x24", texts(&alone((80, 24), DARK)));
}

#[test]
fn larger_terminals_show_more() {
    let at = |size| {
        let mut scenes = vec![("busy", busy(size, DARK)), ("heir", heir(size, DARK))];
        scenes.push(("all kinds of requests", served(size, DARK)));
        scenes.push(("catching up and damaged", lacking(size, DARK)));
        scenes.push(("help", pressed(led(size, DARK), "?")));
        scenes.push(("logs", pressed(heir(size, DARK), "l/node 2\nnn")));
        texts(&scenes)
    };
    insta::assert_snapshot!("large_120x40", at((120, 40)));
    insta::assert_snapshot!("large_200x60", at((200, 60)));
}

#[test]
fn small_terminals_show_less_and_say_what_they_need() {
    let sizes = [(60, 16), (59, 15), (24, 3), (1, 1)];
    let mut scenes: Vec<Named> = sizes.into_iter().map(|size| ("heir", heir(size, DARK))).collect();
    scenes.push(("catching up and damaged", lacking(sizes[0], DARK)));
    insta::assert_snapshot!("small", texts(&scenes));
}

#[test]
fn ascii_is_enough() {
    let ascii = Theme::new(Palette::None, Charset::Ascii);
    let mut scenes = states((80, 24), ascii);
    scenes.truncate(7);
    scenes.push(("help", pressed(led((80, 24), ascii), "?")));
    scenes.push(("elections", pressed(heir((80, 24), ascii), "e")));
    scenes.push(("logs", pressed(heir((80, 24), ascii), "l/lead\nnn")));
    let text = texts(&scenes);
    let foreign: String = text.chars().filter(|letter| !letter.is_ascii()).collect();
    // What a person named a file is shown as it is.
    assert!(
        foreign.chars().all(|letter| "日本の写真".contains(letter)),
        "{foreign}"
    );
    insta::assert_snapshot!("ascii_80x24", text);
}

/// Draws a letter a style, and says what each letter means.
fn style_map(buffer: &Buffer) -> String {
    const LETTERS: &[u8] = b".abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    let mut styles = vec![Style::reset()];
    let mut map = String::new();
    for y in 0..buffer.area.height {
        let row = (0..buffer.area.width).map(|x| {
            let style = buffer[(x, y)].style();
            let known = styles.iter().position(|known| *known == style);
            let index = known.unwrap_or_else(|| {
                styles.push(style);
                styles.len() - 1
            });
            char::from(LETTERS[index])
        });
        let row: String = row.collect();
        let _ = writeln!(map, "{}", row.trim_end_matches('.'));
    }
    for (letter, style) in LETTERS.iter().zip(&styles).skip(1) {
        let (fg, bg) = (colour(style.fg), colour(style.bg));
        let _ = writeln!(
            map,
            "{} = {fg} on {bg} {:?}",
            char::from(*letter),
            style.add_modifier
        );
    }
    map
}

fn colour(colour: Option<Color>) -> String {
    match colour {
        None | Some(Color::Reset) => "-".to_owned(),
        Some(Color::Indexed(index)) => index.to_string(),
        Some(other) => other.to_string(),
    }
}

#[test]
fn styles_of_every_palette() {
    let map = |palette| {
        let theme = Theme::new(palette, Charset::Unicode);
        let mut maps = String::new();
        let mut scenes = vec![
            ("busy", busy((80, 24), theme)),
            ("killed", killed((80, 24), theme)),
        ];
        scenes.push(("logs", pressed(heir((80, 24), theme), "l/lead\nnn")));
        scenes.push(("faults", pressed(heir((80, 24), theme), "3Fjj")));
        scenes.push(("links", pressed(heir((80, 24), theme), "3fjj")));
        scenes.push(("catching up", lacking((80, 24), theme)));
        for (name, scene) in scenes {
            let _ = writeln!(maps, "----- {name}\n{}", style_map(&scene.drawn()));
        }
        maps
    };
    insta::assert_snapshot!("styles_dark", map(Palette::Dark));
    insta::assert_snapshot!("styles_light", map(Palette::Light));
    insta::assert_snapshot!("styles_none", map(Palette::None));
}

/// Returns what a terminal is sent to show a scene from nothing.
fn bytes(scene: &Scene) -> String {
    let Size { width, height } = scene.model.size;
    let viewport = Viewport::Fixed(Rect::new(0, 0, width, height));
    let mut bytes = Vec::new();
    let backend = CrosstermBackend::new(&mut bytes);
    let mut terminal = Terminal::with_options(backend, TerminalOptions { viewport }).expect("memory");
    terminal.draw(|frame| view(&scene.model, frame)).expect("memory");
    drop(terminal);
    String::from_utf8(bytes).expect("text")
}

/// Returns the numbers of every sequence that sets a style.
fn style_codes(bytes: &str) -> Vec<Vec<u16>> {
    let sequences = bytes.split("\x1b[").skip(1).filter_map(|rest| {
        let end = rest.find(|letter: char| letter.is_ascii_alphabetic())?;
        rest[end..].starts_with('m').then(|| &rest[..end])
    });
    sequences
        .map(|codes| codes.split(';').map(|code| code.parse().unwrap_or(0)).collect())
        .collect()
}

#[test]
fn without_colours_a_terminal_is_sent_none_but_keeps_bold_and_reverse() {
    let theme = Theme::new(Palette::None, Charset::Unicode);
    let mut seen = Vec::new();
    for (name, scene) in states((120, 40), theme)
        .into_iter()
        .chain(windows((120, 40), theme))
    {
        for codes in style_codes(&bytes(&scene)) {
            let coloured = |code: &u16| matches!(code, 30..=38 | 40..=48 | 90..=107);
            assert!(!codes.iter().any(coloured), "{name} sends {codes:?}");
            seen.extend(codes);
        }
    }
    assert!(seen.contains(&1) && seen.contains(&7), "bold and reverse");
    let dark = style_codes(&bytes(&heir((120, 40), DARK)));
    assert!(
        dark.iter().flatten().any(|code| *code == 38),
        "which a theme with colours does send"
    );
}

#[test]
fn the_chosen_fault_and_the_marked_line_are_seen_without_colours() {
    let theme = Theme::new(Palette::None, Charset::Unicode);
    for keys in ["3Fjj", "l/lead\nnn"] {
        let buffer = pressed(heir((80, 24), theme), keys).drawn();
        // The rows below the banner, whose bar is reversed, too.
        let rows = (3..24).filter(|y| {
            let cells = (2..78).filter(|x| buffer[(*x, *y)].modifier.contains(Modifier::REVERSED));
            cells.count() > 72
        });
        assert_eq!(rows.count(), 1, "after {keys:?}");
    }
}

#[test]
fn a_low_card_that_is_full_tells_its_uptime_less_exactly() {
    let text = lagging_leader((80, 24), DARK).text();
    assert!(
        text.contains("│ up 1 h        12 images ││ up 1 h       1 missing │"),
        "{text}"
    );
    let text = led((80, 24), DARK).text();
    assert!(text.contains("│ up 2 s        12 images │"), "{text}");
}

#[test]
fn no_window_cuts_its_last_line() {
    for size in [(80, 24), (120, 40), (200, 60)] {
        for (name, scene) in windows(size, DARK)
            .into_iter()
            .filter(|(name, _)| name.starts_with("why"))
        {
            assert!(
                scene.text().contains("Esc close   "),
                "{name} at {size:?}\n{}",
                scene.text()
            );
        }
    }
}

#[test]
fn the_help_scrolls_to_its_last_line_and_no_further() {
    for size in [(80, 24), (130, 30), (200, 60), (60, 16)] {
        let mut scene = pressed(led(size, DARK), "?");
        for _ in 0..30 {
            scene.key(KeyCode::PageDown);
        }
        assert!(scene.text().contains("images."), "at {size:?}\n{}", scene.text());
        let last = scene.text();
        scene.key(KeyCode::Up);
        let fits = super::help_furthest(&scene.model) == 0;
        assert!(
            fits || scene.text() != last,
            "one step back shows another line at {size:?}"
        );
    }
}

#[test]
fn every_key_that_works_is_in_the_help() {
    let text = pressed(led((200, 200), DARK), "?").text();
    for mode in crate::dashboard::keymap::Mode::ALL {
        for binding in crate::dashboard::keymap::bindings(mode) {
            assert!(text.contains(binding.help), "{}", binding.help);
        }
    }
}

#[test]
fn an_election_is_drawn_as_arrows_between_lanes() {
    let text = pressed(heir((120, 40), DARK), "e").text();
    assert!(
        text.contains("◀───election──●") && text.contains("●────answer───▶"),
        "{text}"
    );
    let ballot = ballot_of(2, node(2));
    assert!(
        text.contains(&format!("LEADS in epoch {}", ballot.epoch)),
        "{text}"
    );
}
