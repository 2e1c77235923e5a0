//! What goes wrong, and when.

use std::io;
use std::path::Path;

/// The operations that change something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) enum Operation {
    Create,
    Write,
    SetLen,
    SyncFile,
    Rename,
    Remove,
    CreateDirectory,
    SyncDirectory,
}

impl Operation {
    /// Says whether it may need more room on the disk.
    const fn needs_room(self) -> bool {
        match self {
            Self::Create | Self::Write | Self::SetLen | Self::Rename | Self::CreateDirectory => true,
            Self::SyncFile | Self::Remove | Self::SyncDirectory => false,
        }
    }
}

/// How an operation goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) enum Fault {
    /// It is refused.
    Refuse(io::ErrorKind),
    /// Half of a write is done.
    Tear(io::ErrorKind),
}

/// What becomes of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Done,
    Torn(io::ErrorKind),
    Refused(io::ErrorKind),
}

impl Verdict {
    pub(super) const fn error(self) -> Option<io::ErrorKind> {
        match self {
            Self::Done => None,
            Self::Torn(kind) | Self::Refused(kind) => Some(kind),
        }
    }
}

/// Everything that is to go wrong on a disk.
#[derive(Debug, Default)]
pub(super) struct Faults {
    pub(super) operations: u64,
    pub(super) crash_before: Option<u64>,
    pub(super) crashed: bool,
    pub(super) full_from: Option<u64>,
    /// Whose files cannot be written, for want of room, by a part of their paths.
    pub(super) full_for: Option<String>,
    pub(super) broken: Option<(u64, Fault)>,
    pub(super) injected: Vec<(Operation, String, Fault)>,
}

impl Faults {
    /// Says no once the machine has crashed.
    pub(super) fn alive(&self) -> io::Result<()> {
        if self.crashed {
            Err(io::Error::other("the machine has crashed"))
        } else {
            Ok(())
        }
    }

    pub(super) fn is_full(&self) -> bool {
        self.full_from.is_some_and(|from| self.operations >= from)
    }

    /// Counts an operation and says what becomes of it.
    pub(super) fn judge(&mut self, operation: Operation, path: &Path) -> io::Result<Verdict> {
        self.alive()?;
        if self.crash_before == Some(self.operations) {
            self.crashed = true;
        }
        self.alive()?;
        let was_full = self.is_full();
        let broken = self.broken.filter(|(at, _)| *at == self.operations);
        self.operations += 1;
        let path = path.to_string_lossy();
        let full_for_it = self.full_for.as_ref().is_some_and(|text| path.contains(text));
        let grows = matches!(operation, Operation::Write | Operation::SetLen);
        let full = was_full && operation.needs_room() || full_for_it && grows;
        let found = self
            .injected
            .iter()
            .position(|(on, text, _)| *on == operation && path.contains(text));
        let injected = found.map(|at| self.injected.remove(at).2);
        Ok(match injected.or(broken.map(|(_, fault)| fault)) {
            Some(Fault::Refuse(kind)) => Verdict::Refused(kind),
            Some(Fault::Tear(kind)) => Verdict::Torn(kind),
            None if full => Verdict::Torn(io::ErrorKind::StorageFull),
            None => Verdict::Done,
        })
    }

    /// The same for an operation that is done or not.
    pub(super) fn allow(&mut self, operation: Operation, path: &Path) -> io::Result<()> {
        match self.judge(operation, path)?.error() {
            None => Ok(()),
            Some(kind) => Err(kind.into()),
        }
    }
}
