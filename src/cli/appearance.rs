//! How a dashboard looks: colours and characters, by flag, variable, or what the terminal tells.

use std::env::var;

use clap::builder::FalseyValueParser;
use clap::{Args, ValueEnum};

use crate::dashboard::theme::{Charset, Palette, Theme};

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Args)]
pub(super) struct AppearanceArgs {
    /// Draw with the characters of ASCII only
    #[arg(long, env = "HEIRLOOM_ASCII", value_parser = FalseyValueParser::new())]
    ascii: bool,
    /// Colours for a dark or a light background, or none [default: auto]
    #[arg(long, env = "HEIRLOOM_THEME", value_name = "THEME")]
    theme: Option<Chosen>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum Chosen {
    /// What the terminal tells by `COLORFGBG`, else dark; none where `NO_COLOR` is set
    #[default]
    Auto,
    /// For a dark background
    Dark,
    /// For a light background
    Light,
    /// No colours: bold, dim and reverse only
    None,
}

impl AppearanceArgs {
    /// Returns what was asked here, and for the rest what was asked before the command.
    pub(super) fn or(self, before: Self) -> Self {
        Self {
            ascii: self.ascii || before.ascii,
            theme: self.theme.or(before.theme),
        }
    }

    /// Says whether a light background was chosen.
    pub(super) fn is_light(self) -> bool {
        self.theme == Some(Chosen::Light)
    }

    /// Returns the characters that were chosen.
    pub(super) const fn charset(self) -> Charset {
        if self.ascii {
            Charset::Ascii
        } else {
            Charset::Unicode
        }
    }

    /// Returns the theme that was chosen, or that fits the terminal.
    pub(super) fn theme(self) -> Theme {
        let palette = match self.theme.unwrap_or_default() {
            Chosen::Dark => Palette::Dark,
            Chosen::Light => Palette::Light,
            Chosen::None => Palette::None,
            Chosen::Auto => fitting(var("NO_COLOR").ok().as_deref(), var("COLORFGBG").ok().as_deref()),
        };
        Theme::new(palette, self.charset())
    }
}

/// Returns the colours for a terminal that tells this about itself.
fn fitting(no_color: Option<&str>, colorfgbg: Option<&str>) -> Palette {
    if no_color.is_some_and(|set| !set.is_empty()) {
        return Palette::None;
    }
    // Foreground, perhaps a middle, background: numbers of the sixteen colours, of which white and
    // bright white are light.
    let background = colorfgbg.and_then(|colours| colours.rsplit(';').next());
    match background {
        Some("7" | "15") => Palette::Light,
        Some(_) | None => Palette::Dark,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_follow_what_the_terminal_tells() {
        assert_eq!(fitting(None, None), Palette::Dark);
        assert_eq!(fitting(None, Some("15;0")), Palette::Dark);
        assert_eq!(fitting(None, Some("0;15")), Palette::Light);
        assert_eq!(fitting(None, Some("0;default;7")), Palette::Light);
        assert_eq!(fitting(Some("1"), Some("0;15")), Palette::None);
        assert_eq!(fitting(Some(""), None), Palette::Dark, "empty counts as not set");
    }

    #[test]
    fn what_is_chosen_counts_more_than_what_the_terminal_tells() {
        let chosen = AppearanceArgs {
            ascii: true,
            theme: Some(Chosen::Light),
        };
        assert_eq!(chosen.theme(), Theme::new(Palette::Light, Charset::Ascii));
    }
}
