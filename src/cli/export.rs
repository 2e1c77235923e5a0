//! `heirloom export`: files made of a recording.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use clap::builder::FalseyValueParser;
use clap::{ArgGroup, Args};
use ratatui::layout::Size;

use super::appearance::AppearanceArgs;
use super::exit::{Exit, Failure};
use super::made;
use crate::dashboard::layout::SIZE_MIN;
use crate::dashboard::transport::Speed;
use crate::lab::export::{Cast, ExportError, Shot, election, frames, sequence};
use crate::lab::picture::{DARK, Film, LIGHT, cells};
use crate::lab::recording::{Existing, Recording};

/// The largest screen that is drawn: far more than any display has.
const SIDE_MAX: u16 = 500;

/// The shortest time between two frames of a cast, as on a terminal: thirty a second.
const CAST_INTERVAL: Duration = Duration::from_millis(33);

/// The same of a moving picture, which pays for each: ten a second are enough for a stopwatch in tenths.
const FILM_INTERVAL: Duration = Duration::from_millis(100);

/// What is written into moving pictures.
const MADE_BY: &str = "Made by heirloom export from a recording";

#[derive(Debug, Clone, Args)]
#[command(group(ArgGroup::new("made").required(true).multiple(true).args(["cast", "svg", "film"])))]
pub(super) struct ExportArgs {
    /// The recording, as `heirloom --record FILE` made it
    ///
    /// What is made of it shows the names of users and of their files, as the dashboard does. With
    /// demonstration keys a user's name is the key.
    file: PathBuf,
    /// Make a film of the terminal, asciicast version 2
    #[arg(long, env = "HEIRLOOM_CAST", value_name = "OUT.cast")]
    cast: Option<PathBuf>,
    /// Make the sequence diagram of an election
    #[arg(long, env = "HEIRLOOM_SVG", value_name = "OUT.svg")]
    svg: Option<PathBuf>,
    /// Make a moving picture of the terminal for a web page
    #[arg(long, env = "HEIRLOOM_FILM", value_name = "OUT.svg")]
    film: Option<PathBuf>,
    /// Which election, from 1 [default: the last of which a leader came]
    #[arg(long, env = "HEIRLOOM_ELECTION", value_name = "N")]
    election: Option<u64>,
    /// The size of the terminal
    #[arg(
        long,
        env = "HEIRLOOM_SCREEN",
        value_name = "COLUMNSxROWS",
        default_value = "120x30"
    )]
    size: ScreenSize,
    /// How many times faster than it happened, from 0.1 to 100
    #[arg(long, env = "HEIRLOOM_SPEED", value_name = "N", default_value = "1")]
    speed: Speed,
    /// Begin so long after the recording did, such as 12s
    #[arg(long, env = "HEIRLOOM_FROM", value_name = "SPAN", default_value = "0s", value_parser = humantime::parse_duration)]
    from: Duration,
    /// End so long after the recording began [default: where it ends]
    #[arg(long, env = "HEIRLOOM_TO", value_name = "SPAN", value_parser = humantime::parse_duration)]
    to: Option<Duration>,
    /// Replace files that are there already
    #[arg(long, env = "HEIRLOOM_FORCE", value_parser = FalseyValueParser::new())]
    force: bool,
    #[command(flatten)]
    appearance: AppearanceArgs,
}

