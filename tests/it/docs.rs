//! What the documents say, checked against the project: paths, commands, modules.

use std::collections::BTreeSet;
use std::process::Command;

use heirloom::dashboard::keymap::{Binding, Mode, bindings};

use crate::project::{project, sources, text};

/// The longest `ARCHITECTURE.md` may get: what is longer is not read.
const ARCHITECTURE_LINES_MAX: usize = 200;

/// Returns what stands between single back quotes on lines outside fenced blocks.
fn code_spans(document: &str) -> Vec<&str> {
    let mut fenced = false;
    let mut spans = Vec::new();
    for line in document.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if !fenced {
            spans.extend(line.split('`').skip(1).step_by(2));
        }
    }
    spans
}

/// Returns the lines of the fenced blocks in this language.
fn fenced<'a>(document: &'a str, language: &str) -> Vec<&'a str> {
    let mut inside = None;
    let mut lines = Vec::new();
    for line in document.lines() {
        if let Some(label) = line.strip_prefix("```") {
            inside = inside.is_none().then_some(label);
        } else if inside == Some(language) {
            lines.push(line);
        }
    }
    lines
}

/// Returns the targets of links that lie in the project.
fn linked_files(document: &str) -> Vec<&str> {
    let targets = document
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split(')').next());
    targets
        .filter(|target| !target.starts_with("http") && !target.starts_with('#'))
        .collect()
}

/// Says whether a code span reads as a path of the project rather than as a command or a name.
///
/// `data/` and what lies in `images/` come into being when the program runs.
fn is_project_path(span: &str) -> bool {
    let plain = span
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || "./_-".contains(c));
    let made_later = ["data/", "images/", "target/", "heirloom.toml"]
        .iter()
        .any(|start| span.starts_with(start));
    let extension = [".rs", ".md", ".png", ".toml", ".lock"]
        .iter()
        .any(|end| span.ends_with(end));
    plain && !made_later && !span.starts_with(['/', '.']) && (span.contains('/') || extension)
}

/// Returns the words after `cargo run --bin`, and those after `heirloom` in a command.
fn commands(lines: &[&str]) -> (BTreeSet<String>, BTreeSet<String>) {
    let (mut binaries, mut subcommands) = (BTreeSet::new(), BTreeSet::new());
    for line in lines {
        let words: Vec<&str> = line.split([' ', '(', ')', ';', '&', '|']).collect();
        for pair in words.windows(2) {
            let (before, word) = (pair[0], pair[1]);
            if before == "--bin" {
                binaries.insert(word.to_owned());
            }
            let is_program = before == "heirloom" || before.ends_with("/heirloom") || before == "--";
            if is_program && word.starts_with(char::is_lowercase) {
                subcommands.insert(word.to_owned());
            }
        }
    }
    (binaries, subcommands)
}

#[test]
fn every_path_of_the_documents_exists() {
    for document in ["README.md", "CONTRIBUTING.md", "assets/README.md"] {
        let text = text(document);
        let folder = project()
            .join(document)
            .parent()
            .expect("a file has a folder")
            .to_owned();
        for path in linked_files(&text) {
            assert!(
                folder.join(path).exists(),
                "{document} links to {path}, which does not exist"
            );
        }
        for path in code_spans(&text).into_iter().filter(|span| is_project_path(span)) {
            let exists = folder.join(path).exists() || project().join(path).exists();
            assert!(exists, "{document} names {path}, which does not exist");
        }
    }
}

#[test]
fn every_command_of_the_readme_exists() {
    let readme = text("README.md");
    let mut lines = fenced(&readme, "bash");
    lines.extend(code_spans(&readme));
    let (binaries, named) = commands(&lines);
    assert!(
        !binaries.is_empty() && named.len() > 3,
        "the README shows no commands"
    );
    for binary in binaries {
        let file = format!("src/bin/{binary}.rs");
        assert!(
            project().join(&file).exists(),
            "README.md runs {binary}, but {file} is not there"
        );
    }
    let known = subcommands_in_help();
    for subcommand in named {
        assert!(
            known.contains(&subcommand),
            "README.md runs `heirloom {subcommand}`; there are {known:?}"
        );
    }
}

#[test]
fn every_subcommand_is_in_the_readme() {
    let readme = text("README.md");
    for subcommand in subcommands_in_help() {
        let shown = format!("heirloom {subcommand}");
        assert!(
            subcommand == "help" || readme.contains(&shown),
            "README.md does not mention `{shown}`"
        );
    }
}

/// Asks the program itself which subcommands it has.
fn subcommands_in_help() -> BTreeSet<String> {
    let help = Command::new(env!("CARGO_BIN_EXE_heirloom"))
        .arg("--help")
        .output()
        .expect("heirloom runs");
    let help = String::from_utf8(help.stdout).expect("help is UTF-8");
    let listed = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let listed = listed.take_while(|line| !line.is_empty());
    let names: BTreeSet<String> = listed
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .map(str::to_owned)
        .collect();
    assert!(!names.is_empty(), "heirloom --help lists no commands:\n{help}");
    names
}

