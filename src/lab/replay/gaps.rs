//! What a recording lacks: lines that were dropped, and words of a newer program.
//!
//! How many were dropped a file says, which may say anything: counts stand still at their end.

/// How much was come by that could not be shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Gaps {
    pub(super) dropped: u64,
    pub(super) unknown: u64,
}

impl Gaps {
    pub(super) fn words(self) -> Option<String> {
        match (self.dropped, self.unknown) {
            (0, 0) => None,
            (dropped, 0) => Some(format!("{dropped} lines are missing")),
            (0, unknown) => Some(format!("{unknown} lines of a newer heirloom left out")),
            (dropped, unknown) => {
                let lines = dropped.saturating_add(unknown);
                Some(format!("{lines} lines are missing or left out"))
            }
        }
    }
}
