//! What there is room for on the screen, and where.

use ratatui::layout::Rect;

use super::{Control, Model};
use crate::dashboard::layout::{Contents, Layout, SIZE_MIN};
use crate::dashboard::presenter::Presenting;
use crate::dashboard::stage;

impl Model {
    /// Returns where everything stands; `None` when the screen is too small.
    #[must_use]
    pub fn layout(&self) -> Option<Layout> {
        let area = self.places().0;
        let nodes = u16::try_from(self.cluster.nodes.len()).unwrap_or(u16::MAX);
        // The upload dialog begins below the ordinary banner.
        let presenting = if self.upload.is_shown() {
            Presenting::No
        } else {
            self.presenter.presenting()
        };
        let alone = self.zoomed.then_some(self.focus);
        Layout::of(area, nodes, alone, presenting, self.contents())
    }

    /// Returns the room of the dashboard, and that of a scenario below it unless the screen is too small.
    pub(in crate::dashboard) fn places(&self) -> (Rect, Option<Rect>) {
        let whole = Rect::from((ratatui::layout::Position::ORIGIN, self.size));
        let rows = if self.is_simulated() {
            stage::BRIEF_ROWS
        } else {
            stage::ROWS
        };
        if self.stage.is_none() || whole.height < SIZE_MIN.height {
            return (whole, None);
        }
        let height = whole.height - rows;
        let below = Rect {
            y: height,
            height: rows,
            ..whole
        };
        (Rect { height, ..whole }, Some(below))
    }

    /// Says whether what is shown happened in virtual time.
    pub(in crate::dashboard) fn is_simulated(&self) -> bool {
        self.setup.control == Control::Simulated
    }

    /// Returns the panels that there can be something in.
    pub(in crate::dashboard) fn contents(&self) -> Contents {
        if self.is_simulated() {
            Contents::Elections
        } else if self.stage.is_some() {
            Contents::Story
        } else {
            Contents::Everything
        }
    }

    /// Returns how many lines the panel in focus shows.
    #[must_use]
    pub fn page(&self) -> usize {
        let area = self.layout().and_then(|layout| layout.area(self.focus));
        let border = if self.zoomed { 1 } else { 2 };
        area.map_or(1, |area| usize::from(area.height.saturating_sub(border)).max(1))
    }
}
