//! A client of the wire as simple as can be: one connection, blocking, a line at a time.
//!
//! Owns the connection. Knows no retries and no bodies; whoever measures wants to see what comes.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use heirloom::protocol::{Greeted, Hello, Opening, PROTOCOL_VERSION, Purpose};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// How long an answer may take; only a broken node or one that stands still takes longer.
const PATIENCE: Duration = Duration::from_secs(30);

/// A connection to a node.
pub(crate) struct Asker {
    reader: BufReader<TcpStream>,
    writer: TcpStream,
}

impl Asker {
    /// Dials a node and says nothing yet.
    pub(crate) fn dial(address: &str) -> io::Result<Self> {
        let writer = TcpStream::connect(address)?;
        writer.set_nodelay(true)?;
        writer.set_read_timeout(Some(PATIENCE))?;
        let reader = BufReader::new(writer.try_clone()?);
        Ok(Self { reader, writer })
    }

    /// Dials a node that runs and is welcomed.
    pub(crate) fn welcomed(address: &str, purpose: Purpose) -> Self {
        let mut asker = Self::dial(address).expect("the node listens");
        let hello = Opening::Hello(Hello {
            version: PROTOCOL_VERSION,
            cluster: "heirloom".parse().expect("a name"),
            purpose,
        });
        let greeted: Greeted = asker.ask(&hello).expect("a greeting");
        assert!(matches!(greeted, Greeted::Welcome(_)), "{greeted:?}");
        asker
    }

    /// Says something and returns the answer; `None` when there is none.
    pub(crate) fn ask<A: DeserializeOwned>(&mut self, message: &impl Serialize) -> Option<A> {
        self.say(message)?;
        self.hear()
    }

    /// Says something.
    pub(crate) fn say(&mut self, message: &impl Serialize) -> Option<()> {
        let mut line = serde_json::to_vec(message).ok()?;
        line.push(b'\n');
        self.writer.write_all(&line).ok()
    }

    /// Returns what the node says next; `None` when that is nothing, or nothing that is understood.
    pub(crate) fn hear<A: DeserializeOwned>(&mut self) -> Option<A> {
        let mut line = String::new();
        self.reader.read_line(&mut line).ok()?;
        serde_json::from_str(&line).ok()
    }

    /// Returns what ends the connection, whoever waits on it.
    pub(crate) fn end(&self) -> End {
        End(self.writer.try_clone().expect("a second handle"))
    }
}

/// Ends a connection when it is dropped.
pub(crate) struct End(TcpStream);

impl Drop for End {
    fn drop(&mut self) {
        // One that the node has closed already is as good.
        let _ = self.0.shutdown(Shutdown::Both);
    }
}
