//! What a key does.

/// What a key does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Go up, or to older lines.
    Up,
    /// Go down, or to newer lines.
    Down,
    /// Go to the node on the left.
    Left,
    /// Go to the node on the right.
    Right,
    /// Go up by a page.
    PageUp,
    /// Go down by a page.
    PageDown,
    /// Go to the oldest.
    First,
    /// Go to the newest, and follow it.
    Last,
    /// Change to the next panel.
    NextPanel,
    /// Change to the panel before.
    PreviousPanel,
    /// Choose the node whose number was pressed.
    Select,
    /// Stop the chosen node in order.
    Stop,
    /// Kill the chosen node.
    Kill,
    /// Kill whoever leads.
    KillLeader,
    /// Freeze the chosen node, or let it go on.
    FreezeOrThaw,
    /// Start the chosen node.
    Start,
    /// Restart the chosen node.
    Restart,
    /// Start every node that is down.
    StartAll,
    /// Ask why the chosen node is what it is.
    Why,
    /// Upload an image.
    Upload,
    /// Open the menu of faults.
    Faults,
    /// Open the link matrix.
    Links,
    /// Cut the chosen way, or heal it.
    CutWay,
    /// Cut the chosen link both ways, or heal it.
    CutBoth,
    /// Cut the sender off from everybody.
    Isolate,
    /// Delay the chosen way more, or no longer.
    Delay,
    /// Lose more of what is said on the chosen way, or nothing any more.
    Lose,
    /// Slow the sender's disk down more, or no longer.
    SlowDisk,
    /// Let the sender's clock stand still for a moment.
    StallClock,
    /// Heal the chosen link.
    HealOne,
    /// Heal everything.
    HealAll,
    /// Look at the timeline.
    Timeline,
    /// Show less time in more detail on the timeline.
    Finer,
    /// Show more time on the timeline.
    Coarser,
    /// Look at the elections.
    Elections,
    /// Look at the logs.
    Logs,
    /// Show the panel alone, without a border, or give it back its place.
    Zoom,
    /// Show the lines of the next node, or of all.
    NextSource,
    /// Type a filter.
    Filter,
    /// Mark the next older line that the filter lets through.
    OlderMatch,
    /// Mark the next newer one.
    NewerMatch,
    /// Copy what the panel shows.
    Copy,
    /// Open it in the pager.
    Page,
    /// Hold the screen still.
    Pause,
    /// Let the recording stand still, or go on.
    Play,
    /// Go to the next event of the recording.
    StepOn,
    /// Go back in the recording.
    SkipBack,
    /// Go on in the recording.
    SkipForward,
    /// Go to the election before.
    PreviousElection,
    /// Go to the next election.
    NextElection,
    /// Play the recording more slowly.
    Slower,
    /// Play it faster.
    Faster,
    /// Go to the beginning of the recording.
    ToStart,
    /// Go to its end.
    ToEnd,
    /// Show the help.
    Help,
    /// Go into the chosen folder.
    Into,
    /// Go to the folder around this one.
    Parent,
    /// List every file, or folders and images only.
    Scope,
    /// Change to the other field.
    NextField,
    /// Give up the upload that runs.
    Cancel,
    /// Choose what to upload, once more.
    Another,
    /// Upload the same again.
    Again,
    /// Close the window.
    Close,
    /// Say yes.
    Confirm,
    /// Ask whether to quit.
    Quit,
    /// Leave step by step.
    Interrupt,
    /// Give the terminal back to the shell for a while.
    Suspend,
}
