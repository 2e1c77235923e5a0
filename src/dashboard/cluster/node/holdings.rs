//! What a node keeps and what it lacks, as it and the others told.

/// What a node keeps and lacks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Holdings {
    /// How many images it keeps; unknown until it has told.
    pub images: Option<u64>,
    /// How many images it lacks of what others keep.
    pub missing: u64,
    /// How many records were found damaged and have not been fetched again.
    pub damaged: u64,
    /// How many records were fetched again since its process began.
    pub repaired: u64,
    /// Whether its store only reads, until its process begins anew.
    pub read_only: bool,
}

impl Holdings {
    /// Folds in that a damaged record was fetched again.
    pub(super) const fn repairs_one(&mut self) {
        self.damaged = self.damaged.saturating_sub(1);
        self.repaired += 1;
    }

    /// Folds in that no good copy of a damaged record is left: it lacks nothing that there is.
    pub(super) const fn loses_one(&mut self) {
        self.damaged = self.damaged.saturating_sub(1);
    }

    /// Folds in how many images it keeps.
    ///
    /// Every image that comes, and every one that goes, is taken for one that was missing.
    ///
    /// A node tells how much it lacks now and then, and a single image that it missed it fetches
    /// without a word: between two tellings this is as near as one can get.
    pub(super) fn holds(&mut self, images: u64) {
        let before = self.images.replace(images).unwrap_or(images);
        self.missing = self.missing.saturating_sub(before.abs_diff(images));
    }

    /// Folds in that another node told of an image that this one has to fetch.
    pub(super) const fn misses_one(&mut self) {
        self.missing = self.missing.saturating_add(1);
    }

    /// Folds in how many it lacks; who lacks nothing has no damaged record either.
    pub(super) const fn lacks(&mut self, missing: u64) {
        self.missing = missing;
        if missing == 0 {
            self.damaged = 0;
        }
    }

    /// Folds in that its process begins: it counts anew, and still lacks what it lacked.
    pub(super) const fn begins(&mut self) {
        self.images = None;
        self.damaged = 0;
        self.repaired = 0;
        self.read_only = false;
    }
}
