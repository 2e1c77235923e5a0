//! What keys do where a recording is shown instead of a cluster.

use super::faults::Fault;
use super::keymap::{Action, Mode};
use super::links;
use super::message::Command;
use super::model::{Control, Model};
use super::theme::Tone;
use super::transport::{Motion, Playback};

/// Says whether the keys of a recording work in a mode: where a person looks at panels.
pub(super) const fn has_keys(mode: Mode) -> bool {
    matches!(mode, Mode::Main | Mode::Logs)
}

/// Returns what a key asks of the recording; `None` when it is about the screen.
pub(super) const fn asked(action: Action) -> Option<Playback> {
    Some(match action {
        Action::Play => Playback::PauseOrPlay,
        Action::StepOn => Playback::Step,
        Action::SkipBack => Playback::SkipBack,
        Action::SkipForward => Playback::SkipForward,
        Action::PreviousElection => Playback::PreviousElection,
        Action::NextElection => Playback::NextElection,
        Action::Slower => Playback::Slower,
        Action::Faster => Playback::Faster,
        Action::ToStart => Playback::ToStart,
        Action::ToEnd => Playback::ToEnd,
        _ => return None,
    })
}

/// Passes a key on to whoever plays the recording.
pub(super) fn act(action: Action) -> Vec<Command> {
    asked(action).map(Command::Playback).into_iter().collect()
}

/// Says why a key does nothing to nodes that were recorded; `true` if it is such a key.
pub(super) fn refuses(model: &mut Model, action: Action) -> bool {
    let why = refusal(model).filter(|_| needs_a_cluster(action));
    if let Some(why) = why {
        model.say(Tone::Busy, why);
    }
    why.is_some()
}

/// Returns why nothing can be done to the nodes that are shown; `None` where there are some.
fn refusal(model: &Model) -> Option<&'static str> {
    model.transport.as_ref()?;
    Some(match model.setup.control {
        Control::Simulated => "this is a simulation: its seed decides; start heirloom for a cluster",
        Control::Supervised | Control::Attached => {
            "this is a recording: nothing can be done to its nodes; start heirloom for a cluster"
        }
    })
}

/// Says whether an action makes sense only where there are nodes.
pub(super) fn needs_a_cluster(action: Action) -> bool {
    let of_fault = Fault::ALL.into_iter().any(|fault| fault.action() == action);
    of_fault || links::breaks(action) || matches!(action, Action::Faults | Action::Upload | Action::CleanUp)
}

/// Returns what the key of [`Action::Play`] does now.
pub(super) const fn play_label(motion: Motion) -> &'static str {
    match motion {
        Motion::Playing | Motion::Seeking => "pause",
        Motion::Paused => "play",
        Motion::Ended => "again",
    }
}
