//! A disk whose syncs take longer, on purpose: a fault that a node may be told to have.

use std::io;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::{Disk, DiskFile, Name, Stamp};

/// How much longer every sync takes; cheap to clone, and all clones are the same.
#[derive(Debug, Clone, Default)]
pub struct SyncDelay(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    /// Guards the delay; held to look at it.
    delay: Mutex<Duration>,
    changed: Condvar,
}

impl SyncDelay {
    /// Sets how much longer; who waits already goes by the new delay, too.
    pub fn set(&self, delay: Duration) {
        *self.0.delay.lock().unwrap_or_else(PoisonError::into_inner) = delay;
        self.0.changed.notify_all();
    }

    /// Waits for as long as a sync is delayed.
    pub fn wait(&self) {
        let since = Instant::now();
        let mut delay = self.0.delay.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some(left) = delay.checked_sub(since.elapsed()).filter(|left| !left.is_zero()) {
            let waited = self.0.changed.wait_timeout(delay, left);
            delay = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

/// A disk whose syncs take longer.
#[derive(Debug)]
pub(in crate::store) struct SlowDisk<D> {
    disk: D,
    delay: SyncDelay,
}

impl<D: Disk> SlowDisk<D> {
    /// Makes a disk of another one.
    pub(in crate::store) fn new(disk: D, delay: SyncDelay) -> Self {
        Self { disk, delay }
    }

    fn slow(&self, file: Box<dyn DiskFile>) -> Box<dyn DiskFile> {
        let delay = self.delay.clone();
        Box::new(SlowFile { file, delay })
    }
}

impl<D: Disk> Disk for SlowDisk<D> {
    fn stamp(&self, path: &Path) -> io::Result<Stamp> {
        self.disk.stamp(path)
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        self.disk.create(path).map(|file| self.slow(file))
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        self.disk.open(path).map(|file| self.slow(file))
    }

    fn open_to_write(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        self.disk.open_to_write(path).map(|file| self.slow(file))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.disk.rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.disk.remove(path)
    }

    fn create_directory(&self, path: &Path) -> io::Result<bool> {
        self.disk.create_directory(path)
    }

    fn sync_directory(&self, path: &Path) -> io::Result<()> {
        self.delay.wait();
        self.disk.sync_directory(path)
    }

    fn list(&self, path: &Path) -> io::Result<Vec<Name>> {
        self.disk.list(path)
    }

    fn free_bytes(&self, path: &Path) -> io::Result<Option<u64>> {
        self.disk.free_bytes(path)
    }
}

#[derive(Debug)]
struct SlowFile {
    file: Box<dyn DiskFile>,
    delay: SyncDelay,
}

impl DiskFile for SlowFile {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        self.file.read_at(buffer, offset)
    }

    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.file.write_all_at(bytes, offset)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.delay.wait();
        self.file.sync_data()
    }

    fn read_ahead(&self) {
        self.file.read_ahead();
    }

    fn release_cache(&self) {
        self.file.release_cache();
    }

    fn len(&self) -> io::Result<u64> {
        self.file.len()
    }

    fn set_len(&self, bytes: u64) -> io::Result<()> {
        self.file.set_len(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sync_takes_as_much_longer_as_was_said() {
        let delay = SyncDelay::default();
        delay.set(Duration::from_millis(20));
        let since = Instant::now();
        delay.wait();
        assert!(since.elapsed() >= Duration::from_millis(20));
    }

    #[test]
    fn a_disk_that_is_healed_lets_go_whoever_waits() {
        let delay = SyncDelay::default();
        delay.set(Duration::from_hours(1));
        let waiting = delay.clone();
        let thread = std::thread::spawn(move || waiting.wait());
        delay.set(Duration::ZERO);
        thread.join().expect("it ends");
    }
}
