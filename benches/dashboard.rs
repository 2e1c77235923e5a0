//! What a frame of the dashboard costs, beside a plain screen of text, and what folding an event costs.
//!
//! ```text
//! cargo bench --bench dashboard
//! ```
//!
//! The screen is 200 x 60, the cluster has nine nodes, and every ring of lines is full. What is
//! compared is measured in turns, so that a busy machine slows both alike; a frame is wanted in
//! 2 ms, the filter that looks through every line included.

use std::time::{Duration, Instant};

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use heirloom::config::{Address, ClusterConfig, Members, QuorumPolicy, Timing};
use heirloom::dashboard::cluster::logs::LINES_MAX;
use heirloom::dashboard::presenter::Presenting;
use heirloom::dashboard::theme::{Charset, Palette, Theme};
use heirloom::dashboard::{Control, Images, Message, Model, Setup, update, view};
use heirloom::event::process::{Life, OutputStream, ProcessEvent, ProcessFact};
use heirloom::event::{EVENT_VERSION, Event, Fact};
use heirloom::id::{Ballot, Epoch, Generation, ImageId, NodeId};
use heirloom::time::Time;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::layout::Size;
use ratatui::widgets::Paragraph;

/// The screen: what a full window of a large display has.
const SIZE: Size = Size::new(200, 60);

/// How many nodes there are: the most that `--nodes` takes.
const NODES: u16 = 9;

/// How many frames a median is taken of.
const FRAMES: usize = 201;

/// How many events one measured turn folds.
const EVENTS: u64 = 1000;

fn node(number: u16) -> NodeId {
    NodeId::new(number).expect("not zero")
}

fn setup() -> Setup {
    let members = (1..=NODES).map(|number| {
        let address: Address = format!("127.0.0.1:{}", 8000 + number)
            .parse()
            .expect("an address");
        (node(number), address)
    });
    Setup {
        cluster: ClusterConfig {
            name: "bench".parse().expect("a name"),
            members: Members::new(members.collect()).expect("nine members"),
        },
        timing: Timing::SEED,
        quorum: QuorumPolicy::Live,
        control: Control::Supervised,
        theme: Theme::new(Palette::Dark, Charset::Unicode),
        size: SIZE,
        start_dir: ".".into(),
        users: Vec::new(),
        presenting: Presenting::No,
        images: Images::Stay,
    }
}

const fn at(ms: u64) -> Time {
    Time::from_nanos(ms * 1_000_000)
}

fn tell(model: &mut Model, ms: u64, teller: u16, fact: Fact) {
    let event = Event {
        version: EVENT_VERSION,
        node: node(teller),
        generation: Generation(1),
        sequence: 0,
        monotonic_ns: at(ms),
        wall_ms: ms,
        fact,
    };
    update(model, at(ms), Message::Node(Box::new(event)));
}

fn became(model: &mut Model, ms: u64, number: u16, fact: ProcessFact) {
    let event = ProcessEvent {
        version: EVENT_VERSION,
        node: node(number),
        life: Life(1),
        monotonic_ns: at(ms),
        wall_ms: ms,
        fact,
    };
    update(model, at(ms), Message::Process(event));
}

fn press(model: &mut Model, ms: u64, keys: &str) {
    for key in keys.chars() {
        let key = KeyEvent::new(KeyCode::Char(key), KeyModifiers::NONE);
        update(model, at(ms), Message::Key(key));
    }
}

/// Nine nodes that have elected, uploaded and written until every ring was full.
fn full() -> (Model, u64) {
    let mut model = Model::new(setup());
    let mut ms = 1000;
    for number in 1..=NODES {
        became(
            &mut model,
            ms,
            number,
            ProcessFact::Spawned {
                pid: 4000 + u32::from(number),
            },
        );
    }
    for epoch in 1..20 {
        ms += 5000;
        let leader = u16::try_from(epoch % 9 + 1).expect("small");
        elect(&mut model, ms, epoch, leader);
    }
    for line in 0..LINES_MAX {
        ms += 5;
        for number in 1..=NODES {
            let (stream, text) = (OutputStream::Stdout, said(line));
            became(&mut model, ms, number, ProcessFact::Wrote { stream, text });
        }
        uploaded(&mut model, ms, line);
    }
    (model, ms)
}

fn said(line: usize) -> String {
    format!("request {line} of alice was encrypted and stored on 3 of 3 nodes in 41.7 ms, as ever before")
}

