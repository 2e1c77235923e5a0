//! Who is connected: the count, and whom to cut when it is too large.
//!
//! A flood of strangers must not lock the peers out. So whoever has not greeted is cut, oldest
//! first, when a new connection finds no room; and clients together leave room that only peers,
//! and those who have yet to say what they are, can take. Peers have bounds of their own: whoever
//! greets as one is not cut for being old.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio_util::sync::CancellationToken;

use super::input::ConnectionId;
use crate::config::NODES_MAX;

/// How many connections there are at once.
///
/// Idle ones cost about 5 KiB each, and one that has begun a header up to 16 KiB more for as long as
/// it may stand still: twice a thousand leave a node within its memory.
const CONNECTIONS_MAX: usize = 2048;

/// How many of them clients and watchers may have.
const CLIENTS_MAX: usize = 1408;

/// How many of them peers may have for the election.
///
/// A peer has one; while one that it lost is being replaced, the cut one has not left yet.
const PEERS_MAX: usize = 4 * NODES_MAX as usize;

/// How many of them peers may have on which they ask about images.
///
/// Eight peers with as many copies on their way as a node has transfers in hand.
const DATA_MAX: usize = 512;

/// What a connection has said that it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Nothing yet, or nothing that was accepted.
    New,
    /// A client, or a watcher.
    Client,
    /// A peer, for the election.
    Peer,
    /// A peer that asks about images.
    Data,
}

/// Why a connection cannot be what it wants to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoRoom {
    /// There are too many of its kind.
    Kind,
    /// It was cut a moment ago to make room.
    Cut,
}

/// All accepted connections of a node; cheap to clone.
#[derive(Debug, Clone, Default)]
pub(crate) struct Connections(Arc<Mutex<Table>>);

/// Guarded for a look-up or a change of one entry at a time.
#[derive(Debug, Default)]
struct Table {
    accepted: u64,
    open: BTreeMap<ConnectionId, Open>,
}

#[derive(Debug)]
struct Open {
    stage: Stage,
    cut: CancellationToken,
}

/// One connection's place among all; leaving is dropping it.
#[derive(Debug)]
pub(crate) struct Place {
    id: ConnectionId,
    cut: CancellationToken,
    all: Connections,
}

impl Connections {
    /// Makes room for a connection; `None` when everybody there has greeted.
    ///
    /// `cut_all` ends it together with all others.
    pub(crate) fn enter(&self, cut_all: &CancellationToken) -> Option<Place> {
        let mut table = self.lock();
        if table.open.len() >= CONNECTIONS_MAX && !table.cut_oldest_stranger() {
            return None;
        }
        table.accepted += 1;
        let id = ConnectionId(table.accepted);
        let cut = cut_all.child_token();
        table.open.insert(
            id,
            Open {
                stage: Stage::New,
                cut: cut.clone(),
            },
        );
        drop(table);
        let all = self.clone();
        Some(Place { id, cut, all })
    }

    /// Cuts the oldest connection that has not greeted, if there is one.
    pub(crate) fn cut_oldest_stranger(&self) -> bool {
        self.lock().cut_oldest_stranger()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Table> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Stage {
    fn most(self) -> usize {
        match self {
            Self::New => CONNECTIONS_MAX,
            Self::Client => CLIENTS_MAX,
            Self::Peer => PEERS_MAX,
            Self::Data => DATA_MAX,
        }
    }
}

impl Table {
    fn count(&self, stage: Stage) -> usize {
        self.open.values().filter(|open| open.stage == stage).count()
    }

    fn cut_oldest_stranger(&mut self) -> bool {
        let mut strangers = self.open.iter().filter(|(_, open)| open.stage == Stage::New);
        let Some((&oldest, _)) = strangers.next() else {
            return false;
        };
        if let Some(open) = self.open.remove(&oldest) {
            open.cut.cancel();
        }
        true
    }
}

impl Place {
    /// Returns the connection's number.
    pub(crate) fn id(&self) -> ConnectionId {
        self.id
    }

    /// Ends when the connection is to be cut.
    pub(crate) async fn cut(&self) {
        self.cut.cancelled().await;
    }

    /// Returns what cuts the connection, for whoever may have to.
    pub(crate) fn cutter(&self) -> CancellationToken {
        self.cut.clone()
    }

    /// Says what the connection is from now on.
    ///
    /// # Errors
    ///
    /// When there is no room for one more of the kind.
    pub(crate) fn become_a(&self, stage: Stage) -> Result<(), NoRoom> {
        let mut table = self.all.lock();
        let room = table.count(stage) < stage.most();
        let Some(open) = table.open.get_mut(&self.id) else {
            return Err(NoRoom::Cut);
        };
        if open.stage != stage {
            if !room {
                return Err(NoRoom::Kind);
            }
            open.stage = stage;
        }
        Ok(())
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.all.lock().open.remove(&self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_cut(place: &Place) -> bool {
        place.cut.is_cancelled()
    }

    #[test]
    fn a_flood_of_strangers_cuts_the_oldest_stranger() {
        let all = Connections::default();
        let root = CancellationToken::new();
        let peer = all.enter(&root).expect("room");
        peer.become_a(Stage::Peer).expect("room");
        let strangers: Vec<Place> = (1..CONNECTIONS_MAX)
            .map(|_| all.enter(&root).expect("room"))
            .collect();
        let late = all.enter(&root).expect("room is made");
        assert!(is_cut(&strangers[0]) && !is_cut(&strangers[1]) && !is_cut(&peer));
        assert_eq!(strangers[0].become_a(Stage::Peer), Err(NoRoom::Cut));
        late.become_a(Stage::Peer).expect("room");
    }

    #[test]
    fn clients_leave_room_for_peers() {
        let all = Connections::default();
        let root = CancellationToken::new();
        let mut clients: Vec<Place> = (0..CLIENTS_MAX)
            .map(|_| {
                let place = all.enter(&root).expect("room");
                place.become_a(Stage::Client).expect("room");
                place
            })
            .collect();
        let another = all.enter(&root).expect("room");
        assert_eq!(another.become_a(Stage::Client), Err(NoRoom::Kind));
        assert_eq!(another.become_a(Stage::Peer), Ok(()));
        clients.pop();
        let next = all.enter(&root).expect("room");
        assert_eq!(next.become_a(Stage::Client), Ok(()));
    }

    #[test]
    fn whoever_greets_as_a_peer_takes_a_bounded_share() {
        let all = Connections::default();
        let root = CancellationToken::new();
        let mut peers: Vec<Place> = (0..PEERS_MAX)
            .map(|_| {
                let place = all.enter(&root).expect("room");
                place.become_a(Stage::Peer).expect("room");
                place
            })
            .collect();
        let another = all.enter(&root).expect("room");
        assert_eq!(another.become_a(Stage::Peer), Err(NoRoom::Kind));
        peers.pop();
        assert_eq!(another.become_a(Stage::Peer), Ok(()));
    }

    #[test]
    fn who_leaves_makes_room() {
        let all = Connections::default();
        let root = CancellationToken::new();
        drop(all.enter(&root));
        assert!(!all.cut_oldest_stranger());
    }
}
