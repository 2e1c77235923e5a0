//! What a message does to the model, and what the dashboard wants done because of it.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use tui_input::InputRequest;

use self::breaking::{choose_fault, in_matrix, inflict, open_links};
use self::movement::{
    Neighbour, Step, change_panel, clear_filter, look_at, moved, neighbour, next_source, scroll, select,
    step_to_match,
};
use self::presenting::{clean_up, is_locked, say_locked};
use super::faults::Fault;
use super::keymap::{self, Action, Mode};
use super::layout::Panel;
use super::message::{Command, Message};
use super::model::{Control, Ending, Model, Window};
use super::playback;
use super::theme::Tone;
use crate::time::Time;
use crate::upload::UploadEvent;

mod breaking;
mod movement;
mod presenting;

/// Changes the model by a message at `now`, and returns what is to be done, in order.
pub fn update(model: &mut Model, now: Time, message: Message) -> Vec<Command> {
    if let Message::Rewound(known) = message {
        model.rewind(now, *known);
        return Vec::new();
    }
    model.tick(now);
    match message {
        Message::Node(event) => model.cluster.node_told(now, &event),
        Message::Process(event) => model.cluster.process_became(now, &event),
        Message::Contact(node, contact) => model.cluster.contacted(now, node, &contact),
        Message::Resized(size) => {
            model.size = size;
            return model.upload.resized(size);
        }
        Message::Key(key) => return pressed(model, key),
        Message::Paste(text) => return pasted(model, &text),
        Message::Upload(event) => {
            hidden_upload(model, &event);
            return model.upload.uploaded(&event);
        }
        Message::Listed(listing) => return model.upload.listed(listing),
        Message::Previewed(preview) => return model.upload.previewed(preview),
        Message::Stage(stage) => model.show_stage(*stage),
        Message::Forget => model.forget(),
        Message::Beat | Message::Rewound(_) | Message::Paged(Ok(())) => {}
        Message::Paged(Err(reason)) => model.say(Tone::Bad, reason),
    }
    Vec::new()
}

fn pressed(model: &mut Model, key: KeyEvent) -> Vec<Command> {
    let mode = model.mode();
    model.take_back_remark();
    let above = mode_above(model, mode);
    let own = above.and_then(|above| Some((above, keymap::own_binding(above, key)?)));
    let bound = own.or_else(|| Some((mode, keymap::binding(mode, key)?)));
    let Some((mode, binding)) = bound else {
        return unbound(model, mode, key);
    };
    let commands = match binding.action {
        Action::Select => {
            select(model, key);
            Vec::new()
        }
        action => act(model, mode, action),
    };
    if !(binding.action == Action::Quit && is_locked(model)) {
        // What a locked key would do is no news to an audience.
        model.show_key(binding.pressed_key(key), binding.help);
    }
    commands
}

/// Returns the mode that is asked first on the panels: what is shown there has keys of its own.
fn mode_above(model: &Model, mode: Mode) -> Option<Mode> {
    if !playback::has_keys(mode) {
        return None;
    }
    // Whether or not a caption waits: a second press must not hold the screen under an audience.
    let plays = model.stage.as_ref().is_some_and(|stage| !stage.over);
    match &model.transport {
        Some(_) => Some(Mode::Replay),
        None => plays.then_some(Mode::Scenario),
    }
}

/// Types a key that is bound to nothing, where text is typed.
fn unbound(model: &mut Model, mode: Mode, key: KeyEvent) -> Vec<Command> {
    if mode == Mode::Filter {
        if let Some(request) = typed(key) {
            model.logs.type_in(request);
        }
        return Vec::new();
    }
    if model.upload.is_shown() && model.window.is_none() {
        return model.upload.typed(key);
    }
    Vec::new()
}

/// Says how an upload ended that nobody watches.
fn hidden_upload(model: &mut Model, event: &UploadEvent) {
    if model.upload.is_shown() {
        return;
    }
    match event {
        UploadEvent::Saved(receipt) => {
            let (copies, members) = (receipt.copies, receipt.members);
            model.say(Tone::Good, format!("uploaded: on {copies} of {members} nodes"));
        }
        UploadEvent::Failed { .. } => model.say(Tone::Bad, "not uploaded; u shows why"),
        UploadEvent::Broadcasting { .. }
        | UploadEvent::Sending { .. }
        | UploadEvent::Answered { .. }
        | UploadEvent::Assigned { .. }
        | UploadEvent::Progress { .. }
        | UploadEvent::Retrying(_) => {}
    }
}

