//! Rules broken on purpose: the test of the tests.
//!
//! The simulator breaks what it can from outside, by lying to an election about its disk, its clock
//! and its peers. These rules cannot be broken from outside. Only tests can break them.

/// A rule that an election breaks on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mutation {
    /// Leads without asking how many agree.
    NoQuorum,
    /// Votes for everybody who asks, again and again in the same epoch.
    DoubleVote,
    /// Waits for a higher id again and again although that one never leads.
    DeferForEver,
}