fn elect(model: &mut Model, ms: u64, epoch: u64, leader: u16) {
    let ballot = Ballot {
        epoch: Epoch(epoch),
        id: node(leader),
    };
    tell(model, ms, leader, Fact::ElectionStarted { round: epoch });
    for number in (1..=NODES).filter(|number| *number != leader) {
        let (from, message) = (node(leader), "claim".to_owned());
        tell(model, ms + 1, number, Fact::MessageReceived { from, message });
        tell(model, ms + 2, number, Fact::Following { ballot });
    }
    tell(model, ms + 2, leader, Fact::ServingStarted { ballot });
}

fn uploaded(model: &mut Model, ms: u64, number: usize) {
    let done = Fact::UploadDone {
        image: ImageId::from_bytes((number as u128).to_be_bytes()),
        user: "alice".parse().expect("a name"),
        file: format!("holiday {number}.jpeg"),
        bytes: 614_831,
        copies: 3,
        took_us: 41_700,
    };
    tell(model, ms, 1, done);
}

fn median(mut turns: Vec<Duration>) -> Duration {
    turns.sort();
    turns[turns.len() / 2]
}

/// Measures two things in turns and returns the median of each.
fn in_turns(mut first: impl FnMut(), mut second: impl FnMut()) -> (Duration, Duration) {
    let (mut firsts, mut seconds) = (Vec::new(), Vec::new());
    for _ in 0..FRAMES {
        let start = Instant::now();
        first();
        let middle = Instant::now();
        second();
        firsts.push(middle - start);
        seconds.push(middle.elapsed());
    }
    (median(firsts), median(seconds))
}

fn terminal() -> Terminal<TestBackend> {
    Terminal::new(TestBackend::new(SIZE.width, SIZE.height)).expect("in memory")
}

/// Prints what a frame costs, and how many plain frames it is worth.
fn frame(name: &str, model: &Model) {
    let (mut dashboard, mut plain) = (terminal(), terminal());
    let page = vec![said(7).repeat(3)[..200].to_owned(); 60].join("\n");
    let (ours, theirs) = in_turns(
        || {
            dashboard.draw(|frame| view(model, frame)).expect("in memory");
        },
        || {
            let text = Paragraph::new(page.as_str());
            plain
                .draw(|frame| frame.render_widget(text, frame.area()))
                .expect("in memory");
        },
    );
    println!(
        "frame, {name}: {} us, {:.1} x a plain page of text ({} us)",
        ours.as_micros(),
        ours.as_secs_f64() / theirs.as_secs_f64(),
        theirs.as_micros()
    );
}

/// Prints what folding an event costs, beside reading the same event from its line of JSON.
fn fold(model: &mut Model, ms: u64) {
    let event = |index: u64| Event {
        version: EVENT_VERSION,
        node: node(1),
        generation: Generation(1),
        sequence: index,
        monotonic_ns: at(ms + index),
        wall_ms: ms,
        fact: Fact::UploadStarted {
            image: ImageId::from_bytes(u128::from(index % 64).to_be_bytes()),
            user: "alice".parse().expect("a name"),
            file: "holiday.jpeg".to_owned(),
            bytes: 614_831,
        },
    };
    let lines: Vec<String> = (0..EVENTS)
        .map(|index| serde_json::to_string(&event(index)).expect("an event"))
        .collect();
    let (ours, theirs) = in_turns(
        || {
            for index in 0..EVENTS {
                update(model, at(ms + index), Message::Node(Box::new(event(index))));
            }
        },
        || {
            for line in &lines {
                let event: Event = serde_json::from_str(line).expect("an event");
                std::hint::black_box(event);
            }
        },
    );
    let each = |span: Duration| span.as_nanos() / u128::from(EVENTS);
    println!(
        "one event: {} ns to fold, {:.2} x reading it from JSON ({} ns)",
        each(ours),
        ours.as_secs_f64() / theirs.as_secs_f64(),
        each(theirs)
    );
}

fn main() {
    let (mut model, ms) = full();
    frame("every panel", &model);
    press(&mut model, ms, "l/alice");
    frame("a filter that every line passes", &model);
    press(&mut model, ms, "xyzzy");
    frame("a filter that no line passes", &model);
    let (mut model, ms) = full();
    press(&mut model, ms, "ez");
    frame("elections alone", &model);
    fold(&mut model, ms);
}
