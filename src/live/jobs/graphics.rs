//! Whether the terminal draws pictures itself, as far as it says so without being asked.
//!
//! A question on the terminal would cost the first frame, and keys typed meanwhile. So the
//! environment decides, and half-blocks are good enough wherever it is silent: over ssh, where a
//! picture weighs too much for every step through a folder, and inside tmux or screen, which keep
//! pictures from the terminal or leave them standing.

use std::env;

use ::image::{DynamicImage, Rgba, RgbaImage};
use crossterm::terminal::WindowSize;
use ratatui::layout::Size;
use ratatui_image::protocol::Protocol;
use ratatui_image::protocol::iterm2::Iterm2;
use ratatui_image::protocol::kitty::Kitty;

use crate::dashboard::dialog::picture::{Drawn, PIXELS_PER_CELL, Pixels, Subject};

/// The most pixels of a picture that a terminal draws itself.
///
/// About a thousand lines of eight hundred: more only takes longer to send.
const PIXELS_MAX: u32 = 800_000;

/// The names by which a terminal keeps the two pictures; a newer one replaces an older.
const KITTY_IMAGE: u32 = 0x4865_6901;
const KITTY_CIPHERTEXT: u32 = 0x4865_6902;

/// How pictures reach the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Graphics {
    /// As cells.
    Cells,
    /// By kitty's protocol.
    Kitty(Font),
    /// By iTerm2's.
    Iterm2(Font),
}

/// How many pixels a cell has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Font {
    width: u16,
    height: u16,
}

impl Graphics {
    /// Decides by the variables of this process and the size of its terminal in pixels.
    pub(super) fn of_environment() -> Self {
        let variable = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
        let window = crossterm::terminal::window_size().ok();
        Self::of(variable, window.as_ref())
    }

    fn of(variable: impl Fn(&str) -> Option<String>, window: Option<&WindowSize>) -> Self {
        let term = variable("TERM").unwrap_or_default();
        let between = ["TMUX", "STY", "SSH_CONNECTION", "SSH_TTY"];
        if between.iter().any(|name| variable(name).is_some())
            || term.starts_with("tmux")
            || term.starts_with("screen")
        {
            return Self::Cells;
        }
        let Some(font) = window.and_then(Font::of) else {
            return Self::Cells;
        };
        let program = variable("TERM_PROGRAM").unwrap_or_default();
        match (term.as_str(), program.as_str()) {
            ("xterm-kitty" | "xterm-ghostty", _) | (_, "ghostty") => Self::Kitty(font),
            (_, "iTerm.app" | "WezTerm") => Self::Iterm2(font),
            _ => Self::Cells,
        }
    }

    /// Returns how an area of cells is drawn: one that is too large for pixels, as cells.
    pub(super) fn within(self, area: Size) -> Self {
        let (width, height) = self.pixels(area);
        if u32::from(width) * u32::from(height) <= PIXELS_MAX {
            self
        } else {
            Self::Cells
        }
    }

    /// Returns how many pixels to make for an area of cells.
    pub(super) fn pixels(self, area: Size) -> (u16, u16) {
        match self {
            Self::Cells => (area.width, area.height.saturating_mul(PIXELS_PER_CELL)),
            Self::Kitty(font) | Self::Iterm2(font) => (
                area.width.saturating_mul(font.width),
                area.height.saturating_mul(font.height),
            ),
        }
    }

    /// Makes of pixels what the terminal takes.
    pub(super) fn draw(self, pixels: Pixels, subject: &Subject) -> Result<Drawn, String> {
        let name = match subject {
            Subject::Image(_) => KITTY_IMAGE,
            Subject::Ciphertext { .. } => KITTY_CIPHERTEXT,
        };
        let encoded = match self {
            Self::Cells => return Ok(Drawn::Pixels(pixels)),
            Self::Kitty(font) => {
                let (image, size) = font.whole_cells(&pixels);
                Kitty::new(image, size, name, false, false).map(Protocol::Kitty)
            }
            Self::Iterm2(font) => {
                let (image, size) = font.whole_cells(&pixels);
                Iterm2::new(image, size, false).map(Protocol::ITerm2)
            }
        };
        let encoded = encoded.map_err(|error| format!("it could not be drawn: {error}"))?;
        Ok(Drawn::Terminal(Box::new(encoded)))
    }
}

