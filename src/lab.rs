//! The failover lab: what is kept of a run of a cluster, and what is made of it afterwards.
//!
//! It stands between the dashboard, whose fold it uses, and whoever joins it with a terminal. A run
//! is a stream of messages with their times; everything here writes that stream or reads it.

pub mod export;
pub mod picture;
pub mod recording;
pub mod replay;
