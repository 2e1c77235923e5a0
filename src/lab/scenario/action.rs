//! What a scenario does to a cluster: to processes, to links and disks, and the load on it.
//!
//! Nodes may be named by what they are, `leader` or `heir`; who that is, is found when it is done.

use std::time::Duration;

use super::mistake::Mistake;
use super::print::Size;
use super::words::Words;
use crate::id::NodeId;

mod print;

/// The most clients that a scenario's load may have.
///
/// More than fill a cluster on one machine; beyond it the machine is measured, not the cluster.
pub const CLIENTS_MAX: u64 = 64;

/// The largest image of a load, in bytes.
///
/// It is read back at the end; a demonstration should not take minutes for that.
pub const IMAGE_BYTES_MAX: u64 = 16 << 20;

/// The smallest image of a load, in bytes: below it two could be alike.
pub const IMAGE_BYTES_MIN: u64 = 64;

/// One node, by number or by what it is when it comes to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// This one.
    Node(NodeId),
    /// Whoever leads.
    Leader,
    /// The highest of the others that are up: the next to lead.
    Heir,
}

/// One node, or all of which it makes sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whom {
    /// One.
    One(Who),
    /// All: `start all` starts those that are down, and so on.
    All,
}

/// What is done to a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    /// Kill it without a word.
    Kill,
    /// Stop it in order.
    Stop,
    /// Make it stand still.
    Freeze,
    /// Let it go on.
    Thaw,
    /// Start it.
    Start,
    /// Stop it in order and start it again.
    Restart,
}

/// The links that a fault is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Where {
    /// All of them.
    Everywhere,
    /// Those of one node.
    Around(Who),
    /// The one of two nodes.
    Between(Who, Who),
    /// What the first sends to the second.
    From(Who, Who),
}

/// What is done to links and nodes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Harm {
    /// Nothing passes.
    Cut(Where),
    /// Only within these groups anything passes; who is in none is in one more.
    Partition(Vec<Vec<Who>>),
    /// What passes takes longer.
    Delay {
        /// How much longer.
        by: Duration,
        /// Give or take so much.
        jitter: Duration,
        /// Where.
        at: Where,
    },
    /// That share of control messages is lost.
    Lose {
        /// In percent.
        percent: u8,
        /// Where.
        at: Where,
    },
    /// Every sync of a disk takes longer.
    SlowDisk {
        /// Whose.
        who: Who,
        /// How much longer.
        by: Duration,
    },
    /// A clock stands still for a while.
    StallClock {
        /// Whose.
        who: Who,
        /// How long.
        span: Duration,
    },
    /// What is wrong there is right again.
    Heal(Where),
}

/// A load of clients that upload all the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LoadOf {
    /// How many upload at a time.
    pub clients: u8,
    /// The size of each image, in bytes.
    pub image_bytes: u64,
}

impl Default for LoadOf {
    /// Two clients, so that one that waits does not look like an outage, with images as small as thumbnails.
    fn default() -> Self {
        Self {
            clients: 2,
            image_bytes: 20 << 10,
        }
    }
}

/// Something that a scenario does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// To a process.
    Process(Deed, Whom),
    /// To links and nodes.
    Fault(Harm),
    /// Clients begin to upload.
    LoadOn(LoadOf),
    /// They end.
    LoadOff,
}

const DEEDS: [(&str, Deed); 6] = [
    ("kill", Deed::Kill),
    ("stop", Deed::Stop),
    ("freeze", Deed::Freeze),
    ("thaw", Deed::Thaw),
    ("start", Deed::Start),
    ("restart", Deed::Restart),
];

/// The words that an action can begin with.
pub(super) const BEGINNINGS: [&str; 14] = [
    "kill",
    "stop",
    "freeze",
    "thaw",
    "start",
    "restart",
    "cut",
    "partition",
    "delay",
    "lose",
    "slow-disk",
    "stall-clock",
    "heal",
    "load",
];

impl Action {
    /// Reads an action from its first word on; `None` when that begins none.
    pub(super) fn read(words: &mut Words<'_>) -> Option<Result<Self, Mistake>> {
        let deed = DEEDS.into_iter().find(|(word, _)| words.take(word));
        if let Some((_, deed)) = deed {
            return Some(whom(words).map(|whom| Self::Process(deed, whom)));
        }
        if words.take("load") {
            return Some(load(words));
        }
        harm(words).map(|harm| harm.map(Self::Fault))
    }
}

fn whom(words: &mut Words<'_>) -> Result<Whom, Mistake> {
    if words.take("all") {
        return Ok(Whom::All);
    }
    who_of(
        "`leader`, `heir`, `all` or `node N`",
        &["leader", "heir", "all", "node"],
        words,
    )
    .map(Whom::One)
}

