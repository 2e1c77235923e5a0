//! The two pictures of the upload dialog: what is to be encrypted, and what came of it.

use std::path::PathBuf;

use ratatui::layout::Size;

use crate::dashboard::dialog::picture::{Pane, PictureRequest, Preview, Subject};

/// The pictures, and which of them were asked for.
#[derive(Debug, Default)]
pub(super) struct Pictures {
    /// The chosen file.
    pub(super) image: Pane,
    /// The encrypted bytes.
    pub(super) ciphertext: Pane,
    /// Whose picture the first one is, and its size in pixels, once known.
    file: Option<PathBuf>,
    dimensions: Option<(u32, u32)>,
    /// Whether the first one has to be made anew.
    outdated: bool,
    /// How many pictures were asked for.
    asked: u64,
}

/// What an answer told besides the picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Learned {
    /// How many pixels the chosen image has.
    Dimensions,
    /// Nothing new.
    Nothing,
}

impl Pictures {
    /// Returns the request for the picture of `file`, unless it is there or asked for.
    pub(super) fn look(&mut self, file: Option<PathBuf>, area: Size) -> Option<PictureRequest> {
        if self.file == file && !self.outdated {
            return None;
        }
        if self.file != file {
            self.dimensions = None;
        }
        self.outdated = false;
        self.file.clone_from(&file);
        self.image = Pane::Empty;
        let request = self.ask(Subject::Image(file?), area);
        self.image = Pane::Asked {
            number: request.number,
        };
        Some(request)
    }

    /// Returns the request for the picture of encrypted bytes, in the shape of the first one.
    pub(super) fn look_at_ciphertext(&mut self, file: PathBuf, area: Size) -> PictureRequest {
        let like = self.dimensions;
        let request = self.ask(Subject::Ciphertext { file, like }, area);
        self.ciphertext = Pane::Asked {
            number: request.number,
        };
        request
    }

    fn ask(&mut self, subject: Subject, area: Size) -> PictureRequest {
        self.asked += 1;
        PictureRequest {
            number: self.asked,
            subject,
            area,
        }
    }

    /// Takes an answer; one that nobody waits for is dropped.
    pub(super) fn take(&mut self, preview: Preview) -> Learned {
        if let Some(other) = self.image.take(preview) {
            self.ciphertext.take(other);
            return Learned::Nothing;
        }
        let dimensions = self.image.picture().map(|picture| picture.dimensions);
        if dimensions.is_none() || dimensions == self.dimensions {
            return Learned::Nothing;
        }
        self.dimensions = dimensions;
        Learned::Dimensions
    }

    /// Has the first picture asked for again: it has another place.
    pub(super) fn make_anew(&mut self) {
        self.outdated = true;
    }

    /// Gives back what the encrypted bytes cost in memory.
    pub(super) fn forget_ciphertext(&mut self) {
        self.ciphertext = Pane::Empty;
    }

    /// Gives back what both pictures cost in memory; answers on their way are dropped.
    pub(super) fn forget(&mut self) {
        *self = Self {
            asked: self.asked,
            ..Self::default()
        };
    }
}
