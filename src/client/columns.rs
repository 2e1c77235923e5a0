//! Rows under headings, for people: every column as wide as what is in it, as far as a terminal is.

use std::io::{self, IsTerminal};

/// Returns how many columns the terminal has that standard output goes to; none for what is none.
#[must_use]
pub fn of_terminal() -> Option<usize> {
    if !io::stdout().is_terminal() {
        return None;
    }
    let (columns, _) = crossterm::terminal::size().ok()?;
    Some(columns.into())
}

/// Returns the rows one a line, the columns aligned, without spaces at the end.
#[must_use]
pub fn aligned<const N: usize>(rows: &[[String; N]]) -> Vec<String> {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max();
    let widths: [usize; N] = std::array::from_fn(|column| width(column).unwrap_or(0));
    rows.iter().map(|row| line(row, &widths)).collect()
}

/// Shortens the cells of one column, but to no fewer than `letters_min` letters, so that rows have at
/// most `width` letters.
pub fn narrow<const N: usize>(rows: &mut [[String; N]], column: usize, width: usize, letters_min: usize) {
    let widest = |column: usize| {
        rows.iter()
            .map(|row| row[column].chars().count())
            .max()
            .unwrap_or(0)
    };
    let others: usize = (0..N)
        .filter(|&other| other != column)
        .map(|other| widest(other) + 2)
        .sum();
    let room = width.saturating_sub(others).max(letters_min);
    for row in rows {
        if row[column].chars().count() > room {
            row[column] = cut(&row[column], room);
        }
    }
}

/// Returns the beginning and the end of a text, `room` letters in all.
fn cut(text: &str, room: usize) -> String {
    let (head, tail) = (room / 2, room.saturating_sub(room / 2 + 1));
    let letters = text.chars().count();
    let beginning = text.chars().take(head);
    let end = text.chars().skip(letters.saturating_sub(tail));
    beginning.chain(['…']).chain(end).collect()
}

fn line(row: &[String], widths: &[usize]) -> String {
    let mut line = String::new();
    for (cell, width) in row.iter().zip(widths) {
        line += cell;
        line += &" ".repeat(width - cell.chars().count() + 2);
    }
    line.truncate(line.trim_end().len());
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_what_is_in_them() {
        let rows = [["NAME", "SIZE"], ["écran", "1"], ["a", ""]].map(|row| row.map(str::to_owned));
        assert_eq!(aligned(&rows), ["NAME   SIZE", "écran  1", "a"]);
    }
}