impl ExportArgs {
    /// Checks what can be checked before anything is read.
    fn check(&self, made: &[(&'static str, &Path)]) -> Result<(), Failure> {
        if let Some((flag, _)) = made.iter().find(|(_, path)| *path == Path::new("-")) {
            return Err(Failure::usage(NotMade::NoFile { flag }));
        }
        let (from, shows) = (self.from, self.cast.is_some() || self.film.is_some());
        if let Some(to) = self.to.filter(|to| *to <= from) {
            return Err(Failure::usage(NotMade::Backwards { from, to }));
        }
        if shows && !from.is_zero() {
            let recording = Recording::open(&self.file)?;
            let lasts = recording.last_at().since(recording.header().began);
            if from >= lasts {
                return Err(Failure::usage(NotMade::AfterTheEnd { from, lasts }));
            }
        }
        Ok(())
    }

    const fn existing(&self) -> Existing {
        if self.force {
            Existing::Replace
        } else {
            Existing::Keep
        }
    }
}

/// The size of a screen, written as `120x30`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct ScreenSize(Size);

/// What cannot be made.
#[derive(Debug, thiserror::Error)]
enum NotMade {
    #[error(
        "{text:?} is no size; give columns and rows, such as 120x30, from {}x{} to {SIDE_MAX}x{SIDE_MAX}",
        SIZE_MIN.width, SIZE_MIN.height
    )]
    Size { text: String },
    #[error("there is no election {wanted} in this recording, which has {count}")]
    NoElection { wanted: u64, count: u64 },
    #[error("there is no election in this recording")]
    NoElections,
    #[error("{flag} makes a file; name one, since nothing is written to standard output")]
    NoFile { flag: &'static str },
    #[error("--to {} is not after --from {}, so nothing would be shown", span(.to), span(.from))]
    Backwards { from: Duration, to: Duration },
    #[error("--from {} is not before the end: the recording is {} long, so nothing would be shown", span(.from), span(.lasts))]
    AfterTheEnd { from: Duration, lasts: Duration },
}

fn span(span: &Duration) -> humantime::FormattedDuration {
    let millis = u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
    humantime::format_duration(Duration::from_millis(millis))
}

impl FromStr for ScreenSize {
    type Err = NotMade;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || NotMade::Size {
            text: text.to_owned(),
        };
        let (width, height) = text.split_once('x').ok_or_else(wrong)?;
        let side = |text: &str, min: u16| text.parse().ok().filter(|side| (min..=SIDE_MAX).contains(side));
        let sides = side(width, SIZE_MIN.width).zip(side(height, SIZE_MIN.height));
        let (width, height) = sides.ok_or_else(wrong)?;
        Ok(Self(Size::new(width, height)))
    }
}

/// Makes every file that was asked for.
pub(super) fn run(args: &ExportArgs, before: AppearanceArgs) -> Result<Exit, Failure> {
    let appearance = args.appearance.or(before);
    let existing = args.existing();
    let made = [
        ("--cast", &args.cast),
        ("--svg", &args.svg),
        ("--film", &args.film),
    ];
    let made = made
        .into_iter()
        .filter_map(|(flag, path)| Some((flag, path.as_deref()?)));
    let made: Vec<(&str, &Path)> = made.collect();
    args.check(&made)?;
    made::check(&made, existing, &[(&args.file, "the recording itself")])?;
    let shot = Shot {
        size: args.size.0,
        theme: appearance.theme(),
        speed: args.speed,
        from: args.from,
        to: args.to,
        interval: CAST_INTERVAL,
    };
    if let Some(path) = &args.svg {
        made::write(path, existing, diagram(args)?.as_bytes())?;
    }
    if let Some(path) = &args.cast {
        made::make(path, existing, |out| cast(args, &shot, path, out))?;
    }
    if let Some(path) = &args.film {
        let palette = if appearance.is_light() { LIGHT } else { DARK };
        let shot = Shot {
            interval: FILM_INTERVAL,
            ..shot
        };
        let mut film = Film::default();
        let end = frames(&args.file, &shot, |at, frame| {
            film.add(at, cells(frame, &palette))
        })?;
        let svg = film.svg(end, &palette, "heirloom", MADE_BY)?;
        made::write(path, existing, svg.as_bytes())?;
    }
    Ok(Exit::Done)
}

fn diagram(args: &ExportArgs) -> Result<String, Failure> {
    let (found, count) = election(&args.file, args.election)?;
    let Some(found) = found else {
        return Err(match args.election {
            Some(wanted) => NotMade::NoElection { wanted, count },
            None => NotMade::NoElections,
        }
        .into());
    };
    let recording = Recording::open(&args.file)?;
    let nodes: Vec<_> = recording.header().cluster.members.ids().collect();
    Ok(sequence(&found, &nodes)?)
}

/// Writes a cast frame by frame: a gigabyte of a recording may make many of it.
fn cast(args: &ExportArgs, shot: &Shot, path: &Path, out: &mut dyn Write) -> Result<(), Failure> {
    let unwritable = |source| made::unwritable(path, source);
    let wall_seconds = Recording::open(&args.file)?.header().wall_ms / 1000;
    let mut cast = Cast::begin(out, shot.size, wall_seconds, "heirloom").map_err(unwritable)?;
    frames(&args.file, shot, |at, frame| cast.add(at, frame)).map_err(|error| match error {
        ExportError::Taken(source) => unwritable(source),
        ExportError::Recording(error) => error.into(),
    })?;
    cast.end().map_err(unwritable)
}
