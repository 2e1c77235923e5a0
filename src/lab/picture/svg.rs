//! A screen as an SVG: a window with a title, blocks and lines as shapes, text set cell by cell.

use std::collections::BTreeMap;
use std::fmt::{self, Write};

use super::cells::{Cell, Ink, Palette, Rgb};
use super::shapes::{CELL, Rect, Shape, merged, rect, shape};
use crate::event::line::printable;

/// Around the screen, and above it.
const MARGIN: u32 = 14;
const BAR: u32 = 32;

/// From the top of a cell down to the line that letters stand on.
const BASELINE: u32 = 12;

impl fmt::Display for Rgb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(red, green, blue) = *self;
        if [red, green, blue].iter().all(|part| part % 17 == 0) {
            write!(f, "#{:x}{:x}{:x}", red / 17, green / 17, blue / 17)
        } else {
            write!(f, "#{red:02x}{green:02x}{blue:02x}")
        }
    }
}

/// Draws a window with these cells in it; `made_by` is written into it, for whoever wonders.
///
/// # Errors
///
/// None: a string takes everything.
pub fn svg(cells: &[Vec<Cell>], palette: &Palette, title: &str, made_by: &str) -> Result<String, fmt::Error> {
    let mut svg = String::new();
    window(&mut svg, size_of(cells), palette, title, made_by, "")?;
    screen(&mut svg, cells)?;
    Ok(svg + "</g>\n</svg>\n")
}

/// Returns how large the window around so many cells is.
pub(super) fn size_of(cells: &[Vec<Cell>]) -> (u32, u32) {
    let columns = cells.first().map_or(0, Vec::len);
    let width = count(columns) * CELL.0 + 2 * MARGIN;
    (width, count(cells.len()) * CELL.1 + BAR + MARGIN)
}

/// Draws cells, the first of them at the origin.
pub(super) fn screen(svg: &mut String, cells: &[Vec<Cell>]) -> fmt::Result {
    Layers::of(cells).write(svg)?;
    texts(svg, cells)
}

/// Begins a picture: the window, and the group in which the screen is.
pub(super) fn window(
    svg: &mut String,
    size: (u32, u32),
    palette: &Palette,
    title: &str,
    made_by: &str,
    style: &str,
) -> fmt::Result {
    let (width, height) = size;
    writeln!(
        svg,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" font-family=\"ui-monospace, 'DejaVu Sans Mono', monospace\" \
         font-size=\"13.3\">"
    )?;
    writeln!(svg, "<title>{}</title>\n<desc>{made_by}</desc>", escaped(title))?;
    svg.push_str("<style>.b{font-weight:700}.i{font-style:italic}.u{text-decoration:underline}");
    writeln!(svg, ".m{{text-anchor:middle}}{style}</style>")?;
    let (inner, lower) = (width - 1, height - 1);
    writeln!(
        svg,
        "<rect x=\".5\" y=\".5\" width=\"{inner}\" height=\"{lower}\" rx=\"9.5\" fill=\"{}\"/>",
        palette.ground
    )?;
    let across = width - 19;
    writeln!(
        svg,
        "<path fill=\"{}\" d=\"M.5 26V10a9.5 9.5 0 0 1 9-9.5h{across}a9.5 9.5 0 0 1 9 9.5v16z\"/>",
        palette.bar
    )?;
    for x in [18, 34, 50] {
        writeln!(
            svg,
            "<circle cx=\"{x}\" cy=\"13.5\" r=\"5\" fill=\"{}\"/>",
            palette.border
        )?;
    }
    writeln!(
        svg,
        "<text class=\"m\" x=\"{}\" y=\"18\" font-size=\"12\" fill=\"{}\">{}</text>",
        width / 2,
        palette.title,
        escaped(title)
    )?;
    writeln!(
        svg,
        "<rect x=\".5\" y=\".5\" width=\"{inner}\" height=\"{lower}\" rx=\"9.5\" fill=\"none\" stroke=\"{}\"/>",
        palette.border
    )?;
    writeln!(svg, "<g transform=\"translate({MARGIN} {BAR})\">")
}

/// Shapes by colour, from the back to the front.
#[derive(Default)]
struct Layers {
    grounds: BTreeMap<Rgb, Vec<Rect>>,
    blocks: BTreeMap<Rgb, Vec<Rect>>,
    lines: BTreeMap<Rgb, Vec<Rect>>,
    arcs: BTreeMap<Rgb, String>,
}

impl Layers {
    fn of(cells: &[Vec<Cell>]) -> Self {
        let mut layers = Self::default();
        for (row, cells) in cells.iter().enumerate() {
            for (column, cell) in cells.iter().enumerate() {
                layers.add(cell, (count(column) * CELL.0, count(row) * CELL.1));
            }
        }
        layers
    }

