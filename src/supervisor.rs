//! The supervisor: owns the processes of a cluster on this machine, and tells what becomes of them.
//!
//! ```text
//!   wishes ---> policy (pure) ---> spawn, signal, tell
//!                 ^                     |
//!                 | exits, time         v
//!              process (one task each: waits, drains pipes into a bounded ring)
//! ```
//!
//! It runs nodes by its own executable, each in a process group of its own. No node outlives it: a
//! node ends when its standard input closes, and the other end of that is here. It prints nothing;
//! whoever drives it reads [`Notice`]s.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use tokio::sync::{Notify, mpsc};
use tokio::time::sleep_until;

use self::faults::Faults;
pub use self::launch::Launch;
use self::policy::{Action, ChildId, Input, Policy};
use self::process::Process;
use self::ring::OutputLine;
use self::sampler::{Sample, Sampled, Sampler};
use crate::event::line::printable;
use crate::event::process::{Ending, ProcessEvent, ProcessFact, Wish};
use crate::event::{EVENT_VERSION, Event, Fact};
use crate::fault::{Fault, FaultError};
use crate::id::NodeId;
use crate::time::Time;

pub mod faults;
pub mod headless;
mod launch;
mod policy;
mod printer;
mod process;
mod ring;
mod sampler;

/// Something that a reader of the supervisor hears.
#[derive(Debug, Clone, PartialEq)]
pub enum Notice {
    /// A node told something.
    Node(Box<Event>),
    /// Something happened to a node's process.
    Process(ProcessEvent),
}

/// What has become of the cluster when nothing runs any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// An event for each node, in the order of ids.
    pub nodes: Vec<ProcessEvent>,
    /// The nodes that were given up.
    pub given_up: Vec<NodeId>,
}

/// The owner of a cluster's processes.
///
/// Must live on a thread that ends with the program (see the runtime in [`headless::run`]): the
/// system kills nodes when the thread ends that started them.
#[derive(Debug)]
pub struct Supervisor {
    launch: Launch,
    origin: Instant,
    policy: Policy,
    faults: Faults,
    processes: BTreeMap<NodeId, Process>,
    exits: mpsc::UnboundedReceiver<(ChildId, Ending)>,
    /// Kept for the next process; so `exits` never ends.
    exits_to: mpsc::UnboundedSender<(ChildId, Ending)>,
    written: Arc<Notify>,
    sampler: Sampler,
    /// What is still to be told, in order; bounded by the rings it is filled from, and otherwise by
    /// what a person wishes: of samples there is one a process.
    pending: VecDeque<Notice>,
}

impl Supervisor {
    /// Makes the supervisor of a cluster and starts every node.
    #[must_use]
    pub fn start(launch: Launch) -> Self {
        let (exits_to, exits) = mpsc::unbounded_channel();
        let nodes = launch.nodes.clone();
        let mut supervisor = Self {
            policy: Policy::new(nodes.iter().copied()),
            faults: Faults::new(launch.cluster.clone()),
            launch,
            origin: Instant::now(),
            processes: BTreeMap::new(),
            exits,
            exits_to,
            written: Arc::default(),
            sampler: Sampler::new(),
            pending: VecDeque::new(),
        };
        for node in nodes {
            supervisor.wish(Wish::Start(node));
        }
        supervisor
    }

    /// Does what a person wants; what comes of it is told by [`Self::next`].
    pub fn wish(&mut self, wish: Wish) {
        self.handle(Input::Wished(wish));
    }

    /// Makes something wrong on purpose; nodes hear of it beside whatever else happens.
    ///
    /// A node that is started later is told, too. What it comes to is told by the nodes,
    /// [`Fact::FaultsChanged`], or, where one cannot be told, by [`ProcessFact::FaultsUntold`].
    ///
    /// # Errors
    ///
    /// When it makes no sense in this cluster; nothing has changed then.
    pub fn fault(&mut self, fault: &Fault) -> Result<(), FaultError> {
        self.faults.apply(fault)
    }

