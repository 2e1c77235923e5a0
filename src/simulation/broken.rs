//! Rules broken on purpose, most by lying to an election about its surroundings.
//!
//! Each stands for a mistake that an implementation could make; the simulator must catch them all.

use super::SimulationConfig;
#[cfg(test)]
use crate::bully::Mutation;

/// A rule that is broken on every node of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BrokenRule {
    /// A claimant leads without asking how many agree.
    #[cfg(test)]
    NoQuorum,
    /// A voter votes again and again in the same epoch.
    #[cfg(test)]
    DoubleVote,
    /// A lower id waits again and again for a higher one that never leads.
    #[cfg(test)]
    DeferForEver,
    /// A disk says that it has a vote before it has.
    SaysSyncedTooEarly,
    /// A node whose disk was lost does not know that it was.
    HidesAmnesia,
    /// A dial that nobody answers looks like one that was refused.
    SilenceIsProof,
    /// A restart looks to everybody, the node included, as if the process had run for long.
    HidesRestarts,
    /// Half of the nodes count promises for longer than the others keep them.
    OvercountsPromises,
}

impl BrokenRule {
    /// Every rule that can be broken.
    #[cfg(test)]
    pub(crate) const ALL: [Self; 8] = [
        Self::NoQuorum,
        Self::DoubleVote,
        Self::DeferForEver,
        Self::SaysSyncedTooEarly,
        Self::HidesAmnesia,
        Self::SilenceIsProof,
        Self::HidesRestarts,
        Self::OvercountsPromises,
    ];

    /// What the election itself must do wrong, where lying to it is not enough.
    #[cfg(test)]
    pub(super) fn mutation(self) -> Option<Mutation> {
        match self {
            Self::NoQuorum => Some(Mutation::NoQuorum),
            Self::DoubleVote => Some(Mutation::DoubleVote),
            Self::DeferForEver => Some(Mutation::DeferForEver),
            Self::SaysSyncedTooEarly
            | Self::HidesAmnesia
            | Self::SilenceIsProof
            | Self::HidesRestarts
            | Self::OvercountsPromises => None,
        }
    }
}

impl SimulationConfig {
    /// Whether a rule is broken; never outside tests.
    #[cfg(test)]
    pub(super) fn breaks(&self, rule: BrokenRule) -> bool {
        self.broken == Some(rule)
    }

    /// Whether a rule is broken; never outside tests.
    #[cfg(not(test))]
    #[expect(clippy::unused_self, reason = "the same call as in tests")]
    pub(super) const fn breaks(&self, _: BrokenRule) -> bool {
        false
    }
}