/// Does what a key means where it was pressed.
fn act(model: &mut Model, mode: Mode, action: Action) -> Vec<Command> {
    match action {
        Action::Interrupt => return interrupt(model),
        Action::Suspend => return vec![Command::Suspend],
        _ => {}
    }
    match mode {
        Mode::Replay if playback::asked(action).is_some() => return playback::act(action),
        Mode::Main | Mode::Logs | Mode::Replay | Mode::Scenario | Mode::Everywhere => {
            return act_on_panels(model, action);
        }
        Mode::Filter => match action {
            Action::Confirm => model.logs.apply(),
            _ => clear_filter(model),
        },
        Mode::Reading => read(model, action),
        Mode::Quitting => {
            model.window = None;
            if action == Action::Confirm {
                return quit(model);
            }
        }
        Mode::Faults => return choose_fault(model, action),
        Mode::Links => return in_matrix(model, action),
        Mode::Files | Mode::Find | Mode::User | Mode::Watch | Mode::Done | Mode::Failed => {
            return model.upload.act(mode, action);
        }
    }
    Vec::new()
}

fn act_on_panels(model: &mut Model, action: Action) -> Vec<Command> {
    if playback::refuses(model, action) {
        return Vec::new();
    }
    match action {
        Action::Up => scroll(model, Step::Back(1)),
        Action::Down => scroll(model, Step::Forward(1)),
        Action::PageUp => scroll(model, Step::Back(model.page())),
        Action::PageDown => scroll(model, Step::Forward(model.page())),
        Action::First => scroll(model, Step::First),
        Action::Last => scroll(model, Step::Last),
        Action::OlderMatch => step_to_match(model, Neighbour::Before),
        Action::NewerMatch => step_to_match(model, Neighbour::After),
        Action::Left => neighbour(model, Neighbour::Before),
        Action::Right => neighbour(model, Neighbour::After),
        Action::NextPanel => change_panel(model, Neighbour::After),
        Action::PreviousPanel => change_panel(model, Neighbour::Before),
        Action::Timeline => look_at(model, Panel::Timeline),
        Action::Finer => model.tape_scale = model.tape_scale.finer(),
        Action::Coarser => model.tape_scale = model.tape_scale.coarser(),
        Action::Elections => look_at(model, Panel::Elections),
        Action::Logs => look_at(model, Panel::Logs),
        Action::Zoom => model.zoomed = !model.zoomed,
        Action::Close if model.focus == Panel::Logs && !model.logs.filter().is_empty() => clear_filter(model),
        Action::Close => model.zoomed = false,
        Action::NextSource => next_source(model),
        Action::Filter => model.logs.begin_typing(),
        Action::NextCaption => return vec![Command::Next],
        Action::Present => model.turn_presenting(),
        Action::CleanUp => return clean_up(model),
        Action::Pause => model.hold_or_release(),
        Action::Help => model.window = Some(Window::Help { scroll: 0 }),
        Action::Why => model.window = Some(Window::Why),
        Action::Faults => model.window = Some(Window::Faults { chosen: 0 }),
        Action::Links => open_links(model),
        Action::Quit if is_locked(model) => say_locked(model),
        Action::Quit => return ask_to_quit(model),
        Action::Stop => return inflict(model, Fault::Stop),
        Action::Kill => return inflict(model, Fault::Kill),
        Action::KillLeader => return inflict(model, Fault::KillLeader),
        Action::FreezeOrThaw => return inflict(model, Fault::FreezeOrThaw),
        Action::Start => return inflict(model, Fault::Start),
        Action::Restart => return inflict(model, Fault::Restart),
        Action::StartAll => return inflict(model, Fault::StartAll),
        Action::Upload => return model.upload.open(),
        Action::Copy => return super::copy::copied(model),
        Action::Page => return super::copy::paged(model),
        Action::Select
        | Action::Confirm
        | Action::Interrupt
        | Action::Suspend
        | Action::Into
        | Action::Parent
        | Action::Scope
        | Action::NextField
        | Action::Cancel
        | Action::Another
        | Action::Again
        | Action::CutWay
        | Action::CutBoth
        | Action::Isolate
        | Action::Delay
        | Action::Lose
        | Action::SlowDisk
        | Action::StallClock
        | Action::HealOne
        | Action::HealAll
        | Action::Play
        | Action::StepOn
        | Action::SkipBack
        | Action::SkipForward
        | Action::PreviousElection
        | Action::NextElection
        | Action::Slower
        | Action::Faster
        | Action::ToStart
        | Action::ToEnd => {}
    }
    Vec::new()
}

