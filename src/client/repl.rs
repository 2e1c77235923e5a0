//! The client one types into: the original session, word for word.
//!
//! At a terminal there are a prompt, a history, completion, Ctrl-C that clears the line and Ctrl-D
//! that quits. From a pipe the same commands are read, without prompt or echo, so that scripts
//! can drive it. A command that fails says so, and the next one is read.

use std::io::{self, BufRead, Write};
use std::path::{Path, PathBuf};

use rustyline::error::ReadlineError;

use super::console::Console;
use super::editor::LineEditor;
use super::{ClusterClient, INTERRUPTED, Wanted};
use crate::id::UserName;
use crate::upload::UploadEvent;

/// What `help` says.
const HELP: &str = "\
Available commands:
  upload <image_path>  - Upload and encrypt an image
  help                 - Show this help message
  quit                 - Exit the client";

/// A line that was typed, understood.
#[derive(Debug, PartialEq, Eq)]
enum Command {
    Upload(PathBuf),
    Help,
    Quit,
    Nothing,
    /// Not understood; says what to type instead.
    Wrong(String),
}

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
            Command::Upload(path) => upload(client, &path, &mut console, &mut interrupted).await,
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

async fn upload<W: Write + Send, F: Future<Output = ()>>(
    client: &mut ClusterClient,
    path: &Path,
    console: &mut Console<W>,
    interrupted: &mut impl FnMut() -> F,
) {
    console.begin();
    let mut show = |event: UploadEvent| console.show(&event);
    let failed = tokio::select! {
        uploaded = client.upload(path, Wanted::Saved, &mut show) => match uploaded {
            Ok(_) => return,
            Err(error) => error.to_string(),
        },
        () = interrupted() => {
            INTERRUPTED.to_owned()
        }
    };
    console.begin();
    console.line(&format!("✗ {failed}"));
}

impl Command {
    fn parse(line: &[u8]) -> Self {
        let line = line.trim_ascii();
        let (word, rest) = match line.iter().position(u8::is_ascii_whitespace) {
            Some(space) => (&line[..space], line[space..].trim_ascii()),
            None => (line, &line[line.len()..]),
        };
        match (word, rest) {
            (b"", _) => Self::Nothing,
            (b"help", b"") => Self::Help,
            (b"quit", b"") => Self::Quit,
            (b"upload", b"") => Self::Wrong("upload what? type: upload <image_path>".to_owned()),
            (b"upload", path) => Self::Upload(at_home(&path_of(unquoted(path)))),
            _ => {
                let word = String::from_utf8_lossy(line);
                Self::Wrong(format!("unknown command '{word}'; type 'help' for commands"))
            }
        }
    }
}

/// Takes a pair of quotes off, for those who are used to typing them.
fn unquoted(path: &[u8]) -> &[u8] {
    match path {
        [b'"', inside @ .., b'"'] | [b'\'', inside @ .., b'\''] if !inside.is_empty() => inside,
        path => path,
    }
}

#[cfg(unix)]
fn path_of(bytes: &[u8]) -> PathBuf {
    use std::os::unix::ffi::OsStrExt;
    std::ffi::OsStr::from_bytes(bytes).into()
}

#[cfg(not(unix))]
fn path_of(bytes: &[u8]) -> PathBuf {
    String::from_utf8_lossy(bytes).into_owned().into()
}

/// Replaces a leading `~`, which no shell replaces here.
pub(crate) fn at_home(path: &Path) -> PathBuf {
    match (path.strip_prefix("~"), std::env::home_dir()) {
        (Ok(rest), Some(home)) => home.join(rest),
        (Ok(_) | Err(_), _) => path.to_owned(),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rest_of_an_upload_line_is_the_path() {
        let upload = |path: &str| Command::Upload(path.into());
        assert_eq!(Command::parse(b"upload a.png\n"), upload("a.png"));
        assert_eq!(
            Command::parse(b"  upload   my photo.png "),
            upload("my photo.png")
        );
        assert_eq!(Command::parse(b"upload \"my photo.png\""), upload("my photo.png"));
        assert_eq!(Command::parse(b"upload 'it''s.png'"), upload("it''s.png"));
        assert_eq!(Command::parse(b"upload \"half.png"), upload("\"half.png"));
        assert_eq!(Command::parse("upload фото.png".as_bytes()), upload("фото.png"));
    }

    #[test]
    fn what_is_no_command_says_what_to_type() {
        let wrong = |why: &str| Command::Wrong(why.to_owned());
        assert_eq!(
            Command::parse(b"uplaod a.png"),
            wrong("unknown command 'uplaod a.png'; type 'help' for commands")
        );
        assert_eq!(
            Command::parse(b"upload"),
            wrong("upload what? type: upload <image_path>")
        );
        assert_eq!(Command::parse(b" \t "), Command::Nothing);
        assert_eq!(Command::parse(b"quit\r\n"), Command::Quit);
    }
}
