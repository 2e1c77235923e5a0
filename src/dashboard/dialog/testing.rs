//! What tests of the dialog and of its looks share: folders that exist nowhere.

use std::ffi::OsString;

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::layout::Size;

use super::listing::{Contents, Entry, EntryKind, Listing, sort};
use super::upload::{Start, UploadDialog};
use crate::dashboard::keymap;
use crate::dashboard::message::Command;
use crate::id::{Ballot, Epoch, ImageId, NodeId, RequestId};
use crate::protocol::Assignment;
use crate::upload::{Answer, Receipt, Unreachable, UploadEvent};

pub(crate) fn id(number: u16) -> NodeId {
    NodeId::new(number).expect("not zero")
}

/// Lists `folder`; a name that ends in a slash is that of a folder.
pub(crate) fn listing(folder: &str, names: &[&str]) -> Listing {
    let entries = names.iter().map(|name| {
        let folder = name
            .strip_suffix('/')
            .map(|name| entry(name.into(), EntryKind::Folder));
        let kind = EntryKind::of_file(name.as_ref(), 614_831);
        folder.unwrap_or_else(|| entry(name.into(), kind))
    });
    listing_of(folder, entries.collect())
}

pub(crate) fn listing_of(folder: &str, mut entries: Vec<Entry>) -> Listing {
    sort(&mut entries);
    Listing {
        asked: folder.into(),
        found: Ok(Contents {
            folder: folder.into(),
            selected: None,
            entries,
            left_out: 0,
        }),
    }
}

pub(crate) fn entry(name: OsString, kind: EntryKind) -> Entry {
    Entry { name, kind }
}

/// Returns a dialog that shows the folder `/work` with a few entries.
pub(crate) fn shown(size: Size) -> UploadDialog {
    let start = Start {
        folder: "/work".into(),
        users: vec!["alice".parse().expect("valid"), "bob".parse().expect("valid")],
    };
    let mut dialog = UploadDialog::new(start, size);
    dialog.open();
    let names = [
        "images/",
        "src/",
        ".git/",
        "sunset.jpg",
        "test_image.png",
        "README.md",
    ];
    dialog.listed(listing("/work", &names));
    dialog
}

/// Presses keys as the dashboard would hand them on.
pub(crate) fn press(dialog: &mut UploadDialog, keys: &[KeyCode]) -> Vec<Command> {
    let mut commands = Vec::new();
    for &code in keys {
        let (mode, key) = (dialog.mode(), KeyEvent::from(code));
        commands.extend(match keymap::action(mode, key) {
            Some(action) => dialog.act(mode, action),
            None => dialog.typed(key),
        });
    }
    commands
}

/// The offer goes out to three members.
pub(crate) fn broadcasting() -> Vec<UploadEvent> {
    let mut events = vec![UploadEvent::Broadcasting { servers: 3 }];
    events.extend((1..=3).map(|number| UploadEvent::Sending {
        node: id(number),
        address: format!("127.0.0.1:{}", 8000 + number).parse().expect("valid"),
    }));
    events
}

pub(crate) fn declined(number: u16) -> UploadEvent {
    UploadEvent::Answered {
        node: id(number),
        answer: Answer::Declined {
            reason: format!("Node {number} is not the leader"),
        },
    }
}

pub(crate) fn unreachable(number: u16) -> UploadEvent {
    UploadEvent::Answered {
        node: id(number),
        answer: Answer::Unreachable(Unreachable::ConnectionRefused),
    }
}

/// Node `leader` answers that node `to` is to encrypt it.
pub(crate) fn leads(leader: u16, to: u16) -> UploadEvent {
    let assignment = Assignment {
        ballot: ballot(leader),
        request: RequestId(1),
        node: id(to),
        quorum: 2,
        stall_ms: 1000,
    };
    UploadEvent::Answered {
        node: id(leader),
        answer: Answer::Assigned(assignment),
    }
}

pub(crate) fn assigned(leader: u16, to: u16) -> UploadEvent {
    UploadEvent::Assigned {
        node: id(to),
        ballot: ballot(leader),
    }
}

fn ballot(leader: u16) -> Ballot {
    Ballot {
        epoch: Epoch(4),
        id: id(leader),
    }
}

pub(crate) fn saved() -> UploadEvent {
    UploadEvent::Saved(Receipt {
        image: ImageId::from_bytes([7; 16]),
        saved: Some("images/encrypted_test_image_1730738456.png".into()),
        leader: id(3),
        server: id(1),
        bytes: 614_831,
        copies: 3,
        members: 3,
        digest: String::new(),
    })
}
