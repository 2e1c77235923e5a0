//! Lists, downloads and deletes against scripted nodes.

use super::super::testing::{kept_content, kept_id};
use super::*;
use crate::event::RequestKind;

impl Scene {
    async fn list(&mut self, matching: Option<&str>) -> Result<Listing, RequestError> {
        let events = &mut self.events;
        self.client.list(matching, &mut |event| events.push(event)).await
    }

    async fn download(&mut self, what: &str, options: &DownloadOptions) -> Result<Downloaded, RequestError> {
        let events = &mut self.events;
        let selector = what.parse().expect("any text");
        let mut observe = |event| events.push(event);
        self.client.download(&selector, options, &mut observe).await
    }

    async fn delete(&mut self, what: &str) -> Result<Deleted, RequestError> {
        let events = &mut self.events;
        let selector = what.parse().expect("any text");
        self.client
            .delete(&selector, &mut |event| events.push(event))
            .await
    }

    /// To a file of this name in the scene's folder.
    fn to(&self, name: &str) -> DownloadOptions {
        let folder = self.folder.path().join("out");
        std::fs::create_dir_all(&folder).expect("made");
        DownloadOptions {
            form: Form::Plain,
            place: Place::File(folder.join(name)),
            existing: Existing::Kept,
        }
    }

    /// Returns the names of all files in the folder for downloads.
    fn downloaded_files(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.folder.path().join("out"));
        let entries = entries.into_iter().flatten().flatten();
        entries
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .collect()
    }

    fn kinds_offered(&self) -> Vec<RequestKind> {
        let heard = self.heard.lock().expect("not poisoned");
        let kinds = heard.iter().filter_map(|message| match message {
            ClientMessage::Offer(offer) => Some(offer.kind),
            ClientMessage::Upload(_)
            | ClientMessage::Download(_)
            | ClientMessage::List(_)
            | ClientMessage::Delete(_)
            | ClientMessage::Finish => None,
        });
        kinds.collect()
    }
}

fn names(listing: &Listing) -> Vec<&str> {
    listing
        .images
        .iter()
        .map(|listed| listed.entry.file.as_str())
        .collect()
}

#[tokio::test]
async fn a_list_comes_in_pieces_and_is_whole() {
    let mut scene = Scene::new(|_| Script::SlowCommit, Script::Store).await;
    let listing = scene.list(None).await.expect("listed");
    assert_eq!(names(&listing), ["a.png", "b.png", "a.png"]);
    assert_eq!((listing.nodes, listing.members), (2, 3));
    assert_eq!((listing.leader, listing.server), (id(3), id(1)));
    let matching = scene.list(Some("b.")).await.expect("listed");
    assert_eq!(names(&matching), ["b.png"]);
    assert_eq!(scene.retries(), []);
}

#[tokio::test]
async fn a_list_that_lacks_an_image_or_an_end_is_asked_for_again() {
    for script in [Script::Forge, Script::Vanish] {
        let mut scene = Scene::new(|_| script, Script::Store).await;
        let listing = scene.list(None).await.expect("listed");
        assert_eq!(listing.images.len(), 3);
        assert_eq!(listing.server, id(2));
        assert_eq!(scene.retries(), [attempt_failed(Setback::Lost)]);
    }
}

#[tokio::test]
async fn a_download_is_decrypted_and_saved_under_the_name_it_is_given() {
    let mut scene = Scene::new(|_| Script::SlowCommit, Script::Store).await;
    let options = scene.to("x.png");
    let downloaded = scene
        .download(&kept_id(1).to_string(), &options)
        .await
        .expect("downloaded");
    assert_eq!(downloaded.entry.file, "b.png");
    assert_eq!(downloaded.bytes, kept_content().len() as u64);
    assert!(std::fs::read(&downloaded.saved).expect("saved") == kept_content());
    assert_eq!(scene.downloaded_files(), ["x.png"]);
    assert_eq!(
        scene.kinds_offered(),
        [RequestKind::Download],
        "a full id needs no list"
    );
}

