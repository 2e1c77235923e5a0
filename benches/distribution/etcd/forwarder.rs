//! Carries what members of etcd say to each other, until one of them is cut off in silence.
//!
//! A cut holds back everything between one member and the others, both ways: bytes, ends of connections,
//! and new connections, which are accepted and hear nothing. Nothing is lost: what was held goes on its
//! way when the cut is healed. Who dialled is in the first request of each connection (`X-Server-From`).

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;

use crate::round::Member;

/// How many bytes are carried at a time.
const CHUNK_BYTES: usize = 64 << 10;

/// Which member is cut off: its place among all, and the number that it goes by.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cut {
    pub(super) place: u16,
    pub(super) id: Member,
}

/// Who is cut off now, if anybody is.
#[derive(Debug, Default)]
pub(super) struct Cuts {
    /// Guards who it is, for a look or a change.
    cut: Mutex<Option<Cut>>,
    changed: Condvar,
}

impl Cuts {
    pub(super) fn set(&self, cut: Option<Cut>) {
        *self.cut.lock().expect("no panic inside") = cut;
        self.changed.notify_all();
    }

    /// Waits until something passes on a way.
    fn wait_until_open(&self, way: Way) {
        let cut = self.cut.lock().expect("no panic inside");
        let open = self
            .changed
            .wait_while(cut, |cut| cut.is_some_and(|cut| way.is_of(cut)));
        drop(open.expect("no panic inside"));
    }
}

/// Who dialled, if it said so, and whom.
#[derive(Debug, Clone, Copy)]
struct Way {
    from: Option<Member>,
    to: u16,
}

impl Way {
    fn is_of(self, cut: Cut) -> bool {
        self.to == cut.place || self.from == Some(cut.id)
    }
}

/// Listens for those who dial one member; dropping it ends that.
pub(super) struct Forwarder {
    address: String,
    over: Arc<AtomicBool>,
}

impl Forwarder {
    /// Listens on `address` and carries to `target`, where the member of that place listens.
    pub(super) fn start(address: String, target: String, place: u16, cuts: &Arc<Cuts>) -> Self {
        let listener = TcpListener::bind(&address).expect("an address that nobody else uses");
        let over = Arc::new(AtomicBool::new(false));
        let (is_over, cuts) = (Arc::clone(&over), Arc::clone(cuts));
        thread::spawn(move || {
            for dialled in listener.incoming().map_while(Result::ok) {
                if is_over.load(Ordering::Relaxed) {
                    return;
                }
                let (target, cuts) = (target.clone(), Arc::clone(&cuts));
                // A connection that fails is closed, and whoever dialled dials again.
                thread::spawn(move || carry(dialled, &target, place, &cuts));
            }
        });
        Self { address, over }
    }
}

impl Drop for Forwarder {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        // Wakes the listener, which then sees that it is over.
        let _ = TcpStream::connect(&self.address);
    }
}

/// Carries one connection, both ways, until both have ended.
fn carry(mut dialled: TcpStream, target: &str, to: u16, cuts: &Arc<Cuts>) -> io::Result<()> {
    let mut first = vec![0; CHUNK_BYTES];
    let length = dialled.read(&mut first)?;
    let from = dialler(&first[..length]);
    let way = Way { from, to };
    cuts.wait_until_open(way);
    let mut reached = TcpStream::connect(target)?;
    dialled.set_nodelay(true)?;
    reached.set_nodelay(true)?;
    reached.write_all(&first[..length])?;
    let (there, back) = ((dialled.try_clone()?, reached.try_clone()?), (reached, dialled));
    let cuts_there = Arc::clone(cuts);
    thread::spawn(move || pour(there.0, there.1, way, &cuts_there));
    pour(back.0, back.1, way, cuts)
}

/// Carries one way, its end included.
fn pour(mut from: TcpStream, mut to: TcpStream, way: Way, cuts: &Cuts) -> io::Result<()> {
    let mut chunk = vec![0; CHUNK_BYTES];
    loop {
        let length = from.read(&mut chunk).unwrap_or(0);
        cuts.wait_until_open(way);
        if length == 0 {
            return to.shutdown(Shutdown::Write);
        }
        to.write_all(&chunk[..length])?;
    }
}

/// Returns who sent a request, in the hexadecimal of its head.
fn dialler(request: &[u8]) -> Option<Member> {
    let text = String::from_utf8_lossy(request);
    let id = text
        .lines()
        .find_map(|line| line.strip_prefix("X-Server-From: "))?;
    u64::from_str_radix(id.trim(), 16).ok().map(Member)
}
