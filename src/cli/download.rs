//! `heirloom download`: an image back from the cluster.

use std::cell::Cell;
use std::path::PathBuf;

use clap::Args;
use clap::builder::FalseyValueParser;
use serde_json::{Value, json};

use super::exit::{Exit, Failure};
use super::selected::{self, Told, attend, selector};
use super::settings::Settings;
use crate::client::saved::printable_path;
use crate::client::{ClusterClient, DownloadOptions, Downloaded, Existing, Form, Place, Selector, ends};
use crate::event::RequestKind;
use crate::id::UserName;
use crate::upload::Observer;

#[derive(Debug, Args)]
pub(super) struct DownloadArgs {
    /// The image: its id, the beginning of its id (4 digits or more), or its name; of several with
    /// that name the newest
    #[arg(value_parser = selector())]
    image: Selector,
    /// Whose image it is; the key is made from this name
    #[arg(long, env = "HEIRLOOM_USER")]
    user: UserName,
    /// File or folder to write to [default: the image's own name, here]
    #[arg(long, env = "HEIRLOOM_OUTPUT", value_name = "PATH")]
    output: Option<PathBuf>,
    /// Save it as it is kept, IV and ciphertext, for `heirloom decrypt` or openssl
    #[arg(long)]
    encrypted: bool,
    /// Replace a file that has the name already
    #[arg(long)]
    force: bool,
    /// Print a line of JSON: image, file, kind, bytes, saved, encrypted, leader, server, digest
    #[arg(long, env = "HEIRLOOM_JSON", value_parser = FalseyValueParser::new())]
    json: bool,
}

/// An `--output` that cannot be written to.
#[derive(Debug, thiserror::Error)]
#[error("{output} is no folder that exists; create it or name a file")]
struct NoFolder {
    output: String,
}

/// Downloads one image.
pub(super) fn run(settings: &Settings, args: &DownloadArgs) -> Result<Exit, Failure> {
    let options = options(args).map_err(Failure::usage)?;
    let mut client = ClusterClient::new(settings.client(args.user.clone()));
    let told = if args.json { Told::Json } else { Told::Transcript };
    let under_way = Cell::new(Some(&args.image));
    selected::run(RequestKind::Download, told, &under_way, async {
        let downloading =
            async |observe: &mut Observer<'_>| client.download(&args.image, &options, observe).await;
        Ok(attend(&args.image, told, ends::downloaded, json_line, downloading).await?)
    })
}

fn options(args: &DownloadArgs) -> Result<DownloadOptions, NoFolder> {
    let place = Place::named_or(args.output.clone(), ".");
    if let Place::File(path) = &place
        && path.as_os_str().as_encoded_bytes().ends_with(b"/")
    {
        let output = printable_path(path);
        return Err(NoFolder { output });
    }
    Ok(DownloadOptions {
        form: if args.encrypted {
            Form::Encrypted
        } else {
            Form::Plain
        },
        place,
        existing: if args.force {
            Existing::Replaced
        } else {
            Existing::Kept
        },
    })
}

fn json_line(downloaded: &Downloaded) -> Value {
    let entry = &downloaded.entry;
    json!({
        "image": entry.image,
        "file": entry.file,
        "kind": entry.kind,
        "bytes": downloaded.bytes,
        "saved": downloaded.saved.to_string_lossy(),
        "encrypted": downloaded.form == Form::Encrypted,
        "leader": downloaded.leader,
        "server": downloaded.server,
        "digest": downloaded.digest,
    })
}
