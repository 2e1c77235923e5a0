//! Colours and symbols, by theme: what is drawn how, never what is drawn.
//!
//! Every state has a shape and a word besides its colour, so that the theme without colours says as
//! much. That theme sets no colour at all and tells things apart by bold, dim and reverse.

use ratatui::style::{Color, Modifier, Style};

use super::cluster::node::NodeState;
use crate::id::NodeId;

mod contrast;

pub use contrast::Contrast;

/// Which colours are used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Palette {
    /// For a dark background.
    #[default]
    Dark,
    /// For a light background.
    Light,
    /// None.
    None,
}

/// Which characters are used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Charset {
    /// Lines, blocks and shapes.
    #[default]
    Unicode,
    /// Only those of ASCII.
    Ascii,
}

/// How things are drawn.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Theme {
    /// The colours.
    pub palette: Palette,
    /// The characters.
    pub charset: Charset,
    /// How far everything stands apart from its background.
    pub contrast: Contrast,
}

/// What a colour stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// All is well.
    Good,
    /// Something is on its way.
    Busy,
    /// Something is lost.
    Bad,
    /// Something stands still.
    Cold,
    /// Nothing is there.
    Absent,
    /// What can be pressed or is chosen.
    Accent,
}

impl Theme {
    /// Makes a theme.
    #[must_use]
    pub const fn new(palette: Palette, charset: Charset) -> Self {
        Self {
            palette,
            charset,
            contrast: Contrast::Normal,
        }
    }

    /// Returns the style of a tone.
    #[must_use]
    pub fn tone(&self, tone: Tone) -> Style {
        self.seen(match self.palette {
            Palette::None => match tone {
                Tone::Good | Tone::Busy | Tone::Accent => Style::new().bold(),
                Tone::Bad => Style::new().add_modifier(Modifier::BOLD | Modifier::UNDERLINED),
                Tone::Cold | Tone::Absent => Style::new().dim(),
            },
            Palette::Dark => Style::new().fg(Color::Indexed(match tone {
                Tone::Good => 78,
                Tone::Busy => 221,
                Tone::Bad => 203,
                Tone::Cold => 117,
                Tone::Absent => 243,
                Tone::Accent => 81,
            })),
            Palette::Light => Style::new().fg(Color::Indexed(match tone {
                Tone::Good => 28,
                Tone::Busy => 130,
                Tone::Bad => 160,
                Tone::Cold => 26,
                Tone::Absent => 245,
                Tone::Accent => 25,
            })),
        })
    }

    /// Returns the style of a bar filled with a tone, with its text on it.
    #[must_use]
    pub fn filled(&self, tone: Tone) -> Style {
        let (Palette::Dark | Palette::Light) = self.palette else {
            return match tone {
                Tone::Good => Style::new().add_modifier(Modifier::REVERSED | Modifier::BOLD),
                Tone::Bad => {
                    Style::new().add_modifier(Modifier::REVERSED | Modifier::BOLD | Modifier::UNDERLINED)
                }
                Tone::Busy | Tone::Cold | Tone::Absent | Tone::Accent => Style::new().reversed(),
            };
        };
        let dark = self.palette == Palette::Dark;
        let (background, text) = match tone {
            Tone::Good if dark => (35, 16),
            Tone::Good => (28, 231),
            Tone::Busy if dark => (221, 16),
            Tone::Busy => (214, 16),
            Tone::Bad => (160, 231),
            Tone::Cold if dark => (74, 16),
            Tone::Cold => (26, 231),
            Tone::Absent if dark => (238, 252),
            Tone::Absent => (250, 16),
            Tone::Accent if dark => (31, 231),
            Tone::Accent => (25, 231),
        };
        let style = Style::new().bg(Color::Indexed(background));
        self.seen(style.fg(Color::Indexed(text)).bold())
    }

    /// Returns the style of what is read second.
    #[must_use]
    pub fn quiet(&self) -> Style {
        self.seen(match self.palette {
            Palette::Dark => Style::new().fg(Color::Indexed(245)),
            Palette::Light => Style::new().fg(Color::Indexed(242)),
            Palette::None => Style::new().dim(),
        })
    }

    /// Returns the style of what is read first.
    #[must_use]
    pub fn strong(&self) -> Style {
        self.seen(match self.palette {
            Palette::Dark => Style::new().fg(Color::Indexed(253)).bold(),
            Palette::Light => Style::new().fg(Color::Indexed(235)).bold(),
            Palette::None => Style::new().bold(),
        })
    }

