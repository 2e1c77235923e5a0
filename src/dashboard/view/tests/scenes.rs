//! What the panels are drawn of: clusters in every state, as they come to be.

use std::time::Duration;

use crate::dashboard::message::Message;
use crate::dashboard::model::Control;
use crate::dashboard::testing::{Scene, ballot_of, image, node};
use crate::dashboard::theme::Theme;
use crate::event::process::{Ending, ProcessFact, ProcessSignal};
use crate::event::{Fact, RequestKind, StepDownReason, WorkerState};
use crate::fault::{Between, Fault, Matrix};
use crate::id::ImageId;
use crate::protocol::Contact;

pub(super) fn led(size: (u16, u16), theme: Theme) -> Scene {
    let mut scene = Scene::themed(size.0, size.1, theme);
    scene.lead();
    scene
}

/// Node 3 has led for a while, with uploads done, failed, interrupted and running.
pub(super) fn busy(size: (u16, u16), theme: Theme) -> Scene {
    let mut scene = led(size, theme);
    for (worker, file) in [(1, "test_image.png"), (2, "日本の写真 of a long holiday.jpeg")] {
        scene.upload(3, 1, worker, file).after(1500);
    }
    scene.upload_fails(3, 1, 1, "torn.gif", "the connection closed after 81920 bytes");
    scene.upload_begins(3, 1, 2, "lost with its node.webp");
    scene.kill(2).after(800);
    scene.upload_begins(3, 1, 1, "still going up.png");
    scene.heartbeats(3, &[1]);
    scene.after(700);
    scene
}

pub(super) fn killed(size: (u16, u16), theme: Theme) -> Scene {
    let mut scene = led(size, theme);
    scene.upload(3, 1, 1, "test_image.png").after(8000);
    scene.kill(3).after(2);
    scene.suspect(2, 3).after(1200);
    scene
}

pub(super) fn heir(size: (u16, u16), theme: Theme) -> Scene {
    let mut scene = led(size, theme);
    scene.upload(3, 1, 1, "test_image.png").after(8000);
    scene.kill(3).after(2);
    scene.suspect(2, 3).elect(2, 2, &[1, 2]);
    scene
        .upload(2, 2, 2, "after the failover.png")
        .heartbeats(2, &[1])
        .after(2000);
    scene
}

pub(super) fn frozen(size: (u16, u16), theme: Theme) -> Scene {
    let mut scene = led(size, theme);
    scene.after(4000);
    let signal = ProcessSignal::Freeze;
    scene.process(3, ProcessFact::Signalled { signal }).after(3000);
    scene
}

/// Node 1 is about to be started again; node 2 has crashed too often.
pub(super) fn crashing(size: (u16, u16), theme: Theme) -> Scene {
    let mut scene = led(size, theme);
    for number in [1, 2] {
        let ending = Ending::Code(101);
        scene.process(number, ProcessFact::Exited { ending });
    }
    let (after_ms, crashes) = (4000, 3);
    scene.process(1, ProcessFact::Restarting { after_ms, crashes });
    scene.process(2, ProcessFact::GaveUp { crashes: 5 }).after(1600);
    scene
}

pub(super) fn no_quorum(size: (u16, u16), theme: Theme) -> Scene {
    let mut scene = led(size, theme);
    for number in [2, 3] {
        let signal = ProcessSignal::Freeze;
        scene.process(number, ProcessFact::Signalled { signal });
    }
    scene.after(6000);
    scene.suspect(1, 3);
    scene.tell(1, Fact::ElectionStarted { round: 2 }).after(1000);
    let missing = vec![node(2), node(3)];
    scene.tell(1, Fact::QuorumMissing { missing }).after(3000);
    scene
}

