//! Files that appear whole or not at all, in folders that are there or not.

use super::*;

fn names_in(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .expect("readable")
        .map(|entry| {
            entry
                .expect("readable")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    names.sort();
    names
}

#[tokio::test]
async fn namesakes_never_overwrite_each_other() {
    let folder = tempfile::tempdir().expect("made");
    let images = folder.path().join("images");
    for content in ["one", "two", "three"] {
        let mut part = PartFile::create(&images, Absent::Made).await.expect("made");
        part.write(b"left over from an attempt").await.expect("written");
        part.restart().await.expect("emptied");
        part.write(content.as_bytes()).await.expect("written");
        let name = SavedName::encrypted(Path::new("a.png"), 7);
        part.keep(Target::Free(name)).await.expect("kept");
    }
    let names = ["encrypted_a_7.png", "encrypted_a_7_2.png", "encrypted_a_7_3.png"];
    assert_eq!(names_in(&images), names);
    let second = std::fs::read(images.join("encrypted_a_7_2.png")).expect("there");
    assert_eq!(second, b"two");
}

#[tokio::test]
async fn a_folder_that_is_not_there_is_made_only_where_that_is_wanted() {
    let folder = tempfile::tempdir().expect("made");
    let images = folder.path().join("one/two");
    let refused = PartFile::create(&images, Absent::Refused).await;
    assert!(matches!(refused, Err(SaveError::NoFolder { .. })));
    assert!(names_in(folder.path()).is_empty());
    PartFile::create(&images, Absent::Made).await.expect("made");
    assert!(images.is_dir());
}

#[tokio::test]
async fn an_existing_file_is_left_alone() {
    let folder = tempfile::tempdir().expect("made");
    let path = folder.path().join("out.png");
    std::fs::write(&path, "mine").expect("written");
    let mut part = PartFile::create(folder.path(), Absent::Refused)
        .await
        .expect("made");
    part.write(b"other").await.expect("written");
    let error = part
        .keep(Target::Exactly(path.clone()))
        .await
        .expect_err("refused");
    assert!(matches!(error, SaveError::Exists { .. }), "{error}");
    assert_eq!(std::fs::read(&path).expect("there"), b"mine");
    assert_eq!(names_in(folder.path()), ["out.png"]);
}

#[tokio::test]
async fn only_what_dead_processes_left_is_swept() {
    let folder = tempfile::tempdir().expect("made");
    let orphan = folder.path().join(".heirloom-dead01.part");
    let mine = folder.path().join(".heirloom.part");
    std::fs::create_dir(folder.path().join(".heirloom-folder.part")).expect("made");
    for path in [&orphan, &mine] {
        std::fs::write(path, "half").expect("written");
    }
    let mut growing = PartFile::create(folder.path(), Absent::Refused)
        .await
        .expect("made");
    growing.write(b"whole").await.expect("written");
    sweep(folder.path()).await;
    assert!(!orphan.exists());
    assert!(mine.exists());
    assert_eq!(names_in(folder.path()).len(), 3);
    let path = folder.path().join("out.png");
    growing.keep(Target::Exactly(path.clone())).await.expect("kept");
    assert_eq!(std::fs::read(path).expect("there"), b"whole");
    sweep(&folder.path().join("none")).await;
}

#[tokio::test]
async fn an_unfinished_file_leaves_nothing() {
    let folder = tempfile::tempdir().expect("made");
    let mut part = PartFile::create(folder.path(), Absent::Refused)
        .await
        .expect("made");
    part.write(b"half").await.expect("written");
    part.flush().await.expect("written");
    drop(part);
    assert!(names_in(folder.path()).is_empty());
}
