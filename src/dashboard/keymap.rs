//! The keys: one table that feeds the handler, the footer, the help and the manual.
//!
//! A key means something in a mode. What a mode does not bind falls through to the mode below it
//! (see [`Mode::below`]), so that moving about works in every panel, and Ctrl-C everywhere.

use std::fmt;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// Where a key is pressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mode {
    /// Anywhere.
    Everywhere,
    /// On the panels.
    Main,
    /// On the panel of logs.
    Logs,
    /// While a filter for the logs is typed.
    Filter,
    /// In a window that only shows something.
    Reading,
    /// While the program asks whether to quit.
    Quitting,
    /// While the menu of faults is open.
    Faults,
    /// In the upload dialog, on the list of files.
    Files,
    /// There, in the line that filters it or names a path.
    Find,
    /// There, in the line for the user.
    User,
    /// There, while an upload runs.
    Watch,
    /// There, when it is done.
    Done,
    /// There, when it failed.
    Failed,
}

impl Mode {
    /// Every mode, in the order of the help.
    pub const ALL: [Self; 13] = [
        Self::Main,
        Self::Logs,
        Self::Filter,
        Self::Faults,
        Self::Files,
        Self::Find,
        Self::User,
        Self::Watch,
        Self::Done,
        Self::Failed,
        Self::Reading,
        Self::Quitting,
        Self::Everywhere,
    ];

    /// Returns the mode that is asked when this one does not know a key.
    #[must_use]
    pub const fn below(self) -> Option<Self> {
        match self {
            Self::Everywhere => None,
            Self::Logs => Some(Self::Main),
            Self::Main
            | Self::Filter
            | Self::Reading
            | Self::Quitting
            | Self::Faults
            | Self::Files
            | Self::Find
            | Self::User
            | Self::Watch
            | Self::Done
            | Self::Failed => Some(Self::Everywhere),
        }
    }

    /// Returns its heading in the help.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Everywhere => "Everywhere",
            Self::Main => "Main",
            Self::Logs => "Logs",
            Self::Filter => "Filter",
            Self::Reading => "Windows",
            Self::Quitting => "Quit?",
            Self::Faults => "Faults",
            Self::Files => "Upload: files",
            Self::Find => "Upload: find",
            Self::User => "Upload: user",
            Self::Watch => "Upload: running",
            Self::Done => "Upload: done",
            Self::Failed => "Upload: failed",
        }
    }
}

/// What a key does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Go up, or to older lines.
    Up,
    /// Go down, or to newer lines.
    Down,
    /// Go to the node on the left.
    Left,
    /// Go to the node on the right.
    Right,
    /// Go up by a page.
    PageUp,
    /// Go down by a page.
    PageDown,
    /// Go to the oldest.
    First,
    /// Go to the newest, and follow it.
    Last,
    /// Change to the next panel.
    NextPanel,
    /// Change to the panel before.
    PreviousPanel,
    /// Choose the node whose number was pressed.
    Select,
    /// Stop the chosen node in order.
    Stop,
    /// Kill the chosen node.
    Kill,
    /// Kill whoever leads.
    KillLeader,
    /// Freeze the chosen node, or let it go on.
    FreezeOrThaw,
    /// Start the chosen node.
    Start,
    /// Restart the chosen node.
    Restart,
    /// Start every node that is down.
    StartAll,
    /// Ask why the chosen node is what it is.
    Why,
    /// Upload an image.
    Upload,
    /// Open the menu of faults.
    Faults,
    /// Look at the timeline.
    Timeline,
    /// Show less time in more detail on the timeline.
    Finer,
    /// Show more time on the timeline.
    Coarser,
    /// Look at the elections.
    Elections,
    /// Look at the logs.
    Logs,
    /// Show the panel alone, without a border, or give it back its place.
    Zoom,
    /// Show the lines of the next node, or of all.
    NextSource,
    /// Type a filter.
    Filter,
    /// Mark the next older line that the filter lets through.
    OlderMatch,
    /// Mark the next newer one.
    NewerMatch,
    /// Copy what the panel shows.
    Copy,
    /// Open it in the pager.
    Page,
    /// Hold the screen still.
    Pause,
    /// Show the help.
    Help,
    /// Go into the chosen folder.
    Into,
    /// Go to the folder around this one.
    Parent,
    /// List every file, or folders and images only.
    Scope,
    /// Change to the other field.
    NextField,
    /// Give up the upload that runs.
    Cancel,
    /// Choose what to upload, once more.
    Another,
    /// Upload the same again.
    Again,
    /// Close the window.
    Close,
    /// Say yes.
    Confirm,
    /// Ask whether to quit.
    Quit,
    /// Leave step by step.
    Interrupt,
    /// Give the terminal back to the shell for a while.
    Suspend,
}

