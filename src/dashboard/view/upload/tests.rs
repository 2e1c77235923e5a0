use std::time::Duration;

use crossterm::event::KeyCode;
use proptest::prelude::*;
use ratatui::layout::Size;
use ratatui::style::Color;

use super::*;
use crate::dashboard::dialog::listing::EntryKind;
use crate::dashboard::dialog::picture::{Drawn, Picture, Pixels, Preview};
use crate::dashboard::dialog::testing::{
    assigned, broadcasting, declined, entry, leads, listing_of, press, saved, shown, unreachable,
};
use crate::dashboard::message::Command;
use crate::dashboard::theme::Palette;
use crate::time::Time;
use crate::upload::{Obstacle, Setback, UploadEvent};

const PLAIN: Theme = Theme::new(Palette::None, Charset::Unicode);
const ASCII: Theme = Theme::new(Palette::None, Charset::Ascii);
const DARK: Theme = Theme::new(Palette::Dark, Charset::Unicode);

fn drawn(dialog: &UploadDialog, theme: Theme, size: Size) -> Buffer {
    let screen = Rect::from(size);
    let mut buffer = Buffer::empty(screen);
    draw(dialog, theme, screen, &mut buffer);
    buffer
}

/// Returns the screen as text, without the blanks at the ends of its lines.
fn text(buffer: &Buffer) -> String {
    let width = usize::from(buffer.area.width);
    let rows = buffer.content.chunks(width).map(|row| {
        let row: String = row.iter().map(ratatui::buffer::Cell::symbol).collect();
        row.trim_end().to_owned() + "\n"
    });
    rows.collect()
}

/// Keeps the screen at the three sizes that people have.
macro_rules! keep {
    ($name:literal, $make:expr) => {
        for (width, height) in [(80, 24), (120, 40), (200, 60)] {
            let size = Size::new(width, height);
            let dialog = $make(size);
            insta::assert_snapshot!(
                format!("{}_{width}x{height}", $name),
                text(&drawn(&dialog, PLAIN, size))
            );
        }
    };
}

/// Answers every request for a picture with a round light on a dark ground, or with noise.
fn show_pictures(dialog: &mut UploadDialog, commands: Vec<Command>) {
    for command in commands {
        let Command::Preview(request) = command else {
            continue;
        };
        let noise = matches!(
            request.subject,
            crate::dashboard::dialog::picture::Subject::Ciphertext { .. }
        );
        let more = dialog.previewed(Preview {
            number: request.number,
            picture: Ok(painted(request.area, noise)),
        });
        show_pictures(dialog, more);
    }
}

fn painted(area: Size, noise: bool) -> Picture {
    let (width, height) = (area.width, (area.width * 2 / 3).min(area.height * 2));
    let mut random = fastrand::Rng::with_seed(7);
    let pixels = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
    let colour = pixels.map(|(x, y)| {
        let away = i32::from(x.abs_diff(width / 2)).pow(2) + i32::from(y.abs_diff(height / 2)).pow(2);
        let light = 255 - (away * 900 / i32::from(height).pow(2)).min(255);
        let light = u8::try_from(light).unwrap_or(0);
        if noise {
            [random.u8(..), random.u8(..), random.u8(..)]
        } else {
            [light, light / 2, 40]
        }
    });
    Picture {
        kind: Some(crate::protocol::ImageKind::Png),
        dimensions: (1200, 800),
        drawn: Drawn::Pixels(Pixels::new(width, colour.collect())),
    }
}

fn choosing(size: Size) -> UploadDialog {
    let mut dialog = shown(size);
    let commands = press(&mut dialog, &[KeyCode::End]);
    show_pictures(&mut dialog, commands);
    dialog
}

fn naming(size: Size) -> UploadDialog {
    let mut dialog = choosing(size);
    press(&mut dialog, &[KeyCode::Enter]);
    press(&mut dialog, &[KeyCode::Backspace; 5]);
    press(&mut dialog, &[KeyCode::Enter]);
    dialog
}

fn uploading(size: Size, events: &[UploadEvent]) -> UploadDialog {
    let mut dialog = choosing(size);
    press(&mut dialog, &[KeyCode::Enter, KeyCode::Enter]);
    for (millis, event) in (1..).zip(events) {
        dialog.tick(Time::ZERO + Duration::from_millis(500 * millis));
        let commands = dialog.uploaded(event);
        show_pictures(&mut dialog, commands);
    }
    dialog
}

fn half_way() -> Vec<UploadEvent> {
    let lost = Obstacle::Attempt {
        node: crate::dashboard::dialog::testing::id(3),
        why: Setback::Lost,
    };
    let mut events = broadcasting();
    events.extend([declined(1), declined(2), leads(3, 3), assigned(3, 3)]);
    events.push(UploadEvent::Retrying(lost));
    events.extend(broadcasting());
    events.push(UploadEvent::Retrying(Obstacle::EveryoneDeclines));
    events.extend(broadcasting());
    events.extend([declined(1), leads(2, 1), unreachable(3), assigned(2, 1)]);
    events.extend([100_000, 400_000].map(|done| UploadEvent::Progress { done, total: 614_831 }));
    events
}

