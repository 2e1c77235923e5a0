//! Scenes for tests: clusters as their events make them.

use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::layout::Size;

use super::message::{Command, Message};
use super::model::{Control, Images, Model, Setup};
use super::presenter::Presenting;
use super::theme::{Charset, Palette, Theme};
use super::{update, view};
use crate::config::{Address, ClusterConfig, Members, QuorumPolicy, Timing};
use crate::event::RequestKind;
use crate::event::process::{Ending, Life, ProcessEvent, ProcessFact, ProcessSignal};
use crate::event::{
    EVENT_VERSION, Event, Fact, LinkDownReason, RequestOutcome, SuspicionReason, WorkerState,
};
use crate::id::{Ballot, Epoch, Generation, ImageId, NodeId, RequestId, UserName};
use crate::time::Time;

mod store;

pub(crate) use store::image;

/// When every scene begins, on the wall clock: 12:00:00 UTC.
const WALL_MS: u64 = 1_730_721_600_000;

/// A model and the clock it lives by.
pub(crate) struct Scene {
    pub(crate) model: Model,
    now: Time,
    requests: u64,
    /// What the cluster told and when, where somebody wants to tell it again.
    kept: Option<Vec<(Time, Message)>>,
}

pub(crate) fn node(number: u16) -> NodeId {
    NodeId::new(number).expect("not zero")
}

pub(crate) const fn ballot_of(epoch: u64, id: NodeId) -> Ballot {
    Ballot {
        epoch: Epoch(epoch),
        id,
    }
}

/// What the dashboard of three nodes on loopback is told.
pub(crate) fn setup(size: Size, theme: Theme) -> Setup {
    let members = (1..=3).map(|number| {
        let address: Address = format!("127.0.0.1:{}", 8000 + number)
            .parse()
            .expect("an address");
        (node(number), address)
    });
    Setup {
        cluster: ClusterConfig {
            name: "heirloom".parse().expect("a name"),
            members: Members::new(members.collect()).expect("three members"),
        },
        timing: Timing::SEED,
        quorum: QuorumPolicy::Live,
        control: Control::Supervised,
        theme,
        size,
        start_dir: "/home/alice/pictures".into(),
        users: vec!["alice".parse().expect("a name")],
        presenting: Presenting::No,
        images: Images::Stay,
    }
}

fn alice() -> UserName {
    "alice".parse().expect("a name")
}

impl Scene {
    /// A cluster of which nothing is known.
    pub(crate) fn unstarted(width: u16, height: u16) -> Self {
        Self::themed(width, height, Theme::new(Palette::Dark, Charset::Unicode))
    }

    pub(crate) fn themed(width: u16, height: u16, theme: Theme) -> Self {
        Self {
            model: Model::new(setup(Size::new(width, height), theme)),
            now: Time::ZERO + Duration::from_secs(1),
            requests: 0,
            kept: None,
        }
    }

    /// Three nodes that follow node 3.
    pub(crate) fn led(width: u16, height: u16) -> Self {
        let mut scene = Self::unstarted(width, height);
        scene.lead();
        scene
    }

    /// Starts all nodes; node 3 comes to lead.
    pub(crate) fn lead(&mut self) {
        for number in 1..=3 {
            self.start(number);
        }
        self.after(16);
        self.elect(3, 1, &[1, 2, 3]);
        self.heartbeats(3, &[1, 2]);
        self.after(2500);
    }

    /// Keeps from now on what the cluster tells.
    pub(crate) fn keep(&mut self) {
        self.kept = Some(Vec::new());
    }

    /// Returns what was kept.
    pub(crate) fn kept(&self) -> &[(Time, Message)] {
        self.kept.as_deref().unwrap_or_default()
    }

    pub(crate) const fn now(&self) -> Time {
        self.now
    }

    /// Lets time pass.
    pub(crate) fn after(&mut self, ms: u64) -> &mut Self {
        self.now = self.now + Duration::from_millis(ms);
        self.send(Message::Beat);
        self
    }

    pub(crate) fn send(&mut self, message: Message) -> Vec<Command> {
        let commands = update(&mut self.model, self.now, message);
        // As whoever drives a dashboard does: it is a message, and so recorded.
        if commands.contains(&Command::Forget) {
            self.forget();
        }
        commands
    }

    pub(crate) fn press(&mut self, letter: char) -> Vec<Command> {
        self.key(KeyCode::Char(letter))
    }

