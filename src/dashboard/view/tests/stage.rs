//! What a scenario shows where there is room for it, little of it, or none.

use crate::dashboard::message::Message;
use crate::dashboard::stage::Stage;
use crate::dashboard::testing::Scene;

/// A scenario that waits for a key after a caption.
fn captioned(size: (u16, u16), caption: &str) -> Scene {
    let mut scene = Scene::led(size.0, size.1);
    let stage = Stage {
        title: "A leader dies".to_owned(),
        caption: caption.to_owned(),
        waits: true,
        ..Stage::default()
    };
    scene.send(Message::Stage(Box::new(stage)));
    scene
}

/// As much as a scenario may say at once, in words of ten letters with a number each.
fn longest() -> String {
    let words: Vec<String> = (0..)
        .map(|number| format!("caption-{number:02}"))
        .take(25)
        .collect();
    let said = words.join(" ") + " last";
    assert_eq!(said.chars().count(), 279, "one more would not be said");
    said
}

#[test]
fn the_longest_caption_is_read_to_its_end_on_80_columns() {
    let text = captioned((80, 24), &longest()).text();
    for word in longest().split(' ') {
        assert!(text.contains(word), "no {word} in:\n{text}");
    }
}

#[test]
fn a_caption_that_is_cut_off_says_so() {
    let text = captioned((60, 24), &longest()).text();
    let cut = text.lines().find(|line| line.contains("caption-19"));
    assert!(cut.is_some_and(|line| line.ends_with('…')), "{text}");
    assert!(!text.contains("caption-20"), "{text}");
    let short = captioned((60, 24), "Four words are here.").text();
    assert!(short.contains("Four words are here.\n"), "{short}");
}

#[test]
fn a_screen_without_room_for_a_scenario_says_which_key_it_waits_for() {
    let text = captioned((80, 20), "Nobody can read this.").text();
    assert!(!text.contains("Nobody can read this."), "{text}");
    let footer = text.lines().last().expect("a footer");
    assert!(footer.trim_start().starts_with("Space next"), "{footer}");
    let roomy = captioned((80, 24), "This can be read.").text();
    assert!(!roomy.contains("Space next"), "{roomy}");
    assert!(roomy.contains("Space or Enter: next"), "{roomy}");
}