    /// Says whether nothing runs, nothing will by itself, and everything is told.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.policy.is_idle() && self.pending.is_empty()
    }

    /// Waits for what happens next; when idle, until somebody starts a node. May be cancelled.
    pub async fn next(&mut self) -> Notice {
        loop {
            // What was told is read before more is taken, so that a slow reader costs lines and
            // not memory.
            if self.pending.is_empty() {
                self.collect();
            }
            if let Some(notice) = self.pending.pop_front() {
                return notice;
            }
            let due = self.policy.poll_timeout();
            tokio::select! {
                Some((child, ending)) = self.exits.recv() => self.exited(child, ending),
                () = self.written.notified() => {}
                (child, why) = self.faults.failed() => self.untold(child, &why.to_string()),
                () = until(self.origin, due) => self.handle(Input::Tick),
            }
        }
    }

    /// Returns what is to be told already, if anything is.
    pub fn waiting(&mut self) -> Option<Notice> {
        self.pending.pop_front()
    }

    /// Looks at every process and tells what it uses, [`ProcessFact::Sampled`], and whether somebody
    /// else has frozen it or let it go on.
    ///
    /// Whoever shows it says when; a process that was looked at just before is left out. A sample
    /// that nobody has read gives way to the next.
    pub fn sample(&mut self) {
        let of_process = |process: &Process| Sampled {
            id: process.id,
            pid: process.pid,
            started: Time::ZERO + process.started.duration_since(self.origin),
        };
        let running: Vec<Sampled> = self.processes.values().map(of_process).collect();
        let samples = self.sampler.sample(self.now(), &running);
        if !samples.is_empty() {
            self.pending.retain(|notice| !is_sample(notice));
        }
        for Sample { id, posture, used } in samples {
            self.handle(Input::Seen(id, posture));
            self.tell(id, used);
        }
    }

    /// Returns what has become of every node so far.
    #[must_use]
    pub fn summary(&self) -> Summary {
        let given_up = self.policy.fates().filter(|fate| fate.given_up);
        let nodes = self.policy.fates().map(|fate| {
            let (restarts, last) = (fate.restarts, fate.last);
            self.event(fate.id, ProcessFact::Summary { restarts, last })
        });
        Summary {
            nodes: nodes.collect(),
            given_up: given_up.map(|fate| fate.id.node).collect(),
        }
    }

    /// Tells that a node could not be told its faults; one that has ended meanwhile need not know.
    fn untold(&mut self, child: ChildId, why: &str) {
        let process = self.processes.get(&child.node);
        if process.is_some_and(|process| process.id == child) {
            let reason = printable(why).into_owned();
            self.tell(child, ProcessFact::FaultsUntold { reason });
        }
    }

    fn exited(&mut self, child: ChildId, ending: Ending) {
        self.collect();
        self.faults.is_gone(child);
        let is_current = |process: &Process| process.id == child;
        if self.processes.get(&child.node).is_some_and(is_current) {
            self.processes.remove(&child.node);
        }
        self.handle(Input::Exited(child, ending));
    }

    /// Asks the policy and does what it says, until it says nothing more.
    fn handle(&mut self, input: Input) {
        let mut inputs = VecDeque::from([input]);
        while let Some(input) = inputs.pop_front() {
            for action in self.policy.handle(self.now(), input) {
                match action {
                    Action::Spawn(child) => inputs.extend(self.spawn(child)),
                    Action::Signal(child, signal) => {
                        if let Some(process) = self.processes.get(&child.node) {
                            process.signal(signal);
                            self.tell(child, ProcessFact::Signalled { signal });
                        }
                    }
                    Action::Tell(child, fact) => self.tell(child, fact),
                }
            }
        }
    }

    /// Starts a process; when that fails, returns what the policy is to know.
    fn spawn(&mut self, child: ChildId) -> Option<Input> {
        let faults = self.faults.begins(child.node);
        let arguments = self.launch.arguments_of(child.node, &faults);
        let program = &self.launch.program;
        match Process::spawn(child, program, &arguments, self.exits_to.clone(), &self.written) {
            Ok(process) => {
                let pid = process.pid;
                self.processes.insert(child.node, process);
                self.tell(child, ProcessFact::Spawned { pid });
                None
            }
            Err(error) => {
                let program = self.launch.program.display();
                let reason = Ending::Unstarted(format!("{program}: {error}"));
                Some(Input::Exited(child, reason))
            }
        }
    }

    /// Takes what the processes have written.
    fn collect(&mut self) {
        let mut written = Vec::new();
        for process in self.processes.values() {
            let (dropped, lines) = process.ring.lock().unwrap_or_else(PoisonError::into_inner).take();
            written.push((process.id, dropped, lines));
        }
        for (child, dropped, lines) in written {
            if dropped > 0 {
                self.tell(child, ProcessFact::OutputDropped { lines: dropped });
            }
            for line in lines {
                self.wrote(child, line);
            }
        }
    }

    /// Tells a line as the event that it is, or as the text that it is.
    fn wrote(&mut self, child: ChildId, line: OutputLine) {
        let OutputLine { stream, text } = line;
        match serde_json::from_str::<Event>(&text) {
            Ok(event) if event.node == child.node && event.version <= EVENT_VERSION => {
                if let Some(input) = leadership(&event) {
                    self.handle(input);
                }
                if matches!(event.fact, Fact::Started { .. }) {
                    self.faults.listens(child);
                }
                if let Fact::FaultsChanged { faults } = &event.fact {
                    self.faults.heard(child, faults);
                }
                self.pending.push_back(Notice::Node(Box::new(event)));
            }
            Ok(_) | Err(_) => {
                let text = printable(&text).into_owned();
                self.tell(child, ProcessFact::Wrote { stream, text });
            }
        }
    }

    fn tell(&mut self, child: ChildId, fact: ProcessFact) {
        let event = self.event(child, fact);
        self.pending.push_back(Notice::Process(event));
    }

    fn event(&self, ChildId { node, life }: ChildId, fact: ProcessFact) -> ProcessEvent {
        ProcessEvent {
            version: EVENT_VERSION,
            node,
            life,
            monotonic_ns: self.now(),
            wall_ms: wall_ms(),
            fact,
        }
    }

    /// Returns the time on the clock by which it tells what happens to processes.
    #[must_use]
    pub fn now(&self) -> Time {
        Time::ZERO + self.origin.elapsed()
    }
}

/// Returns what the policy is to know of an event: who leads.
fn leadership(event: &Event) -> Option<Input> {
    if let Fact::ServingStarted { ballot } | Fact::Following { ballot } = &event.fact {
        return Some(Input::Leads(Some(ballot.id)));
    }
    matches!(event.fact, Fact::SteppedDown { .. }).then_some(Input::Leads(None))
}

fn is_sample(notice: &Notice) -> bool {
    matches!(notice, Notice::Process(event) if matches!(event.fact, ProcessFact::Sampled { .. }))
}

/// Waits until a time; without one, for ever.
async fn until(origin: Instant, due: Option<Time>) {
    match due {
        Some(due) => sleep_until((origin + due.since(Time::ZERO)).into()).await,
        None => std::future::pending().await,
    }
}

/// A clock set before 1970 reads as 1970.
fn wall_ms() -> u64 {
    let wall: Duration = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    u64::try_from(wall.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
