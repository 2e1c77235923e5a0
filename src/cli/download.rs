//! `heirloom download`: an image back from the cluster.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};

use clap::Args;
use clap::builder::FalseyValueParser;
use serde_json::{Value, json};

use super::exit::{Exit, Failure};
use super::print::print_from;
use super::selected::{self, End, Told, attend, selector};
use super::settings::Settings;
use crate::client::{ClusterClient, DownloadOptions, Downloaded, Existing, Form, Place, Selector, ends};
use crate::event::RequestKind;
use crate::id::{ImageId, UserName};
use crate::upload::Observer;

/// What stands for standard output where a file could.
const STDOUT: &str = "-";

#[derive(Debug, Args)]
pub(super) struct DownloadArgs {
    /// The image: its id, the beginning of its id (4 digits or more), or its name; of several with
    /// that name the newest
    #[arg(value_parser = selector())]
    image: Selector,
    /// Whose image it is; the key is made from this name
    #[arg(long, env = "HEIRLOOM_USER")]
    user: UserName,
    /// File or folder to write to, or - for standard output [default: the image's own name, here]
    ///
    /// A folder that ends with / is made if it does not exist; one in which a file is named has to. With -
    /// the image is written once all of it is here and checked, and what there is to say goes to standard
    /// error; a file of that name is ./-
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
enum OutputError {
    #[error("an image would garble the terminal; redirect standard output, or name a file (--output)")]
    Terminal,
    #[error("--output - and --json both want standard output; leave one of them out")]
    Json,
}

/// Downloads one image.
pub(super) fn run(settings: &Settings, args: &DownloadArgs) -> Result<Exit, Failure> {
    if args.output.as_deref() == Some(Path::new(STDOUT)) {
        return to_stdout(settings, args);
    }
    let mut client = ClusterClient::new(settings.client(args.user.clone()));
    let options = options(args, Place::named_or(args.output.clone(), "."));
    let told = if args.json { Told::Json } else { Told::Transcript };
    let under_way = Cell::new(Some(&args.image));
    selected::run(RequestKind::Download, told, &under_way, async {
        let downloading =
            async |observe: &mut Observer<'_>| client.download(&args.image, &options, observe).await;
        Ok(attend(&args.image, told, downloading).await?)
    })
}

/// Downloads one image into a file that nobody sees, and prints that once it is whole.
fn to_stdout(settings: &Settings, args: &DownloadArgs) -> Result<Exit, Failure> {
    if args.json {
        return Err(Failure::usage(OutputError::Json));
    }
    if io::stdout().is_terminal() {
        return Err(Failure::usage(OutputError::Terminal));
    }
    let folder = tempfile::Builder::new().prefix("heirloom-").tempdir()?;
    let file = folder.path().join("image");
    let options = options(args, Place::File(file.clone()));
    let mut client = ClusterClient::new(settings.client(args.user.clone()));
    let under_way = Cell::new(Some(&args.image));
    let exit = selected::run(RequestKind::Download, Told::Aside, &under_way, async {
        let downloading = async |observe: &mut Observer<'_>| {
            let downloaded = client.download(&args.image, &options, observe).await;
            downloaded.map(ToStdout)
        };
        Ok(attend(&args.image, Told::Aside, downloading).await?)
    })?;
    if exit == Exit::Done {
        print_from(&mut File::open(file)?)?;
    }
    Ok(exit)
}

fn options(args: &DownloadArgs, place: Place) -> DownloadOptions {
    DownloadOptions {
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
    }
}

impl End for Downloaded {
    fn lines(&self) -> Vec<String> {
        ends::downloaded(self)
    }

    fn json(&self, _: &Selector) -> Value {
        let entry = &self.entry;
        json!({
            "image": entry.image,
            "file": entry.file,
            "kind": entry.kind,
            "bytes": self.bytes,
            "saved": self.saved.to_string_lossy(),
            "encrypted": self.form == Form::Encrypted,
            "leader": self.leader,
            "server": self.server,
            "digest": self.digest,
        })
    }

    fn passed_over(&self) -> &[ImageId] {
        &self.passed_over
    }
}

/// A download of which nobody is to look for the file.
struct ToStdout(Downloaded);

impl End for ToStdout {
    fn lines(&self) -> Vec<String> {
        let Self(downloaded) = self;
        vec![
            ends::sent_by(downloaded),
            format!("{} bytes go to standard output", downloaded.bytes),
        ]
    }

    fn json(&self, wanted: &Selector) -> Value {
        self.0.json(wanted)
    }

    fn passed_over(&self) -> &[ImageId] {
        self.0.passed_over()
    }
}
