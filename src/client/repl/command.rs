//! What is typed into the session, understood.
//!
//! The rest of an `upload` or a `list` line is one path or text, spaces included. An image and a
//! file are words: quotes keep the spaces of a name together.

use std::path::{Path, PathBuf};

use crate::client::Selector;

/// What `help` says.
pub(super) const HELP: &str = "\
Available commands:
  upload <image_path>  - Upload and encrypt an image
  list [text]          - List your images, or those whose name holds the text
  download <image>     - Download and decrypt an image; add a file name to choose where
  delete <image>...    - Delete images, each by name, id or the beginning of an id
  help                 - Show this help message
  quit                 - Exit the client";

/// A line that was typed, understood.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Command {
    Upload(PathBuf),
    List(Option<String>),
    Download(Selector, Option<PathBuf>),
    Delete(Vec<Selector>),
    Help,
    Quit,
    Nothing,
    /// Not understood; says what to type instead.
    Wrong(String),
}

impl Command {
    pub(super) fn parse(line: &[u8]) -> Self {
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
            (b"list", b"") => Self::List(None),
            (b"list", text) => Self::List(Some(text_of(unquoted(text)))),
            (b"download", rest) => Self::download(&words(rest)),
            (b"delete", b"") => Self::Wrong("delete what? type: delete <image>...".to_owned()),
            (b"delete", rest) => Self::Delete(words(rest).into_iter().map(selector).collect()),
            _ => {
                let word = String::from_utf8_lossy(line);
                Self::Wrong(format!("unknown command '{word}'; type 'help' for commands"))
            }
        }
    }

    fn download(words: &[&[u8]]) -> Self {
        match words {
            [] => Self::Wrong("download what? type: download <image> [file]".to_owned()),
            [image] => Self::Download(selector(image), None),
            [image, file] => Self::Download(selector(image), Some(at_home(&path_of(file)))),
            _ => Self::Wrong(
                "download one image at a time: download <image> [file]; put names with spaces in quotes"
                    .to_owned(),
            ),
        }
    }
}

fn selector(word: &[u8]) -> Selector {
    match text_of(word).parse() {
        Ok(selector) => selector,
    }
}

fn text_of(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Splits at spaces, but not inside a pair of quotes that begins and ends a word.
fn words(mut rest: &[u8]) -> Vec<&[u8]> {
    let mut words = Vec::new();
    loop {
        rest = rest.trim_ascii_start();
        let Some(&first) = rest.first() else {
            return words;
        };
        let (word, after) = quoted(rest, first).unwrap_or_else(|| {
            let end = rest.iter().position(u8::is_ascii_whitespace);
            rest.split_at(end.unwrap_or(rest.len()))
        });
        words.push(word);
        rest = after;
    }
}

/// Takes a word in quotes from the beginning of `rest`.
fn quoted(rest: &[u8], quote: u8) -> Option<(&[u8], &[u8])> {
    if !matches!(quote, b'"' | b'\'') {
        return None;
    }
    let ends = |&at: &usize| {
        let next = rest.get(at + 1);
        rest[at] == quote && next.is_none_or(u8::is_ascii_whitespace)
    };
    let end = (2..rest.len()).find(ends)?;
    Some((&rest[1..end], &rest[end + 1..]))
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
        assert_eq!(
            Command::parse(b"download a b c"),
            wrong("download one image at a time: download <image> [file]; put names with spaces in quotes")
        );
        assert_eq!(
            Command::parse(b"delete "),
            wrong("delete what? type: delete <image>...")
        );
        assert_eq!(Command::parse(b" \t "), Command::Nothing);
        assert_eq!(Command::parse(b"quit\r\n"), Command::Quit);
    }

    #[test]
    fn the_rest_of_a_list_line_is_the_text() {
        let list = |text: &str| Command::List(Some(text.to_owned()));
        assert_eq!(Command::parse(b"list"), Command::List(None));
        assert_eq!(Command::parse(b"list my photo"), list("my photo"));
        assert_eq!(Command::parse(b"list \"my photo\""), list("my photo"));
    }

    #[test]
    fn quotes_keep_the_spaces_of_an_image_together() {
        let text = |text: &str| Selector::Text(text.to_owned());
        assert_eq!(
            Command::parse(b"download 'my photo.png' \"to here.png\""),
            Command::Download(text("my photo.png"), Some("to here.png".into()))
        );
        assert_eq!(
            Command::parse(b"delete a.png  it's \"b c\" \"half"),
            Command::Delete(vec![text("a.png"), text("it's"), text("b c"), text("\"half")])
        );
        assert_eq!(
            Command::parse(b"delete 0123456789abcdef0123456789abcdef"),
            Command::Delete(vec![Selector::Id(crate::id::ImageId::from_bytes([
                1, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 1, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef
            ]))])
        );
    }
}
