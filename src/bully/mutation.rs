//! Rules broken on purpose: the test of the tests.

/// A rule that an election breaks on purpose, so that the simulator can prove that it would notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mutation {
    /// Leads without asking how many agree.
    NoQuorum,
    /// Votes for everybody who asks, again and again in the same epoch.
    DoubleVote,
    /// Tells of a vote before it is on disk.
    SendsBeforePersist,
    /// Votes although its disk was lost.
    AmnesiaVotes,
    /// Waits for a higher id again and again although that one never leads.
    DeferForEver,
    /// Takes a peer that does not answer for dead.
    SilenceIsProof,
    /// Votes although it may have promised not to before it restarted.
    ForgetsPromise,
    /// Counts a promise for longer than its maker keeps it.
    OvercountsPromise,
}

impl Mutation {
    /// Every mutation.
    pub const ALL: [Self; 8] = [
        Self::NoQuorum,
        Self::DoubleVote,
        Self::SendsBeforePersist,
        Self::AmnesiaVotes,
        Self::DeferForEver,
        Self::SilenceIsProof,
        Self::ForgetsPromise,
        Self::OvercountsPromise,
    ];
}
