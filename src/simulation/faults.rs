//! Random faults, drawn from the seed.

use std::time::Duration;

use super::Step;
use crate::config::Timing;
use crate::id::NodeId;

/// Draws one fault of a cluster of `nodes`.
pub(super) fn draw(rng: &mut fastrand::Rng, nodes: u16, timing: &Timing) -> Step {
    let node = any_node(rng, nodes);
    let other = other_node(rng, nodes, node);
    match rng.u8(0..100) {
        0..20 => Step::Crash(node),
        20..27 => Step::CrashAndLoseDisk(node),
        27..34 => Step::Stop(node),
        34..50 => Step::Freeze(node, span(rng, timing)),
        50..54 => Step::StallClock(node, timing.heartbeat_timeout.mul_f64(0.4 * rng.f64())),
        54..66 => Step::Cut(node, other, span(rng, timing)),
        66..80 => Step::Partition(any_group(rng, nodes), span(rng, timing)),
        80..86 => Step::Lose(0.3 * rng.f64(), span(rng, timing)),
        86..92 => Step::Delay(Duration::from_millis(rng.u64(1..120)), span(rng, timing)),
        92..96 => Step::Duplicate(rng.f64(), span(rng, timing)),
        _ => Step::CrashAllBut(node),
    }
}

/// Draws how long a fault lasts: often short, sometimes several detection times.
fn span(rng: &mut fastrand::Rng, timing: &Timing) -> Duration {
    let longest = timing.promise().mul_f64(3.0);
    longest.mul_f64(rng.f64() * rng.f64())
}

/// Draws how long a node stays down.
pub(super) fn downtime(rng: &mut fastrand::Rng, timing: &Timing) -> Duration {
    if rng.bool() {
        Duration::from_micros(rng.u64(200..50_000))
    } else {
        timing.promise().mul_f64(2.0 * rng.f64())
    }
}

fn any_node(rng: &mut fastrand::Rng, nodes: u16) -> NodeId {
    NodeId::new(rng.u16(1..=nodes)).unwrap_or_else(|| unreachable!("numbered from 1"))
}

fn other_node(rng: &mut fastrand::Rng, nodes: u16, node: NodeId) -> NodeId {
    loop {
        let other = any_node(rng, nodes);
        if other != node || nodes == 1 {
            return other;
        }
    }
}

fn any_group(rng: &mut fastrand::Rng, nodes: u16) -> Vec<NodeId> {
    (1..=nodes)
        .filter_map(NodeId::new)
        .filter(|_| rng.bool())
        .collect()
}
