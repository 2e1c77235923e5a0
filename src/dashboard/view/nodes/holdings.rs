//! What a node keeps and lacks, in as much room as its card has for it.

use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::dashboard::cluster::node::Holdings;
use crate::dashboard::theme::{Theme, Tone};
use crate::event::line::counted;

/// What stands between two pieces.
const GAP: &str = "  ";

/// Draws everything that fits; what is lacking goes before what is kept.
pub(super) fn line(theme: Theme, holdings: Holdings, width: usize) -> Line<'static> {
    let images = holdings
        .images
        .map_or_else(|| "-".to_owned(), |images| images.to_string());
    // In the order of the eye, each with its turn when there is too little room for all.
    let pieces = [
        (2, vec![Span::styled("images ", theme.quiet()), Span::raw(images)]),
        (0, piece(holdings.missing, "missing", theme.tone(Tone::Busy))),
        (1, piece(holdings.damaged, "damaged", theme.tone(Tone::Bad))),
        (3, piece(holdings.repaired, "repaired", theme.quiet())),
    ];
    let mut turns: Vec<usize> = (0..pieces.len()).collect();
    turns.sort_by_key(|&index| pieces[index].0);
    let mut room = width + GAP.len();
    let mut shown = [false; 4];
    for index in turns {
        let needed: usize = pieces[index].1.iter().map(Span::width).sum::<usize>() + GAP.len();
        shown[index] = needed > GAP.len() && needed <= room;
        room -= if shown[index] { needed } else { 0 };
    }
    let mut spans = Vec::new();
    for ((_, piece), _) in pieces.into_iter().zip(shown).filter(|(_, shown)| *shown) {
        if !spans.is_empty() {
            spans.push(Span::raw(GAP));
        }
        spans.extend(piece);
    }
    Line::from(spans)
}

fn piece(count: u64, what: &str, style: Style) -> Vec<Span<'static>> {
    if count == 0 {
        return Vec::new();
    }
    vec![Span::styled(format!("{count} {what}"), style)]
}

/// Returns what is lacking in a few letters, if anything is.
pub(super) fn lacking(theme: Theme, holdings: Holdings) -> Option<Span<'static>> {
    let missing = piece(holdings.missing, "missing", theme.tone(Tone::Busy));
    let damaged = piece(holdings.damaged, "damaged", theme.tone(Tone::Bad));
    missing.into_iter().chain(damaged).next()
}

/// Returns how much is kept in a few letters, once that is known.
pub(super) fn kept(theme: Theme, holdings: Holdings) -> Option<Span<'static>> {
    let images = holdings.images?;
    Some(Span::styled(counted(images, "image"), theme.quiet()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(holdings: Holdings, width: usize) -> String {
        line(Theme::default(), holdings, width).to_string()
    }

    #[test]
    fn what_is_lacking_is_said_before_what_is_kept_and_what_is_mended() {
        let holdings = Holdings {
            images: Some(12),
            missing: 3,
            damaged: 1,
            repaired: 7,
        };
        assert_eq!(text(holdings, 43), "images 12  3 missing  1 damaged  7 repaired");
        assert_eq!(text(holdings, 42), "images 12  3 missing  1 damaged");
        assert_eq!(text(holdings, 30), "3 missing  1 damaged");
        assert_eq!(text(holdings, 19), "3 missing");
        assert_eq!(text(holdings, 3), "");
    }

    #[test]
    fn a_node_that_lacks_nothing_only_counts_its_images() {
        let images = Some(12);
        let holdings = Holdings {
            images,
            ..Holdings::default()
        };
        assert_eq!(text(holdings, 21), "images 12");
        assert_eq!(text(Holdings::default(), 21), "images -");
    }
}
