//! Making a picture: a process of this same program decodes, and what it says is drawn.

use std::ffi::OsString;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, Command};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};

use super::decode::Decoded;
use super::graphics::Graphics;
use crate::dashboard::dialog::picture::{Picture, PictureRequest, Subject};
use crate::event::line::printable;

/// How long a file must stay chosen before its picture is made.
///
/// Shorter than anybody notices; a key that is held down passes by a file faster.
const SETTLED_AFTER: Duration = Duration::from_millis(60);

/// How long a picture may take: the largest that is decoded at all takes a fifth of it.
const PATIENCE: Duration = Duration::from_secs(10);

/// How much of the words of a process that failed is read.
const WORDS_BYTES_MAX: u64 = 4096;

/// Makes the picture that was asked for, or says why there is none.
///
/// Dropping the future kills the process.
pub(super) async fn make(
    program: &Path,
    request: PictureRequest,
    graphics: Graphics,
    drawers: Arc<Semaphore>,
) -> Result<Picture, String> {
    sleep(SETTLED_AFTER).await;
    let graphics = graphics.within(request.area);
    let within = graphics.pixels(request.area);
    let decoded = timeout(PATIENCE, decoded(program, &request.subject, within))
        .await
        .map_err(|_| "no preview: it takes too long".to_owned())??;
    let Decoded { header, pixels } = decoded;
    let subject = request.subject;
    // What the terminal takes is made on another thread: for a large area it takes its time.
    // It goes on there when the picture is given up; so few at a time.
    let permit = drawers.acquire_owned().await.map_err(|error| error.to_string())?;
    let drawn = tokio::task::spawn_blocking(move || {
        let drawn = graphics.draw(pixels, &subject);
        drop(permit);
        drawn
    });
    let drawn = drawn.await.map_err(|error| error.to_string())??;
    Ok(Picture {
        kind: header.kind,
        dimensions: (header.width, header.height),
        drawn,
    })
}

async fn decoded(program: &Path, subject: &Subject, within: (u16, u16)) -> Result<Decoded, String> {
    let mut child = Command::new(program)
        .args(arguments(subject, within))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| format!("no preview: could not run {}: {error}", program.display()))?;
    let (said, words) = heard(&mut child, Decoded::written_bytes_max(within)).await;
    let ended = child.wait().await.map_err(|error| error.to_string())?;
    if ended.success() {
        Decoded::read(&said).ok_or_else(|| "no preview: what was decoded makes no sense".to_owned())
    } else {
        Err(reason(&words, ended))
    }
}

/// Returns the arguments by which this program decodes; see `heirloom picture`.
fn arguments(subject: &Subject, (width, height): (u16, u16)) -> Vec<OsString> {
    let within = format!("--within={width}x{height}");
    let mut arguments: Vec<OsString> = vec!["picture".into(), within.into()];
    let file = match subject {
        Subject::Image(file) => file,
        Subject::Ciphertext { file, like } => {
            arguments.push("--bytes".into());
            arguments.extend(like.map(|(width, height)| format!("--like={width}x{height}").into()));
            file
        }
    };
    // A name may begin with a dash.
    arguments.extend(["--".into(), file.into()]);
    arguments
}

/// Reads what a process says, and its words, as far as they matter.
async fn heard(child: &mut Child, bytes_max: u64) -> (Vec<u8>, Vec<u8>) {
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    tokio::join!(all_of(stdout, bytes_max), all_of(stderr, WORDS_BYTES_MAX))
}

async fn all_of(pipe: Option<impl AsyncRead + Unpin>, bytes_max: u64) -> Vec<u8> {
    let mut read = Vec::new();
    if let Some(pipe) = pipe {
        // What ends early makes no sense later.
        let _ = pipe.take(bytes_max).read_to_end(&mut read).await;
    }
    read
}

/// Says why there is no picture, by the last words of the process or, without any, by its end.
fn reason(words: &[u8], ended: ExitStatus) -> String {
    let words = String::from_utf8_lossy(words);
    let told = words.lines().find_map(|line| line.strip_prefix("error: "));
    match told {
        Some(told) => printable(told).into_owned(),
        None => format!("no preview: the decoder broke down ({ended}); the file may be damaged"),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;
    use std::path::PathBuf;

    use ratatui::layout::Size;

    use super::*;

    /// Returns a program that does what `script` says.
    fn program(folder: &Path, script: &str) -> PathBuf {
        let path = folder.join("decoder");
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).expect("written");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("set");
        path
    }

    async fn made_by(script: &str) -> Result<Picture, String> {
        let folder = tempfile::tempdir().expect("made");
        let request = PictureRequest {
            number: 1,
            subject: Subject::Image("-a.png".into()),
            area: Size::new(2, 1),
        };
        let drawers = Arc::new(Semaphore::new(1));
        make(&program(folder.path(), script), request, Graphics::Cells, drawers).await
    }

    #[tokio::test]
    async fn what_a_process_decodes_becomes_a_picture() {
        let header = r#"{"kind":"png","width":1200,"height":800,"row":2}"#;
        let script = format!(
            "test \"$*\" = 'picture --within=2x2 -- -a.png' && echo '{header}' && printf abcdefghijkl"
        );
        let picture = made_by(&script).await.expect("made");
        assert_eq!(picture.dimensions, (1200, 800));
        let crate::dashboard::dialog::picture::Drawn::Pixels(pixels) = picture.drawn else {
            panic!("as cells");
        };
        assert_eq!((pixels.at(0, 0), pixels.at(1, 1)), (Some(*b"abc"), Some(*b"jkl")));
    }

    #[tokio::test]
    async fn the_last_words_of_a_process_are_the_reason() {
        let refused = made_by("echo 'error: it is \u{202e}empty' >&2; exit 1").await;
        assert_eq!(refused.expect_err("refused"), "it is \u{fffd}empty");
    }

    #[tokio::test]
    async fn a_process_that_breaks_down_costs_only_its_picture() {
        let broken = made_by("kill -ABRT $$").await.expect_err("broken");
        assert!(
            broken.starts_with("no preview: the decoder broke down (signal: 6"),
            "{broken}"
        );
        let babble = made_by("echo nonsense").await.expect_err("babble");
        assert_eq!(babble, "no preview: what was decoded makes no sense");
    }
}
