//! Presenter mode by its keys: what each does, and when it does nothing; then the key of a scenario.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::layout::Size;

use crate::dashboard::cluster::logs::LogSource;
use crate::dashboard::message::{Command, Message};
use crate::dashboard::model::{Control, Model, Window};
use crate::dashboard::presenter::Presenting;
use crate::dashboard::stage::Stage;
use crate::dashboard::testing::{Scene, node, setup};
use crate::dashboard::theme::{Charset, Contrast, Palette, Theme};
use crate::event::process::{ProcessFact, ProcessSignal, Wish};
use crate::fault::Fault;

fn presented() -> Scene {
    let mut scene = Scene::led(120, 40);
    scene.press('P');
    scene
}

fn toast(scene: &Scene) -> &str {
    scene.model.toast.as_ref().map_or("", |toast| &toast.text)
}

fn shown_key(scene: &Scene) -> Option<(&str, &str)> {
    let shown = scene.model.presenter.shown()?;
    Some((&shown.key, shown.meaning))
}

#[test]
fn a_key_turns_it_on_and_off() {
    let mut scene = presented();
    assert!(scene.model.presenter.is_on());
    assert_eq!(scene.model.setup.theme.contrast, Contrast::High);
    assert_eq!(scene.model.layout().map(|layout| layout.banner.height), Some(5));
    scene.press('P');
    assert!(!scene.model.presenter.is_on());
    assert_eq!(scene.model.setup.theme.contrast, Contrast::Normal);
    assert_eq!(shown_key(&scene), None);
}

#[test]
fn it_can_be_on_from_the_beginning() {
    let theme = Theme::new(Palette::Dark, Charset::Unicode);
    let mut setup = setup(Size::new(120, 40), theme);
    setup.presenting = Presenting::Yes;
    let model = Model::new(setup);
    assert!(model.presenter.is_on());
    assert_eq!(model.setup.theme.contrast, Contrast::High);
}

#[test]
fn q_is_locked_and_ctrl_c_still_leaves_step_by_step() {
    let mut scene = presented();
    assert_eq!(scene.press('q'), []);
    assert!(scene.model.window.is_none());
    assert_eq!(toast(&scene), "locked while presenting; press P first");
    assert_eq!(
        shown_key(&scene).map(|(key, _)| key),
        Some("P"),
        "not what q would do"
    );
    let ctrl_c = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
    assert_eq!(scene.send(Message::Key(ctrl_c)), []);
    assert!(matches!(scene.model.window, Some(Window::Quit)));
    assert_eq!(scene.send(Message::Key(ctrl_c)), [Command::Quit]);
    assert_eq!(scene.send(Message::Key(ctrl_c)), [Command::QuitNow]);
}

#[test]
fn q_is_locked_where_it_would_not_even_ask() {
    let mut scene = presented();
    scene.model.setup.control = Control::Attached;
    assert_eq!(scene.press('q'), []);
    scene.press('P');
    assert_eq!(scene.press('q'), [Command::Quit]);
}

#[test]
fn the_last_key_is_shown_with_its_meaning_for_some_seconds() {
    let mut scene = presented();
    scene.press('!');
    assert_eq!(shown_key(&scene), Some(("!", "kill -9 whoever leads")));
    assert!(scene.text().contains(" !  kill -9 whoever leads "));
    scene.press('2');
    assert_eq!(shown_key(&scene), Some(("2", "choose a node by its number")));
    scene.after(4900);
    assert!(shown_key(&scene).is_some());
    scene.after(100);
    assert_eq!(shown_key(&scene), None);
}

#[test]
fn a_key_is_shown_to_an_audience_only_and_never_what_is_typed() {
    let mut scene = Scene::led(120, 40);
    scene.press('w');
    assert_eq!(shown_key(&scene), None);
    let mut scene = presented();
    for key in ['l', '/'] {
        scene.press(key);
    }
    let before = shown_key(&scene).map(|(key, _)| key.to_owned());
    assert_eq!(before.as_deref(), Some("/"));
    scene.press('!');
    assert_eq!(
        shown_key(&scene).map(|(key, _)| key),
        Some("/"),
        "a letter of a filter"
    );
}

#[test]
fn one_key_heals_thaws_starts_and_forgets() {
    let mut scene = presented();
    scene.upload(3, 1, 1, "test_image.png").kill(3).after(10);
    scene.suspect(2, 3).elect(2, 2, &[1, 2]).after(500);
    let signal = ProcessSignal::Freeze;
    scene.process(1, ProcessFact::Signalled { signal });
    scene.press(' ');
    assert!(scene.model.is_paused());
    let commands = scene.press('R');
    let expected = [
        Command::Forget,
        Command::Fault(Fault::HealAll),
        Command::Wish(Wish::Thaw(node(1))),
        Command::Wish(Wish::Start(node(3))),
    ];
    assert_eq!(commands, expected);
    // As it is told, and so recorded, before anything that comes of the rest.
    scene.send(Message::Forget);
    assert!(!scene.model.is_paused(), "a clean cluster is looked at");
    let cluster = scene.model.shown();
    assert_eq!((cluster.leadership.history.len(), cluster.requests.len()), (0, 0));
    assert_eq!(cluster.logs.len(LogSource::Merged), 0);
    assert_eq!(cluster.leader(), Some(node(2)));
}