    /// Returns the style of the border of a panel.
    #[must_use]
    pub fn border(&self, focused: bool) -> Style {
        self.seen(match (self.palette, focused) {
            (Palette::None, true) => Style::new().bold(),
            (Palette::None, false) => Style::new().dim(),
            (_, true) => self.tone(Tone::Accent),
            (Palette::Dark, false) => Style::new().fg(Color::Indexed(239)),
            (Palette::Light, false) => Style::new().fg(Color::Indexed(250)),
        })
    }

    /// Returns the style of the chosen line of a list.
    #[must_use]
    pub fn selection(&self) -> Style {
        match (self.contrast, self.palette) {
            (Contrast::High, _) => Style::new().reversed().bold(),
            (Contrast::Normal, Palette::Dark) => Style::new().bg(Color::Indexed(237)).bold(),
            (Contrast::Normal, Palette::Light) => Style::new().bg(Color::Indexed(254)).bold(),
            (Contrast::Normal, Palette::None) => Style::new().reversed(),
        }
    }

    /// Returns the colour that stands for a node wherever it is believed to lead.
    #[must_use]
    pub fn node(&self, node: NodeId) -> Style {
        const DARK: [u8; 9] = [75, 213, 149, 215, 141, 80, 222, 174, 110];
        const LIGHT: [u8; 9] = [26, 127, 64, 166, 92, 30, 136, 124, 24];
        let turn = usize::from(node.number() - 1) % DARK.len();
        self.seen(match self.palette {
            Palette::Dark => Style::new().fg(Color::Indexed(DARK[turn])),
            Palette::Light => Style::new().fg(Color::Indexed(LIGHT[turn])),
            Palette::None => Style::new().bold(),
        })
    }

    /// Returns what the colour of a state stands for.
    #[must_use]
    pub const fn tone_of(state: NodeState) -> Tone {
        match state {
            NodeState::Leading | NodeState::Following => Tone::Good,
            NodeState::Starting
            | NodeState::Electing
            | NodeState::CatchingUp
            | NodeState::Stopping
            | NodeState::Restarting => Tone::Busy,
            NodeState::CutOff | NodeState::Dead | NodeState::GivenUp => Tone::Bad,
            NodeState::Frozen => Tone::Cold,
            NodeState::NeverStarted | NodeState::Stopped | NodeState::OutOfReach => Tone::Absent,
        }
    }

    /// Returns the style of a state.
    #[must_use]
    pub fn state(&self, state: NodeState) -> Style {
        self.tone(Self::tone_of(state))
    }

    /// Returns the style of the bar of a state: filled, but for the many that only follow.
    #[must_use]
    pub fn bar(&self, state: NodeState) -> Style {
        match (state, self.palette) {
            (NodeState::Following, Palette::Dark) => self.state(state).bg(Color::Indexed(236)).bold(),
            (NodeState::Following, Palette::Light) => self.state(state).bg(Color::Indexed(254)).bold(),
            (NodeState::Following, Palette::None) => Style::new().bold(),
            _ => self.filled(Self::tone_of(state)),
        }
    }

    /// Returns the shape of a state: one cell, another one for each.
    #[must_use]
    pub const fn shape(&self, state: NodeState) -> &'static str {
        match self.charset {
            Charset::Unicode => match state {
                NodeState::Leading => "★",
                NodeState::Following => "●",
                NodeState::CatchingUp => "◔",
                NodeState::Electing => "◇",
                NodeState::CutOff => "⊘",
                NodeState::Starting => "◌",
                NodeState::Frozen => "‖",
                NodeState::Stopping => "▽",
                NodeState::Restarting => "↻",
                NodeState::Stopped => "■",
                NodeState::Dead => "✖",
                NodeState::GivenUp => "☒",
                NodeState::OutOfReach => "?",
                NodeState::NeverStarted => "○",
            },
            Charset::Ascii => match state {
                NodeState::Leading => "*",
                NodeState::Following => "o",
                NodeState::CatchingUp => "c",
                NodeState::Electing => "e",
                NodeState::CutOff => "/",
                NodeState::Starting => "s",
                NodeState::Frozen => "=",
                NodeState::Stopping => "v",
                NodeState::Restarting => "r",
                NodeState::Stopped => "-",
                NodeState::Dead => "X",
                NodeState::GivenUp => "#",
                NodeState::OutOfReach => "?",
                NodeState::NeverStarted => ".",
            },
        }
    }

    /// Says whether pictures are drawn in colour.
    #[must_use]
    pub fn draws_pictures(&self) -> bool {
        self.palette != Palette::None && self.charset == Charset::Unicode
    }

    /// Returns `unicode`, or `ascii` where only that may be drawn.
    #[must_use]
    pub const fn pick<'a>(&self, unicode: &'a str, ascii: &'a str) -> &'a str {
        match self.charset {
            Charset::Unicode => unicode,
            Charset::Ascii => ascii,
        }
    }
}
