//! What the commands for single images share: how one is named, and how each of them ends.

use std::cell::Cell;
use std::convert::Infallible;
use std::io;

use anyhow::anyhow;
use clap::builder::{OsStringValueParser, TypedValueParser};
use serde_json::{Value, json};

use super::exit::{Exit, Failure, complain};
use super::interrupt::until_interrupted;
use super::print::{PrintError, print};
use crate::client::console::Console;
use crate::client::{RequestError, Selector, interrupted_in};
use crate::event::RequestKind;
use crate::upload::{Observer, UploadEvent};

/// Parses what a person calls an image; a name that is no UTF-8 was made lossy when it was uploaded.
pub(super) fn selector() -> impl TypedValueParser<Value = Selector> {
    OsStringValueParser::new()
        .try_map(|text| -> Result<Selector, Infallible> { text.to_string_lossy().parse() })
}

/// How an end is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    /// As a transcript.
    Transcript,
    /// As a line of JSON.
    Json,
}

/// Does `work`, and says what was under way if somebody interrupts it.
pub(super) fn run(
    kind: RequestKind,
    told: Told,
    under_way: &Cell<Option<&Selector>>,
    work: impl Future<Output = Result<Exit, Failure>>,
) -> Result<Exit, Failure> {
    let exit = until_interrupted(work)?;
    if let (Exit::Interrupted, Some(selector)) = (exit, under_way.get()) {
        let error = interrupted_in(kind);
        if told == Told::Json {
            print(&format!("{}\n", failure_line(selector, &error, exit)))?;
        }
        complain(&anyhow!(error));
    }
    Ok(exit)
}

/// Does one request, and shows how it goes and what it came to.
pub(super) async fn attend<T>(
    selector: &Selector,
    told: Told,
    lines: impl FnOnce(&T) -> Vec<String>,
    json: impl FnOnce(&T) -> Value,
    work: impl AsyncFnOnce(&mut Observer<'_>) -> Result<T, RequestError>,
) -> Result<Exit, PrintError> {
    match told {
        Told::Json => {
            let done = work(&mut |_| {}).await;
            let (line, exit) = match &done {
                Ok(done) => (json(done), Exit::Done),
                Err(error) => {
                    let exit = Exit::from(error);
                    (failure_line(selector, &error.to_string(), exit), exit)
                }
            };
            print(&format!("{line}\n"))?;
            Ok(exit)
        }
        Told::Transcript => {
            let mut console = Console::new(io::stdout());
            let done = work(&mut |event: UploadEvent| console.show(&event)).await;
            for line in done.as_ref().map(lines).unwrap_or_default() {
                console.line(&line);
            }
            let printed = console.finish();
            let exit = done.map_or_else(
                |error| {
                    let exit = Exit::from(&error);
                    complain(&error.into());
                    exit
                },
                |_| Exit::Done,
            );
            printed.map_err(PrintError)?;
            Ok(exit)
        }
    }
}

fn failure_line(selector: &Selector, error: &str, exit: Exit) -> Value {
    json!({
        "wanted": selector.to_string(),
        "error": error,
        "exit_code": exit.code(),
    })
}
