//! Scenes of what is kept: requests that are no uploads, nodes that lack something.

use super::{Scene, alice, node};
use crate::event::{Fact, RequestKind, RequestOutcome, WorkerState};
use crate::id::ImageId;

/// Node 3 leads in epoch 1 wherever these scenes play.
const LEADER: (u16, u64) = (3, 1);

/// Returns the image of the how-manieth request of a scene.
pub(crate) fn image(number: u64) -> ImageId {
    ImageId::from_bytes(u128::from(number).to_be_bytes())
}

impl Scene {
    /// Lets the image of an earlier request be sent to its user.
    pub(crate) fn download(&mut self, worker: u16, number: u64) -> &mut Self {
        let image = image(number);
        self.assign(RequestKind::Download, image, LEADER, worker)
            .after(18);
        let sent = Fact::Downloaded {
            image,
            user: alice(),
            file: "test_image.png".to_owned(),
            bytes: 217_000,
            took_us: 17_300,
        };
        self.tell(worker, sent);
        self.request_ends(LEADER.0, worker, RequestOutcome::Done)
    }

    /// Lets a user be told which images are theirs.
    pub(crate) fn list(&mut self, worker: u16, images: u64) -> &mut Self {
        let id = ImageId::from_bytes([0x11; 16]);
        self.assign(RequestKind::List, id, LEADER, worker).after(4);
        let user = alice();
        self.tell(worker, Fact::Listed { user, images });
        self.request_ends(LEADER.0, worker, RequestOutcome::Done)
    }

    /// Lets an image be deleted on so many nodes.
    pub(crate) fn delete(&mut self, worker: u16, image: ImageId, copies: usize) -> &mut Self {
        self.assign(RequestKind::Delete, image, LEADER, worker).after(9);
        let user = alice();
        self.tell(worker, Fact::Deleted { image, user, copies });
        self.request_ends(LEADER.0, worker, RequestOutcome::Done)
    }

    /// Lets what was asked for come to nothing.
    pub(crate) fn request_fails(&mut self, kind: RequestKind, worker: u16, reason: &str) -> &mut Self {
        let image = ImageId::from_bytes([0xfe; 16]);
        self.assign(kind, image, LEADER, worker).after(3);
        let failed = Fact::RequestFailed {
            kind,
            image,
            user: alice(),
            reason: reason.to_owned(),
        };
        self.tell(worker, failed);
        self.request_ends(LEADER.0, worker, RequestOutcome::Failed)
    }

    /// Lets something be asked for whose end is not told.
    pub(crate) fn request_begins(&mut self, kind: RequestKind, worker: u16, image: ImageId) -> &mut Self {
        self.assign(kind, image, LEADER, worker).after(5)
    }

    /// Lets the leader of these scenes say what a node is to its rotation.
    pub(crate) fn rotates(&mut self, worker: u16, state: WorkerState) -> &mut Self {
        let (node, next) = (node(worker), Some(node(LEADER.0)));
        self.tell(LEADER.0, Fact::RotationChanged { node, state, next })
    }

    /// Lets a node that was away find out that it lacks so many images.
    pub(crate) fn catch_up(&mut self, worker: u16, missing: u64) -> &mut Self {
        self.rotates(worker, WorkerState::CatchingUp);
        self.tell(worker, Fact::CatchingUp { missing })
    }

    /// Lets a node find a record that is not what was written.
    pub(crate) fn damage(&mut self, worker: u16, number: u64) -> &mut Self {
        let (image, reason) = (image(number), "is cut short".to_owned());
        self.tell(worker, Fact::RecordDamaged { image, reason })
    }

    /// Lets a node fetch a damaged record again.
    pub(crate) fn repair(&mut self, worker: u16, number: u64) -> &mut Self {
        let (image, peer) = (image(number), node(LEADER.0));
        self.tell(worker, Fact::RecordRepaired { image, peer })
    }
}
