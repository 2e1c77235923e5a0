//! The line that moves while simulations run, and what ends them.

use std::sync::atomic::{AtomicBool, Ordering};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::plan::Plan;
use crate::simulation::Observer;
use crate::time::Time;

/// Looks on at one run after another: shows how far it is, and ends it when a person wants that.
pub(super) struct Live<'a> {
    stop: &'a AtomicBool,
    plan: &'a Plan,
    line: ProgressBar,
    nodes: u16,
    run: u32,
}

impl<'a> Live<'a> {
    /// Shows it on standard error, if that is a terminal.
    pub(super) fn on_terminal(stop: &'a AtomicBool, plan: &'a Plan) -> Self {
        let line = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        let style = ProgressStyle::with_template("  {msg}");
        line.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
        Self {
            stop,
            plan,
            line,
            nodes: 0,
            run: 0,
        }
    }

    /// The next run begins, counted from 0.
    pub(super) fn begin(&mut self, nodes: u16, run: u32) {
        (self.nodes, self.run) = (nodes, run);
    }

    pub(super) fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

impl Observer for Live<'_> {
    fn goes_on(&mut self, now: Time) -> bool {
        if !self.line.is_hidden() {
            self.line.set_message(format!(
                "{} nodes  run {} of {}  {:.0} s of {} s",
                self.nodes,
                self.run + 1,
                self.plan.runs(self.nodes),
                now.since(Time::ZERO).as_secs_f64(),
                self.plan.duration.as_secs(),
            ));
        }
        !self.stopped()
    }
}

impl Drop for Live<'_> {
    fn drop(&mut self) {
        self.line.finish_and_clear();
    }
}
