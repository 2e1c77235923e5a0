//! Reading everything that a node keeps, without changing any of it, while the node runs or not.
//!
//! Owns the walk and what it finds. A node that runs goes on placing, deleting and setting aside:
//! a file that is gone when its turn comes is nobody's problem. Its index, which it holds open, is
//! compared only when no node uses the directory.

mod memory;

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::directory::{self, OpenError};
use super::disk::{Disk, RealDisk};
use super::index::{Index, IndexError, Owner};
use super::record::{RecordError, RecordReader};
use super::recovery::{DAMAGED, Difference, INDEX, differences, one_an_id};
use super::shelves::{Kind, Shelf, Shelves, parse};
use super::{Identity, StoreError, tombstone};
use crate::id::{ImageId, NodeId};
use memory::MemoryFile;

/// Everything that was found in a data directory.
#[derive(Debug)]
pub struct Verified {
    /// Whose it is.
    pub identity: Identity,
    /// Records that are what was written.
    pub images: u64,
    /// Tombstones that are what was written.
    pub tombstones: u64,
    /// The bytes of the bodies that were read.
    pub bytes: u64,
    /// Damaged records that the node has set aside.
    pub set_aside: u64,
    /// What is not what was written.
    pub problems: Vec<Problem>,
    /// What the index says.
    pub index: IndexVerdict,
}

/// A file that is not what its name says.
#[derive(Debug)]
pub struct Problem {
    /// Its image, by its name.
    pub image: ImageId,
    /// Where it is, in the data directory.
    pub path: PathBuf,
    /// What is wrong with it.
    pub reason: ProblemReason,
}

/// What is wrong with a file.
#[derive(Debug, thiserror::Error)]
pub enum ProblemReason {
    /// It cannot be read, or is not what was written.
    #[error(transparent)]
    Unreadable(#[from] RecordError),
    /// Another file of the same name stands on a later shelf, and only that one counts.
    #[error("stands on two shelves")]
    Twice,
}

/// What the index says, beside the files; whatever it is, the next start mends it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IndexVerdict {
    /// The same as the shelves.
    Agrees,
    /// Something else about so many files.
    Differs(u64),
    /// There is none.
    Missing,
    /// It cannot be read, for this reason.
    Unusable(String),
    /// It was not looked at: a node uses the directory.
    InUse,
}

/// How far a walk is, in bytes of files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Walked {
    /// So many have been read.
    pub done: u64,
    /// So many are there.
    pub total: u64,
}

/// Reads everything under a data directory and says what it found; changes nothing.
///
/// # Errors
///
/// When it is no data directory, or its shelves are missing or cannot be listed.
pub fn verify(path: &Path, mut walked: impl FnMut(Walked)) -> Result<Verified, VerifyError> {
    let (identity, disk_id) = directory::identity_of(path)?;
    let shelves = Shelves::of(path);
    let owner = Owner {
        cluster: identity.cluster.clone(),
        disk: disk_id,
    };
    // First the index, so that what a node does meanwhile is not taken for a difference.
    if !shelves.root().exists() {
        return Err(VerifyError::NoShelves(shelves.root().to_owned()));
    }
    let files = list(&shelves)?;
    let index = compare(path, &owner, &files);
    let mut walk = Walk {
        root: path,
        shelves: &shelves,
        verified: Verified {
            identity,
            images: 0,
            tombstones: 0,
            bytes: 0,
            set_aside: set_aside(path),
            problems: Vec::new(),
            index,
        },
        last: BTreeSet::new(),
    };
    let sizes: Vec<u64> = files.iter().map(|file| walk.size(file)).collect();
    let total = sizes.iter().sum();
    let mut done = 0;
    for (file, size) in files.iter().rev().zip(sizes.iter().rev()) {
        walk.look_at(file);
        done += size;
        walked(Walked { done, total });
    }
    walk.verified.problems.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(walk.verified)
}

/// Why a directory cannot be verified.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// It is no data directory.
    #[error(transparent)]
    Directory(#[from] OpenError),
    /// It is a node's, and all its images are gone.
    #[error("the directory of its images, {}, is missing; start the node anew, it fetches them again", .0.display())]
    NoShelves(PathBuf),
    /// Its shelves cannot be listed.
    #[error(transparent)]
    Shelves(#[from] StoreError),
}

/// A file on a shelf.
type File = (Shelf, ImageId, Kind);

/// Lists all shelves, in the order of their numbers.
fn list(shelves: &Shelves) -> Result<Vec<File>, StoreError> {
    let mut files = Vec::new();
    for shelf in shelves.list(&RealDisk)? {
        let mut here = shelves.files(&RealDisk, shelf)?;
        here.sort_unstable();
        files.extend(here.into_iter().map(|(image, kind)| (shelf, image, kind)));
    }
    Ok(files)
}

fn set_aside(path: &Path) -> u64 {
    let names = RealDisk.list(&path.join(DAMAGED)).unwrap_or_default();
    names.iter().filter(|name| parse(&name.name).is_some()).count() as u64
}

/// The walk through all files, the last shelf first.
struct Walk<'a> {
    root: &'a Path,
    shelves: &'a Shelves,
    verified: Verified,
    /// What has been seen, on a later shelf.
    last: BTreeSet<(ImageId, Kind)>,
}

