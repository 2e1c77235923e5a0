//! An image file as a few pixels: what the process that decodes does, and what it says.
//!
//! | bytes | what |
//! | --- | --- |
//! | one line of JSON | kind, width and height of the image; how many of its pixels are in a row below |
//! | the rest | rows of pixels, red, green and blue a byte each |
//!
//! The limits here are those of codecs. That they may fail all the same is why they run elsewhere.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, Write};
use std::path::Path;

use ::image::metadata::Orientation;
use ::image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits};
use serde::{Deserialize, Serialize};

use crate::dashboard::dialog::picture::Pixels;
use crate::image::{self, HEAD_BYTES};
use crate::protocol::ImageKind;

/// The longest side of an image that is decoded: beyond what any camera makes.
const SIDE_MAX: u32 = 32_768;

/// The most memory a decoded image may take: 64 million pixels of three bytes, as large cameras make.
const DECODED_BYTES_MAX: u64 = 192 << 20;

/// The longest first line that is read back.
const HEADER_BYTES_MAX: usize = 1024;

/// What shines through where an image is clear: a grey that is neither background.
const BEHIND: u32 = 0x80;

/// Why an image was not decoded, as a person reads it.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// The file cannot be read.
    #[error("it could not be read: {0}")]
    Io(#[from] io::Error),
    /// There is nothing to be read from it.
    #[error("it is no regular file")]
    Special,
    /// It is no image that is accepted.
    #[error(transparent)]
    NotAnImage(#[from] image::NotAnImage),
    /// It is one that nothing here decodes.
    #[error("no preview of {0}; it can be uploaded all the same")]
    NoDecoder(ImageKind),
    /// Decoding it would take too much memory.
    #[error("no preview: {width}x{height} is too large; it can be uploaded all the same")]
    TooLarge {
        /// Its width, in pixels.
        width: u32,
        /// Its height, in pixels.
        height: u32,
    },
    /// Its content is damaged, or of a form that is not understood.
    #[error("no preview: {0}")]
    Content(#[from] ::image::ImageError),
}

/// An image as a few pixels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decoded {
    /// What is known of it.
    pub header: Header,
    /// The pixels.
    pub pixels: Pixels,
}

/// What is known of an image besides its pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// Its kind; none of bytes that are only drawn as one.
    pub kind: Option<ImageKind>,
    /// Its width, in its own pixels.
    pub width: u32,
    /// Its height, in its own pixels.
    pub height: u32,
    /// How many pixels of the small one stand in a row.
    pub row: u16,
}

/// Decodes an image and makes it at most `within` pixels wide and high.
///
/// # Errors
///
/// When it is no image, cannot be read or decoded, or is too large.
pub fn picture(file: &Path, within: (u16, u16)) -> Result<Decoded, DecodeError> {
    let mut file = regular(file)?;
    let mut head = Vec::with_capacity(HEAD_BYTES);
    (&mut file).take(HEAD_BYTES as u64).read_to_end(&mut head)?;
    let kind = image::detect(&head)?;
    let format = format(kind).ok_or(DecodeError::NoDecoder(kind))?;
    file.rewind()?;
    let (image, (width, height)) = decoded(file, format, within)?;
    let pixels = pixels(&image);
    let header = Header {
        kind: Some(kind),
        width,
        height,
        row: pixels.width(),
    };
    Ok(Decoded { header, pixels })
}

/// Takes the first bytes of a file for pixels, in a picture of the shape of `like`.
///
/// A short file has fewer of them: then each is drawn larger, and none is made up.
///
/// # Errors
///
/// When the file cannot be read.
pub fn bytes(file: &Path, within: (u16, u16), like: Option<(u32, u32)>) -> Result<Decoded, DecodeError> {
    let file = regular(file)?;
    let (width, height) = like.unwrap_or((within.0.into(), within.1.into()));
    let (row, rows) = fitted((width, height), within);
    let count = u64::from(row) * u64::from(rows) * 3;
    let mut read = Vec::new();
    file.take(count).read_to_end(&mut read)?;
    let pixels = enlarged(&colours(&read), (row, rows));
    let header = Header {
        kind: None,
        width,
        height,
        row,
    };
    Ok(Decoded { header, pixels })
}

impl Decoded {
    /// Writes it as [`Decoded::read`] reads it.
    ///
    /// # Errors
    ///
    /// When `out` fails.
    pub fn write(&self, mut out: impl Write) -> io::Result<()> {
        let header = serde_json::to_string(&self.header)?;
        writeln!(out, "{header}")?;
        out.write_all(self.pixels.colours().as_flattened())?;
        out.flush()
    }

