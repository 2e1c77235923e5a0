//! Connections: how a process dials another, what it learns, and what crosses.
//!
//! As on a real host, the kernel answers a dial: it refuses where no process is, and accepts for a
//! process that is frozen. A way that is cut answers nothing, and hides deaths until it heals.

use std::time::Duration;

use super::process::Life;
use super::{Cluster, Happening};
use crate::bully::{Input, LinkChange, PROOF_RENEWAL};
use crate::event::LinkDownReason;
use crate::id::{Epoch, Generation, NodeId};
use crate::protocol::{ElectionMessage, GrantVerdict};
use crate::simulation::{BrokenRule, Violation};
use crate::time::Time;

/// Before a dial that ended without a welcome is tried again.
const REDIAL_PAUSE: Duration = Duration::from_millis(1);

/// One try of one life to connect to a peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Dial {
    pub(super) dialler: Life,
    pub(super) peer: NodeId,
    pub(super) attempt: u64,
    pub(super) began: Time,
}

/// How a dial comes out.
#[derive(Debug, Clone, Copy)]
pub(super) enum DialEnd {
    Accepted,
    Welcomed {
        by: Generation,
        epoch: Epoch,
        blank: bool,
    },
    Reset,
    Refused,
    Silent,
}

/// A connection that a process dialled, or tries to.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Link {
    pub(super) attempt: u64,
    pub(super) up_to: Option<Generation>,
    /// What its process has told of it.
    pub(super) told: Option<LinkTold>,
}

/// What a process tells of a connection that it dials.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LinkTold {
    Up,
    Down(LinkDownReason),
}

