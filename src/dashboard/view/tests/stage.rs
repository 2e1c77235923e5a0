//! What a scenario shows where there is room for it, little of it, or none.

use crate::dashboard::lane::Checked;
use crate::dashboard::layout::{BannerForm, Panel};
use crate::dashboard::message::Message;
use crate::dashboard::stage::{News, NewsKind, Stage};
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
    let cut = text.lines().find(|line| line.contains("caption-24"));
    assert!(cut.is_some_and(|line| line.ends_with('…')), "{text}");
    assert!(!text.contains(" last"), "{text}");
    let short = captioned((60, 24), "Four words are here.").text();
    assert!(short.contains("Four words are here.\n"), "{short}");
}

/// A scenario that has just done or found this.
fn found(size: (u16, u16), caption: &str, kind: NewsKind, text: &str) -> Scene {
    let mut scene = captioned(size, caption);
    let stage = scene.model.stage.clone().expect("captioned");
    let text = text.to_owned();
    let news = Some(News { kind, text });
    scene.send(Message::Stage(Box::new(Stage { news, ..stage })));
    scene
}

#[test]
fn a_small_screen_gives_up_panels_before_captions() {
    for size in [(80, 24), (80, 20), (60, 16)] {
        let scene = captioned(size, "This can be read.");
        let text = scene.text();
        assert!(text.contains("This can be read."), "{size:?}:\n{text}");
        assert!(text.contains("Space or Enter: next"), "{size:?}:\n{text}");
        assert!(
            scene
                .model
                .layout()
                .is_some_and(|layout| layout.area(Panel::Nodes).is_some()),
            "{size:?}:\n{text}"
        );
    }
    let classic = captioned((80, 24), "This can be read.").text();
    assert!(
        classic.contains("Timeline"),
        "who led when is the story:\n{classic}"
    );
}

#[test]
fn a_screen_too_small_for_anything_else_still_tells_the_caption() {
    let text = captioned((40, 10), "This can be read.").text();
    assert!(text.contains("needs 60 x 16"), "{text}");
    assert!(text.contains("This can be read."), "{text}");
    assert!(text.contains("Space or Enter: next"), "{text}");
}

#[test]
fn an_audience_of_a_scenario_on_a_classic_terminal_sees_large_letters_and_the_timeline() {
    let mut scene = captioned((80, 24), "This can be read.");
    scene.press('P');
    let layout = scene.model.layout().expect("large enough");
    assert!(matches!(layout.banner_form, BannerForm::Large(_)), "{layout:?}");
    let text = scene.text();
    assert!(
        text.contains("This can be read.") && text.contains("Timeline"),
        "{text}"
    );
}

#[test]
fn what_was_found_takes_the_rows_that_the_caption_leaves() {
    let verdict = "wait until everybody agrees on node 3 within 20s: node 3 leads, epoch 3 (after 2300 ms)";
    let text = found((80, 24), "Short.", NewsKind::Held, verdict).text();
    assert!(
        text.contains("Short.") && text.contains("(after 2300 ms)"),
        "{text}"
    );
    let text = found((80, 24), &longest(), NewsKind::Held, verdict).text();
    assert!(text.contains(" last"), "the caption comes first:\n{text}");
    assert!(text.contains("wait until everybody agrees"), "{text}");
}

#[test]
fn what_fails_a_scenario_is_read_whatever_the_caption_says() {
    let failed = "line 13: expect a new leader within 1 detection time: not so after 1234 ms: node 1 is \
        electing, node 2 is electing, node 3 is down; and that is the end";
    let text = found((80, 24), &longest(), NewsKind::Failed, failed).text();
    assert!(text.contains("that is the end"), "{text}");
    assert!(text.contains("caption-00"), "{text}");
}

#[test]
fn on_80_columns_the_lane_leaves_out_what_matters_least() {
    let mut scene = captioned((80, 24), "Everything is read back.");
    let mut stage = scene.model.stage.clone().expect("captioned");
    stage.lane.acknowledged = 38_360;
    stage.lane.checked = Some(Checked {
        acknowledged: 38_360,
        lost: 0,
    });
    scene.send(Message::Stage(Box::new(stage)));
    let text = scene.text();
    let lane = text.lines().last().expect("a lane").trim_end();
    assert!(
        lane.starts_with(" clients: 38360 ok, 0 failed") || lane.starts_with(" 38360 ok, 0 failed"),
        "{lane}"
    );
    assert!(lane.ends_with("; 38360 acknowledged, 0 lost"), "{lane}");
}
