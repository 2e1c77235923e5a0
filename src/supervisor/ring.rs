//! What a process has written and nobody has read yet: bounded in lines and in bytes.
//!
//! Filled by whoever drains the process's pipes, who never waits: when it is full the oldest lines
//! go, and are counted. Whoever tells a line makes it printable first.

use std::collections::VecDeque;

use crate::event::process::OutputStream;

/// How many lines wait for their reader: a failover makes some dozens a node.
const LINES_MAX: usize = 1024;

/// How many bytes of text wait for their reader.
const BYTES_MAX: usize = 1 << 20;

/// The longest line; what is longer is cut.
///
/// The longest event holds a header's worth of names, which is far below this.
pub(super) const LINE_BYTES_MAX: usize = 64 << 10;

/// A line that a process wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct OutputLine {
    pub(super) stream: OutputStream,
    /// Without its end, as it was written but for what is no UTF-8.
    pub(super) text: String,
}

/// The lines of one process that wait to be read.
#[derive(Debug, Default)]
pub(super) struct Ring {
    lines: VecDeque<OutputLine>,
    bytes: usize,
    dropped: u64,
}

impl Ring {
    /// Adds a line, and drops the oldest ones for which there is no room.
    pub(super) fn push(&mut self, stream: OutputStream, line: &[u8]) {
        let text = String::from_utf8_lossy(line).into_owned();
        self.bytes += text.len();
        self.lines.push_back(OutputLine { stream, text });
        while self.lines.len() > LINES_MAX || self.bytes > BYTES_MAX {
            let Some(oldest) = self.lines.pop_front() else {
                break;
            };
            self.bytes -= oldest.text.len();
            self.dropped += 1;
        }
    }

    /// Takes how many lines were dropped, and the lines that are left, which came after them.
    pub(super) fn take(&mut self) -> (u64, VecDeque<OutputLine>) {
        let Self { lines, dropped, .. } = std::mem::take(self);
        (dropped, lines)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(lines: VecDeque<OutputLine>) -> Vec<String> {
        lines.into_iter().map(|line| line.text).collect()
    }

    #[test]
    fn the_oldest_lines_go_when_there_are_too_many() {
        let mut ring = Ring::default();
        for number in 0..LINES_MAX + 3 {
            ring.push(OutputStream::Stdout, number.to_string().as_bytes());
        }
        let (dropped, lines) = ring.take();
        assert_eq!((dropped, lines.len()), (3, LINES_MAX));
        assert_eq!(texts(lines)[0], "3");
        assert_eq!(ring.take(), (0, VecDeque::new()), "what was taken is gone");
    }

    #[test]
    fn the_oldest_lines_go_when_they_are_too_long() {
        let mut ring = Ring::default();
        let long = vec![b'x'; LINE_BYTES_MAX];
        for _ in 0..100 {
            ring.push(OutputStream::Stderr, &long);
        }
        let (dropped, lines) = ring.take();
        assert_eq!(lines.len(), BYTES_MAX / LINE_BYTES_MAX);
        assert_eq!(dropped, 100 - lines.len() as u64);
    }
}
