//! A screen as cells of known colours: what a terminal makes of default, indexed, dim and reverse.

use vt100::{Color, Screen};

/// Red, green, blue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Rgb(pub(super) u8, pub(super) u8, pub(super) u8);

impl Rgb {
    /// Returns the nearest colour of six bits a part: nobody sees it, and neighbours become alike.
    pub(super) fn rounded(self) -> Self {
        let round = |part: u8| part.saturating_add(2) & !3;
        Self(round(self.0), round(self.1), round(self.2))
    }
}

/// The colours of a terminal that a program cannot name, and those of the window around it.
pub(super) struct Palette {
    pub(super) text: Rgb,
    pub(super) ground: Rgb,
    pub(super) bar: Rgb,
    pub(super) border: Rgb,
    pub(super) title: Rgb,
}

pub(super) const DARK: Palette = Palette {
    text: Rgb(0xd0, 0xd4, 0xdc),
    ground: Rgb(0x15, 0x17, 0x1c),
    bar: Rgb(0x20, 0x23, 0x2a),
    border: Rgb(0x3a, 0x3f, 0x4a),
    title: Rgb(0x8b, 0x92, 0xa0),
};

pub(super) const LIGHT: Palette = Palette {
    text: Rgb(0x2a, 0x2d, 0x33),
    ground: Rgb(0xfc, 0xfc, 0xfa),
    bar: Rgb(0xec, 0xec, 0xe9),
    border: Rgb(0xc9, 0xc9, 0xc4),
    title: Rgb(0x6c, 0x6f, 0x76),
};

/// How the text of a cell is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ink {
    pub(super) colour: Rgb,
    pub(super) bold: bool,
    pub(super) italic: bool,
    pub(super) underlined: bool,
}

/// One cell: what stands in it, and on which ground where that is not the screen's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cell {
    pub(super) symbol: String,
    pub(super) ink: Ink,
    pub(super) ground: Option<Rgb>,
}

/// Returns the cells of a screen, row by row.
pub(super) fn cells(screen: &Screen, palette: &Palette) -> Vec<Vec<Cell>> {
    let (rows, columns) = screen.size();
    let row = |row| (0..columns.get()).map(move |column| cell(screen, row, column, palette));
    (0..rows.get()).map(|number| row(number).collect()).collect()
}

fn cell(screen: &Screen, row: u16, column: u16, palette: &Palette) -> Cell {
    let cell = screen.cell(row, column).expect("inside the screen");
    let (mut front, mut back) = (cell.fgcolor(), cell.bgcolor());
    let reversed = cell.inverse();
    if reversed {
        std::mem::swap(&mut front, &mut back);
    }
    let (text, ground) = if reversed {
        (palette.ground, palette.text)
    } else {
        (palette.text, palette.ground)
    };
    let (front, solid) = (resolved(front, text), resolved(back, ground));
    let colour = if cell.dim() { between(front, solid) } else { front };
    Cell {
        symbol: cell.contents().to_owned(),
        ink: Ink {
            colour,
            bold: cell.bold(),
            italic: cell.italic(),
            underlined: cell.underline(),
        },
        ground: (solid != palette.ground).then_some(solid),
    }
}

fn resolved(colour: Color, default: Rgb) -> Rgb {
    match colour {
        Color::Default => default,
        Color::Idx(index) => indexed(index),
        Color::Rgb(red, green, blue) => Rgb(red, green, blue),
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
        u8::try_from(sum / 3).expect("a mean of bytes is a byte")
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
