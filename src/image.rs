//! What an image is, by its content.
//!
//! Owns the signatures of the accepted kinds and the words for everything else. Looks at the
//! first bytes only and never at a name: it says what a file begins like, not that a picture can
//! be drawn from it.
//!
//! The accepted kinds are recognised here, by the whole signature: a table that takes two letters
//! `BM` for a bitmap would accept a letter from Bert, and what a wrong key decrypts to. `infer`
//! names what is not accepted.

use std::borrow::Cow;

use crate::protocol::ImageKind;

/// How many leading bytes suffice to tell what a file is.
///
/// The accepted kinds show in their first 32; office documents, which we only want to name, within
/// 8 KiB.
pub const HEAD_BYTES: usize = 8 * 1024;

/// What is accepted, in the words of a refusal.
const ACCEPTED: &str = "only PNG, JPEG, GIF, WebP, BMP, TIFF and AVIF are accepted";

/// Why a content is not accepted, and what it looks like.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAnImage {
    /// There is nothing in it.
    #[error("it is empty; {ACCEPTED}")]
    Empty,
    /// It is an image, of another kind.
    #[error("it looks like {name} ({media}); {ACCEPTED}")]
    OtherKind {
        /// The name of the kind.
        name: Cow<'static, str>,
        /// Its media type.
        media: &'static str,
    },
    /// It is something known that is no image.
    #[error("it looks like {name} ({media}), not like an image; {ACCEPTED}")]
    Other {
        /// What it is, with its article.
        name: String,
        /// Its media type.
        media: &'static str,
    },
    /// It is plain text.
    #[error("it looks like text, not like an image; {ACCEPTED}")]
    Text,
    /// It is none of what is known.
    #[error("it looks like nothing known; {ACCEPTED}")]
    Unknown,
}

/// Tells which kind of image begins with `head`: the first [`HEAD_BYTES`], or all if it is shorter.
///
/// # Errors
///
/// When it is none of the accepted kinds; the error says what it looks like.
pub fn detect(head: &[u8]) -> Result<ImageKind, NotAnImage> {
    accepted_kind(head).ok_or_else(|| refusal(head))
}

fn accepted_kind(head: &[u8]) -> Option<ImageKind> {
    if head.starts_with(b"\x89PNG\r\n\x1a\n") {
        Some(ImageKind::Png)
    } else if is_jpeg(head) {
        Some(ImageKind::Jpeg)
    } else if head.starts_with(b"GIF87a") || head.starts_with(b"GIF89a") {
        Some(ImageKind::Gif)
    } else if head.starts_with(b"RIFF") && head.get(8..12) == Some(b"WEBP") {
        Some(ImageKind::Webp)
    } else if is_bmp(head) {
        Some(ImageKind::Bmp)
    } else if is_tiff(head) {
        Some(ImageKind::Tiff)
    } else if is_avif(head) {
        Some(ImageKind::Avif)
    } else {
        None
    }
}

/// A start-of-image marker, then another one; every marker that may follow is 0xC0 or more.
fn is_jpeg(head: &[u8]) -> bool {
    matches!(head, [0xff, 0xd8, 0xff, 0xc0..=0xff, ..])
}

/// `BM`, then at byte 14 the length of one of the bitmap headers that were ever defined.
fn is_bmp(head: &[u8]) -> bool {
    let header_length = head
        .get(14..18)
        .and_then(|bytes| bytes.try_into().ok())
        .map(u32::from_le_bytes);
    head.starts_with(b"BM") && matches!(header_length, Some(12 | 16 | 40 | 52 | 56 | 64 | 108 | 124))
}

