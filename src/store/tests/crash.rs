//! What the store has said survives a crash at every single operation, and a failure of each.
//!
//! A script of uploads, deletes, repairs and index syncs runs on a simulated disk that crashes
//! before its n-th operation, for every n, and comes back by several seeds: without all, with all,
//! or with some of what was not synced. Then [`words::check`] compares what the next start finds
//! with what the store had said. Stores that break one rule on purpose must be caught by it.

mod words;

use std::io;

use super::super::mutation::Mutation;
use super::*;
use words::{Words, body, check};

/// How many ways each crash is survived in a plain `cargo test`.
const SEEDS: u64 = 4;

/// What is done to the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Keep(u8),
    Bury(u8),
    /// The record is damaged, found out and set aside.
    SetAside(u8),
}

/// Everything that can happen to images, in one go; the index is synced every third item.
const SCRIPT: &[Step] = &[
    Step::Keep(1),
    Step::Keep(2),
    Step::Keep(3),
    Step::Bury(2),
    Step::SetAside(3),
    Step::Keep(3),
    Step::Bury(9),
    Step::Keep(4),
    Step::SetAside(4),
    Step::Bury(4),
    Step::Keep(5),
];

fn options(mutation: Option<Mutation>) -> Options {
    Options {
        files_per_shelf: 3,
        index_sync_items: 3,
        // Nothing happens by time, so that a run can be repeated.
        index_sync_after: std::time::Duration::from_hours(1),
        mutation,
        ..Options::default()
    }
}

/// Runs a script until it ends or the machine crashes; keeps a record of what the store says.
fn run(disk: &SimulatedDisk, script: &[Step], options: Options, words: &mut Words) {
    let Ok(store) = try_open(disk, options) else {
        return;
    };
    for step in script {
        if disk.has_crashed() {
            break;
        }
        words.asked(*step);
        if take(&store, disk, *step) {
            words.done(*step);
        }
    }
}

/// Takes one step; says whether the store acknowledged it.
fn take(store: &Store, disk: &SimulatedDisk, step: Step) -> bool {
    match step {
        Step::Keep(number) => keep(store, number.into(), &body(number)).is_ok(),
        Step::Bury(number) => store.bury(&tombstone(number.into())).is_ok(),
        Step::SetAside(number) => {
            let known = store.inner.core.known(image(number.into()));
            if let Ok(Known::Kept(shelf, _)) = known {
                let path = (store.inner.core.shelves).path(shelf, image(number.into()), Kind::Record);
                disk.flip(&path, 300);
            }
            set_aside(store, image(number.into())).is_ok()
        }
    }
}

/// Counts the operations of a script that nothing goes wrong with.
fn operations(script: &[Step], options: Options) -> u64 {
    let disk = SimulatedDisk::new(data());
    let mut words = Words::default();
    run(&disk, script, options, &mut words);
    let operations = disk.operations();
    check(&disk, &words).expect("as it should be when nothing goes wrong");
    operations
}

/// Crashes before every operation of the script; returns the first word that was broken.
fn crash_everywhere(mutation: Option<Mutation>) -> Result<(), String> {
    let total = operations(SCRIPT, options(None));
    for operation in 0..=total {
        let disk = SimulatedDisk::new(data());
        disk.crash_before(operation);
        let mut words = Words::default();
        run(&disk, SCRIPT, options(mutation), &mut words);
        for seed in 0..SEEDS {
            let found = check(&disk.after_crash(seed), &words);
            found.map_err(|broken| format!("crash before {operation}, seed {seed}: {broken}"))?;
        }
    }
    Ok(())
}

#[test]
fn a_crash_before_any_operation_breaks_no_word() {
    crash_everywhere(None).expect("every word kept");
}

#[test]
fn every_rule_that_is_broken_on_purpose_is_caught() {
    for mutation in [
        Mutation::NoRecordSync,
        Mutation::NoDirectorySync,
        Mutation::NameBeforeSync,
        Mutation::AcknowledgeBeforeDirectorySync,
        Mutation::UnlinkBeforeTombstone,
    ] {
        let broken = crash_everywhere(Some(mutation));
        broken.expect_err(&format!("{mutation:?} must be caught"));
    }
}

#[test]
fn lives_of_random_steps_that_all_end_in_a_crash_break_no_word() {
    let seeds = std::env::var("HEIRLOOM_SEEDS").map_or(40, |seeds| seeds.parse().expect("a number"));
    for seed in 0..seeds {
        let mut rng = fastrand::Rng::with_seed(seed);
        let mut disk = SimulatedDisk::new(data());
        let mut words = Words::default();
        for life in 0..4 {
            let script: Vec<Step> = (0..rng.usize(1..16)).map(|_| random_step(&mut rng)).collect();
            let options = Options {
                files_per_shelf: rng.usize(1..5),
                index_sync_items: rng.usize(1..6),
                ..options(None)
            };
            // A start alone takes a dozen operations, so this ends in starts as well.
            disk.crash_before(rng.u64(..200));
            run(&disk, &script, options, &mut words);
            disk = disk.after_crash(rng.u64(..));
            words = check(&disk, &words)
                .unwrap_or_else(|broken| panic!("seed {seed}, life {life}, {script:?}: {broken}"));
            disk = disk.after_crash(0);
        }
    }
}

fn random_step(rng: &mut fastrand::Rng) -> Step {
    let number = rng.u8(1..8);
    match rng.u8(..6) {
        0 => Step::Bury(number),
        1 => Step::SetAside(number),
        _ => Step::Keep(number),
    }
}

#[test]
fn a_failure_of_any_operation_breaks_no_word() {
    let total = operations(SCRIPT, options(None));
    let faults = [io::ErrorKind::Other, io::ErrorKind::StorageFull].map(Fault::Tear);
    for (operation, fault) in (0..total).flat_map(|operation| faults.map(|fault| (operation, fault))) {
        let disk = SimulatedDisk::new(data());
        disk.break_at(operation, fault);
        let mut words = Words::default();
        run(&disk, SCRIPT, options(None), &mut words);
        let seed = operation;
        for after in [disk.clone(), disk.after_crash(seed)] {
            check(&after, &words).unwrap_or_else(|broken| panic!("{fault:?} of {operation}: {broken}"));
        }
    }
}

#[test]
fn a_disk_that_is_full_from_any_operation_on_breaks_no_word() {
    let total = operations(SCRIPT, options(None));
    for operation in 0..total {
        let disk = SimulatedDisk::new(data());
        disk.full_from(Some(operation));
        let mut words = Words::default();
        run(&disk, SCRIPT, options(None), &mut words);
        let crashed = disk.after_crash(operation);
        disk.full_from(None);
        for after in [disk, crashed] {
            check(&after, &words).unwrap_or_else(|broken| panic!("full from {operation}: {broken}"));
        }
    }
}