/// A key, as a person presses it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chord {
    /// A key alone; a capital letter is pressed with Shift.
    Key(KeyCode),
    /// A letter with Control.
    Ctrl(char),
    /// Any digit but 0.
    Digit,
}

impl Chord {
    fn matches(self, event: KeyEvent) -> bool {
        let control = event.modifiers.contains(KeyModifiers::CONTROL);
        let alt = event.modifiers.contains(KeyModifiers::ALT);
        match self {
            Self::Key(code) => event.code == code && !control && !alt,
            Self::Ctrl(letter) => event.code == KeyCode::Char(letter) && control && !alt,
            Self::Digit => matches!(event.code, KeyCode::Char('1'..='9')) && !control && !alt,
        }
    }
}

impl fmt::Display for Chord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            Self::Digit => "1-9",
            Self::Ctrl(letter) => return write!(f, "Ctrl-{}", letter.to_ascii_uppercase()),
            Self::Key(code) => match code {
                KeyCode::Char(' ') => "Space",
                KeyCode::Char(letter) => return write!(f, "{letter}"),
                KeyCode::Tab => "Tab",
                KeyCode::BackTab => "Shift-Tab",
                KeyCode::Up => "Up",
                KeyCode::Down => "Down",
                KeyCode::Left => "Left",
                KeyCode::Right => "Right",
                KeyCode::PageUp => "PgUp",
                KeyCode::PageDown => "PgDn",
                KeyCode::Home => "Home",
                KeyCode::End => "End",
                KeyCode::Enter => "Enter",
                KeyCode::Esc => "Esc",
                other => return write!(f, "{other}"),
            },
        };
        f.write_str(name)
    }
}

/// What a key does in a mode, and how that is told.
#[derive(Debug, Clone, Copy)]
pub struct Binding {
    /// Where.
    pub mode: Mode,
    /// By which keys; the first is shown where there is room for one.
    pub chords: &'static [Chord],
    /// What it does.
    pub action: Action,
    /// A word or two for the footer; empty when the footer does not show it.
    pub label: &'static str,
    /// What it does, for the help.
    pub help: &'static str,
}

pub(super) const fn bind(
    mode: Mode,
    chords: &'static [Chord],
    action: Action,
    label: &'static str,
    help: &'static str,
) -> Binding {
    Binding {
        mode,
        chords,
        action,
        label,
        help,
    }
}

pub(super) const fn key(letter: char) -> Chord {
    Chord::Key(KeyCode::Char(letter))
}

pub(super) const UP: Chord = Chord::Key(KeyCode::Up);
pub(super) const DOWN: Chord = Chord::Key(KeyCode::Down);
pub(super) const LEFT: Chord = Chord::Key(KeyCode::Left);
pub(super) const RIGHT: Chord = Chord::Key(KeyCode::Right);
pub(super) const TAB: Chord = Chord::Key(KeyCode::Tab);
pub(super) const BACK_TAB: Chord = Chord::Key(KeyCode::BackTab);
pub(super) const PAGE_UP: Chord = Chord::Key(KeyCode::PageUp);
pub(super) const PAGE_DOWN: Chord = Chord::Key(KeyCode::PageDown);
pub(super) const HOME: Chord = Chord::Key(KeyCode::Home);
pub(super) const END: Chord = Chord::Key(KeyCode::End);
pub(super) const ENTER: Chord = Chord::Key(KeyCode::Enter);
pub(super) const ESCAPE: Chord = Chord::Key(KeyCode::Esc);

