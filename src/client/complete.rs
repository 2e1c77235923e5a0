//! Completion in the REPL: commands, then the paths of files.
//!
//! The rest of an `upload` line is one path, spaces included, so nothing is quoted or escaped.

use std::path::Path;

use rustyline::completion::Completer;
use rustyline::{Context, Helper, Highlighter, Hinter, Validator};

/// The commands of the REPL, as they are typed.
const COMMANDS: [&str; 6] = ["upload ", "list", "download ", "delete ", "help", "quit"];

/// Completes what is typed at the prompt.
#[derive(Debug, Helper, Highlighter, Hinter, Validator)]
pub(super) struct ReplCompleter;

impl Completer for ReplCompleter {
    type Candidate = String;

    fn complete(&self, line: &str, pos: usize, _: &Context<'_>) -> rustyline::Result<(usize, Vec<String>)> {
        Ok(candidates(&line[..pos]))
    }
}

/// Returns where the word to be completed begins, and what may stand there.
fn candidates(typed: &str) -> (usize, Vec<String>) {
    let start = typed.len() - typed.trim_start().len();
    if let Some(path) = path_in(&typed[start..]) {
        let path = path.trim_start().trim_start_matches(['"', '\'']);
        let name = path.rfind('/').map_or(path, |slash| &path[slash + 1..]);
        let folder = &path[..path.len() - name.len()];
        (typed.len() - name.len(), names(folder, name))
    } else {
        let word = &typed[start..];
        let commands = COMMANDS.iter().filter(|command| command.starts_with(word));
        (start, commands.map(ToString::to_string).collect())
    }
}

/// Returns the beginning of a path, where the line has come to one.
fn path_in(line: &str) -> Option<&str> {
    if let Some(path) = line.strip_prefix("upload ") {
        return Some(path);
    }
    // After the image comes the file; a name with spaces is too rarely typed to be looked for.
    let (_, file) = line.strip_prefix("download ")?.trim_start().split_once(' ')?;
    Some(file)
}

/// Returns the names in `folder` that begin with `beginning`; those of folders end in a slash.
fn names(folder: &str, beginning: &str) -> Vec<String> {
    let folder = if folder.is_empty() { "." } else { folder };
    let Ok(entries) = std::fs::read_dir(super::repl::at_home(Path::new(folder))) else {
        return Vec::new();
    };
    let mut names: Vec<String> = entries
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let hidden = name.starts_with('.') && !beginning.starts_with('.');
            let wanted = name.starts_with(beginning) && !hidden && !name.contains(char::is_control);
            let slash = if entry.path().is_dir() { "/" } else { "" };
            wanted.then(|| name + slash)
        })
        .collect();
    names.sort();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_completed() {
        assert_eq!(candidates("up"), (0, vec!["upload ".to_owned()]));
        assert_eq!(candidates(" q"), (1, vec!["quit".to_owned()]));
        assert_eq!(
            candidates("d"),
            (0, vec!["download ".to_owned(), "delete ".to_owned()])
        );
        assert_eq!(candidates("x"), (0, Vec::new()));
    }

    #[test]
    fn paths_are_completed_with_their_spaces() {
        let folder = tempfile::tempdir().expect("made");
        let root = folder.path().to_str().expect("utf-8");
        std::fs::write(folder.path().join("my photo.png"), "").expect("written");
        std::fs::write(folder.path().join(".my secret.png"), "").expect("written");
        std::fs::create_dir(folder.path().join("my trip")).expect("made");
        for before in ["upload ", "upload \"", "download a.png "] {
            let typed = format!("{before}{root}/my ");
            let (start, names) = candidates(&typed);
            assert_eq!(&typed[start..], "my ");
            assert_eq!(names, ["my photo.png", "my trip/"]);
        }
    }
}
