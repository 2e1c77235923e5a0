//! `heirloom list`: which images of a user are kept, and where.

use clap::Args;
use clap::builder::FalseyValueParser;
use serde_json::{Value, json};

use super::exit::{Exit, Failure, complain, remark};
use super::interrupt::until_interrupted;
use super::print::print;
use super::settings::Settings;
use crate::client::{ClusterClient, columns, ends};
use crate::encryption::IV_BYTES;
use crate::id::UserName;
use crate::protocol::Listed;

#[derive(Debug, Args)]
#[command(after_long_help = NOTES)]
pub(super) struct ListArgs {
    /// Only images whose name holds this, or whose id begins with it
    #[arg(value_name = "TEXT")]
    text: Option<String>,
    /// Whose images
    #[arg(long, env = "HEIRLOOM_USER")]
    user: UserName,
    /// Print one line of JSON for each image: image, file, kind, bytes, `created_ms`, nodes
    #[arg(long, env = "HEIRLOOM_JSON", value_parser = FalseyValueParser::new())]
    json: bool,
}

/// What the columns show, and what not.
const NOTES: &str = "\
A name with spaces at an end or with characters that a terminal does not print stands in quotes, with
escapes. On a terminal long names are cut in the middle; in a pipe and with --json they are whole.";

/// Lists the images, newest first; that there is none is no failure.
pub(super) fn run(settings: &Settings, args: &ListArgs) -> Result<Exit, Failure> {
    let mut client = ClusterClient::new(settings.client(args.user.clone()));
    until_interrupted(async {
        match client.list(args.text.as_deref(), &mut |_| {}).await {
            Ok(listing) if listing.images.is_empty() => {
                remark(&ends::nothing(&args.user, args.text.as_deref()));
                Ok(Exit::Done)
            }
            Ok(listing) => {
                print(&text(&listing.images, args.json))?;
                Ok(Exit::Done)
            }
            Err(error) => {
                let exit = Exit::from(&error);
                if args.json {
                    let line = json!({ "error": error.to_string(), "exit_code": exit.code() });
                    print(&format!("{line}\n"))?;
                } else {
                    complain(&error.into());
                }
                Ok(exit)
            }
        }
    })
}

fn text(images: &[Listed], json: bool) -> String {
    let lines = if json {
        images
            .iter()
            .map(|listed| json_line(listed).to_string())
            .collect()
    } else {
        ends::table(images, columns::of_terminal())
    };
    lines.join("\n") + "\n"
}

fn json_line(Listed { entry, nodes }: &Listed) -> Value {
    json!({
        "image": entry.image,
        "file": entry.file,
        "kind": entry.kind,
        "bytes": entry.body_bytes.saturating_sub(IV_BYTES as u64),
        "created_ms": entry.created_ms,
        "nodes": nodes,
    })
}
