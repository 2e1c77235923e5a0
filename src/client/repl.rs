//! The client one types into: the original session, word for word.
//!
//! At a terminal there are a prompt, a history, completion, Ctrl-C that clears the line and Ctrl-D
//! that quits. From a pipe the same commands are read, without prompt or echo, so that scripts
//! can drive it. A command that fails says so, and the next one is read.

use std::io::{self, BufRead, Write};

use rustyline::error::ReadlineError;

use self::command::{Command, HELP};
use super::console::Console;
use super::download::{DownloadOptions, Existing, Place};
use super::editor::LineEditor;
use super::incoming::Form;
use super::{ClusterClient, RequestError, Selector, Wanted, columns, ends, interrupted_in};
use crate::event::RequestKind;
use crate::id::{ImageId, UserName};
use crate::upload::{Observer, UploadEvent};

mod command;

pub(crate) use command::at_home;

/// Where lines come from.
#[derive(Debug)]
pub enum Input {
    /// A person at a terminal.
    Terminal,
    /// A script.
    Pipe,
}

/// How a session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// By `quit`, or because the input ended.
    Quit,
    /// By Ctrl-C while no upload was running, or by a signal.
    Interrupted,
}

/// Runs a session until it is quit; `interrupted` resolves with each Ctrl-C or its like.
///
/// # Errors
///
/// When the input cannot be read or the output cannot be written.
pub async fn run<W, I, F>(
    client: &mut ClusterClient,
    input: Input,
    out: W,
    mut interrupted: I,
) -> io::Result<Ended>
where
    W: Write + Send,
    I: FnMut() -> F,
    F: Future<Output = ()>,
{
    let mut console = Console::new(out);
    let user = client.config().user.clone();
    greet(&mut console, &user);
    let mut lines = match input {
        Input::Terminal => Lines::typed(format!("{user}> "))?,
        Input::Pipe => Lines::Piped,
    };
    loop {
        let line;
        (line, lines) = tokio::select! {
            read = lines.next() => read?,
            // At a terminal the line editor itself takes Ctrl-C.
            () = interrupted(), if matches!(input, Input::Pipe) => {
                console.finish()?;
                return Ok(Ended::Interrupted);
            }
        };
        let command = line.as_deref().map_or(Command::Quit, Command::parse);
        match command {
            Command::Nothing => continue,
            Command::Quit => break,
            Command::Help => HELP.lines().for_each(|line| console.line(line)),
            Command::Wrong(why) => console.line(&format!("✗ {why}")),
            command
            @ (Command::Upload(_) | Command::List(_) | Command::Download(..) | Command::Delete(_)) => {
                request(client, command, &mut console, &mut interrupted).await;
            }
        }
        console.line("");
    }
    console.line("Goodbye!");
    console.finish()?;
    Ok(Ended::Quit)
}

fn greet<W: Write>(console: &mut Console<W>, user: &UserName) {
    for line in [
        "=== Distributed Image Storage Client (REPL) ===",
        &format!("User: {user}"),
        "Multicast mode: Broadcasting to all servers",
        "Type 'help' for commands, 'quit' to exit",
        "================================================",
        "",
    ] {
        console.line(line);
    }
}

/// Does what is asked of the cluster, and shows how it goes.
async fn request<W: Write + Send, F: Future<Output = ()>>(
    client: &mut ClusterClient,
    command: Command,
    console: &mut Console<W>,
    interrupted: &mut impl FnMut() -> F,
) {
    match command {
        Command::Upload(path) => {
            let uploading =
                async |observe: &mut Observer<'_>| client.upload(&path, Wanted::Saved, observe).await;
            attend(console, interrupted, RequestKind::Upload, uploading).await;
        }
        Command::List(text) => {
            let listing = async |observe: &mut Observer<'_>| client.list(text.as_deref(), observe).await;
            let listed = attend(console, interrupted, RequestKind::List, listing).await;
            let lines = listed.map(|listing| {
                let columns = columns::of_terminal();
                ends::listed(&listing, &client.config().user, text.as_deref(), columns)
            });
            print_all(console, lines);
        }
        Command::Download(selector, file) => {
            let options = DownloadOptions {
                form: Form::Plain,
                place: Place::named_or(file, "."),
                existing: Existing::Kept,
            };
            let downloading =
                async |observe: &mut Observer<'_>| client.download(&selector, &options, observe).await;
            let downloaded = attend(console, interrupted, RequestKind::Download, downloading).await;
            if let Some(downloaded) = downloaded {
                console_note(console, &selector, &downloaded.passed_over);
                print_all(console, Some(ends::downloaded(&downloaded)));
            }
        }
        Command::Delete(selectors) => delete(client, &selectors, console, interrupted).await,
        Command::Help | Command::Quit | Command::Nothing | Command::Wrong(_) => {}
    }
}

