//! The election: the bully decides who runs, a quorum decides who leads.
//!
//! One [`Election`] is one node's part of it, as a state machine without clock, socket, disk or
//! unseeded randomness. A driver hands in what happened and carries out what comes back:
//!
//! ```text
//!   links, messages, votes on disk, time                    persist, send, publish
//!        ----- Input ---->  Election::handle  ---- Output ---->
//!                           Election::poll_timeout  --------->  when to say Tick
//! ```
//!
//! The textbook algorithm (Garcia-Molina, *Elections in a Distributed Computing System*, 1982)
//! elects two leaders under a partition. Here the highest reachable id still *stands*, but it leads
//! only with the votes of a quorum, one vote a node and epoch, on disk before it is cast (Ongaro
//! and Ousterhout, *In Search of an Understandable Consensus Algorithm*, §5.2); and it *serves* only
//! while the promises of a quorum run, which are leases (Gray and Cheriton, 1989).
//!
//! ```text
//!            grace over                every higher id excluded,     grants of
//!   Idle -------------> Candidate ------------------------------> Claimant ---> Leader
//!    ^   <------------- asks "who is there?"   support of a quorum     |   a quorum | serves while a quorum
//!    |     a higher id bullies, a leader is alive                      |            | has promised
//!    |  <------------------------- refused, or too slow ---------------+            |
//!    |  <------------------------------------- quorum lost, superseded -------------+
//!    |  promise expired, leader dead, resigned
//!   Follower <--- Coordinator from a leader (from any state) ---     HandingOver <--+ a higher id is stable
//! ```
//!
//! # Invariants
//!
//! - One leader a ballot, never twice; one vote a node and epoch, across restarts.
//! - Never two leaders that serve: a promise binds its maker for longer than the leader counts it.
//! - A minority never leads because others are silent.
//!
//! `simulation` checks them under random faults; change no rule without it.

mod answers;
mod claim;
mod election;
mod follow;
mod interface;
mod lead;
mod links;
mod mutation;
mod peer;
mod peers;
mod persist;
mod probe;
mod promises;
mod quorum;
#[cfg(test)]
mod tests;
mod view;

use std::time::Duration;

pub use election::Election;
pub use interface::{ElectionConfig, Input, LinkChange, Output, View, Vote};
pub(crate) use mutation::Mutation;

/// How long a probe waits for answers before who is silent no longer counts.
///
/// A message and its answer take well under a millisecond on a LAN; a stopped process never answers.
pub const ANSWER_TIME: Duration = Duration::from_millis(25);

/// How long a claim waits for its grants, before jitter: a few rounds and the slowest disk's sync.
pub const CLAIM_TIME: Duration = Duration::from_millis(100);

/// How long a node waits for somebody it supported or voted for to lead: a claim and its promises.
pub const COORDINATOR_WAIT: Duration = Duration::from_millis(150);

/// Between two tries, before jitter and backoff.
pub const RETRY_TIME: Duration = Duration::from_millis(60);

/// The longest a backed-off try waits; a cluster whose messages take a second still elects.
pub const RETRY_TIME_MAX: Duration = Duration::from_secs(1);

/// How long a refused dial proves that nobody listens there, from when the dial began.
///
/// Shorter than the shortest start-up grace, so that a proof is void before the node it is about
/// votes again.
pub const PROOF_TIME: Duration = Duration::from_millis(500);

/// How far ahead of everything a node knows an epoch may be before it is nonsense.
///
/// No cluster holds so many elections while one of its nodes is away; and who invents epochs must
/// not be able to use them up.
pub const EPOCH_LEAP_MAX: u64 = 1 << 32;

/// How often a driver must dial a dead peer again, so that its proof never lapses.
pub const PROOF_RENEWAL: Duration = Duration::from_millis(250);
