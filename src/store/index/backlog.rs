//! What the disk had no room for: pages of the index, in memory until it has.
//!
//! A database that meets a full disk answers nothing any more until it is opened anew, and the index
//! is only a hint: so the database is told that all went well. While anything waits here nothing
//! else is written, and the file stays as it was when the disk filled up. A crash loses what waits;
//! the next start finds the file behind the shelves, or garbled, and mends it or makes it anew.
//!
//! Owns these pages and how reads see them. A sync that finds no room is no case of this: what it
//! should have brought to the disk is lost.

use std::collections::BTreeMap;
use std::io;

use crate::store::disk::{DiskFile, read_exact_at};
use crate::store::error::is_full;

/// The bytes of a page here; those of the database are as long or a multiple of it.
const PAGE_BYTES: usize = 4096;

/// The most bytes that wait; the store takes nothing more long before that.
const WAITING_BYTES_MAX: u64 = 16 * 1024 * 1024;

type Page = Box<[u8; PAGE_BYTES]>;

/// The pages that wait, and how long the file should be.
#[derive(Debug, Default)]
pub(super) struct Backlog {
    pages: BTreeMap<u64, Page>,
    /// There while anything waits.
    len: Option<u64>,
}

impl Backlog {
    /// Returns how many bytes wait; `None` when nothing does.
    pub(super) fn bytes(&self) -> Option<u64> {
        self.len.map(|_| (self.pages.len() * PAGE_BYTES) as u64)
    }

    /// Returns the length of the file as the database knows it.
    pub(super) fn len(&self, file: &dyn DiskFile) -> io::Result<u64> {
        self.len.map_or_else(|| file.len(), Ok)
    }

    /// Sets the length of the file, or remembers it.
    pub(super) fn set_len(&mut self, file: &dyn DiskFile, len: u64) -> io::Result<()> {
        if self.len.is_none() {
            match file.set_len(len) {
                Err(error) if is_full(&error) => {}
                done => return done,
            }
        }
        self.len = Some(len);
        self.pages.retain(|&page, _| page * (PAGE_BYTES as u64) < len);
        Ok(())
    }

    /// Writes to the file, or remembers what it does not take.
    pub(super) fn write(&mut self, file: &dyn DiskFile, offset: u64, data: &[u8]) -> io::Result<()> {
        if self.len.is_none() {
            match file.write_all_at(data, offset) {
                Err(error) if is_full(&error) => self.len = Some(file.len()?),
                done => return done,
            }
        }
        let mut done = 0;
        while done < data.len() {
            let (number, within) = place(offset + done as u64);
            let part = (PAGE_BYTES - within).min(data.len() - done);
            let page = self.page(file, number)?;
            page[within..within + part].copy_from_slice(&data[done..done + part]);
            done += part;
        }
        self.len = self.len.max(Some(offset + data.len() as u64));
        Ok(())
    }

    /// Returns a page that waits, made from the file when none does.
    fn page(&mut self, file: &dyn DiskFile, number: u64) -> io::Result<&mut Page> {
        if !self.pages.contains_key(&number) && self.bytes() >= Some(WAITING_BYTES_MAX) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        match self.pages.entry(number) {
            std::collections::btree_map::Entry::Occupied(waiting) => Ok(waiting.into_mut()),
            std::collections::btree_map::Entry::Vacant(none) => {
                let mut page = Box::new([0; PAGE_BYTES]);
                read_there(file, &mut page[..], number * PAGE_BYTES as u64)?;
                Ok(none.insert(page))
            }
        }
    }

