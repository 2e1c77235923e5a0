//! The failover lab: scenarios that lead a real cluster through failures and judge what is seen;
//! what is kept of a run, and what is made of it afterwards.
//!
//! It stands between the dashboard, whose fold it uses, and whoever joins it with a terminal. A run
//! is a stream of messages with their times: what is here judges that stream, writes it or reads it.

pub mod captions;
pub mod export;
pub mod headless;
pub mod load;
pub mod performance;
pub mod picture;
pub mod play;
pub mod recording;
pub mod replay;
pub mod report;
pub mod scenario;
pub mod simulated;
