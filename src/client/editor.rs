//! The line editor of the REPL: prompt, history, completion.

use std::fmt;
use std::path::PathBuf;

use rustyline::error::ReadlineError;
use rustyline::history::DefaultHistory;
use rustyline::{CompletionType, Config, Editor};

use super::complete::ReplCompleter;

/// How many lines the history keeps.
const HISTORY_LINES_MAX: usize = 1000;

/// Reads lines from a person at a terminal.
pub(super) struct LineEditor {
    editor: Editor<ReplCompleter, DefaultHistory>,
    prompt: String,
    /// Where the history is kept between sessions; without a place for it, it is not.
    history: Option<PathBuf>,
}

impl LineEditor {
    pub(super) fn new(prompt: String) -> Result<Self, ReadlineError> {
        let config = Config::builder()
            .completion_type(CompletionType::List)
            .max_history_size(HISTORY_LINES_MAX)?
            .auto_add_history(true)
            .build();
        let mut editor = Editor::with_config(config)?;
        editor.set_helper(Some(ReplCompleter));
        let history = history_path();
        if let Some(path) = &history {
            // The first session has none, and a session without history is a session.
            let _ = editor.load_history(path);
        }
        Ok(Self {
            editor,
            prompt,
            history,
        })
    }

    pub(super) fn read(&mut self) -> Result<String, ReadlineError> {
        let line = self.editor.readline(&self.prompt);
        if let Some(path) = &self.history {
            // Saved line by line: a closed terminal loses none. A read-only home keeps none.
            let _ = self.editor.save_history(path);
        }
        line
    }
}

impl fmt::Debug for LineEditor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LineEditor")
            .field("prompt", &self.prompt)
            .field("history", &self.history)
            .finish_non_exhaustive()
    }
}

fn history_path() -> Option<PathBuf> {
    Some(state_folder()?.join("history"))
}

/// Returns the folder for what is remembered from one run to the next; it is made.
pub(crate) fn state_folder() -> Option<PathBuf> {
    let state = std::env::var_os("XDG_STATE_HOME").map(PathBuf::from);
    let state = state.filter(|path| path.is_absolute());
    let state = state.or_else(|| Some(std::env::home_dir()?.join(".local/state")))?;
    let folder = state.join("heirloom");
    std::fs::create_dir_all(&folder).ok()?;
    Some(folder)
}
