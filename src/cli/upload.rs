//! `heirloom upload`: images to the cluster, once, for scripts and people alike.

use std::cell::Cell;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::anyhow;
use clap::builder::FalseyValueParser;
use clap::{Args, ValueEnum};
use serde_json::json;

use super::exit::{Exit, Failure, complain};
use super::interrupt::until_interrupted;
use super::print::{PrintError, print};
use super::settings::Settings;
use crate::client::console::Console;
use crate::client::{ClusterClient, INTERRUPTED, RequestError, Wanted};
use crate::id::UserName;
use crate::upload::{Receipt, UploadEvent};

#[derive(Debug, Args)]
pub(super) struct UploadArgs {
    /// The images to upload
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Whose images they are; the key is made from this name
    #[arg(long, env = "HEIRLOOM_USER")]
    user: UserName,
    /// What comes back: the encrypted image, which is saved, or nothing but the acknowledgement
    #[arg(
        long = "return",
        env = "HEIRLOOM_RETURN",
        value_name = "WHAT",
        default_value = "cipher"
    )]
    back: Return,
    /// Print one line of JSON for each file instead of the transcript
    #[arg(long, env = "HEIRLOOM_JSON", value_parser = FalseyValueParser::new())]
    json: bool,
}

/// What an upload gives back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Return {
    /// The encrypted image
    Cipher,
    /// Nothing but the acknowledgement
    None,
}

/// Uploads one file after the other; a file that fails does not keep the next from its try.
pub(super) fn run(settings: &Settings, args: &UploadArgs) -> Result<Exit, Failure> {
    let client = ClusterClient::new(settings.client(args.user.clone()));
    let under_way = Cell::new(None);
    let exit = until_interrupted(upload_all(client, args, &under_way))?;
    if let (Exit::Interrupted, Some(file)) = (exit, under_way.get()) {
        complain(&anyhow!(INTERRUPTED));
        if args.json {
            print(&format!("{}\n", failure_line(file, INTERRUPTED, exit)))?;
        }
    }
    Ok(exit)
}

/// Uploads every file; the one that is `under_way` is known to whoever interrupts it.
async fn upload_all<'a>(
    mut client: ClusterClient,
    args: &'a UploadArgs,
    under_way: &Cell<Option<&'a Path>>,
) -> Result<Exit, Failure> {
    let mut exit = Exit::Done;
    let wanted = match args.back {
        Return::Cipher => Wanted::Saved,
        Return::None => Wanted::Nothing,
    };
    for file in &args.files {
        under_way.set(Some(file));
        let ended = if args.json {
            told_as_json(&mut client, file, wanted).await?
        } else {
            told_as_transcript(&mut client, file, wanted).await?
        };
        under_way.set(None);
        match ended {
            Exit::Done => {}
            // The next file would only wait for the same leader.
            Exit::NoLeader => return Ok(Exit::NoLeader),
            Exit::Failed | Exit::Usage | Exit::HungUp | Exit::Interrupted | Exit::Terminated => exit = ended,
        }
    }
    Ok(exit)
}

async fn told_as_json(client: &mut ClusterClient, file: &Path, wanted: Wanted) -> Result<Exit, PrintError> {
    let uploaded = client.upload(file, wanted, &mut |_| {}).await;
    print(&format!("{}\n", json_line(file, &uploaded)))?;
    Ok(uploaded.map_or_else(|error| Exit::from(&error), |_| Exit::Done))
}

async fn told_as_transcript(
    client: &mut ClusterClient,
    file: &Path,
    wanted: Wanted,
) -> Result<Exit, PrintError> {
    let mut console = Console::new(io::stdout());
    let mut show = |event: UploadEvent| console.show(&event);
    let uploaded = client.upload(file, wanted, &mut show).await;
    let printed = console.finish();
    let exit = uploaded.map_or_else(
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

fn json_line(file: &Path, uploaded: &Result<Receipt, RequestError>) -> serde_json::Value {
    match uploaded {
        Ok(receipt) => json!({
            "file": file.to_string_lossy(),
            "saved": receipt.saved.as_ref().map(|path| path.to_string_lossy()),
            "image": receipt.image,
            "leader": receipt.leader,
            "server": receipt.server,
            "bytes": receipt.bytes,
            "copies": receipt.copies,
            "members": receipt.members,
            "digest": receipt.digest,
        }),
        Err(error) => failure_line(file, &error.to_string(), Exit::from(error)),
    }
}

fn failure_line(file: &Path, error: &str, exit: Exit) -> serde_json::Value {
    json!({
        "file": file.to_string_lossy(),
        "error": error,
        "exit_code": exit.code(),
    })
}
