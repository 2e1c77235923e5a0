//! Links as a person writes them: `1 3`, `1:3`, `2`, `all`.

use std::fmt;

use super::Between;
use crate::id::{NodeId, ParseIdError};

/// Words that name no links.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseBetweenError {
    /// There are too few words, or too many.
    #[error(
        "{0:?} names no link; write 1 3 for both ways, 1:3 for what node 1 sends to node 3, 2 for every link of node 2, or all"
    )]
    Words(String),
    /// One of them is no node.
    #[error(transparent)]
    Node(#[from] ParseIdError),
}

impl Between {
    /// Reads the links that words name: `1 3` both ways, `1:3` one way, `2` all of a node, `all`.
    ///
    /// # Errors
    ///
    /// When they name none.
    pub fn of_words(words: &[impl AsRef<str>]) -> Result<Self, ParseBetweenError> {
        let words: Vec<&str> = words.iter().map(AsRef::as_ref).collect();
        match words.as_slice() {
            ["all"] => Ok(Self::Everybody),
            [one] => match one.split_once(':') {
                Some((from, to)) => Ok(Self::Way(from.parse()?, to.parse()?)),
                None => Ok(Self::Around(one.parse()?)),
            },
            [a, b] => Ok(Self::Pair(a.parse()?, b.parse()?)),
            _ => Err(ParseBetweenError::Words(words.join(" "))),
        }
    }
}

/// One side of a partition, as a person writes it: `2,3`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group(pub Vec<NodeId>);

impl std::str::FromStr for Group {
    type Err = ParseIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.split(',')
            .map(str::parse)
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nodes: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        f.write_str(&nodes.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u16) -> NodeId {
        NodeId::new(number).expect("not zero")
    }

    #[test]
    fn links_are_named_both_ways_one_way_around_a_node_or_all() {
        let of = |words: &[&str]| Between::of_words(words);
        assert_eq!(of(&["1", "3"]), Ok(Between::Pair(id(1), id(3))));
        assert_eq!(of(&["1:3"]), Ok(Between::Way(id(1), id(3))));
        assert_eq!(of(&["2"]), Ok(Between::Around(id(2))));
        assert_eq!(of(&["all"]), Ok(Between::Everybody));
        for wrong in [&["1", "2", "3"][..], &[], &["1:x"], &["0"], &["some"]] {
            assert!(of(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_side_is_named_by_its_nodes() {
        assert_eq!("2,3".parse(), Ok(Group(vec![id(2), id(3)])));
        assert_eq!(Group(vec![id(2), id(3)]).to_string(), "2,3");
        assert!("2,,3".parse::<Group>().is_err());
    }
}
