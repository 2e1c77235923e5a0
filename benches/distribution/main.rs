//! How long a failover takes, as a distribution, and how long etcd takes for the same.
//!
//! ```text
//! cargo bench --bench distribution                          300 rounds of everything; see the progress for how long
//! HEIRLOOM_ROUNDS=10 cargo bench --bench distribution       fewer
//! HEIRLOOM_ETCD_ROUNDS=0 …                                  how many of them etcd has; 0 is no etcd
//! HEIRLOOM_KINDS=kill,freeze,cut,stop …                     what is done to leaders
//! HEIRLOOM_TIMINGS=fast,seed …                              under which presets; else fast, and seed for kill
//! ```
//!
//! A round is a cluster of three real processes that is whole, a strike at its leader, what is seen of
//! the failover, and the leader's return. Every moment is measured from just before the strike, on the one
//! clock of this process:
//!
//! | moment       | Heirloom                                             | etcd |
//! | ------------ | ---------------------------------------------------- | ---- |
//! | detected     | a survivor's first event that the leader is gone     |      |
//! | elected      | a survivor's first event that there is a new one     |      |
//! | told         | a client asks both survivors every millisecond (`status`), and one that follows or serves names another leader | the same by `/v3/maintenance/status` |
//! | acknowledged | the project's own client offers 4 KiB right after the strike | a put to whoever told first; tried from then on, so etcd loses no time by asking too early |
//!
//! Contestants take turns in blocks of ten rounds, each block on a fresh cluster: one that merely idles
//! beside the one measured has heartbeats of its own, and at ten milliseconds they cost a core a lot. All keep their
//! data in the folder for temporary files. etcd is Debian's `etcd-server`; where there is none, only ours is measured.
//!
//! No round is left out. One that takes longer than thirty seconds ends the run with what was seen; leaders
//! that change when nobody struck them are counted and printed, apart from those that one which came back has upset.

mod asker;
mod contestant;
mod etcd;
mod events;
mod figures;
#[path = "../../tests/it/harness.rs"]
#[expect(dead_code, reason = "the tests use the rest")]
mod harness;
mod heirloom_cluster;
mod kind;
mod plan;
mod progress;
mod race;
mod report;
mod round;
mod uploader;

use std::time::Instant;

use contestant::Contestant;
use figures::Figures;
use kind::Kind;
use plan::Plan;
use progress::Progress;

fn main() {
    let plan = Plan::of_environment();
    let mut progress = Progress::begin(&plan);
    for &kind in plan.kinds() {
        report::print(kind, &measure(&plan, kind, &mut progress));
    }
}

/// Lets everybody take turns until all rounds of a kind are done.
fn measure(plan: &Plan, kind: Kind, progress: &mut Progress) -> Vec<(Contestant, Figures)> {
    let contestants = plan.contestants(kind).into_iter();
    let mut measured: Vec<_> = contestants.map(|one| (one, Figures::default())).collect();
    for block in 0..plan.blocks() {
        for (contestant, figures) in &mut measured {
            let (began, rounds) = (Instant::now(), plan.share(*contestant, block));
            play(*contestant, kind, rounds, figures);
            progress.done(kind, *contestant, rounds, began.elapsed());
        }
    }
    measured
}

/// Plays so many rounds on a fresh cluster.
fn play(contestant: Contestant, kind: Kind, rounds: usize, figures: &mut Figures) {
    if rounds == 0 {
        return;
    }
    let mut cluster = contestant.start(kind);
    let mut reign = cluster.settle();
    for _ in 0..rounds {
        let (round, next) = round::round(cluster.as_mut(), kind, reign);
        figures.add(round);
        reign = next;
    }
}
