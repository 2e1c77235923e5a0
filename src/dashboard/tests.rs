//! Whatever comes, in whatever order and at whatever size, the dashboard draws and goes on.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use proptest::prelude::*;
use ratatui::layout::Size;

use super::message::Message;
use super::testing::{Scene, node};
use super::theme::{Charset, Palette, Theme};
use crate::event::RequestKind;
use crate::event::process::{Ending, OutputStream, ProcessFact, ProcessSignal};
use crate::event::{Fact, LinkDownReason, RequestOutcome, StepDownReason, SuspicionReason, WorkerState};
use crate::id::{Ballot, Epoch, ImageId, RequestId};
use crate::protocol::Contact;

mod store;

/// How many sequences are tried; each draws some ten frames, the largest of 100,000 cells.
const CASES: u32 = 48;

/// Something that happens to the dashboard.
#[derive(Debug, Clone)]
enum Step {
    Told(u16, Fact),
    Became(u16, ProcessFact),
    Lost(u16, String),
    Pressed(KeyEvent),
    Pasted(&'static str, usize),
    Resized(u16, u16),
    Passed(u64),
    Drawn,
}

/// What strangers put into names, reasons and output.
fn nasty() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        Just("x.png".to_owned()),
        Just("\x1b[2J\x1b]0;owned\x07\r\n\t".to_owned()),
        Just("\u{202e}gnp.exe\u{200f}\u{2066}".to_owned()),
        Just(format!("e{}", "\u{301}".repeat(3000))),
        Just("日本の写真👩‍👩‍👧‍👦🇯🇵".repeat(40)),
        Just("\u{200b}\u{feff}\u{ad}".repeat(200)),
        Just("w".repeat(64 << 10)),
        ".{0,40}",
    ]
}

fn who() -> impl Strategy<Value = u16> {
    // The cluster has the nodes 1 to 3; what another one tells is nobody's business.
    1..=4_u16
}

fn ballot() -> impl Strategy<Value = Ballot> {
    (0..6_u64, who()).prop_map(|(epoch, id)| Ballot {
        epoch: Epoch(epoch),
        id: node(id),
    })
}

fn election_fact() -> impl Strategy<Value = Fact> {
    let step_down = prop_oneof![
        Just(StepDownReason::QuorumLost),
        Just(StepDownReason::HandedOver),
        Just(StepDownReason::Superseded { epoch: Epoch(9) }),
    ];
    prop_oneof![
        (who(), any::<bool>()).prop_map(|(leader, refused)| Fact::LeaderSuspected {
            leader: node(leader),
            reason: if refused {
                SuspicionReason::Refused
            } else {
                SuspicionReason::NoAnswer
            },
        }),
        any::<u64>().prop_map(|round| Fact::ElectionStarted { round }),
        prop::collection::vec(who(), 0..4).prop_map(|missing| Fact::QuorumMissing {
            missing: missing.into_iter().map(node).collect(),
        }),
        ballot().prop_map(|ballot| Fact::ClaimStarted { ballot }),
        ballot().prop_map(|ballot| Fact::Voted { ballot }),
        (ballot(), who()).prop_map(|(ballot, grant)| Fact::BecameLeader {
            ballot,
            grants: vec![node(grant)],
        }),
        ballot().prop_map(|ballot| Fact::ServingStarted { ballot }),
        ballot().prop_map(|ballot| Fact::ServingStopped { ballot }),
        ballot().prop_map(|ballot| Fact::Following { ballot }),
        (ballot(), step_down).prop_map(|(ballot, reason)| Fact::SteppedDown { ballot, reason }),
        ballot().prop_map(|ballot| Fact::HandoverStarted { ballot }),
        (who(), nasty()).prop_map(|(from, message)| Fact::MessageReceived {
            from: node(from),
            message,
        }),
        (who(), any::<u64>()).prop_map(|(leader, after_us)| Fact::HeartbeatAnswered {
            leader: node(leader),
            after_us,
        }),
    ]
}

/// Few enough that they meet again.
fn few_images() -> impl Strategy<Value = ImageId> {
    (0..4_u8).prop_map(|image| ImageId::from_bytes([image; 16]))
}

