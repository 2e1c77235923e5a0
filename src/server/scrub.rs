//! Reads every kept record through, slowly and again and again, to find damage before a reader does.
//!
//! Begins once the node is in sync: while it catches up its disk has better things to do. What is
//! found is set aside, told, and fetched again from a peer; see `repair`.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;

use super::context::Context;
use super::repair;

/// How long a node has been in sync before it begins: starts and elections are over by then.
const SETTLING_TIME: Duration = Duration::from_secs(10);

/// From the end of one pass to the beginning of the next.
const REST: Duration = Duration::from_hours(24);

/// What a record costs at least, in bytes: opening a file is worth reading some.
const RECORD_BYTES_MIN: u64 = 64 * 1024;

/// Runs until the node stops, or not at all when it was told not to.
pub(crate) async fn run(context: Arc<Context>) {
    let rate = context.config.scrub_bytes_a_second;
    if rate == 0 {
        return;
    }
    tokio::select! {
        () = go_round(&context, rate) => {}
        () = context.stopping.cancelled() => {}
    }
}

async fn go_round(context: &Context, rate: u64) {
    loop {
        let mut surroundings = context.surroundings.subscribe();
        // The context holds the sender, so this cannot fail.
        let _ = surroundings.wait_for(|now| now.in_sync).await;
        sleep(SETTLING_TIME).await;
        pass(context, rate).await;
        sleep(REST).await;
    }
}

/// Reads every record once, at most `rate` bytes a second.
pub(super) async fn pass(context: &Context, rate: u64) {
    let mut after = None;
    // An index that refuses has made the store read-only: there is nothing to be mended then.
    while let Some(Ok(Some(scrubbed))) = context.on_disk(move |store| store.scrub_step(after)).await {
        if scrubbed.verdict.is_err() {
            repair::set_aside(context, scrubbed.image).await;
        }
        after = Some(scrubbed.image);
        sleep(pause(scrubbed.bytes, rate)).await;
    }
}

/// Returns how long a record of so many bytes takes at this rate.
fn pause(bytes: u64, rate: u64) -> Duration {
    let micros = u128::from(bytes.max(RECORD_BYTES_MIN)) * 1_000_000 / u128::from(rate.max(1));
    Duration::from_micros(u64::try_from(micros).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Fact;
    use crate::server::testing::{config, context, image, keep};

    #[test]
    fn a_pass_takes_as_long_as_its_bytes_at_the_rate_or_its_files() {
        let mib = 1 << 20;
        assert_eq!(pause(8 * mib, 4 * mib), Duration::from_secs(2));
        assert_eq!(pause(0, 4 * mib), pause(RECORD_BYTES_MIN, 4 * mib));
        assert_eq!(pause(RECORD_BYTES_MIN, 4 * mib), Duration::from_micros(15_625));
    }

    #[tokio::test]
    async fn a_pass_sets_aside_what_is_damaged_and_nothing_else() {
        let directory = tempfile::tempdir().expect("a directory");
        let (context, _inputs) = context(config(1, &[9001, 9002], &directory));
        for number in 0..20 {
            keep(&context.store, image(number), 1000);
        }
        let damaged = [image(3), image(17)];
        for image in damaged {
            crate::server::testing::damage(&context.store, image);
        }
        let mut events = context.events.subscribe();
        pass(&context, u64::MAX).await;
        assert_eq!(context.store.count(), 18);
        for expected in damaged {
            assert!(context.lacks.may_have_kept(expected));
            let event = events.recv().await.expect("published");
            assert!(matches!(&event.fact, Fact::RecordDamaged { image, .. } if damaged.contains(image)));
        }
        pass(&context, u64::MAX).await;
        assert!(events.try_recv().is_err(), "the rest is good");
    }
}