#[test]
fn a_node_that_is_on_its_way_down_is_started_again() {
    let mut scene = presented();
    let signal = ProcessSignal::Terminate;
    scene.process(1, ProcessFact::Signalled { signal });
    assert!(scene.press('R').contains(&Command::Wish(Wish::Start(node(1)))));
}

#[test]
fn nothing_is_cleaned_up_unless_presenting() {
    let mut scene = Scene::led(120, 40);
    assert_eq!(scene.press('R'), []);
    assert_eq!(toast(&scene), "this cleans up while presenting; press P first");
    assert_ne!(scene.model.cluster.logs.len(LogSource::Merged), 0);
}

#[test]
fn nothing_is_cleaned_up_that_others_started_or_that_a_scenario_has() {
    let mut scene = presented();
    scene.model.setup.control = Control::Attached;
    assert_eq!(scene.press('R'), []);
    assert_eq!(toast(&scene), "attached: whoever started these nodes cleans up");
    let mut scene = presented();
    scene.send(Message::Stage(Box::default()));
    assert_eq!(scene.press('R'), []);
    assert!(toast(&scene).contains("a scenario has this cluster until it is over"));
    assert_ne!(scene.model.cluster.logs.len(LogSource::Merged), 0);
}

#[test]
fn a_scenario_that_is_over_gives_the_cluster_and_the_keys_back() {
    let mut scene = presented();
    scene.kill(3);
    let over = Stage {
        over: true,
        ..Stage::default()
    };
    scene.send(Message::Stage(Box::new(over)));
    assert!(scene.press('R').contains(&Command::Wish(Wish::Start(node(3)))));
    assert_eq!(scene.press(' '), []);
    assert!(scene.model.is_paused());
}

#[test]
fn nothing_is_cleaned_up_while_every_node_is_stopped() {
    let mut scene = presented();
    let ctrl_c = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
    scene.send(Message::Key(ctrl_c));
    scene.send(Message::Key(ctrl_c));
    assert_eq!(scene.press('R'), []);
    assert!(toast(&scene).contains("every node is being stopped"));
}

#[test]
fn the_upload_dialog_stands_below_an_ordinary_banner() {
    let mut scene = presented();
    scene.press('u');
    assert_eq!(scene.model.layout().map(|layout| layout.banner.height), Some(4));
}

fn waiting() -> Scene {
    let mut scene = Scene::led(120, 40);
    let waits = Stage {
        waits: true,
        ..Stage::default()
    };
    scene.send(Message::Stage(Box::new(waits)));
    scene
}

#[test]
fn space_and_enter_go_on_from_a_caption() {
    let mut scene = waiting();
    assert_eq!(scene.press(' '), [Command::Next]);
    assert_eq!(scene.key(KeyCode::Enter), [Command::Next]);
    assert!(!scene.model.is_paused());
}

#[test]
fn a_second_press_does_not_hold_the_screen_under_an_audience() {
    let mut scene = waiting();
    assert_eq!(scene.press(' '), [Command::Next]);
    scene.send(Message::Stage(Box::default()));
    assert_eq!(
        scene.press(' '),
        [Command::Next],
        "nobody waits, and nobody minds"
    );
    assert!(!scene.model.is_paused());
}

#[test]
fn a_screen_that_was_held_before_a_scenario_began_goes_on() {
    let mut scene = Scene::led(120, 40);
    scene.press(' ');
    assert!(scene.model.is_paused());
    scene.send(Message::Stage(Box::default()));
    assert!(!scene.model.is_paused());
}

#[test]
fn enter_stays_with_windows_menus_and_lines_that_are_typed() {
    let mut scene = waiting();
    scene.press('?');
    assert_eq!(scene.key(KeyCode::Enter), []);
    assert!(scene.model.window.is_none(), "it closed the help");
    scene.press('F');
    let killed = scene.key(KeyCode::Enter);
    assert_eq!(killed, [Command::Wish(Wish::Kill(node(3)))]);
    scene.press('l');
    scene.press('/');
    assert_eq!(scene.key(KeyCode::Enter), [], "it kept the filter");
    assert!(!scene.model.logs.is_typing());
    scene.press('u');
    assert!(!scene.key(KeyCode::Enter).contains(&Command::Next));
}

#[test]
fn enter_means_nothing_where_nothing_waits() {
    let mut scene = Scene::led(120, 40);
    assert_eq!(scene.key(KeyCode::Enter), []);
    scene.press(' ');
    assert!(scene.model.is_paused());
}
