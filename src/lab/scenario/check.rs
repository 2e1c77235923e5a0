//! Whether a scenario can hold at all in a cluster, found without running it.
//!
//! Only what is certain is said: nodes that do not exist, faults that contradict themselves,
//! expectations that nothing could fulfil. What depends on who leads is found when it runs.

use std::collections::BTreeSet;
use std::fmt;

use super::action::{Action, Deed, Harm, Who, Whom};
use super::condition::{Condition, Is};
use super::{Expectation, Instruction, Scenario, Step};
use crate::event::line::nodes;
use crate::fault::{FaultError, Matrix, check_delay};
use crate::id::NodeId;

/// Something that cannot be, and the line that asks for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Complaint {
    /// The line, from 1.
    pub line: usize,
    /// Why it cannot be, and what to do.
    pub why: String,
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.why)
    }
}

/// Returns everything in a scenario that cannot be in a cluster of these members, in the order of lines.
#[must_use]
pub fn check(scenario: &Scenario, members: &[NodeId]) -> Vec<Complaint> {
    let mut foreseen = Foreseen::of(members);
    let complain = |step: &Step| {
        let why = foreseen.step(&step.what)?;
        let line = step.line;
        Some(Complaint { line, why })
    };
    scenario.steps.iter().filter_map(complain).collect()
}

/// What is certain about a cluster before anything runs.
struct Foreseen<'a> {
    members: &'a [NodeId],
    matrix: Matrix,
    /// Who was told to be down or to stand still, and by which word.
    out: Vec<(NodeId, Deed)>,
    /// How many more are down that were named by what they were, at least.
    unnamed: usize,
    load: Load,
    acted: bool,
}

/// What became of the load so far.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Load {
    Never,
    On,
    Off,
}

impl<'a> Foreseen<'a> {
    fn of(members: &'a [NodeId]) -> Self {
        Self {
            members,
            matrix: Matrix::new(members.iter().copied()),
            out: Vec::new(),
            unnamed: 0,
            load: Load::Never,
            acted: false,
        }
    }

    /// Foresees a step; returns why it cannot be.
    fn step(&mut self, what: &Instruction) -> Option<String> {
        match what {
            Instruction::Say(_) | Instruction::Pause(_) => None,
            Instruction::Do(action) => {
                let why = self.does(action);
                self.acted |= !matches!(action, Action::LoadOn(_) | Action::LoadOff);
                why
            }
            Instruction::Wait { until, .. } => self.comes(*until),
            Instruction::Expect(Expectation::NothingLost) => (self.load == Load::Never)
                .then(|| "nothing was uploaded, so nothing can be lost; say `load on` before".to_owned()),
            Instruction::Expect(Expectation::NoneFailed) => (self.load == Load::Never)
                .then(|| "nothing was uploaded, so nothing can fail; say `load on` before".to_owned()),
            Instruction::Expect(Expectation::Within(condition, _) | Expectation::For(condition, _)) => {
                self.comes(*condition)
            }
        }
    }

    fn does(&mut self, action: &Action) -> Option<String> {
        match action {
            Action::Process(deed, whom) => self.process(*deed, *whom),
            Action::Fault(harm) => self.harm(harm),
            Action::LoadOn(_) => {
                let before = std::mem::replace(&mut self.load, Load::On);
                (before == Load::On).then(|| "the load is on already; say `load off` before".to_owned())
            }
            Action::LoadOff => {
                let before = std::mem::replace(&mut self.load, Load::Off);
                (before != Load::On).then(|| "no load is on; say `load on` before".to_owned())
            }
        }
    }

    fn process(&mut self, deed: Deed, whom: Whom) -> Option<String> {
        let named = match whom {
            Whom::One(Who::Node(node)) => vec![node],
            Whom::All => self.members.to_vec(),
            Whom::One(who @ (Who::Leader | Who::Heir)) => return self.process_of(deed, who),
        };
        if let Some(why) = named.iter().find_map(|node| self.unknown(*node)) {
            return Some(why);
        }
        let why = match whom {
            Whom::One(_) => named.iter().find_map(|node| self.contradicts(deed, *node)),
            Whom::All => None,
        };
        self.forget_unnamed(whom);
        self.out.retain(|(node, _)| !named.contains(node));
        if matches!(deed, Deed::Kill | Deed::Stop | Deed::Freeze) {
            self.out.extend(named.into_iter().map(|node| (node, deed)));
        }
        why
    }

