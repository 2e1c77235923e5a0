//! A screen as cells of known colours: what a terminal makes of default, indexed, dim and reverse.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier};

/// Red, green, blue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rgb(
    /// Red.
    pub u8,
    /// Green.
    pub u8,
    /// Blue.
    pub u8,
);

impl Rgb {
    /// Returns the nearest colour of six bits a part: nobody sees it, and neighbours become alike.
    pub(super) fn rounded(self) -> Self {
        let round = |part: u8| part.saturating_add(2) & !3;
        Self(round(self.0), round(self.1), round(self.2))
    }
}

/// The colours of a terminal that a program cannot name, and those of the window around it.
#[derive(Debug, Clone, Copy)]
pub struct Palette {
    /// Text without a colour.
    pub text: Rgb,
    /// What it stands on.
    pub ground: Rgb,
    /// The bar of the window.
    pub bar: Rgb,
    /// Around it.
    pub border: Rgb,
    /// The title.
    pub title: Rgb,
}

/// A dark terminal.
pub const DARK: Palette = Palette {
    text: Rgb(0xd0, 0xd4, 0xdc),
    ground: Rgb(0x15, 0x17, 0x1c),
    bar: Rgb(0x20, 0x23, 0x2a),
    border: Rgb(0x3a, 0x3f, 0x4a),
    title: Rgb(0x8b, 0x92, 0xa0),
};

/// A light one.
pub const LIGHT: Palette = Palette {
    text: Rgb(0x2a, 0x2d, 0x33),
    ground: Rgb(0xfc, 0xfc, 0xfa),
    bar: Rgb(0xec, 0xec, 0xe9),
    border: Rgb(0xc9, 0xc9, 0xc4),
    title: Rgb(0x6c, 0x6f, 0x76),
};

/// How the text of a cell is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ink {
    /// Its colour.
    pub colour: Rgb,
    /// Heavier.
    pub bold: bool,
    /// Slanted.
    pub italic: bool,
    /// With a line below.
    pub underlined: bool,
}

/// One cell: what stands in it, and on which ground where that is not the screen's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    /// What stands in it.
    pub symbol: String,
    /// How.
    pub ink: Ink,
    /// On what, where that is not the screen's own ground.
    pub ground: Option<Rgb>,
}

/// A colour as a program names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paint {
    /// Whatever the terminal has for it.
    Default,
    /// One of the 256.
    Indexed(u8),
    /// Any.
    Rgb(Rgb),
}

/// How a cell is to be drawn, as a program says it.
#[derive(Debug, Clone, Copy)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "these are the switches that a terminal has"
)]
pub struct Looks {
    /// The colour of the text.
    pub front: Paint,
    /// The colour behind it.
    pub back: Paint,
    /// Heavier.
    pub bold: bool,
    /// Slanted.
    pub italic: bool,
    /// With a line below.
    pub underlined: bool,
    /// Fainter.
    pub dim: bool,
    /// With both colours exchanged.
    pub reversed: bool,
}

impl Cell {
    /// Makes the cell that a terminal with this palette would show.
    #[must_use]
    pub fn of(symbol: &str, looks: Looks, palette: &Palette) -> Self {
        let (mut front, mut back) = (looks.front, looks.back);
        let (mut text, mut ground) = (palette.text, palette.ground);
        if looks.reversed {
            std::mem::swap(&mut front, &mut back);
            std::mem::swap(&mut text, &mut ground);
        }
        let (front, solid) = (resolved(front, text), resolved(back, ground));
        let colour = if looks.dim { between(front, solid) } else { front };
        Self {
            symbol: symbol.to_owned(),
            ink: Ink {
                colour,
                bold: looks.bold,
                italic: looks.italic,
                underlined: looks.underlined,
            },
            ground: (solid != palette.ground).then_some(solid),
        }
    }
}

/// Returns the cells of a screen in memory, row by row.
#[must_use]
pub fn cells(buffer: &Buffer, palette: &Palette) -> Vec<Vec<Cell>> {
    let Rect { width, height, .. } = buffer.area;
    let row = |y| (0..width).map(move |x| drawn(&buffer[(x, y)], palette));
    (0..height).map(|y| row(y).collect()).collect()
}