#[test]
fn an_image_is_chosen() {
    keep!("choose", choosing);
}

#[test]
fn a_user_is_named() {
    keep!("user", naming);
}

#[test]
fn a_file_is_looked_for() {
    keep!("find", |size| {
        let mut dialog = shown(size);
        let keys = ['/', 's', 'u', 'n'].map(KeyCode::Char);
        let commands = press(&mut dialog, &keys);
        show_pictures(&mut dialog, commands);
        dialog
    });
}

#[test]
fn a_broadcast_is_watched_through_a_failover() {
    keep!("watch", |size| uploading(size, &half_way()));
}

#[test]
fn a_picture_stands_beside_its_ciphertext() {
    keep!("done", |size| {
        let mut events = broadcasting();
        events.extend([declined(1), declined(2), leads(3, 1), assigned(3, 1), saved()]);
        uploading(size, &events)
    });
}

#[test]
fn a_failure_says_what_to_do() {
    keep!("failed", |size| {
        let mut events = broadcasting();
        events.extend([unreachable(2), unreachable(3)]);
        let reason = "no leader answered for 30s: nodes 2 and 3 are not up; start them; \
                      the outcome is unknown; repeating the upload is safe";
        let reason = reason.to_owned();
        events.push(UploadEvent::Failed { reason });
        uploading(size, &events)
    });
}

#[test]
fn ascii_is_all_that_is_drawn_where_only_that_may_be() {
    let size = Size::new(80, 24);
    for dialog in [choosing(size), naming(size), uploading(size, &half_way())] {
        let screen = text(&drawn(&dialog, ASCII, size));
        assert!(screen.is_ascii(), "{screen}");
    }
}

#[test]
fn without_colours_no_cell_has_one() {
    let size = Size::new(120, 40);
    let mut events = half_way();
    events.push(saved());
    for dialog in [choosing(size), uploading(size, &events)] {
        let buffer = drawn(&dialog, PLAIN, size);
        let coloured = |cell: &&ratatui::buffer::Cell| cell.fg != Color::Reset || cell.bg != Color::Reset;
        assert_eq!(buffer.content.iter().find(coloured), None);
    }
}

#[test]
fn a_picture_is_drawn_two_pixels_a_cell() {
    let size = Size::new(80, 24);
    let buffer = drawn(&choosing(size), DARK, size);
    let cells = buffer.content.iter().filter(|cell| cell.symbol() == "▀");
    let coloured = cells.filter(|cell| matches!((cell.fg, cell.bg), (Color::Rgb(..), Color::Rgb(..))));
    let panes = Panes::of(Rect::from(size));
    assert!(coloured.count() >= usize::from(panes.picture().width) * 10);
}

#[test]
fn the_line_for_keys_is_left_alone() {
    let size = Size::new(80, 24);
    let buffer = drawn(&choosing(size), PLAIN, size);
    assert_eq!(text(&buffer).lines().last(), Some(""));
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[\u{202e}\u{200f}\u{301}\u{200d}写👩‍🚀e\u{1b}\\[\n\t]{0,40}\\.png",
        Just("n".repeat(251) + ".png"),
        Just("写".repeat(83) + ".png"),
        Just(format!("e{}.png", "\u{301}".repeat(120))),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn no_name_size_or_word_of_a_stranger_panics_or_draws_outside(
        names in proptest::collection::vec(name(), 0..12),
        stranger in any::<String>(),
        keys in proptest::collection::vec(any::<char>(), 0..6),
        width in 0_u16..210,
        height in 0_u16..64,
        theme in prop_oneof![Just(PLAIN), Just(ASCII), Just(DARK)],
    ) {
        let size = Size::new(width, height);
        let mut dialog = shown(size);
        let entries = names.iter().map(|name| entry(name.into(), EntryKind::Image { bytes: u64::MAX }));
        press(&mut dialog, &[KeyCode::Esc]);
        dialog.open();
        let commands = dialog.listed(listing_of("/work", entries.collect()));
        show_pictures(&mut dialog, commands);
        let mut screens = vec![drawn(&dialog, theme, size)];
        for key in keys {
            let commands = press(&mut dialog, &[KeyCode::Char(key)]);
            show_pictures(&mut dialog, commands);
            screens.push(drawn(&dialog, theme, size));
        }
        dialog.paste(&stranger);
        screens.push(drawn(&dialog, theme, size));
        press(&mut dialog, &[KeyCode::Tab]);
        dialog.paste(&stranger);
        screens.push(drawn(&dialog, theme, size));
        let mut watched = uploading(size, &half_way());
        watched.uploaded(&UploadEvent::Failed { reason: stranger });
        screens.push(drawn(&watched, theme, size));
        for buffer in screens {
            let obeyed = |cell: &&ratatui::buffer::Cell| cell.symbol().contains(char::is_control);
            prop_assert_eq!(buffer.content.iter().find(obeyed), None);
        }
    }
}
