//! The banner: who leads, since when, by which quorum; while nobody does, a stopwatch.

use std::time::Duration;

use ratatui::buffer::Buffer;
use ratatui::layout::{Alignment, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use self::leaderless::Leaderless;
use crate::config::QuorumPolicy;
use crate::dashboard::cluster::Cluster;
use crate::dashboard::cluster::failover::{Beginning, Cause, Failover, Reign};
use crate::dashboard::cluster::node::{Node, NodeState};
use crate::dashboard::layout::BannerForm;
use crate::dashboard::model::{Control, Ending, Model};
use crate::dashboard::theme::{Theme, Tone};
use crate::dashboard::words;
use crate::event::line::nodes as nodes_of;
use crate::id::NodeId;

mod large;
mod leaderless;
mod letters;

/// Draws the banner: a bar that is read from afar, then what led to it.
pub(super) fn draw(model: &Model, form: BannerForm, area: Rect, buffer: &mut Buffer) {
    let theme = model.setup.theme;
    // The last line tells the failover; the lines above it are the bar.
    let bar_height = if area.height > 2 { area.height - 1 } else { 1 };
    let bar = Rect {
        height: bar_height,
        ..area
    };
    let (tone, left, right) = headline(model);
    buffer.set_style(bar, theme.filled(tone));
    match form {
        BannerForm::Large(letters) if large::write(model, letters, bar, buffer) => {
            let below = Rect {
                y: bar.bottom() - 1,
                height: 1,
                ..bar
            };
            write_on_bar(right, String::new(), below, buffer);
        }
        BannerForm::Large(_) | BannerForm::Bar => write_on_bar(left, right, bar, buffer),
    }
    let below = Rect {
        x: area.x + 1,
        y: area.y + bar_height,
        width: area.width.saturating_sub(2),
        height: area.height - bar_height,
    };
    if below.height > 0 {
        write_phases(model, Rect { height: 1, ..below }, buffer);
    }
}

/// Writes on the bar; what is on the left matters more, and on two lines it stands alone.
fn write_on_bar(left: String, right: String, bar: Rect, buffer: &mut Buffer) {
    let line = |y| Rect {
        x: bar.x + 1,
        y,
        width: bar.width.saturating_sub(2),
        height: 1,
    };
    let left = Line::from(left);
    if bar.height == 2 {
        left.render(line(bar.y), buffer);
        Line::from(right).render(line(bar.y + 1), buffer);
        return;
    }
    let middle = line(bar.y + (bar.height - 1) / 2);
    let right = Line::from(right).alignment(Alignment::Right);
    if left.width() + right.width() < usize::from(middle.width) {
        right.render(middle, buffer);
    }
    left.render(middle, buffer);
}

/// Returns what the bar says, and how it is meant.
fn headline(model: &Model) -> (Tone, String, String) {
    let (cluster, theme) = (model.shown(), model.setup.theme);
    let right = circumstances(model);
    match model.ending {
        Ending::No if model.is_paused() => {
            let led = cluster
                .leader()
                .map_or_else(String::new, |leader| format!(": node {leader} led"));
            return (Tone::Accent, format!("HELD STILL{led}; Space goes on"), right);
        }
        Ending::No => {}
        Ending::Stopping => {
            return (
                Tone::Busy,
                "STOPPING, workers before the leader".to_owned(),
                right,
            );
        }
        Ending::Killing => return (Tone::Bad, "KILLING every node".to_owned(), right),
    }
    match (&cluster.leadership.reign, &cluster.leadership.running) {
        (Some(reign), None) => (Tone::Good, reigning(theme, reign), right),
        (Some(reign), Some(failover)) => {
            let cause = failover.cause.word();
            let stopwatch = stopwatch(model, failover);
            let text = format!("NODE {} {}  {stopwatch}", reign.ballot.id, cause.to_uppercase());
            (Tone::Busy, text, right)
        }
        (None, Some(failover)) if model.shown_at() > failover.began => {
            let stopwatch = stopwatch(model, failover);
            (
                missing_tone(cluster),
                format!("{}  {stopwatch}", Leaderless::of(cluster).words()),
                right,
            )
        }
        (None, _) => {
            let words = Leaderless::of(cluster).words();
            (missing_tone(cluster), words.to_owned(), right)
        }
    }
}

fn reigning(theme: Theme, reign: &Reign) -> String {
    let star = theme.shape(NodeState::Leading);
    format!("{star} NODE {} LEADS", reign.ballot.id)
}

fn stopwatch(model: &Model, failover: &Failover) -> String {
    let lasts = model.shown_at().since(failover.began);
    if model.is_simulated() && lasts < Duration::from_secs(1) {
        return words::span(lasts);
    }
    format!("{:.1} s", lasts.as_secs_f64())
}

fn missing_tone(cluster: &Cluster) -> Tone {
    let started = |node: &Node| node.state() != NodeState::NeverStarted;
    let had_leader = cluster.leadership.led_last().is_some();
    if had_leader && cluster.nodes.values().any(started) {
        Tone::Bad
    } else {
        Tone::Busy
    }
}

/// Returns the epoch, how long the reign has lasted, and who is there.
fn circumstances(model: &Model) -> String {
    let cluster = model.shown();
    let alive = cluster
        .nodes
        .values()
        .filter(|node| node.state().is_alive())
        .count();
    let quorum = match model.setup.quorum {
        QuorumPolicy::Majority => "majority",
        QuorumPolicy::Live => "live",
    };
    let attached = match model.setup.control {
        Control::Supervised => "",
        Control::Attached => "  attached",
        Control::Simulated => "  simulated",
    };
    let reign = cluster.leadership.reign.map_or_else(String::new, |reign| {
        let age = words::age(model.shown_at().since(reign.since));
        let at_least = match reign.beginning {
            Beginning::Seen => "",
            Beginning::Missed => "at least ",
        };
        format!("epoch {}  for {at_least}{age}  ", reign.ballot.epoch)
    });
    format!(
        "{reign}{alive} of {} nodes up  quorum {quorum}{attached}",
        cluster.nodes.len()
    )
}

/// Writes the phases, and beside them how long the last failovers took, if there is room.
fn write_phases(model: &Model, area: Rect, buffer: &mut Buffer) {
    let (phases, spread) = (phases(model, usize::from(area.width)), spread(model));
    if phases.width() + spread.width() + 2 <= usize::from(area.width) {
        spread.alignment(Alignment::Right).render(area, buffer);
    }
    phases.render(area, buffer);
}

/// Returns how long the last failovers took, once there were some.
fn spread(model: &Model) -> Line<'static> {
    let spread = model.shown().leadership.spread();
    let text = spread.as_ref().map_or_else(String::new, words::spread);
    Line::styled(text, model.setup.theme.quiet())
}

