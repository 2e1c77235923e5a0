//! What a message does to the model, and what the dashboard wants done because of it.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use tui_input::InputRequest;

use super::cluster::logs::LogSource;
use super::faults::{self, Fault};
use super::keymap::{self, Action, Mode};
use super::layout::Panel;
use super::log_view::Stepped;
use super::message::{Command, Message};
use super::model::{Control, Ending, Model, Window};
use super::theme::Tone;
use crate::id::NodeId;
use crate::time::Time;
use crate::upload::UploadEvent;

/// Changes the model by a message at `now`, and returns what is to be done, in order.
pub fn update(model: &mut Model, now: Time, message: Message) -> Vec<Command> {
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
        Message::Beat | Message::Paged(Ok(())) => {}
        Message::Paged(Err(reason)) => model.say(Tone::Bad, reason),
    }
    Vec::new()
}

fn pressed(model: &mut Model, key: KeyEvent) -> Vec<Command> {
    let mode = model.mode();
    match keymap::action(mode, key) {
        Some(Action::Select) => {
            select(model, key);
            Vec::new()
        }
        Some(action) => act(model, mode, action),
        None if mode == Mode::Filter => {
            if let Some(request) = typed(key) {
                model.logs.type_in(request);
            }
            Vec::new()
        }
        None if model.upload.is_shown() && model.window.is_none() => model.upload.typed(key),
        None => Vec::new(),
    }
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
        Mode::Main | Mode::Logs | Mode::Everywhere => return act_on_panels(model, action),
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
        Mode::Files | Mode::Find | Mode::User | Mode::Watch | Mode::Done | Mode::Failed => {
            return model.upload.act(mode, action);
        }
    }
    Vec::new()
}

