//! Reads every kept record through, slowly and again and again, to find damage before a reader does.
//!
//! Begins once the node is in sync: while it catches up its disk has better things to do. Within a
//! record it goes piece by piece too, and pauses after each. What is found is set aside, told, and
//! fetched again from a peer; see `repair`.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;

use super::context::Context;
use super::repair;
use crate::protocol::CHUNK_BYTES;
use crate::store::{RecordError, RecordReader};

/// How long a node has been in sync before it begins: starts and elections are over by then.
const SETTLING_TIME: Duration = Duration::from_secs(10);

/// From the end of one pass to the beginning of the next.
const REST: Duration = Duration::from_hours(24);

/// What opening a record counts for, in bytes: it is worth reading some.
const OPENING_BYTES: u64 = 64 * 1024;

/// How many pieces are read a second: each is over soon enough for whoever else needs the disk.
const PIECES_A_SECOND: u64 = 4;

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
    while let Some(Ok(Some(record))) = context.on_disk(move |store| store.next_to_scrub(after)).await {
        sleep(pause(OPENING_BYTES, rate)).await;
        if read_through(context, record.opened, rate).await == Verdict::Damaged {
            repair::set_aside(context, record.image).await;
        }
        after = Some(record.image);
    }
}

/// What came of reading a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    /// It is what was written.
    Good,
    /// It is not.
    Damaged,
}

/// Reads one record, a piece at a time.
async fn read_through(
    context: &Context,
    opened: Result<Box<RecordReader>, RecordError>,
    rate: u64,
) -> Verdict {
    let bytes = (rate / PIECES_A_SECOND).max(1);
    let mut opened = opened;
    loop {
        let Ok(mut record) = opened else {
            return Verdict::Damaged;
        };
        let piece = context.on_disk(move |_| Ok(read_piece(&mut record, bytes).map(|read| (read, record))));
        match piece.await {
            // A thread that panicked has ended the process.
            Some(Ok(Ok((0, _))) | Err(_)) | None => return Verdict::Good,
            Some(Ok(Ok((read, rest)))) => {
                opened = Ok(rest);
                sleep(pause(read, rate)).await;
            }
            Some(Ok(Err(damage))) => opened = Err(damage),
        }
    }
}

/// Reads up to so many bytes; 0 when the record has ended and is undamaged.
fn read_piece(record: &mut RecordReader, bytes: u64) -> Result<u64, RecordError> {
    let room = usize::try_from(bytes).map_or(CHUNK_BYTES, |bytes| bytes.min(CHUNK_BYTES));
    let mut chunk = vec![0; room];
    let mut read = 0;
    while read < bytes {
        let room = usize::try_from(bytes - read).map_or(room, |left| left.min(room));
        match record.read(&mut chunk[..room])? {
            0 => break,
            more => read += more as u64,
        }
    }
    Ok(read)
}

/// Returns how long so many bytes take at this rate.
fn pause(bytes: u64, rate: u64) -> Duration {
    let micros = u128::from(bytes) * 1_000_000 / u128::from(rate.max(1));
    Duration::from_micros(u64::try_from(micros).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use tokio::time::{Instant, timeout};

    use super::*;
    use crate::event::Fact;
    use crate::server::testing::{config, context, image, keep};

    #[test]
    fn bytes_take_their_time_at_the_rate() {
        let mib = 1 << 20;
        assert_eq!(pause(8 * mib, 4 * mib), Duration::from_secs(2));
        assert_eq!(pause(OPENING_BYTES, 4 * mib), Duration::from_micros(15_625));
    }

    #[tokio::test(start_paused = true)]
    async fn a_large_record_is_read_no_faster_than_the_rate_and_can_be_stopped_in_the_middle() {
        const RATE: u64 = 1 << 20;
        let directory = tempfile::tempdir().expect("a directory");
        let (context, _inputs) = context(config(1, &[9001, 9002], &directory));
        keep(&context.store, image(1), 8 << 20);
        crate::server::testing::damage(&context.store, image(1));
        let mut events = context.events.subscribe();
        let stopped = timeout(Duration::from_secs(3), pass(&context, RATE)).await;
        assert!(stopped.is_err(), "it has eight seconds' worth to read");
        assert!(events.try_recv().is_err(), "the damage shows at the end");
        let began = Instant::now();
        pass(&context, RATE).await;
        assert!(began.elapsed() >= Duration::from_secs(8), "{:?}", began.elapsed());
        assert!(matches!(
            events.try_recv().expect("published").fact,
            Fact::RecordDamaged { .. }
        ));
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
