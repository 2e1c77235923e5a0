//! Why a node is what it is, in sentences made from what is known of it.

use std::time::Duration;

use super::cluster::node::{Belief, Holdings, Node, Process, Reach, Told};
use super::model::Model;
use super::words;
use crate::event::LinkDownReason;
use crate::event::line::{counted, nodes};
use crate::event::process::{CRASH_WINDOW, CRASHES_MAX};
use crate::id::{Ballot, NodeId};

/// For how long nothing may come of what a node fetches before that is worth a word.
///
/// A node looks every five seconds, and a large image takes a few.
const FETCH_PATIENCE: Duration = Duration::from_secs(15);

/// Returns what is known of the chosen node, each fact with its name.
pub(super) fn facts(model: &Model, node: &Node) -> Vec<(&'static str, String)> {
    let now = model.shown_at();
    if model.is_simulated() {
        return Vec::new();
    }
    let mut facts = vec![("address", node.address.to_string())];
    if let Process::Running { pid, since, .. } = &node.process {
        facts.push(("process", format!("{pid}, up {}", words::age(now.since(*since)))));
    }
    if node.restarts > 0 {
        facts.push(("restarts", format!("{} after crashes", node.restarts)));
    }
    if node.holdings != Holdings::default() {
        facts.push(("images", words::holdings(node.holdings)));
    }
    if let Some(state) = node.in_rotation {
        facts.push(("rotation", words::in_rotation(state).to_owned()));
    }
    facts
}

/// Returns the sentences about the chosen node.
pub(super) fn because(model: &Model) -> Vec<String> {
    let Some(node) = model.shown().nodes.get(&model.selected) else {
        return Vec::new();
    };
    let mut lines = Vec::new();
    lines.extend(of_process(model, node));
    if node.has_process() {
        lines.extend(of_belief(model, node));
        lines.extend(of_holdings(model, node));
        lines.extend(of_links(model, node));
        lines.extend(of_faults(model, node));
    }
    lines
}

/// A process that simply runs is told among the facts.
fn of_process(model: &Model, node: &Node) -> Option<String> {
    let now = model.shown_at();
    let ago = |since| words::age(now.since(since));
    // No key does anything to a simulated node.
    let key = |text: &'static str| if model.is_simulated() { "" } else { text };
    Some(match &node.process {
        Process::Unknown => format!("Nobody has started it.{}", key(" s starts it.")),
        Process::Running { pid, told, .. } => match told {
            Told::Nothing => return None,
            Told::Freeze { at } => format!(
                "Its process {pid} was told to stand still {} ago (SIGSTOP). It answers nobody, and its \
                 connections stay open: only a missed heartbeat can tell.{}",
                ago(*at),
                key(" p lets it go on.")
            ),
            Told::Stop { at } => format!("Its process {pid} was told to stop {} ago.", ago(*at)),
            Told::Kill { at } => format!(
                "Its process {pid} was killed {} ago and is not gone yet.",
                ago(*at)
            ),
        },
        Process::Restarting { ending, crashes, .. } => format!(
            "Its process {ending}. It is started again by itself after crash {crashes}; after {CRASHES_MAX} within {} \
             it is given up.",
            words::age(CRASH_WINDOW)
        ),
        Process::Down { ending, since } => {
            let key = key(" s starts it.");
            format!("Its process {ending} {} ago.{key}", ago(*since))
        }
        Process::GivenUp { ending, crashes, .. } => {
            format!("Its process {ending}, {crashes} times in a row. Its log says why; s tries again.")
        }
        Process::Refusing { since } => {
            format!(
                "Its port has refused connections for {}: no process listens there.",
                ago(*since)
            )
        }
        Process::OutOfReach { reason, since } => {
            format!("It cannot be reached from here for {}: {reason}.", ago(*since))
        }
    })
}

fn of_belief(model: &Model, node: &Node) -> Vec<String> {
    let since = words::age(model.shown_at().since(node.believes_since));
    match &node.belief {
        Belief::Nothing => vec!["It has just started and votes for nobody yet.".to_owned()],
        Belief::Electing => vec![format!("It has had no leader for {since} and asks who is there.")],
        Belief::NoQuorum { missing } => vec![format!(
            "It has had no leader for {since}: it cannot decide without {}.",
            nodes(missing)
        )],
        Belief::Elected(ballot) => vec![format!(
            "It was elected in epoch {}, and waits for the promises of a quorum.",
            ballot.epoch
        )],
        Belief::Follows(ballot) => following(model, node, *ballot, &since),
        Belief::Leads(ballot) => leading(model, *ballot, &since),
    }
}

fn following(model: &Model, node: &Node, ballot: Ballot, since: &str) -> Vec<String> {
    let mut lines = vec![format!(
        "It has followed node {} in epoch {} for {since}.",
        ballot.id, ballot.epoch
    )];
    if let Some(heartbeat) = node.heartbeat {
        let ago = model.shown_at().since(heartbeat.at);
        let left = model.setup.timing.promise().saturating_sub(ago);
        let answered = match heartbeat.after {
            Some(after) => format!(
                "Its last heartbeat was answered {:.1} s ago, after {}",
                ago.as_secs_f64(),
                words::span(after)
            ),
            None => format!("It promised to follow {:.1} s ago", ago.as_secs_f64()),
        };
        lines.push(format!(
            "{answered}; without another answer it would suspect the leader in {:.1} s.",
            left.as_secs_f64()
        ));
    }
    lines
}

