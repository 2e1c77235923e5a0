//! What a panel shows, as text: for the clipboard, for the pager.

use super::layout::Panel;
use super::message::Command;
use super::model::Model;
use super::theme::Tone;
use super::words;

/// The most that is copied, in bytes; terminals take no longer sequence, and whole lines are kept.
const COPIED_BYTES_MAX: usize = 70_000;

/// Copies what the panel in focus shows.
pub(super) fn copied(model: &mut Model) -> Vec<Command> {
    let mut lines = shown(model, model.page());
    let mut bytes: usize = lines.iter().map(|line| line.len() + 1).sum();
    let fitting = lines.iter().position(|line| {
        let fits = bytes <= COPIED_BYTES_MAX;
        bytes -= line.len() + 1;
        fits
    });
    lines.drain(..fitting.unwrap_or(lines.len()));
    if lines.is_empty() {
        model.say(Tone::Busy, "there is nothing to copy here");
        return Vec::new();
    }
    model.say(
        Tone::Accent,
        format!("copied {} lines to the clipboard", lines.len()),
    );
    vec![Command::Copy(lines.join("\n"))]
}

/// Opens everything the panel in focus knows in the pager.
pub(super) fn paged(model: &mut Model) -> Vec<Command> {
    let mut text = shown(model, usize::MAX).join("\n");
    text.push('\n');
    vec![Command::Page(text)]
}

/// Returns the lines of the panel in focus; panels without lines stand for the logs.
fn shown(model: &Model, count: usize) -> Vec<String> {
    let cluster = model.shown();
    match model.focus {
        Panel::Logs | Panel::Nodes | Panel::Rotation | Panel::Timeline => {
            let lines = model.logs.lines(&cluster.logs, count);
            lines
                .iter()
                .map(|line| format!("{} {}", words::clock(line.wall_ms), line.text))
                .collect()
        }
        Panel::Uploads => {
            let requests = cluster.requests.newest().skip(model.uploads_scroll).take(count);
            let members = cluster.nodes.len();
            requests.map(|request| words::request(request, members)).collect()
        }
        Panel::Elections => {
            let mut lines = Vec::new();
            for election in cluster.elections.newest() {
                let began = election.began();
                lines.push(words::election(model.shown_at(), election));
                lines.extend(election.steps.iter().map(|step| words::step(began, step)));
                lines.push(String::new());
            }
            lines
                .into_iter()
                .skip(model.elections_scroll)
                .take(count)
                .collect()
        }
    }
}
