//! A file system in memory that forgets what was not synced.
//!
//! It counts every operation that changes something, and before any chosen one of them the machine
//! can crash: bytes that were not synced then survive wholly, partly or not at all, and so does
//! each name that was made, moved or removed since its directory was synced, as a seed draws it. It
//! can also refuse a chosen operation, tear a write, be full, fail a sync (what was written is lost
//! then, whatever a later sync says), and flip a bit.
//!
//! A rename is atomic: at least one of its two names survives.

mod content;
mod faults;
mod names;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Disk, DiskFile, Name, Stamp};
use content::Content;
pub(in crate::store) use faults::{Fault, Operation};
use faults::{Faults, Verdict};
use names::{Node, Tree};

/// How much room there is unless the disk is full.
const ROOM_BYTES: u64 = 1 << 40;

/// A disk that many threads may use; a clone is the same disk.
#[derive(Debug, Clone)]
pub(in crate::store) struct SimulatedDisk {
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    root: PathBuf,
    tree: Tree,
    faults: Faults,
}

impl SimulatedDisk {
    /// Makes a disk with nothing on it but the directory `root`.
    pub(in crate::store) fn new(root: &Path) -> Self {
        Self::of(root.to_owned(), Tree::new())
    }

    fn of(root: PathBuf, tree: Tree) -> Self {
        let faults = Faults::default();
        Self {
            state: Arc::new(Mutex::new(State { root, tree, faults })),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns how many operations have changed something so far.
    pub(in crate::store) fn operations(&self) -> u64 {
        self.state().faults.operations
    }

    /// Lets the machine crash before operation number `operation`, counted from 0.
    pub(in crate::store) fn crash_before(&self, operation: u64) {
        self.state().faults.crash_before = Some(operation);
    }

    /// Says whether the machine has crashed.
    pub(in crate::store) fn has_crashed(&self) -> bool {
        self.state().faults.crashed
    }

    /// Returns the disk as the next machine would find it if this one crashed now.
    pub(in crate::store) fn after_crash(&self, seed: u64) -> Self {
        let state = self.state();
        let tree = state.tree.after_crash(&mut fastrand::Rng::with_seed(seed));
        Self::of(state.root.clone(), tree)
    }

    /// Lets the next operation of that sort on a path that holds `text` go wrong.
    pub(in crate::store) fn inject(&self, operation: Operation, text: &str, fault: Fault) {
        let text = text.to_owned();
        self.state().faults.injected.push((operation, text, fault));
    }

    /// Lets operation number `operation` go wrong.
    pub(in crate::store) fn break_at(&self, operation: u64, fault: Fault) {
        self.state().faults.broken = Some((operation, fault));
    }

    /// Lets the disk be full from operation number `operation` on; `None` for never.
    pub(in crate::store) fn full_from(&self, operation: Option<u64>) {
        self.state().faults.full_from = operation;
    }

    /// Lets the disk have no room for what is written to files whose paths hold `text`.
    pub(in crate::store) fn full_for(&self, text: Option<&str>) {
        self.state().faults.full_for = text.map(str::to_owned);
    }

    /// Flips one bit of a file, as a disk does in silence.
    pub(in crate::store) fn flip(&self, path: &Path, byte: usize) {
        let mut state = self.state();
        let node = state.find(path).expect("a file");
        state.tree.file_mut(node).expect("a file").flip(byte);
    }

    /// Returns the bytes of a file.
    pub(in crate::store) fn content(&self, path: &Path) -> Option<Vec<u8>> {
        let mut state = self.state();
        let node = state.find(path).ok()?;
        Some(state.tree.file_mut(node).ok()?.bytes().to_vec())
    }
}

impl State {
    /// Finds what stands at a path.
    fn find(&self, path: &Path) -> io::Result<Node> {
        let inside = path.strip_prefix(&self.root).map_err(io::Error::other)?;
        let mut node = Tree::ROOT;
        for name in inside {
            node = self.tree.lookup(node, &name.to_string_lossy())?;
        }
        Ok(node)
    }

    /// Finds the directory of a path and the name in it.
    fn place(&self, path: &Path) -> io::Result<(Node, String)> {
        let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
        let parent = self.find(super::parent_of(path))?;
        Ok((parent, name.to_string_lossy().into_owned()))
    }
}

impl SimulatedDisk {
    /// Opens what stands at a path.
    fn handle(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        let mut state = self.state();
        state.faults.alive()?;
        let node = state.find(path)?;
        state.tree.file_mut(node)?;
        drop(state);
        Ok(self.file(node, path))
    }

    fn file(&self, node: Node, path: &Path) -> Box<dyn DiskFile> {
        let (disk, path) = (self.clone(), path.to_owned());
        Box::new(SimulatedFile { disk, node, path })
    }
}

impl Disk for SimulatedDisk {
    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        let mut state = self.state();
        state.faults.allow(Operation::Create, path)?;
        let (parent, name) = state.place(path)?;
        let node = state.tree.create_file(parent, &name);
        drop(state);
        Ok(self.file(node, path))
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        self.handle(path)
    }

    fn open_to_write(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        self.handle(path)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut state = self.state();
        state.faults.allow(Operation::Rename, to)?;
        let from = state.place(from)?;
        let to = state.place(to)?;
        state.tree.rename(&from, &to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let mut state = self.state();
        state.faults.alive()?;
        state.find(path)?;
        state.faults.allow(Operation::Remove, path)?;
        let (parent, name) = state.place(path)?;
        state.tree.remove(parent, &name);
        Ok(())
    }

    fn create_directory(&self, path: &Path) -> io::Result<bool> {
        let mut state = self.state();
        state.faults.alive()?;
        if state.find(path).is_ok() {
            return Ok(false);
        }
        state.faults.allow(Operation::CreateDirectory, path)?;
        let (parent, name) = state.place(path)?;
        state.tree.create_directory(parent, &name);
        Ok(true)
    }

    fn sync_directory(&self, path: &Path) -> io::Result<()> {
        let mut state = self.state();
        state.faults.allow(Operation::SyncDirectory, path)?;
        let node = state.find(path)?;
        state.tree.sync(node);
        Ok(())
    }

    fn list(&self, path: &Path) -> io::Result<Vec<Name>> {
        let state = self.state();
        state.faults.alive()?;
        let node = state.find(path)?;
        state.tree.list(node)
    }

    fn stamp(&self, path: &Path) -> io::Result<Stamp> {
        let state = self.state();
        state.faults.alive()?;
        Ok(Stamp(0, state.find(path)? as u64))
    }

    fn free_bytes(&self, _: &Path) -> io::Result<Option<u64>> {
        let state = self.state();
        state.faults.alive()?;
        let free = if state.faults.is_full() { 0 } else { ROOM_BYTES };
        Ok(Some(free))
    }
}

/// A handle on a file.
#[derive(Debug)]
struct SimulatedFile {
    disk: SimulatedDisk,
    node: Node,
    /// Where it was when it was opened, for faults that choose by name.
    path: PathBuf,
}

impl SimulatedFile {
    /// Does something with the content, once the faults have had their say.
    fn change(&self, operation: Operation, change: impl FnOnce(&mut Content, Verdict)) -> io::Result<()> {
        let mut state = self.disk.state();
        let verdict = state.faults.judge(operation, &self.path)?;
        let error = verdict.error();
        change(state.tree.file_mut(self.node)?, verdict);
        error.map_or(Ok(()), |kind| Err(kind.into()))
    }
}

impl DiskFile for SimulatedFile {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let mut state = self.disk.state();
        state.faults.alive()?;
        Ok(state.tree.file_mut(self.node)?.read(buffer, offset))
    }

    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.change(Operation::Write, |content, verdict| match verdict {
            Verdict::Done => content.write(bytes, offset),
            Verdict::Torn(_) => content.write(&bytes[..bytes.len() / 2], offset),
            Verdict::Refused(_) => {}
        })
    }

    fn sync_data(&self) -> io::Result<()> {
        self.change(Operation::SyncFile, |content, verdict| match verdict {
            Verdict::Done => content.sync(),
            Verdict::Torn(_) | Verdict::Refused(_) => content.fail_sync(),
        })
    }

    fn len(&self) -> io::Result<u64> {
        let mut state = self.disk.state();
        state.faults.alive()?;
        Ok(state.tree.file_mut(self.node)?.bytes().len() as u64)
    }

    fn set_len(&self, bytes: u64) -> io::Result<()> {
        self.change(Operation::SetLen, |content, verdict| match verdict {
            Verdict::Done => content.set_len(bytes),
            Verdict::Torn(_) | Verdict::Refused(_) => {}
        })
    }
}

#[cfg(test)]
mod tests;
