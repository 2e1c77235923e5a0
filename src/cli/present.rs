//! Whether a dashboard begins before an audience: one definition for every command that draws one.

use clap::Args;
use clap::builder::FalseyValueParser;

use crate::dashboard::Setup;
use crate::dashboard::presenter::Presenting;

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Args)]
pub(super) struct PresentArgs {
    /// Present to an audience: large banner, high contrast, the last key shown, `q` locked
    ///
    /// `P` ends that, and begins it again. `R` brings a clean cluster back meanwhile.
    #[arg(long, env = "HEIRLOOM_PRESENT", value_parser = FalseyValueParser::new())]
    present: bool,
}

impl PresentArgs {
    /// Returns what was asked here or before the command.
    pub(super) fn or(self, before: Self) -> Self {
        Self {
            present: self.present || before.present,
        }
    }

    /// Returns what a dashboard is told, with this.
    pub(super) fn told(self, setup: Setup) -> Setup {
        let presenting = if self.present {
            Presenting::Yes
        } else {
            Presenting::No
        };
        Setup { presenting, ..setup }
    }
}
