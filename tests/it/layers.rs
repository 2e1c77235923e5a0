//! The floors of the house, checked on the sources: arrows point down only, and pure modules name
//! no clock, socket, file or random source.
//!
//! The rules are the two tables at the top; `ARCHITECTURE.md` says why they are so. A module that
//! no table knows fails, so that whoever adds one decides where it stands.

use std::collections::BTreeMap;

use crate::project::{sources, text};
use paths::NamedPath;

mod paths;

const WORDS: &[&str] = &["id", "time", "config", "fault", "event", "protocol", "upload"];
const DECISIONS: &[&str] = &["bully", "loadbalancer", "store", "encryption", "image"];

/// What one module may do.
struct Rule {
    module: &'static str,
    /// Its floor, counted from the ground.
    floor: usize,
    /// The lists of modules that it may import, itself understood.
    may_use: &'static [&'static [&'static str]],
    purity: Purity,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Purity {
    /// Names no runtime, socket, file, clock or random source.
    Pure,
    /// May name them.
    Effects,
}

const fn rule(
    module: &'static str,
    floor: usize,
    purity: Purity,
    may_use: &'static [&'static [&'static str]],
) -> Rule {
    Rule {
        module,
        floor,
        may_use,
        purity,
    }
}

/// Every module, and what it may import.
const RULES: &[Rule] = &[
    rule("id", 0, Purity::Pure, &[]),
    rule("time", 0, Purity::Pure, &[]),
    rule("config", 0, Purity::Pure, &[&["id", "fault"]]),
    rule("fault", 0, Purity::Pure, &[&["id"]]),
    rule("event", 0, Purity::Pure, &[&["id", "time", "fault"]]),
    rule(
        "protocol",
        0,
        Purity::Pure,
        &[&["id", "time", "config", "fault", "event"]],
    ),
    rule(
        "upload",
        0,
        Purity::Pure,
        &[&["id", "config", "event", "protocol"]],
    ),
    rule("bully", 1, Purity::Pure, &[WORDS]),
    rule("loadbalancer", 1, Purity::Pure, &[WORDS]),
    rule("encryption", 1, Purity::Pure, &[WORDS]),
    rule("image", 1, Purity::Pure, &[WORDS]),
    rule("store", 1, Purity::Effects, &[WORDS]),
    // The simulator runs elections: the one import sideways.
    rule("simulation", 1, Purity::Pure, &[WORDS, &["bully"]]),
    rule("server", 2, Purity::Effects, &[WORDS, DECISIONS]),
    // A client is a program of its own: it shares words and ciphers with a node, never its runtime.
    rule("client", 3, Purity::Effects, &[WORDS, DECISIONS]),
    // It runs nodes as processes and hears of them by events, so it needs the words and no more.
    rule("supervisor", 3, Purity::Effects, &[WORDS]),
    // It folds events and returns commands: whoever makes the same events draws the same screen.
    rule("dashboard", 3, Purity::Pure, &[WORDS]),
    // It leads a real cluster through a scenario, judges it by what a dashboard would show, and keeps it.
    rule(
        "lab",
        4,
        Purity::Effects,
        &[WORDS, &["client", "supervisor", "dashboard", "simulation"]],
    ),
    // It joins a dashboard with processes and a terminal, and uploads for it as any client does.
    rule(
        "live",
        5,
        Purity::Effects,
        &[WORDS, &["image", "client", "supervisor", "dashboard", "lab"]],
    ),
    rule(
        "cli",
        6,
        Purity::Effects,
        &[
            WORDS,
            DECISIONS,
            &[
                "simulation",
                "server",
                "client",
                "supervisor",
                "dashboard",
                "lab",
                "live",
            ],
        ],
    ),
];

/// Files of pure modules that may name effects: the codec moves bytes over any transport, and the
/// dashboard's terminal is its one way out.
const EFFECTFUL_FILES: &[&str] = &[
    "src/protocol/frame.rs",
    "src/protocol/frame/writer.rs",
    "src/dashboard/terminal.rs",
    "src/dashboard/terminal/guard.rs",
    "src/dashboard/terminal/keys.rs",
    "src/dashboard/terminal/screen.rs",
    "src/dashboard/terminal/writer.rs",
];

/// Files of modules with effects that are pure all the same: decisions beside what carries them out.
const PURE_FILES: &[&str] = &[
    "src/lab/play.rs",
    "src/lab/play/acting.rs",
    "src/lab/play/cue.rs",
    "src/lab/play/doing.rs",
    "src/lab/play/line.rs",
    "src/lab/play/scene.rs",
    "src/lab/play/verdict.rs",
    "src/lab/report.rs",
    "src/lab/scenario.rs",
    "src/lab/scenario/action.rs",
    "src/lab/scenario/action/print.rs",
    "src/lab/scenario/builtin.rs",
    "src/lab/scenario/check.rs",
    "src/lab/scenario/condition.rs",
    "src/lab/scenario/harm.rs",
    "src/lab/scenario/mistake.rs",
    "src/lab/scenario/parse.rs",
    "src/lab/scenario/print.rs",
    "src/lab/scenario/words.rs",
    "src/lab/simulated.rs",
    "src/lab/simulated/words.rs",
    "src/server/sync/plan.rs",
    "src/server/transfer/copies/company.rs",
    "src/supervisor/policy.rs",
    "src/supervisor/policy/slot.rs",
    "src/lab/recording.rs",
    "src/lab/recording/error.rs",
    "src/lab/recording/header.rs",
    "src/lab/recording/line.rs",
    "src/lab/recording/memory.rs",
    "src/lab/export/cast.rs",
    "src/lab/export/sequence.rs",
    "src/lab/picture.rs",
    "src/lab/picture/cells.rs",
    "src/lab/picture/film.rs",
    "src/lab/picture/shapes.rs",
    "src/lab/picture/svg.rs",
    "src/lab/replay.rs",
    "src/lab/replay/asked.rs",
    "src/lab/replay/checkpoints.rs",
    "src/lab/replay/clock.rs",
    "src/lab/replay/gaps.rs",
    "src/lab/replay/slow_motion.rs",
    "src/lab/replay/standing.rs",
    "src/live/clipboard.rs",
    "src/live/farewell.rs",
    "src/live/pace.rs",
];

/// Effects as paths: no pure module may name one.
const EFFECTS: &[&[&str]] = &[
    &["tokio"],
    &["tokio_util"],
    &["std", "net"],
    &["std", "fs"],
    &["Instant"],
    &["SystemTime"],
    &["rand"],
    &["getrandom"],
    // Seeds itself from the system; `Rng::with_seed` does not.
    &["Rng", "new"],
];

/// What would count as an effect and is let be, where it is.
const HARMLESS: &[(&str, &[&str])] = &[
    // An address is data.
    ("src/config.rs", &["std", "net", "IpAddr"]),
    // An image's id is an IV: only the system may draw it, and only here.
    ("src/encryption.rs", &["getrandom"]),
];

/// Checks one source and returns what is wrong, each as `file:line: …`.
fn violations(file: &str, source: &str, children: &[String]) -> Vec<String> {
    let Some(module) = module_of(file) else {
        return Vec::new();
    };
    let Some(rule) = rule_of(&module) else {
        return vec![format!(
            "{file}:1: no rule for module `{module}`: give it a floor in tests/it/layers.rs"
        )];
    };
    let pure =
        PURE_FILES.contains(&file) || (rule.purity == Purity::Pure && !EFFECTFUL_FILES.contains(&file));
    let mut wrong = Vec::new();
    for path in paths::named_in(source) {
        if let Some(import) = imported(&path, children)
            && !may_import(rule, import)
        {
            wrong.push(format!(
                "{file}:{}: `{module}` must not use `{import}`",
                path.line
            ));
        }
        if pure && let Some(effect) = effect_in(file, &path) {
            wrong.push(format!(
                "{file}:{}: `{module}` is pure, but names `{effect}`",
                path.line
            ));
        }
    }
    wrong
}

/// Returns the module that a file belongs to; none for the map, `main.rs` and the binaries.
fn module_of(file: &str) -> Option<String> {
    let inside = file.strip_prefix("src/")?;
    let head = inside.split('/').next()?.trim_end_matches(".rs");
    (!["lib", "main", "bin"].contains(&head)).then(|| head.to_owned())
}

fn rule_of(module: &str) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.module == module)
}

fn may_import(rule: &Rule, import: &str) -> bool {
    import == rule.module || rule.may_use.iter().any(|list| list.contains(&import))
}

/// Returns the top-level module that a path reaches, by `crate::` or by climbing with `super::`.
fn imported<'a>(path: &'a NamedPath, children: &[String]) -> Option<&'a str> {
    let root = path.segments.iter().position(|segment| segment != "super")?;
    if path.segments[root] == "crate" {
        return path
            .segments
            .get(root + 1)
            .map(String::as_str)
            .filter(|name| is_module(name));
    }
    let name = path.segments[root].as_str();
    (root > 0 && rule_of(name).is_some() && !children.iter().any(|child| child == name)).then_some(name)
}

