//! Playing a recording: what a dashboard would be told when, on a clock that can stand still and run.
//!
//! ```text
//!   wall time --> play clock --> position
//!                                   |  every entry up to it
//!   recording ---- entries -------> message at the time at which it was told --> dashboard
//! ```
//!
//! The dashboard is told the same messages at the same times as the one that was recorded, so it
//! shows the same. Seeking forward tells what lies between; seeking back begins at a checkpoint.
//! Nothing here waits: whoever plays it hands the time in, and tells what it is given.

use std::path::Path;
use std::time::Duration;

use self::checkpoints::{Checkpoint, Checkpoints};
use self::clock::PlayClock;
use self::gaps::Gaps;
use super::recording::{End, Entry, Header, Recording, RecordingError, What};
use crate::dashboard::cluster::Cluster;
use crate::dashboard::stage::Stage;
use crate::dashboard::transport::Speed;
use crate::dashboard::{Known, Message};
use crate::event::process::{ProcessEvent, ProcessFact};
use crate::time::Time;

mod asked;
mod checkpoints;
mod clock;
mod gaps;
mod slow_motion;
mod standing;

/// How many bytes of lines that tell nothing are read at once: those of a newer program, and gaps.
///
/// A line of it is parsed twice and shows nothing; so many take less than a frame or two, and then
/// keys and signals have their turn.
const SILENT_BYTES: u64 = 512 << 10;

/// A recording that is played.
#[derive(Debug)]
pub struct Player {
    recording: Recording,
    clock: PlayClock,
    /// What was read ahead.
    next: Option<Entry>,
    /// How the recording ends, once that was read.
    end: Option<Ended>,
    /// Where it is on its way to.
    goal: Option<Goal>,
    /// What is to be told before anything else.
    pending: Option<Message>,
    /// Up to when everything is told.
    told_to: Time,
    /// How many messages were told since the beginning.
    told: u64,
    /// Whether a person would see what was told last.
    visible: bool,
    /// What the scenario showed that was played, at that time.
    stage: Option<Stage>,
    gaps: Gaps,
    checkpoints: Checkpoints,
    /// When elections began, of those that were come by.
    elections: Vec<Time>,
}

/// Where a player is on its way to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Goal {
    /// A time.
    To(Time),
    /// The next thing that a person would see.
    Step,
    /// The first election behind so many.
    Election(usize),
}

/// How a recording ends.
#[derive(Debug)]
enum Ended {
    End(End),
    /// It cannot be read any further.
    Broken(RecordingError),
}

impl Player {
    /// Opens a recording; it plays from its beginning, from `wall` on.
    ///
    /// # Errors
    ///
    /// When there is no recording that can be read.
    pub fn open(path: &Path, speed: Speed, wall: Time) -> Result<Self, RecordingError> {
        Ok(Self::new(Recording::open(path)?, speed, wall))
    }

    /// Plays a recording from its beginning, from `wall` on; a simulation in slow motion where nodes elect.
    #[must_use]
    pub fn new(recording: Recording, speed: Speed, wall: Time) -> Self {
        let began = recording.header().began;
        Self {
            clock: PlayClock::started(began, speed, wall),
            next: None,
            end: None,
            goal: None,
            pending: None,
            told_to: began,
            told: 0,
            visible: false,
            stage: None,
            gaps: Gaps::default(),
            checkpoints: Checkpoints::new(),
            elections: Vec::new(),
            recording,
        }
    }

    /// Returns what the recording says about itself.
    #[must_use]
    pub const fn header(&self) -> &Header {
        self.recording.header()
    }

    /// Returns what the dashboard is told next, and the time at which it is; `None` when nothing is due,
    /// or when much was read that tells nothing: [`Self::wait`] says that it is to be asked again.
    ///
    /// Whoever tells it says so by [`Self::folded`], before asking again.
    pub fn poll(&mut self, wall: Time) -> Option<(Time, Message)> {
        let first = self.recording.place();
        loop {
            if let Some(message) = self.pending.take() {
                self.visible = false;
                return Some((self.told_to, message));
            }
            // Of several things in one moment a step tells one, and the others wait.
            if self.goal.is_none() && !self.clock.plays() {
                return None;
            }
            self.read_ahead(wall);
            let Some(next) = &self.next else {
                if !self.arrives_at_end(wall) {
                    return None;
                }
                continue;
            };
            if next.at > self.target(wall) {
                let Some(Goal::To(to)) = self.goal else {
                    return None;
                };
                self.arrive(to, wall);
                continue;
            }
            if let Some(message) = self.take_next() {
                return Some((self.told_to, message));
            }
            if self.recording.place().bytes_from(first) >= SILENT_BYTES {
                return None;
            }
        }
    }

