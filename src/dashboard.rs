//! The dashboard: a live cluster, a recording or a simulation on the screen.
//!
//! ```text
//!   messages --> update --> model --> view --> frame
//!                   |         ^
//!                   v         | cluster: a fold over events
//!                commands
//! ```
//!
//! Pure but for its terminal: it asks nobody anything, and whoever drives it hands the time in. It
//! stands on the words alone, so that whatever makes the same events draws the same screen.

pub mod cluster;
mod copy;
pub mod dialog;
mod faults;
pub mod keymap;
pub mod lane;
pub mod layout;
pub mod links;
mod log_view;
pub mod message;
pub mod model;
mod playback;
pub mod presenter;
pub mod scale;
mod search;
pub mod stage;
pub mod terminal;
pub mod theme;
pub mod transport;
mod update;
mod view;
mod why;
pub mod words;

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

pub use message::{Command, Known, Message};
pub use model::{Control, Images, Model, Setup};
pub use update::update;
pub use view::view;