    pub(crate) fn key(&mut self, code: KeyCode) -> Vec<Command> {
        self.send(Message::Key(KeyEvent::new(code, KeyModifiers::NONE)))
    }

    /// Lets what the panels tell be forgotten.
    pub(crate) fn forget(&mut self) -> &mut Self {
        if let Some(kept) = &mut self.kept {
            kept.push((self.now, Message::Forget));
        }
        self.send(Message::Forget);
        self
    }

    /// Tells a fact of a node.
    pub(crate) fn tell(&mut self, number: u16, fact: Fact) -> &mut Self {
        let event = Event {
            version: EVENT_VERSION,
            node: node(number),
            generation: Generation(1),
            sequence: 0,
            monotonic_ns: self.now,
            wall_ms: self.wall_ms(),
            fact,
        };
        if let Some(kept) = &mut self.kept {
            kept.push((self.now, Message::Node(Box::new(event.clone()))));
        }
        self.send(Message::Node(Box::new(event)));
        self
    }

    /// Tells a fact of a node's process.
    pub(crate) fn process(&mut self, number: u16, fact: ProcessFact) -> &mut Self {
        let event = ProcessEvent {
            version: EVENT_VERSION,
            node: node(number),
            life: Life(1),
            monotonic_ns: self.now,
            wall_ms: self.wall_ms(),
            fact,
        };
        if let Some(kept) = &mut self.kept {
            kept.push((self.now, Message::Process(event.clone())));
        }
        self.send(Message::Process(event));
        self
    }

    fn wall_ms(&self) -> u64 {
        WALL_MS + self.now.as_nanos() / 1_000_000
    }

    pub(crate) fn start(&mut self, number: u16) -> &mut Self {
        let pid = 4710 + u32::from(number);
        self.process(number, ProcessFact::Spawned { pid });
        self.tell(
            number,
            Fact::Started {
                pid,
                address: format!("127.0.0.1:{}", 8000 + number),
                program: "0.1.0".to_owned(),
            },
        );
        self.tell(number, Fact::Holding { images: 12 });
        for sample in 0..40 {
            self.process(
                number,
                ProcessFact::Sampled {
                    cpu_permille: sample * 7 % 23,
                    memory_bytes: 5_700_000 + u64::from(sample) * 10_000,
                },
            );
        }
        self
    }

    /// Lets a node be elected by the nodes that are there; the others follow it.
    pub(crate) fn elect(&mut self, number: u16, epoch: u64, present: &[u16]) -> &mut Self {
        let ballot = ballot_of(epoch, node(number));
        self.tell(number, Fact::ElectionStarted { round: epoch });
        for &other in present.iter().filter(|&&other| other != number) {
            self.after(1);
            let message = "election".to_owned();
            self.tell(
                other,
                Fact::MessageReceived {
                    from: node(number),
                    message,
                },
            );
            let message = "answer".to_owned();
            self.tell(
                number,
                Fact::MessageReceived {
                    from: node(other),
                    message,
                },
            );
        }
        self.tell(number, Fact::ClaimStarted { ballot });
        for &other in present {
            self.tell(other, Fact::Voted { ballot });
        }
        self.after(1);
        let grants = present.iter().map(|&number| node(number)).collect();
        self.tell(number, Fact::BecameLeader { ballot, grants });
        self.after(1);
        for &other in present {
            if other != number {
                self.tell(other, Fact::Following { ballot });
            }
        }
        self.tell(number, Fact::ServingStarted { ballot });
        for &other in present {
            let (state, next) = (WorkerState::Active, Some(node(present[0])));
            self.tell(
                number,
                Fact::RotationChanged {
                    node: node(other),
                    state,
                    next,
                },
            );
        }
        self
    }

    pub(crate) fn heartbeats(&mut self, leader: u16, workers: &[u16]) -> &mut Self {
        for &worker in workers {
            let (leader, after_us) = (node(leader), 412);
            self.tell(worker, Fact::HeartbeatAnswered { leader, after_us });
        }
        self
    }

    /// Kills a node with a signal and lets it be gone.
    pub(crate) fn kill(&mut self, number: u16) -> &mut Self {
        let signal = ProcessSignal::Kill;
        self.process(number, ProcessFact::Signalled { signal });
        self.after(1);
        let ending = Ending::Signal(9);
        self.process(number, ProcessFact::Exited { ending })
    }