#[tokio::test]
async fn a_download_as_it_is_kept_can_be_decrypted_later() {
    let mut scene = Scene::new(|_| Script::Store, Script::Store).await;
    let options = DownloadOptions {
        form: Form::Encrypted,
        place: Place::Folder(scene.folder.path().join("out")),
        existing: Existing::Kept,
    };
    let downloaded = scene.download("b.png", &options).await.expect("downloaded");
    assert_eq!(scene.downloaded_files(), ["encrypted_b_999.png"]);
    let plain = scene.folder.path().join("plain.png");
    let destination = Destination::File(plain.clone());
    decrypt(&downloaded.saved, &user(), &destination)
        .await
        .expect("decrypted");
    assert!(std::fs::read(plain).expect("there") == kept_content());
}

#[tokio::test]
async fn a_name_means_the_newest_and_a_beginning_the_only_one() {
    let mut scene = Scene::new(|_| Script::Store, Script::Store).await;
    for (what, place) in [("a.png", 0), ("A2a2", 2)] {
        let options = scene.to(what);
        let downloaded = scene.download(what, &options).await.expect("downloaded");
        assert_eq!(downloaded.entry.image, kept_id(place));
    }
    let options = scene.to("none.png");
    let error = scene.download("none.png", &options).await.expect_err("none");
    assert_eq!(
        error.to_string(),
        "no image \"none.png\" of alice; `heirloom list --user alice` shows what there is"
    );
    let absent = "f".repeat(32);
    let error = scene.download(&absent, &options).await.expect_err("none");
    assert!(matches!(error, RequestError::NoSuchImage { .. }), "{error}");
    assert!(error.to_string().contains(&absent), "{error}");
}

#[tokio::test]
async fn a_node_that_fails_in_the_middle_is_replaced() {
    for (script, why) in [
        (Script::Vanish, Setback::Lost),
        (Script::Forge, Setback::Mismatch),
        (
            Script::Refuse(ErrorCode::Storage),
            Setback::Unreadable {
                reason: "not today".to_owned(),
            },
        ),
    ] {
        let mut scene = Scene::new(|_| script, Script::Store).await;
        let options = scene.to("x.png");
        let downloaded = scene.download(&kept_id(0).to_string(), &options).await;
        let downloaded = downloaded.expect("downloaded");
        assert_eq!(downloaded.server, id(2));
        assert!(std::fs::read(&downloaded.saved).expect("saved") == kept_content());
        assert_eq!(scene.downloaded_files(), ["x.png"]);
        assert_eq!(scene.retries(), [attempt_failed(why)]);
    }
}

#[tokio::test]
async fn a_file_that_stands_there_is_kept_unless_it_is_to_be_replaced() {
    let mut scene = Scene::new(|_| Script::Store, Script::Store).await;
    let mut options = scene.to("x.png");
    let path = scene.folder.path().join("out/x.png");
    std::fs::write(&path, "mine").expect("written");
    let image = kept_id(0).to_string();
    let error = scene.download(&image, &options).await.expect_err("refused");
    assert!(matches!(error, RequestError::Exists { .. }), "{error}");
    assert!(error.to_string().contains("--force"), "{error}");
    assert_eq!(std::fs::read(&path).expect("there"), b"mine");
    options.existing = Existing::Replaced;
    scene.download(&image, &options).await.expect("downloaded");
    let link = scene.folder.path().join("out/link.png");
    std::os::unix::fs::symlink(&path, &link).expect("made");
    let to_link = DownloadOptions {
        existing: Existing::Replaced,
        ..scene.to("link.png")
    };
    let error = scene.download(&image, &to_link).await.expect_err("refused");
    assert!(matches!(error, RequestError::NoFile { .. }), "{error}");
    std::fs::remove_file(link).expect("still a link");
    assert!(std::fs::read(&path).expect("there") == kept_content());
    assert_eq!(scene.downloaded_files(), ["x.png"]);
}

#[tokio::test]
async fn what_fails_for_good_replaces_nothing() {
    let refuses = Script::Refuse(ErrorCode::NoSuchImage);
    let mut scene = Scene::new(|_| refuses, Script::Store).await;
    let options = DownloadOptions {
        existing: Existing::Replaced,
        ..scene.to("x.png")
    };
    let path = scene.folder.path().join("out/x.png");
    std::fs::write(&path, "mine").expect("written");
    let error = scene.download(&kept_id(0).to_string(), &options).await;
    assert!(matches!(error, Err(RequestError::NoSuchImage { .. })));
    assert_eq!(std::fs::read(&path).expect("there"), b"mine");
    assert_eq!(scene.downloaded_files(), ["x.png"]);
}

