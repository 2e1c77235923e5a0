//! What is wrong on purpose with a node and its links, in a few cells.

use ratatui::text::Span;

use crate::dashboard::cluster::Cluster;
use crate::dashboard::cluster::node::Node;
use crate::dashboard::theme::{Theme, Tone};
use crate::fault::Way;
use crate::id::NodeId;
use crate::time::Time;

/// Returns as much as there is room for, what matters most first.
pub(super) fn fitting(
    theme: Theme,
    cluster: &Cluster,
    node: &Node,
    now: Time,
    room: u16,
) -> Vec<Span<'static>> {
    let mut left = usize::from(room);
    let all = spans(theme, cluster, node, now).into_iter();
    all.map_while(|span| {
        left = left.checked_sub(span.width())?;
        Some(span)
    })
    .collect()
}

/// Returns the links that are cut, late and lossy, and a slow disk: ` cut ↔1 →2 `, ` late ↔3 `; a clock
/// that stands still first, for that passes.
pub(super) fn spans(theme: Theme, cluster: &Cluster, node: &Node, now: Time) -> Vec<Span<'static>> {
    let with = |is_so: &dyn Fn(Way) -> bool| links(theme, cluster, node.id, is_so);
    let cut = with(&|way| way.cut);
    let late = with(&|way| !(way.cut || way.delay.is_zero() && way.jitter.is_zero()));
    let lossy = with(&|way| !way.cut && way.loss_percent > 0);
    let some = |links: &str, what: &str| (!links.is_empty()).then(|| format!(" {what} {links} "));
    let stands = node.clock_stands_for(now).map(|_| " clock stalled ".to_owned());
    let slow = (!node.faults.disk_delay.is_zero()).then(|| " slow disk ".to_owned());
    let said = [
        (stands, Tone::Cold),
        (some(&cut, theme.pick("✕ cut", "x cut")), Tone::Bad),
        (some(&late, "late"), Tone::Busy),
        (some(&lossy, "lossy"), Tone::Busy),
        (slow, Tone::Busy),
    ];
    let said = said.into_iter().filter_map(|(text, tone)| Some((text?, tone)));
    said.map(|(text, tone)| Span::styled(text, theme.tone(tone)))
        .collect()
}

/// Lists the peers to or from which a way is so, with an arrow for its direction.
fn links(theme: Theme, cluster: &Cluster, node: NodeId, is_so: impl Fn(Way) -> bool) -> String {
    let peers = cluster.nodes.keys().filter(|&&peer| peer != node);
    let marked = peers.filter_map(|&peer| {
        let (to, from) = (is_so(cluster.way(node, peer)), is_so(cluster.way(peer, node)));
        let arrow = match (to, from) {
            (true, true) => theme.pick("↔", "<>"),
            (true, false) => theme.pick("→", ">"),
            (false, true) => theme.pick("←", "<"),
            (false, false) => return None,
        };
        Some(format!("{arrow}{peer}"))
    });
    marked.collect::<Vec<_>>().join(" ")
}