fn drawn(cell: &ratatui::buffer::Cell, palette: &Palette) -> Cell {
    let looks = Looks {
        front: paint(cell.fg),
        back: paint(cell.bg),
        bold: cell.modifier.contains(Modifier::BOLD),
        italic: cell.modifier.contains(Modifier::ITALIC),
        underlined: cell.modifier.contains(Modifier::UNDERLINED),
        dim: cell.modifier.contains(Modifier::DIM),
        reversed: cell.modifier.contains(Modifier::REVERSED),
    };
    Cell::of(cell.symbol(), looks, palette)
}

const fn paint(colour: Color) -> Paint {
    match colour {
        Color::Reset => Paint::Default,
        Color::Black => Paint::Indexed(0),
        Color::Red => Paint::Indexed(1),
        Color::Green => Paint::Indexed(2),
        Color::Yellow => Paint::Indexed(3),
        Color::Blue => Paint::Indexed(4),
        Color::Magenta => Paint::Indexed(5),
        Color::Cyan => Paint::Indexed(6),
        Color::Gray => Paint::Indexed(7),
        Color::DarkGray => Paint::Indexed(8),
        Color::LightRed => Paint::Indexed(9),
        Color::LightGreen => Paint::Indexed(10),
        Color::LightYellow => Paint::Indexed(11),
        Color::LightBlue => Paint::Indexed(12),
        Color::LightMagenta => Paint::Indexed(13),
        Color::LightCyan => Paint::Indexed(14),
        Color::White => Paint::Indexed(15),
        Color::Indexed(index) => Paint::Indexed(index),
        Color::Rgb(red, green, blue) => Paint::Rgb(Rgb(red, green, blue)),
    }
}

fn resolved(colour: Paint, default: Rgb) -> Rgb {
    match colour {
        Paint::Default => default,
        Paint::Indexed(index) => indexed(index),
        Paint::Rgb(rgb) => rgb,
    }
}

/// Returns one of the 256 colours as xterm has them.
fn indexed(index: u8) -> Rgb {
    const SIXTEEN: [Rgb; 16] = [
        Rgb(0, 0, 0),
        Rgb(205, 0, 0),
        Rgb(0, 205, 0),
        Rgb(205, 205, 0),
        Rgb(0, 0, 238),
        Rgb(205, 0, 205),
        Rgb(0, 205, 205),
        Rgb(229, 229, 229),
        Rgb(127, 127, 127),
        Rgb(255, 0, 0),
        Rgb(0, 255, 0),
        Rgb(255, 255, 0),
        Rgb(92, 92, 255),
        Rgb(255, 0, 255),
        Rgb(0, 255, 255),
        Rgb(255, 255, 255),
    ];
    const STEPS: [u8; 6] = [0, 95, 135, 175, 215, 255];
    let step = |value: u8| STEPS[usize::from(value % 6)];
    match index {
        0..16 => SIXTEEN[usize::from(index)],
        16..232 => {
            let cube = index - 16;
            Rgb(step(cube / 36), step(cube / 6), step(cube))
        }
        232..=255 => {
            let grey = 8 + 10 * (index - 232);
            Rgb(grey, grey, grey)
        }
    }
}

/// Dim text: two thirds of its colour, one of the ground.
fn between(front: Rgb, back: Rgb) -> Rgb {
    let mix = |front: u8, back: u8| {
        let sum = 2 * u16::from(front) + u16::from(back);
        u8::try_from(sum / 3).unwrap_or(u8::MAX)
    };
    Rgb(mix(front.0, back.0), mix(front.1, back.1), mix(front.2, back.2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_256_colours_are_those_of_xterm() {
        assert_eq!(indexed(16), Rgb(0, 0, 0));
        assert_eq!(indexed(78), Rgb(95, 215, 135));
        assert_eq!(indexed(231), Rgb(255, 255, 255));
        assert_eq!(indexed(239), Rgb(78, 78, 78));
    }
}
