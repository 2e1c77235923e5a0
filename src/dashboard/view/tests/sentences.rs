//! What panels and windows say, word for word, where it matters.

use super::scenes::{busy, led};
use super::{DARK, pressed};
use crate::event::Fact;

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
fn a_store_that_only_reads_is_said_to_and_no_full_disk_is_guessed() {
    let mut scene = led((80, 24), DARK);
    let reason = "no space left on device".to_owned();
    scene.tell(2, Fact::StoreReadOnly { reason });
    scene.catch_up(2, 12).after(16_000);
    let text = pressed(scene, "2w").text();
    assert!(text.contains("keeps nothing new"), "{text}");
    assert!(!text.contains("None of them has come"), "{text}");
}

#[test]
fn what_is_cut_among_the_requests_ends_in_a_mark() {
    let text = busy((80, 24), DARK).text();
    assert!(
        text.contains("still goin…") && text.contains("failed: the …"),
        "{text}"
    );
}