fn who(words: &mut Words<'_>) -> Result<Who, Mistake> {
    who_of("`leader`, `heir` or `node N`", &["leader", "heir", "node"], words)
}

fn who_of(expected: &str, known: &[&str], words: &mut Words<'_>) -> Result<Who, Mistake> {
    if words.take("leader") {
        Ok(Who::Leader)
    } else if words.take("heir") {
        Ok(Who::Heir)
    } else if words.take("node") {
        words.node().map(Who::Node)
    } else {
        Err(words.wrong(expected, known))
    }
}

fn load(words: &mut Words<'_>) -> Result<Action, Mistake> {
    if !words.one_of("`on` or `off`", &[("on", true), ("off", false)])? {
        return Ok(Action::LoadOff);
    }
    let mut load = LoadOf::default();
    if words.take("with") {
        let clients = words.number(
            &format!("a number of clients, 1 to {CLIENTS_MAX}"),
            1,
            CLIENTS_MAX,
        )?;
        load.clients = u8::try_from(clients).unwrap_or(u8::MAX);
        words.one_of("`clients`", &[("clients", ()), ("client", ())])?;
    }
    if words.take("of") {
        load.image_bytes = words.size()?;
        if !(IMAGE_BYTES_MIN..=IMAGE_BYTES_MAX).contains(&load.image_bytes) {
            let (least, most) = (Size(IMAGE_BYTES_MIN), Size(IMAGE_BYTES_MAX));
            return Err(words.wrong_before(&format!("a size between `{least}` and `{most}`")));
        }
    }
    Ok(Action::LoadOn(load))
}

fn harm(words: &mut Words<'_>) -> Option<Result<Harm, Mistake>> {
    let read: fn(&mut Words<'_>) -> Result<Harm, Mistake> = match words.peek()? {
        "cut" => |words| place(words).map(Harm::Cut),
        "partition" => partition,
        "delay" => delay,
        "lose" => lose,
        "slow-disk" => |words| {
            let who = who(words)?;
            words.must("by")?;
            let by = words.span()?;
            Ok(Harm::SlowDisk { who, by })
        },
        "stall-clock" => |words| {
            let who = who(words)?;
            words.must("for")?;
            let span = words.span()?;
            Ok(Harm::StallClock { who, span })
        },
        "heal" => |words| place(words).map(Harm::Heal),
        _ => return None,
    };
    let word = words.peek()?;
    words.take(word);
    Some(read(words))
}

fn place(words: &mut Words<'_>) -> Result<Where, Mistake> {
    let expected = "`everything`, `around NODE`, `between NODE and NODE` or `from NODE to NODE`";
    if words.take("everything") {
        Ok(Where::Everywhere)
    } else if words.take("around") {
        who(words).map(Where::Around)
    } else if words.take("between") {
        let (one, other) = pair(words, "and")?;
        Ok(Where::Between(one, other))
    } else if words.take("from") {
        let (from, to) = pair(words, "to")?;
        Ok(Where::From(from, to))
    } else {
        Err(words.wrong(expected, &["everything", "around", "between", "from"]))
    }
}

fn pair(words: &mut Words<'_>, between: &'static str) -> Result<(Who, Who), Mistake> {
    let one = who(words)?;
    words.must(between)?;
    Ok((one, who(words)?))
}

fn partition(words: &mut Words<'_>) -> Result<Harm, Mistake> {
    let mut groups = vec![vec![who(words)?]];
    loop {
        if words.take("|") {
            groups.push(vec![who(words)?]);
        } else if words.take(",") {
            groups
                .last_mut()
                .expect("there is one from the start")
                .push(who(words)?);
        } else {
            return Ok(Harm::Partition(groups));
        }
    }
}

fn delay(words: &mut Words<'_>) -> Result<Harm, Mistake> {
    let by = words.span()?;
    let jitter = if words.take("jitter") {
        words.span()?
    } else {
        Duration::ZERO
    };
    let at = place(words)?;
    Ok(Harm::Delay { by, jitter, at })
}

fn lose(words: &mut Words<'_>) -> Result<Harm, Mistake> {
    let percent = words.number("a number of percent, 1 to 100", 1, 100)?;
    words.must("percent")?;
    let at = place(words)?;
    let percent = u8::try_from(percent).unwrap_or(100);
    Ok(Harm::Lose { percent, at })
}

impl Deed {
    /// Returns the word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Kill => "kill",
            Self::Stop => "stop",
            Self::Freeze => "freeze",
            Self::Thaw => "thaw",
            Self::Start => "start",
            Self::Restart => "restart",
        }
    }
}
