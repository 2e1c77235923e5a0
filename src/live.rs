//! The dashboard at work: joined with the processes it shows, the keys it hears, and the terminal.
//!
//! ```text
//!   supervisor  keys  signals  uploads  pager        each waited for, none ever blocking another
//!        \        \      |       /       /
//!         +------- one loop, one thread ------> update(model, message) -> commands -> carried out
//!                        |
//!                view(model, frame) -> screen, when a frame is due and the terminal took the last
//! ```
//!
//! Here is what the dashboard must not have: a clock, processes, signals, files. Invariant: whatever
//! the terminal does, nodes are supervised; and when the loop ends, no node runs and the terminal is
//! as it was.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use tokio::time::sleep;

use self::jobs::Jobs;
use self::pace::{Pace, Wanted};
use self::pager::{Pager, ended};
use self::performing::news;
use self::place::Place;
use self::signals::{Asked, Signals};
pub use self::source::Cluster;
use self::source::Source;
use self::uploads::Uploads;
use self::users::Remembering;
use crate::client::ClientConfig;
use crate::dashboard::model::Ending;
use crate::dashboard::terminal::{Keys, Screen, Tty, Typed, restore_on_panic};
use crate::dashboard::theme::Tone;
use crate::dashboard::{Command, Message, Model, Setup, update, view};
use crate::event::process::Wish;
use crate::id::UserName;
use crate::lab::load::News;
use crate::lab::performance::Performance;
use crate::lab::play::verdict::Played;
use crate::lab::recording::{Closed, RecordingFile, Taping, Told};
use crate::supervisor::Summary;
use crate::time::Time;
use crate::upload::UploadEvent;

mod beat;
mod clipboard;
mod farewell;
mod heard;
mod jobs;
mod pace;
mod pager;
mod performing;
mod place;
mod signals;
mod source;
mod uploads;
mod users;

pub use self::jobs::decode;

/// The key that ends everything in steps.
const CTRL_C: KeyEvent = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);

/// Everything that a dashboard needs to run.
pub struct Start {
    /// The terminal, which nobody else uses meanwhile.
    pub tty: Tty,
    /// Whose cluster is shown.
    pub cluster: Cluster,
    /// What the dashboard is told.
    pub setup: Setup,
    /// Where everything that the dashboard is told is recorded.
    pub record: Option<RecordingFile>,
    /// Says what the client of a user is told.
    pub client_of: ClientOf,
    /// The scenario that is played, if one is.
    pub performance: Option<Performance>,
}

/// Says what the client of a user is told; there is none where nothing can be uploaded.
pub type ClientOf = Option<Box<dyn Fn(UserName) -> ClientConfig>>;

/// How it came to an end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// A person quit and confirmed it, or somebody asked for the end from outside.
    Asked,
    /// A person pressed Ctrl-C until it ended.
    Interrupted,
    /// The terminal is gone.
    HungUp,
}

/// What came of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// What has become of every node.
    pub summary: Summary,
    /// Why it ended.
    pub reason: Reason,
    /// What the scenario came to, if one was played.
    pub played: Option<Played>,
    /// What came of recording it; said already.
    pub recorded: Closed,
}

/// Starts the cluster or finds it, shows it until somebody ends it, and leaves a summary on the screen.
///
/// Run it by a runtime of the current thread on the program's main thread: nodes die with the
/// thread that started them.
///
/// # Errors
///
/// When the terminal cannot be drawn on, or when the system has no thread left; no node runs then.
pub async fn run(start: Start) -> io::Result<Outcome> {
    restore_on_panic();
    let signals = Signals::listen()?;
    let tty = Arc::new(start.tty);
    let mut screen = Screen::open(&tty)?;
    let keys = Keys::start(&tty)?;
    let mut model = Model::new(Setup {
        size: screen.size(),
        users: users::remembered(),
        ..start.setup
    });
    if let Cluster::Recorded(player) = &start.cluster {
        model.transport = Some(player.transport());
    }
    // Before any node is started: a person sees at once that something happens.
    screen.draw(|frame| view(&model, frame))?;
    let coloured = model.setup.theme.draws_pictures();
    let taping = Taping::begin(start.record, &model.setup, Source::begins_at(&start.cluster))?;
    let live = Live {
        tty,
        screen,
        keys,
        signals,
        source: Source::open(start.cluster),
        taping,
        uploads: Uploads::new(start.client_of),
        remembering: Remembering::default(),
        jobs: Jobs::new(std::env::current_exe()?, coloured),
        pager: None,
        show: start.performance,
        recorded_to: None,
        model,
        pace: Pace::default(),
        place: Place::Shown,
        sampled: Time::ZERO,
        reason: None,
    };
    // On the heap, for the futures of all commands hold this one.
    Box::pin(live.until_over()).await
}

struct Live {
    tty: Arc<Tty>,
    screen: Screen,
    keys: Keys,
    signals: Signals,
    source: Source,
    taping: Taping,
    uploads: Uploads,
    remembering: Remembering,
    jobs: Jobs,
    pager: Option<Pager>,
    show: Option<Performance>,
    /// When the play was ended on purpose, of which nothing is recorded after that.
    recorded_to: Option<Time>,
    model: Model,
    pace: Pace,
    place: Place,
    /// When the processes were last looked at.
    sampled: Time,
    /// Why it ends; until it does, `None`.
    reason: Option<Reason>,
}

/// Everything that the loop waits for.
enum Happened {
    Told(Message),
    Typed(Typed),
    Asked(Asked),
    Upload(UploadEvent),
    /// A folder was listed, or a picture made.
    Found(Message),
    Paged(Result<(), String>),
    /// Something became of the load of a scenario.
    Load(News),
    /// A frame is due, something has aged, or the terminal took the last frame.
    Due,
}

