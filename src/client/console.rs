//! The transcript of uploads on a terminal or in a pipe.
//!
//! A reader that goes away (`heirloom upload … | head -1`) ends the writing, not the upload.

use std::io::{self, Write};

use super::progress::Progress;
use super::transcript::Transcript;
use crate::event::line::printable;
use crate::upload::UploadEvent;

/// Prints lines, and a progress bar where somebody would see it.
#[derive(Debug)]
pub struct Console<W> {
    out: W,
    /// The first error of the output; after it nothing is written any more.
    broken: Option<io::Error>,
    transcript: Transcript,
    progress: Progress,
}

impl<W: Write> Console<W> {
    /// Makes a console that prints to `out`.
    pub fn new(out: W) -> Self {
        Self {
            out,
            broken: None,
            transcript: Transcript::new(),
            progress: Progress::on_terminal(),
        }
    }

    /// Begins the transcript of another upload.
    pub fn begin(&mut self) {
        self.transcript = Transcript::new();
        self.progress.clear();
    }

    /// Shows an event of the current upload.
    pub fn show(&mut self, event: &UploadEvent) {
        if let UploadEvent::Progress { done, total } = event {
            self.progress.advance(*done, *total);
            return;
        }
        self.progress.clear();
        for line in self.transcript.lines(event) {
            self.line(&line);
        }
    }

    /// Takes the progress bar off the screen: nothing more will move.
    pub fn clear(&mut self) {
        self.progress.clear();
    }

    /// Prints one line; whoever's words are in it, they are one.
    pub fn line(&mut self, line: &str) {
        if self.broken.is_some() {
            return;
        }
        let written = writeln!(self.out, "{}", printable(line)).and_then(|()| self.out.flush());
        self.broken = written.err();
    }

    /// Says whether everything was written, as far as somebody still read it.
    ///
    /// # Errors
    ///
    /// When the output failed otherwise than by its reader going away.
    pub fn finish(mut self) -> io::Result<()> {
        self.progress.clear();
        match self.broken {
            Some(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error),
            Some(_) | None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Failing(io::ErrorKind);

    impl Write for Failing {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_line_is_one_line_whatever_is_in_it() {
        let mut out = Vec::new();
        Console::new(&mut out).line("✗ no\u{1b}[2J\nway");
        assert_eq!(out, "✗ no\u{fffd}[2J\u{fffd}way\n".as_bytes());
    }

    #[test]
    fn a_reader_that_goes_away_is_no_error() {
        let finished = |kind| {
            let mut console = Console::new(Failing(kind));
            console.line("one");
            console.line("two");
            console.finish()
        };
        assert!(finished(io::ErrorKind::BrokenPipe).is_ok());
        assert!(finished(io::ErrorKind::StorageFull).is_err());
    }
}