impl Walk<'_> {
    fn size(&self, &(shelf, image, kind): &File) -> u64 {
        let found = fs::metadata(self.shelves.path(shelf, image, kind));
        found.map_or(0, |found| found.len())
    }

    fn look_at(&mut self, &(shelf, image, kind): &File) {
        let path = self.shelves.path(shelf, image, kind);
        if !self.last.insert((image, kind)) {
            self.tell(image, &path, ProblemReason::Twice);
            return;
        }
        match self.read(&path, image, kind) {
            Ok(()) => {}
            Err(error) if error.is_missing() => {}
            Err(error) => self.tell(image, &path, error.into()),
        }
    }

    fn read(&mut self, path: &Path, image: ImageId, kind: Kind) -> Result<(), RecordError> {
        let cluster = &self.verified.identity.cluster;
        match kind {
            Kind::Tombstone => {
                tombstone::read(&RealDisk, path, cluster, image)?;
                self.verified.tombstones += 1;
            }
            Kind::Record => {
                let reader = RecordReader::open(&RealDisk, path, cluster, image)?;
                let bytes = reader.body_bytes();
                reader.verify()?;
                self.verified.images += 1;
                self.verified.bytes += bytes;
            }
        }
        Ok(())
    }

    fn tell(&mut self, image: ImageId, path: &Path, reason: ProblemReason) {
        let path = path.strip_prefix(self.root).unwrap_or(path).to_owned();
        self.verified.problems.push(Problem { image, path, reason });
    }
}

/// Compares the index with the files, when nobody uses the directory.
fn compare(path: &Path, owner: &Owner, files: &[File]) -> IndexVerdict {
    let Ok(unused) = directory::hold_unused(path) else {
        return IndexVerdict::InUse;
    };
    let differ = differing(&path.join(INDEX), owner, files);
    drop(unused);
    match differ {
        Ok(0) => IndexVerdict::Agrees,
        Ok(differ) => IndexVerdict::Differs(differ),
        Err(IndexError::Database(error)) if is_missing(&error) => IndexVerdict::Missing,
        Err(error) => IndexVerdict::Unusable(error.to_string()),
    }
}

fn is_missing(error: &redb::Error) -> bool {
    matches!(error, redb::Error::Io(error) if error.kind() == io::ErrorKind::NotFound)
}

/// Counts the files about which the index is wrong.
fn differing(path: &Path, owner: &Owner, files: &[File]) -> Result<u64, IndexError> {
    // Opening a database may repair it, and nothing is changed here, so a copy is opened.
    let copy = MemoryFile::new(fs::read(path)?);
    let index = Index::open(Box::new(copy), owner)?;
    let view = index.view()?;
    let mut differing = 0;
    for kind in [Kind::Record, Kind::Tombstone] {
        let mistrusted: BTreeSet<ImageId> = view.mistrusted(kind)?.into_iter().collect();
        let mut there: Vec<(ImageId, Shelf)> = files
            .iter()
            .filter(|(_, image, of)| *of == kind && !mistrusted.contains(image))
            .map(|(shelf, image, _)| (*image, *shelf))
            .collect();
        one_an_id(&mut there);
        let found: Vec<Difference> = differences(&there, view.files(kind)?)?;
        differing += found.len() as u64;
    }
    Ok(differing)
}

/// Says which data directories of nodes stand in a folder: `node-1`, `node-2` …
///
/// # Errors
///
/// When the folder cannot be read.
pub fn nodes_in(folder: &Path) -> io::Result<Vec<NodeId>> {
    let mut nodes = Vec::new();
    for name in RealDisk.list(folder)? {
        let node = name.name.strip_prefix("node-").and_then(|id| id.parse().ok());
        if let Some(node) = node.filter(|_| directory::is_one(&folder.join(&name.name))) {
            nodes.push(node);
        }
    }
    nodes.sort_unstable();
    Ok(nodes)
}