fn upload_fact() -> impl Strategy<Value = Fact> {
    (few_images(), ballot(), nasty(), any::<u64>(), who(), 0..5_u8).prop_map(
        |(image, ballot, text, number, worker, kind)| {
            let user: crate::id::UserName = "alice".parse().expect("a name");
            match kind {
                0 => Fact::Assigned {
                    kind: RequestKind::Upload,
                    ballot,
                    request: RequestId(number),
                    image,
                    user,
                    node: node(worker),
                    redispatched_from: (number % 2 == 0).then_some(ballot.id),
                    next: (number % 3 == 0).then_some(ballot.id),
                },
                1 => Fact::UploadStarted {
                    image,
                    user,
                    file: text,
                    bytes: number,
                },
                2 => Fact::UploadDone {
                    image,
                    user,
                    file: text,
                    bytes: number,
                    copies: 3,
                    took_us: number,
                },
                3 => Fact::UploadFailed {
                    image,
                    user,
                    file: text.clone(),
                    reason: text,
                },
                _ => Fact::RequestDone {
                    request: RequestId(number),
                    node: node(worker),
                    outcome: if number % 2 == 0 {
                        RequestOutcome::Done
                    } else {
                        RequestOutcome::Failed
                    },
                },
            }
        },
    )
}

fn other_fact() -> impl Strategy<Value = Fact> {
    prop_oneof![
        (any::<u32>(), nasty()).prop_map(|(pid, address)| Fact::Started {
            pid,
            address,
            program: "0".to_owned(),
        }),
        Just(Fact::Stopping),
        who().prop_map(|peer| Fact::LinkUp { peer: node(peer) }),
        who().prop_map(|peer| Fact::LinkDown {
            peer: node(peer),
            reason: LinkDownReason::Silent
        }),
        (nasty(), nasty()).prop_map(|(from, reason)| Fact::GreetingRefused { from, reason }),
        (who(), any::<bool>()).prop_map(|(worker, catching_up)| Fact::RotationChanged {
            node: node(worker),
            state: if catching_up {
                WorkerState::CatchingUp
            } else {
                WorkerState::Active
            },
            next: Some(node(worker)),
        }),
        any::<u64>().prop_map(|images| Fact::Holding { images }),
        Just(Fact::OfferParked {
            image: ImageId::from_bytes([1; 16])
        }),
        any::<u32>().prop_map(|lines| Fact::LogDropped { lines: lines.into() }),
    ]
}

fn process_fact() -> impl Strategy<Value = ProcessFact> {
    let signal = prop_oneof![
        Just(ProcessSignal::Terminate),
        Just(ProcessSignal::Kill),
        Just(ProcessSignal::Freeze),
        Just(ProcessSignal::Thaw),
    ];
    prop_oneof![
        any::<u32>().prop_map(|pid| ProcessFact::Spawned { pid }),
        signal.prop_map(|signal| ProcessFact::Signalled { signal }),
        any::<i32>().prop_map(|number| ProcessFact::Exited {
            ending: Ending::Signal(number)
        }),
        nasty().prop_map(|reason| ProcessFact::Exited {
            ending: Ending::Unstarted(reason)
        }),
        (any::<u64>(), any::<u32>())
            .prop_map(|(after_ms, crashes)| ProcessFact::Restarting { after_ms, crashes }),
        any::<u32>().prop_map(|crashes| ProcessFact::GaveUp { crashes }),
        nasty().prop_map(|text| ProcessFact::Wrote {
            stream: OutputStream::Stderr,
            text
        }),
        (any::<u32>(), any::<u64>()).prop_map(|(cpu_permille, memory_bytes)| ProcessFact::Sampled {
            cpu_permille,
            memory_bytes,
        }),
        any::<u32>().prop_map(|lines| ProcessFact::OutputDropped { lines: lines.into() }),
    ]
}

