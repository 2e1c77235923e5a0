//! The lines of facts, word for word.

use std::collections::BTreeMap;
use std::time::Duration;

use super::*;
use crate::event::{EventStamp, SuspicionReason};
use crate::fault::{NodeFaults, Way};
use crate::id::{Epoch, Generation, RequestId};
use crate::time::Time;

fn id(number: u16) -> NodeId {
    NodeId::new(number).expect("not zero")
}

fn line(node: u16, fact: Fact) -> Option<String> {
    of(&EventStamp::new(id(node), Generation(1)).stamp(Time::ZERO, Duration::ZERO, fact))
}

#[test]
fn the_lines_of_the_original_session_are_kept_word_for_word() {
    let ballot = Ballot {
        epoch: Epoch(1),
        id: id(3),
    };
    let grants = vec![id(3), id(2)];
    assert_eq!(
        line(3, Fact::BecameLeader { ballot, grants }).as_deref(),
        Some("Node 3: I am the new leader!")
    );
    assert_eq!(
        line(3, Fact::ServingStarted { ballot }).as_deref(),
        Some("Node 3: I am the LEADER, initializing load balancer")
    );
    let suspected = Fact::LeaderSuspected {
        leader: id(3),
        reason: SuspicionReason::Refused,
    };
    assert_eq!(
        line(2, suspected).as_deref(),
        Some("Node 2: Leader 3 is DOWN! Starting new election...")
    );
}

#[test]
fn what_is_kept_is_told_in_sentences_with_their_plurals() {
    let (image, peer) = (ImageId::from_bytes([0xab; 16]), id(3));
    let (ballot, user) = (
        Ballot {
            epoch: Epoch(5),
            id: id(3),
        },
        || "alice".parse::<UserName>().expect("a name"),
    );
    let reason = "is cut short".to_owned();
    let said = [
        Fact::CatchingUp { missing: 1 },
        Fact::CatchingUp { missing: 12 },
        Fact::CatchingUp { missing: 0 },
        Fact::InSync { ballot },
        Fact::CopyMissed { image, peer },
        Fact::RecordDamaged { image, reason },
        Fact::RecordRepaired { image, peer },
        Fact::StoreReadOnly {
            reason: "could not sync it; check the disk".to_owned(),
        },
        Fact::ImageLost { image },
        Fact::Listed {
            user: user(),
            images: 1,
        },
        Fact::Deleted {
            image,
            user: user(),
            copies: 3,
        },
    ]
    .map(|fact| line(2, fact).unwrap_or_default());
    let image = "abababababababababababababababab";
    assert_eq!(
        said,
        [
            "Node 2: Catching up: 1 image missing".to_owned(),
            "Node 2: Catching up: 12 images missing".to_owned(),
            "Node 2: Nothing is missing any more".to_owned(),
            "Node 2: In sync with leader 3 (epoch 5)".to_owned(),
            format!("Node 2: Image {image} is not on node 3 yet"),
            format!("Node 2: The record of image {image} is cut short; set aside"),
            format!("Node 2: Image {image} repaired from node 3"),
            "Node 2: The store is READ-ONLY: could not sync it; check the disk".to_owned(),
            format!(
                "Node 2: Every copy of image {image} is damaged; it is lost: upload it again if you have it"
            ),
            "Node 2: Listed 1 image of alice".to_owned(),
            format!("Node 2: Deleted image {image} of alice (on 3 nodes)"),
        ]
    );
}

