//! The bytes of a file: as they read now, and as they would after a crash.

use fastrand::Rng;

use super::names::Survival;

/// What was done to a file since it was synced.
#[derive(Debug, Clone)]
enum Unsynced {
    Write { offset: usize, bytes: Vec<u8> },
    SetLen(usize),
}

impl Unsynced {
    fn apply(&self, content: &mut Vec<u8>) {
        match self {
            Self::Write { offset, bytes } => {
                let end = offset + bytes.len();
                if content.len() < end {
                    content.resize(end, 0);
                }
                content[*offset..end].copy_from_slice(bytes);
            }
            Self::SetLen(bytes) => content.resize(*bytes, 0),
        }
    }

    /// Returns what survives of it.
    fn survivor(&self, survival: Survival, rng: &mut Rng) -> Option<Self> {
        if survival.decides(rng) {
            return Some(self.clone());
        }
        match self {
            Self::Write { offset, bytes } if survival == Survival::Mixed && rng.bool() => {
                let bytes = bytes[..rng.usize(..=bytes.len())].to_vec();
                Some(Self::Write {
                    offset: *offset,
                    bytes,
                })
            }
            Self::Write { .. } | Self::SetLen(_) => None,
        }
    }
}

/// The bytes of a file.
#[derive(Debug, Default)]
pub(super) struct Content {
    now: Vec<u8>,
    synced: Vec<u8>,
    unsynced: Vec<Unsynced>,
    /// What a failed sync has dropped: no later sync brings it to the disk, though chance may.
    dropped: Vec<Unsynced>,
}

impl Content {
    fn of(bytes: Vec<u8>) -> Self {
        Self {
            now: bytes.clone(),
            synced: bytes,
            ..Self::default()
        }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.now
    }

    pub(super) fn read(&self, buffer: &mut [u8], offset: u64) -> usize {
        let offset = usize::try_from(offset).expect("a file in memory");
        let rest = self.now.get(offset..).unwrap_or_default();
        let read = rest.len().min(buffer.len());
        buffer[..read].copy_from_slice(&rest[..read]);
        read
    }

    pub(super) fn write(&mut self, bytes: &[u8], offset: u64) {
        let offset = usize::try_from(offset).expect("a file in memory");
        let bytes = bytes.to_vec();
        self.push(Unsynced::Write { offset, bytes });
    }

    pub(super) fn set_len(&mut self, bytes: u64) {
        let bytes = usize::try_from(bytes).expect("a file in memory");
        self.push(Unsynced::SetLen(bytes));
    }

    fn push(&mut self, change: Unsynced) {
        change.apply(&mut self.now);
        self.unsynced.push(change);
    }

    pub(super) fn sync(&mut self) {
        for change in self.unsynced.drain(..) {
            change.apply(&mut self.synced);
        }
    }

    pub(super) fn fail_sync(&mut self) {
        self.dropped.append(&mut self.unsynced);
    }

    pub(super) fn flip(&mut self, byte: usize) {
        self.now[byte] ^= 1;
        if let Some(synced) = self.synced.get_mut(byte) {
            *synced ^= 1;
        }
    }

    /// Returns the file as it is after a crash.
    pub(super) fn after_crash(&self, survival: Survival, rng: &mut Rng) -> Self {
        let mut bytes = self.synced.clone();
        for change in self.dropped.iter().chain(&self.unsynced) {
            if let Some(survivor) = change.survivor(survival, rng) {
                survivor.apply(&mut bytes);
            }
        }
        Self::of(bytes)
    }
}