    /// Foresees a deed to whoever leads or could; who that is, nobody knows yet.
    fn process_of(&mut self, deed: Deed, who: Who) -> Option<String> {
        if matches!(deed, Deed::Thaw | Deed::Start) {
            return Some(format!(
                "whoever leads or could is up already; name the node to {}",
                deed.word()
            ));
        }
        if let Some(why) = self.is_nobody(who) {
            return Some(why);
        }
        // One that stands still may still be taken for the leader.
        let may_be_out = self.out.iter().any(|(_, out)| *out == Deed::Freeze);
        self.unnamed += usize::from(!may_be_out && matches!(deed, Deed::Kill | Deed::Stop));
        None
    }

    /// A node that is named may be one of those that were not: no more of them are certain than before.
    fn forget_unnamed(&mut self, whom: Whom) {
        self.unnamed = match whom {
            Whom::All => 0,
            Whom::One(Who::Node(node)) if self.out.iter().any(|(out, _)| *out == node) => self.unnamed,
            Whom::One(_) => self.unnamed.saturating_sub(1),
        };
    }

    /// Says why certainly nobody is meant by a name.
    fn is_nobody(&self, who: Who) -> Option<String> {
        match who {
            Who::Heir if self.members.len() == 1 => {
                Some("a cluster of one node has no heir; play it with more".to_owned())
            }
            Who::Leader | Who::Heir if self.everybody_is_out() => Some(format!(
                "every node is down or frozen by then, so there is no {who}; start or thaw one before"
            )),
            Who::Leader | Who::Heir | Who::Node(_) => None,
        }
    }

    /// Says why a deed cannot be done to a node of which it is certain how it is.
    fn contradicts(&self, deed: Deed, node: NodeId) -> Option<String> {
        let (_, before) = self.out.iter().find(|(out, _)| *out == node)?;
        let frozen = *before == Deed::Freeze;
        let possible = match deed {
            Deed::Start | Deed::Restart => !frozen,
            Deed::Kill | Deed::Stop | Deed::Thaw => frozen,
            Deed::Freeze => false,
        };
        let then = if frozen { "thaw" } else { "start" };
        (!possible).then(|| {
            let (deed, before) = (deed.word(), before.word());
            format!("node {node} cannot be told to {deed} after `{before} node {node}`; {then} it before")
        })
    }

    fn harm(&mut self, harm: &Harm) -> Option<String> {
        if let Some(why) = harm
            .names()
            .into_iter()
            .filter_map(number)
            .find_map(|node| self.unknown(node))
        {
            return Some(why);
        }
        let nobody = || harm.names().into_iter().find_map(|who| self.is_nobody(who));
        if let Some(why) = nobody().or_else(|| self.stalls_nobody(harm)) {
            return Some(why);
        }
        let said = |error: FaultError| error.to_string();
        match harm.with(number) {
            Some(fault) => self.matrix.apply(&fault).err().map(said),
            // Whoever that will be, it cannot be named twice, nor be late by so much.
            None => twice(harm)
                .or_else(|| self.divides_nobody(harm))
                .or_else(|| check_delay(harm.span()).err().map(said)),
        }
    }

    /// Says why a partition leaves everybody on one side, whoever they are that it names.
    fn divides_nobody(&self, harm: &Harm) -> Option<String> {
        let Harm::Partition(groups) = harm else {
            return None;
        };
        let everybody = groups.len() == 1 && harm.names().len() >= self.members.len();
        everybody.then(|| FaultError::OneSide.to_string())
    }

