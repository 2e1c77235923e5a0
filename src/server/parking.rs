//! Offers that came while nobody led: they wait a moment, so that a failover is a short pause.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::sync::oneshot;

use crate::id::UserName;
use crate::protocol::{NodeMessage, Offer};
use crate::time::Time;

/// How long an offer waits.
///
/// Long enough for any election, short enough that a client of a cluster without a quorum soon
/// hears which nodes are missing.
pub(crate) const PARKING_TIME: Duration = Duration::from_secs(2);

/// How many offers wait at once; each is a few hundred bytes.
const PARKED_MAX: usize = 1024;

/// An offer and whoever waits for its answer.
#[derive(Debug)]
pub(crate) struct Pending {
    /// The request.
    pub(crate) offer: Offer,
    /// Whose image it is.
    pub(crate) user: UserName,
    /// The answer.
    pub(crate) reply: oneshot::Sender<NodeMessage>,
}

/// The offers that wait, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Parking(VecDeque<(Time, Pending)>);

impl Parking {
    /// Lets an offer wait from `now` on.
    ///
    /// # Errors
    ///
    /// Gives it back when there is no room.
    pub(crate) fn park(&mut self, now: Time, pending: Pending) -> Result<(), Pending> {
        self.0.retain(|(_, waiting)| !waiting.reply.is_closed());
        if self.0.len() >= PARKED_MAX {
            return Err(pending);
        }
        self.0.push_back((now + PARKING_TIME, pending));
        Ok(())
    }

    /// Returns how many wait.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns until when the oldest waits.
    pub(crate) fn until(&self) -> Option<Time> {
        self.0.front().map(|&(until, _)| until)
    }

    /// Takes out one that has waited long enough.
    pub(crate) fn pop_due(&mut self, now: Time) -> Option<Pending> {
        if self.until()? > now {
            return None;
        }
        self.pop()
    }

    /// Takes out the oldest.
    pub(crate) fn pop(&mut self) -> Option<Pending> {
        self.0.pop_front().map(|(_, pending)| pending)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::RequestKind;
    use crate::id::ImageId;

    fn pending(number: u8) -> (Pending, oneshot::Receiver<NodeMessage>) {
        let (reply, answer) = oneshot::channel();
        let offer = Offer {
            kind: RequestKind::Upload,
            image: ImageId::from_bytes([number; 16]),
            size: 1,
            failed: None,
        };
        let user = "alice".parse().expect("valid");
        (Pending { offer, user, reply }, answer)
    }

    #[test]
    fn offers_wait_for_their_time_and_no_longer() {
        let mut parking = Parking::default();
        let (first, _first_waits) = pending(1);
        let (second, _second_waits) = pending(2);
        parking.park(Time::ZERO, first).expect("room");
        parking
            .park(Time::ZERO + Duration::from_millis(1), second)
            .expect("room");
        assert_eq!(parking.until(), Some(Time::ZERO + PARKING_TIME));
        assert!(parking.pop_due(Time::ZERO).is_none());
        let due = parking.pop_due(Time::ZERO + PARKING_TIME).expect("the first");
        assert_eq!(due.offer.image, ImageId::from_bytes([1; 16]));
        assert!(parking.pop_due(Time::ZERO + PARKING_TIME).is_none());
    }

    #[test]
    fn there_is_room_for_so_many_and_those_who_left_make_room() {
        let mut parking = Parking::default();
        let mut waiting = Vec::new();
        for _ in 0..PARKED_MAX {
            let (offer, waits) = pending(1);
            parking.park(Time::ZERO, offer).expect("room");
            waiting.push(waits);
        }
        assert!(parking.park(Time::ZERO, pending(2).0).is_err());
        waiting.pop();
        assert!(parking.park(Time::ZERO, pending(3).0).is_ok());
    }
}
