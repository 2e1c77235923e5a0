//! Files made of a recording: a film of a terminal, a moving picture, the diagram of an election.
//!
//! All of them are made from the dashboard's own frames or its own fold, without a clock: the same
//! recording makes the same bytes.

use std::path::Path;
use std::time::Duration;

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::layout::Size;

use super::recording::{End, Recording, RecordingError, What};
use crate::dashboard::cluster::elections::{Election, Elections};
use crate::dashboard::layout::SIZE_MIN;
use crate::dashboard::theme::Theme;
use crate::dashboard::transport::Speed;
use crate::dashboard::{Message, Model, update, view};
use crate::time::Time;

mod cast;
mod sequence;

pub use cast::Cast;
pub use sequence::sequence;

/// How long a gap without events is shown in which ages grow; then nothing moves until the next event.
///
/// A recording may have any times in it, and a film of a century has too many frames.
const GAP_SHOWN: Duration = Duration::from_mins(10);

/// Which frames of a recording are drawn, and how.
#[derive(Debug, Clone, Copy)]
pub struct Shot {
    /// The size of the screen.
    pub size: Size,
    /// Its colours and characters.
    pub theme: Theme,
    /// How much faster than it happened.
    pub speed: Speed,
    /// From when on, since the recording began.
    pub from: Duration,
    /// Until when.
    pub to: Option<Duration>,
    /// The shortest time from frame to frame, as it is seen.
    pub interval: Duration,
}

/// Why nothing can be made of a recording.
#[derive(Debug, thiserror::Error)]
pub enum ExportError<E> {
    /// It cannot be read.
    #[error(transparent)]
    Recording(#[from] RecordingError),
    /// Whoever takes the frames takes no more.
    #[error(transparent)]
    Taken(E),
}

/// Shows every frame of a recording to `take`, with its time as it is seen; returns how long it is.
///
/// # Errors
///
/// When it cannot be read, or `take` returns one.
pub fn frames<E>(
    path: &Path,
    shot: &Shot,
    mut take: impl FnMut(Duration, &Buffer) -> Result<(), E>,
) -> Result<Duration, ExportError<E>> {
    let mut recording = Recording::open(path)?;
    let began = recording.header().began;
    let end = shot
        .to
        .map_or(recording.last_at(), |to| (began + to).min(recording.last_at()));
    let mut camera = Camera::new(shot, &recording);
    loop {
        let entry = match recording.read()? {
            Ok(entry) if entry.at <= end => entry,
            Ok(_) | Err(End::Whole | End::Open | End::Torn(_)) => break,
        };
        camera
            .draw_until(entry.at, &mut take)
            .map_err(ExportError::Taken)?;
        if let What::Message(message) = entry.what {
            update(&mut camera.model, entry.at, message);
            camera.wants_from.get_or_insert(entry.at);
        }
    }
    camera.draw_until(end, &mut take).map_err(ExportError::Taken)?;
    camera.draw(end, &mut take).map_err(ExportError::Taken)?;
    Ok(camera.seen(end))
}

/// Decides when a frame is drawn, and draws it.
struct Camera<'a> {
    shot: &'a Shot,
    model: Model,
    terminal: Terminal<TestBackend>,
    began: Time,
    drawn: Option<Time>,
    /// Since when there is something new to be seen.
    wants_from: Option<Time>,
}

impl<'a> Camera<'a> {
    fn new(shot: &'a Shot, recording: &Recording) -> Self {
        let Size { width, height } = shot.size;
        let Ok(terminal) = Terminal::new(TestBackend::new(width, height));
        let began = recording.header().began;
        Self {
            shot,
            model: Model::new(recording.header().setup(shot.size, shot.theme)),
            terminal,
            began: began + shot.from,
            drawn: None,
            wants_from: Some(began),
        }
    }

    /// Draws every frame that is due before `until`.
    fn draw_until<E>(
        &mut self,
        until: Time,
        take: &mut impl FnMut(Duration, &Buffer) -> Result<(), E>,
    ) -> Result<(), E> {
        let shown_to = self.drawn.map_or(until, |drawn| until.min(drawn + GAP_SHOWN));
        while let Some(due) = self.due().filter(|due| *due < until && *due <= shown_to) {
            self.draw(due, take)?;
        }
        Ok(())
    }

    fn due(&self) -> Option<Time> {
        let interval = self.shot.speed.plays(self.shot.interval);
        let soonest = self.drawn.map_or(self.began, |drawn| drawn + interval);
        let wanted = match self.wants_from {
            Some(since) => Some(since),
            None => self.model.next_beat(),
        };
        wanted.map(|wanted| wanted.max(soonest))
    }

    fn draw<E>(
        &mut self,
        at: Time,
        take: &mut impl FnMut(Duration, &Buffer) -> Result<(), E>,
    ) -> Result<(), E> {
        update(&mut self.model, at, Message::Beat);
        let Ok(_) = self.terminal.draw(|frame| view(&self.model, frame));
        (self.drawn, self.wants_from) = (Some(at), None);
        take(self.seen(at), self.terminal.backend().buffer())
    }

    /// Returns when a moment of the recording is seen.
    fn seen(&self, at: Time) -> Duration {
        self.shot.speed.takes(at.since(self.began))
    }
}

/// Finds an election of a recording, by its number from 1; without one, the last of which a leader came,
/// or the last at all: a cluster that is stopped elects nobody more.
///
/// # Errors
///
/// When the recording cannot be read.
pub fn election(path: &Path, number: Option<u64>) -> Result<(Option<Election>, u64), RecordingError> {
    let mut recording = Recording::open(path)?;
    let setup = recording.header().setup(SIZE_MIN, Theme::default());
    let mut model = Model::new(setup);
    let mut search = Search {
        number,
        forgotten: 0,
        found: None,
    };
    let mut count = 0;
    while let Ok(entry) = recording.read()? {
        let What::Message(message) = entry.what else {
            continue;
        };
        let elections = &model.cluster.elections;
        if matches!(message, Message::Forget) {
            search.look(elections);
            search.forgotten += elections.count();
            count = 0;
        }
        update(&mut model, entry.at, message);
        let elections = &model.cluster.elections;
        if elections.count() > count {
            // Only the newest still changes, so the one before it is whole now.
            count = elections.count();
            search.look(elections);
        }
    }
    search.look(&model.cluster.elections);
    Ok((search.found, search.forgotten + model.cluster.elections.count()))
}

/// Looks for an election where one may soon be gone: a copy a line would be hundreds of steps each time.
struct Search {
    /// Which, over the whole recording; without one, the last of which a leader came.
    number: Option<u64>,
    /// How many elections were forgotten, after which they are counted from 1 again.
    forgotten: u64,
    found: Option<Election>,
}

impl Search {
    fn look(&mut self, elections: &Elections) {
        let is_wanted = |election: &&Election| match self.number {
            Some(number) => self.forgotten + election.number == number,
            None => election.outcome.is_some(),
        };
        let wanted = elections.newest().find(is_wanted);
        let any = || elections.newest().next();
        let led = self.found.as_ref().is_some_and(|found| found.outcome.is_some());
        let wanted = match self.number {
            None if !led => wanted.or_else(any),
            Some(_) | None => wanted,
        };
        if let Some(wanted) = wanted {
            let mut found = wanted.clone();
            found.number += self.forgotten;
            self.found = Some(found);
        }
    }
}
