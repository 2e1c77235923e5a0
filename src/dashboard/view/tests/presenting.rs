//! What an audience sees: presenter mode at every size, and how long the last failovers took.

use super::scenes::{frozen, killed, led, no_quorum};
use super::{DARK, Named, pressed, style_map, texts};
use crate::dashboard::testing::Scene;
use crate::dashboard::theme::{Charset, Palette, Theme};

fn presented(size: (u16, u16), theme: Theme) -> Vec<Named> {
    let of = |scene: fn((u16, u16), Theme) -> Scene| {
        let mut scene = pressed(scene(size, theme), "P");
        scene.after(5000);
        scene
    };
    vec![
        ("presenting", pressed(led(size, theme), "P")),
        ("a key", pressed(led(size, theme), "P!")),
        ("q is locked", pressed(led(size, theme), "Pq")),
        ("leader killed", of(killed)),
        ("leader frozen", of(frozen)),
        ("no quorum", of(no_quorum)),
        (
            "several failovers",
            several_failovers(pressed(led(size, theme), "P")),
        ),
        ("cleaned up", cleaned_up(several_failovers(led(size, theme)))),
    ]
}

/// Nodes 3 and 2 take the lead from each other.
fn several_failovers(mut scene: Scene) -> Scene {
    for (epoch, (old, heir)) in (2..).zip([(3, 2), (2, 3), (3, 2)]) {
        scene.after(3000).kill(old).after(epoch * 20);
        scene
            .suspect(1, old)
            .suspect(heir, old)
            .elect(heir, epoch, &[1, heir]);
        scene.after(2000).start(old);
    }
    scene.after(1000);
    scene
}

/// As `R` leaves it; that the past is forgotten is told, as it is recorded.
fn cleaned_up(scene: Scene) -> Scene {
    let mut scene = pressed(scene, "PR");
    scene.forget();
    scene
}

#[test]
fn an_audience_sees_large_letters() {
    insta::assert_snapshot!("presenting_80x24", texts(&presented((80, 24), DARK)));
    insta::assert_snapshot!("presenting_120x40", texts(&presented((120, 40), DARK)));
    insta::assert_snapshot!("presenting_200x60", texts(&presented((200, 60), DARK)));
}

#[test]
fn an_audience_of_a_small_screen_sees_the_ordinary_banner() {
    let text = pressed(led((70, 20), DARK), "P").text();
    assert!(text.contains("★ NODE 3 LEADS"), "{text}");
}

#[test]
fn large_letters_of_ascii_are_enough() {
    let ascii = Theme::new(Palette::None, Charset::Ascii);
    let text = texts(&presented((120, 40), ascii)) + &texts(&presented((200, 60), ascii));
    let foreign: String = text.chars().filter(|letter| !letter.is_ascii()).collect();
    assert!(foreign.is_empty(), "{foreign}");
}

#[test]
fn an_audience_sees_high_contrast() {
    let mut maps = String::new();
    for palette in [Palette::Dark, Palette::Light, Palette::None] {
        let theme = Theme::new(palette, Charset::Unicode);
        maps += &style_map(&pressed(killed((80, 24), theme), "P").drawn());
    }
    assert!(!maps.contains("DIM"), "{maps}");
    insta::assert_snapshot!("presenting_styles", maps);
}

#[test]
fn the_last_failovers_are_told_behind_the_current_one_where_there_is_room() {
    let said = |size| {
        let text = several_failovers(led(size, DARK)).text();
        text.lines()
            .find_map(|line| line.split_once("last 3: "))
            .map(|(_, said)| said.trim().to_owned())
    };
    let expected = "min 44 ms, median 64 ms, max 84 ms";
    assert_eq!(said((160, 40)).as_deref(), Some(expected));
    assert_eq!(said((80, 24)), None, "a screen that narrow has no room");
}
