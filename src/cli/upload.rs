//! `heirloom upload`: images to the cluster, once, for scripts and people alike.

use std::io;
use std::path::{Path, PathBuf};

use clap::Args;
use clap::builder::FalseyValueParser;
use serde_json::json;

use super::exit::{Exit, Failure, complain};
use super::interrupt::until_interrupted;
use super::print::print;
use super::settings::Settings;
use crate::client::console::Console;
use crate::client::saved::printable;
use crate::client::{ClusterClient, Receipt, UploadError, UploadEvent};
use crate::id::UserName;

#[derive(Debug, Args)]
pub(super) struct UploadArgs {
    /// The images to upload
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Whose images they are; the key is made from this name
    #[arg(long, env = "HEIRLOOM_USER")]
    user: UserName,
    /// Print one line of JSON for each file instead of the transcript
    #[arg(long, env = "HEIRLOOM_JSON", value_parser = FalseyValueParser::new())]
    json: bool,
}

/// Uploads one file after the other; a file that fails does not keep the next from its try.
pub(super) fn run(settings: &Settings, args: &UploadArgs) -> Result<Exit, Failure> {
    let client = ClusterClient::new(settings.client(args.user.clone()));
    until_interrupted(upload_all(client, args))
}

async fn upload_all(mut client: ClusterClient, args: &UploadArgs) -> Result<Exit, Failure> {
    let mut exit = Exit::Done;
    for file in &args.files {
        let uploaded = if args.json {
            let uploaded = client.upload(file, &mut |_| {}).await;
            print(&format!("{}\n", json_line(file, &uploaded)))?;
            uploaded.map_err(Reported::Already)
        } else {
            with_transcript(&mut client, file).await?
        };
        let Err(reported) = uploaded else { continue };
        let no_leader = reported.error().is_no_leader();
        if let Reported::NotYet(error) = reported {
            complain(&error.into());
        }
        exit = Exit::Failed;
        if no_leader {
            // The next file would only wait for the same leader.
            return Ok(Exit::NoLeader);
        }
    }
    Ok(exit)
}

/// An error, and whether a person or a program has been told.
enum Reported {
    Already(UploadError),
    NotYet(UploadError),
}

impl Reported {
    fn error(&self) -> &UploadError {
        match self {
            Self::Already(error) | Self::NotYet(error) => error,
        }
    }
}

async fn with_transcript(client: &mut ClusterClient, file: &Path) -> io::Result<Result<Receipt, Reported>> {
    let mut console = Console::new(io::stdout());
    let mut show = |event: UploadEvent| console.show(&event);
    let uploaded = client.upload(file, &mut show).await;
    console.finish()?;
    Ok(uploaded.map_err(Reported::NotYet))
}

fn json_line(file: &Path, uploaded: &Result<Receipt, UploadError>) -> serde_json::Value {
    match uploaded {
        Ok(receipt) => json!({
            "file": file.to_string_lossy(),
            "saved": receipt.saved.to_string_lossy(),
            "image": receipt.image,
            "leader": receipt.leader,
            "server": receipt.server,
            "bytes": receipt.bytes,
            "copies": receipt.copies,
            "members": receipt.members,
            "digest": receipt.digest,
        }),
        Err(error) => json!({
            "file": printable(file),
            "error": error.to_string(),
            "no_leader": error.is_no_leader(),
        }),
    }
}