fn leading(model: &Model, ballot: Ballot, since: &str) -> Vec<String> {
    let lease = model.setup.timing.lease();
    let left = |node: &Node| {
        let heartbeat = node.heartbeat.filter(|heartbeat| heartbeat.leader == ballot.id)?;
        let left = lease.checked_sub(model.shown_at().since(heartbeat.at))?;
        Some(format!("node {}'s for {:.1} s", node.id, left.as_secs_f64()))
    };
    let promises: Vec<String> = model.shown().nodes.values().filter_map(left).collect();
    let by = if promises.is_empty() {
        "It counts no promise of another node: those that could follow are proven dead, or have yet to \
         answer."
            .to_owned()
    } else {
        format!("Promises let it serve: {} unless renewed.", promises.join(", "))
    };
    vec![format!("It has led in epoch {} for {since}.", ballot.epoch), by]
}

/// Says what a node lacks, and what that means for its work.
fn of_holdings(model: &Model, node: &Node) -> Vec<String> {
    let (holdings, leads) = (node.holdings, matches!(node.belief, Belief::Leads(_)));
    let missing = counted(holdings.missing, "image");
    let mut lines = Vec::new();
    if node.catches_up() {
        let lacks = if holdings.missing == 0 {
            "It has yet to find out whether it lacks images that others keep".to_owned()
        } else {
            format!("It lacks {missing} that others keep, and fetches what it lacks")
        };
        let takes = if leads {
            "no work itself"
        } else {
            "no work and no leadership"
        };
        lines.push(format!("{lacks}: it takes {takes} until it is in sync."));
    } else if holdings.missing > 0 {
        lines.push(format!(
            "It lacks {missing} that others keep, and fetches what it lacks while it works."
        ));
    }
    let lacks_for = model.shown_at().since(node.lacks_since);
    if holdings.read_only {
        lines.push("Its store only reads and keeps nothing new; its log says why (l).".to_owned());
    } else if holdings.missing > 0 && lacks_for >= FETCH_PATIENCE {
        lines.push(format!(
            "None of them has come for {}: look whether its disk is full, and whether a node runs that \
             keeps them.",
            words::age(lacks_for)
        ));
    }
    if holdings.damaged > 0 {
        let damaged = counted(holdings.damaged, "damaged record");
        lines.push(format!(
            "It has set aside {damaged}, to be fetched again from another node."
        ));
    }
    lines
}

fn of_links(model: &Model, node: &Node) -> Vec<String> {
    let cluster = model.shown();
    let is_cut = |peer: NodeId| (cluster.way(node.id, peer).cut, cluster.way(peer, node.id).cut);
    let lost = node.links.iter().filter_map(|(peer, reach)| match reach {
        // A cut closes nothing: its connection stands, and is silent.
        Reach::Linked => cut(*peer, is_cut(*peer)),
        Reach::Cut(LinkDownReason::Refused) => Some(format!("Node {peer} is dead to it: its port refuses.")),
        Reach::Cut(LinkDownReason::Silent | LinkDownReason::Closed) if is_cut(*peer) != (false, false) => {
            cut(*peer, is_cut(*peer))
        }
        Reach::Cut(LinkDownReason::Silent) => Some(format!("Node {peer} does not answer it.")),
        Reach::Cut(LinkDownReason::Closed) => Some(format!("It has lost its connection to node {peer}.")),
    });
    let mut lines: Vec<String> = lost.collect();
    let untold = cluster
        .nodes
        .keys()
        .filter(|&peer| *peer != node.id && !node.links.contains_key(peer));
    lines.extend(untold.filter_map(|&peer| cut(peer, is_cut(peer))));
    if lines.is_empty() && !node.links.is_empty() {
        lines.push("It reaches every other node.".to_owned());
    }
    lines
}

/// Says what of a link is cut on purpose: what the node sends, what it would hear, or both.
fn cut(peer: NodeId, (sent, heard): (bool, bool)) -> Option<String> {
    match (sent, heard) {
        (true, true) => Some(format!(
            "Its link with node {peer} is cut: neither hears the other."
        )),
        (true, false) => Some(format!(
            "Its link to node {peer} is cut: node {peer} hears nothing of it."
        )),
        (false, true) => Some(format!(
            "Its link from node {peer} is cut: it hears nothing of node {peer}."
        )),
        (false, false) => None,
    }
}

/// Says what else is wrong with it on purpose: late or lost messages, its disk, its clock.
fn of_faults(model: &Model, node: &Node) -> Vec<String> {
    let cluster = model.shown();
    let bad = |from: NodeId, to: NodeId| {
        let way = cluster.way(from, to);
        (!way.cut && !way.is_sound()).then(|| way.to_string())
    };
    let peers = cluster.nodes.keys().filter(|&&peer| peer != node.id);
    let of_links = peers.flat_map(|&peer| {
        let sent = bad(node.id, peer).map(|way| format!("What it sends to node {peer}: {way}, on purpose."));
        let heard = bad(peer, node.id).map(|way| format!("What it hears of node {peer}: {way}, on purpose."));
        sent.into_iter().chain(heard)
    });
    let mut lines: Vec<String> = of_links.collect();
    let disk = node.faults.disk_delay;
    if !disk.is_zero() {
        lines.push(format!(
            "Every sync of its disk takes {} ms longer, on purpose.",
            disk.as_millis()
        ));
    }
    if let Some(left) = node.clock_stands_for(model.shown_at()) {
        lines.push(format!(
            "Its clock stands still for another {:.1} s, on purpose.",
            left.as_secs_f64()
        ));
    }
    lines
}
