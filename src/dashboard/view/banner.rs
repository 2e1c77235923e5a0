//! The banner: who leads, since when, by which quorum; while nobody does, a stopwatch.

use std::time::Duration;

use ratatui::buffer::Buffer;
use ratatui::layout::{Alignment, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use crate::config::QuorumPolicy;
use crate::dashboard::cluster::Cluster;
use crate::dashboard::cluster::failover::{Beginning, Cause, Failover, Reign};
use crate::dashboard::cluster::node::NodeState;
use crate::dashboard::model::{Control, Ending, Model};
use crate::dashboard::theme::{Theme, Tone};
use crate::dashboard::words;

/// Draws the banner: a bar that is read from afar, then what led to it.
pub(super) fn draw(model: &Model, area: Rect, buffer: &mut Buffer) {
    let theme = model.setup.theme;
    // The last line tells the failover; the lines above it are the bar.
    let bar_height = if area.height > 2 { area.height - 1 } else { 1 };
    let bar = Rect {
        height: bar_height,
        ..area
    };
    let (tone, left, right) = headline(model);
    buffer.set_style(bar, theme.filled(tone));
    write_on_bar(left, right, bar, buffer);
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
    let right = format!(
        "{}{}",
        circumstances(model),
        if model.is_paused() { "  HELD" } else { "" }
    );
    match model.ending {
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
        (None, Some(failover)) if model.shown_at().since(failover.began).as_millis() > 0 => {
            let stopwatch = stopwatch(model, failover);
            (
                missing_tone(cluster),
                format!("{}  {stopwatch}", leaderless(cluster)),
                right,
            )
        }
        (None, _) => (missing_tone(cluster), leaderless(cluster), right),
    }
}

fn reigning(theme: Theme, reign: &Reign) -> String {
    let star = theme.shape(NodeState::Leading);
    format!("{star} NODE {} LEADS", reign.ballot.id)
}

fn stopwatch(model: &Model, failover: &Failover) -> String {
    let seconds = model.shown_at().since(failover.began).as_secs_f64();
    format!("{seconds:.1} s")
}

/// Says why nobody leads: nobody is there, too few are, or they are at it.
fn leaderless(cluster: &Cluster) -> String {
    let states = || {
        cluster
            .nodes
            .values()
            .map(crate::dashboard::cluster::node::Node::state)
    };
    if !states().any(NodeState::is_alive) {
        return if states().all(|state| state == NodeState::NeverStarted) {
            "STARTING".to_owned()
        } else {
            "NO NODE IS UP".to_owned()
        };
    }
    if states().any(|state| state == NodeState::CutOff) {
        return "NO LEADER: too few nodes for a quorum".to_owned();
    }
    "NO LEADER: electing".to_owned()
}

fn missing_tone(cluster: &Cluster) -> Tone {
    let started = |node: &crate::dashboard::cluster::node::Node| node.state() != NodeState::NeverStarted;
    let had_leader = !cluster.leadership.history.is_empty();
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

/// Writes the phases, and beside them how long every change of leader took, if there is room.
fn write_phases(model: &Model, area: Rect, buffer: &mut Buffer) {
    let (phases, all) = (phases(model), all_changes(model));
    if phases.width() + all.width() + 2 <= usize::from(area.width) {
        all.alignment(Alignment::Right).render(area, buffer);
    }
    phases.render(area, buffer);
}

/// Returns how long the changes of leader took that were seen, once there were some.
fn all_changes(model: &Model) -> Line<'static> {
    let changes = model.shown().leadership.history.iter();
    let changes = changes.filter(|failover| failover.cause.leader().is_some());
    let mut took: Vec<Duration> = changes.filter_map(|failover| failover.serving).collect();
    took.sort_unstable();
    let (Some(best), Some(worst), true) = (took.first(), took.last(), took.len() > 1) else {
        return Line::default();
    };
    let median = took[took.len() / 2];
    let text = format!(
        "{} changes of leader: best {}, median {}, worst {}",
        took.len(),
        words::span(*best),
        words::span(median),
        words::span(*worst)
    );
    Line::styled(text, model.setup.theme.quiet())
}

/// Says how a cause is meant: what was done in order is no loss.
const fn tone_of(cause: Cause) -> Tone {
    match cause {
        Cause::Start | Cause::HandedOver(_) => Tone::Good,
        Cause::Stopped(_) | Cause::SteppedDown(_) => Tone::Busy,
        Cause::Frozen(_) => Tone::Cold,
        Cause::Killed(_) | Cause::Crashed(_) | Cause::Suspected(_) => Tone::Bad,
    }
}

/// Returns the phases of the failover that runs, or of the last one.
fn phases(model: &Model) -> Line<'static> {
    let (theme, leadership) = (model.setup.theme, &model.shown().leadership);
    let Some(failover) = leadership.running.as_ref().or(leadership.last()) else {
        let hint = match model.setup.control {
            Control::Supervised => "no failover yet; ! kills the leader",
            Control::Attached => "no failover seen yet",
        };
        return Line::styled(hint, theme.quiet());
    };
    let arrow = theme.pick(" → ", " -> ");
    let old = failover
        .cause
        .leader()
        .map_or_else(String::new, |node| format!("node {node} "));
    let mut spans = vec![Span::styled(
        format!("{old}{}", failover.cause.word()),
        theme.tone(tone_of(failover.cause)),
    )];
    let heir = failover
        .heir
        .map_or_else(String::new, |heir| format!("node {} ", heir.id));
    // A frozen process closes nothing: only the next heartbeat can find it out.
    if failover.suspected.is_none() && matches!(failover.cause, Cause::Frozen(_)) {
        let at_the_latest = words::span(model.setup.timing.promise());
        spans.push(Span::styled(
            format!("{arrow}suspected within {at_the_latest}, unless it goes on"),
            theme.quiet(),
        ));
    }
    let known = [
        ("suspected".to_owned(), failover.suspected),
        (format!("{heir}elected"), failover.elected),
        ("serving".to_owned(), failover.serving),
        ("first upload".to_owned(), failover.first_upload),
    ];
    for (word, after) in known {
        if let Some(after) = after {
            spans.push(Span::styled(arrow, theme.quiet()));
            spans.push(Span::raw(word));
            spans.push(Span::styled(format!(" {}", words::span(after)), theme.strong()));
        }
    }
    Line::from(spans)
}