/// Every key, in the order of the footer: what matters most comes first.
pub const BINDINGS: &[Binding] = {
    use Action as A;
    use Mode as M;
    &[
        bind(M::Main, &[key('u')], A::Upload, "upload", "upload an image"),
        bind(
            M::Main,
            &[key('!')],
            A::KillLeader,
            "kill leader",
            "kill -9 whoever leads",
        ),
        bind(M::Main, &[key('X')], A::Kill, "kill", "kill -9 the chosen node"),
        bind(
            M::Main,
            &[key('x')],
            A::Stop,
            "stop",
            "stop the chosen node in order",
        ),
        bind(
            M::Main,
            &[key('p')],
            A::FreezeOrThaw,
            "freeze",
            "freeze the chosen node, or thaw it",
        ),
        bind(M::Main, &[key('s')], A::Start, "start", "start the chosen node"),
        bind(
            M::Main,
            &[key('S')],
            A::StartAll,
            "start all",
            "start every node that is down",
        ),
        bind(
            M::Main,
            &[key('r')],
            A::Restart,
            "restart",
            "restart the chosen node",
        ),
        bind(
            M::Main,
            &[key('w')],
            A::Why,
            "why?",
            "why is the chosen node what it is?",
        ),
        bind(
            M::Main,
            &[key('f')],
            A::Faults,
            "faults",
            "choose a fault from a menu",
        ),
        bind(M::Main, &[key('?')], A::Help, "help", "show every key"),
        bind(
            M::Main,
            &[key('q')],
            A::Quit,
            "quit",
            "stop the cluster and quit (asks)",
        ),
        bind(
            M::Main,
            &[key('t')],
            A::Timeline,
            "",
            "look at the timeline; again: alone",
        ),
        bind(
            M::Main,
            &[key('+'), key('=')],
            A::Finer,
            "",
            "timeline: show less time, in more detail",
        ),
        bind(M::Main, &[key('-')], A::Coarser, "", "timeline: show more time"),
        bind(
            M::Main,
            &[key('e')],
            A::Elections,
            "",
            "look at the elections; again: alone",
        ),
        bind(
            M::Main,
            &[key('l')],
            A::Logs,
            "",
            "look at the logs; again: alone",
        ),
        bind(
            M::Main,
            &[key('z')],
            A::Zoom,
            "",
            "show the panel alone, without a border",
        ),
        bind(M::Main, &[TAB], A::NextPanel, "", "change to the next panel"),
        bind(
            M::Main,
            &[BACK_TAB],
            A::PreviousPanel,
            "",
            "change to the panel before",
        ),
        bind(
            M::Main,
            &[Chord::Digit],
            A::Select,
            "",
            "choose a node by its number",
        ),
        bind(
            M::Main,
            &[LEFT, key('h')],
            A::Left,
            "",
            "choose the node on the left",
        ),
        bind(M::Main, &[RIGHT], A::Right, "", "choose the node on the right"),
        bind(M::Main, &[UP, key('k')], A::Up, "", "move up, or to older lines"),
        bind(
            M::Main,
            &[DOWN, key('j')],
            A::Down,
            "",
            "move down, or to newer lines",
        ),
        bind(M::Main, &[PAGE_UP], A::PageUp, "", "move up by a page"),
        bind(M::Main, &[PAGE_DOWN], A::PageDown, "", "move down by a page"),
        bind(M::Main, &[HOME, key('g')], A::First, "", "go to the oldest line"),
        bind(
            M::Main,
            &[END, key('G')],
            A::Last,
            "",
            "go to the newest line, and follow",
        ),
        bind(M::Main, &[key('y')], A::Copy, "", "copy what the panel shows"),
        bind(M::Main, &[key('o')], A::Page, "", "open it in the pager"),
        bind(
            M::Main,
            &[key(' ')],
            A::Pause,
            "",
            "hold the screen still, or let it go on",
        ),
        bind(
            M::Main,
            &[ESCAPE],
            A::Close,
            "",
            "give a panel that is alone its place back",
        ),
        bind(
            M::Logs,
            &[key('/')],
            A::Filter,
            "filter",
            "show only lines that hold some text",
        ),
        bind(
            M::Logs,
            &[key('n')],
            A::OlderMatch,
            "older",
            "mark the next older match",
        ),
        bind(
            M::Logs,
            &[key('N')],
            A::NewerMatch,
            "newer",
            "mark the next newer match",
        ),
        bind(
            M::Logs,
            &[key('a')],
            A::NextSource,
            "node",
            "show another node's lines, or all",
        ),
        bind(
            M::Logs,
            &[ESCAPE],
            A::Close,
            "",
            "show all lines around the match; then leave",
        ),
        bind(M::Filter, &[ENTER], A::Confirm, "apply", "keep the filter"),
        bind(M::Filter, &[ESCAPE], A::Close, "clear", "show every line again"),
        bind(M::Faults, &[ENTER], A::Confirm, "do it", "do the chosen fault"),
        bind(M::Faults, &[UP, key('k')], A::Up, "up", "choose the fault above"),
        bind(
            M::Faults,
            &[DOWN, key('j')],
            A::Down,
            "down",
            "choose the fault below",
        ),
        bind(
            M::Faults,
            &[Chord::Digit],
            A::Select,
            "node",
            "choose a node by its number",
        ),
        bind(
            M::Faults,
            &[ESCAPE, key('f'), key('q')],
            A::Close,
            "close",
            "close the menu",
        ),
        bind(
            M::Reading,
            &[ESCAPE, key('q'), ENTER],
            A::Close,
            "close",
            "close the window",
        ),
        bind(M::Reading, &[UP, key('k')], A::Up, "", "move up"),
        bind(M::Reading, &[DOWN, key('j')], A::Down, "", "move down"),
        bind(M::Reading, &[PAGE_UP], A::PageUp, "", "move up by a page"),
        bind(M::Reading, &[PAGE_DOWN], A::PageDown, "", "move down by a page"),
        bind(
            M::Quitting,
            &[key('y'), ENTER, key('q')],
            A::Confirm,
            "stop and quit",
            "stop every node and quit",
        ),
        bind(M::Quitting, &[key('n'), ESCAPE], A::Close, "stay", "go on"),
        bind(
            M::Everywhere,
            &[Chord::Ctrl('c')],
            A::Interrupt,
            "",
            "leave step by step: close, ask, stop, kill",
        ),
        bind(
            M::Everywhere,
            &[Chord::Ctrl('z')],
            A::Suspend,
            "",
            "back to the shell; the cluster runs on",
        ),
    ]
};