    /// Says why a clock cannot stand still of a node that certainly has no process.
    fn stalls_nobody(&self, harm: &Harm) -> Option<String> {
        let Harm::StallClock { who, .. } = harm else {
            return None;
        };
        let node = number(*who)?;
        let (_, before) = self.out.iter().find(|(out, _)| *out == node)?;
        // A frozen one hears of it once it is thawed.
        (*before != Deed::Freeze).then(|| {
            let before = before.word();
            format!("node {node} has no clock to stall after `{before} node {node}`; start it before")
        })
    }

    /// Says why a condition cannot come to hold.
    fn comes(&self, condition: Condition) -> Option<String> {
        match condition {
            Condition::ANewLeader if !self.acted => {
                Some("nothing was done to the leader, so none is new; wait for `a leader`".to_owned())
            }
            Condition::ALeader | Condition::ANewLeader if self.everybody_is_out() => {
                Some("every node is down or frozen by then, so nobody can lead".to_owned())
            }
            Condition::AnUpload if self.load == Load::On && self.everybody_is_out() => {
                Some("every node is down or frozen by then, so nothing can be uploaded".to_owned())
            }
            Condition::AnUpload if self.load != Load::On => {
                Some("nobody uploads by then; say `load on` before".to_owned())
            }
            Condition::EverybodyUp => {
                let out: Vec<NodeId> = self.out.iter().map(|(node, _)| *node).collect();
                (!out.is_empty()).then(|| {
                    format!(
                        "{} cannot be up by then: nobody has started or thawed it",
                        nodes(&out)
                    )
                })
            }
            Condition::Node(node, is) => self.unknown(node).or_else(|| self.becomes(node, is)),
            Condition::EverybodyAgrees { on: Some(node) } => {
                self.unknown(node).or_else(|| self.becomes(node, Is::Leads))
            }
            Condition::ALeader
            | Condition::ANewLeader
            | Condition::NoLeader
            | Condition::EverybodyAgrees { on: None }
            | Condition::EverybodyInSync
            | Condition::AnUpload
            | Condition::NoUpload => None,
        }
    }

    fn becomes(&self, node: NodeId, is: Is) -> Option<String> {
        if let Is::Follows(Some(leader)) = is {
            if leader == node {
                return Some(format!("node {node} cannot follow itself"));
            }
            if let Some(why) = self.unknown(leader) {
                return Some(why);
            }
        }
        let (_, deed) = self.out.iter().find(|(out, _)| *out == node)?;
        let possible = match is {
            Is::LeadsNobody => true,
            Is::Frozen => *deed == Deed::Freeze,
            Is::Down => *deed != Deed::Freeze,
            Is::Leads | Is::Follows(_) | Is::WithoutQuorum | Is::Up => false,
        };
        (!possible).then(|| {
            let deed = deed.word();
            format!("it cannot be that node {node} {is}: nothing has undone `{deed} node {node}` by then")
        })
    }

    fn everybody_is_out(&self) -> bool {
        let out: BTreeSet<NodeId> = self.out.iter().map(|(node, _)| *node).collect();
        out.len() + self.unnamed >= self.members.len()
    }

    fn unknown(&self, node: NodeId) -> Option<String> {
        let members = nodes(self.members);
        (!self.members.contains(&node)).then(|| format!("there is no node {node}; the cluster has {members}"))
    }
}

/// Says why nobody can be named twice, where it does.
fn twice(harm: &Harm) -> Option<String> {
    let names = harm.names();
    let is_named_again = |at: usize| names[..at].contains(&names[at]);
    let who = names[(0..names.len()).find(|&at| is_named_again(at))?];
    Some(match harm {
        Harm::Partition(_) => format!("{who} cannot be on two sides; name it once"),
        Harm::Cut(_)
        | Harm::Delay { .. }
        | Harm::Lose { .. }
        | Harm::Heal(_)
        | Harm::SlowDisk { .. }
        | Harm::StallClock { .. } => format!("{who} has no link to itself; name two nodes"),
    })
}

/// Returns the node that is named by its number.
fn number(who: Who) -> Option<NodeId> {
    match who {
        Who::Node(node) => Some(node),
        Who::Leader | Who::Heir => None,
    }
}
