//! Where the panels stand, by the size of the screen; pure arithmetic, asked by keys and view alike.

use ratatui::layout::{Constraint, Layout as Split, Rect, Size};

use self::panels::panels;
use super::presenter::Presenting;
use super::stage;

mod panels;

/// The smallest screen on which something useful can be read.
pub const SIZE_MIN: Size = Size::new(60, 16);

/// The narrowest card of a node.
const CARD_WIDTH_MIN: u16 = 25;

/// The lowest screen that has room for the tall forms of banner and cards.
const TALL: u16 = 36;

/// The smallest screen with a large banner: `NO LEADER  1.24 s` is as wide, and all panels but the
/// logs stand below it; above the captions of a scenario the nodes and the timeline.
const LARGE: Size = Size::new(80, 24);

/// The smallest screen with a banner twice as wide and nearly twice as high.
const LARGEST: Size = Size::new(160, 50);

/// A part of the screen that keys can be meant for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Panel {
    /// The nodes.
    Nodes,
    /// The rotation.
    Rotation,
    /// The log of uploads.
    Uploads,
    /// The timeline.
    Timeline,
    /// The elections, message by message.
    Elections,
    /// The logs.
    Logs,
}

impl Panel {
    /// Every panel, in the order of Tab.
    pub const ALL: [Self; 6] = [
        Self::Nodes,
        Self::Rotation,
        Self::Uploads,
        Self::Timeline,
        Self::Elections,
        Self::Logs,
    ];
}

/// What a dashboard can have something to show of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Contents {
    /// A cluster that elects, and keeps images.
    Everything,
    /// The same, led through a scenario whose captions stand below.
    Story,
    /// Nodes that do nothing but elect.
    Elections,
}

impl Contents {
    /// Returns the panels that something can be in, in the order of Tab.
    #[must_use]
    pub fn panels(self) -> Vec<Panel> {
        let mut panels = Panel::ALL.to_vec();
        if self == Self::Elections {
            panels.retain(|panel| !matches!(panel, Panel::Rotation | Panel::Uploads));
        }
        panels
    }

    /// Returns how many rows of the screen belong to what is told below the dashboard.
    const fn rows_below(self) -> u16 {
        match self {
            Self::Everything => 0,
            Self::Story => stage::ROWS,
            Self::Elections => stage::BRIEF_ROWS,
        }
    }
}

/// How nodes are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NodesForm {
    /// A card each, side by side.
    Cards,
    /// A line each.
    Lines,
}

/// How the banner is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BannerForm {
    /// A bar with a line of text.
    Bar,
    /// A bar with large letters, and a line of text below them.
    Large(Letters),
}

/// How large letters are drawn, of which each is five dots high.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Letters {
    /// Two dots in a cell, one above the other: three rows.
    Halves,
    /// A dot in two cells, one beside the other: five rows, after one for the margin.
    Wholes,
}

impl BannerForm {
    /// Returns how the banner of a screen is drawn.
    const fn of(screen: Size, presenting: Presenting) -> Self {
        match presenting {
            Presenting::Yes if fits(LARGEST, screen) => Self::Large(Letters::Wholes),
            Presenting::Yes if fits(LARGE, screen) => Self::Large(Letters::Halves),
            Presenting::Yes | Presenting::No => Self::Bar,
        }
    }

    /// Returns how high its bar is on a screen of this height.
    const fn bar_height(self, height: u16) -> u16 {
        match self {
            Self::Bar => bar_height(height),
            Self::Large(Letters::Halves) => 4,
            Self::Large(Letters::Wholes) => 7,
        }
    }
}

const fn fits(least: Size, screen: Size) -> bool {
    least.width <= screen.width && least.height <= screen.height
}

/// Where everything stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// Who leads, and the stopwatch.
    pub banner: Rect,
    /// How they are drawn.
    pub banner_form: BannerForm,
    /// The panels that are shown.
    pub panels: Vec<(Panel, Rect)>,
    /// The keys.
    pub footer: Rect,
    /// How nodes are drawn.
    pub nodes_form: NodesForm,
}