impl Live {
    async fn until_over(mut self) -> io::Result<Outcome> {
        let reason = loop {
            if let Some(reason) = self.reason
                && self.source.is_idle()
            {
                break reason;
            }
            match self.next().await {
                Happened::Told(message) => self.told(message),
                Happened::Typed(typed) => self.typed(typed),
                Happened::Asked(asked) => self.asked(asked),
                Happened::Upload(event) => self.tell(Message::Upload(event), Wanted::Soon),
                Happened::Found(message) => self.tell(message, Wanted::Soon),
                Happened::Paged(ended) => self.paged(ended),
                Happened::Load(news) => self.heard_of_load(news),
                Happened::Due => self.aged(),
            }
            self.perform();
            self.draw()?;
        };
        self.uploads.cancel();
        self.end_pager().await;
        let played = self.show.as_ref().map(|show| show.played(self.source.now()));
        let summary = self.source.summary();
        let mut last_words = match self.source.transport() {
            // Of what ran long ago nothing ends now.
            Some(_) => String::new(),
            None => farewell::lines(self.source.ran(), &self.model.cluster, &summary),
        };
        let recorded_to = self.recorded_to.unwrap_or_else(|| self.source.now());
        let recorded = self.taping.close(recorded_to);
        last_words.extend(recorded.said().map(|said| format!("{said}\n")));
        self.screen.close(&last_words);
        Ok(Outcome {
            summary,
            reason,
            played,
            recorded,
        })
    }

    async fn next(&mut self) -> Happened {
        let due = [self.due(), self.show_due()].into_iter().flatten().min();
        let wait = due.map(|due| due.since(self.source.wall()));
        tokio::select! {
            // What was told counts before the time that is over, for a scenario judges by both; and a
            // person before either: a recording that is sought through always has something to tell.
            biased;
            asked = self.signals.next() => Happened::Asked(asked),
            typed = self.keys.next() => Happened::Typed(typed),
            () = self.screen.freed() => Happened::Due,
            ended = ended(&mut self.pager) => Happened::Paged(ended),
            event = self.uploads.next() => Happened::Upload(event),
            found = self.jobs.next() => Happened::Found(found),
            news = news(&mut self.show) => Happened::Load(news),
            message = self.source.next() => Happened::Told(message),
            () = elapsed(wait) => Happened::Due,
        }
    }

    /// Takes everything that is told already, and draws once for all of it.
    fn told(&mut self, first: Message) {
        let mut next = Some(first);
        while let Some(message) = next {
            let now = self.source.told_at();
            self.tell_at(now, message, Wanted::Soon);
            self.source.folded(&self.model.cluster);
            self.glance();
            next = self.source.waiting();
        }
    }

    /// Tells the dashboard something of this moment, and does what it wants done.
    fn tell(&mut self, message: Message, wanted: Wanted) {
        let now = self.source.now();
        self.tell_at(now, message, wanted);
    }

    fn tell_at(&mut self, now: Time, message: Message, wanted: Wanted) {
        // A screen that is held still shows nothing new, except what keys do.
        if wanted == Wanted::Now || !self.model.is_still() {
            self.pace.want(wanted);
        }
        let by_ctrl_c = matches!(message, Message::Key(key) if key == CTRL_C);
        let reason = if by_ctrl_c {
            Reason::Interrupted
        } else {
            Reason::Asked
        };
        if let Some(told) = Told::of(&message).filter(|_| self.recorded_to.is_none()) {
            self.taping.keep(now, told);
        }
        for command in update(&mut self.model, now, message) {
            self.carry_out(command, reason);
        }
    }

    fn carry_out(&mut self, command: Command, reason: Reason) {
        match command {
            Command::Wish(wish) => self.source.wish(wish),
            Command::Fault(fault) => {
                if let Err(error) = self.source.fault(&fault) {
                    self.model.say(Tone::Bad, error.to_string());
                }
            }
            Command::Upload { user, file } => self.upload(user, file),
            Command::CancelUpload => self.uploads.cancel(),
            Command::List(path) => self.jobs.list(path),
            Command::Preview(request) => self.jobs.picture(request),
            Command::Copy(text) => self.screen.pass(clipboard::sequence(&text)),
            Command::Page(text) => self.page(&text),
            Command::Forget => self.tell(Message::Forget, Wanted::Now),
            Command::Next => self.next_caption(),
            Command::Playback(asked) => self.source.play(asked),
            Command::Suspend => self.suspend(),
            Command::Quit => self.end(reason, Ending::Stopping),
            Command::QuitNow => self.end(reason, Ending::Killing),
        }
    }

    fn upload(&mut self, user: UserName, file: PathBuf) {
        self.uploads.start(user, file);
        let users = self.model.upload.user().offered().to_vec();
        self.remembering.keep(users, users::remember);
    }

    /// Ends every node, and then the loop; the first reason counts.
    fn end(&mut self, reason: Reason, how: Ending) {
        let wish = match how {
            Ending::No => return,
            Ending::Stopping => Wish::StopAll,
            Ending::Killing => Wish::KillAll,
        };
        self.reason.get_or_insert(reason);
        self.model.ending = how;
        self.end_show();
        self.pace.want(Wanted::Now);
        self.source.wish(wish);
    }
}

/// Waits for a while; without an end, for ever.
async fn elapsed(wait: Option<Duration>) {
    match wait {
        Some(wait) => sleep(wait).await,
        None => std::future::pending().await,
    }
}
