//! A picture as the dialog holds it: asked for by number, decoded elsewhere, drawn by the view.
//!
//! Numbers grow; an answer to any but the newest question is dropped, so what is shown always
//! belongs to what is selected.

use std::fmt;
use std::path::PathBuf;

use ratatui::layout::Size;
use ratatui_image::protocol::Protocol;

use crate::protocol::ImageKind;

/// How many pixels a cell of half-blocks has, one above the other.
pub const PIXELS_PER_CELL: u16 = 2;

/// Something to be drawn, asked of whoever may read files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PictureRequest {
    /// Its number, which the answer repeats.
    pub number: u64,
    /// Of what.
    pub subject: Subject,
    /// How many cells there are for it.
    pub area: Size,
}

/// What a picture is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// An image file.
    Image(PathBuf),
    /// The bytes of an encrypted file, drawn as if they were pixels.
    Ciphertext {
        /// The file.
        file: PathBuf,
        /// Width and height of the image that it is encrypted from, if that could be decoded.
        like: Option<(u32, u32)>,
    },
}

/// The answer to a [`PictureRequest`].
#[derive(Debug, Clone)]
pub struct Preview {
    /// The number of the request.
    pub number: u64,
    /// The picture, or why there is none, as a person reads it.
    pub picture: Result<Picture, String>,
}

/// A picture that is ready to be drawn.
#[derive(Clone)]
pub struct Picture {
    /// What kind of image it is; none for encrypted bytes.
    pub kind: Option<ImageKind>,
    /// Width and height of the image itself, in its own pixels.
    pub dimensions: (u32, u32),
    /// How it is drawn.
    pub drawn: Drawn,
}

/// A picture in the form a terminal takes.
#[derive(Clone)]
pub enum Drawn {
    /// Pixels, for terminals that only know cells.
    Pixels(Pixels),
    /// Encoded for a terminal that draws pictures itself.
    Terminal(Box<Protocol>),
}

/// Rows of pixels, from the top left.
#[derive(Clone, PartialEq, Eq)]
pub struct Pixels {
    width: u16,
    colours: Vec<[u8; 3]>,
}

impl Pixels {
    /// Makes rows of `width` pixels; what fills no whole row is left out.
    #[must_use]
    pub fn new(width: u16, mut colours: Vec<[u8; 3]>) -> Self {
        let rows = colours.len().checked_div(usize::from(width)).unwrap_or(0);
        colours.truncate(rows * usize::from(width));
        Self { width, colours }
    }

    /// Returns the number of pixels in a row.
    #[must_use]
    pub fn width(&self) -> u16 {
        self.width
    }

    /// Returns the colours, row by row.
    #[must_use]
    pub fn colours(&self) -> &[[u8; 3]] {
        &self.colours
    }

    /// Returns the number of rows.
    #[must_use]
    pub fn height(&self) -> u16 {
        let rows = self.colours.len().checked_div(usize::from(self.width));
        u16::try_from(rows.unwrap_or(0)).unwrap_or(u16::MAX)
    }

    /// Returns the colour at a place; `None` outside.
    #[must_use]
    pub fn at(&self, x: u16, y: u16) -> Option<[u8; 3]> {
        let index = usize::from(y) * usize::from(self.width) + usize::from(x);
        (x < self.width)
            .then(|| self.colours.get(index).copied())
            .flatten()
    }
}

/// What a pane for a picture shows.
#[derive(Debug, Clone, Default)]
pub enum Pane {
    /// Nothing was asked for.
    #[default]
    Empty,
    /// A picture is being made.
    Asked {
        /// The number of the request.
        number: u64,
    },
    /// There it is.
    Ready(Picture),
    /// There is none, because of this.
    Refused(String),
}

impl Pane {
    /// Takes an answer, or returns it if it is not the one that is waited for.
    pub fn take(&mut self, preview: Preview) -> Option<Preview> {
        match self {
            Self::Asked { number } if *number == preview.number => {
                *self = match preview.picture {
                    Ok(picture) => Self::Ready(picture),
                    Err(reason) => Self::Refused(reason),
                };
                None
            }
            Self::Empty | Self::Asked { .. } | Self::Ready(_) | Self::Refused(_) => Some(preview),
        }
    }

    /// Returns the picture, if it is there.
    #[must_use]
    pub fn picture(&self) -> Option<&Picture> {
        match self {
            Self::Ready(picture) => Some(picture),
            Self::Empty | Self::Asked { .. } | Self::Refused(_) => None,
        }
    }
}

impl fmt::Debug for Picture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (width, height) = self.dimensions;
        write!(f, "{:?} {width}x{height}", self.kind)
    }
}

impl fmt::Debug for Pixels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{} pixels", self.width(), self.height())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn preview(number: u64) -> Preview {
        Preview {
            number,
            picture: Err("none".to_owned()),
        }
    }

    #[test]
    fn only_the_awaited_answer_is_taken() {
        let mut pane = Pane::Asked { number: 7 };
        assert!(pane.take(preview(6)).is_some());
        assert!(matches!(pane, Pane::Asked { number: 7 }));
        assert!(pane.take(preview(7)).is_none());
        assert!(matches!(&pane, Pane::Refused(reason) if reason == "none"));
        assert!(pane.take(preview(7)).is_some());
    }

    #[test]
    fn pixels_that_fill_no_row_are_left_out() {
        let pixels = Pixels::new(3, vec![[1, 2, 3]; 8]);
        assert_eq!((pixels.width(), pixels.height()), (3, 2));
        assert_eq!(pixels.at(2, 1), Some([1, 2, 3]));
        assert_eq!((pixels.at(3, 0), pixels.at(0, 2)), (None, None));
        let none = Pixels::new(0, vec![[0; 3]; 2]);
        assert_eq!((none.height(), none.at(0, 0)), (0, None));
    }
}
