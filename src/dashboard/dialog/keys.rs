//! The keys of the upload dialog, for the one table that handler, footer and help read.

use crossterm::event::KeyCode;

use crate::dashboard::keymap::{
    Action as A, BACK_TAB, Binding, Chord, DOWN, END, ENTER, ESCAPE, HOME, LEFT, Mode as M, PAGE_DOWN,
    PAGE_UP, RIGHT, TAB, UP, bind, key,
};

const BACKSPACE: Chord = Chord::Key(KeyCode::Backspace);

/// The keys, in the order of the footer: what matters most comes first.
#[rustfmt::skip] // A key a line.
pub const BINDINGS: &[Binding] = &[
    bind(M::Files, &[ENTER], A::Confirm, "choose", "go into the folder, or on with the file"),
    bind(M::Files, &[LEFT, BACKSPACE, key('h')], A::Parent, "up", "go to the folder around this one"),
    bind(M::Files, &[key('/')], A::Filter, "find or path", "look for a name, or type a path"),
    bind(M::Files, &[key('.')], A::Scope, "all files", "list every file, or folders and images only"),
    bind(M::Files, &[TAB, BACK_TAB], A::NextField, "user", "change to the user"),
    bind(M::Files, &[ESCAPE], A::Close, "close", "close the dialog"),
    bind(M::Files, &[RIGHT, key('l')], A::Into, "", "go into the folder"),
    bind(M::Files, &[UP, key('k')], A::Up, "", "choose the one above"),
    bind(M::Files, &[DOWN, key('j')], A::Down, "", "choose the one below"),
    bind(M::Files, &[PAGE_UP], A::PageUp, "", "move up by a page"),
    bind(M::Files, &[PAGE_DOWN], A::PageDown, "", "move down by a page"),
    bind(M::Files, &[HOME, key('g')], A::First, "", "choose the first"),
    bind(M::Files, &[END, key('G')], A::Last, "", "choose the last"),
    bind(M::Find, &[ENTER], A::Confirm, "choose", "take what is found, or go to the path"),
    bind(M::Find, &[ESCAPE], A::Close, "show all again", "forget the filter"),
    bind(M::Find, &[TAB, BACK_TAB], A::NextField, "user", "change to the user"),
    bind(M::Find, &[UP], A::Up, "", "choose the one above"),
    bind(M::Find, &[DOWN], A::Down, "", "choose the one below"),
    bind(M::Find, &[PAGE_UP], A::PageUp, "", "move up by a page"),
    bind(M::Find, &[PAGE_DOWN], A::PageDown, "", "move down by a page"),
    bind(M::User, &[ENTER], A::Confirm, "upload", "encrypt the image and offer it to every node"),
    bind(M::User, &[UP], A::Up, "older user", "take an older one of the last users"),
    bind(M::User, &[DOWN], A::Down, "newer user", "take a newer one"),
    bind(M::User, &[TAB, BACK_TAB], A::NextField, "files", "change to the files"),
    bind(M::User, &[ESCAPE], A::Close, "close", "close the dialog"),
    bind(M::Watch, &[ESCAPE], A::Close, "hide, it goes on", "hide the dialog; the upload goes on"),
    bind(M::Watch, &[key('c')], A::Cancel, "cancel the upload", "give up the upload"),
    bind(M::Done, &[ENTER, ESCAPE, key('q')], A::Close, "close", "close the dialog"),
    bind(M::Done, &[key('u')], A::Another, "upload another", "choose another image"),
    bind(M::Done, &[key('y')], A::Copy, "copy the path", "copy where it was saved"),
    bind(M::Failed, &[ENTER, key('u')], A::Another, "change something", "choose again, with everything kept"),
    bind(M::Failed, &[key('r')], A::Again, "try again", "upload the same again: it happens once"),
    bind(M::Failed, &[key('y')], A::Copy, "copy the reason", "copy why it failed"),
    bind(M::Failed, &[ESCAPE, key('q')], A::Close, "close", "close the dialog"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_loses_a_letter_to_a_key() {
        for binding in BINDINGS {
            let letter = |chord: &Chord| matches!(chord, Chord::Key(KeyCode::Char(_)) | Chord::Digit);
            let typed_into = matches!(binding.mode, M::Find | M::User);
            assert!(!typed_into || !binding.chords.iter().any(letter), "{binding:?}");
        }
    }

    #[test]
    fn every_mode_tells_how_to_leave_it() {
        for mode in [M::Files, M::Find, M::User, M::Watch, M::Done, M::Failed] {
            let leaves = |binding: &&Binding| {
                binding.action == A::Close && binding.mode == mode && !binding.label.is_empty()
            };
            assert!(BINDINGS.iter().any(|binding| leaves(&binding)), "{mode:?}");
        }
    }
}