/// Node 3 led, and is cut off; nodes 1 and 2 go on, with a bad link between them and a slow disk.
pub(super) fn partitioned(size: (u16, u16), theme: Theme) -> Scene {
    let mut scene = led(size, theme);
    let mut matrix = Matrix::new((1..=3).map(node));
    let delay = Fault::Delay {
        between: Between::Way(node(1), node(2)),
        delay: Duration::from_millis(200),
        jitter: Duration::from_millis(50),
    };
    let slow = Fault::SlowDisk {
        node: node(1),
        delay: Duration::from_millis(50),
    };
    for fault in [Fault::Partition(vec![vec![node(3)]]), delay, slow] {
        matrix.apply(&fault).expect("makes sense");
    }
    for number in 1..=3 {
        let faults = matrix.of(node(number));
        scene.tell(number, Fact::FaultsChanged { faults });
    }
    scene.after(6000);
    let ballot = ballot_of(1, node(3));
    scene.tell(3, Fact::ServingStopped { ballot });
    let reason = StepDownReason::QuorumLost;
    scene.tell(3, Fact::SteppedDown { ballot, reason });
    scene
        .suspect_silent(2, 3)
        .elect(2, 2, &[1, 2])
        .heartbeats(2, &[1]);
    let missing = vec![node(1), node(2)];
    scene.tell(3, Fact::QuorumMissing { missing }).after(1000);
    scene
}

pub(super) fn attached(size: (u16, u16), theme: Theme) -> Scene {
    let mut scene = led(size, theme);
    scene.model.setup.control = Control::Attached;
    let reason = "connection refused".to_owned();
    scene.send(Message::Contact(node(1), Contact::Lost(reason)));
    let (state, next) = (WorkerState::CatchingUp, Some(node(3)));
    scene
        .tell(
            3,
            Fact::RotationChanged {
                node: node(2),
                state,
                next,
            },
        )
        .after(2000);
    scene
}

/// Images are sent, listed and deleted between uploads, not always by everybody.
pub(super) fn served(size: (u16, u16), theme: Theme) -> Scene {
    let mut scene = led(size, theme);
    scene.upload(3, 1, 1, "test_image.png").after(900);
    scene.request_fails(RequestKind::List, 1, "too few nodes could be asked");
    scene.delete(3, ImageId::from_bytes([0xab; 16]), 3).after(300);
    scene.kill(2).after(700);
    scene.upload(3, 1, 1, "without node 2.png").after(100);
    scene.download(1, 1).after(200);
    scene.list(3, 12).after(300);
    scene.delete(1, image(1), 2).after(400);
    scene.request_begins(RequestKind::Download, 3, image(4));
    scene
}

/// Node 2 catches up, node 1 repairs one of two damaged records, and node 3 has repaired all of its own.
pub(super) fn lacking(size: (u16, u16), theme: Theme) -> Scene {
    let mut scene = led(size, theme);
    scene.upload(3, 1, 1, "test_image.png").after(900);
    for number in [1, 2, 3] {
        scene.damage(3, number).repair(3, number);
    }
    scene.damage(1, 1).damage(1, 2).repair(1, 2);
    scene.kill(2).after(1000).start(2).heartbeats(3, &[1]);
    let ballot = ballot_of(1, node(3));
    scene
        .tell(2, Fact::Following { ballot })
        .catch_up(2, 12)
        .after(1300);
    scene
}

/// Node 3 leads, has not looked yet what others keep, and runs for so long that its card is full.
pub(super) fn lagging_leader(size: (u16, u16), theme: Theme) -> Scene {
    let mut scene = led(size, theme);
    scene.rotates(3, WorkerState::CatchingUp).after(3_599_000);
    scene
        .heartbeats(3, &[1, 2])
        .tell(2, Fact::CatchingUp { missing: 1 });
    scene
}

/// Node 2 is dead, and misses what is uploaded meanwhile.
pub(super) fn missing(size: (u16, u16), theme: Theme) -> Scene {
    let mut scene = led(size, theme);
    scene.kill(2).after(400);
    for number in [1, 2] {
        scene.upload(3, 1, 1, "without node 2.png");
        let (image, peer) = (image(number), node(2));
        scene.tell(1, Fact::CopyMissed { image, peer }).after(700);
    }
    scene
}
