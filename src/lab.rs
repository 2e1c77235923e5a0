//! The failover lab: scenarios that lead a real cluster through failures, and judge what is seen.

pub mod headless;
pub mod load;
pub mod performance;
pub mod play;
pub mod report;
pub mod scenario;
