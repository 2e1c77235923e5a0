//! What the rest of the runtime knows of the election: who leads, and who can be asked.
//!
//! The node's task is the one that writes it, after each batch of inputs; everybody else reads the
//! newest, and can wait for a change.

use std::collections::BTreeSet;

use crate::id::{Ballot, NodeId};

/// Who leads, and who can be asked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Surroundings {
    /// The reign that the node leads or follows.
    pub(crate) ballot: Option<Ballot>,
    /// The peers to which a control connection stands.
    pub(crate) linked: BTreeSet<NodeId>,
    /// Whether this node keeps all that is kept, as far as it last found out.
    pub(crate) in_sync: bool,
}