    /// Lets a worker notice that its leader is gone.
    pub(crate) fn suspect(&mut self, number: u16, leader: u16) -> &mut Self {
        self.tell(
            number,
            Fact::LinkDown {
                peer: node(leader),
                reason: LinkDownReason::Refused,
            },
        );
        self.tell(
            number,
            Fact::LeaderSuspected {
                leader: node(leader),
                reason: SuspicionReason::Refused,
            },
        )
    }

    /// Lets a worker hear nothing of its leader for too long.
    pub(crate) fn suspect_silent(&mut self, number: u16, leader: u16) -> &mut Self {
        self.tell(
            number,
            Fact::LeaderSuspected {
                leader: node(leader),
                reason: SuspicionReason::NoAnswer,
            },
        )
    }

    /// Lets the leader of an epoch give a request to a node.
    fn assign(&mut self, kind: RequestKind, image: ImageId, leader: (u16, u64), worker: u16) -> &mut Self {
        self.requests += 1;
        let (leader, epoch) = leader;
        let assigned = Fact::Assigned {
            kind,
            ballot: ballot_of(epoch, node(leader)),
            request: RequestId(self.requests),
            image,
            user: alice(),
            node: node(worker),
            redispatched_from: None,
            next: Some(node(worker % 3 + 1)),
        };
        self.tell(leader, assigned)
    }

    /// Counts the nodes that are there.
    fn present(&self) -> usize {
        let nodes = self.model.cluster.nodes.values();
        nodes.filter(|node| node.has_process()).count()
    }

    /// Lets an image begin to be uploaded.
    pub(crate) fn upload_begins(&mut self, leader: u16, epoch: u64, worker: u16, file: &str) -> ImageId {
        let image = ImageId::from_bytes(u128::from(self.requests + 1).to_be_bytes());
        self.assign(RequestKind::Upload, image, (leader, epoch), worker);
        let started = Fact::UploadStarted {
            image,
            user: alice(),
            file: file.to_owned(),
            bytes: 217_000 * self.requests,
        };
        self.tell(worker, started).after(42);
        image
    }

    /// Lets an image be uploaded.
    pub(crate) fn upload(&mut self, leader: u16, epoch: u64, worker: u16, file: &str) -> &mut Self {
        let image = self.upload_begins(leader, epoch, worker, file);
        let done = Fact::UploadDone {
            image,
            user: alice(),
            file: file.to_owned(),
            bytes: 217_000 * self.requests,
            copies: self.present(),
            took_us: 41_700,
        };
        self.tell(worker, done);
        self.request_ends(leader, worker, RequestOutcome::Done)
    }

    /// Lets an upload come to nothing.
    pub(crate) fn upload_fails(
        &mut self,
        leader: u16,
        epoch: u64,
        worker: u16,
        file: &str,
        reason: &str,
    ) -> &mut Self {
        let image = self.upload_begins(leader, epoch, worker, file);
        let failed = Fact::UploadFailed {
            image,
            user: alice(),
            file: file.to_owned(),
            reason: reason.to_owned(),
        };
        self.tell(worker, failed);
        self.request_ends(leader, worker, RequestOutcome::Failed)
    }

    fn request_ends(&mut self, leader: u16, worker: u16, outcome: RequestOutcome) -> &mut Self {
        let (request, node) = (RequestId(self.requests), node(worker));
        let done = Fact::RequestDone {
            request,
            node,
            outcome,
        };
        self.tell(leader, done)
    }

    /// Draws the scene.
    pub(crate) fn drawn(&self) -> Buffer {
        draw(&self.model)
    }

    /// Draws the scene as text, one line a row.
    pub(crate) fn text(&self) -> String {
        text(&self.drawn())
    }
}

/// Draws a model.
pub(crate) fn draw(model: &Model) -> Buffer {
    let Size { width, height } = model.size;
    let mut terminal = Terminal::new(TestBackend::new(width, height)).expect("in memory");
    terminal.draw(|frame| view(model, frame)).expect("in memory");
    terminal.backend().buffer().clone()
}

/// Returns a screen as text, one line a row.
pub(crate) fn text(buffer: &Buffer) -> String {
    let mut text = String::new();
    for y in 0..buffer.area.height {
        let row = (0..buffer.area.width).map(|x| buffer[(x, y)].symbol());
        let row: String = row.collect();
        text.push_str(row.trim_end());
        text.push('\n');
    }
    text
}
