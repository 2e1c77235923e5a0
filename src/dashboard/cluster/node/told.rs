//! What a node's own events say of it.

use std::time::Duration;

use super::{Belief, Heartbeat, Node, Reach, Told};
use crate::event::Fact;
use crate::id::NodeId;
use crate::time::Time;

impl Node {
    /// Folds in what the node itself told.
    pub(in crate::dashboard::cluster) fn told(&mut self, at: Time, fact: &Fact) {
        match fact {
            Fact::Started { pid, .. } => self.started(at, *pid),
            Fact::LeaderSuspected { .. }
            | Fact::ElectionStarted { .. }
            | Fact::ClaimStarted { .. }
            | Fact::SteppedDown { .. } => self.elects(at),
            Fact::QuorumMissing { missing } => self.lacks_quorum(at, missing),
            Fact::BecameLeader { ballot, .. } | Fact::ServingStopped { ballot } => {
                self.believe(at, Belief::Elected(*ballot));
            }
            Fact::ServingStarted { ballot } => self.believe(at, Belief::Leads(*ballot)),
            Fact::Following { ballot } => {
                self.believe(at, Belief::Follows(*ballot));
                self.answered(at, ballot.id, None);
            }
            Fact::HeartbeatAnswered { leader, after_us } => {
                self.answered(at, *leader, Some(Duration::from_micros(*after_us)));
            }
            Fact::LinkUp { peer } => self.reaches(*peer, Reach::Linked),
            Fact::LinkDown { peer, reason } => self.reaches(*peer, Reach::Cut(*reason)),
            Fact::Holding { images } => self.keeps(at, |holdings| holdings.holds(*images)),
            Fact::CatchingUp { missing } => self.keeps(at, |holdings| holdings.lacks(*missing)),
            Fact::InSync { .. } => self.keeps(at, |holdings| holdings.lacks(0)),
            Fact::RecordDamaged { .. } => self.holdings.damaged += 1,
            Fact::RecordRepaired { .. } => self.holdings.repairs_one(),
            Fact::StoreReadOnly { .. } => self.holdings.read_only = true,
            Fact::ImageLost { .. } => self.holdings.loses_one(),
            Fact::FaultsChanged { faults } => self.faults = faults.clone(),
            Fact::ClockStalled { for_ms } => {
                self.stalls += 1;
                let until = at + Duration::from_millis(*for_ms);
                self.stalled_until = self.stalled_until.max(Some(until));
            }
            Fact::Stopping => self.told_to(Told::Stop { at }),
            Fact::GreetingRefused { .. }
            | Fact::Voted { .. }
            | Fact::HandoverStarted { .. }
            | Fact::MessageReceived { .. }
            | Fact::RotationChanged { .. }
            | Fact::OfferParked { .. }
            | Fact::Assigned { .. }
            | Fact::RequestDone { .. }
            | Fact::UploadStarted { .. }
            | Fact::UploadDone { .. }
            | Fact::UploadFailed { .. }
            | Fact::CopyMissed { .. }
            | Fact::Downloaded { .. }
            | Fact::Listed { .. }
            | Fact::Deleted { .. }
            | Fact::RequestFailed { .. }
            | Fact::LogDropped { .. } => {}
        }
    }

    /// Folds in that its leader answered, after so long where that was measured.
    fn answered(&mut self, at: Time, leader: NodeId, after: Option<Duration>) {
        self.heartbeat = Some(Heartbeat { at, after, leader });
    }

    fn lacks_quorum(&mut self, at: Time, missing: &[NodeId]) {
        let missing = missing.to_vec();
        self.believe(at, Belief::NoQuorum { missing });
    }

    fn reaches(&mut self, peer: NodeId, reach: Reach) {
        self.links.insert(peer, reach);
    }
}
