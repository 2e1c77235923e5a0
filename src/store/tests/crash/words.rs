//! What the store has said about images, and whether the next start finds it so.

use std::collections::BTreeMap;

use super::super::super::books::Tally;
use super::super::super::index::{Toggle, Turn};
use super::super::*;
use super::Step;

/// What the store has said about one image.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Word {
    /// Nothing.
    #[default]
    Unknown,
    /// It was asked to keep it and has not said yes.
    PerhapsKept,
    Kept,
    /// Its record is damaged, and no new one has been acknowledged.
    Damaged,
    /// It was asked to bury what it had kept, or had not, and has not said yes.
    PerhapsBuried {
        kept: bool,
    },
    Buried,
}

/// What the store has said.
#[derive(Debug, Clone, Default)]
pub(super) struct Words {
    images: BTreeMap<u8, Word>,
}

/// The body of an image: several writes long, and different for each.
pub(super) fn body(number: u8) -> Vec<u8> {
    (0..=255).cycle().skip(number.into()).take(1200).collect()
}

impl Words {
    fn word(&mut self, step: Step) -> &mut Word {
        let (Step::Keep(number) | Step::Bury(number) | Step::SetAside(number)) = step;
        self.images.entry(number).or_default()
    }

    /// The store is asked to take a step.
    pub(super) fn asked(&mut self, step: Step) {
        let word = self.word(step);
        *word = match (step, *word) {
            (Step::Keep(_), Word::Unknown) => Word::PerhapsKept,
            (Step::SetAside(_), Word::Kept | Word::PerhapsKept) => Word::Damaged,
            (Step::Bury(_), Word::Buried) => Word::Buried,
            (Step::Bury(_), word) => Word::PerhapsBuried {
                kept: word == Word::Kept || word == Word::PerhapsBuried { kept: true },
            },
            (Step::Keep(_) | Step::SetAside(_), word) => word,
        };
    }

    /// The store has said yes.
    pub(super) fn done(&mut self, step: Step) {
        let word = self.word(step);
        *word = match step {
            Step::Keep(_) => Word::Kept,
            Step::Bury(_) => Word::Buried,
            Step::SetAside(_) => *word,
        };
    }
}

/// How an image is found.
#[derive(Debug, PartialEq, Eq)]
enum Found {
    Absent,
    Whole,
    Damaged(String),
    Buried,
}

/// Starts a store on what a crash has left, and compares; returns what is certain from now on.
pub(super) fn check(disk: &SimulatedDisk, words: &Words) -> Result<Words, String> {
    let store = try_open(disk, Options::default()).map_err(|error| format!("no start: {error}"))?;
    let mut certain = Words::default();
    for (&number, &word) in &words.images {
        let found = find(&store, number).map_err(|error| error.to_string())?;
        let now = judge(word, &found).ok_or_else(|| format!("image {number} is {found:?}, said {word:?}"))?;
        if now == Word::Buried {
            gone_for_ever(&store, disk, number)?;
        }
        certain.images.insert(number, now);
    }
    agrees_with_itself(&store)?;
    goes_on(&store)?;
    Ok(certain)
}

fn find(store: &Store, number: u8) -> Result<Found, StoreError> {
    if let Known::Buried(..) = store.inner.core.known(image(number.into()))? {
        return Ok(Found::Buried);
    }
    let reader = match store.open_record(image(number.into())) {
        Ok(Some(reader)) => reader,
        Ok(None) => return Ok(Found::Absent),
        Err(error) => return Ok(Found::Damaged(error.to_string())),
    };
    Ok(match reader.verify() {
        Ok(digest) if digest == Digest::of(&body(number)) => Found::Whole,
        Ok(_) => Found::Damaged("another body".to_owned()),
        Err(error) => Found::Damaged(error.to_string()),
    })
}

/// Says what is certain now; none when a word was broken.
fn judge(word: Word, found: &Found) -> Option<Word> {
    match (word, found) {
        (
            Word::Unknown | Word::PerhapsKept | Word::Damaged | Word::PerhapsBuried { kept: false },
            Found::Absent,
        ) => Some(Word::Unknown),
        (Word::PerhapsKept | Word::Kept | Word::Damaged | Word::PerhapsBuried { .. }, Found::Whole) => {
            Some(Word::Kept)
        }
        // Its old record may be back until the sync that took it away.
        (Word::Damaged | Word::PerhapsBuried { kept: false }, Found::Damaged(_)) => Some(Word::Damaged),
        (Word::PerhapsBuried { .. } | Word::Buried, Found::Buried) => Some(Word::Buried),
        _ => None,
    }
}

/// Checks that a buried image has no record and gets none.
fn gone_for_ever(store: &Store, disk: &SimulatedDisk, number: u8) -> Result<(), String> {
    let id = image(number.into());
    let core = &store.inner.core;
    for shelf in core.shelves.list(disk).map_err(|error| error.to_string())? {
        if disk
            .content(&core.shelves.path(shelf, id, Kind::Record))
            .is_some()
        {
            return Err(format!("image {number} is buried, and its record is still there"));
        }
    }
    match store.begin(header(number.into()), 1) {
        Err(StoreError::Buried(_)) => Ok(()),
        taken => Err(format!("image {number} is buried, and taken again: {taken:?}")),
    }
}

/// Checks that digests and counts are those of what is in the buckets.
fn agrees_with_itself(store: &Store) -> Result<(), String> {
    let mut tally = Tally::default();
    for bucket in 0..=u8::MAX {
        let items = store.bucket(bucket).map_err(|error| error.to_string())?;
        for item in items {
            let kind = match item {
                CatalogueItem::Entry(_) => Kind::Record,
                CatalogueItem::Tombstone(_) => Kind::Tombstone,
            };
            tally.toggle(Toggle {
                image: item.image(),
                kind,
                turn: Turn::Appeared,
            });
        }
    }
    let listed = store
        .list(&header(1).user, None, usize::MAX)
        .map_err(|error| error.to_string())?;
    if tally.summary(true) != store.summary() || listed.len() as u64 != tally.images {
        return Err("the summary, the list and the buckets differ".to_owned());
    }
    Ok(())
}

/// Checks that the store takes and buries images as if nothing had been.
fn goes_on(store: &Store) -> Result<(), String> {
    let number = 200;
    let went_on = (|| {
        keep(store, number, b"new")?;
        store.bury(&tombstone(number))
    })();
    match went_on {
        Ok(()) | Err(StoreError::Buried(_)) => Ok(()),
        Err(error) => Err(format!("it does not go on: {error}")),
    }
}
