//! A load on a cluster: many clients that upload as fast as they are served, and what that came to.
//!
//! Each client is a true one, with its own connections: it offers, transfers and compares digests
//! as any other. Owns when counting begins and ends; what is counted is [`Tally`]'s business.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};

use super::source::MadeImage;
use super::{ClientConfig, ClusterClient, RequestError, Wanted};
use crate::upload::{Receipt, UploadEvent};

pub use tally::{Latencies, Tally};

mod tally;

/// How long clients upload before anything is counted.
///
/// Connections are made, buffers and files allocated: what comes after is what lasts.
pub const WARM_UP: Duration = Duration::from_secs(1);

/// How often whoever watches is told.
const TOLD_EVERY: Duration = Duration::from_millis(250);

/// How long a client pauses after an error, so that a cluster that refuses is not flooded.
const ERROR_PAUSE: Duration = Duration::from_millis(100);

/// What clients are to do.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    /// The size of each image, in bytes.
    pub image_bytes: u64,
    /// How many clients upload at a time.
    pub clients: usize,
    /// For how long uploads are begun once counting has begun; those begun are waited for.
    pub duration: Duration,
    /// What comes back of each; nothing is saved.
    pub wanted: Wanted,
}

/// Why a run ended.
#[derive(Debug)]
pub enum Ended {
    /// Its time was over, and every upload had ended.
    InTime,
    /// Somebody wanted it to.
    Stopped,
    /// Nobody leads the cluster.
    NoLeader(RequestError),
}

/// What a run came to.
#[derive(Debug)]
pub struct Report {
    /// What was counted.
    pub tally: Tally,
    /// For how long it was counted: up to the end of the last upload.
    pub counted: Duration,
    /// Why it ended.
    pub ended: Ended,
}

/// Runs a load on the cluster of `config` until its time is over or `stop` resolves.
///
/// What is on its way when the time is over is waited for and counted, however long it takes: on a
/// cluster so loaded that one upload outlasts the run, nothing else would be counted at all.
///
/// `watch` hears a few times a second what has been counted, and for how long.
pub async fn run(
    config: &ClientConfig,
    load: Load,
    stop: impl Future<Output = ()>,
    watch: &mut dyn FnMut(&Tally, Duration),
) -> Report {
    let run = Arc::new(Run::begin(load));
    let mut clients = JoinSet::new();
    for _ in 0..load.clients {
        clients.spawn(Arc::clone(&run).client(config.clone()));
    }
    let mut beat = interval(TOLD_EVERY);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    tokio::pin!(stop);
    let ended = loop {
        tokio::select! {
            biased;
            () = &mut stop => break Ended::Stopped,
            ended = clients.join_next() => match ended {
                Some(Ok(Ok(()))) => {}
                Some(Ok(Err(error))) => break Ended::NoLeader(error),
                Some(Err(failed)) => std::panic::resume_unwind(failed.into_panic()),
                None => break Ended::InTime,
            },
            _ = beat.tick() => watch(&run.tally(), run.counted(Instant::now())),
        }
    };
    let counted = run.counted(Instant::now());
    let tally = run.tally().clone();
    Report {
        tally,
        counted,
        ended,
    }
}

/// A run under way.
#[derive(Debug)]
struct Run {
    load: Load,
    from: Instant,
    until: Instant,
    /// Guards the counts, for one upload at a time.
    tally: Mutex<Tally>,
}

impl Run {
    fn begin(load: Load) -> Self {
        let from = Instant::now() + WARM_UP;
        Self {
            load,
            from,
            until: from + load.duration,
            tally: Mutex::default(),
        }
    }

    fn tally(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns for how long uploads have been counted `now`.
    fn counted(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.from)
    }

    /// Uploads until the time is over; what was begun before that is finished.
    ///
    /// # Errors
    ///
    /// When nobody leads: then no other upload can succeed either.
    async fn client(self: Arc<Self>, config: ClientConfig) -> Result<(), RequestError> {
        let mut client = ClusterClient::new(config);
        let mut image = MadeImage::new(self.load.image_bytes);
        loop {
            image = image.another();
            let began = Instant::now();
            if began >= self.until {
                return Ok(());
            }
            let mut retries = 0;
            let mut observe = |event| retries += u64::from(matches!(event, UploadEvent::Retrying(_)));
            let uploading = client.upload_made(image.clone(), self.load.wanted, &mut observe);
            let uploaded = uploading.await;
            self.count(&uploaded, began.elapsed(), retries);
            match uploaded {
                Ok(_) => {}
                Err(error) if error.is_no_leader() => return Err(error),
                // After the last one there is nobody to be spared.
                Err(_) if Instant::now() >= self.until => {}
                Err(_) => sleep(ERROR_PAUSE).await,
            }
        }
    }

    /// Counts an upload that has just ended, unless the clients were still warming up.
    fn count(&self, uploaded: &Result<Receipt, RequestError>, took: Duration, retries: u64) {
        if Instant::now() < self.from {
            return;
        }
        match uploaded {
            Ok(receipt) => self.tally().done(receipt, took, retries),
            Err(error) => self.tally().failed(error.to_string(), retries),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{ImageId, NodeId};

    const SECOND: Duration = Duration::from_secs(1);

    /// A run of a second that began to count so long ago, or that will.
    fn run(from: Instant) -> Run {
        let load = Load {
            image_bytes: MadeImage::SIZE_MIN,
            clients: 1,
            duration: SECOND,
            wanted: Wanted::Nothing,
        };
        Run {
            from,
            until: from + SECOND,
            ..Run::begin(load)
        }
    }

    fn receipt() -> Receipt {
        Receipt {
            image: ImageId::from_bytes([1; 16]),
            saved: None,
            leader: NodeId::MIN,
            server: NodeId::MIN,
            bytes: 1000,
            copies: 3,
            members: 3,
            digest: String::new(),
        }
    }

    #[test]
    fn an_upload_that_outlasts_the_run_is_counted_with_the_time_it_took() {
        let run = run(Instant::now().checked_sub(10 * SECOND).expect("up for long"));
        run.count(&Ok(receipt()), 11 * SECOND, 2);
        let tally = run.tally().clone();
        assert_eq!((tally.uploads, tally.retries), (1, 2));
        assert!(tally.latencies().is_some_and(|took| took.max >= 11 * SECOND));
        assert!(
            run.counted(Instant::now()) >= 10 * SECOND,
            "its end is in the time"
        );
    }

    #[test]
    fn what_ends_during_the_warm_up_is_not_counted() {
        let run = run(Instant::now() + 100 * SECOND);
        run.count(&Ok(receipt()), SECOND, 0);
        assert_eq!(run.tally().uploads, 0);
        assert_eq!(run.counted(Instant::now()), Duration::ZERO);
    }
}