impl Layout {
    /// Lays out a cluster of so many nodes; `None` when the screen is too small.
    ///
    /// `area` is the screen without what a scenario tells below: of a small screen panels are left out
    /// before any caption is.
    #[must_use]
    pub fn of(
        area: Rect,
        nodes: u16,
        alone: Option<Panel>,
        presenting: Presenting,
        contents: Contents,
    ) -> Option<Self> {
        let screen = Size::new(area.width, area.height.saturating_add(contents.rows_below()));
        if !fits(SIZE_MIN, screen) {
            return None;
        }
        let tall = area.height >= TALL;
        // Below the bar there is a line for the last change of leader.
        let banner_form = BannerForm::of(screen, presenting);
        let banner_height = banner_form.bar_height(screen.height) + 1;
        let [banner, body, footer] = Split::vertical([
            Constraint::Length(banner_height),
            Constraint::Fill(1),
            Constraint::Length(1),
        ])
        .areas(area);
        // Below large letters there is less room, of which the timeline has more need.
        let cards_from = match banner_form {
            BannerForm::Bar => 22,
            BannerForm::Large(_) => 27,
        };
        let nodes_form = if nodes * CARD_WIDTH_MIN <= area.width && area.height >= cards_from {
            NodesForm::Cards
        } else {
            NodesForm::Lines
        };
        let panels = match alone {
            Some(panel) => vec![(panel, body)],
            None => panels(body, nodes, nodes_form, tall, contents),
        };
        Some(Self {
            banner,
            banner_form,
            panels,
            footer,
            nodes_form,
        })
    }

    /// Returns where a panel stands, if it is shown.
    #[must_use]
    pub fn area(&self, panel: Panel) -> Option<Rect> {
        let shown = self.panels.iter().find(|(shown, _)| *shown == panel);
        shown.map(|(_, area)| *area)
    }
}

