//! What is printed: a table a contestant, and how many times longer the others took.

use std::time::Duration;

use crate::contestant::Contestant;
use crate::etcd::Setting;
use crate::figures::Figures;
use crate::kind::Kind;
use crate::race::Mark;

/// The columns, in percent.
const COLUMNS: [(&str, usize); 4] = [("p50", 50), ("p90", 90), ("p99", 99), ("max", 100)];

/// What the tables compare: the moments that every contestant has.
const COMPARED: [Mark; 2] = [Mark::Told, Mark::Acknowledged];

/// The most that noticing a silent leader may take, in detection times.
const DETECTION_GOAL: f64 = 1.3;

/// Prints the tables of a kind, then the ratios.
pub(crate) fn print(kind: Kind, measured: &[(Contestant, Figures)]) {
    for (contestant, figures) in measured {
        table(kind, *contestant, figures);
    }
    for (ours, figures) in measured {
        if let Contestant::Heirloom(_) = ours {
            ratios(kind, *ours, figures, measured);
        }
    }
    println!();
}

fn table(kind: Kind, contestant: Contestant, figures: &Figures) {
    println!("\n{kind}, {contestant}, {} rounds, ms", figures.rounds);
    print!("  {:<14}", "");
    println!("{}", row(|(name, _)| format!("{name:>10}")));
    for mark in figures.marks() {
        print!("  {mark:<14}");
        println!(
            "{}",
            row(|(_, percent)| format!("{:>10.2}", millis(figures, mark, percent)))
        );
    }
    if let Some(detection) = contestant.detection_time(kind) {
        in_detection_times(detection, figures);
    }
    println!(
        "  terms beyond one a failover: {}; leaders or terms that changed again when the struck one came back: {}, \
         while nothing was done: {}",
        figures.more_terms, figures.upset, figures.unasked
    );
}

/// Puts a cell a column beside each other.
fn row(cell: impl FnMut((&str, usize)) -> String) -> String {
    COLUMNS.map(cell).concat()
}

fn in_detection_times(detection: Duration, figures: &Figures) {
    println!("  in detection times of {detection:?}; the goal is at most {DETECTION_GOAL}:");
    for mark in [Mark::Detected, Mark::Told] {
        let ratio = |percent| millis(figures, mark, percent) / (detection.as_secs_f64() * 1e3);
        println!("    {mark:<12} p50 {:.2}  max {:.2}", ratio(50), ratio(100));
    }
}

/// Prints how many times as long everybody else took as one of ours.
fn ratios(kind: Kind, ours: Contestant, figures: &Figures, measured: &[(Contestant, Figures)]) {
    for (contestant, theirs) in measured {
        let Contestant::Etcd(setting) = contestant else {
            continue;
        };
        println!("\n{kind}, {contestant} : {ours}{}", goal(kind, *setting));
        for mark in COMPARED {
            let ratio = |percent| millis(theirs, mark, percent) / millis(figures, mark, percent);
            println!("  {mark:<14} p50 {:>8.1}  p99 {:>8.1}", ratio(50), ratio(99));
        }
    }
}

/// Says how many times as fast we want to be.
fn goal(kind: Kind, setting: Setting) -> &'static str {
    match (kind, setting) {
        (Kind::Kill, Setting::Default) => "; the goal is at least 100",
        (Kind::Kill, Setting::Fast) => "; the goal is at least 5",
        (Kind::Freeze | Kind::Cut | Kind::Stop, _) => "",
    }
}

fn millis(figures: &Figures, mark: Mark, percent: usize) -> f64 {
    let time = figures.percentile(mark, percent).unwrap_or_default();
    time.as_secs_f64() * 1e3
}
