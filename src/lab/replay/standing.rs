//! How a recording that is played stands, and how it ends, in words.

use super::{Ended, Player};
use crate::dashboard::transport::{Motion, Pace, Transport};
use crate::lab::recording::End;
use crate::time::Time;

impl Player {
    /// Returns how it stands.
    #[must_use]
    pub fn transport(&self) -> Transport {
        let began = self.header().began;
        let motion = if self.goal.is_some() {
            Motion::Seeking
        } else if self.has_ended() {
            Motion::Ended
        } else if self.clock.plays() {
            Motion::Playing
        } else {
            Motion::Paused
        };
        Transport {
            position: self.told_to.since(began),
            length: self.recording.last_at().since(began),
            speed: self.clock.speed(),
            pace: if self.clock.slowness() > 1.0 {
                Pace::SlowMotion
            } else {
                Pace::AsAsked
            },
            motion,
            remark: self.remark(),
        }
    }

    /// Returns what a person should know of the recording, as far as it was read.
    #[must_use]
    pub fn remark(&self) -> Option<String> {
        match &self.end {
            Some(Ended::Broken(error)) if self.has_ended() => Some(error.to_string()),
            Some(Ended::End(End::Torn(line))) if self.has_ended() => {
                Some(format!("the recording ends in the middle of line {line}"))
            }
            Some(Ended::End(End::Open)) if self.has_ended() => {
                Some("the recording was not ended: up to a second may be missing".to_owned())
            }
            Some(Ended::End(End::Whole | End::Torn(_) | End::Open) | Ended::Broken(_)) | None => {
                self.gaps.words()
            }
        }
    }

    /// Says whether everything is told, and the time is that of the end.
    pub(super) fn has_ended(&self) -> bool {
        let all_told = self.end.is_some() && self.next.is_none() && self.goal.is_none();
        all_told && self.told_to >= self.end_at()
    }

    /// Returns when the recording ends: nothing that was read is later.
    pub(super) fn end_at(&self) -> Time {
        match &self.end {
            // Nobody knows what the rest would have been.
            Some(Ended::Broken(_)) => self.recording.place().at(),
            Some(Ended::End(_)) | None => self.recording.last_at().max(self.recording.place().at()),
        }
    }
}