impl Font {
    fn of(window: &WindowSize) -> Option<Self> {
        let width = window.width.checked_div(window.columns)?;
        let height = window.height.checked_div(window.rows)?;
        (width > 0 && height > 0).then_some(Self { width, height })
    }

    /// Returns an image of whole cells, clear where there are no pixels, and how many cells that are.
    fn whole_cells(self, pixels: &Pixels) -> (DynamicImage, Size) {
        let size = Size::new(
            pixels.width().div_ceil(self.width),
            pixels.height().div_ceil(self.height),
        );
        let (width, height) = (size.width * self.width, size.height * self.height);
        let image = RgbaImage::from_fn(width.into(), height.into(), |x, y| {
            let place = u16::try_from(x).ok().zip(u16::try_from(y).ok());
            match place.and_then(|(x, y)| pixels.at(x, y)) {
                Some([red, green, blue]) => Rgba([red, green, blue, u8::MAX]),
                None => Rgba([0; 4]),
            }
        });
        (DynamicImage::ImageRgba8(image), size)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOW: WindowSize = WindowSize {
        rows: 24,
        columns: 80,
        width: 800,
        height: 480,
    };

    fn decided(variables: &[(&str, &str)], window: Option<&WindowSize>) -> Graphics {
        let variable = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        Graphics::of(variable, window)
    }

    const FONT: Font = Font {
        width: 10,
        height: 20,
    };

    #[test]
    fn a_terminal_that_draws_pictures_is_known_by_its_environment() {
        assert_eq!(
            decided(&[("TERM", "xterm-kitty")], Some(&WINDOW)),
            Graphics::Kitty(FONT)
        );
        assert_eq!(
            decided(&[("TERM_PROGRAM", "ghostty")], Some(&WINDOW)),
            Graphics::Kitty(FONT)
        );
        assert_eq!(
            decided(&[("TERM_PROGRAM", "iTerm.app")], Some(&WINDOW)),
            Graphics::Iterm2(FONT)
        );
        assert_eq!(
            decided(&[("TERM_PROGRAM", "WezTerm")], Some(&WINDOW)),
            Graphics::Iterm2(FONT)
        );
        assert_eq!(
            decided(&[("TERM", "xterm-256color")], Some(&WINDOW)),
            Graphics::Cells
        );
    }

    #[test]
    fn cells_are_drawn_inside_tmux_over_ssh_and_where_pixels_are_unknown() {
        let kitty = ("TERM", "xterm-kitty");
        for between in ["TMUX", "STY", "SSH_CONNECTION", "SSH_TTY"] {
            assert_eq!(decided(&[kitty, (between, "x")], Some(&WINDOW)), Graphics::Cells);
        }
        assert_eq!(
            decided(
                &[("TERM", "tmux-256color"), ("TERM_PROGRAM", "WezTerm")],
                Some(&WINDOW)
            ),
            Graphics::Cells
        );
        let unknown = WindowSize {
            width: 0,
            height: 0,
            ..WINDOW
        };
        assert_eq!(decided(&[kitty], None), Graphics::Cells);
        assert_eq!(decided(&[kitty], Some(&unknown)), Graphics::Cells);
    }

    #[test]
    fn an_area_that_is_too_large_for_pixels_is_drawn_as_cells() {
        let kitty = Graphics::Kitty(FONT);
        assert_eq!(kitty.within(Size::new(80, 40)), kitty);
        assert_eq!(kitty.within(Size::new(200, 60)), Graphics::Cells);
        assert_eq!(Graphics::Cells.pixels(Size::new(38, 14)), (38, 28));
        assert_eq!(kitty.pixels(Size::new(38, 14)), (380, 280));
        let largest = Size::new(u16::MAX, u16::MAX);
        assert_eq!(kitty.within(largest), Graphics::Cells);
    }

    #[test]
    fn a_picture_for_a_terminal_covers_whole_cells() {
        let pixels = Pixels::new(25, vec![[1, 2, 3]; 25 * 30]);
        let subject = Subject::Image("a.png".into());
        for graphics in [Graphics::Kitty(FONT), Graphics::Iterm2(FONT)] {
            let Ok(Drawn::Terminal(protocol)) = graphics.draw(pixels.clone(), &subject) else {
                panic!("{graphics:?} draws pictures");
            };
            assert_eq!(protocol.size(), Size::new(3, 2));
        }
        let cells = Graphics::Cells.draw(pixels.clone(), &subject);
        assert!(matches!(cells, Ok(Drawn::Pixels(same)) if same == pixels));
    }
}
