use proptest::prelude::*;

use super::super::testing::{entry, listing, listing_of};
use super::*;

/// Returns a browser of `/work` with room for `rows` entries.
fn browser(names: &[&str], rows: u16) -> Browser {
    let mut browser = Browser::new("/work".into());
    browser.set_rows(rows);
    browser.reopen();
    assert!(browser.take(listing("/work", names)));
    browser
}

fn on_screen(browser: &Browser) -> Vec<String> {
    let marked =
        |(entry, chosen): (&Entry, bool)| format!("{}{}", if chosen { ">" } else { "" }, entry.shown_name());
    browser.window().map(marked).collect()
}

fn type_into(browser: &mut Browser, text: &str) {
    browser.start_find();
    for letter in text.chars() {
        browser.find_key(KeyEvent::from(crossterm::event::KeyCode::Char(letter)));
    }
}

#[test]
fn other_and_hidden_files_are_listed_on_demand_and_the_choice_stays() {
    let mut browser = browser(&["b.png", "a.txt", ".git/", "src/"], 10);
    browser.move_by(1);
    assert_eq!(on_screen(&browser), ["src", ">b.png"]);
    browser.toggle_scope();
    assert_eq!(on_screen(&browser), [".git", "src", ">b.png", "a.txt"]);
    browser.toggle_scope();
    assert_eq!(on_screen(&browser), ["src", ">b.png"]);
    assert_eq!(browser.counts(), (2, 2, 0));
}

#[test]
fn going_up_chooses_the_folder_one_came_from() {
    let mut browser = browser(&["a.png"], 10);
    assert_eq!(browser.open_parent(), Some("/".into()));
    assert!(browser.take(listing("/", &["bin/", "home/", "work/"])));
    assert_eq!(on_screen(&browser), ["bin", "home", ">work"]);
    assert_eq!(browser.open_parent(), None, "the root has no parent");
}

#[test]
fn an_answer_that_nobody_waits_for_changes_nothing() {
    let mut browser = browser(&["one/", "two/"], 10);
    assert_eq!(browser.open_chosen(), Some("/work/one".into()));
    browser.move_by(1);
    assert_eq!(browser.open_chosen(), Some("/work/two".into()));
    assert!(!browser.take(listing("/work/one", &["late.png"])));
    assert_eq!(on_screen(&browser), ["one", ">two"]);
    assert!(browser.take(listing("/work/two", &["now.png"])));
    assert_eq!(on_screen(&browser), [">now.png"]);
}

#[test]
fn a_folder_that_cannot_be_read_costs_a_line_and_no_place() {
    let mut browser = browser(&["locked/", "a.png"], 10);
    let asked = browser.open_chosen().expect("a folder");
    let found = Err("could not list /work/locked: permission denied".to_owned());
    assert!(browser.take(Listing { asked, found }));
    assert_eq!(
        browser.problem(),
        Some("could not list /work/locked: permission denied")
    );
    assert_eq!(on_screen(&browser), [">locked", "a.png"]);
    browser.open("/work".into());
    assert_eq!(browser.problem(), None);
}

#[test]
fn a_file_that_was_asked_for_is_chosen_even_when_it_is_hidden() {
    let mut browser = browser(&["a.png"], 10);
    let asked = browser.open_text("/tmp/.notes.txt").expect("a path");
    let mut listing = listing("/tmp", &["b.png", ".notes.txt"]);
    listing.asked = asked;
    if let Ok(contents) = &mut listing.found {
        contents.selected = Some(".notes.txt".into());
    }
    assert!(browser.take(listing));
    assert_eq!(on_screen(&browser), ["b.png", ">.notes.txt"]);
}

#[test]
fn a_filter_lists_what_holds_it_in_any_case_and_ends_with_the_folder() {
    let mut browser = browser(&["trips/", "Trip.png", "cat.png"], 10);
    type_into(&mut browser, "TRIP");
    assert_eq!(on_screen(&browser), [">trips", "Trip.png"]);
    let asked = browser.open_chosen().expect("a folder");
    assert!(browser.take(listing(asked.to_str().expect("ASCII"), &["rome.png"])));
    assert_eq!(on_screen(&browser), [">rome.png"]);
    assert!(browser.find().is_none());
}