/// Says how a cause is meant: what was done in order is no loss.
const fn tone_of(cause: Cause) -> Tone {
    match cause {
        Cause::Start | Cause::HandedOver(_) => Tone::Good,
        Cause::Stopped(_) | Cause::SteppedDown(_) | Cause::Stalled(_) | Cause::Slowed(_) => Tone::Busy,
        Cause::Frozen(_) => Tone::Cold,
        Cause::Killed(_)
        | Cause::Crashed(_)
        | Cause::CutOff(_)
        | Cause::LeftAlone(_)
        | Cause::Suspected(_) => Tone::Bad,
    }
}

/// Returns the phases of the failover that runs, or of the last one.
///
/// A handover that followed a failover does not take its place: it is told behind it.
fn phases(model: &Model, width: usize) -> Line<'static> {
    let (theme, leadership) = (model.setup.theme, &model.shown().leadership);
    let failures = || {
        leadership
            .history
            .iter()
            .rev()
            .filter(|failover| failover.is_failure())
    };
    let last = leadership.last();
    let told = leadership.running.as_ref().or(failures().next()).or(last);
    let Some(failover) = told else {
        let hint = match model.setup.control {
            Control::Supervised => "no failover yet; ! kills the leader",
            Control::Attached | Control::Simulated => "no failover seen yet",
        };
        return Line::styled(hint, theme.quiet());
    };
    let mut pieces = phases_of(model, failover);
    if let Some(last) = last.filter(|last| leadership.running.is_none() && *last != failover) {
        let after = last
            .serving
            .map_or_else(String::new, |serving| format!(" in {}", words::span(serving)));
        let heir = last
            .heir
            .map_or_else(String::new, |heir| format!(" to node {}", heir.id));
        let text = format!("; then handed over{heir}{after}");
        pieces.push(vec![Span::styled(text, theme.quiet())]);
    }
    let mut line = Line::default();
    // A phase is told whole or not at all: half a figure is another figure.
    for piece in pieces {
        let needed: usize = piece.iter().map(Span::width).sum();
        if line.width() + needed > width {
            break;
        }
        line.spans.extend(piece);
    }
    line
}

