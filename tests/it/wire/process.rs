//! What becomes of a node's process, as headless output holds it, one JSON line each.

use heirloom::event::EVENT_VERSION;
use heirloom::event::process::{Ending, Life, OutputStream, ProcessEvent, ProcessFact, ProcessSignal};
use heirloom::time::Time;

use super::{complete, golden, lines_of, node, words};

fn facts() -> Vec<(ProcessFact, String)> {
    let exited = ProcessFact::Exited {
        ending: Ending::Signal(9),
    };
    let wrote = ProcessFact::Wrote {
        stream: OutputStream::Stderr,
        text: "error: no".to_owned(),
    };
    let summary = ProcessFact::Summary {
        restarts: 2,
        last: Some(Ending::Code(0)),
    };
    let never = ProcessFact::Summary {
        restarts: 0,
        last: None,
    };
    let lines = [
        (
            ProcessFact::Spawned { pid: 4711 },
            r#"{"process":"spawned","pid":4711}"#,
        ),
        (
            ProcessFact::Signalled {
                signal: ProcessSignal::Terminate,
            },
            r#"{"process":"signalled","signal":"terminate"}"#,
        ),
        (exited, r#"{"process":"exited","ending":{"signal":9}}"#),
        (
            ProcessFact::Restarting {
                after_ms: 200,
                crashes: 1,
            },
            r#"{"process":"restarting","after_ms":200,"crashes":1}"#,
        ),
        (
            ProcessFact::GaveUp { crashes: 5 },
            r#"{"process":"gave_up","crashes":5}"#,
        ),
        (
            wrote,
            r#"{"process":"wrote","stream":"stderr","text":"error: no"}"#,
        ),
        (
            ProcessFact::Sampled {
                cpu_permille: 1250,
                memory_bytes: 9_437_184,
            },
            r#"{"process":"sampled","cpu_permille":1250,"memory_bytes":9437184}"#,
        ),
        (
            ProcessFact::OutputDropped { lines: 3 },
            r#"{"process":"output_dropped","lines":3}"#,
        ),
        (
            ProcessFact::FaultsUntold {
                reason: "it takes none".to_owned(),
            },
            r#"{"process":"faults_untold","reason":"it takes none"}"#,
        ),
        (summary, r#"{"process":"summary","restarts":2,"last":{"code":0}}"#),
        (never, r#"{"process":"summary","restarts":0,"last":null}"#),
    ];
    lines.map(|(fact, line)| (fact, line.to_owned())).into()
}

#[test]
fn every_process_fact_is_written_as_documented() {
    golden(&facts());
    complete::<ProcessFact>("process", &lines_of(&facts()));
    words(&[
        (ProcessSignal::Terminate, "terminate"),
        (ProcessSignal::Kill, "kill"),
        (ProcessSignal::Freeze, "freeze"),
        (ProcessSignal::Thaw, "thaw"),
    ]);
    words(&[(OutputStream::Stdout, "stdout"), (OutputStream::Stderr, "stderr")]);
    golden(&[(
        Ending::Unstarted("no memory".to_owned()),
        r#"{"unstarted":"no memory"}"#.to_owned(),
    )]);
}

#[test]
fn a_process_event_is_one_flat_line() {
    let event = ProcessEvent {
        version: EVENT_VERSION,
        node: node(3),
        life: Life(2),
        monotonic_ns: Time::from_nanos(15),
        wall_ms: 1_730_738_456_000,
        fact: ProcessFact::Spawned { pid: 4711 },
    };
    let line = r#"{"v":1,"node":3,"life":2,"monotonic_ns":15,"wall_ms":1730738456000,"process":"spawned","pid":4711}"#;
    golden(&[(event, line.to_owned())]);
}
