//! The command line: parses, wires together, and turns what happened into an exit code.
//!
//! One file a command. Settings come from `cli::options` (flag, variable and file at once) through
//! `cli::settings`, which checks them; nothing below this module knows where they came from.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

use exit::{Exit, Failure, finish};
use options::Options;
use settings::Settings;

mod appearance;
mod attach;
mod bench;
mod decrypt;
mod delete;
mod demo;
mod download;
mod exit;
mod export;
mod fault;
mod file;
mod generate;
mod interrupt;
mod list;
mod node;
mod options;
mod output;
mod picture;
mod ports;
mod present;
mod print;
mod record;
mod replay;
mod selected;
mod session;
mod settings;
mod simulate;
mod status;
mod store;
mod supervise;
mod supervised;
mod upload;
mod wait;

/// What a person should know before trusting it with a secret.
const WARNING: &str = "A key is made from nothing but the user name. That is a demonstration, not a secret: \
whoever knows the name can decrypt the images.";

/// An encrypted image store run by a small cluster whose failover you can watch
///
/// Without a command it starts every node on this machine, keeps them running, and shows what happens:
/// on a terminal as a dashboard, else, or with --no-tui or --format, as lines.
#[derive(Debug, Parser)]
#[command(name = "heirloom", version, after_help = WARNING, after_long_help = LONG_HELP.as_str())]
struct Heirloom {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    output: output::OutputArgs,
    #[command(flatten)]
    appearance: appearance::AppearanceArgs,
    #[command(flatten)]
    present: present::PresentArgs,
    #[command(flatten)]
    record: record::RecordArgs,
    #[command(flatten)]
    configuration: Configuration,
}

/// Runs one node of the cluster (the same as `heirloom node`)
#[derive(Debug, Parser)]
#[command(name = "server", version, after_help = WARNING, after_long_help = LONG_HELP.as_str())]
struct Server {
    #[command(flatten)]
    node: node::NodeArgs,
    #[command(flatten)]
    configuration: Configuration,
}

/// Opens a session with the cluster (the same as `heirloom client`)
#[derive(Debug, Parser)]
#[command(name = "client", version, after_help = WARNING, after_long_help = LONG_HELP.as_str())]
struct Client {
    #[command(flatten)]
    client: session::ClientArgs,
    #[command(flatten)]
    configuration: Configuration,
}

static LONG_HELP: std::sync::LazyLock<String> =
    std::sync::LazyLock::new(|| format!("{WARNING}\n\n{}", exit::TABLE));

#[derive(Debug, clap::Args)]
struct Configuration {
    /// File of settings [default: heirloom.toml, if there is one]
    #[arg(long, global = true, env = "HEIRLOOM_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(flatten)]
    options: Options,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run one node in the foreground
    Node(node::NodeArgs),
    /// Open a session to upload images in, and to list, download and delete them
    Client(session::ClientArgs),
    /// Show a cluster that something else started
    Attach(attach::AttachArgs),
    /// Show a recording of a cluster, as it happened
    Replay(replay::ReplayArgs),
    /// Make files of a recording: a film, a moving picture, the diagram of an election
    Export(export::ExportArgs),
    /// Upload images and save them encrypted
    Upload(upload::UploadArgs),
    /// List the images of a user, newest first
    List(list::ListArgs),
    /// Download an image and decrypt it
    Download(download::DownloadArgs),
    /// Delete images for good
    Delete(delete::DeleteArgs),
    /// Decrypt saved images
    Decrypt(decrypt::DecryptArgs),
    /// Show how every node is; exit code 3 when no leader serves
    Status(status::StatusArgs),
    /// Wait until a leader serves; exit code 3 when none does in time
    Wait(wait::WaitArgs),
    /// Make something wrong on purpose: cut links, delay, lose, slow disks, stall clocks; and heal
    Fault(fault::FaultArgs),
    /// Measure how fast a cluster takes images
    Bench(bench::BenchArgs),
    /// Run the election in virtual time, under faults, and report
    Simulate(simulate::SimulateArgs),
    /// Lead a cluster of its own through a scenario of failures, and judge what happens
    Demo(demo::DemoArgs),
    /// Look after the files that nodes keep on this machine
    Store(store::StoreArgs),
    /// Print a shell's completions
    Completions(generate::CompletionsArgs),
    /// Print the manual
    Man,
    /// Decode an image for a dashboard
    #[command(hide = true)]
    Picture(picture::PictureArgs),
}

/// Runs the program `heirloom`.
#[must_use]
pub fn heirloom() -> ExitCode {
    let Heirloom {
        command,
        output,
        appearance,
        present,
        record,
        configuration,
    } = Heirloom::parse();
    let before = Before {
        output,
        appearance,
        present,
        record,
    };
    let ended = match command {
        Some(command) => run(command, before, &configuration),
        None => configuration
            .supervised()
            .and_then(|(settings, flags)| supervise::run(settings, flags, &before)),
    };
    finish(ended)
}

/// Runs the program `server`.
#[must_use]
pub fn server() -> ExitCode {
    let Server { node, configuration } = Server::parse();
    finish(run(Command::Node(node), Before::default(), &configuration))
}

/// Runs the program `client`.
#[must_use]
pub fn client() -> ExitCode {
    let Client {
        client,
        configuration,
    } = Client::parse();
    finish(run(Command::Client(client), Before::default(), &configuration))
}