    fn add(&mut self, cell: &Cell, (x, y): (u32, u32)) {
        let moved = |part: Rect| rect(x + part.x, y + part.y, part.width, part.height);
        let shape = shape(&cell.symbol);
        if let Some(ground) = cell.ground {
            let part = match shape {
                // Of a picture in half-blocks, what is covered need not be drawn.
                Some(Shape::Block(Rect { y: 0, height: 8, .. })) => rect(0, 8, CELL.0, 8),
                _ => rect(0, 0, CELL.0, CELL.1),
            };
            self.grounds
                .entry(ground.rounded())
                .or_default()
                .push(moved(part));
        }
        let colour = cell.ink.colour;
        match shape {
            Some(Shape::Block(part)) => self.blocks.entry(colour.rounded()).or_default().push(moved(part)),
            Some(Shape::Lines(parts)) => {
                self.lines
                    .entry(colour)
                    .or_default()
                    .extend(parts.into_iter().map(moved));
            }
            Some(Shape::Arc(from, path)) => {
                let arcs = self.arcs.entry(colour).or_default();
                let halves = (2 * x + from.0, 2 * y + from.1);
                let (x, y) = (f64::from(halves.0) / 2.0, f64::from(halves.1) / 2.0);
                write!(arcs, "M{x} {y}{path}").expect("a string takes everything");
            }
            None => {}
        }
    }

    fn write(self, svg: &mut String) -> fmt::Result {
        svg.push_str("<g shape-rendering=\"crispEdges\">\n");
        fill(svg, self.grounds)?;
        fill(svg, self.blocks)?;
        svg.push_str("</g>\n");
        fill(svg, self.lines)?;
        for (colour, path) in self.arcs {
            writeln!(svg, "<path fill=\"none\" stroke=\"{colour}\" d=\"{path}\"/>")?;
        }
        Ok(())
    }
}

fn fill(svg: &mut String, rects: BTreeMap<Rgb, Vec<Rect>>) -> fmt::Result {
    for (colour, rects) in rects {
        write!(svg, "<path fill=\"{colour}\" d=\"")?;
        for Rect { x, y, width, height } in merged(rects) {
            write!(svg, "M{x} {y}h{width}v{height}h-{width}")?;
        }
        svg.push_str("\"/>\n");
    }
    Ok(())
}

/// Letters of one ink that stand side by side.
struct Run {
    column: usize,
    ink: Ink,
    text: String,
}

fn texts(svg: &mut String, cells: &[Vec<Cell>]) -> fmt::Result {
    for (row, cells) in cells.iter().enumerate() {
        for run in runs(cells) {
            write_run(svg, row, &run)?;
        }
    }
    Ok(())
}

/// Parts a row into runs: at every other ink, every gap of two, and around every symbol that may
/// come from another font, so that its width moves nothing else.
fn runs(cells: &[Cell]) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for (column, cell) in cells.iter().enumerate() {
        if cell.symbol.trim().is_empty() || shape(&cell.symbol).is_some() {
            continue;
        }
        match runs.last_mut() {
            Some(run) if goes_on(run, cell, column) => {
                let end = run.column + run.text.chars().count();
                if end < column {
                    run.text.push(' ');
                }
                run.text.push_str(&cell.symbol);
            }
            Some(_) | None => runs.push(Run {
                column,
                ink: cell.ink,
                text: cell.symbol.clone(),
            }),
        }
    }
    runs
}

fn goes_on(run: &Run, cell: &Cell, column: usize) -> bool {
    let end = run.column + run.text.chars().count();
    run.ink == cell.ink && column <= end + 1 && is_plain(&run.text) && is_plain(&cell.symbol)
}

/// Whether every fixed-width font has these letters, at its own width.
fn is_plain(text: &str) -> bool {
    text.chars().all(|letter| letter < '\u{180}')
}

fn write_run(svg: &mut String, row: usize, run: &Run) -> fmt::Result {
    let length = count(run.text.chars().count()) * CELL.0;
    let x = count(run.column) * CELL.0;
    let y = count(row) * CELL.1 + BASELINE;
    let mut classes = vec![];
    classes.extend(run.ink.bold.then_some("b"));
    classes.extend(run.ink.italic.then_some("i"));
    classes.extend(run.ink.underlined.then_some("u"));
    svg.push_str("<text ");
    if is_plain(&run.text) {
        write!(svg, "x=\"{x}\" y=\"{y}\" textLength=\"{length}\"")?;
    } else {
        classes.push("m");
        write!(svg, "x=\"{}\" y=\"{y}\"", x + length / 2)?;
    }
    if !classes.is_empty() {
        write!(svg, " class=\"{}\"", classes.join(" "))?;
    }
    writeln!(svg, " fill=\"{}\">{}</text>", run.ink.colour, escaped(&run.text))
}

/// Returns text as XML allows it, in quotes and out of them.
pub(in crate::lab) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in printable(text).chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            // Two that no XML may hold, however it is written.
            '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            letter => escaped.push(letter),
        }
    }
    escaped
}

pub(super) fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
