//! The supervisor with programs that are no nodes: chatty ones, broken ones, and none at all.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use super::*;
use crate::config::{ClusterConfig, Members};
use crate::event::process::{OutputStream, ProcessSignal};

fn one() -> NodeId {
    NodeId::new(1).expect("not zero")
}

/// A supervisor of one node, which is this shell script.
fn of_script(script: &str) -> (Supervisor, TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    let program = folder.path().join("node.sh");
    fs::write(&program, format!("#!/bin/sh\n{script}\n")).expect("written");
    fs::set_permissions(&program, fs::Permissions::from_mode(0o700)).expect("made executable");
    (of_program(program), folder)
}

/// A cluster of one node, at an address that nobody listens on.
fn cluster() -> ClusterConfig {
    let address = "127.0.0.1:1".parse().expect("valid");
    ClusterConfig {
        name: "test".parse().expect("valid"),
        members: Members::new(BTreeMap::from([(one(), address)])).expect("a cluster"),
    }
}

fn of_program(program: PathBuf) -> Supervisor {
    Supervisor::start(Launch {
        program,
        settings: vec!["--nodes=1".into()],
        nodes: vec![one()],
        cluster: cluster(),
    })
}

/// Runs a test on one thread, as the program does.
fn run(test: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
        .block_on(test);
}

/// Waits for the next fact about the process for which `pick` has an answer.
async fn until<T>(supervisor: &mut Supervisor, pick: impl Fn(&ProcessFact) -> Option<T>) -> T {
    loop {
        if let Notice::Process(event) = supervisor.next().await
            && let Some(picked) = pick(&event.fact)
        {
            return picked;
        }
    }
}

/// Reads on until nothing runs; returns how the last process ended.
async fn until_idle(supervisor: &mut Supervisor) -> Option<Ending> {
    while !supervisor.is_idle() {
        supervisor.next().await;
    }
    supervisor
        .summary()
        .nodes
        .into_iter()
        .find_map(|event| match event.fact {
            ProcessFact::Summary { last, .. } => last,
            _ => None,
        })
}

fn text(fact: &ProcessFact, from: OutputStream) -> Option<String> {
    match fact {
        ProcessFact::Wrote { stream, text } if *stream == from => Some(text.clone()),
        _ => None,
    }
}

#[test]
fn a_node_is_started_with_the_hidden_flags_and_the_settings() {
    run(async {
        let (mut supervisor, _folder) = of_script("echo \"$@\"; exec cat");
        let told = until(&mut supervisor, |fact| text(fact, OutputStream::Stdout)).await;
        assert_eq!(told, "node 1 --supervised --no-tui --format json --nodes=1");
        supervisor.wish(Wish::StopAll);
        assert_eq!(until_idle(&mut supervisor).await, Some(Ending::Signal(15)));
    });
}

#[test]
fn what_is_no_event_is_told_printably() {
    run(async {
        let (mut supervisor, _folder) = of_script("printf '\\033[2Jhelp' >&2; exit 7");
        let told = until(&mut supervisor, |fact| text(fact, OutputStream::Stderr)).await;
        assert_eq!(told, "\u{fffd}[2Jhelp", "a last line without an end is a line");
        supervisor.wish(Wish::StopAll);
        until_idle(&mut supervisor).await;
    });
}

#[test]
fn a_flood_without_a_line_end_is_cut_and_never_delays_a_kill() {
    run(async {
        let (mut supervisor, _folder) = of_script("exec cat /dev/zero");
        for _ in 0..50 {
            let told = until(&mut supervisor, |fact| text(fact, OutputStream::Stdout)).await;
            assert_eq!(told.len(), ring::LINE_BYTES_MAX * "\u{fffd}".len());
        }
        supervisor.wish(Wish::KillAll);
        assert_eq!(until_idle(&mut supervisor).await, Some(Ending::Signal(9)));
    });
}

