//! What a member of etcd says of itself.

use serde_json::{Value, json};

use super::http::Http;
use crate::round::{Member, Reign};

/// What a member says of itself.
#[derive(Debug, Clone, Copy)]
pub(super) struct Status {
    pub(super) member: Member,
    /// Whom it follows, or itself.
    pub(super) reign: Reign,
    /// How far it has applied what was agreed.
    applied: u64,
}

impl Status {
    /// Asks a member; `None` when it says nothing, or knows no leader.
    pub(super) fn ask(http: &mut Http) -> Option<Self> {
        let said = http.post("/v3/maintenance/status", &json!({}))?;
        let leader = number(&said["leader"]).filter(|&leader| leader != 0)?;
        Some(Self {
            member: Member(number(&said["header"]["member_id"])?),
            reign: Reign {
                term: number(&said["raftTerm"])?,
                leader: Member(leader),
            },
            applied: number(&said["raftAppliedIndex"])?,
        })
    }
}

/// Returns a number of 64 bits, which JSON has as text.
fn number(value: &Value) -> Option<u64> {
    value.as_str()?.parse().ok()
}

/// Returns what all say, if all follow one leader and none is behind.
pub(super) fn whole(statuses: &[Option<Status>]) -> Option<Vec<Status>> {
    let statuses: Vec<Status> = statuses.iter().copied().collect::<Option<_>>()?;
    let first = statuses.first()?;
    let agrees = |status: &Status| status.reign == first.reign && status.applied == first.applied;
    statuses.iter().all(agrees).then_some(statuses)
}