/// What was asked before a command, and holds for it unless it says otherwise.
#[derive(Debug, Default)]
struct Before {
    output: output::OutputArgs,
    appearance: appearance::AppearanceArgs,
    present: present::PresentArgs,
    record: record::RecordArgs,
}

fn run(command: Command, before: Before, configuration: &Configuration) -> Result<Exit, Failure> {
    let settings = || configuration.settings();
    match command {
        Command::Node(args) => node::run(&settings()?, &args, before.output),
        Command::Client(args) => session::run(&settings()?, &args),
        Command::Attach(args) => attach::run(settings()?, args, before),
        Command::Replay(args) => replay::run(&args, before.appearance),
        Command::Export(args) => export::run(&args, before.appearance),
        Command::Upload(args) => upload::run(&settings()?, &args),
        Command::List(args) => list::run(&settings()?, &args),
        Command::Download(args) => download::run(&settings()?, &args),
        Command::Delete(args) => delete::run(&settings()?, &args),
        Command::Decrypt(args) => decrypt::run(&args),
        Command::Status(args) => status::run(&settings()?, &args),
        Command::Wait(args) => wait::run(&settings()?, &args),
        Command::Fault(args) => fault::run(&settings()?, &args),
        Command::Bench(args) => bench::run(&settings()?, &args),
        Command::Simulate(args) => {
            let asked = &configuration.options;
            simulate::run(asked, &configuration.merged()?, before.appearance, &args)
        }
        Command::Demo(args) => demo::run(configuration, &args, &before),
        Command::Store(args) => store::run(&settings()?, &args),
        Command::Completions(args) => generate::completions(Heirloom::command(), &args),
        Command::Man => generate::manual(Heirloom::command()),
        Command::Picture(args) => picture::run(&args),
    }
}

impl Configuration {
    /// Reads the file and checks everything together.
    fn settings(&self) -> Result<Settings, Failure> {
        Settings::new(self.merged()?).map_err(Failure::usage)
    }

    /// Does the same, and returns the flags by which a node of this cluster is told the same.
    fn supervised(&self) -> Result<(Settings, Vec<OsString>), Failure> {
        let mut options = self.merged()?;
        let settings = Settings::new(options.clone()).map_err(Failure::usage)?;
        // Its own nodes it may break.
        options.allow_faults.get_or_insert(true);
        let mut flags = options.flags();
        if let Some(path) = &self.config {
            flags.push(options::flag("config", path));
        }
        Ok((settings, flags))
    }

    fn merged(&self) -> Result<Options, Failure> {
        let file = file::load(self.config.as_deref()).map_err(Failure::usage)?;
        Ok(self.options.clone().or(file))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(arguments: &[&str]) -> Options {
        let arguments = std::iter::once("heirloom").chain(arguments.iter().copied());
        let parsed = Heirloom::try_parse_from(arguments).expect("valid");
        parsed.configuration.options
    }

    #[test]
    fn definitions_are_consistent() {
        Heirloom::command().debug_assert();
        Server::command().debug_assert();
        Client::command().debug_assert();
    }

    #[test]
    fn flags_may_stand_before_or_after_the_command() {
        let before = options(&["--nodes", "5", "--insecure", "node", "1"]);
        let after = options(&["node", "1", "--nodes", "5", "--insecure"]);
        assert_eq!(before, after);
        assert_eq!((before.nodes, before.insecure), (Some(5), Some(true)));
    }

    #[test]
    fn a_node_is_told_by_flags_what_its_supervisor_was_told() {
        let told = [
            "--cluster=photos",
            "--nodes=5",
            "--base-port=9001",
            "--bind=127.0.0.2",
            "--data-dir=-d d",
            "--images-dir=i",
            "--timing=fast",
            "--heartbeat=1m 30s 5ms",
            "--heartbeat-timeout=7us",
            "--takeover-after=0s",
            "--quorum=majority",
            "--insecure=false",
            "--allow-faults=true",
            "--max-image=1234567B",
            "--scrub=0B",
            "--deadline=5s",
        ];
        let options = options(&told);
        assert_eq!(
            options.flags(),
            told,
            "every option has its flag, in a form that is read back"
        );
        assert_eq!(options.flags().len(), told.len());
    }

    #[test]
    fn every_setting_has_a_variable_of_its_name() {
        for argument in Heirloom::command().get_arguments() {
            let Some(flag) = argument.get_long() else { continue };
            if matches!(flag, "help" | "version") {
                continue;
            }
            let variable = argument.get_env().expect("has a variable").to_string_lossy();
            let expected = format!("HEIRLOOM_{}", flag.replace('-', "_").to_uppercase());
            assert_eq!(variable, expected);
        }
    }

    #[test]
    fn node_zero_is_refused_with_the_reason() {
        let error = Heirloom::try_parse_from(["heirloom", "node", "0"]).expect_err("refused");
        assert_eq!(error.exit_code(), i32::from(Exit::Usage.code()));
        let said = error.to_string();
        assert!(
            said.contains("0 does not exist; nodes are numbered from 1"),
            "{said}"
        );
    }

    #[test]
    fn the_help_says_that_a_name_is_no_secret() {
        for help in [
            Heirloom::command().render_help(),
            Heirloom::command().render_long_help(),
        ] {
            let help: Vec<_> = help.to_string().split_whitespace().map(str::to_owned).collect();
            assert!(help.join(" ").contains("a demonstration, not a secret"));
        }
    }
}
