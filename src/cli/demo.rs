//! `heirloom demo`: a cluster of its own that is led through a scenario, on stage or for CI.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::builder::FalseyValueParser;
use clap::{Args, ValueEnum};

use self::reel::Reel;
use self::script::{Script, ScriptError};
use self::stop::Stops;
use self::venue::Venue;
use super::appearance::AppearanceArgs;
use super::exit::{Exit, Failure, HungUp, remark};
use super::made;
use super::present::PresentArgs;
use super::print::print;
use super::record::RecordArgs;
use super::{Before, Configuration};
use crate::dashboard::terminal::Tty;
use crate::event::line::{counted, quoted};
use crate::lab::headless::{self, Ended};
use crate::lab::performance::Performance;
use crate::lab::play::verdict::Played;
use crate::lab::play::{Cue, Pace, Player, line};
use crate::lab::recording::Taping;
use crate::lab::report::{self, Run};
use crate::lab::scenario::{builtin, parse};
use crate::live::{self, Reason};
use crate::time::Time;

mod reel;
mod script;
mod stop;
mod venue;

/// The most times that one command repeats a scenario: a night's worth.
const REPEAT_MAX: u32 = 10_000;

#[derive(Debug, Clone, Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "flags are independent of each other"
)]
pub(super) struct DemoArgs {
    /// Name of a built-in scenario, or a file of one
    #[arg(required_unless_present = "list", value_name = "NAME|FILE")]
    scenario: Option<PathBuf>,
    /// List the scenarios that are built in
    #[arg(long, conflicts_with_all = ["scenario", "check", "repeat", "report"])]
    list: bool,
    /// Only read it, and say what is wrong with it
    #[arg(long, conflicts_with_all = ["repeat", "report"])]
    check: bool,
    /// On the dashboard, wait for a key after each caption
    #[arg(long, conflicts_with_all = ["check", "no_tui", "repeat", "report"])]
    step: bool,
    /// Run without a screen and print what happens
    #[arg(long, env = "HEIRLOOM_NO_TUI", value_parser = FalseyValueParser::new())]
    no_tui: bool,
    /// Play it so many times in a row, without a screen
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..=i64::from(REPEAT_MAX)))]
    repeat: Option<u32>,
    /// Run without a screen and report in this format
    #[arg(long, value_name = "FORMAT")]
    report: Option<Report>,
    /// File for the report [default: standard output]
    #[arg(long, value_name = "FILE", requires = "report")]
    report_to: Option<PathBuf>,
    #[command(flatten)]
    record: RecordArgs,
    #[command(flatten)]
    appearance: AppearanceArgs,
    #[command(flatten)]
    present: PresentArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Report {
    /// XML, as CI servers read it
    Junit,
    /// One JSON object
    Json,
}

/// There is nobody to press a key.
#[derive(Debug, thiserror::Error)]
#[error("--step waits for keys, and there is no terminal; drop it")]
struct NoTerminal;

/// Many runs and one file.
#[derive(Debug, thiserror::Error)]
#[error("--record keeps one run; drop --repeat, or drop --record: a failed run leaves a recording anyway")]
struct OneRecording;

/// Plays a scenario, or lists or checks what could be played.
pub(super) fn run(configuration: &Configuration, args: &DemoArgs, before: &Before) -> Result<Exit, Failure> {
    let Some(scenario) = &args.scenario else {
        print(&list())?;
        return Ok(Exit::Done);
    };
    let script = Script::read(scenario).map_err(ScriptError::usage)?;
    let venue = Venue::prepare(configuration, script.scenario.wants)?;
    script.check(&venue.members()).map_err(ScriptError::usage)?;
    if args.check {
        print(&checked(&script))?;
        return Ok(Exit::Done);
    }
    let record = args.record.clone().or(before.record.clone());
    if args.repeat.is_some() && record.is_asked() {
        return Err(Failure::usage(OneRecording));
    }
    keeps_what_is_there(scenario, args, &record)?;
    let unseen =
        args.no_tui || before.output.asks_for_lines() || args.repeat.is_some() || args.report.is_some();
    let tty = if unseen { None } else { Tty::open() };
    match tty {
        Some(tty) => play_seen(&script, &venue, args, &record, before, tty),
        None if args.step => Err(Failure::usage(NoTerminal)),
        None => play_unseen(&script, &venue, args, &record),
    }
}

/// Refuses files of which one would destroy another, before anything is played.
fn keeps_what_is_there(scenario: &Path, args: &DemoArgs, record: &RecordArgs) -> Result<(), Failure> {
    let itself = [(scenario, "the scenario itself")];
    let report = args.report_to.as_deref().map(|file| ("--report-to", file));
    let recording = record.file().map(|file| ("--record", file));
    let made: Vec<_> = recording.into_iter().chain(report).collect();
    made::apart(&made, &itself)?;
    made::check(report.as_slice(), record.existing(), &[])
}

/// Returns a line for each built-in scenario.
fn list() -> String {
    let mut list = String::new();
    for builtin in builtin::ALL {
        let title = parse(builtin.text).map_or_else(|mistakes| mistakes.to_string(), |read| read.title);
        writeln!(list, "{:<16} {title}", builtin.name).expect("a string takes everything");
    }
    list
}

/// Says that there is nothing wrong, and how much there is.
fn checked(Script { name, scenario }: &Script) -> String {
    let judged = scenario.steps.iter().filter(|step| step.what.is_judged());
    let judged = counted(judged.count() as u64, "expectation");
    let steps = counted(scenario.steps.len() as u64, "step");
    format!(
        "{}: {}: {steps}, {judged}, nothing wrong\n",
        quoted(name),
        scenario.title
    )
}

