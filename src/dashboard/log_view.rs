//! Which lines of the logs are looked at: whose, through which filter, and how far back.
//!
//! Following and searching do not fight: going back stops following, and coming to the end resumes
//! it; new lines never move what is being read.

use tui_input::{Input, InputRequest};

use super::cluster::logs::{Line, LineId, LogSource, Logs};

/// The longest filter.
pub(super) const FILTER_CHARS_MAX: usize = 200;

/// A look at the logs.
#[derive(Debug, Default)]
pub struct LogView {
    /// Whose lines.
    pub source: LogSource,
    /// Only lines that hold this, in whatever case.
    filter: String,
    typing: Option<Input>,
    /// The line behind the last one shown; `None` follows the newest.
    end: Option<LineId>,
}

impl LogView {
    /// Says whether the newest line is always shown.
    #[must_use]
    pub const fn follows(&self) -> bool {
        self.end.is_none()
    }

    /// Says whether a filter is being typed.
    #[must_use]
    pub const fn is_typing(&self) -> bool {
        self.typing.is_some()
    }

    /// Returns the line in which a filter is typed.
    #[must_use]
    pub const fn input(&self) -> Option<&Input> {
        self.typing.as_ref()
    }

    /// Returns the filter in force, the one being typed included.
    #[must_use]
    pub fn filter(&self) -> &str {
        self.typing.as_ref().map_or(&self.filter, Input::value)
    }

    /// Returns the last lines that are looked at, the newest last; at most `count`.
    #[must_use]
    pub fn lines<'a>(&'a self, logs: &'a Logs, count: usize) -> Vec<&'a Line> {
        let needle = self.filter().to_lowercase();
        let lines = logs.backwards(self.source, self.end);
        let mut lines: Vec<_> = lines.filter(|line| holds(line, &needle)).take(count).collect();
        lines.reverse();
        lines
    }

    /// Goes back by lines, but not so far that a page is not full.
    pub(super) fn back(&mut self, logs: &Logs, lines: usize, page: usize) {
        let needle = self.filter().to_lowercase();
        let shown = logs
            .backwards(self.source, self.end)
            .filter(|line| holds(line, &needle));
        let shown: Vec<LineId> = shown.map(|line| line.id).take(lines + page).collect();
        let steps = shown.len().saturating_sub(page).min(lines);
        if steps > 0 {
            self.end = Some(shown[steps - 1]);
        }
    }

    /// Goes forward by lines; at the end it follows again.
    pub(super) fn forward(&mut self, logs: &Logs, lines: usize) {
        let Some(end) = self.end else { return };
        let needle = self.filter().to_lowercase();
        let newer = logs
            .forwards(self.source, end)
            .filter(|line| holds(line, &needle));
        // The end is behind the last line shown: to show one more is to end at the one after it.
        self.end = newer.map(|line| line.id).nth(lines);
    }

    /// Goes to the oldest page.
    pub(super) fn first(&mut self, logs: &Logs, page: usize) {
        self.back(logs, logs.len(self.source), page);
    }

    /// Follows the newest line.
    pub(super) fn follow(&mut self) {
        self.end = None;
    }

    /// Looks at another node's lines, or at everybody's.
    pub(super) fn look_at(&mut self, source: LogSource) {
        self.source = source;
        self.end = None;
    }

    /// Begins to type a filter.
    pub(super) fn begin_typing(&mut self) {
        self.typing = Some(Input::new(self.filter.clone()));
    }

    /// Types; what would not fit is not taken.
    pub(super) fn type_in(&mut self, request: InputRequest) {
        if let Some(input) = &mut self.typing {
            let fits = input.value().chars().count() < FILTER_CHARS_MAX;
            if fits || !matches!(request, InputRequest::InsertChar(_)) {
                input.handle(request);
            }
        }
    }

    /// Ends typing and keeps the filter.
    pub(super) fn apply(&mut self) {
        if let Some(input) = self.typing.take() {
            input.value().clone_into(&mut self.filter);
        }
    }

    /// Ends typing and shows every line.
    pub(super) fn clear(&mut self) {
        self.typing = None;
        self.filter.clear();
    }
}

fn holds(line: &Line, needle: &str) -> bool {
    needle.is_empty() || line.text.to_lowercase().contains(needle)
}
