//! As much of HTTP as it takes to ask etcd: a kept connection, JSON there and back.
//!
//! Whatever is not as expected closes the connection, and the next question opens a new one.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};

/// How long an answer may take; the question is then asked again. A put on a busy disk takes a tenth.
const PATIENCE: Duration = Duration::from_secs(1);

/// A connection that is opened when it is needed.
pub(super) struct Http {
    address: String,
    connection: Option<BufReader<TcpStream>>,
}

impl Http {
    pub(super) fn new(address: String) -> Self {
        Self {
            address,
            connection: None,
        }
    }

    /// Posts a question; `None` when it is not answered with success.
    pub(super) fn post(&mut self, path: &str, body: &Value) -> Option<Value> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.dial()?,
        };
        let body = body.to_string();
        let (address, length) = (&self.address, body.len());
        let request =
            format!("POST {path} HTTP/1.1\r\nHost: {address}\r\nContent-Length: {length}\r\n\r\n{body}");
        connection.get_mut().write_all(request.as_bytes()).ok()?;
        let (is_success, length) = head(&mut connection)?;
        let mut answer = vec![0; length];
        connection.read_exact(&mut answer).ok()?;
        self.connection = Some(connection);
        let answer = serde_json::from_slice(&answer).ok()?;
        is_success.then_some(answer)
    }

    fn dial(&self) -> Option<BufReader<TcpStream>> {
        let stream = TcpStream::connect(&self.address).ok()?;
        stream.set_nodelay(true).ok()?;
        stream.set_read_timeout(Some(PATIENCE)).ok()?;
        Some(BufReader::new(stream))
    }
}

/// Reads the head of an answer; returns whether it says success, and the length of the body.
fn head(from: &mut impl BufRead) -> Option<(bool, usize)> {
    let mut line = String::new();
    from.read_line(&mut line).ok()?;
    let is_success = line.split(' ').nth(1)? == "200";
    let mut length = None;
    loop {
        line.clear();
        from.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(':') else {
            return Some((is_success, length?));
        };
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().ok();
        }
    }
}

/// Puts something; `None` when that is not acknowledged.
pub(super) fn put(http: &mut Http) -> Option<()> {
    // `heir` is `loom`, in base 64.
    http.post("/v3/kv/put", &json!({"key": "aGVpcg==", "value": "bG9vbQ=="}))?;
    Some(())
}
