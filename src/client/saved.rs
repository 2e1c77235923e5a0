//! The names of the files a client writes.
//!
//! Decides names only; writing is the business of `client::part`. Whatever the original was
//! called, the result is one component of valid UTF-8 without control characters, no longer than
//! a file system takes, so it never leads out of its folder.

use std::path::Path;

use crate::event::line::printable;

/// The most bytes a file name may have on every common file system.
const NAME_BYTES_MAX: usize = 255;

/// The longest extension that is kept as one; anything longer belongs to the stem.
///
/// Real extensions of images have three or four letters.
const EXTENSION_BYTES_MAX: usize = 16;

/// The stem of a file whose path ends in no name, such as `..`.
const STEM_OF_NAMELESS: &str = "image";

/// What the name of an encrypted file begins with.
const ENCRYPTED_PREFIX: &str = "encrypted_";

/// The name of a file to be saved, without the number that tells it from its namesakes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedName {
    prefix: &'static str,
    stem: String,
    /// What stands between stem and extension, if anything.
    suffix: String,
    /// With its dot; empty when there is none.
    extension: String,
}

impl SavedName {
    /// Names what becomes of `original` when it is encrypted `unix_seconds` after the epoch.
    #[must_use]
    pub fn encrypted(original: &Path, unix_seconds: u64) -> Self {
        let (stem, extension) = parts(original);
        Self {
            prefix: ENCRYPTED_PREFIX,
            stem,
            suffix: format!("_{unix_seconds}"),
            extension,
        }
    }

    /// Names what becomes of `original` when it is decrypted.
    #[must_use]
    pub fn decrypted(original: &Path) -> Self {
        let (stem, extension) = parts(original);
        let named = stem.strip_prefix(ENCRYPTED_PREFIX);
        let stem = named.filter(|stem| !stem.is_empty()).unwrap_or(&stem);
        Self {
            prefix: "decrypted_",
            stem: stem.to_owned(),
            suffix: String::new(),
            extension,
        }
    }

    /// Names what was called `original`, wherever that stood, as it was.
    #[must_use]
    pub fn own(original: &Path) -> Self {
        let (stem, extension) = parts(original);
        Self {
            prefix: "",
            stem,
            suffix: String::new(),
            extension,
        }
    }

    /// Returns the `nth` name, counted from 1; from the second on, the number is part of it.
    #[must_use]
    pub fn nth(&self, nth: u32) -> String {
        let number = if nth > 1 { format!("_{nth}") } else { String::new() };
        let around = self.prefix.len() + self.suffix.len() + number.len() + self.extension.len();
        let stem = shortened(&self.stem, NAME_BYTES_MAX - around);
        format!("{}{stem}{}{number}{}", self.prefix, self.suffix, self.extension)
    }
}

/// Returns `path` as a person may see it: lossy, and as one line.
#[must_use]
pub fn printable_path(path: &Path) -> String {
    printable(&path.to_string_lossy()).into_owned()
}

/// Returns the stem, and the extension with its dot.
fn parts(path: &Path) -> (String, String) {
    let Some(name) = path.file_name() else {
        return (STEM_OF_NAMELESS.to_owned(), String::new());
    };
    let name = safe(&name.to_string_lossy());
    match name.rsplit_once('.') {
        Some((stem, extension))
            if !stem.is_empty() && !extension.is_empty() && extension.len() <= EXTENSION_BYTES_MAX =>
        {
            (stem.to_owned(), format!(".{extension}"))
        }
        _ => (name, String::new()),
    }
}

/// Replaces what no file name should hold.
fn safe(name: &str) -> String {
    name.chars()
        .map(|c| if c.is_control() || c == '/' { '_' } else { c })
        .collect()
}

/// Returns the longest beginning of `text` that has at most `bytes_max` bytes.
fn shortened(text: &str, bytes_max: usize) -> &str {
    &text[..text.floor_char_boundary(bytes_max)]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encrypted(original: &str) -> String {
        SavedName::encrypted(Path::new(original), 1_730_738_456).nth(1)
    }

    #[test]
    fn saved_name_is_that_of_the_original_session() {
        assert_eq!(encrypted("test_image.png"), "encrypted_test_image_1730738456.png");
        assert_eq!(
            encrypted("/home/a b/trip.2024.jpg"),
            "encrypted_trip.2024_1730738456.jpg"
        );
        assert_eq!(encrypted("README"), "encrypted_README_1730738456");
        assert_eq!(encrypted(".png"), "encrypted_.png_1730738456");
        assert_eq!(encrypted("photo."), "encrypted_photo._1730738456");
    }

    #[test]
    fn what_was_encrypted_is_called_decrypted_instead() {
        let decrypted = |name| SavedName::decrypted(Path::new(name)).nth(1);
        assert_eq!(decrypted("in/encrypted_a_5.png"), "decrypted_a_5.png");
        assert_eq!(decrypted("a.png"), "decrypted_a.png");
        assert_eq!(decrypted("encrypted_.png"), "decrypted_encrypted_.png");
    }

    #[test]
    fn namesakes_are_numbered_after_the_time() {
        let name = SavedName::encrypted(Path::new("a.png"), 5);
        let names: Vec<String> = (1..=3).map(|nth| name.nth(nth)).collect();
        assert_eq!(
            names,
            ["encrypted_a_5.png", "encrypted_a_5_2.png", "encrypted_a_5_3.png"]
        );
    }

    #[test]
    fn long_stems_are_shortened_between_characters() {
        for unit in ["x", "ä", "写", "🖼"] {
            let original = format!("{}.png", unit.repeat(255 / unit.len() - 1));
            let name = SavedName::encrypted(Path::new(&original), 1_730_738_456).nth(12);
            assert!(name.len() <= NAME_BYTES_MAX, "{} bytes", name.len());
            assert!(name.len() > NAME_BYTES_MAX - unit.len(), "{} bytes", name.len());
            assert!(name.ends_with("_1730738456_12.png"), "{name}");
        }
    }

    #[test]
    fn names_never_lead_out_of_the_folder() {
        for original in ["..", "/", "../..", "a/..", "a\u{1b}[2J\n.png", "", "x.p\0g"] {
            let name = encrypted(original);
            assert_eq!(Path::new(&name).components().count(), 1, "{name}");
            assert!(!name.chars().any(char::is_control), "{name}");
            assert!(name.starts_with("encrypted_"), "{name}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn names_that_are_no_utf8_are_kept_safe() {
        use std::os::unix::ffi::OsStrExt;
        let original = std::ffi::OsStr::from_bytes(b"caf\xe9.png");
        let name = SavedName::decrypted(Path::new(original)).nth(1);
        assert_eq!(name, "decrypted_caf\u{fffd}.png");
    }
}
