//! The index: what stands on which shelf, found without opening a record.
//!
//! A small database, `index.redb`, in the data directory. It is only a hint: the files on the
//! shelves are the truth, and [`super::recovery`] makes it agree with them at every start. So a
//! batch of changes is not durable by itself; [`Index::sync`] makes it so from time to time, and a
//! crash costs the next start a look at what came after.
//!
//! Owns the tables and their rows. Knows nothing of files but the one it is in.

mod backend;
mod backlog;
mod change;
mod error;
mod tables;
mod view;

use std::path::Path;

use redb::{Builder, Database, Durability, ReadableDatabase};

pub(super) use change::{Change, Toggle, Turn};
pub use error::IndexError;
pub(super) use view::{Known, View};

use super::disk::{Disk, DiskFile};
use super::identity::DiskId;
use crate::id::ClusterName;
use backend::Backend;
use tables::{ABOUT, BY_USER, IMAGES, TOMBSTONES, UNREADABLE};

/// The most memory that the database keeps for its pages.
///
/// An idle node stays within 16 MiB, and what is asked for most, the upper levels of the trees and
/// the newest rows, is a few hundred kilobytes.
const CACHE_BYTES: usize = 2 * 1024 * 1024;

/// The version of the tables; another one is not read but replaced.
const FORMAT: &str = "1";

/// Whose index it is: an index of another owner says nothing about these shelves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Owner {
    pub(super) cluster: ClusterName,
    pub(super) disk: DiskId,
}

impl Owner {
    fn rows(&self) -> [(&'static str, String); 3] {
        [
            ("format", FORMAT.to_owned()),
            ("cluster", self.cluster.to_string()),
            ("disk", self.disk.to_string()),
        ]
    }
}

/// The open index.
#[derive(Debug)]
pub(super) struct Index {
    database: Database,
    backend: Backend,
}

/// Whether the index is on the disk as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Synced {
    /// It is.
    Whole,
    /// The disk is full: what it did not take waits in memory.
    Behind,
}

impl Index {
    /// Makes an empty index in place of any that is there.
    pub(super) fn create(disk: &dyn Disk, path: &Path, owner: &Owner) -> Result<Self, IndexError> {
        let backend = Backend::new(disk.create(path)?);
        let index = Self {
            database: Self::builder().create_with_backend(backend.clone())?,
            backend,
        };
        let transaction = index.database.begin_write()?;
        {
            let mut about = transaction.open_table(ABOUT)?;
            for (key, value) in owner.rows() {
                about.insert(key, value.as_str())?;
            }
            transaction.open_table(IMAGES)?;
            transaction.open_table(BY_USER)?;
            transaction.open_table(TOMBSTONES)?;
            transaction.open_table(UNREADABLE)?;
        }
        transaction.commit()?;
        Ok(index)
    }

    /// Opens the index in a file, with every page of it checked.
    pub(super) fn open(file: Box<dyn DiskFile>, owner: &Owner) -> Result<Self, IndexError> {
        // A file that is empty would be taken for a new index.
        if file.len()? == 0 {
            return Err(IndexError::Garbled);
        }
        let backend = Backend::new(file);
        let index = Self {
            // A page that is not what was written must be an error here, not a surprise later.
            database: Self::builder()
                .set_check_integrity_on_open(true)
                .create_with_backend(backend.clone())?,
            backend,
        };
        let transaction = index.database.begin_read()?;
        let about = transaction.open_table(ABOUT)?;
        for (key, value) in owner.rows() {
            if about.get(key)?.is_none_or(|found| found.value() != value) {
                return Err(IndexError::Foreign);
            }
        }
        Ok(index)
    }

    fn builder() -> Builder {
        let mut builder = Builder::new();
        builder.set_cache_size(CACHE_BYTES);
        builder
    }

    /// Returns the index as it is now, whatever changes meanwhile.
    pub(super) fn view(&self) -> Result<View, IndexError> {
        View::new(&self.database.begin_read()?)
    }

    /// Makes changes, all or none, visible at once and durable with the next [`Index::sync`];
    /// returns what appeared and what went.
    pub(super) fn apply(&self, changes: &[Change]) -> Result<Vec<Toggle>, IndexError> {
        let mut transaction = self.database.begin_write()?;
        transaction
            .set_durability(Durability::None)
            .map_err(redb::Error::from)?;
        let toggles = change::apply(&transaction, changes)?;
        transaction.commit()?;
        Ok(toggles)
    }

    /// Makes durable what has been changed, as far as the disk has room.
    pub(super) fn sync(&self) -> Result<Synced, IndexError> {
        // Were the database asked to while the disk is full, it would only make more to be written.
        if !self.backend.catch_up()? {
            return Ok(Synced::Behind);
        }
        self.database.begin_write()?.commit()?;
        Ok(match self.behind_bytes() {
            None => Synced::Whole,
            Some(_) => Synced::Behind,
        })
    }

    /// Returns how many bytes wait for room on the disk; `None` when nothing does.
    pub(super) fn behind_bytes(&self) -> Option<u64> {
        self.backend.behind_bytes()
    }
}
