//! How a program that runs for long shows what happens: one definition for a node and for a cluster.

use clap::builder::FalseyValueParser;
use clap::{Args, ValueEnum};

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Args)]
pub(super) struct OutputArgs {
    /// Run unattended: no screen, no banner, nothing but events
    #[arg(long, env = "HEIRLOOM_NO_TUI", value_parser = FalseyValueParser::new())]
    pub(super) no_tui: bool,
    /// How events are printed [default: text]
    #[arg(long, env = "HEIRLOOM_FORMAT", value_name = "FORMAT")]
    format: Option<Format>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// The lines a person reads
    #[default]
    Text,
    /// Every event as a line of JSON
    Json,
}

impl OutputArgs {
    /// Returns what was asked here, and for the rest what was asked before the command.
    pub(super) fn or(self, before: Self) -> Self {
        Self {
            no_tui: self.no_tui || before.no_tui,
            format: self.format.or(before.format),
        }
    }

    /// Says whether lines were asked for, so that no screen is drawn.
    pub(super) fn asks_for_lines(self) -> bool {
        self.no_tui || self.format.is_some()
    }

    pub(super) fn format(self) -> Format {
        self.format.unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_after_the_command_counts_more() {
        let asked = |format| OutputArgs {
            no_tui: false,
            format,
        };
        let (json, text) = (asked(Some(Format::Json)), asked(Some(Format::Text)));
        assert_eq!(text.or(json).format(), Format::Text);
        assert_eq!(asked(None).or(json).format(), Format::Json);
        assert_eq!(asked(None).or(asked(None)).format(), Format::Text);
    }
}
