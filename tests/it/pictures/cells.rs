//! The screen of a program as cells of known colours.

use heirloom::lab::picture::{Cell, Looks, Paint, Palette, Rgb};
use vt100::{Color, Screen};

/// Returns the cells of a screen, row by row.
pub(super) fn cells(screen: &Screen, palette: &Palette) -> Vec<Vec<Cell>> {
    let (rows, columns) = screen.size();
    let row = |row| (0..columns.get()).map(move |column| cell(screen, row, column, palette));
    (0..rows.get()).map(|number| row(number).collect()).collect()
}

fn cell(screen: &Screen, row: u16, column: u16, palette: &Palette) -> Cell {
    let cell = screen.cell(row, column).expect("inside the screen");
    let looks = Looks {
        front: paint(cell.fgcolor()),
        back: paint(cell.bgcolor()),
        bold: cell.bold(),
        italic: cell.italic(),
        underlined: cell.underline(),
        dim: cell.dim(),
        reversed: cell.inverse(),
    };
    Cell::of(cell.contents(), looks, palette)
}

fn paint(colour: Color) -> Paint {
    match colour {
        Color::Default => Paint::Default,
        Color::Idx(index) => Paint::Indexed(index),
        Color::Rgb(red, green, blue) => Paint::Rgb(Rgb(red, green, blue)),
    }
}
