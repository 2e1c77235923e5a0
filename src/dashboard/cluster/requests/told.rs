//! Which facts are about requests, and what each says of one.

use super::{About, Done, Requests, Teller};
use crate::event::{Event, Fact, RequestKind};
use crate::id::ImageId;
use crate::time::Time;

impl Requests {
    /// Folds in what a node told.
    pub(in crate::dashboard::cluster) fn told(&mut self, at: Time, event: &Event) {
        let teller = Teller { at, event };
        match &event.fact {
            Fact::Assigned { .. } => self.told_by_leader(teller),
            Fact::UploadStarted { .. } | Fact::UploadDone { .. } | Fact::UploadFailed { .. } => {
                self.told_of_upload(teller);
            }
            Fact::Downloaded { .. }
            | Fact::Listed { .. }
            | Fact::Deleted { .. }
            | Fact::RequestFailed { .. } => self.told_of_another(teller),
            Fact::Started { .. }
            | Fact::Stopping
            | Fact::LinkUp { .. }
            | Fact::LinkDown { .. }
            | Fact::GreetingRefused { .. }
            | Fact::LeaderSuspected { .. }
            | Fact::ElectionStarted { .. }
            | Fact::QuorumMissing { .. }
            | Fact::ClaimStarted { .. }
            | Fact::Voted { .. }
            | Fact::BecameLeader { .. }
            | Fact::ServingStarted { .. }
            | Fact::ServingStopped { .. }
            | Fact::Following { .. }
            | Fact::SteppedDown { .. }
            | Fact::HandoverStarted { .. }
            | Fact::MessageReceived { .. }
            | Fact::HeartbeatAnswered { .. }
            | Fact::RotationChanged { .. }
            | Fact::Holding { .. }
            | Fact::OfferParked { .. }
            | Fact::RequestDone { .. }
            | Fact::CopyMissed { .. }
            | Fact::CatchingUp { .. }
            | Fact::InSync { .. }
            | Fact::RecordDamaged { .. }
            | Fact::RecordRepaired { .. }
            | Fact::StoreReadOnly { .. }
            | Fact::ImageLost { .. }
            | Fact::FaultsChanged { .. }
            | Fact::ClockStalled { .. }
            | Fact::LogDropped { .. } => {}
        }
    }

    fn told_by_leader(&mut self, teller: Teller<'_>) {
        if let Fact::Assigned {
            kind,
            image,
            user,
            node,
            redispatched_from,
            ..
        } = &teller.event.fact
        {
            self.assigned(teller, About::of(*kind, *image, user), *node, *redispatched_from);
        }
    }

    fn told_of_upload(&mut self, teller: Teller<'_>) {
        let about = |image: &ImageId, user| About::of(RequestKind::Upload, *image, user);
        if let Fact::UploadStarted {
            image,
            user,
            file,
            bytes,
        } = &teller.event.fact
        {
            self.begins(teller, about(image, user), file, *bytes);
        } else if let Fact::UploadDone {
            image,
            user,
            file,
            bytes,
            copies,
            took_us,
        } = &teller.event.fact
        {
            let (what, seen) = (Done::Stored { copies: *copies }, (file, *bytes, *took_us));
            self.ends(teller, about(image, user), what, Some(seen));
        } else if let Fact::UploadFailed {
            image,
            user,
            file,
            reason,
        } = &teller.event.fact
        {
            self.fails(teller, about(image, user), Some(file), reason);
        }
    }

    fn told_of_another(&mut self, teller: Teller<'_>) {
        if let Fact::Downloaded {
            image,
            user,
            file,
            bytes,
            took_us,
        } = &teller.event.fact
        {
            let (about, seen) = (
                About::of(RequestKind::Download, *image, user),
                (file, *bytes, *took_us),
            );
            self.ends(teller, about, Done::Sent, Some(seen));
        } else if let Fact::Listed { user, images } = &teller.event.fact {
            let (kind, image) = (RequestKind::List, None);
            let what = Done::Listed { images: *images };
            self.ends(teller, About { kind, image, user }, what, None);
        } else if let Fact::Deleted { image, user, copies } = &teller.event.fact {
            let what = Done::Deleted { copies: *copies };
            self.ends(teller, About::of(RequestKind::Delete, *image, user), what, None);
        } else if let Fact::RequestFailed {
            kind,
            image,
            user,
            reason,
        } = &teller.event.fact
        {
            self.fails(teller, About::of(*kind, *image, user), None, reason);
        }
    }
}