    /// Is told what the cluster is after the last message was folded in.
    pub fn folded(&mut self, wall: Time, cluster: &Cluster) {
        // By their times, not by their number: that begins anew where the past was forgotten.
        if let Some(newest) = cluster.elections.newest().next()
            && self.elections.last().is_none_or(|known| *known < newest.opened())
        {
            self.elections.push(newest.opened());
        }
        // Only then does the bookmark stand right behind what was told: a beat is told later.
        if self.visible && self.checkpoints.wants(self.told) {
            self.checkpoints.keep(Checkpoint {
                told: self.told,
                at: self.told_to,
                place: self.recording.place(),
                gaps: self.gaps,
                known: Known {
                    cluster: cluster.clone(),
                    stage: self.stage.clone(),
                },
            });
        }
        match self.goal {
            Some(Goal::Step) if self.visible => self.arrive(self.told_to, wall),
            Some(Goal::Election(known)) => {
                if let Some(began) = self.elections.get(known).copied() {
                    self.seek(began);
                }
            }
            Some(Goal::Step | Goal::To(_)) | None => {}
        }
    }

    /// Returns in how long [`Self::poll`] has something; `None` for never, unless a person asks.
    #[must_use]
    pub fn wait(&self, wall: Time) -> Option<Duration> {
        if self.pending.is_some() || self.goal.is_some() {
            return Some(Duration::ZERO);
        }
        match &self.next {
            _ if !self.clock.plays() => None,
            Some(next) => Some(self.clock.until(next.at, wall)),
            None if self.end.is_none() => Some(Duration::ZERO),
            None => Some(self.clock.until(self.end_at(), wall)),
        }
    }

    /// Returns the time that the dashboard is to show, at which everything before it is told.
    pub fn now(&mut self, wall: Time) -> Time {
        if self.goal.is_none() && self.pending.is_none() {
            let next = self.next.as_ref().map(|next| next.at);
            let most = next.unwrap_or_else(|| {
                if self.end.is_some() {
                    self.end_at()
                } else {
                    self.told_to
                }
            });
            self.told_to = self.told_to.max(self.clock.position(wall).min(most));
        }
        self.told_to
    }

    /// Returns the time up to which the dashboard was told, which is that of the last message.
    #[must_use]
    pub const fn told_to(&self) -> Time {
        self.told_to
    }

    /// Says whether the position changes by itself.
    #[must_use]
    pub const fn is_moving(&self) -> bool {
        self.clock.plays() || self.goal.is_some()
    }

    fn read_ahead(&mut self, wall: Time) {
        if self.next.is_some() || self.end.is_some() {
            return;
        }
        match self.recording.read() {
            Ok(Ok(entry)) => {
                self.slow_down_for(&entry, wall);
                self.next = Some(entry);
            }
            Ok(Err(end)) => self.end = Some(Ended::End(end)),
            Err(error) => self.end = Some(Ended::Broken(error)),
        }
    }

    /// Returns up to when the dashboard may be told now.
    fn target(&self, wall: Time) -> Time {
        match self.goal {
            None => self.clock.position(wall),
            Some(Goal::To(to)) => to,
            Some(Goal::Step | Goal::Election(_)) => Time::from_nanos(u64::MAX),
        }
    }

    /// Takes what was read ahead; returns it if the dashboard is told of it.
    fn take_next(&mut self) -> Option<Message> {
        let Entry { at, what } = self.next.take()?;
        self.told_to = self.told_to.max(at);
        match what {
            What::Message(message) => {
                self.told += 1;
                self.visible = is_visible(&message);
                if let Message::Stage(stage) = &message {
                    self.stage = Some(Stage::clone(stage));
                }
                return Some(message);
            }
            What::Dropped(lines) => self.gaps.dropped = self.gaps.dropped.saturating_add(lines),
            What::Unknown => self.gaps.unknown += 1,
            What::Ended => {}
        }
        None
    }

    /// Comes to the end if that is where it goes, or plays beyond it; says whether something is told.
    fn arrives_at_end(&mut self, wall: Time) -> bool {
        let end = self.end_at();
        let to = match self.goal {
            Some(Goal::To(to)) => to.min(end),
            Some(Goal::Step | Goal::Election(_)) => end,
            None if self.clock.plays() && self.clock.position(wall) >= end => end,
            None => return false,
        };
        if to == end {
            self.clock.pause(wall);
        }
        self.arrive(to, wall);
        true
    }

    fn arrive(&mut self, at: Time, wall: Time) {
        self.goal = None;
        self.clock.set(at, wall);
        self.told_to = self.told_to.max(at);
        self.pending = Some(Message::Beat);
    }
}

/// Says whether a person would see something of a message: all but what processes use.
const fn is_visible(message: &Message) -> bool {
    !matches!(
        message,
        Message::Process(ProcessEvent {
            fact: ProcessFact::Sampled { .. },
            ..
        })
    )
}

#[cfg(test)]
mod tests;