/// Plays it on the dashboard.
fn play_seen(
    script: &Script,
    venue: &Venue,
    args: &DemoArgs,
    record: &RecordArgs,
    before: &Before,
    tty: Tty,
) -> Result<Exit, Failure> {
    let pace = if args.step { Pace::Stepped } else { Pace::Read };
    let stand = venue.stand()?;
    let theme = args.appearance.or(before.appearance).theme();
    let present = args.present.or(before.present);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let ended = runtime.block_on(async {
        // Before a recording is replaced, or made for nothing: with ports in use nothing happens.
        stand.ports_are_free().await?;
        let (reel, file) = Reel::open(record, stand.scratch())?;
        let player = Player::new(script.scenario.clone(), stand.timing(), pace);
        let performance = Performance::new(player, stand.load());
        let mut start = stand.show(performance, file, theme, tty)?;
        start.setup = present.told(start.setup);
        Ok::<_, Failure>((live::run(start).await?, reel))
    });
    runtime.shutdown_background();
    let (outcome, reel) = ended?;
    let live::Outcome {
        reason,
        played,
        recorded,
        ..
    } = outcome;
    if let Some(played) = &played {
        // What the screen showed went with it. A terminal that is gone shows nothing.
        let _ = print(&line::told(played));
    }
    if played.as_ref().is_some_and(|played| played.failure().is_some()) {
        leave(reel, script);
        return Ok(Exit::Failed);
    }
    match reason {
        Reason::HungUp => Err(HungUp.into()),
        Reason::Interrupted => Ok(Exit::Interrupted),
        Reason::Asked => Ok(match played {
            // Whoever waits for the exit code wants to know that somebody left before the end.
            Some(played) if !played.passed() => Exit::Failed,
            Some(_) | None => Exit::of_recording(&recorded),
        }),
    }
}

/// Plays it without a screen, as often as asked for.
fn play_unseen(
    script: &Script,
    venue: &Venue,
    args: &DemoArgs,
    record: &RecordArgs,
) -> Result<Exit, Failure> {
    // One thread: nodes die with the thread that started them, and this one is the program's own.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let to_errors = args.report.is_some() && args.report_to.is_none();
    let said = |text: &str| -> Result<(), Failure> {
        if to_errors {
            text.lines().for_each(remark);
            return Ok(());
        }
        Ok(print(text)?)
    };
    let mut stops = runtime.block_on(async { Stops::listen() })?;
    let mut runs = Vec::new();
    let mut recorded = Exit::Done;
    for _ in 0..args.repeat.unwrap_or(1) {
        said(&format!("{}\n", script.scenario.title))?;
        let (played, kept) = runtime.block_on(play_once(script, venue, record, &said, &mut stops))?;
        // Who does not read the lines may still want the exit code, and the folder is gone by now.
        let _ = said(&format!("\n{}\n", line::ended(&played)));
        recorded = kept;
        runs.push(Run {
            name: script.name.clone(),
            played,
        });
        if stops.exit().is_some() {
            break;
        }
    }
    runtime.shutdown_background();
    let passed = runs.iter().filter(|run| run.played.passed()).count();
    if runs.len() > 1 {
        let _ = said(&format!("{passed} of {} runs passed\n", runs.len()));
    }
    report(&runs, args, record)?;
    if runs.iter().any(|run| run.played.failure().is_some()) {
        return Ok(Exit::Failed);
    }
    let all = args.repeat.map_or(1, |count| count as usize);
    match stops.exit() {
        // Whoever comes too late to stop anything is told what came of it.
        Some(stopped) if passed < all => Ok(stopped),
        Some(_) | None => Ok(recorded),
    }
}

/// Plays it without a screen; returns what came of it, and how the recording of it would end the command.
async fn play_once(
    script: &Script,
    venue: &Venue,
    record: &RecordArgs,
    said: &impl Fn(&str) -> Result<(), Failure>,
    stops: &mut Stops,
) -> Result<(Played, Exit), Failure> {
    let stand = venue.stand()?;
    stand.ports_are_free().await?;
    let (reel, file) = Reel::open(record, stand.scratch())?;
    let mut taping = Taping::begin(Some(file), &stand.setup(), Time::ZERO)?;
    let player = Player::new(script.scenario.clone(), stand.timing(), Pace::Unread);
    let performance = Performance::new(player, stand.load());
    let mut told = |at: Duration, cue: &Cue| {
        if let Some(text) = line::of(at, cue) {
            // Who does not read the lines may still want the exit code.
            let _ = said(&format!("{text}\n"));
        }
    };
    let asked = async || stops.next().await;
    let (launch, cluster) = (stand.launch()?, stand.cluster());
    let Ended { played, at } =
        headless::run(launch, cluster, performance, &mut taping, &mut told, asked).await;
    let recorded = taping.close(at);
    if let Some(said) = recorded.said() {
        remark(said);
    }
    if played.failure().is_some() {
        leave(reel, script);
    }
    Ok((played, Exit::of_recording(&recorded)))
}

/// Leaves the recording of a failed run, and says so.
fn leave(reel: Reel, script: &Script) {
    match reel.leave(&script.name) {
        Ok(Some(said)) => remark(&said),
        Ok(None) => {}
        Err(error) => remark(&error.to_string()),
    }
}

fn report(runs: &[Run], args: &DemoArgs, record: &RecordArgs) -> Result<(), Failure> {
    let text = match args.report {
        None => return Ok(()),
        Some(Report::Junit) => report::junit(runs),
        Some(Report::Json) => report::json(runs),
    };
    let Some(path) = &args.report_to else {
        return Ok(print(&text)?);
    };
    made::write(path, record.existing(), text.as_bytes())
}