/// Classic TIFF or `BigTIFF` in either byte order; a Canon raw file is one too, but marked as such.
fn is_tiff(head: &[u8]) -> bool {
    const BYTE_ORDERS: [&[u8]; 4] = [b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"];
    let canon_raw = head.get(8..10) == Some(b"CR");
    head.len() >= 8 && !canon_raw && BYTE_ORDERS.iter().any(|order| head.starts_with(order))
}

/// An ISO media file whose brands name AVIF; a HEIC in the same container names other brands.
fn is_avif(head: &[u8]) -> bool {
    let Some((length, b"ftyp")) = head
        .first_chunk::<4>()
        .map(|length| (u32::from_be_bytes(*length), head.get(4..8).unwrap_or_default()))
    else {
        return false;
    };
    let end = usize::try_from(length).unwrap_or(usize::MAX).min(head.len());
    let is_avif_brand = |brand: &[u8]| brand == b"avif" || brand == b"avis";
    match head.get(8..12) {
        Some(b"mif1" | b"msf1" | b"miaf") => head
            .get(16..end)
            .is_some_and(|brands| brands.chunks_exact(4).any(is_avif_brand)),
        major => major.is_some_and(is_avif_brand),
    }
}

fn refusal(head: &[u8]) -> NotAnImage {
    if head.is_empty() {
        return NotAnImage::Empty;
    }
    if let Some(refusal) = named(head) {
        return refusal;
    }
    if is_text(head) {
        NotAnImage::Text
    } else {
        NotAnImage::Unknown
    }
}

/// Names what is known; `None` also for what only starts like an accepted kind.
fn named(head: &[u8]) -> Option<NotAnImage> {
    if is_svg(head) {
        return Some(NotAnImage::OtherKind {
            name: Cow::Borrowed("SVG"),
            media: "image/svg+xml",
        });
    }
    let found = infer::get(head)?;
    let media = found.mime_type();
    match (found.matcher_type(), media) {
        (
            _,
            "image/png" | "image/jpeg" | "image/gif" | "image/webp" | "image/bmp" | "image/tiff"
            | "image/avif",
        ) => None,
        (_, "image/heif") => Some(NotAnImage::OtherKind {
            name: Cow::Borrowed("HEIC"),
            media,
        }),
        (infer::MatcherType::Image, _) => Some(NotAnImage::OtherKind {
            name: Cow::Owned(found.extension().to_uppercase()),
            media,
        }),
        _ => Some(NotAnImage::Other {
            name: with_article(&found),
            media,
        }),
    }
}

/// Makes `a PDF document`, `an MP4 video`.
fn with_article(found: &infer::Type) -> String {
    use infer::MatcherType as Class;
    let noun = match (found.mime_type(), found.matcher_type()) {
        ("application/pdf" | "application/rtf" | "application/postscript", _) | (_, Class::Doc) => "document",
        ("application/vnd.sqlite3", _) => "database",
        (_, Class::Video) => "video",
        (_, Class::Audio) => "recording",
        (_, Class::Book) => "book",
        (_, Class::Font) => "font",
        (_, Class::Text) => "text",
        (_, Class::App | Class::Archive | Class::Image | Class::Custom) => "file",
    };
    let format = found.extension().to_uppercase();
    // Abbreviations are read letter by letter: "an MP4", "an HTML".
    let article = if format.starts_with(|letter| "AEFHILMNORSX".contains(letter)) {
        "an"
    } else {
        "a"
    };
    format!("{article} {format} {noun}")
}

fn is_svg(head: &[u8]) -> bool {
    let text = head.trim_ascii_start();
    let opens = |start: &[u8]| text.starts_with(start);
    opens(b"<svg") || ((opens(b"<?xml") || opens(b"<!--")) && head.windows(4).any(|tag| tag == b"<svg"))
}

/// UTF-8, perhaps cut inside its last character, without the control characters no text has.
fn is_text(head: &[u8]) -> bool {
    let text = match str::from_utf8(head) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() => {
            str::from_utf8(&head[..error.valid_up_to()]).unwrap_or_default()
        }
        Err(_) => return false,
    };
    !text.is_empty() && !text.chars().any(|c| c.is_control() && !c.is_ascii_whitespace())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bmp(header_length: u32) -> Vec<u8> {
        let mut head = b"BM\x46\0\0\0\0\0\0\0\x36\0\0\0".to_vec();
        head.extend(header_length.to_le_bytes());
        head
    }

    fn refused(head: &[u8]) -> String {
        let refusal = detect(head).expect_err("not accepted").to_string();
        refusal
            .strip_suffix("; only PNG, JPEG, GIF, WebP, BMP, TIFF and AVIF are accepted")
            .expect("says what is accepted")
            .to_owned()
    }

    #[test]
    fn each_accepted_kind_is_known_by_its_first_bytes() {
        let heads: [(&[u8], ImageKind); 14] = [
            (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", ImageKind::Png),
            (b"\xff\xd8\xff\xe0\0\x10JFIF\0", ImageKind::Jpeg),
            (b"\xff\xd8\xff\xdb\0\x43", ImageKind::Jpeg),
            (b"GIF87a\x01\0\x01\0", ImageKind::Gif),
            (b"GIF89a\x01\0\x01\0", ImageKind::Gif),
            (b"RIFF\x24\0\0\0WEBPVP8 ", ImageKind::Webp),
            (&bmp(40), ImageKind::Bmp),
            (&bmp(124), ImageKind::Bmp),
            (b"II*\0\x08\0\0\0", ImageKind::Tiff),
            (b"MM\0*\0\0\0\x08", ImageKind::Tiff),
            (b"MM\0+\0\x08\0\0\0\0\0\0\0\0\0\x10", ImageKind::Tiff),
            (b"\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf", ImageKind::Avif),
            (b"\0\0\0\x14ftypavis\0\0\0\0avis", ImageKind::Avif),
            (b"\0\0\0\x18ftypmif1\0\0\0\0miafavif", ImageKind::Avif),
        ];
        for (head, kind) in heads {
            assert_eq!(detect(head), Ok(kind), "{}", head.escape_ascii());
        }
    }

    #[test]
    fn other_kinds_of_image_are_named() {
        assert_eq!(
            detect(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic")
                .expect_err("not accepted")
                .to_string(),
            "it looks like HEIC (image/heif); \
             only PNG, JPEG, GIF, WebP, BMP, TIFF and AVIF are accepted"
        );
        let heads: [(&[u8], &str); 6] = [
            (b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic", "HEIC (image/heif)"),
            (b"8BPS\0\x01", "PSD (image/vnd.adobe.photoshop)"),
            (b"II*\0\x10\0\0\0CR\x02\0\0\0\0\0", "CR2 (image/x-canon-cr2)"),
            (b"\0\0\0\x0cJXL \r\n\x87\n\0\0\0\x14ftypjxl ", "JXL (image/jxl)"),
            (
                b"<svg xmlns='http://www.w3.org/2000/svg'/>",
                "SVG (image/svg+xml)",
            ),
            (b"<?xml version='1.0'?>\n<svg/>", "SVG (image/svg+xml)"),
        ];
        for (head, name) in heads {
            assert_eq!(refused(head), format!("it looks like {name}"));
        }
    }

    #[test]
    fn what_is_no_image_is_named() {
        let mut elf = b"\x7fELF\x02\x01\x01".to_vec();
        elf.resize(64, 0);
        let heads: [(&[u8], &str); 7] = [
            (b"%PDF-1.7\n", "a PDF document (application/pdf)"),
            (b"PK\x03\x04\x14\0\0\0", "a ZIP file (application/zip)"),
            (b"\x1f\x8b\x08\0", "a GZ file (application/gzip)"),
            (
                b"\0\0\0\x18ftypisom\0\0\x02\0isomiso2avc1mp41",
                "an MP4 video (video/mp4)",
            ),
            (&elf, "an ELF file (application/x-executable)"),
            (b"<html><body>", "an HTML text (text/html)"),
            (b"#!/bin/sh\n", "an SH text (text/x-shellscript)"),
        ];
        for (head, name) in heads {
            assert_eq!(refused(head), format!("it looks like {name}, not like an image"));
        }
    }

    #[test]
    fn text_is_no_image_even_when_it_starts_like_one() {
        for text in [
            "BMW builds cars and motorcycles.\n",
            "GIFts for everybody",
            "Grüße",
            "a",
            "tabs\tand\r\nlines\n",
        ] {
            assert_eq!(refused(text.as_bytes()), "it looks like text, not like an image");
        }
        let cut_inside_a_character = &"Grüße".as_bytes()[..3];
        assert_eq!(detect(cut_inside_a_character), Err(NotAnImage::Text));
    }

    #[test]
    fn nothing_and_noise_are_told_apart() {
        assert_eq!(refused(b""), "it is empty");
        for noise in [
            b"\0".as_slice(),
            b"\xff",
            b"\x89PNG",
            b"\xff\xd8\xff",
            b"BM\0\0\0\0\0\0\0\0\0\0\0\0\xc7\x11\0\0",
            b"\xc3",
            b"words and \x01 control",
        ] {
            assert_eq!(refused(noise), "it looks like nothing known", "{noise:?}");
        }
    }

    #[test]
    fn no_prefix_of_a_head_panics() {
        let heads: [&[u8]; 3] = [
            b"\0\0\0\x18ftypmif1\0\0\0\0miafavif",
            b"\xff\xff\xff\xffftypmif1\0\0\0\0miaf",
            b"RIFF\x24\0\0\0WEBPVP8 ",
        ];
        for head in heads {
            for end in 0..=head.len() {
                let known = detect(&head[..end]).is_ok();
                assert!(!known || end >= 12, "{end} bytes");
            }
        }
    }
}
