//! The slowest that a client may send: a count of bytes over the time that was spent waiting.

use std::time::Duration;

/// The fewest bytes a second that a client must send, averaged over a window.
///
/// Slower than any line that carries pictures; a client that sends a byte a second is none.
const BYTES_A_SECOND_MIN: u64 = 1024;

/// How much waiting is looked at together.
const WINDOW: Duration = Duration::from_secs(10);

/// How fast the client has been sending since the window began.
#[derive(Debug, Default)]
pub(super) struct Pace {
    waited: Duration,
    bytes: u64,
}

/// The client sent less than it must.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TooSlow;

impl Pace {
    /// Counts `bytes` that took `waited` to come.
    ///
    /// # Errors
    ///
    /// When a window ends with too few bytes.
    pub(super) fn count(&mut self, bytes: usize, waited: Duration) -> Result<(), TooSlow> {
        self.bytes += bytes as u64;
        self.waited += waited;
        if self.waited < WINDOW {
            return Ok(());
        }
        let enough = self.bytes >= BYTES_A_SECOND_MIN * self.waited.as_secs();
        *self = Self::default();
        if enough { Ok(()) } else { Err(TooSlow) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_byte_a_second_is_too_slow_after_one_window() {
        let mut pace = Pace::default();
        for _ in 0..9 {
            assert_eq!(pace.count(1, SECOND), Ok(()));
        }
        assert_eq!(pace.count(1, SECOND), Err(TooSlow));
    }

    #[test]
    fn a_burst_after_a_pause_is_fast_enough() {
        let mut pace = Pace::default();
        assert_eq!(pace.count(11 * 1024, 9 * SECOND), Ok(()));
        assert_eq!(pace.count(1, SECOND), Ok(()));
    }

    #[test]
    fn a_fast_past_is_no_credit_for_ever() {
        let mut pace = Pace::default();
        assert_eq!(pace.count(1 << 30, 10 * SECOND), Ok(()));
        assert_eq!(pace.count(1, 10 * SECOND), Err(TooSlow));
    }
}