    /// Reads what [`Decoded::write`] wrote; `None` if it is anything else.
    #[must_use]
    pub fn read(written: &[u8]) -> Option<Self> {
        let end = written
            .iter()
            .take(HEADER_BYTES_MAX)
            .position(|byte| *byte == b'\n')?;
        let header: Header = serde_json::from_slice(&written[..end]).ok()?;
        let pixels = Pixels::new(header.row, colours(&written[end + 1..]));
        Some(Self { header, pixels })
    }

    /// Returns the most bytes that a picture within these bounds is written in.
    #[must_use]
    pub fn written_bytes_max((width, height): (u16, u16)) -> u64 {
        HEADER_BYTES_MAX as u64 + u64::from(width) * u64::from(height) * 3
    }
}

fn regular(path: &Path) -> Result<File, DecodeError> {
    // Looked at before it is opened: to open a pipe waits for whoever writes into it.
    if !path.metadata()?.is_file() {
        return Err(DecodeError::Special);
    }
    Ok(File::open(path)?)
}

const fn format(kind: ImageKind) -> Option<ImageFormat> {
    Some(match kind {
        ImageKind::Png => ImageFormat::Png,
        ImageKind::Jpeg => ImageFormat::Jpeg,
        ImageKind::Gif => ImageFormat::Gif,
        ImageKind::Webp => ImageFormat::WebP,
        ImageKind::Bmp => ImageFormat::Bmp,
        ImageKind::Tiff => ImageFormat::Tiff,
        ImageKind::Avif => return None,
    })
}

/// Decodes within the limits, makes it small, and turns it as the camera was held.
fn decoded(
    file: File,
    format: ImageFormat,
    (width, height): (u16, u16),
) -> Result<(DynamicImage, (u32, u32)), DecodeError> {
    let mut reader = ImageReader::with_format(BufReader::new(file), format);
    let mut limits = Limits::default();
    limits.max_image_width = Some(SIDE_MAX);
    limits.max_image_height = Some(SIDE_MAX);
    limits.max_alloc = Some(DECODED_BYTES_MAX);
    reader.limits(limits);
    let mut decoder = reader.into_decoder()?;
    let whole = decoder.dimensions();
    if decoder.total_bytes() > DECODED_BYTES_MAX {
        let (width, height) = whole;
        return Err(DecodeError::TooLarge { width, height });
    }
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut image = DynamicImage::from_decoder(decoder)?;
    image.apply_orientation(orientation);
    let turned = (image.width(), image.height());
    let (width, height) = fitted(turned, (width, height));
    Ok((image.thumbnail_exact(width.into(), height.into()), turned))
}

/// Returns the largest size of the same shape that is within bounds, and no larger than the whole.
fn fitted((width, height): (u32, u32), within: (u16, u16)) -> (u16, u16) {
    let (width, height) = (u64::from(width.max(1)), u64::from(height.max(1)));
    let most = (
        u64::from(within.0.max(1)).min(width),
        u64::from(within.1.max(1)).min(height),
    );
    // Whichever side is met first.
    let (fitted_width, fitted_height) = if width * most.1 <= most.0 * height {
        (width * most.1 / height, most.1)
    } else {
        (most.0, height * most.0 / width)
    };
    let small = |side: u64| u16::try_from(side.max(1)).unwrap_or(u16::MAX);
    (small(fitted_width), small(fitted_height))
}

/// Returns the pixels of a small image, over grey where it is clear.
fn pixels(image: &DynamicImage) -> Pixels {
    let image = image.to_rgba8();
    let width = u16::try_from(image.width()).unwrap_or(u16::MAX);
    let over_grey = |colour: u8, alpha: u8| {
        let (colour, alpha) = (u32::from(colour), u32::from(alpha));
        u8::try_from((colour * alpha + BEHIND * (255 - alpha)) / 255).unwrap_or(u8::MAX)
    };
    let colours = image.pixels().map(|pixel| {
        let [red, green, blue, alpha] = pixel.0;
        [red, green, blue].map(|colour| over_grey(colour, alpha))
    });
    Pixels::new(width, colours.collect())
}

/// Spreads colours over so many pixels, each over a rectangle where there are too few.
fn enlarged(colours: &[[u8; 3]], (width, height): (u16, u16)) -> Pixels {
    let (width, height) = (usize::from(width), usize::from(height));
    // The largest grid of the same shape that there are colours for.
    let fits = |columns: &usize| columns * (columns * height / width).max(1) <= colours.len();
    let Some(columns) = (1..=width).rev().find(fits) else {
        return Pixels::new(0, Vec::new());
    };
    let rows = (columns * height / width).max(1);
    let places = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
    let spread = places.map(|(x, y)| colours[y * rows / height * columns + x * columns / width]);
    let row = u16::try_from(width).unwrap_or(u16::MAX);
    Pixels::new(row, spread.collect())
}

fn colours(bytes: &[u8]) -> Vec<[u8; 3]> {
    bytes.as_chunks().0.to_vec()
}

#[cfg(test)]
mod tests;
