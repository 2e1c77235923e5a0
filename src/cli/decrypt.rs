//! `heirloom decrypt`: saved files back to images.

use std::path::{Path, PathBuf};

use clap::Args;
use clap::builder::FalseyValueParser;
use serde_json::json;

use super::exit::{Exit, Failure, complain};
use super::interrupt::until_interrupted;
use super::print::print;
use crate::client::decrypt::{Destination, decrypt};
use crate::client::saved::printable_path;
use crate::id::UserName;

#[derive(Debug, Args)]
pub(super) struct DecryptArgs {
    /// The encrypted files, as saved by an upload
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Whose images they are; the key is made from this name
    #[arg(long, env = "HEIRLOOM_USER")]
    user: UserName,
    /// File or folder to write to [default: next to each file]
    #[arg(long, env = "HEIRLOOM_OUTPUT", value_name = "PATH")]
    output: Option<PathBuf>,
    /// Print one line of JSON for each file
    #[arg(long, env = "HEIRLOOM_JSON", value_parser = FalseyValueParser::new())]
    json: bool,
}

/// An `--output` that cannot be written to.
#[derive(Debug, thiserror::Error)]
enum OutputError {
    #[error("{files} files cannot all become {output}; give --output an existing folder")]
    OneForMany { files: usize, output: String },
    #[error("{output} does not exist; create it or name a file")]
    NoSuchFolder { output: String },
    #[error("{output} is no folder; name a folder or a new file")]
    NotAFolder { output: String },
}

/// Decrypts one file after the other; a file that fails does not keep the next from its try.
pub(super) fn run(args: &DecryptArgs) -> Result<Exit, Failure> {
    let destination = destination(args).map_err(Failure::usage)?;
    until_interrupted(decrypt_all(args, destination))
}

fn destination(args: &DecryptArgs) -> Result<Destination, OutputError> {
    match &args.output {
        None => Ok(Destination::Beside),
        Some(folder) if folder.is_dir() => Ok(Destination::Folder(folder.clone())),
        Some(output) if output.as_os_str().as_encoded_bytes().ends_with(b"/") => {
            let (exists, output) = (names_something(output), printable_path(output));
            Err(if exists {
                OutputError::NotAFolder { output }
            } else {
                OutputError::NoSuchFolder { output }
            })
        }
        Some(output) if args.files.len() > 1 => Err(OutputError::OneForMany {
            files: args.files.len(),
            output: printable_path(output),
        }),
        Some(file) => Ok(Destination::File(file.clone())),
    }
}

/// Says whether something other than a folder stands at a path that ends like one.
fn names_something(folder: &Path) -> bool {
    let name = folder.file_name();
    name.is_some_and(|name| folder.with_file_name(name).symlink_metadata().is_ok())
}

async fn decrypt_all(args: &DecryptArgs, destination: Destination) -> Result<Exit, Failure> {
    let mut exit = Exit::Done;
    for file in &args.files {
        match decrypt(file, &args.user, &destination).await {
            Ok(image) if args.json => {
                let (file, image) = (file.to_string_lossy(), image.to_string_lossy());
                print(&format!("{}\n", json!({ "file": file, "saved": image })))?;
            }
            Ok(image) => print(&format!("Decrypted image saved to: {}\n", printable_path(&image)))?,
            Err(error) => {
                exit = Exit::Failed;
                if args.json {
                    let (file, error) = (file.to_string_lossy(), error.to_string());
                    print(&format!("{}\n", json!({ "file": file, "error": error })))?;
                } else {
                    complain(&error.into());
                }
            }
        }
    }
    Ok(exit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_does_not_exist_is_to_be_created_first() {
        let folder = tempfile::tempdir().expect("made");
        let refusal = |name: &str| {
            let args = DecryptArgs {
                files: vec!["a.png".into()],
                user: "alice".parse().expect("valid"),
                output: Some(folder.path().join(name)),
                json: false,
            };
            let error = destination(&args).expect_err("refused");
            error
                .to_string()
                .replace(&format!("{}/", folder.path().display()), "")
        };
        assert_eq!(
            refusal("newdir/"),
            "newdir/ does not exist; create it or name a file"
        );
        std::fs::write(folder.path().join("file"), "").expect("written");
        assert_eq!(
            refusal("file/"),
            "file/ is no folder; name a folder or a new file"
        );
    }
}
