//! Where a key is pressed.

/// Where a key is pressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mode {
    /// Anywhere.
    Everywhere,
    /// On the panels.
    Main,
    /// On the panels, where a recording is shown.
    Replay,
    /// On the panel of logs.
    Logs,
    /// While a filter for the logs is typed.
    Filter,
    /// In a window that only shows something.
    Reading,
    /// While the program asks whether to quit.
    Quitting,
    /// While the menu of faults is open.
    Faults,
    /// On the link matrix.
    Links,
    /// In the upload dialog, on the list of files.
    Files,
    /// There, in the line that filters it or names a path.
    Find,
    /// There, in the line for the user.
    User,
    /// There, while an upload runs.
    Watch,
    /// There, when it is done.
    Done,
    /// There, when it failed.
    Failed,
}

impl Mode {
    /// Every mode, in the order of the help.
    pub const ALL: [Self; 15] = [
        Self::Main,
        Self::Replay,
        Self::Logs,
        Self::Filter,
        Self::Faults,
        Self::Links,
        Self::Files,
        Self::Find,
        Self::User,
        Self::Watch,
        Self::Done,
        Self::Failed,
        Self::Reading,
        Self::Quitting,
        Self::Everywhere,
    ];

    /// Returns the mode that is asked when this one does not know a key.
    #[must_use]
    pub const fn below(self) -> Option<Self> {
        match self {
            Self::Everywhere => None,
            Self::Replay | Self::Logs => Some(Self::Main),
            Self::Main
            | Self::Filter
            | Self::Reading
            | Self::Quitting
            | Self::Faults
            | Self::Links
            | Self::Files
            | Self::Find
            | Self::User
            | Self::Watch
            | Self::Done
            | Self::Failed => Some(Self::Everywhere),
        }
    }

    /// Returns its heading in the help.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Everywhere => "Everywhere",
            Self::Main => "Main",
            Self::Replay => "Replay",
            Self::Logs => "Logs",
            Self::Filter => "Filter",
            Self::Reading => "Windows",
            Self::Quitting => "Quit?",
            Self::Faults => "Faults",
            Self::Links => "Links",
            Self::Files => "Upload: files",
            Self::Find => "Upload: find",
            Self::User => "Upload: user",
            Self::Watch => "Upload: running",
            Self::Done => "Upload: done",
            Self::Failed => "Upload: failed",
        }
    }
}
