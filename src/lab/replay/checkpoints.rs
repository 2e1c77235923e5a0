//! Clusters as they were, so that seeking back need not begin at the beginning.
//!
//! There are never more than a few, whatever the length of a recording: when there would be, every
//! second one is forgotten and the next ones are kept half as often.

use super::gaps::Gaps;
use crate::dashboard::Known;
use crate::lab::recording::Bookmark;
use crate::time::Time;

/// After how many messages the first is kept: fewer are told again in the time of a frame.
const SPACING_MIN: u64 = 4096;

/// How many are kept: of three nodes one has a megabyte, of nine some, and a recording of a gigabyte
/// still needs to be read for a second at most to go anywhere.
const CHECKPOINTS_MAX: usize = 24;

/// A cluster as it was.
#[derive(Debug)]
pub(super) struct Checkpoint {
    /// How many messages had been told.
    pub(super) told: u64,
    /// The time of the last of them.
    pub(super) at: Time,
    /// Where the next one stands.
    pub(super) place: Bookmark,
    pub(super) gaps: Gaps,
    pub(super) known: Known,
}

/// The clusters that are kept, in the order of time.
#[derive(Debug)]
pub(super) struct Checkpoints {
    kept: Vec<Checkpoint>,
    spacing: u64,
}

impl Checkpoints {
    pub(super) const fn new() -> Self {
        Self {
            kept: Vec::new(),
            spacing: SPACING_MIN,
        }
    }

    /// Says whether the cluster after so many messages is to be kept.
    pub(super) fn wants(&self, told: u64) -> bool {
        told.is_multiple_of(self.spacing) && told > self.kept.last().map_or(0, |last| last.told)
    }

    pub(super) fn keep(&mut self, checkpoint: Checkpoint) {
        self.kept.push(checkpoint);
        if self.kept.len() > CHECKPOINTS_MAX {
            self.spacing *= 2;
            self.kept.retain(|kept| kept.told.is_multiple_of(self.spacing));
        }
    }

    /// Returns the last one that holds nothing later than `at`.
    pub(super) fn before(&self, at: Time) -> Option<&Checkpoint> {
        self.kept.iter().rev().find(|kept| kept.at <= at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dashboard::cluster::Cluster;

    #[test]
    fn there_are_never_many_and_never_far_apart() {
        let recording = super::super::tests::of_nothing();
        let mut checkpoints = Checkpoints::new();
        for told in 1..=SPACING_MIN * 1000 {
            if checkpoints.wants(told) {
                checkpoints.keep(Checkpoint {
                    told,
                    at: Time::from_nanos(told),
                    place: recording.first_place(),
                    gaps: Gaps::default(),
                    known: Known {
                        cluster: Cluster::new(&recording.header().cluster),
                        stage: None,
                    },
                });
            }
            assert!(checkpoints.kept.len() <= CHECKPOINTS_MAX);
        }
        let mut before = 0;
        for kept in &checkpoints.kept {
            assert!(kept.told - before <= SPACING_MIN * 1000 / 10, "{}", kept.told);
            before = kept.told;
        }
        assert!(checkpoints.kept.len() >= CHECKPOINTS_MAX / 2);
    }
}