    /// Reads what waits, and the rest from the file.
    pub(super) fn read(&self, file: &dyn DiskFile, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let Some(len) = self.len else {
            return read_exact_at(file, out, offset);
        };
        if offset + out.len() as u64 > len {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let mut done = 0;
        while done < out.len() {
            let at = offset + done as u64;
            let (number, within) = place(at);
            let part = (PAGE_BYTES - within).min(out.len() - done);
            let piece = &mut out[done..done + part];
            match self.pages.get(&number) {
                Some(page) => piece.copy_from_slice(&page[within..within + part]),
                None => read_there(file, piece, at)?,
            }
            done += part;
        }
        Ok(())
    }

    /// Writes all that waits; says whether there was room for it.
    pub(super) fn catch_up(&mut self, file: &dyn DiskFile) -> io::Result<bool> {
        let Some(len) = self.len else {
            return Ok(true);
        };
        let mut written = file.set_len(len);
        for (&number, page) in &self.pages {
            let offset = number * PAGE_BYTES as u64;
            // The last page may reach beyond the end.
            let bytes = usize::try_from(len - offset).map_or(PAGE_BYTES, |rest| rest.min(PAGE_BYTES));
            written = written.and_then(|()| file.write_all_at(&page[..bytes], offset));
        }
        match written {
            Ok(()) => {
                *self = Self::default();
                Ok(true)
            }
            Err(error) if is_full(&error) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

/// Returns the number of the page that holds a byte, and where in it the byte is.
fn place(offset: u64) -> (u64, usize) {
    let page = PAGE_BYTES as u64;
    // A remainder is less than a page.
    (offset / page, usize::try_from(offset % page).unwrap_or(0))
}

/// Reads what the file has there; zeros beyond its end.
fn read_there(file: &dyn DiskFile, out: &mut [u8], offset: u64) -> io::Result<()> {
    let there = file.len()?.saturating_sub(offset);
    let there = usize::try_from(there).map_or(out.len(), |there| there.min(out.len()));
    let (there, beyond) = out.split_at_mut(there);
    beyond.fill(0);
    read_exact_at(file, there, offset)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::store::disk::Disk;
    use crate::store::disk::simulated::SimulatedDisk;

    #[test]
    fn what_a_full_disk_does_not_take_reads_back_and_is_written_once_there_is_room() {
        let disk = SimulatedDisk::new(Path::new("/data"));
        let path = Path::new("/data/index");
        let file = disk.create(path).expect("created");
        let mut backlog = Backlog::default();
        let mut rng = fastrand::Rng::with_seed(3);
        let mut expected = vec![0; 40_000];
        backlog.set_len(&*file, 40_000).expect("room");
        for round in 0..300 {
            disk.full_from((100..200).contains(&round).then_some(0));
            let at = rng.usize(..39_000);
            let data: Vec<u8> = (0..rng.usize(1..1000)).map(|_| rng.u8(..)).collect();
            backlog.write(&*file, at as u64, &data).expect("taken");
            expected[at..at + data.len()].copy_from_slice(&data);
            let mut read = vec![0; 40_000];
            backlog.read(&*file, 0, &mut read).expect("readable");
            assert!(read == expected, "round {round}");
            let caught_up = backlog.catch_up(&*file).expect("full at worst");
            assert_eq!(caught_up, !(100..200).contains(&round));
        }
        assert_eq!(backlog.bytes(), None);
        assert!(disk.content(path).expect("there") == expected);
    }

    #[test]
    fn a_file_that_shrinks_and_grows_while_the_disk_is_full_has_zeros_at_its_end() {
        let disk = SimulatedDisk::new(Path::new("/data"));
        let file = disk.create(Path::new("/data/index")).expect("created");
        let mut backlog = Backlog::default();
        backlog.set_len(&*file, 5000).expect("room");
        disk.full_from(Some(0));
        backlog.write(&*file, 4090, &[7; 100]).expect("taken");
        backlog.set_len(&*file, 20_000).expect("taken");
        assert_eq!(backlog.len(&*file).expect("known"), 20_000);
        let mut read = vec![1; 20_000];
        backlog.read(&*file, 0, &mut read).expect("readable");
        assert!(read[4090..4190].iter().all(|&byte| byte == 7));
        assert!(read[4190..].iter().all(|&byte| byte == 0));
        disk.full_from(None);
        assert!(backlog.catch_up(&*file).expect("room"));
        assert_eq!(file.len().expect("known"), 20_000);
    }
}