impl Cluster<'_> {
    pub(super) fn latency(&mut self) -> Duration {
        self.network.latency(self.now, &mut self.rng)
    }

    pub(super) fn send(&mut self, from: Life, to: NodeId, message: ElectionMessage) {
        let Some(generation) = self
            .process_mut(from)
            .and_then(|process| process.links.get(to)?.up_to)
        else {
            return;
        };
        self.counters.count_message(&message);
        self.watch_vote(from.node, &message);
        if !message.is_heartbeat() {
            self.note(|| format!("{} -> {to} {message:?}", from.node));
        }
        let to = Life { node: to, generation };
        let copies = 1 + u8::from(self.network.duplicates(self.now, &mut self.rng));
        for _ in 0..copies {
            let latency = self.latency();
            let cut_until = self.network.cut_until(self.now, from.node, to.node);
            let lost =
                self.network.loses(self.now, &mut self.rng) || (cut_until.is_some() && self.rng.bool());
            if lost {
                self.counters.lost += 1;
            } else {
                let at = cut_until.unwrap_or(self.now) + latency;
                let arrives = Happening::Arrives { from, to, message };
                self.schedule(at, arrives);
            }
        }
    }

    /// A message arrives, unless a later life of its sender has greeted: that ended its connection.
    pub(super) fn arrive(&mut self, from: Life, to: Life, message: ElectionMessage) {
        let greeted = self
            .process_mut(to)
            .and_then(|process| process.greeted[from.node]);
        if greeted.is_none_or(|generation| generation <= from.generation) {
            let from = from.node;
            self.give(to, Input::Message { from, message });
        }
    }

    /// A message tells of a vote: it must be the only one of its epoch, and on disk.
    pub(super) fn watch_vote(&mut self, voter: NodeId, message: &ElectionMessage) {
        let (ElectionMessage::Claim { ballot, .. }
        | ElectionMessage::Handover { ballot, .. }
        | ElectionMessage::Grant {
            ballot,
            verdict: GrantVerdict::Granted,
        }) = *message
        else {
            return;
        };
        self.watcher.voted(voter, ballot);
        let on_disk = self.nodes.get(voter).and_then(|node| node.disk);
        if on_disk.is_none_or(|vote| vote.epoch < ballot.epoch) {
            self.watcher.violated(Violation::ToldTooEarly(voter, ballot));
        }
    }

    /// Whoever had a connection to the dead process learns that it closed, unless the way is cut.
    pub(super) fn break_links_to(&mut self, dead: Life) {
        let mut broken = Vec::new();
        for (node, peer) in self.nodes.iter() {
            let Some(process) = &peer.process else { continue };
            let link = process.links[dead.node];
            if link.up_to == Some(dead.generation) {
                let dialler = Life {
                    node,
                    generation: process.generation,
                };
                broken.push(Dial {
                    dialler,
                    peer: dead.node,
                    attempt: link.attempt,
                    began: self.now,
                });
            }
        }
        for dial in broken {
            let heals = self
                .network
                .disturbed_until(self.now, dial.dialler.node, dead.node);
            let at = heals.unwrap_or(self.now) + self.latency();
            self.schedule(at, Happening::Closes(dial));
        }
    }

    pub(super) fn dial_after(&mut self, pause: Duration, dialler: Life, peer: NodeId) {
        let began = self.now + pause;
        let Some(process) = self.process_mut(dialler) else {
            return;
        };
        let link = &mut process.links[peer];
        link.attempt += 1;
        link.up_to = None;
        let dial = Dial {
            dialler,
            peer,
            attempt: link.attempt,
            began,
        };
        self.schedule(began, Happening::Dial(dial));
    }

    pub(super) fn dial(&mut self, dial: Dial) {
        let (a, b) = (dial.dialler.node, dial.peer);
        if !self.is_current(dial) {
            return;
        }
        let timeout = self.config.timing.heartbeat_timeout;
        let silent = Happening::Settles(dial, DialEnd::Silent);
        self.queue.push_timeout(self.now + timeout, silent);
        if self.network.disturbed_until(self.now, a, b).is_none() {
            let latency = self.latency();
            self.schedule_after(latency, Happening::Reaches(dial));
        }
    }

    /// A dial reaches the peer's host: its kernel answers at once, its process when it runs.
    pub(super) fn reach(&mut self, dial: Dial) {
        let back = self.latency();
        let Some(life) = self.life_of(dial.peer) else {
            self.schedule_after(back, Happening::Settles(dial, DialEnd::Refused));
            return;
        };
        self.schedule_after(back, Happening::Settles(dial, DialEnd::Accepted));
        let (a, b) = (dial.dialler, life);
        if let Some(process) = self.process_mut(b) {
            process.greeted[a.node] = Some(a.generation);
        }
        let greeted = LinkChange::Greeted {
            generation: self.shown(a.generation),
        };
        self.give(
            b,
            Input::Link {
                peer: a.node,
                change: greeted,
            },
        );
        let cut = self.network.disturbed_until(self.now, a.node, b.node).is_some();
        let Some(process) = self.process_mut(b).filter(|process| process.frozen.is_none()) else {
            return;
        };
        let welcomed = DialEnd::Welcomed {
            by: b.generation,
            epoch: process.election.epoch(),
            blank: process.election.blank(),
        };
        if !cut {
            let latency = back + self.latency();
            self.schedule_after(latency, Happening::Settles(dial, welcomed));
        }
    }

    pub(super) fn settle(&mut self, dial: Dial, end: DialEnd) {
        let alive = self.life_of(dial.peer);
        let began = self
            .nodes
            .get(dial.dialler.node)
            .map(|node| node.clock.read(dial.began));
        if !self.is_current(dial) {
            return;
        }
        let frozen = self
            .process_mut(dial.dialler)
            .is_some_and(|process| process.frozen.is_some());
        if frozen {
            // A frozen dialler sees how its dial ended when it thaws.
            self.schedule_after(REDIAL_PAUSE, Happening::Settles(dial, end));
            return;
        }
        let change = match end {
            DialEnd::Silent if self.config.breaks(BrokenRule::SilenceIsProof) => LinkChange::Refused {
                began: began.unwrap_or_default(),
            },
            DialEnd::Accepted => LinkChange::Accepted,
            DialEnd::Welcomed { by, .. } if alive.map(|life| life.generation) != Some(by) => {
                self.settle(dial, DialEnd::Reset);
                return;
            }
            DialEnd::Welcomed { by, epoch, blank } => LinkChange::Up {
                generation: self.shown(by),
                epoch,
                blank,
            },
            DialEnd::Refused => LinkChange::Refused {
                began: began.unwrap_or_default(),
            },
            DialEnd::Silent => LinkChange::Silent,
            DialEnd::Reset => {
                self.dial_after(REDIAL_PAUSE, dial.dialler, dial.peer);
                return;
            }
        };
        match end {
            DialEnd::Welcomed { by, .. } => self.link_up(dial, by),
            DialEnd::Refused | DialEnd::Silent => {
                self.dial_after(PROOF_RENEWAL, dial.dialler, dial.peer);
            }
            DialEnd::Accepted | DialEnd::Reset => {}
        }
        self.give(
            dial.dialler,
            Input::Link {
                peer: dial.peer,
                change,
            },
        );
    }

    /// The generation that others are shown.
    fn shown(&self, generation: Generation) -> Generation {
        if self.config.breaks(BrokenRule::HidesRestarts) {
            Generation::default()
        } else {
            generation
        }
    }

    pub(super) fn link_up(&mut self, dial: Dial, generation: Generation) {
        if let Some(process) = self.process_mut(dial.dialler) {
            process.links[dial.peer].up_to = Some(generation);
        }
    }

    /// Whether the dial is the latest its process made to that peer, and not settled yet.
    pub(super) fn is_current(&mut self, dial: Dial) -> bool {
        let link = self
            .process_mut(dial.dialler)
            .and_then(|process| process.links.get(dial.peer).copied());
        link.is_some_and(|link| link.attempt == dial.attempt && link.up_to.is_none())
    }

    pub(super) fn close(&mut self, dial: Dial) {
        let link = self
            .process_mut(dial.dialler)
            .and_then(|process| process.links.get(dial.peer).copied());
        if link.is_some_and(|link| link.attempt == dial.attempt && link.up_to.is_some()) {
            self.dial_after(Duration::ZERO, dial.dialler, dial.peer);
            let change = LinkChange::Closed;
            self.give(
                dial.dialler,
                Input::Link {
                    peer: dial.peer,
                    change,
                },
            );
        }
    }
}
