//! What is wrong on purpose with the links of a node, in a few cells.

use ratatui::text::Span;

use crate::dashboard::cluster::Cluster;
use crate::dashboard::cluster::node::Node;
use crate::dashboard::theme::{Theme, Tone};
use crate::fault::Way;
use crate::id::NodeId;

/// Returns the links that are cut and those that are otherwise bad: ` cut ↔1 →2 `, ` bad ↔3 `.
pub(super) fn spans(theme: Theme, cluster: &Cluster, node: &Node) -> Vec<Span<'static>> {
    let cut = links(theme, cluster, node.id, |way| way.cut);
    let bad = links(theme, cluster, node.id, |way| !way.cut && !way.is_sound());
    let slow = !node.faults.disk_delay.is_zero();
    let mut spans = Vec::new();
    if !cut.is_empty() {
        let said = format!(" {} cut {cut} ", theme.pick("✕", "x"));
        spans.push(Span::styled(said, theme.tone(Tone::Bad)));
    }
    if !bad.is_empty() {
        spans.push(Span::styled(format!(" bad {bad} "), theme.tone(Tone::Busy)));
    }
    if slow {
        spans.push(Span::styled(" slow disk ", theme.tone(Tone::Busy)));
    }
    spans
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
