//! Signs of life for whoever waits while a disk works.

use std::time::Duration;

use serde::Serialize;
use tokio::io::AsyncWrite;
use tokio::time::{Instant, MissedTickBehavior, interval_at, timeout};

use super::connection::STALL;
use crate::protocol::frame::FrameWriter;

/// Waits for `done`, and says `sign` every so often to whoever waits for it on the other side.
///
/// One that is gone changes nothing: what the disk has begun it ends.
pub(super) async fn until<T, W: AsyncWrite + Unpin>(
    done: impl Future<Output = T>,
    every: Duration,
    writer: &mut FrameWriter<W>,
    sign: &impl Serialize,
) -> T {
    tokio::pin!(done);
    let mut beat = interval_at(Instant::now() + every, every);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut heard = true;
    loop {
        tokio::select! {
            biased;
            done = &mut done => return done,
            _ = beat.tick(), if heard => {
                heard = matches!(timeout(STALL, writer.message(sign)).await, Ok(Ok(())));
            }
        }
    }
}