#[test]
fn lines_that_come_faster_than_they_are_read_are_counted() {
    run(async {
        let (mut supervisor, _folder) = of_script("yes | head -n 100000; echo end; exec cat");
        let (mut told, mut dropped) = (0, 0);
        loop {
            // Whoever reads is busy with something else most of the time.
            for _ in 0..1000 {
                tokio::task::yield_now().await;
            }
            let Notice::Process(event) = supervisor.next().await else {
                continue;
            };
            match event.fact {
                ProcessFact::Wrote { text, .. } if text == "end" => break,
                ProcessFact::Wrote { .. } => told += 1,
                ProcessFact::OutputDropped { lines } => dropped += lines,
                _ => {}
            }
        }
        assert_eq!(told + dropped, 100_000);
        assert!(dropped > 0, "a burst is larger than what waits for a reader");
        supervisor.wish(Wish::KillAll);
        until_idle(&mut supervisor).await;
    });
}

#[test]
fn a_frozen_process_is_woken_to_stop() {
    run(async {
        let (mut supervisor, _folder) = of_script("echo ready; exec cat");
        until(&mut supervisor, |fact| text(fact, OutputStream::Stdout)).await;
        supervisor.wish(Wish::Freeze(one()));
        supervisor.wish(Wish::Stop(one()));
        assert_eq!(until_idle(&mut supervisor).await, Some(Ending::Signal(15)));
    });
}

#[test]
fn a_process_that_somebody_else_froze_is_seen_to_stand_still() {
    run(async {
        let (mut supervisor, _folder) = of_script("echo ready; exec cat");
        until(&mut supervisor, |fact| text(fact, OutputStream::Stdout)).await;
        let signals = [Signal::STOP, Signal::CONT].map(|signal| {
            let process = supervisor.processes.values().next().expect("it runs");
            let pid = i32::try_from(process.pid).ok().and_then(Pid::from_raw);
            (pid.expect("a process id"), signal)
        });
        for ((pid, signal), told) in signals
            .into_iter()
            .zip([ProcessSignal::Freeze, ProcessSignal::Thaw])
        {
            kill_process(pid, signal).expect("it is there");
            seen(&mut supervisor, told).await;
        }
        supervisor.wish(Wish::KillAll);
        until_idle(&mut supervisor).await;
    });
}

/// Samples until this is told of a process that nobody here has signalled.
async fn seen(supervisor: &mut Supervisor, wanted: ProcessSignal) {
    for _ in 0..1000 {
        supervisor.sample();
        let told = until(supervisor, |fact| match fact {
            ProcessFact::Signalled { signal } if *signal == wanted => Some(()),
            _ => None,
        });
        if tokio::time::timeout(Duration::from_millis(50), told)
            .await
            .is_ok()
        {
            return;
        }
    }
    panic!("it was not seen");
}

#[test]
fn a_process_that_does_not_listen_is_killed_by_whoever_cannot_wait() {
    run(async {
        let (mut supervisor, _folder) = of_script("trap '' TERM; echo ready; exec cat");
        until(&mut supervisor, |fact| text(fact, OutputStream::Stdout)).await;
        supervisor.wish(Wish::StopAll);
        supervisor.wish(Wish::KillAll);
        assert_eq!(until_idle(&mut supervisor).await, Some(Ending::Signal(9)));
    });
}

/// Asks for samples until the process's next one is told.
async fn sample(supervisor: &mut Supervisor) -> (u32, u64) {
    let sampled = |fact: &ProcessFact| match fact {
        ProcessFact::Sampled {
            cpu_permille,
            memory_bytes,
        } => Some((*cpu_permille, *memory_bytes)),
        _ => None,
    };
    // One that is asked too soon is not taken; time is what it waits for.
    for _ in 0..1000 {
        supervisor.sample();
        let told = until(supervisor, sampled);
        if let Ok(told) = tokio::time::timeout(Duration::from_millis(50), told).await {
            return told;
        }
    }
    panic!("no sample of a process that runs");
}