/// Returns what is told of a failover, piece by piece.
fn phases_of(model: &Model, failover: &Failover) -> Vec<Vec<Span<'static>>> {
    let theme = model.setup.theme;
    let arrow = theme.pick(" → ", " -> ");
    let old = failover
        .cause
        .leader()
        .map_or_else(String::new, |node| format!("node {node} "));
    let cause = format!("{old}{}", failover.cause.word());
    let mut pieces = vec![vec![Span::styled(cause, theme.tone(tone_of(failover.cause)))]];
    let runs = failover.serving.is_none();
    let workers = model
        .shown()
        .nodes
        .values()
        .any(|node| node.state() == NodeState::Following);
    // A frozen process, or a cut, closes nothing: only the next heartbeat can find it out.
    let silent = matches!(failover.cause, Cause::Frozen(_) | Cause::CutOff(_));
    let serves = model.shown().leader().is_some();
    if runs && serves && workers && failover.suspected.is_none() && silent {
        let at_the_latest = words::span(model.setup.timing.promise());
        let text = format!("{arrow}suspected within {at_the_latest}, unless it goes on");
        pieces.push(vec![Span::styled(text, theme.quiet())]);
    }
    let heir = failover
        .heir
        .map_or_else(String::new, |heir| format!("node {} ", heir.id));
    let serving = if failover.passed_on() {
        "serving"
    } else {
        "serving again"
    };
    let known = [
        ("suspected".to_owned(), failover.suspected),
        (format!("{heir}elected"), failover.elected),
        (serving.to_owned(), failover.serving),
        ("first upload".to_owned(), failover.first_upload),
    ];
    for (word, after) in known {
        if let Some(after) = after {
            pieces.push(vec![
                Span::styled(arrow, theme.quiet()),
                Span::raw(word),
                Span::styled(format!(" {}", words::span(after)), theme.strong()),
            ]);
        }
    }
    if runs && model.shown().leader().is_none() {
        pieces.push(vec![Span::styled(
            format!("   {}", what_helps(model)),
            theme.quiet(),
        )]);
    }
    pieces
}

/// Says what a person can do about a cluster without a leader.
fn what_helps(model: &Model) -> String {
    let nodes = &model.shown().nodes;
    let of = |wanted: &dyn Fn(NodeState) -> bool| -> Vec<NodeId> {
        let such = nodes.values().filter(|node| wanted(node.state()));
        such.map(|node| node.id).collect()
    };
    let frozen = of(&|state| state == NodeState::Frozen);
    let down = of(&|state| matches!(state, NodeState::Dead | NodeState::Stopped | NodeState::GivenUp));
    match (model.setup.control, frozen.is_empty(), down.is_empty()) {
        (Control::Attached | Control::Simulated, ..) | (_, true, true) => String::new(),
        (Control::Supervised, false, _) => format!("choose {} and press p to thaw", nodes_of(&frozen)),
        (Control::Supervised, true, false) => format!("{} down; S starts all", nodes_of(&down)),
    }
}
