//! Reading a recording: one line after the other, of however large a file, from any bookmark on.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Read, Seek, SeekFrom};
use std::path::Path;

use super::{Entry, Header, LINE_BYTES_MAX, RecordingError, What, line, tail};
use crate::time::Time;

/// How much is read at once.
const BUFFER_BYTES: usize = 256 << 10;

/// A recording that is being read.
///
/// It ends where the file ended when it was opened, even if somebody goes on recording.
#[derive(Debug)]
pub struct Recording {
    file: BufReader<Kept>,
    name: String,
    header: Header,
    bytes: u64,
    place: Bookmark,
    first: Bookmark,
    last_at: Time,
    line: Vec<u8>,
}

/// Where the bytes of a recording are.
#[derive(Debug)]
enum Kept {
    File(File),
    Memory(Cursor<Vec<u8>>),
}

impl Read for Kept {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::File(file) => file.read(buffer),
            Self::Memory(bytes) => bytes.read(buffer),
        }
    }
}

impl Seek for Kept {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        match self {
            Self::File(file) => file.seek(to),
            Self::Memory(bytes) => bytes.seek(to),
        }
    }
}

/// A place between two lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bookmark {
    offset: u64,
    /// How many lines are before it.
    lines: u64,
    /// The time of the last of them.
    at: Time,
}

impl Bookmark {
    /// Returns the time of the line before it.
    #[must_use]
    pub const fn at(self) -> Time {
        self.at
    }

    /// Returns how many bytes lie between it and an earlier place.
    #[must_use]
    pub const fn bytes_from(self, earlier: Self) -> u64 {
        self.offset.saturating_sub(earlier.offset)
    }
}

/// How a recording ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// In order: nothing is missing.
    Whole,
    /// Between two lines: whoever recorded was killed, or still records.
    Open,
    /// In the middle of this line, from 1: the file was cut off.
    Torn(u64),
}

/// What stands next in a file.
enum Next {
    Line,
    /// Bytes without the end of a line.
    Rest,
    Nothing,
    TooLong,
}

impl Recording {
    /// Opens a recording and reads its header.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, is none, or is of another version.
    pub fn open(path: &Path) -> Result<Self, RecordingError> {
        let name = path.display().to_string();
        let unreadable = |source| RecordingError::Unreadable {
            file: name.clone(),
            source,
        };
        // Before it is opened: opening a pipe would wait for its writer.
        let found = path.metadata().map_err(unreadable)?;
        if !found.is_file() {
            return Err(RecordingError::NotRegular { file: name });
        }
        let file = File::open(path).map_err(unreadable)?;
        Self::of(name.clone(), Kept::File(file), found.len())
    }

    /// Opens a recording that was written into memory; `name` is what errors call it.
    pub(super) fn of_memory(name: String, bytes: Vec<u8>) -> Result<Self, RecordingError> {
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        Self::of(name, Kept::Memory(Cursor::new(bytes)), length)
    }

    fn of(name: String, mut file: Kept, bytes: u64) -> Result<Self, RecordingError> {
        let unreadable = |source| RecordingError::Unreadable {
            file: name.clone(),
            source,
        };
        let last = tail::last_time(&mut file, bytes).map_err(unreadable)?;
        file.rewind().map_err(unreadable)?;
        let mut file = BufReader::with_capacity(BUFFER_BYTES, file);
        let mut line = Vec::new();
        let header = match next_line(&mut file, bytes, &mut line).map_err(unreadable)? {
            Next::Nothing => return Err(RecordingError::Empty { file: name }),
            Next::TooLong => return Err(RecordingError::NoRecording { file: name }),
            Next::Line | Next::Rest => Header::read(&name, &line)?,
        };
        let first = Bookmark {
            offset: u64::try_from(line.len()).unwrap_or(bytes),
            lines: 1,
            at: header.began,
        };
        Ok(Self {
            file,
            name,
            bytes,
            place: first,
            first,
            last_at: last.unwrap_or(header.began).max(header.began),
            header,
            line,
        })
    }

    /// Returns what it says about itself.
    #[must_use]
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// Returns when it ends, as its last lines tell.
    #[must_use]
    pub const fn last_at(&self) -> Time {
        self.last_at
    }

    /// Returns the place behind what was read last.
    #[must_use]
    pub const fn place(&self) -> Bookmark {
        self.place
    }

    /// Returns the place before the first message.
    #[must_use]
    pub const fn first_place(&self) -> Bookmark {
        self.first
    }

    /// Goes on reading from a place that [`Self::place`] returned.
    ///
    /// # Errors
    ///
    /// When the file cannot be read any more.
    pub fn go_to(&mut self, place: Bookmark) -> Result<(), RecordingError> {
        self.place = place;
        let sought = self.file.seek(SeekFrom::Start(place.offset));
        sought.map(drop).map_err(|source| self.unreadable(source))
    }

    /// Reads the next entry; at the end, how it ends.
    ///
    /// # Errors
    ///
    /// When a line in the middle is damaged, or the file cannot be read any more.
    pub fn read(&mut self) -> Result<Result<Entry, End>, RecordingError> {
        let left = self.bytes.saturating_sub(self.place.offset);
        let next =
            next_line(&mut self.file, left, &mut self.line).map_err(|source| self.unreadable(source))?;
        let line = self.place.lines + 1;
        let file = || self.name.clone();
        let entry = match next {
            Next::Nothing => return Ok(Err(End::Open)),
            Next::TooLong => return Err(RecordingError::LongLine { file: file(), line }),
            Next::Line => {
                line::read(&self.line).ok_or_else(|| RecordingError::Damaged { file: file(), line })?
            }
            // An editor may have taken away the last end of a line, and nothing else.
            Next::Rest => match line::read(&self.line) {
                Some(entry) => entry,
                None => return Ok(Err(End::Torn(line))),
            },
        };
        self.place = Bookmark {
            offset: self.place.offset + u64::try_from(self.line.len()).unwrap_or(u64::MAX),
            lines: line,
            at: entry.at.max(self.place.at),
        };
        match entry.what {
            What::Ended => Ok(Err(End::Whole)),
            what => Ok(Ok(Entry {
                at: self.place.at,
                what,
            })),
        }
    }

    fn unreadable(&self, source: io::Error) -> RecordingError {
        RecordingError::Unreadable {
            file: self.name.clone(),
            source,
        }
    }
}

/// Reads up to the next end of a line, but not beyond `left` bytes, into `line`.
fn next_line(file: &mut impl BufRead, left: u64, line: &mut Vec<u8>) -> io::Result<Next> {
    line.clear();
    let most = LINE_BYTES_MAX as u64 + 1;
    file.take(left.min(most)).read_until(b'\n', line)?;
    Ok(match line.last() {
        None => Next::Nothing,
        Some(b'\n') => Next::Line,
        Some(_) if line.len() > LINE_BYTES_MAX => Next::TooLong,
        Some(_) => Next::Rest,
    })
}
