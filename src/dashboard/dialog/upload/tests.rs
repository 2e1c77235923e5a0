use std::ffi::OsStr;
use std::time::Duration;

use crossterm::event::KeyCode;
use proptest::prelude::*;

use super::super::picture::{Drawn, Picture, Pixels, Subject};
use super::super::testing::{assigned, broadcasting, declined, leads, listing, press, saved, shown};
use super::*;

const SCREEN: Size = Size::new(80, 24);

fn at(millis: u64) -> Time {
    Time::ZERO + Duration::from_millis(millis)
}

fn told(dialog: &mut UploadDialog, now: Time, event: &UploadEvent) -> Vec<Command> {
    dialog.tick(now);
    dialog.uploaded(event)
}

fn opened(dialog: &mut UploadDialog, now: Time) -> Vec<Command> {
    dialog.tick(now);
    dialog.open()
}

fn user(name: &str) -> UserName {
    name.parse().expect("valid")
}

fn image(number: u64, file: &str) -> Command {
    Command::Preview(PictureRequest {
        number,
        subject: Subject::Image(file.into()),
        area: Panes::of(Rect::from(SCREEN)).picture(),
    })
}

fn picture(number: u64) -> Preview {
    Preview {
        number,
        picture: Ok(Picture {
            kind: Some(crate::protocol::ImageKind::Png),
            dimensions: (1200, 800),
            drawn: Drawn::Pixels(Pixels::new(2, vec![[9; 3]; 4])),
        }),
    }
}

/// Returns a dialog whose upload of `test_image.png` runs since the time 0.
fn uploading() -> UploadDialog {
    let mut dialog = shown(SCREEN);
    let commands = press(&mut dialog, &[KeyCode::End, KeyCode::Enter, KeyCode::Enter]);
    let upload = Command::Upload {
        user: user("alice"),
        file: "/work/test_image.png".into(),
    };
    assert_eq!(commands, [image(1, "/work/test_image.png"), upload]);
    dialog
}

#[test]
fn an_image_is_chosen_uploaded_and_seen_beside_its_ciphertext() {
    let mut dialog = uploading();
    assert_eq!(dialog.previewed(picture(1)), []);
    let events = [declined(1), declined(2), leads(3, 1), assigned(3, 1)];
    for event in broadcasting().iter().chain(&events) {
        assert_eq!(told(&mut dialog, at(5), event), []);
    }
    let ciphertext = Command::Preview(PictureRequest {
        number: 2,
        subject: Subject::Ciphertext {
            file: "images/encrypted_test_image_1730738456.png".into(),
            like: Some((1200, 800)),
        },
        area: Panes::of(Rect::from(SCREEN)).picture(),
    });
    assert_eq!(told(&mut dialog, at(40), &saved()), [ciphertext]);
    assert!(matches!(dialog.step(), Step::Done { took, .. } if *took == Duration::from_millis(40)));
    assert_eq!(dialog.previewed(picture(2)), []);
    assert!(dialog.ciphertext().picture().is_some());
    let copied = Command::Copy("images/encrypted_test_image_1730738456.png".to_owned());
    assert_eq!(press(&mut dialog, &[KeyCode::Char('y')]), [copied]);
    assert_eq!(press(&mut dialog, &[KeyCode::Enter]), []);
    assert!(!dialog.is_shown());
}

#[test]
fn only_the_newest_picture_that_was_asked_for_is_shown() {
    let mut dialog = shown(SCREEN);
    let commands = press(&mut dialog, &[KeyCode::End, KeyCode::Up]);
    assert_eq!(
        commands,
        [image(1, "/work/test_image.png"), image(2, "/work/sunset.jpg")]
    );
    assert_eq!(dialog.previewed(picture(1)), []);
    assert!(dialog.picture().picture().is_none(), "that of another file");
    dialog.previewed(picture(2));
    assert!(dialog.picture().picture().is_some());
    assert_eq!(
        press(&mut dialog, &[KeyCode::Tab]),
        [],
        "it is not asked for again"
    );
    assert_eq!(press(&mut dialog, &[KeyCode::Tab, KeyCode::Home]), []);
    assert!(dialog.picture().picture().is_none(), "a folder has none");
}

#[test]
fn what_fails_goes_back_to_choosing_with_everything_kept() {
    let mut dialog = uploading();
    let reason = "no leader answered\u{1b}[2J".to_owned();
    assert_eq!(told(&mut dialog, at(9), &UploadEvent::Failed { reason }), []);
    assert!(
        matches!(dialog.step(), Step::Failed { reason, .. } if reason == "no leader answered\u{fffd}[2J")
    );
    assert_eq!(
        press(&mut dialog, &[KeyCode::Enter]),
        [Command::List("/work".into())]
    );
    assert_eq!((dialog.step(), dialog.user().text()), (&Step::Choose, "alice"));
    dialog.listed(listing("/work", &["a.png", "test_image.png"]));
    let chosen = dialog.browser().chosen().map(|entry| entry.name.as_os_str());
    assert_eq!(chosen, Some(OsStr::new("test_image.png")));
}

