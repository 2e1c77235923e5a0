//! What panels and windows say, word for word, where it matters.

use super::scenes::{busy, led};
use super::{DARK, pressed};

#[test]
fn a_node_that_fetches_nothing_for_long_is_said_to() {
    let mut scene = led((80, 24), DARK);
    scene.catch_up(2, 12).after(14_000);
    let text = pressed(scene, "2w").text();
    assert!(!text.contains("None of them has come"), "{text}");
    let mut scene = led((80, 24), DARK);
    scene.catch_up(2, 12).after(16_000);
    let text = pressed(scene, "2w").text();
    assert!(text.contains("None of them has come for 16 s"), "{text}");
}

#[test]
fn what_is_cut_among_the_requests_ends_in_a_mark() {
    let text = busy((80, 24), DARK).text();
    assert!(
        text.contains("still goin…") && text.contains("failed: the …"),
        "{text}"
    );
}