fn key() -> impl Strategy<Value = KeyEvent> {
    let code = prop_oneof![
        4 => prop::sample::select("uxX!pPRsSrwf?qtelz+-=hjkgGyo a/nN123456789#".chars().collect::<Vec<_>>())
            .prop_map(KeyCode::Char),
        1 => any::<char>().prop_map(KeyCode::Char),
        3 => prop::sample::select(vec![
            KeyCode::Enter, KeyCode::Esc, KeyCode::Tab, KeyCode::BackTab, KeyCode::Up, KeyCode::Down,
            KeyCode::Left, KeyCode::Right, KeyCode::PageUp, KeyCode::PageDown, KeyCode::Home, KeyCode::End,
            KeyCode::Backspace, KeyCode::Delete, KeyCode::F(5), KeyCode::Null,
        ]),
    ];
    let modifiers = prop_oneof![
        9 => Just(KeyModifiers::NONE),
        1 => any::<u8>().prop_map(KeyModifiers::from_bits_truncate),
    ];
    (code, modifiers).prop_map(|(code, modifiers)| KeyEvent::new(code, modifiers))
}

fn step() -> impl Strategy<Value = Step> {
    let size = prop_oneof![
        3 => (60..=200_u16, 16..=70_u16),
        1 => (0..=500_u16, 0..=200_u16),
        1 => (0..=3_u16, 0..=3_u16),
    ];
    prop_oneof![
        8 => (who(), election_fact()).prop_map(|(who, fact)| Step::Told(who, fact)),
        4 => (who(), upload_fact()).prop_map(|(who, fact)| Step::Told(who, fact)),
        6 => (who(), store::fact()).prop_map(|(who, fact)| Step::Told(who, fact)),
        4 => (who(), other_fact()).prop_map(|(who, fact)| Step::Told(who, fact)),
        6 => (who(), process_fact()).prop_map(|(who, fact)| Step::Became(who, fact)),
        1 => (who(), nasty()).prop_map(|(who, reason)| Step::Lost(who, reason)),
        10 => key().prop_map(Step::Pressed),
        1 => (prop::sample::select(vec!["a", "日", "\x1b[201~", "/"]), 0..=1_usize << 20)
            .prop_map(|(text, times)| Step::Pasted(text, times)),
        2 => size.prop_map(|(width, height)| Step::Resized(width, height)),
        3 => (0..100_000_u64).prop_map(Step::Passed),
        4 => Just(Step::Drawn),
    ]
}

fn take(scene: &mut Scene, step: Step) {
    match step {
        Step::Told(who, fact) => {
            scene.tell(who, fact);
        }
        Step::Became(who, fact) => {
            scene.process(who, fact);
        }
        Step::Lost(who, reason) => {
            scene.send(Message::Contact(node(who), Contact::Lost(reason)));
        }
        Step::Pressed(key) => {
            scene.send(Message::Key(key));
        }
        Step::Pasted(text, times) => {
            scene.send(Message::Paste(text.repeat(times)));
        }
        Step::Resized(width, height) => {
            scene.send(Message::Resized(Size::new(width, height)));
        }
        Step::Passed(ms) => {
            scene.after(ms);
        }
        Step::Drawn => {
            let buffer = scene.drawn();
            assert_eq!(buffer.area.as_size(), scene.model.size);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: CASES, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_that_happens_stops_the_dashboard(
        steps in prop::collection::vec(step(), 1..80),
        ascii in any::<bool>(),
        started in any::<bool>(),
    ) {
        let charset = if ascii { Charset::Ascii } else { Charset::Unicode };
        let mut scene = Scene::themed(120, 40, Theme::new(Palette::Dark, charset));
        if started {
            scene.lead();
        }
        for step in steps {
            take(&mut scene, step);
        }
        take(&mut scene, Step::Drawn);
    }

    #[test]
    fn what_a_terminal_is_told_to_show_is_never_a_command(text in nasty(), keys in "[wlfetz/?]{0,3}") {
        let mut scene = Scene::led(120, 40);
        scene.upload_fails(3, 1, 1, &text, &text);
        scene.request_fails(RequestKind::Delete, 2, &text);
        scene.process(1, ProcessFact::Wrote { stream: OutputStream::Stdout, text });
        for key in keys.chars() {
            scene.press(key);
        }
        let turns = |letter: char| matches!(letter, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        for cell in &scene.drawn().content {
            prop_assert!(!cell.symbol().contains(|letter: char| letter.is_control() || turns(letter)));
        }
    }
}
