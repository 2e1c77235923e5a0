//! A chart drawn with characters.

use std::fmt::Write;

use super::chart::{Axis, Chart};
use crate::dashboard::theme::Charset;

/// How many characters wide, and how many lines high, the inside of a chart is.
///
/// With its labels it fits a terminal of 80 columns.
const WIDTH: usize = 59;
const HEIGHT: usize = 13;

/// How wide the labels of the upright axis are.
const LABEL: usize = 9;

/// Draws a chart; empty where there is nothing to draw.
pub(super) fn of(chart: &Chart, charset: Charset) -> String {
    let Some((across, up)) = chart.axes() else {
        return String::new();
    };
    let ink = Ink::of(charset);
    let mut cells = vec![vec![' '; WIDTH]; HEIGHT];
    for (series, mark) in chart.series.iter().zip(ink.marks) {
        for &(nodes, figure) in &series.points {
            let row = HEIGHT - 1 - place(up.share(figure), HEIGHT);
            cells[row][place(across.share(nodes), WIDTH)] = mark;
        }
    }
    let mut text = title(chart, &ink);
    for (row, line) in cells.iter().enumerate() {
        let line: String = line.iter().collect();
        let _ = writeln!(
            text,
            "{:>LABEL$} {}{}",
            label(&up, row),
            ink.upright,
            line.trim_end()
        );
    }
    let _ = writeln!(
        text,
        "{:>LABEL$} {}{}",
        "",
        ink.corner,
        ink.level.to_string().repeat(WIDTH)
    );
    text + &foot(&across)
}

fn title(chart: &Chart, ink: &Ink) -> String {
    let names = chart.series.iter().zip(ink.marks);
    let names: Vec<String> = names
        .map(|(series, mark)| format!("{mark} {}", series.name))
        .collect();
    if names.len() > 1 {
        format!("{}: {}\n", chart.title, names.join("  "))
    } else {
        format!("{}\n", chart.title)
    }
}

/// What is written beside a row, if anything is.
fn label(up: &Axis, row: usize) -> &str {
    let at_row = |(value, _): &&(f64, String)| HEIGHT - 1 - place(up.share(*value), HEIGHT) == row;
    up.ticks.iter().find(at_row).map_or("", |(_, label)| label)
}

/// What is written below the level axis: every label that has room beside the one before.
fn foot(across: &Axis) -> String {
    let mut line = String::new();
    for (value, label) in &across.ticks {
        let middle = place(across.share(*value), WIDTH);
        let start = middle.saturating_sub(label.len() / 2);
        if line.is_empty() || start > line.len() {
            line += &" ".repeat(start.saturating_sub(line.len()));
            line += label;
        }
    }
    format!("{:>LABEL$}  {line}  nodes\n", "")
}

/// Returns the cell, of so many, at a share of the whole.
fn place(share: f64, cells: usize) -> usize {
    // A share is from 0 to 1, and there are few cells.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let place = (share * (cells - 1) as f64).round() as usize;
    place.min(cells - 1)
}

/// What is drawn with.
struct Ink {
    marks: [char; 2],
    upright: char,
    corner: char,
    level: char,
}

impl Ink {
    fn of(charset: Charset) -> Self {
        match charset {
            Charset::Unicode => Self {
                marks: ['●', '○'],
                upright: '│',
                corner: '└',
                level: '─',
            },
            Charset::Ascii => Self {
                marks: ['*', 'o'],
                upright: '|',
                corner: '+',
                level: '-',
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::chart::Series;
    use super::*;

    fn chart() -> Chart {
        Chart {
            title: "messages an election",
            series: vec![Series {
                name: "messages",
                points: vec![(1.0, 10.0), (10.0, 1_000.0), (100.0, 100_000.0)],
            }],
        }
    }

    #[test]
    fn what_grows_by_a_power_is_a_straight_line() {
        let text = of(&chart(), Charset::Ascii);
        assert!(text.is_ascii(), "{text}");
        let lines: Vec<&str> = text.lines().collect();
        let marked = |line: &str| line.find('*').map(|column| column - LABEL - 2);
        assert_eq!(lines.len(), HEIGHT + 3);
        assert_eq!(marked(lines[1]), Some(58));
        assert_eq!(marked(lines[7]), Some(29));
        assert_eq!(marked(lines[13]), Some(0));
        assert!(
            lines[1].starts_with("   100000 |") && lines[13].starts_with("       10 |"),
            "{text}"
        );
        let foot = lines.last().expect("a foot").trim();
        assert!(foot.starts_with("1  ") && foot.ends_with("100  nodes"), "{text}");
        assert!(lines.iter().all(|line| line.len() < 80), "{text}");
    }

    #[test]
    fn nothing_is_drawn_of_nothing() {
        let empty = Chart {
            title: "nothing",
            series: Vec::new(),
        };
        assert_eq!(of(&empty, Charset::Unicode), "");
    }
}
