//! The file browser: one folder, what of it is shown, and which entry is chosen.
//!
//! It reads no folder. It asks for a path and stays where it is until the answer to its latest
//! question comes; so a folder that hangs hangs nobody, and one that cannot be read costs a line.
//! A move costs the same in a folder of ten thousand entries as in one of ten: only a new listing,
//! filter or scope goes through all of them.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use crossterm::event::KeyEvent;
use tui_input::{Input, InputRequest};

use super::listing::{Contents, Entry, EntryKind, Listing};
use super::pasted;
use crate::dashboard::update::typed;

/// The most bytes of a filter: a longer line is longer than any path.
const FIND_BYTES_MAX: usize = 4096;

/// Which entries are listed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Scope {
    /// Folders and what is called like an image, without those whose names begin with a dot.
    #[default]
    Images,
    /// Everything.
    Everything,
}

/// A folder to choose a file from.
#[derive(Debug, Clone, Default)]
pub struct Browser {
    folder: PathBuf,
    entries: Vec<Entry>,
    left_out: usize,
    /// The entries that are listed, by their index.
    listed: Vec<usize>,
    /// The place of the chosen one among those.
    cursor: usize,
    /// The place of the first one on the screen.
    top: usize,
    /// How many fit on the screen.
    rows: usize,
    scope: Scope,
    find: Option<Input>,
    /// The path that was asked for and is not answered yet.
    opening: Option<PathBuf>,
    /// The name to be chosen when the answer comes.
    wanted: Option<OsString>,
    problem: Option<String>,
}

impl Browser {
    /// Makes a browser that will begin in `folder`.
    #[must_use]
    pub fn new(folder: PathBuf) -> Self {
        Self {
            folder,
            ..Self::default()
        }
    }

    /// Returns the folder that is shown.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Returns the path that is waited for, if one is.
    #[must_use]
    pub fn opening(&self) -> Option<&Path> {
        self.opening.as_deref()
    }

    /// Returns why the last path could not be shown.
    #[must_use]
    pub fn problem(&self) -> Option<&str> {
        self.problem.as_deref()
    }

    /// Returns the line that filters, while there is one.
    #[must_use]
    pub fn find(&self) -> Option<&Input> {
        self.find.as_ref()
    }

    /// Returns which entries are listed.
    #[must_use]
    pub fn scope(&self) -> Scope {
        self.scope
    }

    /// Returns how many entries are listed, how many the scope or the filter hides, and how many were left out.
    #[must_use]
    pub fn counts(&self) -> (usize, usize, usize) {
        let hidden = self.entries.len() - self.listed.len();
        (self.listed.len(), hidden, self.left_out)
    }

    /// Returns the entries on the screen, each with whether it is chosen.
    pub fn window(&self) -> impl Iterator<Item = (&Entry, bool)> {
        let on_screen = self.listed.iter().enumerate().skip(self.top).take(self.rows);
        on_screen.map(|(place, &index)| (&self.entries[index], place == self.cursor))
    }

    /// Returns the chosen entry.
    #[must_use]
    pub fn chosen(&self) -> Option<&Entry> {
        self.listed.get(self.cursor).map(|&index| &self.entries[index])
    }

    /// Returns the path and the size of the chosen entry, if it is a regular file.
    #[must_use]
    pub fn chosen_file(&self) -> Option<(PathBuf, u64)> {
        let entry = self.chosen()?;
        match entry.kind {
            EntryKind::Image { bytes } | EntryKind::Other { bytes } => {
                Some((self.folder.join(&entry.name), bytes))
            }
            EntryKind::Folder | EntryKind::Special | EntryKind::Broken => None,
        }
    }

    /// Asks for a path; what is shown stays until the answer comes.
    pub fn open(&mut self, path: PathBuf) -> PathBuf {
        self.wanted = None;
        self.problem = None;
        self.opening = Some(path.clone());
        path
    }

    /// Asks for the folder around this one, in which this one will be chosen.
    pub fn open_parent(&mut self) -> Option<PathBuf> {
        let parent = self.folder.parent()?.to_owned();
        let name = self.folder.file_name().map(OsStr::to_owned);
        let path = self.open(parent);
        self.wanted = name;
        Some(path)
    }

    /// Asks for the chosen folder, if it is one.
    pub fn open_chosen(&mut self) -> Option<PathBuf> {
        let entry = self.chosen()?;
        let path = (entry.kind == EntryKind::Folder).then(|| self.folder.join(&entry.name))?;
        Some(self.open(path))
    }

    /// Asks for the path that was typed or pasted, if it is one.
    pub fn open_text(&mut self, text: &str) -> Option<PathBuf> {
        let path = pasted::path(text, &self.folder)?;
        Some(self.open(path))
    }

    /// Says what is wrong in the place where the browser does.
    pub fn complain(&mut self, problem: impl Into<String>) {
        self.problem = Some(problem.into());
    }

    /// Takes an answer, and says whether it was the one that is waited for.
    pub fn take(&mut self, listing: Listing) -> bool {
        if self.opening.as_deref() != Some(&listing.asked) {
            return false;
        }
        self.opening = None;
        self.problem = None;
        let typed = self
            .typed_path()
            .and_then(|text| pasted::path(text, &self.folder));
        if listing.found.is_ok() && typed.as_ref() == Some(&listing.asked) {
            // It has done its work, and would be taken for another path to go to.
            self.find = None;
        }
        match listing.found {
            Ok(contents) => self.show(contents),
            Err(reason) => {
                self.wanted = None;
                self.problem = Some(reason);
            }
        }
        true
    }

