//! What a scenario shows on the dashboard: its caption, what it does and finds, and the client's lane.
//!
//! Plain data, told whole each time that something of it changes.

use serde::{Deserialize, Serialize};

use super::lane::Lane;

/// How many rows it takes: a bar, four of caption, the news, and the lane.
///
/// On a screen of 80 columns four hold the longest caption that a scenario may have, and what a shorter
/// one leaves is the news'; what a narrower screen has no room for is cut with a mark.
pub const ROWS: u16 = 7;

/// How many it takes where nobody explains and no client uploads: a bar and the news.
pub const BRIEF_ROWS: u16 = 2;

/// What a scenario shows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stage {
    /// What it is about.
    pub title: String,
    /// What it tells its audience now.
    pub caption: String,
    /// What was last done or found.
    pub news: Option<News>,
    /// What the load came to so far.
    pub lane: Lane,
    /// Whether it waits for somebody to ask for the next.
    pub waits: bool,
    /// Whether it is over: the cluster is whoever's who looks at it.
    #[serde(default)]
    pub over: bool,
}

/// Something that was done or found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct News {
    /// What kind of thing.
    pub kind: NewsKind,
    /// In words.
    pub text: String,
}

/// What kind of thing was done or found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NewsKind {
    /// Something was done.
    Done,
    /// Something is waited for or being found out.
    Watched,
    /// Something is as expected.
    Held,
    /// Something is not.
    Failed,
}