#[test]
fn a_line_with_a_slash_is_a_path_and_filters_nothing() {
    let mut browser = browser(&["a.png"], 10);
    type_into(&mut browser, "~/pictures");
    assert_eq!(on_screen(&browser), [">a.png"]);
    let text = browser.typed_path().expect("a path").to_owned();
    assert_eq!(browser.open_text(&text), Some("~/pictures".into()));
}

#[test]
fn what_was_forgotten_is_asked_for_again_and_chosen_again() {
    let mut browser = browser(&["a.png", "b.png"], 10);
    browser.move_by(1);
    browser.forget();
    browser.forget();
    assert_eq!(browser.counts(), (0, 0, 0));
    assert_eq!(browser.reopen(), Path::new("/work"));
    assert!(browser.take(listing("/work", &["a.png", "b.png", "c.png"])));
    assert_eq!(on_screen(&browser), ["a.png", ">b.png", "c.png"]);
}

#[cfg(unix)]
#[test]
fn a_name_that_is_no_text_keeps_its_bytes() {
    use std::os::unix::ffi::{OsStrExt, OsStringExt};
    let name = OsString::from_vec(b"caf\xe9\x1b[2J.png".to_vec());
    let kind = EntryKind::of_file(&name, 7);
    let mut browser = browser(&[], 10);
    browser.reopen();
    assert!(browser.take(listing_of("/work", vec![entry(name, kind)])));
    assert_eq!(on_screen(&browser), [">caf\u{fffd}\u{fffd}[2J.png"]);
    let (path, bytes) = browser.chosen_file().expect("a file");
    assert_eq!(path.as_os_str().as_bytes(), b"/work/caf\xe9\x1b[2J.png");
    assert_eq!(bytes, 7);
}

#[derive(Debug, Clone)]
enum Step {
    Move(isize),
    PageUp,
    PageDown,
    GoTo(usize),
    Rows(u16),
    Scope,
    Type(char),
    EndFind,
    Forget,
    List(Vec<String>),
}

fn step() -> impl Strategy<Value = Step> {
    let names = proptest::collection::vec("[a-z.\u{202e}\u{1b}写\u{301}]{1,6}(\\.png|/|)", 0..30);
    prop_oneof![
        any::<isize>().prop_map(Step::Move),
        Just(Step::PageUp),
        Just(Step::PageDown),
        any::<usize>().prop_map(Step::GoTo),
        any::<u16>().prop_map(Step::Rows),
        (0_u16..5).prop_map(Step::Rows),
        Just(Step::Scope),
        any::<char>().prop_map(Step::Type),
        Just(Step::EndFind),
        Just(Step::Forget),
        names.prop_map(Step::List),
    ]
}

proptest! {
    #[test]
    fn whatever_is_done_the_choice_is_on_the_screen(steps in proptest::collection::vec(step(), 1..60)) {
        let mut browser = browser(&["a.png", "b.png", "c/"], 3);
        for step in steps {
            match step {
                Step::Move(by) => browser.move_by(by),
                Step::PageUp => browser.page_up(),
                Step::PageDown => browser.page_down(),
                Step::GoTo(place) => browser.go_to(place),
                Step::Rows(rows) => browser.set_rows(rows),
                Step::Scope => browser.toggle_scope(),
                Step::Type(letter) => type_into(&mut browser, &letter.to_string()),
                Step::EndFind => browser.end_find(),
                Step::Forget => browser.forget(),
                Step::List(names) => {
                    browser.reopen();
                    let names: Vec<&str> = names.iter().map(String::as_str).collect();
                    browser.take(listing("/work", &names));
                }
            }
            let chosen = browser.window().filter(|(_, chosen)| *chosen).count();
            let expected = usize::from(browser.chosen().is_some() && browser.rows > 0);
            prop_assert_eq!(chosen, expected);
            let filled = browser.window().count();
            prop_assert_eq!(filled, browser.rows.min(browser.listed.len()), "no row is left empty");
        }
    }
}
