//! `heirloom` without a command, and `supervisor`: the whole cluster of this machine, drawn or in lines.

use std::ffi::OsString;
use std::io::IsTerminal;

use ratatui::layout::Size;

use super::Before;
use super::appearance::AppearanceArgs;
use super::exit::{Exit, Failure, HungUp, remark};
use super::interrupt::{Asked, Signals};
use super::output::{Format, OutputArgs};
use super::ports;
use super::print::print;
use super::settings::Settings;
use crate::dashboard::Control;
use crate::dashboard::terminal::Tty;
use crate::event::line::nodes;
use crate::lab::recording::{RecordingFile, Taping, Told};
use crate::live::{self, Outcome, Reason};
use crate::supervisor::headless::{self, Format as Printed};
use crate::supervisor::{Launch, Notice, Summary, Supervisor};
use crate::time::Time;

/// Runs the cluster until it is asked to stop, or until no node is left.
pub(super) fn run(settings: Settings, flags: Vec<OsString>, asked: &Before) -> Result<Exit, Failure> {
    settings.all_on_this_machine().map_err(Failure::usage)?;
    let launch = Launch {
        program: std::env::current_exe()?,
        settings: flags,
        nodes: settings.cluster.members.ids().collect(),
        cluster: settings.cluster.clone(),
    };
    let tty = if asked.output.asks_for_lines() {
        None
    } else {
        Tty::open()
    };
    // One thread: nodes die with the thread that started them, and this one is the program's own.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let ended = runtime.block_on(async {
        // Before anything is drawn: who holds a port is to be read.
        ports::all_are_free(&settings).await?;
        // Before any node is started: it would be in the way if nothing can be recorded.
        let record = asked.record.open()?;
        match tty {
            Some(tty) => show(settings, launch, record, asked, tty).await,
            None => print_lines(&settings, launch, record, asked.output).await,
        }
    });
    runtime.shutdown_background();
    ended
}

/// Shows the cluster on the terminal.
async fn show(
    settings: Settings,
    launch: Launch,
    record: Option<RecordingFile>,
    asked: &Before,
    tty: Tty,
) -> Result<Exit, Failure> {
    let setup = settings.dashboard(Control::Supervised, asked.appearance.theme(), tty.size());
    let setup = asked.present.told(setup);
    let nodes = launch.nodes.len();
    let start = live::Start {
        tty,
        cluster: live::Cluster::Started(launch),
        setup,
        performance: None,
        record,
        client_of: Some(Box::new(move |user| settings.client(user))),
    };
    let Outcome {
        summary,
        reason,
        recorded,
        ..
    } = live::run(start).await?;
    if summary.given_up.len() == nodes {
        return Err(no_node_is_left(&summary));
    }
    match reason {
        Reason::Asked => Ok(Exit::of_recording(&recorded)),
        Reason::Interrupted => Ok(Exit::Interrupted),
        Reason::HungUp => Err(HungUp.into()),
    }
}

/// Prints what happens, a line an event.
async fn print_lines(
    settings: &Settings,
    launch: Launch,
    record: Option<RecordingFile>,
    output: OutputArgs,
) -> Result<Exit, Failure> {
    let mut signals = Signals::listen()?;
    if output.format() == Format::Text && !output.no_tui && std::io::stdout().is_terminal() {
        let (count, name) = (launch.nodes.len(), &settings.cluster.name);
        print(&format!(
            "Heirloom: {count} nodes of cluster {name}; Ctrl-C stops them\n"
        ))?;
    }
    let format = match output.format() {
        Format::Text => Printed::Text,
        Format::Json => Printed::Json,
    };
    let mut first_asked = None;
    let asked = async || {
        let asked = signals.next().await;
        first_asked.get_or_insert(asked);
    };
    let setup = settings.dashboard(Control::Supervised, AppearanceArgs::default().theme(), Size::ZERO);
    let mut taping = Taping::begin(record, &setup, Time::ZERO)?;
    let mut last = Time::ZERO;
    let heard = |now, notice: &Notice| {
        last = now;
        taping.keep(now, Told::of_notice(notice));
        if let Some(trouble) = taping.trouble() {
            remark(&trouble);
        }
    };
    let summary = headless::run(Supervisor::start(launch), format, std::io::stdout(), asked, heard).await?;
    let recorded = taping.close(last);
    if let Some(said) = recorded.said() {
        remark(said);
    }
    match first_asked {
        Some(Asked::Interrupt) => Ok(Exit::Interrupted),
        Some(Asked::Terminate) => Ok(Exit::of_recording(&recorded)),
        None if summary.given_up.is_empty() => Ok(Exit::of_recording(&recorded)),
        None => Err(no_node_is_left(&summary)),
    }
}

fn no_node_is_left(summary: &Summary) -> Failure {
    let given_up = nodes(&summary.given_up);
    anyhow::anyhow!("no node is left: {given_up} crashed again and again; see above for why").into()
}