    fn show(&mut self, contents: Contents) {
        let same = self.folder == contents.folder;
        let before = self.chosen().map(|entry| entry.name.clone()).filter(|_| same);
        let wanted = contents.selected.or(self.wanted.take()).or(before);
        self.folder = contents.folder;
        self.entries = contents.entries;
        self.left_out = contents.left_out;
        if !same {
            self.find = None;
        }
        self.reveal(wanted.as_deref());
        self.list(wanted.as_deref());
    }

    /// Shows everything if what is wanted would be hidden.
    fn reveal(&mut self, wanted: Option<&OsStr>) {
        let hidden = |entry: &Entry| Some(entry.name.as_os_str()) == wanted && !entry.is_shown_first();
        if self.entries.iter().any(hidden) {
            self.scope = Scope::Everything;
        }
    }

    /// Lists anew what scope and filter let through; `wanted` is chosen if it is among them.
    fn list(&mut self, wanted: Option<&OsStr>) {
        let filter = self.filter().to_lowercase();
        let passes = |entry: &Entry| {
            (self.scope == Scope::Everything || entry.is_shown_first())
                && (filter.is_empty() || entry.name.to_string_lossy().to_lowercase().contains(&filter))
        };
        let entries = self.entries.iter().enumerate();
        self.listed = entries
            .filter(|(_, entry)| passes(entry))
            .map(|(index, _)| index)
            .collect();
        let place = self
            .listed
            .iter()
            .position(|&index| Some(self.entries[index].name.as_os_str()) == wanted);
        self.go_to(place.unwrap_or(0));
    }

    /// Returns what filters: not a path that is being typed.
    fn filter(&self) -> &str {
        let line = self.find.as_ref().map_or("", Input::value);
        if names_a_path(line) { "" } else { line }
    }

    fn list_again(&mut self) {
        let chosen = self.chosen().map(|entry| entry.name.clone());
        self.list(chosen.as_deref());
    }

    /// Lists everything, or only folders and images.
    pub fn toggle_scope(&mut self) {
        self.scope = match self.scope {
            Scope::Images => Scope::Everything,
            Scope::Everything => Scope::Images,
        };
        self.list_again();
    }

    /// Opens the line that filters.
    pub fn start_find(&mut self) {
        self.find.get_or_insert_default();
    }

    /// Closes it, and lists everything again that the scope lets through.
    pub fn end_find(&mut self) {
        self.find = None;
        self.list_again();
    }

    /// Takes a key for that line.
    pub fn find_key(&mut self, key: KeyEvent) {
        let Some(line) = &mut self.find else { return };
        let full = line.value().len() >= FIND_BYTES_MAX;
        let request = typed(key).filter(|request| !full || !matches!(request, InputRequest::InsertChar(_)));
        if let Some(request) = request {
            line.handle(request);
            self.list_again();
        }
    }

    /// Returns what stands in that line if it is a path rather than a part of a name.
    #[must_use]
    pub fn typed_path(&self) -> Option<&str> {
        let line = self.find.as_ref()?.value();
        names_a_path(line).then_some(line)
    }

    /// Sets how many entries fit on the screen.
    pub fn set_rows(&mut self, rows: u16) {
        self.rows = usize::from(rows);
        self.go_to(self.cursor);
    }

    /// Moves by `by` entries, as far as there are any.
    pub fn move_by(&mut self, by: isize) {
        self.go_to(self.cursor.saturating_add_signed(by));
    }

    /// Moves up by a screen.
    pub fn page_up(&mut self) {
        self.move_by(-self.screenful());
    }

    /// Moves down by a screen.
    pub fn page_down(&mut self) {
        self.move_by(self.screenful());
    }

    /// One entry of the last screen stays in sight.
    fn screenful(&self) -> isize {
        isize::try_from(self.rows.max(2) - 1).unwrap_or(isize::MAX)
    }

    /// Moves to a place, or to the last.
    pub fn go_to(&mut self, place: usize) {
        self.cursor = place.min(self.listed.len().saturating_sub(1));
        let highest = self.cursor.saturating_sub(self.rows.saturating_sub(1));
        let end = self.listed.len().saturating_sub(self.rows);
        self.top = self.top.clamp(highest, self.cursor).min(end.max(highest));
    }

    /// Gives back what a folder costs in memory; where the browser was stays known.
    pub fn forget(&mut self) {
        *self = Self {
            folder: std::mem::take(&mut self.folder),
            rows: self.rows,
            scope: self.scope,
            wanted: self
                .chosen()
                .map(|entry| entry.name.clone())
                .or(self.wanted.take()),
            ..Self::default()
        };
    }

    /// Asks again for the folder in which the browser was, and for the same entry in it.
    pub fn reopen(&mut self) -> PathBuf {
        let wanted = self.wanted.take();
        let path = self.open(self.folder.clone());
        self.wanted = wanted;
        path
    }
}

fn names_a_path(line: &str) -> bool {
    line.contains('/') || line == "~" || line == ".."
}

#[cfg(test)]
mod tests;
