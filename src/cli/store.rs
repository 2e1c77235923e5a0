//! `heirloom store`: what nodes keep, as files: `verify` reads it all, `rebuild` makes its index anew.

use std::path::{Path, PathBuf};

use anyhow::anyhow;
use bytesize::ByteSize;
use clap::builder::FalseyValueParser;
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::exit::{Exit, Failure, complain};
use super::print::print;
use super::settings::Settings;
use crate::client::progress::Progress;
use crate::client::saved::printable_path;
use crate::id::NodeId;
use crate::store::verify::{IndexVerdict, Verified, nodes_in, verify};
use crate::store::{DataDirectory, Store};

#[derive(Debug, Args)]
pub(super) struct StoreArgs {
    #[command(subcommand)]
    command: StoreCommand,
}

#[derive(Debug, Subcommand)]
enum StoreCommand {
    /// Read everything that nodes keep on this machine, and say what is damaged; changes nothing
    Verify(VerifyArgs),
    /// Make the index of nodes that do not run anew from their files
    Rebuild(RebuildArgs),
}

#[derive(Debug, Args)]
struct VerifyArgs {
    /// Only this node; may be given several times [default: all under the data folder]
    #[arg(long = "node", value_name = "ID")]
    only: Vec<NodeId>,
    /// Print one line of JSON for each node
    #[arg(long, env = "HEIRLOOM_JSON", value_parser = FalseyValueParser::new())]
    json: bool,
}

#[derive(Debug, Args)]
struct RebuildArgs {
    /// Only this node; may be given several times [default: all under the data folder]
    #[arg(long = "node", value_name = "ID")]
    only: Vec<NodeId>,
}

/// Goes through the nodes; one that fails does not keep the next from its turn.
pub(super) fn run(settings: &Settings, args: &StoreArgs) -> Result<Exit, Failure> {
    let (StoreCommand::Verify(VerifyArgs { only, .. }) | StoreCommand::Rebuild(RebuildArgs { only })) =
        &args.command;
    let mut exit = Exit::Done;
    for (node, path) in directories(settings.data_dir(), only)? {
        let ended = match &args.command {
            StoreCommand::Verify(args) => verify_one(node, &path, args.json)?,
            StoreCommand::Rebuild(_) => rebuild_one(node, &path)?,
        };
        if ended != Exit::Done {
            exit = ended;
        }
    }
    Ok(exit)
}

/// Returns the data directories of the nodes that were named, or of all that are there.
fn directories(folder: &Path, only: &[NodeId]) -> Result<Vec<(NodeId, PathBuf)>, Failure> {
    let nodes = if only.is_empty() {
        nodes_in(folder).unwrap_or_default()
    } else {
        only.to_vec()
    };
    if nodes.is_empty() {
        let folder = printable_path(folder);
        return Err(anyhow!("no node keeps anything under {folder}; pass --data-dir").into());
    }
    let path = |node| (node, folder.join(format!("node-{node}")));
    Ok(nodes.into_iter().map(path).collect())
}

fn verify_one(node: NodeId, path: &Path, json: bool) -> Result<Exit, Failure> {
    let mut progress = Progress::on_terminal();
    let verified = verify(path, |walked| progress.advance(walked.done, walked.total));
    progress.clear();
    let verified = match verified {
        Ok(verified) => verified,
        Err(error) if json => {
            let line = json!({ "node": node, "path": path.to_string_lossy(), "error": error.to_string() });
            print(&format!("{line}\n"))?;
            return Ok(Exit::Failed);
        }
        Err(error) => {
            complain(&anyhow::Error::from(error).context(format!("could not verify node {node}")));
            return Ok(Exit::Failed);
        }
    };
    print(&if json {
        format!("{}\n", as_json(node, path, &verified))
    } else {
        as_text(node, &verified)
    })?;
    Ok(if verified.problems.is_empty() {
        Exit::Done
    } else {
        Exit::Failed
    })
}

fn as_text(node: NodeId, verified: &Verified) -> String {
    let Verified {
        images,
        tombstones,
        problems,
        ..
    } = verified;
    let whole = format!(
        "Node {node}: {} ({}) and {} whole",
        counted(*images, "image"),
        ByteSize(verified.bytes),
        counted(*tombstones, "delete"),
    );
    let mut lines = vec![match problems.len() {
        0 => whole,
        damaged => format!("{whole}, {} not:", counted(damaged as u64, "file")),
    }];
    for problem in problems {
        lines.push(format!("  {} {}", printable_path(&problem.path), problem.reason));
    }
    if verified.set_aside > 0 {
        let aside = counted(verified.set_aside, "damaged record");
        lines.push(format!("  {aside} set aside in damaged/"));
    }
    lines.extend(about_index(&verified.index).map(|remark| format!("  {remark}")));
    lines.join("\n") + "\n"
}

fn counted(number: u64, what: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {what}{plural}")
}

/// Says what is noteworthy about an index.
fn about_index(index: &IndexVerdict) -> Option<String> {
    match index {
        IndexVerdict::Agrees => None,
        IndexVerdict::Differs(files) => Some(format!(
            "the index is wrong about {}; the node's next start mends it",
            counted(*files, "file")
        )),
        IndexVerdict::Missing => Some("there is no index; the node's next start makes it".to_owned()),
        IndexVerdict::Unusable(reason) => Some(format!(
            "the index cannot be used ({reason}); the node's next start makes it anew"
        )),
        IndexVerdict::InUse => Some("the index was not compared: the node runs".to_owned()),
    }
}

fn as_json(node: NodeId, path: &Path, verified: &Verified) -> Value {
    let problems = verified.problems.iter().map(|problem| {
        json!({
            "image": problem.image,
            "path": problem.path.to_string_lossy(),
            "problem": problem.reason.to_string(),
        })
    });
    let (index, differing) = match &verified.index {
        IndexVerdict::Agrees => ("agrees", 0),
        IndexVerdict::Differs(files) => ("differs", *files),
        IndexVerdict::Missing => ("missing", 0),
        IndexVerdict::Unusable(_) => ("unusable", 0),
        IndexVerdict::InUse => ("in_use", 0),
    };
    json!({
        "node": node,
        "path": path.to_string_lossy(),
        "images": verified.images,
        "tombstones": verified.tombstones,
        "bytes": verified.bytes,
        "set_aside": verified.set_aside,
        "problems": problems.collect::<Value>(),
        "index": index,
        "index_differs": differing,
    })
}

fn rebuild_one(node: NodeId, path: &Path) -> Result<Exit, Failure> {
    let rebuilt = DataDirectory::reopen(path)
        .map_err(anyhow::Error::from)
        .and_then(|directory| Ok(Store::rebuild(directory)?));
    let store = match rebuilt {
        Ok(store) => store,
        Err(error) => {
            complain(&error.context(format!("could not rebuild the index of node {node}")));
            return Ok(Exit::Failed);
        }
    };
    let unreadable = store.unreadable()?;
    let summary = store.summary();
    print(&format!(
        "Node {node}: index made anew of {} and {}\n",
        counted(summary.images, "image"),
        counted(summary.tombstones, "delete"),
    ))?;
    for image in &unreadable {
        print(&format!(
            "  {image} is damaged and left out; the node fetches it again\n"
        ))?;
    }
    Ok(if unreadable.is_empty() {
        Exit::Done
    } else {
        Exit::Failed
    })
}

#[cfg(test)]
mod tests;
