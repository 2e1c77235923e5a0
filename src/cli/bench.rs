//! `heirloom bench`: how much a running cluster takes, as clients see it.

use std::fmt::Write;
use std::time::Duration;

use anyhow::anyhow;
use bytesize::ByteSize;
use clap::Args;
use clap::builder::FalseyValueParser;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::json;

use super::exit::{Exit, Failure, complain};
use super::interrupt::Signals;
use super::options::Span;
use super::print::print;
use super::settings::Settings;
use super::upload::Return;
use crate::client::bench::{Ended, Load, Report, Tally, WARM_UP, run as run_load};
use crate::client::{MadeImage, Wanted};
use crate::id::UserName;

/// The most clients at a time: each node serves 64 uploads at once, and nine nodes no more than this.
const CLIENTS_MAX: u16 = 576;

/// The longest run: whoever wants a longer one wants a soak test.
const DURATION_MAX: Duration = Duration::from_hours(24);

/// What the fields of `--json` mean.
const FIELDS: &str = "\
With --json one object is printed:
  size, clients, return   what was asked for; size in bytes
  seconds                 for how long uploads were counted: the duration, and what the last
                          ones took beyond it
  uploads, errors         how many were acknowledged, and how many failed
  retries                 how many further attempts they took
  rate, mb_per_s          acknowledged uploads a second, and their plain bytes in 10^6 a second
  p50_ms … max_ms         how long an upload took, from the offer to the acknowledgement
  copies_min, copies_average, members
                          on how many nodes an image was stored when it was acknowledged
  last_error              what the last failure was
A figure that no upload has told is null.";

/// Upload images as fast as the cluster takes them, and tell how fast that was
///
/// Each of the clients offers, transfers and compares digests as any client does. The images are
/// made in memory, are of exactly the size asked for, and stay in the store.
#[derive(Debug, Args)]
#[command(after_long_help = FIELDS)]
pub(super) struct BenchArgs {
    /// Size of each image
    #[arg(long, env = "HEIRLOOM_BENCH_SIZE", default_value = "200KiB")]
    size: ByteSize,
    /// Number of clients that upload at a time
    #[arg(long, env = "HEIRLOOM_BENCH_CLIENTS", value_name = "COUNT", default_value_t = 8,
          value_parser = clap::value_parser!(u16).range(1..=i64::from(CLIENTS_MAX)))]
    clients: u16,
    /// Time for which uploads are begun and counted, after a second that is not; those on their
    /// way at its end are waited for
    #[arg(
        long,
        env = "HEIRLOOM_BENCH_DURATION",
        value_name = "TIME",
        default_value = "10s"
    )]
    duration: Span,
    /// What comes back: the encrypted image, which is compared, or nothing but the acknowledgement
    #[arg(
        long = "return",
        env = "HEIRLOOM_BENCH_RETURN",
        value_name = "WHAT",
        default_value = "none"
    )]
    back: Return,
    /// Whose images they are
    #[arg(long, env = "HEIRLOOM_BENCH_USER", default_value = "bench")]
    user: UserName,
    /// Print the figures as one JSON object
    #[arg(long, env = "HEIRLOOM_JSON", value_parser = FalseyValueParser::new())]
    json: bool,
}

/// Runs the load, shows how it goes, and prints the figures.
pub(super) fn run(settings: &Settings, args: &BenchArgs) -> Result<Exit, Failure> {
    let load = load(settings, args)?;
    let config = settings.client(args.user.clone());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let report = runtime.block_on(async {
        let mut signals = Signals::listen()?;
        let stop = async {
            signals.next().await;
        };
        let live = Live::on_terminal(load.duration);
        let report = run_load(&config, load, stop, &mut |tally, counted| {
            live.show(tally, counted);
        })
        .await;
        Ok::<_, std::io::Error>(report)
    })?;
    runtime.shutdown_background();
    if args.json {
        print(&format!("{}\n", object(args, &report)))?;
    } else {
        print(&table(args, &report))?;
    }
    end(report)
}

/// Checks what was asked for.
fn load(settings: &Settings, args: &BenchArgs) -> Result<Load, Failure> {
    let size = args.size.as_u64();
    let size_max = settings.image_bytes_max();
    if !(MadeImage::SIZE_MIN..=size_max).contains(&size) {
        let min = MadeImage::SIZE_MIN;
        let problem = anyhow!("--size {size} is out of range; give {min} to {size_max} bytes (--max-image)");
        return Err(Failure::usage(problem));
    }
    let Span(duration) = args.duration;
    if duration.is_zero() || duration > DURATION_MAX {
        return Err(Failure::usage(anyhow!(
            "--duration {} is out of range; give up to {}",
            humantime::format_duration(duration),
            humantime::format_duration(DURATION_MAX)
        )));
    }
    Ok(Load {
        image_bytes: size,
        clients: args.clients.into(),
        duration,
        wanted: match args.back {
            Return::Cipher => Wanted::Checked,
            Return::None => Wanted::Nothing,
        },
    })
}

