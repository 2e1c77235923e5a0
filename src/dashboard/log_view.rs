//! Which lines of the logs are looked at: whose, through which filter, and how far back.
//!
//! Following and searching do not fight: going back stops following, and coming to the end resumes
//! it; new lines never move what is being read.

use tui_input::{Input, InputRequest};

use super::cluster::logs::{Line, LineId, LogSource, Logs};
use super::search::Needle;

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
    /// What is looked for: the filter in force.
    needle: Needle,
    /// The line behind the last one shown; `None` follows the newest.
    end: Option<LineId>,
    /// The match that was stepped to.
    current: Option<LineId>,
}

/// What came of a step to another match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stepped {
    /// A match is marked.
    To,
    /// There was no further one.
    Nowhere,
    /// There is no filter, so that nothing matches.
    Unfiltered,
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

    /// Returns what is looked for.
    pub(super) const fn needle(&self) -> &Needle {
        &self.needle
    }

    /// Says whether a line is the match that was stepped to.
    #[must_use]
    pub fn is_current(&self, line: LineId) -> bool {
        self.current == Some(line)
    }

    /// Returns how many lines are newer than those looked at, the filter aside.
    #[must_use]
    pub fn newer(&self, logs: &Logs) -> usize {
        self.end.map_or(0, |end| logs.count_from(self.source, end))
    }

    /// Returns the last lines that are looked at, the newest last; at most `count`.
    ///
    /// Where the lines looked at were forgotten meanwhile, the oldest that are left stand for them.
    #[must_use]
    pub fn lines<'a>(&'a self, logs: &'a Logs, count: usize) -> Vec<&'a Line> {
        let older = logs.backwards(self.source, self.end, |line| self.passes(line));
        let mut lines: Vec<_> = older.take(count).collect();
        lines.reverse();
        if let Some(end) = self.end {
            let room = count - lines.len();
            let newer = logs.forwards(self.source, end, |line| self.passes(line));
            lines.extend(newer.take(room));
        }
        lines
    }

    /// Whoever looks for something finds it in a folded line, too.
    fn passes(&self, line: &Line) -> bool {
        if !self.needle.is_empty() {
            return self.needle.is_in(&line.text);
        }
        // What was folded after the lines looked at were written stays among them.
        let seen_unfolded = |into: LineId| self.end.is_some_and(|end| into >= end);
        line.folded.is_none_or(seen_unfolded)
    }

    /// Goes back by lines, but not so far that a page is not full.
    pub(super) fn back(&mut self, logs: &Logs, lines: usize, page: usize) {
        let shown = logs.backwards(self.source, self.end, |line| self.passes(line));
        let shown: Vec<LineId> = shown
            .map(|line| line.id)
            .take(lines.saturating_add(page))
            .collect();
        let steps = shown.len().saturating_sub(page).min(lines);
        if steps > 0 {
            self.end = Some(shown[steps - 1]);
        }
    }

    /// Goes forward by lines; at the end it follows again.
    pub(super) fn forward(&mut self, logs: &Logs, lines: usize) {
        let Some(end) = self.end else { return };
        let newer = logs.forwards(self.source, end, |line| self.passes(line));
        // The end is behind the last line shown: to show one more is to end at the one after it.
        let end = newer.map(|line| line.id).nth(lines);
        match end {
            Some(end) => self.end = Some(end),
            None => self.follow(),
        }
    }

    /// Goes to the oldest page.
    pub(super) fn first(&mut self, logs: &Logs, page: usize) {
        self.back(logs, logs.len(self.source), page);
    }

    /// Follows the newest line.
    pub(super) fn follow(&mut self) {
        self.end = None;
        self.current = None;
    }

    /// Marks the next older match, and brings it on a page of so many lines.
    pub(super) fn older_match(&mut self, logs: &Logs, page: usize) -> Stepped {
        if self.needle.is_empty() {
            return Stepped::Unfiltered;
        }
        let before = self.current.or(self.end);
        let older = logs
            .backwards(self.source, before, |line| self.passes(line))
            .next();
        let Some(found) = older.map(|line| line.id) else {
            return Stepped::Nowhere;
        };
        self.mark(logs, found, page);
        Stepped::To
    }

    /// Marks the next newer match; behind the newest one it follows again.
    pub(super) fn newer_match(&mut self, logs: &Logs, page: usize) -> Stepped {
        if self.needle.is_empty() {
            return Stepped::Unfiltered;
        }
        let Some(start) = self.current.or(self.end) else {
            return Stepped::Nowhere;
        };
        let newer = logs
            .forwards(self.source, start, |line| self.passes(line))
            .find(|line| !self.is_current(line.id));
        let Some(found) = newer.map(|line| line.id) else {
            self.follow();
            return Stepped::Nowhere;
        };
        self.mark(logs, found, page);
        Stepped::To
    }

    /// Marks a line; the page moves only when the line is not on it.
    fn mark(&mut self, logs: &Logs, line: LineId, page: usize) {
        self.current = Some(line);
        self.end = self.end.or(Some(logs.end()));
        let shown = self.lines(logs, page);
        let (first, last) = (shown.first(), shown.last());
        let above = first.is_some_and(|first| line < first.id);
        let below = last.is_some_and(|last| line > last.id);
        if above || below {
            self.show(logs, line, if above { page } else { 1 });
        }
    }

    /// Shows a line with so many lines, it included, from it to the bottom.
    fn show(&mut self, logs: &Logs, line: LineId, to_bottom: usize) {
        let from_it = logs.forwards(self.source, line, |line| self.passes(line));
        let end = from_it.map(|line| line.id).nth(to_bottom);
        self.end = end.or(Some(logs.end()));
    }

    /// Looks at another node's lines, or at everybody's.
    pub(super) fn look_at(&mut self, source: LogSource) {
        self.source = source;
        self.follow();
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
                self.needle = Needle::new(input.value());
                self.current = None;
            }
        }
    }

    /// Ends typing and keeps the filter.
    pub(super) fn apply(&mut self) {
        if let Some(input) = self.typing.take() {
            input.value().clone_into(&mut self.filter);
        }
    }

    /// Ends typing and shows every line: around the match that was stepped to, if there is one.
    pub(super) fn clear(&mut self, logs: &Logs, page: usize) {
        self.typing = None;
        self.filter.clear();
        self.needle = Needle::default();
        if let Some(current) = self.current {
            self.show(logs, current, page.div_ceil(2));
        }
    }
}

#[cfg(test)]
mod tests;