#[test]
fn what_is_wrong_on_purpose_is_said_in_words() {
    let delayed = Way {
        delay: Duration::from_millis(100),
        jitter: Duration::from_millis(20),
        loss_percent: 30,
        ..Way::default()
    };
    let cut = Way {
        cut: true,
        ..Way::default()
    };
    let faults = NodeFaults {
        sends: BTreeMap::from([(id(3), cut)]),
        hears: BTreeMap::from([(id(1), delayed)]),
        disk_delay: Duration::from_millis(50),
    };
    assert_eq!(
        line(2, Fact::FaultsChanged { faults }).as_deref(),
        Some(
            "Node 2: Faults on purpose: to node 3: cut; from node 1: 100 ms late (give or take 20 ms), \
             30 % lost; disk 50 ms slower"
        )
    );
    let faults = NodeFaults::default();
    assert_eq!(
        line(2, Fact::FaultsChanged { faults }).as_deref(),
        Some("Node 2: Faults on purpose: none")
    );
}

#[test]
fn a_request_is_called_by_what_is_asked_for() {
    let image = ImageId::from_bytes([0xab; 16]);
    let digits = "abababababababababababababababab";
    for (kind, assigned, failed) in [
        (
            RequestKind::Upload,
            format!("Image {digits} of alice"),
            format!("Upload of image {digits} for alice"),
        ),
        (
            RequestKind::Download,
            format!("Download of image {digits} for alice"),
            format!("Download of image {digits} for alice"),
        ),
        (
            RequestKind::Delete,
            format!("Delete of image {digits} for alice"),
            format!("Delete of image {digits} for alice"),
        ),
        (
            RequestKind::List,
            "List for alice".to_owned(),
            "List for alice".to_owned(),
        ),
        (
            RequestKind::LookUp,
            "Look-up for alice".to_owned(),
            "Look-up for alice".to_owned(),
        ),
    ] {
        let user: UserName = "alice".parse().expect("a name");
        let fact = Fact::Assigned {
            ballot: Ballot {
                epoch: Epoch(1),
                id: id(3),
            },
            request: RequestId(1),
            kind,
            image,
            user: user.clone(),
            node: id(2),
            redispatched_from: Some(id(1)),
            next: None,
        };
        let expected = format!("Node 3: {assigned} assigned to node 2 (node 1 lost it)");
        assert_eq!(line(3, fact), Some(expected));
        let fact = Fact::RequestFailed {
            kind,
            image,
            user,
            reason: "too few nodes".to_owned(),
        };
        assert_eq!(
            line(2, fact),
            Some(format!("Node 2: {failed} failed: too few nodes"))
        );
    }
}

#[test]
fn a_stranger_draws_nothing_and_forges_no_line() {
    let refused = Fact::GreetingRefused {
        from: "a client".to_owned(),
        reason: "\u{1b}[2Jno\r\nNode 1: I am the new leader!".to_owned(),
    };
    assert_eq!(
        line(2, refused).as_deref(),
        Some("Node 2: Refused a client: \u{fffd}[2Jno\u{fffd}\u{fffd}Node 1: I am the new leader!")
    );
}

#[test]
fn what_only_prints_is_left_as_it_is() {
    assert!(matches!(printable("Füße 写真.png"), Cow::Borrowed(_)));
    assert_eq!(printable("gnp\u{202e}.exe\u{2028}"), "gnp\u{fffd}.exe\u{fffd}");
}

#[test]
fn nodes_are_listed_as_in_a_sentence() {
    assert_eq!(nodes(&[id(3)]), "node 3");
    assert_eq!(nodes(&[id(1), id(2), id(3)]), "nodes 1, 2 and 3");
}

#[test]
fn a_name_is_quoted_where_its_ends_or_its_letters_would_not_be_seen() {
    for name in ["photo.png", "my photo.png", "écran 日本.png", "\"a\".png"] {
        assert_eq!(quoted(name), name);
    }
    let quotes = [
        ("", r#""""#),
        ("a.png ", r#""a.png ""#),
        ("\u{a0}a.png", r#""\u{a0}a.png""#),
        ("b\u{1b}[2J\n.png", r#""b\u{1b}[2J\n.png""#),
        ("a\u{202e}gnp.exe", r#""a\u{202e}gnp.exe""#),
    ];
    for (name, shown) in quotes {
        assert_eq!(quoted(name), shown);
    }
}