#[test]
fn a_failed_upload_is_tried_again_as_it_was() {
    let mut dialog = uploading();
    let reason = "nobody leads".to_owned();
    told(&mut dialog, at(9), &UploadEvent::Failed { reason });
    let upload = Command::Upload {
        user: user("alice"),
        file: "/work/test_image.png".into(),
    };
    assert_eq!(press(&mut dialog, &[KeyCode::Char('r')]), [upload]);
    assert!(matches!(dialog.step(), Step::Watch(_)));
}

#[test]
fn a_cancelled_upload_says_what_is_known_and_hears_nothing_more() {
    let mut dialog = uploading();
    assert_eq!(press(&mut dialog, &[KeyCode::Char('c')]), [Command::CancelUpload]);
    let said = "cancelled; the outcome is unknown; repeating the upload is safe";
    assert!(matches!(dialog.step(), Step::Failed { reason, .. } if reason == said));
    assert_eq!(told(&mut dialog, at(9), &saved()), []);
    assert!(matches!(dialog.step(), Step::Failed { .. }));
}

#[test]
fn a_hidden_upload_goes_on_and_is_there_again() {
    let mut dialog = uploading();
    dialog.previewed(picture(1));
    press(&mut dialog, &[KeyCode::Esc]);
    assert!(!dialog.is_shown() && dialog.picture().picture().is_none());
    told(&mut dialog, at(5), &broadcasting()[0]);
    assert_eq!(opened(&mut dialog, at(2000)), [image(2, "/work/test_image.png")]);
    assert!(matches!(dialog.step(), Step::Watch(broadcast) if broadcast.attempt == 1));
    press(&mut dialog, &[KeyCode::Esc]);
    assert_eq!(
        told(&mut dialog, at(2500), &saved()),
        [],
        "nobody looks at its ciphertext"
    );
    assert_eq!(opened(&mut dialog, at(2600)), [Command::List("/work".into())]);
    assert_eq!(dialog.step(), &Step::Choose);
}

#[test]
fn a_failure_that_nobody_saw_is_shown_when_the_dialog_opens() {
    let mut dialog = uploading();
    press(&mut dialog, &[KeyCode::Esc]);
    let reason = "nobody leads".to_owned();
    told(&mut dialog, at(5), &UploadEvent::Failed { reason });
    opened(&mut dialog, at(6));
    assert!(matches!(dialog.step(), Step::Failed { .. }));
    press(&mut dialog, &[KeyCode::Esc]);
    opened(&mut dialog, at(7));
    assert_eq!(dialog.step(), &Step::Choose);
}

#[test]
fn no_upload_begins_without_a_name_and_a_file() {
    let mut dialog = shown(SCREEN);
    press(&mut dialog, &[KeyCode::Tab]);
    assert_eq!(press(&mut dialog, &[KeyCode::Enter]), []);
    assert_eq!(dialog.browser().problem(), Some("choose an image first"));
    assert_eq!(dialog.field(), Field::Files);
    press(&mut dialog, &[KeyCode::End, KeyCode::Enter]);
    press(&mut dialog, &[KeyCode::Backspace; 5]);
    assert_eq!(press(&mut dialog, &[KeyCode::Enter]), []);
    assert_eq!(
        dialog.user().problem(),
        Some("user name is empty; give at least one character")
    );
    assert_eq!(dialog.step(), &Step::Choose);
}

#[test]
fn a_path_is_opened_where_it_is_pasted_and_a_name_is_taken_where_it_is() {
    let mut dialog = shown(SCREEN);
    let opened = dialog.paste("'/tmp/my trip.png'\n");
    assert_eq!(opened, [Command::List("/tmp/my trip.png".into())]);
    press(&mut dialog, &[KeyCode::Tab]);
    press(&mut dialog, &[KeyCode::Backspace; 5]);
    assert_eq!(dialog.paste(&"x".repeat(1_000_000)), []);
    assert_eq!(dialog.user().text(), "x".repeat(64));
}

#[test]
fn the_last_user_is_offered_first_next_time() {
    let mut dialog = shown(SCREEN);
    press(&mut dialog, &[KeyCode::End, KeyCode::Enter]);
    press(&mut dialog, &[KeyCode::Up, KeyCode::Enter]);
    assert!(matches!(dialog.step(), Step::Watch(broadcast) if broadcast.user == user("bob")));
    assert_eq!(dialog.user().offered(), [user("bob"), user("alice")]);
}

#[test]
fn another_size_asks_for_another_picture() {
    let mut dialog = shown(SCREEN);
    press(&mut dialog, &[KeyCode::End]);
    let larger = Size::new(120, 40);
    let commands = dialog.resized(larger);
    let [Command::Preview(request)] = commands.as_slice() else {
        panic!("{commands:?}");
    };
    assert_eq!(request.area, Panes::of(Rect::from(larger)).picture());
    press(&mut dialog, &[KeyCode::Esc]);
    assert_eq!(dialog.resized(SCREEN), [], "nobody looks");
}

proptest! {
    #[test]
    fn no_key_starts_an_upload_but_enter_and_r(
        letters in proptest::collection::vec(any::<char>().prop_filter("not r", |c| *c != 'r'), 0..50),
    ) {
        let mut dialog = shown(SCREEN);
        press(&mut dialog, &[KeyCode::End]);
        for letter in letters {
            for command in press(&mut dialog, &[KeyCode::Char(letter)]) {
                let starts = matches!(command, Command::Upload { .. } | Command::CancelUpload);
                prop_assert!(!starts);
            }
        }
    }
}
