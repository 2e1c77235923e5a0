//! What the system tells a program that has a terminal, as values.

use std::future::poll_fn;
use std::io;
use std::task::Poll;

use rustix::process::Signal as Number;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// What was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    /// Ctrl-C came as a signal, from elsewhere.
    Interrupt,
    /// Somebody wants the program to end.
    Terminate,
    /// Somebody wants the program to end at once.
    Quit,
    /// The terminal is gone.
    HangUp,
    /// The program is to stand still, by Ctrl-Z as a signal.
    Stop,
    /// It goes on after it stood still.
    Continue,
    /// The terminal has another size.
    Resize,
}

/// Listens for all of them from its making on.
#[derive(Debug)]
pub(super) struct Signals([(Asked, Signal); 7]);

impl Signals {
    /// Begins to listen.
    ///
    /// # Errors
    ///
    /// When the system has no room for another listener.
    pub(super) fn listen() -> io::Result<Self> {
        let on = |asked, number: Number| {
            Ok::<_, io::Error>((asked, signal(SignalKind::from_raw(number.as_raw()))?))
        };
        Ok(Self([
            on(Asked::Interrupt, Number::INT)?,
            on(Asked::Terminate, Number::TERM)?,
            on(Asked::Quit, Number::QUIT)?,
            on(Asked::HangUp, Number::HUP)?,
            on(Asked::Stop, Number::TSTP)?,
            on(Asked::Continue, Number::CONT)?,
            on(Asked::Resize, Number::WINCH)?,
        ]))
    }

    /// Waits for the next one. May be cancelled.
    pub(super) async fn next(&mut self) -> Asked {
        poll_fn(|context| {
            for (asked, signal) in &mut self.0 {
                if signal.poll_recv(context).is_ready() {
                    return Poll::Ready(*asked);
                }
            }
            Poll::Pending
        })
        .await
    }
}