#[test]
fn every_setting_of_the_readme_is_a_flag_of_the_program() {
    let readme = text("README.md");
    let rows = readme.lines().filter_map(|line| line.strip_prefix("| `--"));
    let flags: Vec<&str> = rows.filter_map(|row| row.split([' ', '`']).next()).collect();
    assert!(flags.len() > 8, "the README has no table of settings");
    let mut help = String::new();
    for subcommand in ["node", "client", "upload"] {
        let output = Command::new(env!("CARGO_BIN_EXE_heirloom"))
            .args([subcommand, "--help"])
            .output();
        help += &String::from_utf8_lossy(&output.expect("heirloom runs").stdout);
    }
    for flag in flags {
        assert!(
            help.contains(&format!("--{flag}")),
            "README.md explains --{flag}, which no --help knows"
        );
    }
}

/// Returns the rows of the README's table of keys: the key, and what it does.
fn keys_of(readme: &str) -> Vec<(&str, &str)> {
    let table = readme.lines().skip_while(|line| *line != "| key | does |");
    let rows = table.skip(2).take_while(|line| line.starts_with("| `"));
    let cells = rows.map(|row| row.trim_start_matches("| `").trim_end_matches(" |"));
    cells.filter_map(|row| row.split_once("` | ")).collect()
}

/// A binding as the README tells it: by its first key.
fn told(binding: &Binding) -> (String, &'static str) {
    (binding.chords[0].to_string(), binding.help)
}

#[test]
fn the_keys_of_the_readme_are_those_of_the_dashboard() {
    let readme = text("README.md");
    let rows = keys_of(&readme);
    let all: BTreeSet<_> = Mode::ALL.into_iter().flat_map(bindings).map(told).collect();
    for (key, does) in &rows {
        let is_bound = all.contains(&((*key).to_owned(), *does));
        assert!(is_bound, "README.md says that {key} does this: {does}");
    }
    for binding in bindings(Mode::Main).filter(|binding| !binding.label.is_empty()) {
        let (key, does) = told(binding);
        assert!(
            rows.contains(&(key.as_str(), does)),
            "README.md does not tell {key}"
        );
    }
}

#[test]
fn the_manual_has_the_keys_on_the_page_of_the_program() {
    let manual = Command::new(env!("CARGO_BIN_EXE_heirloom")).arg("man").output();
    let manual = String::from_utf8(manual.expect("heirloom runs").stdout).expect("UTF-8");
    let first_page = manual.split(".TH ").nth(1).expect("a page");
    assert!(first_page.contains("KEYS OF THE DASHBOARD"), "{first_page}");
    assert!(
        first_page.contains("\\fB!\\fR\nkill -9 whoever leads"),
        "{first_page}"
    );
}

/// Says whether a source holds nothing but the tests of the module above it.
fn is_of_tests(file: &str) -> bool {
    let ends = ["/tests.rs", "/testing.rs"];
    let folders = ["/tests/", "/testing/"];
    ends.iter().any(|end| file.ends_with(end)) || folders.iter().any(|folder| file.contains(folder))
}

#[test]
fn architecture_has_a_line_for_every_module_and_no_other() {
    let architecture = text("ARCHITECTURE.md");
    let first_cells = architecture
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.split(" | ").next());
    let described: BTreeSet<&str> = first_cells
        .flat_map(|cell| cell.split('`').skip(1).step_by(2))
        .filter_map(|span| span.strip_prefix("src/"))
        .collect();
    let files = sources();
    let existing = files.iter().filter_map(|file| file.strip_prefix("src/"));
    let existing: BTreeSet<&str> = existing.filter(|file| !is_of_tests(file)).collect();
    let missing: Vec<_> = existing.difference(&described).collect();
    let stale: Vec<_> = described.difference(&existing).collect();
    assert!(
        missing.is_empty(),
        "ARCHITECTURE.md has no line for src/…: {missing:?}"
    );
    assert!(
        stale.is_empty(),
        "ARCHITECTURE.md has lines for src/…: {stale:?}, which do not exist"
    );
}

#[test]
fn architecture_stays_short_enough_to_be_read() {
    let lines = text("ARCHITECTURE.md").lines().count();
    assert!(
        lines <= ARCHITECTURE_LINES_MAX,
        "ARCHITECTURE.md has {lines} lines"
    );
}

mod of_made_up_documents {
    use super::{code_spans, commands, fenced, is_project_path, linked_files};

    const DOCUMENT: &str = "See `src/id.rs` and [this](assets/x.png).\n```bash\ncargo run --bin server 1\n\
        target/debug/heirloom wait --ready\n```\nor `heirloom status`";

    #[test]
    fn spans_links_and_blocks_are_found() {
        assert_eq!(code_spans(DOCUMENT), ["src/id.rs", "heirloom status"]);
        assert_eq!(linked_files(DOCUMENT), ["assets/x.png"]);
        assert_eq!(fenced(DOCUMENT, "bash").len(), 2);
        assert_eq!(fenced(DOCUMENT, "toml").len(), 0);
    }

    #[test]
    fn commands_are_found_in_blocks_and_in_spans() {
        let mut lines = fenced(DOCUMENT, "bash");
        lines.extend(code_spans(DOCUMENT));
        let (binaries, subcommands) = commands(&lines);
        assert_eq!(binaries.into_iter().collect::<Vec<_>>(), ["server"]);
        assert_eq!(subcommands.into_iter().collect::<Vec<_>>(), ["status", "wait"]);
    }

    #[test]
    fn paths_are_told_from_names() {
        assert!(is_project_path("src/id.rs") && is_project_path("test_image.png"));
        assert!(!is_project_path("--bin") && !is_project_path("data/node-1/") && !is_project_path("kill -9"));
    }
}
