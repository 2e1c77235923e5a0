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
        (0, read_only(theme, holdings)),
        (3, vec![Span::styled("images ", theme.quiet()), Span::raw(images)]),
        (1, piece(holdings.missing, "missing", theme.tone(Tone::Busy))),
        (2, piece(holdings.damaged, "damaged", theme.tone(Tone::Bad))),
        (4, piece(holdings.repaired, "repaired", theme.quiet())),
    ];
    let mut turns: Vec<usize> = (0..pieces.len()).collect();
    turns.sort_by_key(|&index| pieces[index].0);
    let mut room = width + GAP.len();
    let mut shown = [false; 5];
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

fn read_only(theme: Theme, holdings: Holdings) -> Vec<Span<'static>> {
    if !holdings.read_only {
        return Vec::new();
    }
    vec![Span::styled("read-only", theme.tone(Tone::Bad))]
}

fn piece(count: u64, what: &str, style: Style) -> Vec<Span<'static>> {
    if count == 0 {
        return Vec::new();
    }
    vec![Span::styled(format!("{count} {what}"), style)]
}

/// Returns what is wrong or lacking in a few letters, if anything is.
pub(super) fn lacking(theme: Theme, holdings: Holdings) -> Option<Span<'static>> {
    let missing = piece(holdings.missing, "missing", theme.tone(Tone::Busy));
    let damaged = piece(holdings.damaged, "damaged", theme.tone(Tone::Bad));
    let pieces = read_only(theme, holdings).into_iter();
    pieces.chain(missing).chain(damaged).next()
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
            read_only: false,
        };
        assert_eq!(text(holdings, 43), "images 12  3 missing  1 damaged  7 repaired");
        assert_eq!(text(holdings, 42), "images 12  3 missing  1 damaged");
        assert_eq!(text(holdings, 30), "3 missing  1 damaged");
        assert_eq!(text(holdings, 19), "3 missing");
        assert_eq!(text(holdings, 3), "");
        let read_only = Holdings {
            read_only: true,
            ..holdings
        };
        assert_eq!(text(read_only, 20), "read-only  3 missing");
        assert_eq!(text(read_only, 9), "read-only");
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
