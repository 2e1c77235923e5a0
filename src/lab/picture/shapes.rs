//! Blocks and lines as shapes: a font would leave seams between them, and draws each its own way.
//!
//! Inside a cell of 8 by 16, so that a half is a square, and an eighth a whole number.

/// Width and height of a cell.
pub(super) const CELL: (u32, u32) = (8, 16);

/// A rectangle; in a cell, or on the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rect {
    pub(super) x: u32,
    pub(super) y: u32,
    pub(super) width: u32,
    pub(super) height: u32,
}

/// What a symbol is drawn as.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// A part of the cell, filled.
    Block(Rect),
    /// Lines, each a thin rectangle.
    Lines(Vec<Rect>),
    /// A quarter of a circle: where its path begins in the cell, in halves, and how it goes on.
    Arc((u32, u32), &'static str),
}

pub(super) const fn rect(x: u32, y: u32, width: u32, height: u32) -> Rect {
    Rect { x, y, width, height }
}

/// Says whether a symbol is drawn as a shape, whatever fonts there are.
#[must_use]
pub fn has_shape(symbol: &str) -> bool {
    shape(symbol).is_some()
}

/// Returns the shape of a symbol; `None` when it is a matter of the font.
pub(super) fn shape(symbol: &str) -> Option<Shape> {
    let mut letters = symbol.chars();
    let letter = letters.next()?;
    if letters.next().is_some() {
        return None;
    }
    block(letter)
        .map(Shape::Block)
        .or_else(|| arc(letter))
        .or_else(|| dashes(letter).map(Shape::Lines))
        .or_else(|| arms(letter).map(|arms| Shape::Lines(lines(arms))))
}

fn block(letter: char) -> Option<Rect> {
    let code = u32::from(letter);
    match letter {
        '▀' => Some(rect(0, 0, 8, 8)),
        // From one eighth to the full block.
        '▁'..='█' => {
            let height = 2 * (code - 0x2580);
            Some(rect(0, 16 - height, 8, height))
        }
        // From seven eighths to one.
        '▉'..='▏' => Some(rect(0, 0, 0x2590 - code, 16)),
        '▐' => Some(rect(4, 0, 4, 16)),
        _ => None,
    }
}

fn arc(letter: char) -> Option<Shape> {
    match letter {
        '╭' => Some(Shape::Arc((9, 32), "v-4a3.5 3.5 0 0 1 3.5-3.5")),
        '╮' => Some(Shape::Arc((0, 17), "h1a3.5 3.5 0 0 1 3.5 3.5v4")),
        '╯' => Some(Shape::Arc((9, 0), "v5a3.5 3.5 0 0 1-3.5 3.5h-1")),
        '╰' => Some(Shape::Arc((9, 0), "v5a3.5 3.5 0 0 0 3.5 3.5")),
        _ => None,
    }
}

fn dashes(letter: char) -> Option<Vec<Rect>> {
    match letter {
        '┊' => Some((0..4).map(|dash| rect(4, 4 * dash + 1, 1, 2)).collect()),
        '╌' => Some((0..2).map(|dash| rect(4 * dash, 8, 3, 1)).collect()),
        _ => None,
    }
}

/// How thick the line is that leaves the middle of a cell: up, right, down, left.
type Arms = [u32; 4];

fn arms(letter: char) -> Option<Arms> {
    match letter {
        '─' => Some([0, 1, 0, 1]),
        '━' => Some([0, 2, 0, 2]),
        '│' => Some([1, 0, 1, 0]),
        '┃' => Some([2, 0, 2, 0]),
        '┌' => Some([0, 1, 1, 0]),
        '┐' => Some([0, 0, 1, 1]),
        '└' => Some([1, 1, 0, 0]),
        '┘' => Some([1, 0, 0, 1]),
        '├' => Some([1, 1, 1, 0]),
        '┤' => Some([1, 0, 1, 1]),
        '┬' => Some([0, 1, 1, 1]),
        '┴' => Some([1, 1, 0, 1]),
        '┼' => Some([1, 1, 1, 1]),
        '┏' => Some([0, 2, 2, 0]),
        '┓' => Some([0, 0, 2, 2]),
        '┗' => Some([2, 2, 0, 0]),
        '┛' => Some([2, 0, 0, 2]),
        '┻' => Some([2, 2, 0, 2]),
        _ => None,
    }
}

fn lines(arms: Arms) -> Vec<Rect> {
    let thick = arms.into_iter().max().unwrap_or(1);
    // A thin line lies right of the middle and below it, a thick one on both sides.
    let (x, y) = (5 - thick, 9 - thick);
    let [up, right, down, left] = arms.map(|arm| arm > 0);
    let mut lines = Vec::new();
    if left || right {
        let from = if left { 0 } else { x };
        let to = if right { CELL.0 } else { x + thick };
        lines.push(rect(from, y, to - from, thick));
    }
    if up || down {
        let from = if up { 0 } else { y };
        let to = if down { CELL.1 } else { y + thick };
        lines.push(rect(x, from, thick, to - from));
    }
    lines
}

/// Joins what lies side by side, then what lies one above the other.
pub(super) fn merged(mut rects: Vec<Rect>) -> Vec<Rect> {
    rects.sort_by_key(|rect| (rect.y, rect.height, rect.x));
    let beside = |before: &Rect, rect: &Rect| {
        (before.y, before.height, before.x + before.width) == (rect.y, rect.height, rect.x)
    };
    let mut rects = joined(rects, beside, |before, rect| before.width += rect.width);
    rects.sort_by_key(|rect| (rect.x, rect.width, rect.y));
    let below = |before: &Rect, rect: &Rect| {
        (before.x, before.width, before.y + before.height) == (rect.x, rect.width, rect.y)
    };
    joined(rects, below, |before, rect| before.height += rect.height)
}

fn joined(
    rects: Vec<Rect>,
    touch: impl Fn(&Rect, &Rect) -> bool,
    grow: impl Fn(&mut Rect, &Rect),
) -> Vec<Rect> {
    let mut joined: Vec<Rect> = Vec::new();
    for rect in rects {
        match joined.last_mut() {
            Some(before) if touch(before, &rect) => grow(before, &rect),
            Some(_) | None => joined.push(rect),
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_fill_their_part_of_the_cell() {
        assert_eq!(shape("█"), Some(Shape::Block(rect(0, 0, 8, 16))));
        assert_eq!(shape("▄"), Some(Shape::Block(rect(0, 8, 8, 8))));
        assert_eq!(shape("▁"), Some(Shape::Block(rect(0, 14, 8, 2))));
        assert_eq!(shape("▌"), Some(Shape::Block(rect(0, 0, 4, 16))));
        assert_eq!(shape("a"), None);
    }

    #[test]
    fn corners_meet_the_lines_beside_them() {
        assert_eq!(
            shape("┏"),
            Some(Shape::Lines(vec![rect(3, 7, 5, 2), rect(3, 7, 2, 9)]))
        );
        assert_eq!(shape("━"), Some(Shape::Lines(vec![rect(0, 7, 8, 2)])));
        assert_eq!(shape("│"), Some(Shape::Lines(vec![rect(4, 0, 1, 16)])));
    }

    #[test]
    fn neighbours_become_one() {
        let four = [(0, 0), (8, 0), (0, 8), (8, 8)].map(|(x, y)| rect(x, y, 8, 8));
        assert_eq!(merged(four.to_vec()), [rect(0, 0, 16, 16)]);
        assert_eq!(merged(vec![rect(0, 0, 8, 8), rect(8, 8, 8, 8)]).len(), 2);
    }
}