/// Turns the end of a run into that of the program.
fn end(report: Report) -> Result<Exit, Failure> {
    match report.ended {
        Ended::NoLeader(error) => Err(Failure::no_leader(error)),
        Ended::Stopped => Ok(Exit::Interrupted),
        Ended::InTime => {
            if let Some(error) = report.tally.last_error {
                complain(&anyhow!(
                    "{} uploads failed, the last one so: {error}",
                    report.tally.errors
                ));
            }
            Ok(if report.tally.uploads > 0 {
                Exit::Done
            } else {
                Exit::Failed
            })
        }
    }
}

/// The line that moves while the load runs.
struct Live {
    line: ProgressBar,
    /// After which only what is on its way is waited for.
    duration: Duration,
}

impl Live {
    /// Shows it on standard error, if that is a terminal.
    fn on_terminal(duration: Duration) -> Self {
        let line = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        let style = ProgressStyle::with_template("  {msg}");
        line.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
        Self { line, duration }
    }

    fn show(&self, tally: &Tally, counted: Duration) {
        if counted.is_zero() {
            let warm_up = humantime::format_duration(WARM_UP);
            return self.line.set_message(format!("warming up for {warm_up}"));
        }
        let Rates { uploads, megabytes } = Rates::of(tally, counted);
        let copies = tally.copies_average().unwrap_or(0.0);
        let waits = if counted > self.duration {
            "  waiting for the last ones"
        } else {
            ""
        };
        self.line.set_message(format!(
            "{:.1} s  {uploads:.0} a second  {megabytes:.1} MB/s  {} errors  {copies:.2} copies{waits}",
            counted.as_secs_f64(),
            tally.errors
        ));
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        self.line.finish_and_clear();
    }
}

/// How fast it went.
struct Rates {
    /// Acknowledged images a second.
    uploads: f64,
    /// Their plain bytes, in millions a second.
    megabytes: f64,
}

impl Rates {
    fn of(tally: &Tally, counted: Duration) -> Self {
        // A run that ended before its counting began has counted nothing.
        let seconds = counted.as_secs_f64().max(f64::MIN_POSITIVE);
        Self {
            uploads: tally.uploads as f64 / seconds,
            megabytes: tally.bytes as f64 / 1e6 / seconds,
        }
    }
}

fn table(args: &BenchArgs, report: &Report) -> String {
    let tally = &report.tally;
    let Rates { uploads, megabytes } = Rates::of(tally, report.counted);
    let rows = [
        ("uploads", tally.uploads.to_string()),
        ("errors", tally.errors.to_string()),
        ("retries", tally.retries.to_string()),
        ("rate", format!("{uploads:.1} a second")),
        ("throughput", format!("{megabytes:.1} MB/s")),
    ];
    let mut table = format!(
        "{} clients, images of {}, counted for {:.1} s\n",
        args.clients,
        args.size,
        report.counted.as_secs_f64()
    );
    for (name, value) in rows.into_iter().chain(latency_rows(tally)) {
        let _ = writeln!(table, "  {name:<12}{value}");
    }
    if let (Some(average), Some(min), Some(members)) =
        (tally.copies_average(), tally.copies_min, tally.members)
    {
        let _ = writeln!(
            table,
            "  {:<12}{average:.2} on average, {min} at least, of {members}",
            "copies"
        );
        let user = &args.user;
        let _ = writeln!(
            table,
            "The images stay in the store; `heirloom list --user {user}` shows them, and \
             `heirloom delete IMAGE… --user {user}` deletes them."
        );
    }
    table
}

fn latency_rows(tally: &Tally) -> impl Iterator<Item = (&'static str, String)> {
    let rows = tally.latencies().map(|latencies| {
        [
            ("p50", latencies.p50),
            ("p90", latencies.p90),
            ("p99", latencies.p99),
            ("max", latencies.max),
        ]
    });
    rows.into_iter()
        .flatten()
        .map(|(name, span)| (name, format!("{:.2} ms", millis(span))))
}

fn object(args: &BenchArgs, report: &Report) -> serde_json::Value {
    let tally = &report.tally;
    let Rates { uploads, megabytes } = Rates::of(tally, report.counted);
    let latencies = tally.latencies();
    json!({
        "size": args.size.as_u64(),
        "clients": args.clients,
        "return": match args.back {
            Return::Cipher => "cipher",
            Return::None => "none",
        },
        "seconds": report.counted.as_secs_f64(),
        "uploads": tally.uploads,
        "errors": tally.errors,
        "retries": tally.retries,
        "rate": uploads,
        "mb_per_s": megabytes,
        "p50_ms": latencies.map(|latencies| millis(latencies.p50)),
        "p90_ms": latencies.map(|latencies| millis(latencies.p90)),
        "p99_ms": latencies.map(|latencies| millis(latencies.p99)),
        "max_ms": latencies.map(|latencies| millis(latencies.max)),
        "copies_min": tally.copies_min,
        "copies_average": tally.copies_average(),
        "members": tally.members,
        "last_error": tally.last_error,
    })
}

fn millis(span: Duration) -> f64 {
    span.as_secs_f64() * 1000.0
}
