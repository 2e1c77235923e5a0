//! Putting the stopwatch right once a clock is known to have been read too late.

use std::time::Duration;

use super::{Cause, Failover, Leadership};
use crate::id::NodeId;

impl Leadership {
    /// Folds in that whatever a node told of a failover was that much earlier.
    pub(in crate::dashboard::cluster) fn correct(&mut self, which: &Failover, node: NodeId, by: Duration) {
        let known = self.running.iter_mut().chain(self.history.back_mut());
        let same = |known: &&mut Failover| (known.began, known.cause) == (which.began, which.cause);
        for failover in known.filter(same) {
            failover.correct(node, by);
        }
    }
}

impl Failover {
    /// Folds in that whatever a node told of it was that much earlier.
    pub(in crate::dashboard::cluster) fn correct(&mut self, node: NodeId, by: Duration) {
        if self.heir.is_some_and(|heir| heir.id == node) {
            let earlier = |after: Duration| after.saturating_sub(by);
            self.elected = self.elected.map(earlier);
            self.serving = self.serving.map(earlier);
        }
        // The leader itself told when it began.
        if self.cause == Cause::HandedOver(node) || self.cause == Cause::SteppedDown(node) {
            self.began = self.began - by;
            let later = |after: Duration| after + by;
            self.suspected = self.suspected.map(later);
            self.elected = self.elected.map(later);
            self.serving = self.serving.map(later);
            self.first_upload = self.first_upload.map(later);
        }
        // What a third node told was before that.
        let elected = self.elected;
        self.suspected = self
            .suspected
            .map(|suspected| elected.map_or(suspected, |elected| suspected.min(elected)));
    }
}
