//! The project's own files, for tests that read them.

use std::fs;
use std::path::{Path, PathBuf};

/// Returns every Rust file under `src`, relative to the project, in order.
pub(crate) fn sources() -> Vec<String> {
    let mut files = Vec::new();
    let mut folders = vec![PathBuf::from("src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(project().join(&folder)).expect("src is readable") {
            let entry = entry.expect("src is readable");
            let path = folder.join(entry.file_name());
            if entry.path().is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path.to_str().expect("our file names are ASCII").to_owned());
            }
        }
    }
    files.sort();
    files
}

/// Returns the folder of the project.
pub(crate) fn project() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Returns a text file of the project.
pub(crate) fn text(file: &str) -> String {
    fs::read_to_string(project().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}
