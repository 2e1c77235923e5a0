//! What the dashboard knows and how it is looked at; plain data, drawn by `view`, changed by `update`.

use std::time::Duration;

use ratatui::layout::Size;

use super::cluster::Cluster;
use super::cluster::logs::Logs;
use super::cluster::node::NodeState;
use super::dialog::upload::{Start, UploadDialog};
use super::keymap::Mode;
use super::layout::Panel;
use super::links::Cursor;
use super::log_view::LogView;
use super::message::Known;
use super::presenter::{KEY_SPAN, Presenter};
use super::scale::Scale;
use super::stage::Stage;
use super::theme::Tone;
use super::transport::{Motion, Transport};
use crate::id::NodeId;
use crate::time::Time;

mod room;
mod setup;

pub use setup::{Control, Images, Setup};

/// How often the screen is drawn while nothing happens but something on it ages.
const BEAT: Duration = Duration::from_secs(1);

/// How often it is drawn while a stopwatch runs.
const STOPWATCH_BEAT: Duration = Duration::from_millis(100);

/// How long a stopwatch runs in tenths; after that nobody looks at them, and a cluster may stay
/// without a leader for hours.
const HURRY: Duration = Duration::from_secs(20);

/// How long a remark about a key stays.
const TOAST: Duration = Duration::from_secs(4);

/// Everything the dashboard knows.
#[derive(Debug)]
pub struct Model {
    /// What it was told before it started.
    pub setup: Setup,
    /// The cluster, as it is now.
    pub cluster: Cluster,
    /// The cluster as it was when the screen was told to hold still.
    held: Option<Box<Held>>,
    /// The time now, on the dashboard's clock.
    now: Time,
    /// The size of the terminal.
    pub size: Size,
    /// The panel that keys are meant for.
    pub focus: Panel,
    /// Whether it is shown alone.
    pub zoomed: bool,
    /// The node that keys are meant for.
    pub selected: NodeId,
    /// The window that is open.
    pub window: Option<Window>,
    /// The upload dialog, shown or not.
    pub upload: UploadDialog,
    /// Which lines of the logs are looked at.
    pub logs: LogView,
    /// How much time a cell of the timeline stands for.
    pub tape_scale: Scale,
    /// How many lines each scrolled panel is away from its newest line.
    pub uploads_scroll: usize,
    /// The same, for the elections.
    pub elections_scroll: usize,
    /// A remark about the last key.
    pub toast: Option<Toast>,
    /// What a scenario shows, if one is played.
    pub stage: Option<Stage>,
    /// How the recording stands that is shown instead of a cluster.
    pub transport: Option<Transport>,
    /// Whether there is an audience, and what it is shown.
    pub presenter: Presenter,
    /// Whether the program is about to end.
    pub ending: Ending,
}

#[derive(Debug)]
struct Held {
    cluster: Cluster,
    at: Time,
}

/// A window over the panels.
#[derive(Debug)]
pub enum Window {
    /// Every key.
    Help {
        /// How many lines are above the window.
        scroll: usize,
    },
    /// Whether to quit.
    Quit,
    /// Why the chosen node is what it is.
    Why,
    /// The link matrix.
    Links(Cursor),
    /// The menu of faults.
    Faults {
        /// The chosen one.
        chosen: usize,
    },
}

/// A remark about the last key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Toast {
    /// What it says.
    pub text: String,
    /// How it is meant.
    pub tone: Tone,
    until: Time,
}

/// Whether the program is about to end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Ending {
    /// It is not.
    #[default]
    No,
    /// Nodes are being stopped in order.
    Stopping,
    /// Nodes are being killed.
    Killing,
}

impl Model {
    /// Makes the model of a cluster of which nothing is known yet; the highest node is chosen.
    #[must_use]
    pub fn new(mut setup: Setup) -> Self {
        setup.theme.contrast = setup.presenting.contrast();
        let cluster = Cluster::new(&setup.cluster);
        let selected = cluster.nodes.keys().next_back().copied();
        Self {
            selected: selected.unwrap_or(NodeId::MIN),
            cluster,
            held: None,
            now: Time::ZERO,
            size: setup.size,
            focus: Panel::Nodes,
            zoomed: false,
            window: None,
            upload: UploadDialog::new(
                Start {
                    folder: setup.start_dir.clone(),
                    users: setup.users.clone(),
                },
                setup.size,
            ),
            logs: LogView::default(),
            tape_scale: Scale::default(),
            uploads_scroll: 0,
            elections_scroll: 0,
            toast: None,
            stage: None,
            transport: None,
            presenter: Presenter::new(setup.presenting),
            ending: Ending::No,
            setup,
        }
    }

    /// Returns the cluster as it is to be shown: as it is, or as it was when the screen was held.
    #[must_use]
    pub fn shown(&self) -> &Cluster {
        self.held.as_ref().map_or(&self.cluster, |held| &held.cluster)
    }

    /// Returns the time that is to be shown.
    #[must_use]
    pub fn shown_at(&self) -> Time {
        self.held.as_ref().map_or(self.now, |held| held.at)
    }

