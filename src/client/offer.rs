//! Broadcasting an offer: every member is asked at once.
//!
//! What they say is weighed in [`verdict`].

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, timeout, timeout_at};

use super::ClientConfig;
use super::link::Link;
use crate::config::Address;
use crate::id::NodeId;
use crate::protocol::{Hello, NodeMessage, Offer};
use crate::upload::{Answer, Observer, Unreachable, UploadEvent};

mod verdict;

pub(super) use verdict::{Verdict, verdict};

/// How long the others may still answer once the leader has.
///
/// A healthy node answers in a millisecond; the wait only makes the transcript complete, and a
/// frozen node must not hold up what the leader has already decided.
const GRACE: Duration = Duration::from_millis(250);

/// How long a member may be silent before it must prove that it lives, by greeting.
///
/// A loaded node greets within it; a frozen one never does, and its heir should be found soon
/// after it is elected.
const SILENCE: Duration = Duration::from_secs(1);

/// How long a member that declined is left alone while another one has not said anything yet.
///
/// It follows somebody, and who says nothing may be that one, frozen or cut off: whoever declines
/// is the first to know of an heir. Asking it costs nothing against what a person would feel.
const ASK_AGAIN: Duration = Duration::from_millis(50);

/// How long a member that lives may hold an offer back while no leader has answered.
///
/// Nodes do so during an election, for two seconds at most; a limit stands here all the same.
const PATIENCE: Duration = Duration::from_secs(5);

/// Connections that stay open between requests.
pub(super) type Links = BTreeMap<NodeId, Link>;

/// What the members said to one offer.
pub(super) type Answers = BTreeMap<NodeId, Answer>;

/// Offers an image to every member, over kept connections where there are some.
///
/// A connection on which an answer is still outstanding in the end is closed.
pub(super) async fn broadcast(
    config: &ClientConfig,
    links: &mut Links,
    offer: &Offer,
    observe: &mut Observer<'_>,
) -> Answers {
    let members = &config.cluster.members;
    observe(UploadEvent::Broadcasting {
        servers: members.len(),
    });
    let mut asking = Asking::new(config, links, offer);
    for (node, address) in members.iter() {
        observe(UploadEvent::Sending {
            node,
            address: address.clone(),
        });
        asking.ask(node, address.clone());
    }
    let mut answers = Answers::new();
    let mut until = Instant::now() + PATIENCE;
    while let Some((node, answer)) = asking.next(until, &answers).await {
        if matches!(answer, Answer::Assigned(_)) {
            until = until.min(Instant::now() + GRACE);
        }
        if answers.get(&node) != Some(&answer) {
            record(&mut answers, node, answer, observe);
        }
    }
    for node in members.ids() {
        if !answers.contains_key(&node) {
            let answer = Answer::Unreachable(Unreachable::NoAnswer);
            record(&mut answers, node, answer, observe);
        }
    }
    answers
}

fn record(answers: &mut Answers, node: NodeId, answer: Answer, observe: &mut Observer<'_>) {
    observe(UploadEvent::Answered {
        node,
        answer: answer.clone(),
    });
    answers.insert(node, answer);
}

/// The members that are being asked, side by side.
struct Asking<'a> {
    config: &'a ClientConfig,
    links: &'a mut Links,
    offer: &'a Offer,
    asked: JoinSet<(NodeId, (Answer, Option<Link>))>,
}

impl<'a> Asking<'a> {
    fn new(config: &'a ClientConfig, links: &'a mut Links, offer: &'a Offer) -> Self {
        Self {
            config,
            links,
            offer,
            asked: JoinSet::new(),
        }
    }

    fn ask(&mut self, node: NodeId, address: Address) {
        let kept = self.links.remove(&node);
        let (hello, offer) = (self.config.hello(), self.offer.clone());
        self.asked
            .spawn(async move { (node, ask(kept, node, &address, hello, offer).await) });
    }

    /// Returns who answers next; `None` when nobody does any more, or until then.
    async fn next(&mut self, until: Instant, answers: &Answers) -> Option<(NodeId, Answer)> {
        loop {
            let again = Instant::now() + ASK_AGAIN;
            match timeout_at(until.min(again), self.asked.join_next()).await {
                Ok(Some(Ok((node, (answer, link))))) => {
                    self.links.extend(link.map(|link| (node, link)));
                    return Some((node, answer));
                }
                Ok(Some(Err(_)) | None) => return None,
                Err(_) if again >= until => return None,
                Err(_) => self.ask_again(answers),
            }
        }
    }

    /// Asks those once more who declined, if the one they follow may be one that says nothing.
    fn ask_again(&mut self, answers: &Answers) {
        let members = &self.config.cluster.members;
        let is_assigned = answers
            .values()
            .any(|answer| matches!(answer, Answer::Assigned(_)));
        if is_assigned || answers.len() == members.len() {
            return;
        }
        for (node, address) in members.iter() {
            // Whose connection is not here is being asked.
            let declined = matches!(answers.get(&node), Some(Answer::Declined { .. }));
            if declined && self.links.contains_key(&node) {
                self.ask(node, address.clone());
            }
        }
    }
}

/// Asks one member; the connection comes back if it can be used again.
async fn ask(
    kept: Option<Link>,
    node: NodeId,
    address: &Address,
    hello: Hello,
    offer: Offer,
) -> (Answer, Option<Link>) {
    let dial = || async {
        let dialled = timeout(SILENCE, Link::dial(node, address, hello.clone())).await;
        dialled.unwrap_or(Err(Unreachable::NoAnswer))
    };
    let asked = async {
        // A kept connection may have ended meanwhile, its node restarted: then a new one tells.
        if let Some(mut link) = kept {
            match ask_on(&mut link, offer.clone(), dial).await {
                Ok(message) => return Ok((message, link)),
                Err(Unreachable::NoAnswer) => return Err(Unreachable::NoAnswer),
                Err(_) => {}
            }
        }
        let mut link = dial().await?;
        let message = ask_on(&mut link, offer, dial).await?;
        Ok((message, link))
    };
    match asked.await {
        Ok((message, link)) => understood(message, link),
        Err(unreachable) => (Answer::Unreachable(unreachable), None),
    }
}

/// Waits for what a node says to an offer as long as it still greets whoever dials it.
async fn ask_on<F: Future<Output = Result<Link, Unreachable>>>(
    link: &mut Link,
    offer: Offer,
    dial: impl Fn() -> F,
) -> Result<NodeMessage, Unreachable> {
    let answered = link.offer(offer);
    tokio::pin!(answered);
    loop {
        match timeout(SILENCE, &mut answered).await {
            Ok(message) => return message,
            Err(_) => drop(dial().await?),
        }
    }
}

fn understood(message: NodeMessage, link: Link) -> (Answer, Option<Link>) {
    match message {
        NodeMessage::Declined { reason } => (Answer::Declined { reason }, Some(link)),
        NodeMessage::Assigned(assignment) => (Answer::Assigned(assignment), Some(link)),
        NodeMessage::Unavailable { missing } => (Answer::Unavailable { missing }, Some(link)),
        NodeMessage::Error(error) => (Answer::Failed(error), None),
        NodeMessage::Chunk
        | NodeMessage::Stored(_)
        | NodeMessage::Image(_)
        | NodeMessage::Sent { .. }
        | NodeMessage::Listing
        | NodeMessage::EndOfList { .. }
        | NodeMessage::Deleted { .. } => (Answer::Unreachable(Unreachable::NotANode), None),
    }
}
