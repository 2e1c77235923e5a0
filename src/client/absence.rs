//! Why members are absent, and what to do about each: only who refuses connections is to be started.

use std::collections::BTreeMap;

use crate::event::line::{nodes, printable};
use crate::id::NodeId;
use crate::upload::Unreachable;

/// Says why the `absent` nodes are, those with the same reason together.
#[must_use]
pub fn explain(absent: &BTreeMap<NodeId, Unreachable>) -> String {
    let mut kinds: Vec<(&Unreachable, Vec<NodeId>)> = Vec::new();
    for (&node, why) in absent {
        match kinds.iter_mut().find(|(kind, _)| *kind == why) {
            Some((_, nodes)) => nodes.push(node),
            None => kinds.push((why, vec![node])),
        }
    }
    let sentences: Vec<String> = kinds.iter().map(|(why, nodes)| sentence(nodes, why)).collect();
    sentences.join("; ")
}

fn sentence(absent: &[NodeId], why: &Unreachable) -> String {
    let who = nodes(absent);
    let one = absent.len() == 1;
    match why {
        Unreachable::ConnectionRefused if one => format!("{who} is not up; start it"),
        Unreachable::ConnectionRefused => format!("{who} are not up; start them"),
        Unreachable::NoAnswer if one => format!("{who} does not answer: it may be frozen or cut off"),
        Unreachable::NoAnswer => format!("{who} do not answer: they may be frozen or cut off"),
        Unreachable::Closed => format!("{who} closed the connection; look at what it runs and at its log"),
        Unreachable::Refused(reason) if one => format!("{who} refuses: {}", printable(reason)),
        Unreachable::Refused(reason) => format!("{who} refuse: {}", printable(reason)),
        Unreachable::OtherCluster(name) => {
            format!("cluster {name} answers in place of {who}; correct the address or --cluster")
        }
        Unreachable::OtherNode(node) => {
            format!("node {node} answers in place of {who}; correct the addresses")
        }
        Unreachable::NotANode => {
            format!("what answers in place of {who} is no node; correct the address or stop that program")
        }
        Unreachable::Other(reason) => format!("{who} cannot be reached: {}", printable(reason)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u16) -> NodeId {
        NodeId::new(number).expect("not zero")
    }

    #[test]
    fn only_nodes_that_refuse_connections_are_to_be_started() {
        let absent = [
            (id(1), Unreachable::NoAnswer),
            (id(2), Unreachable::ConnectionRefused),
            (id(3), Unreachable::ConnectionRefused),
        ];
        assert_eq!(
            explain(&absent.into()),
            "node 1 does not answer: it may be frozen or cut off; \
             nodes 2 and 3 are not up; start them"
        );
    }

    #[test]
    fn whoever_else_answers_is_named() {
        let told = |why| explain(&[(id(1), why)].into());
        assert_eq!(
            told(Unreachable::OtherCluster("photos".parse().expect("valid"))),
            "cluster photos answers in place of node 1; correct the address or --cluster"
        );
        assert_eq!(
            told(Unreachable::NotANode),
            "what answers in place of node 1 is no node; correct the address or stop that program"
        );
        assert_eq!(
            told(Unreachable::Refused("too many connections\n".to_owned())),
            "node 1 refuses: too many connections\u{fffd}"
        );
    }
}
