//! What a person asks of a recording that is played: other places, other speeds.

use std::time::Duration;

use super::gaps::Gaps;
use super::{Ended, Goal, Player};
use crate::dashboard::cluster::Cluster;
use crate::dashboard::transport::Playback;
use crate::dashboard::{Known, Message};
use crate::time::Time;

/// How far a skip goes.
const SKIP: Duration = Duration::from_secs(5);

/// How far behind the beginning of an election it is still the one to go back behind.
///
/// Else a recording that plays would be thrown back to the same place again and again.
const ELECTION_HOLD: Duration = Duration::from_secs(1);

impl Player {
    /// Does what a person asks.
    pub fn ask(&mut self, wall: Time, asked: Playback) {
        let place = self.place(wall);
        match asked {
            Playback::PauseOrPlay if self.has_ended() => {
                self.clock.play(wall);
                self.seek(self.header().began);
            }
            Playback::PauseOrPlay if self.clock.plays() => self.clock.pause(wall),
            Playback::PauseOrPlay => self.clock.play(wall),
            Playback::Step => {
                self.clock.pause(wall);
                self.goal = Some(Goal::Step);
            }
            Playback::SkipBack => self.seek((place - SKIP).max(self.header().began)),
            Playback::SkipForward => self.seek((place + SKIP).min(self.end_at())),
            Playback::PreviousElection => {
                let before = |began: &&Time| **began + ELECTION_HOLD <= place;
                let began = self.elections.iter().rev().find(before).copied();
                self.seek(began.unwrap_or(self.header().began));
            }
            Playback::NextElection => self.seek_next_election(place),
            Playback::Slower => self.clock.set_speed(self.clock.speed().slower(), wall),
            Playback::Faster => self.clock.set_speed(self.clock.speed().faster(), wall),
            Playback::ToStart => self.seek(self.header().began),
            Playback::ToEnd => self.seek(self.end_at()),
        }
    }

    /// Goes to the first election behind a place; to the one after it, if it is on its way there already.
    fn seek_next_election(&mut self, place: Time) {
        if let Some(Goal::Election(known)) = &mut self.goal {
            *known += 1;
            return;
        }
        match self.elections.iter().find(|began| **began > place).copied() {
            Some(began) => self.seek(began),
            None => self.goal = Some(Goal::Election(self.elections.len())),
        }
    }

    /// Returns where a person believes to be: where it is on its way to, or where it is.
    fn place(&mut self, wall: Time) -> Time {
        match self.goal {
            Some(Goal::To(to)) => to,
            Some(Goal::Step | Goal::Election(_)) | None => self.now(wall),
        }
    }

    /// Begins to go to a time; back, or far on, from a checkpoint.
    pub(super) fn seek(&mut self, to: Time) {
        self.goal = Some(Goal::To(to));
        let nearest = self.checkpoints.before(to);
        let (told, is_back) = (nearest.map_or(0, |checkpoint| checkpoint.told), to < self.told_to);
        if !is_back && told <= self.told {
            return;
        }
        let (place, at, gaps, known) = if let Some(kept) = nearest {
            (kept.place, kept.at, kept.gaps, kept.known.clone())
        } else {
            let header = self.recording.header();
            let nothing = Known {
                cluster: Cluster::new(&header.cluster),
                stage: None,
            };
            (
                self.recording.first_place(),
                header.began,
                Gaps::default(),
                nothing,
            )
        };
        self.next = None;
        self.end = self.recording.go_to(place).err().map(Ended::Broken);
        (self.told, self.told_to, self.gaps) = (told, at, gaps);
        self.stage.clone_from(&known.stage);
        self.pending = Some(Message::Rewound(Box::new(known)));
    }
}