#[tokio::test]
async fn when_no_node_can_read_it_the_download_ends() {
    let refuses = || Script::Refuse(ErrorCode::Storage);
    let mut scene = Scene::new(|_| refuses(), refuses()).await;
    let options = scene.to("x.png");
    // The leader declines no offer and is in reach: it has not failed, so patience decides.
    scene.client.config.deadline = Duration::from_secs(1);
    let error = scene.download(&kept_id(0).to_string(), &options).await;
    let error = error.expect_err("refused").to_string();
    assert!(error.contains("could not read it: not today"), "{error}");
    assert!(
        !error.contains("unknown"),
        "a read leaves nothing unknown: {error}"
    );
}

#[tokio::test]
async fn a_delete_that_a_disk_refuses_is_called_a_delete() {
    let refuses = || Script::Refuse(ErrorCode::Storage);
    let mut scene = Scene::new(|_| refuses(), refuses()).await;
    scene.client.config.deadline = Duration::from_secs(1);
    let error = scene.delete(&kept_id(0).to_string()).await.expect_err("refused");
    let error = error.to_string();
    assert!(error.contains("delete it: not today"), "{error}");
    assert!(!error.contains("store it"), "{error}");
}

#[tokio::test]
async fn too_few_nodes_are_as_bad_as_no_leader() {
    let refuses = || Script::Refuse(ErrorCode::NoQuorum);
    let mut scene = Scene::new(|_| refuses(), refuses()).await;
    scene.client.config.deadline = Duration::from_secs(1);
    let error = scene.list(None).await.expect_err("refused");
    assert!(error.is_no_leader(), "{error}");
    let error = error.to_string();
    assert!(error.contains("found too few nodes: not today"), "{error}");
    let error = scene.delete(&kept_id(0).to_string()).await.expect_err("refused");
    let error = error.to_string();
    assert!(error.contains("repeat it by the image's id"), "{error}");
}

#[tokio::test]
async fn a_delete_goes_out_again_under_the_same_id() {
    let mut scene = Scene::new(|_| Script::Vanish, Script::Store).await;
    let image = kept_id(1);
    let deleted = scene.delete(&image.to_string()).await.expect("deleted");
    assert_eq!((deleted.copies, deleted.members), (3, 3));
    assert_eq!((deleted.image, deleted.server), (image, id(2)));
    assert_eq!(scene.offers(), [(image, None), (image, Some(id(1)))]);
}

#[tokio::test]
async fn a_delete_by_name_says_which_image_it_was() {
    let mut scene = Scene::new(|_| Script::Store, Script::Store).await;
    let deleted = scene.delete("b.png").await.expect("deleted");
    assert_eq!(deleted.image, kept_id(1));
    assert_eq!(deleted.file.as_deref(), Some("b.png"));
    let broadcasts = scene.events.iter();
    let broadcasts = broadcasts.filter(|event| matches!(event, UploadEvent::Broadcasting { .. }));
    assert_eq!(broadcasts.count(), 1, "the look-up is no request of its own");
    let kinds = [RequestKind::LookUp, RequestKind::Delete];
    assert_eq!(scene.kinds_offered(), kinds, "and the nodes know what it is for");
}

#[tokio::test]
async fn what_a_killed_download_left_is_swept_by_the_next() {
    let mut scene = Scene::new(|_| Script::Store, Script::Store).await;
    let options = scene.to("x.png");
    let orphan = scene.folder.path().join("out/.heirloom-dead01.part");
    std::fs::write(&orphan, "half").expect("written");
    let image = kept_id(0).to_string();
    scene.download(&image, &options).await.expect("downloaded");
    assert_eq!(scene.downloaded_files(), ["x.png"]);
}

#[tokio::test]
async fn a_folder_is_made_for_a_download_only_if_the_path_ends_as_one() {
    let mut scene = Scene::new(|_| Script::Store, Script::Store).await;
    let image = kept_id(0).to_string();
    let to = |path: &str| DownloadOptions {
        place: Place::named_or(Some(scene.folder.path().join(path)), "."),
        ..scene.to("x.png")
    };
    let (mistyped, folder) = (to("none/x.png"), to("new/"));
    let error = scene.download(&image, &mistyped).await.expect_err("refused");
    assert!(error.to_string().contains("there is no folder"), "{error}");
    assert!(!scene.folder.path().join("none").exists());
    scene.download(&image, &folder).await.expect("downloaded");
    assert!(scene.folder.path().join("new/a.png").is_file());
}
