//! What the commands for single images share: how one is named, and how each of them ends.

use std::cell::Cell;
use std::convert::Infallible;
use std::io::{self, Write};

use anyhow::anyhow;
use clap::builder::{OsStringValueParser, TypedValueParser};
use serde_json::{Value, json};

use super::exit::{Exit, Failure, complain, remark};
use super::interrupt::until_interrupted;
use super::print::{PrintError, print};
use crate::client::console::Console;
use crate::client::{RequestError, Selector, ends, interrupted_in};
use crate::event::RequestKind;
use crate::event::line::counted;
use crate::id::ImageId;
use crate::upload::{Observer, UploadEvent};

/// Parses what a person calls an image; a name that is no UTF-8 was made lossy when it was uploaded.
pub(super) fn selector() -> impl TypedValueParser<Value = Selector> {
    OsStringValueParser::new()
        .try_map(|text| -> Result<Selector, Infallible> { text.to_string_lossy().parse() })
}

/// What a request came to, for whoever asked.
pub(super) trait End {
    /// Returns what a person reads.
    fn lines(&self) -> Vec<String>;

    /// Returns what a program reads.
    fn json(&self, wanted: &Selector) -> Value;

    /// Returns the images that were not meant because what was asked for is the name of another.
    fn passed_over(&self) -> &[ImageId];
}

/// How an end is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    /// As a transcript.
    Transcript,
    /// As a transcript on standard error, for the image itself goes to standard output.
    Aside,
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
pub(super) async fn attend<T: End>(
    selector: &Selector,
    told: Told,
    work: impl AsyncFnOnce(&mut Observer<'_>) -> Result<T, RequestError>,
) -> Result<Exit, PrintError> {
    match told {
        Told::Json => in_json(selector, work).await,
        Told::Transcript => in_transcript(selector, io::stdout(), work).await,
        Told::Aside => in_transcript(selector, io::stderr(), work).await,
    }
}

async fn in_json<T: End>(
    selector: &Selector,
    work: impl AsyncFnOnce(&mut Observer<'_>) -> Result<T, RequestError>,
) -> Result<Exit, PrintError> {
    let (line, exit) = match work(&mut |_| {}).await {
        Ok(done) => {
            note(selector, &done);
            (done.json(selector), Exit::Done)
        }
        Err(error) => {
            let exit = Exit::from(&error);
            (failure_line(selector, &error.to_string(), exit), exit)
        }
    };
    print(&format!("{line}\n"))?;
    Ok(exit)
}

async fn in_transcript<T: End>(
    selector: &Selector,
    out: impl Write + Send,
    work: impl AsyncFnOnce(&mut Observer<'_>) -> Result<T, RequestError>,
) -> Result<Exit, PrintError> {
    let mut console = Console::new(out);
    let done = work(&mut |event: UploadEvent| console.show(&event)).await;
    for line in done.as_ref().map(End::lines).unwrap_or_default() {
        console.line(&line);
    }
    let printed = console.finish();
    let exit = match done {
        Ok(done) => {
            note(selector, &done);
            Exit::Done
        }
        Err(error) => {
            let exit = Exit::from(&error);
            complain(&error.into());
            exit
        }
    };
    printed.map_err(PrintError)?;
    Ok(exit)
}

/// Says what else might have been meant.
fn note(selector: &Selector, done: &impl End) {
    if let Some(note) = ends::passed_over(&selector.to_string(), done.passed_over()) {
        remark(&format!("note: {note}"));
    }
}

/// Tells of images that were not tried, as nobody leads: each by a line, or all in one sentence.
pub(super) fn untried(selectors: &[Selector], told: Told) -> Result<(), PrintError> {
    const WHY: &str = "not tried: nobody leads";
    match (told, selectors) {
        (_, []) => Ok(()),
        (Told::Json, _) => selectors.iter().try_for_each(|selector| {
            let line = failure_line(selector, WHY, Exit::NoLeader);
            print(&format!("{line}\n"))
        }),
        (Told::Transcript | Told::Aside, _) => {
            let rest = counted(selectors.len() as u64, "other image");
            complain(&anyhow!("{rest} {WHY}"));
            Ok(())
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
