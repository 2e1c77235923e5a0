//! A bar on the terminal while bytes move; nothing where nobody would see it.

use std::io::IsTerminal;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// The template of the bar: how much, how fast, how long still.
const TEMPLATE: &str = "  {bar:32} {bytes} of {total_bytes} ({bytes_per_sec}, {eta} left)";

/// The bar of the current attempt, if there is one.
#[derive(Debug)]
pub struct Progress {
    shown: bool,
    bar: Option<ProgressBar>,
}

impl Progress {
    /// Shows a bar on standard error if that is a terminal.
    #[must_use]
    pub fn on_terminal() -> Self {
        Self {
            shown: std::io::stderr().is_terminal(),
            bar: None,
        }
    }

    /// Moves the bar; the first call of an attempt draws it.
    pub fn advance(&mut self, done: u64, total: u64) {
        if !self.shown {
            return;
        }
        let bar = self.bar.get_or_insert_with(|| new_bar(total));
        bar.set_length(total);
        bar.set_position(done);
    }

    /// Takes the bar off the screen, so that lines can be printed where it was.
    pub fn clear(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}

impl Drop for Progress {
    /// An upload that is dropped leaves no bar behind.
    fn drop(&mut self) {
        self.clear();
    }
}

fn new_bar(total: u64) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr());
    let style = ProgressStyle::with_template(TEMPLATE);
    bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}
