//! What simulations found, for programs.

use serde_json::{Map, Value, json};

use super::figures::{Figures, Found, Spans};
use super::plan::Plan;
use crate::simulation::{GapKind, INVARIANTS};

/// Makes the object that `--json` prints.
pub(super) fn object(plan: &Plan, found: &Found) -> Value {
    let violation = found.violation.as_ref().map(|violated| {
        json!({
            "seed": violated.seed,
            "what": violated.what,
            "replay": violated.replay,
            "trace": violated.trace,
        })
    });
    json!({
        "seed": plan.seed,
        "faults": plan.faults.names(),
        "duration_s": plan.duration.as_secs_f64(),
        "quorum": plan.quorum(),
        "timing": {
            "heartbeat_s": plan.timing.heartbeat_interval.as_secs_f64(),
            "heartbeat_timeout_s": plan.timing.heartbeat_timeout.as_secs_f64(),
            "takeover_after_s": plan.timing.takeover_after.as_secs_f64(),
        },
        "interrupted": found.interrupted,
        "violation": violation,
        "sizes": found.sizes.iter().map(size).collect::<Vec<_>>(),
    })
}

fn size(figures: &Figures) -> Value {
    let counters = &figures.counters;
    let messages = figures.messages_per_election().map(|kinds| {
        let kinds = kinds
            .into_iter()
            .map(|(name, count)| (name.to_owned(), json!(count)));
        let mut kinds: Map<String, Value> = kinds.collect();
        kinds.insert("total".to_owned(), json!(figures.all_messages_per_election()));
        kinds
    });
    json!({
        "nodes": figures.nodes,
        "runs": figures.runs,
        "virtual_s": counters.duration.as_secs_f64(),
        "elections": counters.elections,
        "leader_changes": counters.leader_changes,
        "without_leader": figures.without_leader(),
        "messages_per_election": messages,
        "messages_per_second": figures.messages_per_second(),
        "steps": counters.steps,
        "invariants": INVARIANTS,
        "first_leader": spans(figures.spans(GapKind::Start)),
        "failover": spans(figures.spans(GapKind::Failover)),
        "handover": spans(figures.spans(GapKind::Handover)),
        "pause": spans(figures.spans(GapKind::Pause)),
    })
}

fn spans(spans: Option<Spans>) -> Value {
    let of = |pick: fn(Spans) -> std::time::Duration| spans.map(|spans| pick(spans).as_nanos() as f64 / 1e6);
    json!({
        "count": spans.map_or(0, |spans| spans.count),
        "p50_ms": of(|spans| spans.p50),
        "p90_ms": of(|spans| spans.p90),
        "p99_ms": of(|spans| spans.p99),
        "max_ms": of(|spans| spans.max),
    })
}
