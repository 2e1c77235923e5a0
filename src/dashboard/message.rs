//! What comes into the dashboard, and what it wants done: one closed enum each.

use std::path::PathBuf;

use crossterm::event::KeyEvent;
use ratatui::layout::Size;

use super::cluster::Cluster;
use super::dialog::listing::Listing;
use super::dialog::picture::{PictureRequest, Preview};
use super::stage::Stage;
use super::transport::Playback;
use crate::event::Event;
use crate::event::process::{ProcessEvent, Wish};
use crate::fault::Fault;
use crate::id::{NodeId, UserName};
use crate::protocol::Contact;
use crate::upload::UploadEvent;

/// Everything that can happen to the dashboard.
#[derive(Debug)]
pub enum Message {
    /// A node that runs under this supervisor told something.
    Node(Box<Event>),
    /// Something happened to the process of a node.
    Process(ProcessEvent),
    /// Something came of the connection to a node that somebody else started.
    Contact(NodeId, Contact),
    /// A person pressed a key.
    Key(KeyEvent),
    /// A person pasted text.
    Paste(String),
    /// The terminal has this size now.
    Resized(Size),
    /// Something happened in the upload that the dashboard asked for.
    Upload(UploadEvent),
    /// A path that was asked for was looked at.
    Listed(Listing),
    /// A picture that was asked for is there, or cannot be.
    Previewed(Preview),
    /// The pager has ended, or could not be run for this reason.
    Paged(Result<(), String>),
    /// A scenario shows this now.
    Stage(Box<Stage>),
    /// What the panels tell of the past is forgotten: a person cleaned up.
    Forget,
    /// A recording goes on from here: this is what was known at this time.
    Rewound(Box<Known>),
    /// Time has passed, and something on the screen has aged.
    Beat,
}

/// What a dashboard knows of a cluster and its scenario, without what is the viewer's.
#[derive(Debug, Clone)]
pub struct Known {
    /// The cluster.
    pub cluster: Cluster,
    /// What a scenario shows, if one is played.
    pub stage: Option<Stage>,
}

/// What the dashboard wants done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Do something to the processes of nodes.
    Wish(Wish),
    /// Make something wrong with links and nodes on purpose, or right again.
    Fault(Fault),
    /// Upload an image.
    Upload {
        /// Whose.
        user: UserName,
        /// Which file.
        file: PathBuf,
    },
    /// Forget what the panels tell of the past, and record that they did; told as [`Message::Forget`].
    Forget,
    /// Give up the upload.
    CancelUpload,
    /// Say what is in a folder; of a file, what is in its own.
    List(PathBuf),
    /// Make a picture; an older request that is not answered yet is no longer wanted.
    Preview(PictureRequest),
    /// Put text on the clipboard of the person's terminal.
    Copy(String),
    /// Show text in the person's pager.
    Page(String),
    /// Go on with the scenario, which waits.
    Next,
    /// Do this with the recording that is shown.
    Playback(Playback),
    /// Give the terminal back to the shell for a while.
    Suspend,
    /// Stop everything in order, and end.
    Quit,
    /// End at once.
    QuitNow,
}
