//! `heirloom.toml`: the same options as the flags, in a file.

use std::io;
use std::path::{Path, PathBuf};

use super::options::Options;

/// Where the file is looked for unless `--config` says otherwise.
const DEFAULT_PATH: &str = "heirloom.toml";

/// What is wrong with a configuration file.
#[derive(Debug, thiserror::Error)]
pub(super) enum FileError {
    #[error("could not read {}: {error}", .path.display())]
    Read { path: PathBuf, error: io::Error },
    #[error("{}, line {line} (`{text}`): {problem}", .path.display())]
    Content {
        path: PathBuf,
        line: usize,
        /// That line as it stands in the file; it names the key.
        text: String,
        problem: String,
    },
}

/// Reads the options of the file at `path`, or of the default one if it exists.
pub(super) fn load(path: Option<&Path>) -> Result<Options, FileError> {
    let (path, required) = match path {
        Some(path) => (path, true),
        None => (Path::new(DEFAULT_PATH), false),
    };
    match std::fs::read_to_string(path) {
        Ok(text) => parse(path, &text),
        Err(error) if error.kind() == io::ErrorKind::NotFound && !required => Ok(Options::default()),
        Err(error) => {
            let path = path.to_owned();
            Err(FileError::Read { path, error })
        }
    }
}

fn parse(path: &Path, text: &str) -> Result<Options, FileError> {
    toml::from_str(text).map_err(|error| {
        let start = error.span().map_or(0, |span| span.start);
        let before = text.get(..start).unwrap_or_default();
        let line = before.matches('\n').count();
        FileError::Content {
            path: path.to_owned(),
            line: line + 1,
            text: text.lines().nth(line).unwrap_or_default().trim().to_owned(),
            problem: error.message().to_owned(),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::options::{Pace, Quorum};

    fn problem(text: &str) -> String {
        let error = parse(Path::new("heirloom.toml"), text).expect_err("refused");
        error.to_string()
    }

    #[test]
    fn every_option_has_its_key() {
        let text = r#"
            cluster = "photos"
            nodes = 5
            base-port = 9001
            bind = "127.0.0.2"
            data-dir = "d"
            images-dir = "i"
            timing = "fast"
            heartbeat = "50ms"
            heartbeat-timeout = "1m 30s"
            takeover-after = "0s"
            quorum = "majority"
            insecure = true
            allow-faults = true
            max-image = "1MiB"
            scrub = "8MiB"
            deadline = "5s"

            [[node]]
            id = 7
            address = "[::1]:9007"
        "#;
        let options = parse(Path::new("heirloom.toml"), text).expect("valid");
        assert_eq!(options.base_port, Some(9001));
        assert_eq!(options.timing, Some(Pace::Fast));
        assert_eq!(options.quorum, Some(Quorum::Majority));
        assert_eq!(options.max_image, Some(bytesize::ByteSize::mib(1)));
        assert_eq!(options.members[0].address.to_string(), "[::1]:9007");
        // With the file complete, nothing is left for another to fill in.
        assert_eq!(options.clone().or(Options::default()), options);
        assert_eq!(Options::default().or(options.clone()), options);
    }

    #[test]
    fn a_wrong_line_is_named_with_its_key() {
        assert_eq!(
            problem("nodes = 3\nheartbeat = \"5 parsecs\"\n"),
            "heirloom.toml, line 2 (`heartbeat = \"5 parsecs\"`): \
             \"5 parsecs\" is no duration; write 5s, 100ms or 1m"
        );
        assert_eq!(
            problem("heartbeat = 5\n"),
            "heirloom.toml, line 1 (`heartbeat = 5`): \
             5 has no unit; write \"5s\" for seconds, with the quotes"
        );
        let unknown = problem("nods = 3\n");
        assert!(
            unknown.starts_with("heirloom.toml, line 1 (`nods = 3`): unknown field `nods`"),
            "{unknown}"
        );
        let address = problem("[[node]]\nid = 1\naddress = \"somewhere\"\n");
        assert!(
            address.contains("line 3 (`address = \"somewhere\"`)"),
            "{address}"
        );
        let id = problem("[[node]]\nid = 0\naddress = \"a:1\"\n");
        assert!(id.contains("line 2 (`id = 0`)"), "{id}");
    }

    #[test]
    fn only_a_file_that_was_asked_for_must_exist() {
        let folder = tempfile::tempdir().expect("made");
        let path = folder.path().join("none.toml");
        let error = load(Some(&path)).expect_err("refused");
        assert!(matches!(error, FileError::Read { .. }), "{error}");
    }
}