/// Deletes one image after the other; one that cannot be deleted ends it.
async fn delete<W: Write + Send, F: Future<Output = ()>>(
    client: &mut ClusterClient,
    selectors: &[Selector],
    console: &mut Console<W>,
    interrupted: &mut impl FnMut() -> F,
) {
    for selector in selectors {
        let deleting = async |observe: &mut Observer<'_>| client.delete(selector, observe).await;
        let Some(deleted) = attend(console, interrupted, RequestKind::Delete, deleting).await else {
            return;
        };
        console_note(console, selector, &deleted.passed_over);
        print_all(console, Some(ends::deleted(&deleted)));
    }
}

/// Shows a request while it runs, and why it failed; returns what it came to.
async fn attend<T, W: Write + Send, F: Future<Output = ()>>(
    console: &mut Console<W>,
    interrupted: &mut impl FnMut() -> F,
    kind: RequestKind,
    work: impl AsyncFnOnce(&mut Observer<'_>) -> Result<T, RequestError>,
) -> Option<T> {
    console.begin();
    let mut show = |event: UploadEvent| console.show(&event);
    let failed = tokio::select! {
        done = work(&mut show) => match done {
            Ok(done) => {
                console.clear();
                return Some(done);
            }
            Err(error) => error.in_session(),
        },
        () = interrupted() => interrupted_in(kind),
    };
    console.begin();
    console.line(&format!("✗ {failed}"));
    None
}

/// Says what else might have been meant.
fn console_note<W: Write>(console: &mut Console<W>, wanted: &Selector, passed_over: &[ImageId]) {
    if let Some(note) = ends::passed_over(&wanted.to_string(), passed_over) {
        console.line(&format!("    → {note}"));
    }
}

fn print_all<W: Write>(console: &mut Console<W>, lines: Option<Vec<String>>) {
    for line in lines.into_iter().flatten() {
        console.line(&line);
    }
}

/// The lines of a session; reading one waits on a thread of its own.
enum Lines {
    Typed(Box<LineEditor>),
    Piped,
}

impl Lines {
    fn typed(prompt: String) -> io::Result<Self> {
        let editor = LineEditor::new(prompt).map_err(io::Error::other)?;
        Ok(Self::Typed(Box::new(editor)))
    }

    /// Reads the next line; `None` at the end of the input.
    async fn next(self) -> io::Result<(Option<Vec<u8>>, Self)> {
        let read = tokio::task::spawn_blocking(move || match self {
            Self::Typed(mut editor) => {
                let line = typed_line(&mut editor)?;
                Ok((line, Self::Typed(editor)))
            }
            Self::Piped => {
                let mut line = Vec::new();
                let read = io::stdin().lock().read_until(b'\n', &mut line)?;
                Ok(((read > 0).then_some(line), Self::Piped))
            }
        });
        read.await?
    }
}

fn typed_line(editor: &mut LineEditor) -> io::Result<Option<Vec<u8>>> {
    match editor.read() {
        Ok(line) => Ok(Some(line.into_bytes())),
        Err(ReadlineError::Interrupted) => Ok(Some(Vec::new())),
        Err(ReadlineError::Eof) => Ok(None),
        Err(ReadlineError::Io(error)) => Err(error),
        Err(error) => Err(io::Error::other(error)),
    }
}
