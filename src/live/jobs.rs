//! What the dashboard asks of files, done beside the loop: folders are listed, pictures made.
//!
//! ```text
//!   Command::List ----> listing   (a thread each, few at a time) ----> Message::Listed
//!   Command::Preview -> picture   (a process each, newest wins) -----> Message::Previewed
//! ```
//!
//! A file system that hangs keeps a thread and nothing else. Codecs run in a process of their own:
//! a picture that makes one panic, or eat memory, costs that process, never the cluster; and the
//! memory is given back by its end.

use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::task::{AbortHandle, JoinSet};

use self::graphics::Graphics;
use crate::dashboard::Message;
use crate::dashboard::dialog::listing::Listing;
use crate::dashboard::dialog::picture::{PictureRequest, Preview, Subject};

pub mod decode;
mod graphics;
mod listing;
mod picture;

/// How many folders may be looked into at once.
///
/// One is what a person waits for; the others are those that did not answer.
const LISTERS_MAX: usize = 4;

/// How many pictures may be drawn at once, which nobody can give up: one of each kind.
const DRAWERS_MAX: usize = 2;

/// The work that is being done for the dashboard.
#[derive(Debug)]
pub(super) struct Jobs {
    /// The program that makes pictures: this one.
    program: Arc<PathBuf>,
    graphics: Graphics,
    listers: Arc<Semaphore>,
    drawers: Arc<Semaphore>,
    running: JoinSet<Message>,
    /// The newest picture of an image, and the newest of encrypted bytes.
    image: Option<AbortHandle>,
    ciphertext: Option<AbortHandle>,
}

impl Jobs {
    /// Makes jobs whose pictures `program` decodes, for the terminal that the environment tells of.
    pub(super) fn new(program: PathBuf, coloured: bool) -> Self {
        let graphics = if coloured {
            Graphics::of_environment()
        } else {
            Graphics::Cells
        };
        Self {
            program: Arc::new(program),
            graphics,
            listers: Arc::new(Semaphore::new(LISTERS_MAX)),
            drawers: Arc::new(Semaphore::new(DRAWERS_MAX)),
            running: JoinSet::new(),
            image: None,
            ciphertext: None,
        }
    }

    /// Looks into a folder.
    pub(super) fn list(&mut self, asked: PathBuf) {
        let Ok(permit) = Arc::clone(&self.listers).try_acquire_owned() else {
            let found = Err("too many folders do not answer; wait for one of them".to_owned());
            self.running
                .spawn(async { Message::Listed(Listing { asked, found }) });
            return;
        };
        self.running.spawn_blocking(move || {
            let listing = listing::list(asked);
            drop(permit);
            Message::Listed(listing)
        });
    }

    /// Makes a picture; one of the same kind that is being made is given up.
    pub(super) fn picture(&mut self, request: PictureRequest) {
        let newest = match request.subject {
            Subject::Image(_) => &mut self.image,
            Subject::Ciphertext { .. } => &mut self.ciphertext,
        };
        if let Some(older) = newest.take() {
            older.abort();
        }
        let (program, graphics) = (Arc::clone(&self.program), self.graphics);
        let drawers = Arc::clone(&self.drawers);
        let making = self.running.spawn(async move {
            let number = request.number;
            let picture = picture::make(&program, request, graphics, drawers).await;
            Message::Previewed(Preview { number, picture })
        });
        *newest = Some(making);
    }

    /// Waits for what is done next. May be cancelled.
    pub(super) async fn next(&mut self) -> Message {
        while let Some(ended) = self.running.join_next().await {
            // One that was given up has nothing to say.
            if let Ok(message) = ended {
                return message;
            }
        }
        std::future::pending().await
    }
}
