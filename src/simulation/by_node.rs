//! A value for each node, found by its number.

use std::ops::{Index, IndexMut};

use crate::id::NodeId;

/// A value for each of the nodes numbered from 1.
#[derive(Debug, Clone)]
pub(super) struct ByNode<T>(Vec<T>);

impl<T> ByNode<T> {
    /// Makes one value for each of so many nodes.
    pub(super) fn new(nodes: u16, make: impl FnMut(NodeId) -> T) -> Self {
        Self((1..=nodes).filter_map(NodeId::new).map(make).collect())
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// The value of a node, if there is such a node.
    pub(super) fn get(&self, id: NodeId) -> Option<&T> {
        self.0.get(place(id))
    }

    pub(super) fn get_mut(&mut self, id: NodeId) -> Option<&mut T> {
        self.0.get_mut(place(id))
    }

    /// All nodes, in the order of their numbers.
    pub(super) fn ids(&self) -> impl DoubleEndedIterator<Item = NodeId> + use<T> {
        let nodes = u16::try_from(self.0.len()).unwrap_or(u16::MAX);
        (1..=nodes).filter_map(NodeId::new)
    }

    pub(super) fn values(&self) -> impl Iterator<Item = &T> {
        self.0.iter()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (NodeId, &T)> {
        self.ids().zip(&self.0)
    }
}

/// A node that does not exist is a mistake of whoever asks: [`super::Step`]s are checked before.
impl<T> Index<NodeId> for ByNode<T> {
    type Output = T;

    fn index(&self, id: NodeId) -> &T {
        &self.0[place(id)]
    }
}

impl<T> IndexMut<NodeId> for ByNode<T> {
    fn index_mut(&mut self, id: NodeId) -> &mut T {
        &mut self.0[place(id)]
    }
}

fn place(id: NodeId) -> usize {
    usize::from(id.number() - 1)
}
