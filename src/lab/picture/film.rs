//! Frames as one moving picture: an SVG in which each row is drawn once for as long as it stays.
//!
//! Most rows of a screen stay what they are from frame to frame, so a film costs what changes. It
//! needs no script: each version of a row is shown from one moment to another by a rule of CSS, over
//! and over. Where nothing moves, because a reader wants it so, the last frame is seen.

use std::collections::BTreeMap;
use std::fmt::{self, Write};
use std::time::Duration;

use super::cells::{Cell, Palette};
use super::shapes::CELL;
use super::svg::{count, screen, size_of, window};

/// The largest film, in bytes of its rows: what a page can load without anybody waiting for it.
const FILM_BYTES_MAX: usize = 4 << 20;

/// How long the last frame stays before it begins anew.
const HOLD: Duration = Duration::from_secs(3);

/// A film that grows frame by frame.
#[derive(Debug, Default)]
pub struct Film {
    rows: Vec<Row>,
    size: (u32, u32),
    bytes: usize,
}

#[derive(Debug, Default)]
struct Row {
    cells: Vec<Cell>,
    versions: Vec<Version>,
}

/// What a row looked like, from a moment on.
#[derive(Debug)]
struct Version {
    from: Duration,
    drawn: String,
}

/// Why there is no film.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FilmError {
    /// It would be too large.
    #[error(
        "the film would have more than {FILM_BYTES_MAX} bytes after {after:?}; choose a part by --from and --to, \
         a smaller --size, or a higher --speed"
    )]
    Large {
        /// How far it had come.
        after: Duration,
    },
    /// It cannot be written into memory, which does not happen.
    #[error(transparent)]
    Format(#[from] fmt::Error),
}

impl Film {
    /// Adds a frame, which is shown from `at` on; all have one size.
    ///
    /// # Errors
    ///
    /// When there is too much of it.
    pub fn add(&mut self, at: Duration, cells: Vec<Vec<Cell>>) -> Result<(), FilmError> {
        self.size = size_of(&cells);
        self.rows.resize_with(cells.len(), Row::default);
        for (row, cells) in self.rows.iter_mut().zip(cells) {
            if !row.versions.is_empty() && row.cells == cells {
                continue;
            }
            let mut drawn = String::new();
            screen(&mut drawn, std::slice::from_ref(&cells))?;
            self.bytes += drawn.len();
            row.versions.push(Version { from: at, drawn });
            row.cells = cells;
        }
        if self.bytes > FILM_BYTES_MAX {
            return Err(FilmError::Large { after: at });
        }
        Ok(())
    }

    /// Returns the picture of a film that ends at `end`.
    ///
    /// # Errors
    ///
    /// None: a string takes everything.
    pub fn svg(
        &self,
        end: Duration,
        palette: &Palette,
        title: &str,
        made_by: &str,
    ) -> Result<String, FilmError> {
        let whole = end + HOLD;
        let spans = self.spans(whole);
        let mut style = String::new();
        for ((from, to), name) in &spans {
            rule(&mut style, (*from, *to), *name, whole)?;
        }
        style.push_str("@media(prefers-reduced-motion:reduce){g{animation:none!important}}");
        let mut svg = String::new();
        window(&mut svg, self.size, palette, title, made_by, &style)?;
        for (number, row) in self.rows.iter().enumerate() {
            for (index, version) in row.versions.iter().enumerate() {
                let next = row.versions.get(index + 1);
                let to = next.map_or(whole, |next| next.from);
                write!(svg, "<g transform=\"translate(0 {})\"", count(number) * CELL.1)?;
                if let Some(name) = spans.get(&(version.from, to)) {
                    write!(svg, " class=\"k{name}\"")?;
                }
                let hidden = if next.is_some() {
                    " visibility=\"hidden\""
                } else {
                    ""
                };
                writeln!(svg, "{hidden}>\n{}</g>", version.drawn)?;
            }
        }
        Ok(svg + "</g>\n</svg>\n")
    }

    /// Numbers the spans in which some row is shown, but for the one that is everything.
    fn spans(&self, whole: Duration) -> BTreeMap<(Duration, Duration), usize> {
        let mut spans = BTreeMap::new();
        for row in &self.rows {
            let ends = row.versions.iter().skip(1).map(|version| version.from);
            for (version, to) in row.versions.iter().zip(ends.chain([whole])) {
                let number = spans.len();
                if (version.from, to) != (Duration::ZERO, whole) {
                    spans.entry((version.from, to)).or_insert(number);
                }
            }
        }
        spans
    }
}

/// Writes the rule that shows something from one moment to another.
fn rule(style: &mut String, (from, to): (Duration, Duration), name: usize, whole: Duration) -> fmt::Result {
    let percent = |at: Duration| at.as_secs_f64() / whole.as_secs_f64() * 100.0;
    write!(style, "@keyframes k{name}{{")?;
    if from.is_zero() {
        style.push_str("0%{visibility:visible}");
    } else {
        write!(
            style,
            "0%{{visibility:hidden}}{:.3}%{{visibility:visible}}",
            percent(from)
        )?;
    }
    let last = if to == whole { "visible" } else { "hidden" };
    if to < whole {
        write!(style, "{:.3}%{{visibility:hidden}}", percent(to))?;
    }
    write!(style, "100%{{visibility:{last}}}}}")?;
    writeln!(
        style,
        ".k{name}{{animation:k{name} {:.3}s step-end infinite}}",
        whole.as_secs_f64()
    )
}