fn act_on_panels(model: &mut Model, action: Action) -> Vec<Command> {
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
        Action::Pause => model.hold_or_release(),
        Action::Help => model.window = Some(Window::Help { scroll: 0 }),
        Action::Why => model.window = Some(Window::Why),
        Action::Faults => model.window = Some(Window::Faults { chosen: 0 }),
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
        | Action::Again => {}
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
        (Control::Attached, _) => quit(model),
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

fn select(model: &mut Model, key: KeyEvent) {
    let KeyCode::Char(digit) = key.code else { return };
    let node = digit
        .to_digit(10)
        .and_then(|digit| NodeId::new(u16::try_from(digit).ok()?));
    match node.filter(|node| model.cluster.nodes.contains_key(node)) {
        Some(node) => choose(model, node),
        None => model.say(Tone::Busy, format!("there is no node {digit}")),
    }
}

/// Chooses a node; logs of one node follow the choice.
fn choose(model: &mut Model, node: NodeId) {
    model.selected = node;
    if matches!(model.logs.source, LogSource::Node(_)) {
        model.logs.look_at(LogSource::Node(node));
    }
}

#[derive(Clone, Copy)]
enum Neighbour {
    Before,
    After,
}

/// Returns the neighbour of `current` in a ring.
fn beside<T: Copy + PartialEq>(ring: &[T], current: T, neighbour: Neighbour) -> T {
    let Some(at) = ring.iter().position(|item| *item == current) else {
        return ring.first().copied().unwrap_or(current);
    };
    let step = match neighbour {
        Neighbour::Before => ring.len() - 1,
        Neighbour::After => 1,
    };
    ring[(at + step) % ring.len()]
}

fn neighbour(model: &mut Model, neighbour: Neighbour) {
    let ring: Vec<NodeId> = model.cluster.nodes.keys().copied().collect();
    let node = beside(&ring, model.selected, neighbour);
    choose(model, node);
}

/// Changes to a panel that is shown; from one that is alone, to any.
fn change_panel(model: &mut Model, neighbour: Neighbour) {
    let shown = model.layout().map(|layout| layout.panels).unwrap_or_default();
    let mut ring: Vec<Panel> = shown.into_iter().map(|(panel, _)| panel).collect();
    ring.sort_unstable();
    if model.zoomed || ring.is_empty() {
        ring = Panel::ALL.to_vec();
    }
    model.focus = beside(&ring, model.focus, neighbour);
}

/// Looks at a panel: where it stands, or alone if it has no place or is looked at already.
fn look_at(model: &mut Model, panel: Panel) {
    if model.focus == panel {
        model.zoomed = !model.zoomed;
        return;
    }
    model.zoomed = false;
    model.focus = panel;
    let shown = model.layout().is_some_and(|layout| layout.area(panel).is_some());
    model.zoomed = !shown;
}

fn next_source(model: &mut Model) {
    let nodes = model.cluster.nodes.keys().copied().map(LogSource::Node);
    let ring: Vec<LogSource> = std::iter::once(LogSource::Merged).chain(nodes).collect();
    let source = beside(&ring, model.logs.source, Neighbour::After);
    model.logs.look_at(source);
    if let LogSource::Node(node) = source {
        model.selected = node;
    }
}

fn clear_filter(model: &mut Model) {
    let page = model.page();
    let (lines, view) = model.shown_logs();
    view.clear(lines, page);
}

fn step_to_match(model: &mut Model, neighbour: Neighbour) {
    let page = model.page();
    let (lines, view) = model.shown_logs();
    let stepped = match neighbour {
        Neighbour::Before => view.older_match(lines, page),
        Neighbour::After => view.newer_match(lines, page),
    };
    match (stepped, neighbour) {
        (Stepped::To, _) => {}
        (Stepped::Nowhere, Neighbour::Before) => model.say(Tone::Busy, "there is no older match"),
        (Stepped::Nowhere, Neighbour::After) => model.say(Tone::Busy, "no newer match; following"),
        (Stepped::Unfiltered, _) => model.say(Tone::Busy, "type / and what to look for first"),
    }
}

#[derive(Clone, Copy)]
enum Step {
    Back(usize),
    Forward(usize),
    First,
    Last,
}

/// Moves in the panel that keys are meant for; where nothing scrolls, it moves among nodes.
fn scroll(model: &mut Model, step: Step) {
    let page = model.page();
    match model.focus {
        Panel::Logs => {
            let (lines, view) = model.shown_logs();
            match step {
                Step::Back(count) => view.back(lines, count, page),
                Step::Forward(count) => view.forward(lines, count),
                Step::First => view.first(lines, page),
                Step::Last => view.follow(),
            }
        }
        Panel::Uploads => {
            let furthest = model.shown().uploads.len().saturating_sub(1);
            model.uploads_scroll = moved(model.uploads_scroll, step, furthest);
        }
        Panel::Elections => {
            let furthest = super::view::election_lines(model.shown()).saturating_sub(1);
            model.elections_scroll = moved(model.elections_scroll, step, furthest);
        }
        Panel::Nodes | Panel::Rotation | Panel::Timeline => match step {
            Step::Back(_) | Step::First => neighbour(model, Neighbour::Before),
            Step::Forward(_) | Step::Last => neighbour(model, Neighbour::After),
        },
    }
}

/// Lists stand with their newest line on top: up is newer, and 0 the newest.
fn moved(scroll: usize, step: Step, furthest: usize) -> usize {
    match step {
        Step::Back(lines) => scroll.saturating_sub(lines),
        Step::Forward(lines) => (scroll + lines).min(furthest),
        Step::First => 0,
        Step::Last => furthest,
    }
}

/// Does something to nodes, and says what was done or why not.
fn inflict(model: &mut Model, fault: Fault) -> Vec<Command> {
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

fn choose_fault(model: &mut Model, action: Action) -> Vec<Command> {
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

/// Moves in a window that only shows something, or closes it.
fn read(model: &mut Model, action: Action) {
    let page = usize::from(model.size.height / 2).max(1);
    let furthest = super::view::help_furthest(model);
    match (&mut model.window, action) {
        (Some(Window::Help { scroll }), Action::Up) => *scroll = moved(*scroll, Step::Back(1), furthest),
        (Some(Window::Help { scroll }), Action::Down) => *scroll = moved(*scroll, Step::Forward(1), furthest),
        (Some(Window::Help { scroll }), Action::PageUp) => {
            *scroll = moved(*scroll, Step::Back(page), furthest)
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
