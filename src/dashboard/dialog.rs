//! The upload dialog, without its looks: a state machine that keys and answers drive.
//!
//! ```text
//!   keys, pastes --> upload --+-- browser <-- listing      (folders are read elsewhere)
//!   answers -------->         +-- picture                  (images are decoded elsewhere)
//!                             +-- user
//!                             +-- broadcast <-- UploadEvent
//! ```
//!
//! [`upload::UploadDialog`] is what the dashboard holds. Nothing here opens a file: a path is a
//! question, and its answer comes back as a message.

pub mod broadcast;
pub mod browser;
pub mod keys;
pub mod listing;
pub mod panes;
mod pasted;
pub mod picture;
pub mod upload;
pub mod user;

#[cfg(test)]
pub(crate) mod testing;
