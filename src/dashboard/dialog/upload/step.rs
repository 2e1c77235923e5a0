//! Where the upload dialog stands.

use std::time::Duration;

use crate::dashboard::dialog::broadcast::Broadcast;
use crate::upload::Receipt;

/// Which field keys go to while an image is chosen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Field {
    /// The list of files.
    #[default]
    Files,
    /// The user.
    User,
}

/// Where the dialog stands.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// An image is chosen.
    Choose,
    /// An upload runs.
    Watch(Broadcast),
    /// It is done.
    Done {
        /// How it went.
        broadcast: Broadcast,
        /// What it came to.
        receipt: Receipt,
        /// How long it took.
        took: Duration,
    },
    /// It failed.
    Failed {
        /// How it went.
        broadcast: Broadcast,
        /// Why, and what to do.
        reason: String,
    },
}