/// Returns how high the bar of the banner is on a screen of this height.
#[must_use]
pub const fn bar_height(height: u16) -> u16 {
    match height {
        0..20 => 1,
        20..TALL => 2,
        TALL.. => 3,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(width: u16, height: u16, nodes: u16) -> Vec<Panel> {
        let area = Rect::new(0, 0, width, height);
        let layout =
            Layout::of(area, nodes, None, Presenting::No, Contents::Everything).expect("large enough");
        layout.panels.iter().map(|(panel, _)| *panel).collect()
    }

    #[test]
    fn a_classic_terminal_shows_all_but_logs_and_elections() {
        use Panel::{Nodes, Rotation, Timeline, Uploads};
        assert_eq!(shown(80, 24, 3), [Nodes, Rotation, Uploads, Timeline]);
    }

    #[test]
    fn a_large_one_shows_everything() {
        let mut panels = shown(200, 60, 3);
        panels.sort_unstable();
        assert_eq!(panels, Panel::ALL);
    }

    fn clusters() -> impl Iterator<Item = (u16, Presenting, Contents)> {
        let presenting = [Presenting::No, Presenting::Yes];
        let contents = [Contents::Everything, Contents::Story, Contents::Elections];
        let ways = presenting.map(|presenting| contents.map(|contents| (presenting, contents)));
        let ways = ways.into_iter().flatten();
        ways.flat_map(|(presenting, contents)| (1..=9).map(move |nodes| (nodes, presenting, contents)))
    }

    #[test]
    fn where_nothing_is_kept_elections_are_seen_on_every_terminal_that_is_high_enough() {
        for (width, height) in [(80, 22), (80, 43), (120, 40), (160, 43)] {
            for nodes in 1..=9 {
                let area = Rect::new(0, 0, width, height);
                let layout = Layout::of(area, nodes, None, Presenting::No, Contents::Elections);
                let layout = layout.expect("large enough");
                let place = layout.area(Panel::Elections).expect("shown");
                assert!(
                    place.height >= 5 && place.width >= 40,
                    "{nodes} on {area:?}: {place:?}"
                );
                let whole = |place: Rect| place.height >= nodes + 3;
                assert!(
                    layout.area(Panel::Timeline).is_none_or(whole),
                    "{nodes} on {area:?}"
                );
                assert_eq!(layout.area(Panel::Uploads), None);
            }
        }
    }

    #[test]
    fn before_an_audience_the_banner_is_as_large_as_the_screen_allows() {
        let form = |width, height, presenting| {
            let area = Rect::new(0, 0, width, height);
            let layout = Layout::of(area, 3, None, presenting, Contents::Everything).expect("large enough");
            (layout.banner_form, layout.banner.height)
        };
        let (no, yes) = (Presenting::No, Presenting::Yes);
        assert_eq!(form(79, 60, yes), (BannerForm::Bar, 4), "too narrow");
        assert_eq!(form(200, 23, yes), (BannerForm::Bar, 3), "too low");
        assert_eq!(form(80, 24, yes), (BannerForm::Large(Letters::Halves), 5));
        assert_eq!(form(120, 40, yes), (BannerForm::Large(Letters::Halves), 5));
        assert_eq!(form(200, 60, yes), (BannerForm::Large(Letters::Wholes), 8));
        assert_eq!(form(200, 60, no), (BannerForm::Bar, 4));
    }

    #[test]
    fn a_large_banner_takes_no_panel_away() {
        for (width, height) in [(80, 24), (80, 27), (120, 40), (200, 60)] {
            let panels = |presenting| {
                let area = Rect::new(0, 0, width, height);
                let layout =
                    Layout::of(area, 3, None, presenting, Contents::Everything).expect("large enough");
                let mut panels: Vec<Panel> = layout.panels.iter().map(|(panel, _)| *panel).collect();
                panels.sort_unstable();
                panels
            };
            let (with, without) = (panels(Presenting::Yes), panels(Presenting::No));
            assert_eq!(with, without, "{width}x{height}");
        }
    }

    #[test]
    fn above_captions_the_timeline_stays_longer_than_rotation_and_uploads() {
        use Panel::{Logs, Nodes, Rotation, Timeline, Uploads};
        let shown = |width, height, presenting| {
            let area = Rect::new(0, 0, width, height - stage::ROWS);
            let layout = Layout::of(area, 3, None, presenting, Contents::Story).expect("large enough");
            let panels: Vec<Panel> = layout.panels.iter().map(|(panel, _)| *panel).collect();
            (layout.banner_form, panels)
        };
        for presenting in [Presenting::No, Presenting::Yes] {
            let (form, panels) = shown(80, 24, presenting);
            assert_eq!(panels, [Nodes, Timeline], "{presenting:?}");
            assert_eq!(
                form == BannerForm::Bar,
                presenting == Presenting::No,
                "{presenting:?}"
            );
            let everything = [Nodes, Rotation, Uploads, Timeline, Logs];
            assert_eq!(shown(120, 40, presenting).1, everything, "{presenting:?}");
        }
        assert_eq!(shown(60, SIZE_MIN.height, Presenting::No).1, [Nodes]);
    }

    #[test]
    fn every_size_and_cluster_fills_the_screen_without_overlap() {
        for width in [60, 61, 80, 99, 150, 500] {
            for height in 16..80 {
                for (nodes, presenting, contents) in clusters() {
                    let area = Rect::new(0, 0, width, height);
                    let layout = Layout::of(area, nodes, None, presenting, contents).expect("large enough");
                    let mut covered = layout.banner.area() + layout.footer.area();
                    for (index, (panel, place)) in layout.panels.iter().enumerate() {
                        assert_eq!(area.intersection(*place), *place, "{panel:?} is inside");
                        covered += place.area();
                        for (other, taken) in &layout.panels[..index] {
                            assert!(!taken.intersects(*place), "{panel:?} covers {other:?}");
                        }
                    }
                    assert_eq!(covered, area.area(), "{width}x{height} with {nodes}");
                }
            }
        }
    }

    #[test]
    fn a_screen_that_is_too_small_has_no_layout() {
        for (width, height) in [(0, 0), (1, 1), (59, 80), (200, 15)] {
            let area = Rect::new(0, 0, width, height);
            assert_eq!(
                Layout::of(area, 3, None, Presenting::Yes, Contents::Everything),
                None
            );
        }
    }
}
