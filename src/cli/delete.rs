//! `heirloom delete`: images out of the cluster, for good.

use std::cell::Cell;

use clap::Args;
use clap::builder::FalseyValueParser;
use serde_json::{Value, json};

use super::exit::{Exit, Failure};
use super::selected::{self, End, Told, attend, selector, untried};
use super::settings::Settings;
use crate::client::{ClusterClient, Deleted, Selector, ends};
use crate::event::RequestKind;
use crate::id::{ImageId, UserName};
use crate::upload::Observer;

#[derive(Debug, Args)]
pub(super) struct DeleteArgs {
    /// The images, each by its id, the beginning of its id (4 digits or more), or its name; of
    /// several with that name the newest
    #[arg(required = true, value_name = "IMAGE", value_parser = selector())]
    images: Vec<Selector>,
    /// Whose images they are
    #[arg(long, env = "HEIRLOOM_USER")]
    user: UserName,
    /// Print one line of JSON for each image: wanted, image, file, leader, server, copies, members
    #[arg(long, env = "HEIRLOOM_JSON", value_parser = FalseyValueParser::new())]
    json: bool,
}

/// Deletes one image after the other; one that fails does not keep the next from its try.
pub(super) fn run(settings: &Settings, args: &DeleteArgs) -> Result<Exit, Failure> {
    let client = ClusterClient::new(settings.client(args.user.clone()));
    let told = if args.json { Told::Json } else { Told::Transcript };
    let under_way = Cell::new(None);
    selected::run(
        RequestKind::Delete,
        told,
        &under_way,
        delete_all(client, &args.images, told, &under_way),
    )
}

/// Deletes every image; the one that is `under_way` is known to whoever interrupts it.
async fn delete_all<'a>(
    mut client: ClusterClient,
    images: &'a [Selector],
    told: Told,
    under_way: &Cell<Option<&'a Selector>>,
) -> Result<Exit, Failure> {
    let mut exit = Exit::Done;
    for (index, image) in images.iter().enumerate() {
        under_way.set(Some(image));
        let deleting = async |observe: &mut Observer<'_>| client.delete(image, observe).await;
        let ended = attend(image, told, deleting).await?;
        under_way.set(None);
        match ended {
            Exit::Done => {}
            // The next image would only wait for the same leader.
            Exit::NoLeader => {
                untried(&images[index + 1..], told)?;
                return Ok(Exit::NoLeader);
            }
            Exit::Failed | Exit::Usage | Exit::HungUp | Exit::Interrupted | Exit::Terminated => exit = ended,
        }
    }
    Ok(exit)
}

impl End for Deleted {
    fn lines(&self) -> Vec<String> {
        ends::deleted(self)
    }

    fn json(&self, wanted: &Selector) -> Value {
        json!({
            "wanted": wanted.to_string(),
            "image": self.image,
            "file": self.file,
            "leader": self.leader,
            "server": self.server,
            "copies": self.copies,
            "members": self.members,
        })
    }

    fn passed_over(&self) -> &[ImageId] {
        &self.passed_over
    }
}