#[test]
fn a_busy_process_is_sampled_as_busy_from_the_first_time_on() {
    run(async {
        let (mut supervisor, _folder) = of_script("echo ready; while :; do :; done");
        until(&mut supervisor, |fact| text(fact, OutputStream::Stdout)).await;
        for _ in 0..2 {
            let (cpu_permille, memory_bytes) = sample(&mut supervisor).await;
            assert!((1..2000).contains(&cpu_permille), "{cpu_permille}");
            assert!((4096..1 << 30).contains(&memory_bytes), "{memory_bytes}");
        }
        supervisor.wish(Wish::KillAll);
        until_idle(&mut supervisor).await;
    });
}

#[test]
fn a_process_that_waits_is_sampled_as_idle_and_one_that_is_gone_not_at_all() {
    run(async {
        let (mut supervisor, _folder) = of_script("echo ready; exec cat");
        until(&mut supervisor, |fact| text(fact, OutputStream::Stdout)).await;
        sample(&mut supervisor).await;
        let (cpu_permille, _) = sample(&mut supervisor).await;
        assert!(cpu_permille < 50, "{cpu_permille}");
        supervisor.wish(Wish::Kill(one()));
        until_idle(&mut supervisor).await;
        supervisor.sample();
        assert!(supervisor.is_idle(), "nothing is told of nobody");
    });
}

#[test]
fn a_sample_that_nobody_has_read_gives_way_to_the_next() {
    run(async {
        let (mut supervisor, _folder) = of_script("exec cat");
        for _ in 0..3 {
            tokio::time::sleep(sampler::SPAN_MIN).await;
            supervisor.sample();
            assert_eq!(
                supervisor
                    .pending
                    .iter()
                    .filter(|notice| is_sample(notice))
                    .count(),
                1
            );
        }
        supervisor.wish(Wish::KillAll);
        until_idle(&mut supervisor).await;
    });
}

#[test]
fn what_is_written_while_nobody_reads_is_dropped_and_not_gathered() {
    run(async {
        let (mut supervisor, _folder) = of_script("exec yes");
        let told = supervisor.pending.len();
        loop {
            tokio::task::yield_now().await;
            let ring = &supervisor.processes[&one()].ring;
            let (dropped, lines) = ring.lock().expect("no panic inside").take();
            assert!(lines.len() <= 1024);
            if dropped > 0 {
                break;
            }
        }
        assert_eq!(supervisor.pending.len(), told);
        supervisor.wish(Wish::KillAll);
        until_idle(&mut supervisor).await;
    });
}

#[test]
fn samples_of_a_new_life_begin_anew() {
    run(async {
        let (mut supervisor, folder) =
            of_script("echo ready; i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done; exec cat");
        until(&mut supervisor, |fact| text(fact, OutputStream::Stdout)).await;
        sample(&mut supervisor).await;
        fs::write(folder.path().join("node.sh"), "#!/bin/sh\necho again; exec cat\n").expect("written");
        supervisor.wish(Wish::Restart(one()));
        until(&mut supervisor, |fact| text(fact, OutputStream::Stdout)).await;
        let (cpu_permille, memory_bytes) = sample(&mut supervisor).await;
        assert!(
            cpu_permille < 1000 && memory_bytes > 0,
            "{cpu_permille} {memory_bytes}"
        );
        supervisor.wish(Wish::KillAll);
        until_idle(&mut supervisor).await;
    });
}

#[test]
fn a_program_that_is_not_there_is_given_up() {
    run(async {
        let mut supervisor = of_program("/nonexistent/heirloom".into());
        let ending = until_idle(&mut supervisor).await.expect("it was tried");
        assert!(
            ending
                .to_string()
                .starts_with("could not be started: /nonexistent/heirloom: "),
            "{ending}"
        );
        assert_eq!(supervisor.summary().given_up, [one()]);
    });
}
