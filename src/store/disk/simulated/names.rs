//! Directories: the names as they read now, and as they would after a crash.

use std::collections::BTreeMap;
use std::io;

use fastrand::Rng;

use super::content::Content;
use crate::store::disk::Name;

/// The number of a file or a directory.
pub(super) type Node = usize;

/// How kind a crash is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Survival {
    /// What was not synced is gone.
    Nothing,
    /// What was not synced happens to be there.
    Everything,
    /// Some of it is there.
    Mixed,
}

impl Survival {
    fn draw(rng: &mut Rng) -> Self {
        match rng.u8(..4) {
            0 => Self::Nothing,
            1 => Self::Everything,
            _ => Self::Mixed,
        }
    }

    /// Draws whether one change survives whole.
    pub(super) fn decides(self, rng: &mut Rng) -> bool {
        match self {
            Self::Nothing => false,
            Self::Everything => true,
            Self::Mixed => rng.bool(),
        }
    }
}

#[derive(Debug)]
enum Inode {
    File(Content),
    Directory(Directory),
}

#[derive(Debug, Default)]
struct Directory {
    now: BTreeMap<String, Node>,
    synced: BTreeMap<String, Node>,
}

/// A change of one name since its directory was synced.
#[derive(Debug, Clone)]
struct Unsynced {
    directory: Node,
    name: String,
    /// What the name leads to from then on.
    to: Option<Node>,
    /// The number of the rename that it is one half of.
    rename: Option<usize>,
}

/// All files and directories of a disk.
#[derive(Debug)]
pub(super) struct Tree {
    inodes: Vec<Inode>,
    unsynced: Vec<Unsynced>,
    renames: usize,
}

impl Tree {
    /// The directory that holds everything; it is always there.
    pub(super) const ROOT: Node = 0;

    pub(super) fn new() -> Self {
        Self {
            inodes: vec![Inode::Directory(Directory::default())],
            unsynced: Vec::new(),
            renames: 0,
        }
    }

    pub(super) fn lookup(&self, directory: Node, name: &str) -> io::Result<Node> {
        let found = self.directory(directory)?.now.get(name).copied();
        found.ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    pub(super) fn list(&self, directory: Node) -> io::Result<Vec<Name>> {
        let names = self.directory(directory)?.now.iter();
        let named = names.map(|(name, node)| Name {
            name: name.clone(),
            is_directory: matches!(self.inodes[*node], Inode::Directory(_)),
        });
        Ok(named.collect())
    }

    pub(super) fn file_mut(&mut self, node: Node) -> io::Result<&mut Content> {
        match &mut self.inodes[node] {
            Inode::File(content) => Ok(content),
            Inode::Directory(_) => Err(io::ErrorKind::IsADirectory.into()),
        }
    }

    fn directory(&self, node: Node) -> io::Result<&Directory> {
        match &self.inodes[node] {
            Inode::Directory(directory) => Ok(directory),
            Inode::File(_) => Err(io::ErrorKind::NotADirectory.into()),
        }
    }

    fn directory_mut(&mut self, node: Node) -> &mut Directory {
        match &mut self.inodes[node] {
            Inode::Directory(directory) => directory,
            Inode::File(_) => panic!("a file has no names in it"),
        }
    }

    pub(super) fn create_file(&mut self, parent: Node, name: &str) -> Node {
        self.create(parent, name, Inode::File(Content::default()))
    }

    pub(super) fn create_directory(&mut self, parent: Node, name: &str) -> Node {
        self.create(parent, name, Inode::Directory(Directory::default()))
    }

    fn create(&mut self, parent: Node, name: &str, inode: Inode) -> Node {
        let node = self.inodes.len();
        self.inodes.push(inode);
        self.name(parent, name, Some(node), None);
        node
    }

    pub(super) fn remove(&mut self, parent: Node, name: &str) {
        self.name(parent, name, None, None);
    }

    pub(super) fn rename(&mut self, from: &(Node, String), to: &(Node, String)) -> io::Result<()> {
        let node = self.lookup(from.0, &from.1)?;
        let rename = Some(self.renames);
        self.renames += 1;
        self.name(to.0, &to.1, Some(node), rename);
        self.name(from.0, &from.1, None, rename);
        Ok(())
    }

    fn name(&mut self, directory: Node, name: &str, to: Option<Node>, rename: Option<usize>) {
        let change = Unsynced {
            directory,
            name: name.to_owned(),
            to,
            rename,
        };
        set(&mut self.directory_mut(directory).now, &change);
        self.unsynced.push(change);
    }

    /// Syncs the names in a directory.
    pub(super) fn sync(&mut self, directory: Node) {
        let (synced, rest): (Vec<_>, Vec<_>) = std::mem::take(&mut self.unsynced)
            .into_iter()
            .partition(|change| change.directory == directory);
        self.unsynced = rest;
        for change in &synced {
            set(&mut self.directory_mut(directory).synced, change);
        }
        // A name that is surely gone from here is surely where it was moved to.
        for gone in synced.iter().filter(|change| change.to.is_none()) {
            self.sync_other_half(gone.rename);
        }
    }

    fn sync_other_half(&mut self, rename: Option<usize>) {
        let other = |change: &Unsynced| rename.is_some() && change.rename == rename;
        if let Some(at) = self.unsynced.iter().position(other) {
            let change = self.unsynced.remove(at);
            set(&mut self.directory_mut(change.directory).synced, &change);
        }
    }

    /// Returns the disk as the next machine finds it.
    pub(super) fn after_crash(&self, rng: &mut Rng) -> Self {
        let survival = Survival::draw(rng);
        let mut synced: Vec<BTreeMap<String, Node>> = self.inodes.iter().map(Inode::synced).collect();
        let mut gone = Vec::new();
        let kept: Vec<bool> = (self.unsynced.iter())
            .map(|change| {
                let kept = survival.decides(rng);
                if kept && change.to.is_none() {
                    gone.extend(change.rename);
                }
                kept
            })
            .collect();
        for (change, kept) in self.unsynced.iter().zip(kept) {
            // Of a rename at least one name is there.
            let needed = change.to.is_some() && change.rename.is_some_and(|rename| gone.contains(&rename));
            if kept || needed {
                set(&mut synced[change.directory], change);
            }
        }
        let mut inodes = Vec::new();
        for (inode, synced) in self.inodes.iter().zip(synced) {
            inodes.push(match inode {
                Inode::File(content) => Inode::File(content.after_crash(survival, rng)),
                Inode::Directory(_) => Inode::Directory(Directory {
                    now: synced.clone(),
                    synced,
                }),
            });
        }
        Self {
            inodes,
            unsynced: Vec::new(),
            renames: 0,
        }
    }
}

impl Inode {
    fn synced(&self) -> BTreeMap<String, Node> {
        match self {
            Self::File(_) => BTreeMap::new(),
            Self::Directory(directory) => directory.synced.clone(),
        }
    }
}

fn set(names: &mut BTreeMap<String, Node>, change: &Unsynced) {
    match change.to {
        Some(node) => names.insert(change.name.clone(), node),
        None => names.remove(&change.name),
    };
}
