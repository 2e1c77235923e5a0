//! Where the parts of the upload dialog stand, by the size of the screen.
//!
//! Asked by the view and by the dialog itself, which has to say how large a picture it wants. The
//! two panes have the same size in every step, so that a picture fits wherever it is shown.

use ratatui::layout::{Constraint, Layout, Margin, Rect, Size};

use crate::dashboard::layout;

/// The largest dialog: beyond it the eye wanders.
const SIZE_MAX: Size = Size::new(160, 50);

/// How many lines stand below the panes.
const FACTS_HEIGHT: u16 = 5;

/// Where everything stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Panes {
    /// The dialog with its border.
    pub outer: Rect,
    /// One line that says what this is about.
    pub head: Rect,
    /// The left half.
    pub left: Rect,
    /// The right half; of the same size.
    pub right: Rect,
    /// The lines below.
    pub facts: Rect,
}

impl Panes {
    /// Lays the dialog out on a screen whose last line belongs to the keys.
    #[must_use]
    pub fn of(screen: Rect) -> Self {
        let outer = place(screen);
        let inner = outer.inner(Margin::new(2, 1));
        let [head, _, body, facts] = Layout::vertical([
            Constraint::Length(1),
            Constraint::Length(u16::from(inner.height >= 20)),
            Constraint::Fill(1),
            Constraint::Length(FACTS_HEIGHT),
        ])
        .areas(inner);
        let half = body.width.saturating_sub(2) / 2;
        let [left, _, right] = Layout::horizontal([
            Constraint::Length(half),
            Constraint::Fill(1),
            Constraint::Length(half),
        ])
        .areas(body);
        Self {
            outer,
            head,
            left,
            right,
            facts,
        }
    }

    /// Returns how many cells there are for a picture: a pane without its line of text.
    #[must_use]
    pub fn picture(&self) -> Size {
        Size::new(self.right.width, self.right.height.saturating_sub(1))
    }

    /// Returns how many files fit: a pane without its line of text.
    #[must_use]
    pub fn rows(&self) -> u16 {
        self.left.height.saturating_sub(1)
    }
}

fn place(screen: Rect) -> Rect {
    let free = between_banner_and_keys(screen);
    free.centered(
        Constraint::Length(free.width.min(SIZE_MAX.width)),
        Constraint::Length(free.height.min(SIZE_MAX.height)),
    )
}

/// Whoever uploads still sees who leads.
fn between_banner_and_keys(screen: Rect) -> Rect {
    let banner = layout::bar_height(screen.height).min(screen.height);
    Rect {
        y: screen.y + banner,
        height: screen.height.saturating_sub(banner + 1),
        ..screen
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn on_every_screen_all_parts_lie_inside_and_both_panes_are_alike() {
        for width in 0..=220 {
            for height in 0..=70 {
                let screen = Rect::new(0, 0, width, height);
                let panes = Panes::of(screen);
                for part in [panes.outer, panes.head, panes.left, panes.right, panes.facts] {
                    assert_eq!(screen.intersection(part), part, "{panes:?} on {screen}");
                }
                assert_eq!(panes.left.as_size(), panes.right.as_size());
                assert!(!panes.left.intersects(panes.right));
            }
        }
    }

    #[test]
    fn a_classic_terminal_has_room_for_a_list_and_a_picture() {
        let panes = Panes::of(Rect::new(0, 0, 80, 24));
        assert!(panes.rows() >= 12, "{panes:?}");
        assert!(panes.picture().width >= 36, "{panes:?}");
    }
}
