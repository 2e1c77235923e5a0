//! Who has the terminal: the dashboard, the shell, the pager, or nobody; and how it changes hands.
//!
//! Supervising goes on whoever has it, except while the whole program stands still.

use std::time::Duration;

use rustix::process::{Signal, getpgrp, getpid, getsid, kill_current_process_group, kill_process};

use super::Live;
use super::pace::Wanted;
use super::pager::{Closed, Pager};
use crate::dashboard::Message;
use crate::dashboard::theme::Tone;
use crate::time::Time;

/// How often a dashboard in the background looks whether it has the terminal again.
///
/// A shell does not tell. A person who brings it back waits this long at most.
const FOREGROUND_INTERVAL: Duration = Duration::from_millis(500);

/// Why a terminal that takes no frame is not handed to somebody else.
const STANDS_STILL: &str = "the terminal stands still, so nobody else can have it; try again";

/// Who has the terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// The dashboard.
    Shown,
    /// The shell, until the program is continued.
    Stopped,
    /// The shell or somebody else; the dashboard comes back when it may.
    Away {
        /// When it looks whether it may.
        look_at: Time,
    },
    /// The pager.
    Paging,
    /// Nobody: it is gone.
    Nowhere,
}

impl Live {
    /// Gives the terminal back and stands still, as the shell expects, until it is continued.
    pub(super) fn suspend(&mut self) {
        if !is_a_job() {
            return self.say("nobody would bring this program back: it was not started by a shell");
        }
        match self.place {
            Place::Shown if !self.screen.can_be_left() => self.say(STANDS_STILL),
            Place::Shown => {
                self.keys.pause();
                self.screen.leave();
                self.place = Place::Stopped;
                // The whole job, as the terminal would: whoever started this one waits for it.
                if kill_current_process_group(Signal::STOP).is_err() {
                    self.come_back();
                }
            }
            // Who has the terminal gives it back by itself.
            Place::Paging | Place::Stopped | Place::Away { .. } => {
                let _ = kill_process(getpid(), Signal::STOP);
            }
            Place::Nowhere => {}
        }
    }

    /// Goes on after standing still: by Ctrl-Z, or because somebody else stopped the program.
    pub(super) fn continued(&mut self) {
        match self.place {
            Place::Shown | Place::Stopped | Place::Away { .. } => self.come_back(),
            Place::Paging | Place::Nowhere => {}
        }
    }

    /// Takes the terminal if it is ours, and draws everything again.
    pub(super) fn come_back(&mut self) {
        if self.tty.is_ours() && self.screen.enter().is_ok() {
            self.place = Place::Shown;
            self.keys.resume();
            self.tell(Message::Resized(self.screen.size()), Wanted::Now);
        } else {
            self.keys.pause();
            self.go_away();
        }
    }

    fn go_away(&mut self) {
        let look_at = self.source.wall() + FOREGROUND_INTERVAL;
        self.place = Place::Away { look_at };
    }

    /// Hands the terminal to the pager.
    pub(super) fn page(&mut self, text: &str) {
        if self.place != Place::Shown {
            return;
        }
        if !self.screen.can_be_left() {
            return self.say(STANDS_STILL);
        }
        self.keys.pause();
        self.screen.lend();
        match Pager::open(&self.tty, text) {
            Ok(pager) => {
                self.pager = Some(pager);
                self.place = Place::Paging;
            }
            Err(reason) => self.paged(Err(reason)),
        }
    }

    /// Takes the terminal back from the pager.
    pub(super) fn paged(&mut self, ended: Result<(), String>) {
        self.pager = None;
        if self.place != Place::Nowhere {
            self.come_back();
        }
        self.tell(Message::Paged(ended), Wanted::Now);
    }

    /// Asks a pager that runs to give the terminal back.
    pub(super) fn close_pager(&mut self) {
        if let Some(pager) = &self.pager {
            pager.stop();
        }
    }

    /// Takes the terminal back from a pager at the end of everything.
    pub(super) async fn end_pager(&mut self) {
        if let Some(pager) = self.pager.take()
            && pager.close().await == Closed::Killed
            && self.tty.is_ours()
        {
            // It has left its screen behind; leaving ours undoes both.
            let _ = self.screen.enter();
        }
    }

    fn say(&mut self, why: &str) {
        self.model.say(Tone::Busy, why);
        self.pace.want(Wanted::Now);
    }
}

/// Says whether a shell would bring this program back: it keeps its jobs in groups of their own.
///
/// Who is alone in a terminal, as under `ssh -t`, would stand still for ever.
fn is_a_job() -> bool {
    getsid(None).is_ok_and(|session| session != getpgrp())
}