/// Says whether a name under `crate::` is a module: types and functions of the root would be none.
fn is_module(name: &str) -> bool {
    name.starts_with(char::is_lowercase)
}

fn effect_in(file: &str, path: &NamedPath) -> Option<String> {
    if HARMLESS
        .iter()
        .any(|&(allowed_in, harmless)| allowed_in == file && path.starts_with(harmless))
    {
        return None;
    }
    let global_random =
        path.starts_with(&["fastrand"]) && path.segments.len() > 1 && !path.contains(&["Rng"]);
    let effect = EFFECTS.iter().any(|effect| path.contains(effect));
    (effect || global_random).then(|| path.segments.join("::"))
}

/// Returns the names of the modules inside `module`, from the files beside it.
fn children_of(module: &str, files: &[String]) -> Vec<String> {
    let folder = format!("src/{module}/");
    let inside = files.iter().filter_map(|file| file.strip_prefix(&folder));
    inside
        .map(|rest| {
            rest.split('/')
                .next()
                .unwrap_or(rest)
                .trim_end_matches(".rs")
                .to_owned()
        })
        .collect()
}

#[test]
fn arrows_point_down_and_pure_modules_stay_pure() {
    let files = sources();
    let mut wrong = Vec::new();
    for file in &files {
        let children = module_of(file).map_or(Vec::new(), |module| children_of(&module, &files));
        wrong.extend(violations(file, &text(file), &children));
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

#[test]
fn no_rule_points_up() {
    let floor: BTreeMap<&str, usize> = RULES.iter().map(|rule| (rule.module, rule.floor)).collect();
    for rule in RULES {
        for import in rule.may_use.iter().copied().flatten() {
            assert!(
                floor[import] <= rule.floor,
                "{} may use {import}, which is above it",
                rule.module
            );
        }
    }
}

/// Returns the row on which the picture of `lib.rs` draws each name.
fn picture_rows(lib: &str) -> BTreeMap<String, usize> {
    let rows = lib.lines().skip_while(|line| !line.contains("```text")).skip(1);
    let rows = rows.take_while(|line| !line.contains("```"));
    let mut drawn = BTreeMap::new();
    for (row, line) in rows.enumerate() {
        let names = line
            .trim_start_matches("//!")
            .trim()
            .split("    ")
            .next()
            .unwrap_or("");
        for name in names.split([' ', ',']).filter(|name| !name.is_empty()) {
            drawn.insert(name.to_owned(), row);
        }
    }
    drawn
}

/// Checks the picture against the modules that `lib.rs` declares.
fn picture_violations(lib: &str) -> Vec<String> {
    let drawn = picture_rows(lib);
    let declared = lib
        .lines()
        .filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'));
    let declared: Vec<&str> = declared.collect();
    let mut wrong = Vec::new();
    for &module in &declared {
        let (Some(row), Some(rule)) = (drawn.get(module), rule_of(module)) else {
            wrong.push(format!(
                "src/lib.rs: the picture or the table of floors lacks `{module}`"
            ));
            continue;
        };
        for other in declared.iter().filter_map(|other| rule_of(other)) {
            let other_row = drawn.get(other.module).copied().unwrap_or(*row);
            if other.floor < rule.floor && other_row <= *row {
                wrong.push(format!(
                    "src/lib.rs: the picture draws `{module}` below `{}`",
                    other.module
                ));
            }
        }
    }
    wrong
}

#[test]
fn the_picture_in_lib_draws_every_module_on_its_floor() {
    let wrong = picture_violations(&text("src/lib.rs"));
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

mod of_made_up_sources {
    use super::{picture_violations, violations};

    fn found(file: &str, source: &str) -> Vec<String> {
        violations(file, source, &["client".to_owned()])
    }

    #[test]
    fn an_arrow_that_points_up_is_found_with_its_line() {
        let source = "use crate::id::NodeId;\n\nuse crate::{time::Time, server::Node};\n";
        assert_eq!(
            found("src/bully/timers.rs", source),
            ["src/bully/timers.rs:3: `bully` must not use `server`"]
        );
    }

    #[test]
    fn an_arrow_that_points_sideways_is_found() {
        assert_eq!(
            found("src/loadbalancer.rs", "use crate::bully::Election;").len(),
            1
        );
        assert_eq!(found("src/simulation.rs", "use crate::bully::Election;"), [""; 0]);
        assert_eq!(found("src/time.rs", "fn f(id: crate::id::NodeId) {}").len(), 1);
        assert_eq!(found("src/client.rs", "use crate::server;").len(), 1);
    }

    #[test]
    fn climbing_out_by_super_is_found() {
        assert_eq!(found("src/bully.rs", "use super::server::Node;").len(), 1);
        assert_eq!(
            found("src/bully/x.rs", "use super::super::server::Node;").len(),
            1
        );
        assert_eq!(
            found("src/protocol/status.rs", "use super::client::Offer;"),
            [""; 0]
        );
    }

    #[test]
    fn effects_in_a_pure_module_are_found_however_they_are_imported() {
        for effect in [
            "use std::fs;",
            "use std::{fmt, fs::File};",
            "fn f() { std::net::TcpStream::connect(1); }",
            "use std::time::{Duration, Instant as Clock};",
            "fn f() { Instant::now(); }",
            "use std::time::SystemTime;",
            "use tokio::time;",
            "extern crate tokio;",
            "use rand::Rng;",
            "fn f() { fastrand::u64(..); }",
            "fn f() { fastrand::Rng::new(); }",
            "fn f() { getrandom::fill(&mut id); }",
        ] {
            assert_eq!(found("src/loadbalancer.rs", effect).len(), 1, "{effect}");
            assert_eq!(found("src/server/node.rs", effect), [""; 0], "{effect}");
        }
    }

    #[test]
    fn what_is_no_effect_is_let_be() {
        for harmless in [
            "let mut random = fastrand::Rng::with_seed(7);",
            "use std::time::Duration; // never Instant::now",
            "const TEXT: &str = \"std::fs\";",
            "let operand = 1;",
        ] {
            assert_eq!(found("src/bully.rs", harmless), [""; 0], "{harmless}");
        }
    }

    #[test]
    fn only_config_may_name_an_ip_address_and_nothing_else_of_the_net() {
        assert_eq!(found("src/config.rs", "use std::net::IpAddr;"), [""; 0]);
        assert_eq!(
            found("src/config.rs", "use std::net::{IpAddr, TcpStream};").len(),
            1
        );
        assert_eq!(found("src/event.rs", "use std::net::IpAddr;").len(), 1);
    }

    #[test]
    fn the_codec_is_the_one_file_of_the_words_with_a_runtime() {
        assert_eq!(
            found("src/protocol/frame.rs", "use tokio::io::AsyncRead;"),
            [""; 0]
        );
        assert_eq!(
            found("src/protocol/client.rs", "use tokio::io::AsyncRead;").len(),
            1
        );
    }

    #[test]
    fn the_dashboard_is_pure_but_for_its_terminal() {
        let effect = "use std::fs::File;";
        assert_eq!(found("src/dashboard/view.rs", effect).len(), 1);
        assert_eq!(found("src/dashboard/terminal/keys/parser.rs", effect).len(), 1);
        assert_eq!(found("src/dashboard/terminal/keys.rs", effect), [""; 0]);
        let up = "use crate::live::Start;";
        assert_eq!(found("src/dashboard/terminal/keys.rs", up).len(), 1);
    }

    #[test]
    fn the_policy_of_the_supervisor_is_pure_and_the_rest_is_not() {
        let effect = "use std::time::Instant;";
        assert_eq!(found("src/supervisor/policy.rs", effect).len(), 1);
        assert_eq!(found("src/supervisor.rs", effect), [""; 0]);
        assert_eq!(found("src/supervisor.rs", "use crate::server;").len(), 1);
    }

    #[test]
    fn a_module_without_a_floor_is_found() {
        assert_eq!(found("src/attic.rs", "").len(), 1);
        assert_eq!(found("src/bin/server.rs", "use heirloom::cli;"), [""; 0]);
    }

    #[test]
    fn a_picture_upside_down_is_found() {
        let good = "//! ```text\n//!  bully      decides\n//!    |\n//!  id  time\n//! ```\n";
        let modules = "pub mod bully;\npub mod id;\npub mod time;\n";
        assert_eq!(picture_violations(&format!("{good}{modules}")), [""; 0]);
        let upside_down = "//! ```text\n//!  id  time\n//!  bully\n//! ```\n";
        assert_eq!(picture_violations(&format!("{upside_down}{modules}")).len(), 2);
        assert_eq!(
            picture_violations(&format!("{good}{modules}pub mod server;\n")).len(),
            1
        );
    }
}