/// Closes what is open, then asks, then stops, then kills.
fn interrupt(model: &mut Model) -> Vec<Command> {
    match (model.ending, &model.window) {
        (Ending::Stopping | Ending::Killing, _) => {
            model.ending = Ending::Killing;
            vec![Command::QuitNow]
        }
        (Ending::No, Some(Window::Quit)) => quit(model),
        (Ending::No, Some(_)) => {
            model.window = None;
            Vec::new()
        }
        (Ending::No, None) if model.upload.is_shown() => {
            model.upload.close();
            Vec::new()
        }
        (Ending::No, None) if model.logs.is_typing() => {
            clear_filter(model);
            Vec::new()
        }
        (Ending::No, None) => ask_to_quit(model),
    }
}

/// Only what ends nodes is asked about.
fn ask_to_quit(model: &mut Model) -> Vec<Command> {
    match (model.setup.control, model.ending) {
        _ if model.transport.is_some() => quit(model),
        (Control::Attached | Control::Simulated, _) => quit(model),
        (Control::Supervised, Ending::No) => {
            model.window = Some(Window::Quit);
            Vec::new()
        }
        (Control::Supervised, Ending::Stopping | Ending::Killing) => interrupt(model),
    }
}

fn quit(model: &mut Model) -> Vec<Command> {
    model.window = None;
    model.ending = Ending::Stopping;
    vec![Command::Quit]
}

/// Moves in a window that only shows something, or closes it.
fn read(model: &mut Model, action: Action) {
    let page = usize::from(model.size.height / 2).max(1);
    let furthest = super::view::help_furthest(model);
    match (&mut model.window, action) {
        (Some(Window::Help { scroll }), Action::Up) => *scroll = moved(*scroll, Step::Back(1), furthest),
        (Some(Window::Help { scroll }), Action::Down) => *scroll = moved(*scroll, Step::Forward(1), furthest),
        (Some(Window::Help { scroll }), Action::PageUp) => {
            *scroll = moved(*scroll, Step::Back(page), furthest);
        }
        (Some(Window::Help { scroll }), Action::PageDown) => {
            *scroll = moved(*scroll, Step::Forward(page), furthest);
        }
        (_, Action::Up | Action::Down | Action::PageUp | Action::PageDown) => {}
        (_, _) => model.window = None,
    }
}

/// Text comes at once where it is typed; everywhere else it means nothing.
fn pasted(model: &mut Model, text: &str) -> Vec<Command> {
    if model.upload.is_shown() && model.window.is_none() {
        return model.upload.paste(text);
    }
    if model.mode() == Mode::Filter {
        let typed = text.chars().filter(|letter| !letter.is_control());
        for letter in typed.take(super::log_view::FILTER_CHARS_MAX) {
            model.logs.type_in(InputRequest::InsertChar(letter));
        }
    }
    Vec::new()
}

/// Returns what a key does in a line in which text is typed.
pub(super) fn typed(key: KeyEvent) -> Option<InputRequest> {
    use InputRequest as R;
    if key.modifiers.contains(KeyModifiers::ALT) {
        // A letter with Alt is a key of its own, which no line knows.
        return None;
    }
    let control = key.modifiers.contains(KeyModifiers::CONTROL);
    Some(match (key.code, control) {
        (KeyCode::Char('w'), true) => R::DeletePrevWord,
        (KeyCode::Char('u'), true) => R::DeleteLine,
        (KeyCode::Char('a'), true) | (KeyCode::Home, _) => R::GoToStart,
        (KeyCode::Char('e'), true) | (KeyCode::End, _) => R::GoToEnd,
        (KeyCode::Char(letter), false) if !letter.is_control() => R::InsertChar(letter),
        (KeyCode::Backspace, _) => R::DeletePrevChar,
        (KeyCode::Delete, _) => R::DeleteNextChar,
        (KeyCode::Left, _) => R::GoToPrevChar,
        (KeyCode::Right, _) => R::GoToNextChar,
        _ => return None,
    })
}
