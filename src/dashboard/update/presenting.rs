//! What keys do before an audience: `q` quits nothing, and one key brings a clean cluster back.

use crate::dashboard::faults;
use crate::dashboard::message::Command;
use crate::dashboard::model::{Control, Ending, Model};
use crate::dashboard::theme::Tone;
use crate::fault::Fault;

/// Says whether `q` is locked: a hand that slips must not end a demonstration. One that ends may end.
pub(super) fn is_locked(model: &Model) -> bool {
    model.presenter.is_on() && model.ending == Ending::No
}

pub(super) fn say_locked(model: &mut Model) {
    model.say(Tone::Busy, "locked while presenting; press P first");
}

/// Heals, thaws and starts what was broken, and forgets what the panels tell of it.
pub(super) fn clean_up(model: &mut Model) -> Vec<Command> {
    if let Some(reason) = refused(model) {
        model.say(Tone::Busy, reason);
        return Vec::new();
    }
    let wishes = faults::undone(&model.cluster);
    model.say(Tone::Good, "all healed and started; images are kept");
    // Who is started must find its links whole.
    model.cluster.asked(&Fault::HealAll);
    let healed = Command::Fault(Fault::HealAll);
    [Command::Forget, healed]
        .into_iter()
        .chain(wishes.into_iter().map(Command::Wish))
        .collect()
}

/// Returns why nothing is cleaned up.
fn refused(model: &Model) -> Option<&'static str> {
    if !model.presenter.is_on() {
        return Some("this cleans up while presenting; press P first");
    }
    if model.setup.control == Control::Attached {
        return Some("attached: whoever started these nodes cleans up");
    }
    if model.ending != Ending::No {
        return Some("every node is being stopped; nothing is cleaned up now");
    }
    // A scenario judges by what the panels know.
    let plays = model.stage.as_ref().is_some_and(|stage| !stage.over);
    plays.then_some("a scenario has this cluster until it is over")
}

#[cfg(test)]
mod tests;
