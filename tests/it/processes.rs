//! Processes of others: whether they run, and waiting until they do not.

use std::fs;
use std::thread;
use std::time::Instant;

use rustix::process::{Pid, test_kill_process};

use crate::harness::PATIENCE;

/// Says whether a process still runs; one that nobody has waited for yet does not.
pub(crate) fn runs(pid: Pid) -> bool {
    let stat = fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero()));
    match stat {
        Ok(stat) => !stat
            .rsplit(')')
            .next()
            .is_some_and(|rest| rest.trim_start().starts_with(['Z', 'X'])),
        Err(_) => !fs::exists("/proc/self/stat").unwrap_or(false) && test_kill_process(pid).is_ok(),
    }
}

/// Waits until none of these processes runs.
pub(crate) fn wait_until_gone(pids: impl IntoIterator<Item = Pid>) {
    let deadline = Instant::now() + PATIENCE;
    for pid in pids {
        while runs(pid) {
            assert!(
                Instant::now() < deadline,
                "process {pid:?} outlives its supervisor"
            );
            thread::yield_now();
        }
    }
}
