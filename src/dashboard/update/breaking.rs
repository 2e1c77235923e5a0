//! Breaking things by keys: processes from a menu, links on the matrix.

use super::movement::{Neighbour, beside};
use crate::dashboard::faults::{self, Fault};
use crate::dashboard::keymap::Action;
use crate::dashboard::links::Cursor;
use crate::dashboard::message::Command;
use crate::dashboard::model::{Control, Ending, Model, Window};
use crate::dashboard::playback;
use crate::dashboard::theme::Tone;

/// Does something to nodes, and says what was done or why not.
pub(super) fn inflict(model: &mut Model, fault: Fault) -> Vec<Command> {
    if model.setup.control == Control::Attached {
        model.say(
            Tone::Busy,
            "attached: whoever started these nodes starts and stops them",
        );
        return Vec::new();
    }
    if model.ending != Ending::No {
        model.say(
            Tone::Busy,
            "every node is being stopped; nothing is started or frozen now",
        );
        return Vec::new();
    }
    match faults::wishes(fault, &model.cluster, model.selected) {
        Ok((wishes, said)) => {
            model.say(Tone::Accent, said);
            wishes.into_iter().map(Command::Wish).collect()
        }
        Err(reason) => {
            model.say(Tone::Busy, reason);
            Vec::new()
        }
    }
}

/// Opens the link matrix on the chosen node.
pub(super) fn open_links(model: &mut Model) {
    match Cursor::of(&model.cluster, model.selected) {
        Some(cursor) => model.window = Some(Window::Links(cursor)),
        None => model.say(Tone::Busy, "a cluster of one node has no links"),
    }
}

/// Moves in the link matrix, or makes something wrong there; it stays open for the next.
pub(super) fn in_matrix(model: &mut Model, action: Action) -> Vec<Command> {
    let Some(Window::Links(cursor)) = &mut model.window else {
        return Vec::new();
    };
    if action == Action::Close {
        model.window = None;
        return Vec::new();
    }
    let Some((fault, said)) = cursor.fault(&model.cluster, action) else {
        *cursor = cursor.moved(&model.cluster, action);
        return Vec::new();
    };
    if let Some(why) = playback::refusal(model) {
        model.say(Tone::Busy, why);
        return Vec::new();
    }
    if model.setup.control == Control::Attached {
        let said = "attached: whoever started these nodes breaks them; heirloom fault does it from a shell";
        model.say(Tone::Busy, said);
        return Vec::new();
    }
    model.say(Tone::Accent, said);
    vec![Command::Fault(fault)]
}

/// Moves in the menu of faults, or does the chosen one.
pub(super) fn choose_fault(model: &mut Model, action: Action) -> Vec<Command> {
    let Some(Window::Faults { chosen }) = &mut model.window else {
        return Vec::new();
    };
    match action {
        Action::Up => *chosen = beside_index(*chosen, Neighbour::Before),
        Action::Down => *chosen = beside_index(*chosen, Neighbour::After),
        Action::Confirm => {
            let fault = Fault::ALL[*chosen];
            model.window = None;
            return inflict(model, fault);
        }
        _ => model.window = None,
    }
    Vec::new()
}

fn beside_index(index: usize, neighbour: Neighbour) -> usize {
    let ring: [usize; Fault::ALL.len()] = std::array::from_fn(|index| index);
    beside(&ring, index, neighbour)
}
