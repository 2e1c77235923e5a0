//! The threads that look out for moments during a round, and the first of each moment.
//!
//! Invariant: no thread outlives its race, so nobody is asked while a cluster is brought back.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::asker::End;
use crate::round::{PATIENCE, Reign};

/// How often a client asks who leads.
const ASK_EVERY: Duration = Duration::from_millis(1);

/// A moment of a failover.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Mark {
    /// A survivor knows that its leader is gone.
    Detected,
    /// A survivor knows a new leader.
    Elected,
    /// A client that asks every millisecond is told the new leader.
    Told,
    /// A client has the acknowledgement of what it asked for after the strike.
    Acknowledged,
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Detected => "detected",
            Self::Elected => "elected",
            Self::Told => "told",
            Self::Acknowledged => "acknowledged",
        })
    }
}

/// A moment that somebody saw.
struct Sighting {
    mark: Mark,
    at: Instant,
    reign: Option<Reign>,
}

/// Tells of moments; cheap to clone.
#[derive(Clone)]
pub(crate) struct Teller {
    sightings: Sender<Sighting>,
    over: Arc<AtomicBool>,
}

impl Teller {
    /// Tells that a moment is now.
    pub(crate) fn tell(&self, mark: Mark, reign: Option<Reign>) {
        let at = Instant::now();
        // After the first of each moment nobody listens.
        let _ = self.sightings.send(Sighting { mark, at, reign });
    }

    pub(crate) fn is_over(&self) -> bool {
        self.over.load(Ordering::Relaxed)
    }
}

/// A client of a member that is not struck.
pub(crate) trait Client: Send + 'static {
    /// Asks the member who leads; `None` when it knows nobody, or says nothing.
    fn who_leads(&mut self) -> Option<Reign>;

    /// Does what it wants of a new leader, until that has happened or the race is over.
    fn go_on(&mut self, teller: &Teller);
}

/// All who look out during a round.
pub(crate) struct Race {
    teller: Teller,
    sightings: Receiver<Sighting>,
    threads: Vec<JoinHandle<()>>,
    /// The connections on which somebody waits.
    ends: Vec<End>,
}

impl Race {
    pub(crate) fn new() -> Self {
        let (sender, sightings) = channel();
        let teller = Teller {
            sightings: sender,
            over: Arc::default(),
        };
        Self {
            teller,
            sightings,
            threads: Vec::new(),
            ends: Vec::new(),
        }
    }

    pub(crate) fn teller(&self) -> Teller {
        self.teller.clone()
    }

    /// Lets somebody look out until the race is over; `end` ends what it may wait on.
    pub(crate) fn join(&mut self, end: Option<End>, look_out: impl FnOnce(Teller) + Send + 'static) {
        let teller = self.teller();
        self.ends.extend(end);
        self.threads.push(thread::spawn(move || look_out(teller)));
    }

    /// Lets a client ask every millisecond who leads, until it is told another one than before.
    ///
    /// It has asked once when this returns, so its connection stands.
    pub(crate) fn join_client(&mut self, old: Reign, mut client: impl Client) {
        client.who_leads();
        self.join(None, move |teller| {
            let mut next = Instant::now();
            while !teller.is_over() {
                if let Some(reign) = client.who_leads().filter(|reign| reign.leader != old.leader) {
                    teller.tell(Mark::Told, Some(reign));
                    return client.go_on(&teller);
                }
                next = (next + ASK_EVERY).max(Instant::now());
                thread::sleep(next.saturating_duration_since(Instant::now()));
            }
        });
    }

    /// Says whether somebody has seen anything yet.
    pub(crate) fn has_begun(&self) -> bool {
        self.sightings.try_recv().is_ok()
    }

    /// Waits until each of these moments has been seen; returns how long after the strike that was,
    /// and the reign that was told of.
    ///
    /// # Panics
    ///
    /// With what was seen, when that takes too long.
    pub(crate) fn finish(self, struck: Instant, marks: &[Mark]) -> (BTreeMap<Mark, Duration>, Reign) {
        let mut took = BTreeMap::new();
        let mut told = None;
        while !marks.iter().all(|mark| took.contains_key(mark)) {
            let left = (struck + PATIENCE).saturating_duration_since(Instant::now());
            let Ok(Sighting { mark, at, reign }) = self.sightings.recv_timeout(left) else {
                panic!("of {marks:?} only {took:?} was seen in {PATIENCE:?}");
            };
            let since = at.duration_since(struck);
            let first = took.entry(mark).or_insert(since);
            *first = since.min(*first);
            told = told.or(reign);
        }
        (took, told.expect("somebody was told"))
    }
}

impl Drop for Race {
    fn drop(&mut self) {
        self.teller.over.store(true, Ordering::Relaxed);
        self.ends.clear();
        for thread in self.threads.drain(..) {
            // A thread that panicked has said so, and the round misses its moment.
            let _ = thread.join();
        }
    }
}
