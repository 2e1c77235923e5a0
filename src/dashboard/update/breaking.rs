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
    let attached = "attached: whoever started these nodes starts and stops them";
    let ending = "every node is being stopped; nothing is started or frozen now";
    if refuses(model, attached, ending) {
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
    let attached = "attached: whoever started these nodes breaks them; heirloom fault does it from a shell";
    let ending = "every node is being stopped; no link is broken or healed now";
    if playback::refuses(model, action) || refuses(model, attached, ending) {
        return Vec::new();
    }
    model.say(Tone::Accent, said);
    model.cluster.asked(&fault);
    vec![Command::Fault(fault)]
}

/// Says why nothing is done to nodes that others run, or that are about to end; `true` if they are such.
fn refuses(model: &mut Model, attached: &str, ending: &str) -> bool {
    let reason = match (model.setup.control, model.ending) {
        (Control::Attached, _) => attached,
        (Control::Supervised | Control::Simulated, Ending::Stopping | Ending::Killing) => ending,
        (Control::Supervised | Control::Simulated, Ending::No) => return false,
    };
    model.say(Tone::Busy, reason);
    true
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::dashboard::testing::Scene;
    use crate::dashboard::transport::{Motion, Pace, Speed, Transport};

    /// Opens the matrix and presses every key that breaks or heals something; returns what was said.
    fn refused(scene: &mut Scene) -> String {
        scene.press('f');
        let mut said = None;
        for key in "cbpdlhHst".chars() {
            assert_eq!(scene.press(key), [], "{key}");
            let toast = scene.model.toast.as_ref().expect("it says why");
            assert_eq!(*said.get_or_insert_with(|| toast.text.clone()), toast.text);
        }
        said.expect("there are keys")
    }

    #[test]
    fn nothing_can_be_done_to_the_links_of_a_recording() {
        let mut scene = Scene::led(80, 24);
        scene.model.transport = Some(Transport {
            position: Duration::ZERO,
            length: Duration::from_secs(9),
            speed: Speed::ONE,
            pace: Pace::AsAsked,
            motion: Motion::Playing,
            remark: None,
        });
        assert!(refused(&mut scene).starts_with("this is a recording: nothing can be done to its nodes"));
    }

    #[test]
    fn no_link_is_broken_of_nodes_that_end_or_that_others_run() {
        let mut scene = Scene::led(80, 24);
        scene.model.ending = Ending::Stopping;
        assert!(refused(&mut scene).starts_with("every node is being stopped"));
        let mut scene = Scene::led(80, 24);
        scene.model.setup.control = Control::Attached;
        assert!(refused(&mut scene).starts_with("attached: "));
    }
}
