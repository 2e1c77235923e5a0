//! What is in a folder, as the file browser shows it.
//!
//! Plain data that is made off the loop. A name keeps its bytes, whatever they are; only what is
//! drawn is made printable. Nothing here says that a file can be read, only what it was when
//! somebody looked.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use crate::event::line::printable;

/// How many entries of a folder are listed at most.
///
/// Ten times what anybody scrolls through; a listing of that many takes about a megabyte.
pub const ENTRIES_MAX: usize = 10_000;

/// The extensions of what is taken for an image until somebody looks into it, in lower case.
const IMAGE_EXTENSIONS: &[&str] = &[
    "png", "jpg", "jpeg", "jpe", "jfif", "gif", "webp", "bmp", "dib", "tif", "tiff", "avif",
];

/// The answer to a request to list a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// The path as it was asked for; tells a late answer from the one that is waited for.
    pub asked: PathBuf,
    /// What is there, or why it cannot be said, as a person reads it.
    pub found: Result<Contents, String>,
}

/// What is in a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contents {
    /// The folder, absolute; that of the file when a file was asked for.
    pub folder: PathBuf,
    /// The file that was asked for, if it was one.
    pub selected: Option<OsString>,
    /// At most [`ENTRIES_MAX`] entries, in the order in which they are shown.
    pub entries: Vec<Entry>,
    /// How many more there are.
    pub left_out: usize,
}

/// One entry of a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its name, as the system has it.
    pub name: OsString,
    /// What it is.
    pub kind: EntryKind,
}

/// What an entry is, links followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum EntryKind {
    /// A folder.
    Folder,
    /// A regular file that is called like an image.
    Image {
        /// Its size, in bytes.
        bytes: u64,
    },
    /// A regular file that is called like something else.
    Other {
        /// Its size, in bytes.
        bytes: u64,
    },
    /// A pipe, a device or a socket: nothing to be opened.
    Special,
    /// A link that leads nowhere, or something that vanished.
    Broken,
}

impl EntryKind {
    /// Returns what a regular file of this name and size is.
    #[must_use]
    pub fn of_file(name: &OsStr, bytes: u64) -> Self {
        if is_called_like_an_image(name) {
            Self::Image { bytes }
        } else {
            Self::Other { bytes }
        }
    }

    /// Returns the place among the kinds: folders first, then images, then the rest.
    const fn rank(self) -> u8 {
        match self {
            Self::Folder => 0,
            Self::Image { .. } => 1,
            Self::Other { .. } => 2,
            Self::Special | Self::Broken => 3,
        }
    }
}

impl Entry {
    /// Says whether it is listed when only folders and images are.
    #[must_use]
    pub fn is_shown_first(&self) -> bool {
        let hidden = self.name.as_encoded_bytes().starts_with(b".");
        !hidden && matches!(self.kind, EntryKind::Folder | EntryKind::Image { .. })
    }

    /// Returns the name as a person may see it: lossy, and as one line.
    #[must_use]
    pub fn shown_name(&self) -> String {
        shown(&self.name)
    }
}

/// Returns a name or a path as a person may see it: lossy, and as one line.
#[must_use]
pub fn shown(name: impl AsRef<OsStr>) -> String {
    printable(&name.as_ref().to_string_lossy()).into_owned()
}

/// Puts entries in the order in which they are shown: by kind, then by name, letters of any case alike.
pub fn sort(entries: &mut [Entry]) {
    entries.sort_by_cached_key(|entry| {
        let folded = entry.name.to_string_lossy().to_lowercase();
        (entry.kind.rank(), folded, entry.name.clone())
    });
}

fn is_called_like_an_image(name: &OsStr) -> bool {
    let extension = std::path::Path::new(name).extension().and_then(OsStr::to_str);
    extension.is_some_and(|extension| {
        let known = |image: &&str| image.eq_ignore_ascii_case(extension);
        IMAGE_EXTENSIONS.iter().any(known)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str) -> Entry {
        let name = OsString::from(name);
        let kind = EntryKind::of_file(&name, 1);
        Entry { name, kind }
    }

    fn folder(name: &str) -> Entry {
        Entry {
            name: name.into(),
            kind: EntryKind::Folder,
        }
    }

    #[test]
    fn folders_stand_first_then_images_then_the_rest() {
        let mut entries = vec![
            file("notes.txt"),
            file("b.PNG"),
            folder("z"),
            file("A.png"),
            folder("Y"),
        ];
        sort(&mut entries);
        let names: Vec<String> = entries.iter().map(Entry::shown_name).collect();
        assert_eq!(names, ["Y", "z", "A.png", "b.PNG", "notes.txt"]);
    }

    #[test]
    fn an_image_is_known_by_its_extension_in_any_case() {
        for name in ["a.png", "a.JPeG", "trip.2024.webp", ".x.tif", "a.avif"] {
            assert!(matches!(file(name).kind, EntryKind::Image { .. }), "{name}");
        }
        for name in ["a", ".png", "png", "a.png.txt", "a."] {
            assert!(matches!(file(name).kind, EntryKind::Other { .. }), "{name}");
        }
    }

    #[test]
    fn what_is_hidden_is_not_shown_first() {
        assert!(folder("images").is_shown_first());
        assert!(!folder(".git").is_shown_first());
        assert!(!file(".secret.png").is_shown_first());
        assert!(!file("notes.txt").is_shown_first());
    }

    #[test]
    fn a_shown_name_moves_no_cursor_and_turns_no_text() {
        assert_eq!(
            file("a\u{1b}[2J\n\u{202e}gnp.exe").shown_name(),
            "a\u{fffd}[2J\u{fffd}\u{fffd}gnp.exe"
        );
    }
}
