//! One step of the election: a heartbeat answered, a promise counted, a claim won.
//!
//! Beside it, in the same run, the cost of encoding and decoding the message that causes the step:
//! the decision must be small beside the words.

use std::hint::black_box;
use std::time::Duration;

use criterion::Criterion;
use heirloom::bully::{Election, ElectionConfig, Input, LinkChange, Vote};
use heirloom::config::{QuorumPolicy, Timing};
use heirloom::id::{Ballot, Epoch, Generation, NodeId};
use heirloom::protocol::{ElectionMessage, GrantVerdict};
use heirloom::simulation::{self, Aim, Mix, SimulationConfig};
use heirloom::time::Time;

fn id(number: u16) -> NodeId {
    NodeId::new(number).expect("not zero")
}

fn at(micros: u64) -> Time {
    Time::ZERO + Duration::from_micros(micros)
}

const REIGN: u64 = 5;

fn ballot() -> Ballot {
    Ballot {
        epoch: Epoch(REIGN),
        id: id(3),
    }
}

fn linked(me: u16) -> Election {
    let config = ElectionConfig {
        me: id(me),
        members: [1, 2, 3].map(id).into(),
        timing: Timing::SEED,
        policy: QuorumPolicy::Live,
    };
    let vote = Vote {
        epoch: Epoch(REIGN - 1),
        voted_for: None,
    };
    let mut election = Election::new(config, Some(vote), 1, Time::ZERO);
    for peer in [1, 2, 3].into_iter().filter(|&peer| peer != me).map(id) {
        let change = LinkChange::Up {
            generation: Generation(1),
            epoch: Epoch(REIGN - 1),
            blank: false,
        };
        election.handle(at(1), Input::Link { peer, change });
    }
    drain(&mut election);
    election
}

fn drain(election: &mut Election) -> usize {
    std::iter::from_fn(|| election.poll_output()).count()
}

fn from(node: u16, message: ElectionMessage) -> Input {
    Input::Message {
        from: id(node),
        message,
    }
}

/// Node 3 wins the reign; returns it serving.
fn leading() -> Election {
    let mut election = linked(3);
    election.handle(at(2), from(2, ElectionMessage::Election { round: 1 }));
    election.handle(at(3), Input::Persisted { sequence: 1 });
    let verdict = GrantVerdict::Granted;
    election.handle(
        at(4),
        from(
            2,
            ElectionMessage::Grant {
                ballot: ballot(),
                verdict,
            },
        ),
    );
    let promise = ElectionMessage::Promise {
        ballot: ballot(),
        leader_time: at(4),
    };
    election.handle(at(5), from(2, promise));
    assert!(election.serving(at(5)).is_some(), "the claim is won");
    drain(&mut election);
    election
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    let heartbeat = ElectionMessage::Heartbeat { ballot: ballot() };
    let mut leader = leading();
    criterion.bench_function("election/leader answers a heartbeat", |b| {
        b.iter(|| {
            leader.handle(at(6), from(2, black_box(heartbeat)));
            drain(&mut leader)
        });
    });
    criterion.bench_function("election/from linked to serving", |b| b.iter(leading));
    criterion.bench_function("election/beside it: encode and decode a heartbeat", |b| {
        b.iter(|| {
            let line = serde_json::to_vec(black_box(&heartbeat)).expect("encodes");
            serde_json::from_slice::<ElectionMessage>(&line).expect("decodes")
        });
    });
    criterion.bench_function("simulation/3 nodes, 20 s of chaos and healing", |b| {
        let mut seed = 0;
        b.iter(|| {
            seed += 1;
            simulation::run(&SimulationConfig {
                nodes: 3,
                policy: QuorumPolicy::Live,
                timing: Timing::FAST,
                seed,
                chaos: Duration::from_secs(20),
                faults: 12,
                mix: Mix::all(),
                aim: Aim::Anybody,
                trace: false,
            })
        });
    });
    criterion.final_summary();
}