    /// Says whether the screen is held still.
    #[must_use]
    pub const fn is_paused(&self) -> bool {
        self.held.is_some()
    }

    /// Says whether only a key can change what is on the screen: it is held, and nothing else is open.
    #[must_use]
    pub fn is_still(&self) -> bool {
        let nothing_open = self.window.is_none() && !self.upload.is_shown() && self.toast.is_none();
        let nothing_ages = nothing_open && self.presenter.shown().is_none();
        self.is_paused() && nothing_ages && self.ending == Ending::No
    }

    /// Returns when the screen should be drawn again though nothing happened; `None` for never.
    #[must_use]
    pub fn next_beat(&self) -> Option<Time> {
        if self.is_still() {
            return None;
        }
        let counts_down = |node: &super::cluster::node::Node| node.state() == NodeState::Restarting;
        let stopwatch = self.cluster.leadership.running;
        let runs = stopwatch.is_some_and(|running| self.now.since(running.began) < HURRY);
        let hurried = runs || self.cluster.nodes.values().any(counts_down);
        let beat = if hurried { STOPWATCH_BEAT } else { BEAT };
        // Beats fall on whole seconds of the clock, so that all ages change together.
        let period = beat.as_nanos();
        let beats = u128::from(self.now.as_nanos()) / period + 1;
        Some(Time::from_nanos(
            u64::try_from(beats * period).unwrap_or(u64::MAX),
        ))
    }

    /// Returns the mode in which a key is pressed.
    #[must_use]
    pub fn mode(&self) -> Mode {
        match (&self.window, self.focus) {
            (Some(Window::Help { .. } | Window::Why), _) => Mode::Reading,
            (Some(Window::Quit), _) => Mode::Quitting,
            (Some(Window::Faults { .. }), _) => Mode::Faults,
            (Some(Window::Links(_)), _) => Mode::Links,
            (None, _) if self.upload.is_shown() => self.upload.mode(),
            (None, Panel::Logs) if self.logs.is_typing() => Mode::Filter,
            (None, Panel::Logs) => Mode::Logs,
            (None, Panel::Nodes | Panel::Rotation | Panel::Uploads | Panel::Timeline | Panel::Elections) => {
                Mode::Main
            }
        }
    }

    /// Returns the cluster that is shown, and the look at its logs.
    pub(super) fn shown_logs(&mut self) -> (&Logs, &mut LogView) {
        let cluster = self.held.as_ref().map_or(&self.cluster, |held| &held.cluster);
        (&cluster.logs, &mut self.logs)
    }

    pub(super) fn tick(&mut self, now: Time) {
        self.now = self.now.max(now);
        self.upload.tick(self.now);
        self.presenter.tick(self.now);
        if self.toast.as_ref().is_some_and(|toast| toast.until <= self.now) {
            self.toast = None;
        }
    }

    /// Shows a cluster as it was at another time, earlier or later.
    pub(super) fn rewind(&mut self, now: Time, known: Known) {
        let Known { cluster, stage } = known;
        self.cluster = cluster;
        self.stage = stage;
        self.held = None;
        self.now = now;
        // Neither would age as it should, by a clock that was put back.
        self.toast = None;
        self.presenter.show_none();
    }

    /// Shows what a scenario shows; a screen that was held goes on, since no key of a scenario would do that.
    pub(super) fn show_stage(&mut self, stage: Stage) {
        if !stage.over {
            self.held = None;
        }
        self.stage = Some(stage);
    }

    /// Forgets the remark about the last key where no time passes in which it would age.
    pub(super) fn take_back_remark(&mut self) {
        let stands_still = |transport: &Transport| transport.motion != Motion::Playing;
        if self.transport.as_ref().is_some_and(stands_still) {
            self.toast = None;
        }
    }

    pub(super) fn hold_or_release(&mut self) {
        self.held = match self.held {
            Some(_) => None,
            None => Some(Box::new(Held {
                cluster: self.cluster.clone(),
                at: self.now,
            })),
        };
    }

    /// Begins to present, or ends it.
    pub(super) fn turn_presenting(&mut self) {
        self.setup.theme.contrast = self.presenter.turn().contrast();
    }

    /// Shows an audience which key was pressed.
    pub(super) fn show_key(&mut self, key: String, meaning: &'static str) {
        let until = self.now + self.read_in(KEY_SPAN);
        self.presenter.show(key, meaning, until);
    }

    /// Forgets what the panels tell of the past, and looks at the newest.
    pub(super) fn forget(&mut self) {
        self.held = None;
        self.cluster.forget(self.now);
        self.logs.follow();
        (self.uploads_scroll, self.elections_scroll) = (0, 0);
    }

    /// Remarks on what a person has just done.
    pub(crate) fn say(&mut self, tone: Tone, text: impl Into<String>) {
        self.toast = Some(Toast {
            text: text.into(),
            tone,
            until: self.now + self.read_in(TOAST),
        });
    }

    /// Returns how long that is on the clock shown: a recording that plays faster is read no faster.
    fn read_in(&self, span: Duration) -> Duration {
        let transport = self.transport.as_ref();
        transport.map_or(span, |transport| transport.speed.plays(span))
    }
}
