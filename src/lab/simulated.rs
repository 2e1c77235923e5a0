//! A simulation as a recording: a run in virtual time, told to a dashboard as a cluster's run is.
//!
//! ```text
//!   simulation --> events, stamped in virtual time --> recording in memory --> player --> dashboard
//!        \--> what is done on purpose, and what came of it --> two rows at the bottom --/
//! ```
//!
//! The run is over before it is shown: nothing that a person does can change it, and every place in
//! it can be gone to. Whoever looks on changes nothing either, so its report is that of any other run.

use std::collections::BTreeMap;
use std::path::PathBuf;

use ratatui::layout::Size;

use super::recording::{Header, MemoryRecorder, Recording, RecordingError, Told};
use crate::config::{Address, ClusterConfig, Members, MembersError};
use crate::dashboard::presenter::Presenting;
use crate::dashboard::stage::{News, NewsKind, Stage};
use crate::dashboard::theme::{Charset, Palette, Theme};
use crate::dashboard::{Control, Images, Setup};
use crate::event::Event;
use crate::event::process::ProcessEvent;
use crate::id::NodeId;
use crate::simulation::{INVARIANTS, Observer, Report, SimulationConfig, Step, run_watched};
use crate::time::Time;

mod words;

/// What a recording in memory is called where one must be named.
const NAME: &str = "the simulation";

/// The port that every node of a simulation says it has; each is on a host of its own.
const PORT: u16 = 1;

/// A run that is over, and all that was told of it.
#[derive(Debug)]
pub struct Simulated {
    /// What a dashboard is told.
    pub recording: Recording,
    /// What the run found.
    pub report: Report,
}

/// Why a simulation cannot be shown.
#[derive(Debug, thiserror::Error)]
pub enum SimulatedError {
    /// It has more nodes than a dashboard draws.
    #[error(transparent)]
    Members(#[from] MembersError),
    /// What was told of it cannot be read.
    #[error(transparent)]
    Recording(#[from] RecordingError),
}

/// Runs a simulation to its end, and keeps what a dashboard is to be told, under this title.
///
/// # Errors
///
/// When it has more nodes than a dashboard draws.
pub fn simulated(config: &SimulationConfig, title: &str) -> Result<Simulated, SimulatedError> {
    let header = header(config)?;
    let mut witness = Witness {
        recorder: MemoryRecorder::begin(&header),
        stage: Stage {
            title: title.to_owned(),
            ..Stage::default()
        },
    };
    witness.news(Time::ZERO, NewsKind::Done, "every node is started".to_owned());
    let report = run_watched(config, &mut witness);
    let end = Time::ZERO + report.counters.duration;
    let (kind, text) = verdict(&report);
    witness.news(end, kind, text);
    let recording = witness.recorder.close(NAME, end)?;
    Ok(Simulated { recording, report })
}

fn header(config: &SimulationConfig) -> Result<Header, MembersError> {
    let ids = (1..=config.nodes).filter_map(NodeId::new);
    let addresses: BTreeMap<NodeId, Address> = ids.filter_map(|id| Some((id, address_of(id)?))).collect();
    let setup = Setup {
        cluster: ClusterConfig {
            name: "simulation".parse().expect("letters are a name"),
            members: Members::new(addresses)?,
        },
        timing: config.timing,
        quorum: config.policy,
        control: Control::Simulated,
        theme: Theme::new(Palette::None, Charset::Ascii),
        size: Size::default(),
        start_dir: PathBuf::new(),
        users: Vec::new(),
        presenting: Presenting::No,
        images: Images::Stay,
    };
    Ok(Header::of(&setup, Time::ZERO, 0))
}

fn address_of(id: NodeId) -> Option<Address> {
    format!("node-{id}:{PORT}").parse().ok()
}

/// Says what a run came to.
fn verdict(report: &Report) -> (NewsKind, String) {
    let rules = INVARIANTS.len();
    match &report.violation {
        Some(violation) => (NewsKind::Failed, format!("VIOLATED: {violation}")),
        None => (
            NewsKind::Held,
            format!(
                "over, no violation: {rules} invariants held after each of {} happenings",
                report.counters.steps
            ),
        ),
    }
}

/// Looks on, and keeps what it hears.
struct Witness {
    recorder: MemoryRecorder,
    stage: Stage,
}

impl Witness {
    fn news(&mut self, now: Time, kind: NewsKind, text: String) {
        self.stage.news = Some(News { kind, text });
        self.recorder.keep(now, Told::Stage(&self.stage));
    }
}

impl Observer for Witness {
    fn listens(&self) -> bool {
        true
    }

    fn node_told(&mut self, now: Time, event: &Event) {
        self.recorder.keep(now, Told::Node(event));
    }

    fn process_told(&mut self, event: &ProcessEvent) {
        self.recorder.keep(event.monotonic_ns, Told::Process(event));
    }

    fn step_done(&mut self, now: Time, step: &Step) {
        if let Some(text) = words::of(step) {
            self.news(now, NewsKind::Done, format!("at {}: {text}", words::clock(now)));
        }
    }

    fn healed(&mut self, now: Time) {
        let text = format!(
            "at {}: everything is healed; the highest node is to lead",
            words::clock(now)
        );
        self.news(now, NewsKind::Watched, text);
    }
}

#[cfg(test)]
mod tests;