/// Returns what a key does in a mode, or in one below it.
#[must_use]
pub fn action(mode: Mode, event: KeyEvent) -> Option<Action> {
    let mut asked = Some(mode);
    while let Some(mode) = asked {
        let bound = bindings(mode).find(|binding| binding.chords.iter().any(|chord| chord.matches(event)));
        if let Some(binding) = bound {
            return Some(binding.action);
        }
        asked = mode.below();
    }
    None
}

/// Returns the keys of one mode.
pub fn bindings(mode: Mode) -> impl Iterator<Item = &'static Binding> {
    let all = BINDINGS.iter().chain(super::dialog::keys::BINDINGS);
    all.filter(move |binding| binding.mode == mode)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn press(letter: char) -> KeyEvent {
        KeyEvent::new(KeyCode::Char(letter), KeyModifiers::NONE)
    }

    #[test]
    fn no_key_means_two_things_in_one_mode() {
        for mode in Mode::ALL {
            let chords: Vec<Chord> = bindings(mode)
                .flat_map(|binding| binding.chords)
                .copied()
                .collect();
            for (index, chord) in chords.iter().enumerate() {
                assert!(!chords[..index].contains(chord), "{chord} in {mode:?}");
            }
        }
    }

    #[test]
    fn every_mode_has_keys_and_a_way_out() {
        for mode in Mode::ALL {
            assert!(bindings(mode).next().is_some(), "{mode:?}");
            let interrupt = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
            assert_eq!(action(mode, interrupt), Some(Action::Interrupt), "{mode:?}");
        }
    }

    #[test]
    fn a_panel_of_logs_still_kills_leaders() {
        assert_eq!(action(Mode::Logs, press('!')), Some(Action::KillLeader));
        assert_eq!(action(Mode::Logs, press('n')), Some(Action::OlderMatch));
        assert_eq!(action(Mode::Main, press('n')), None);
    }

    #[test]
    fn what_is_typed_into_a_filter_kills_nobody() {
        for letter in ['!', 'X', 'q', 'c', '1'] {
            assert_eq!(action(Mode::Filter, press(letter)), None);
        }
    }

    #[test]
    fn a_letter_with_control_is_another_key() {
        let control = KeyEvent::new(KeyCode::Char('x'), KeyModifiers::CONTROL);
        assert_eq!(action(Mode::Main, control), None);
        let shifted = KeyEvent::new(KeyCode::Char('X'), KeyModifiers::SHIFT);
        assert_eq!(action(Mode::Main, shifted), Some(Action::Kill));
    }
}
