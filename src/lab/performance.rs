//! A scenario on its way through a real cluster: the player joined with the load's clients.
//!
//! Whoever shows it (without a screen, or on the dashboard) owns the processes, folds what they tell, and
//! carries out what concerns them; the load is carried out here.

use super::load::{LoadClients, News};
use super::play::scene::Scene;
use super::play::verdict::Played;
use super::play::{Cue, Player};
use crate::dashboard::cluster::Cluster;
use crate::dashboard::lane::Lane;
use crate::time::Time;

/// A scenario on its way.
#[derive(Debug)]
pub struct Performance {
    player: Player,
    load: LoadClients,
}

impl Performance {
    /// Makes a performance that has not begun.
    #[must_use]
    pub fn new(player: Player, load: LoadClients) -> Self {
        Self { player, load }
    }

    /// Looks at the cluster, after everything that was told is folded in; returns what is left to be done.
    pub fn look(&mut self, now: Time, cluster: &Cluster) -> Vec<Cue> {
        let lane = *self.load.lane();
        let scene = Scene { cluster, lane: &lane };
        let cues = self.player.look(now, &scene);
        self.carry_out(now, cues)
    }

    /// Looks at the cluster after one of many things was folded in.
    pub fn glance(&mut self, now: Time, cluster: &Cluster) -> Vec<Cue> {
        let lane = *self.load.lane();
        let scene = Scene { cluster, lane: &lane };
        let cues = self.player.glance(now, &scene);
        self.carry_out(now, cues)
    }

    /// Folds in that a fault could not be done.
    pub fn refused(&mut self, now: Time, why: String) -> Vec<Cue> {
        let cues = self.player.refused(now, why);
        self.carry_out(now, cues)
    }

    /// Waits for news of the load. May be cancelled.
    pub async fn news(&mut self) -> News {
        self.load.next().await
    }

    /// Folds in news of the load.
    pub fn heard(&mut self, now: Time, news: News) -> Vec<Cue> {
        match self.load.heard(now, news) {
            Some(checked) => {
                let cues = self.player.checked(now, &checked);
                self.carry_out(now, cues)
            }
            None => Vec::new(),
        }
    }

    /// Ends what it does to the cluster, wherever it stands: nobody uploads into a cluster that stops.
    pub fn end(&mut self, now: Time) {
        self.load.end(now);
        self.load.give_up_checking();
    }

    /// Returns what the scenario is about.
    #[must_use]
    pub fn title(&self) -> &str {
        self.player.title()
    }

    /// Goes on from a caption.
    pub fn next(&mut self) {
        self.player.next();
    }

    /// Says whether it waits for somebody to ask for the next.
    #[must_use]
    pub fn waits_for_next(&self) -> bool {
        self.player.waits_for_next()
    }

    /// Says whether nothing more happens.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.player.is_over()
    }

    /// Returns when to look again though nothing was told.
    #[must_use]
    pub fn due(&self) -> Option<Time> {
        self.player.poll_timeout()
    }

    /// Returns what the load came to so far.
    #[must_use]
    pub fn lane(&self) -> &Lane {
        self.load.lane()
    }

    /// Returns what it came to by `now`.
    #[must_use]
    pub fn played(&self, now: Time) -> Played {
        self.player.played(now, self.load.lane())
    }

    fn carry_out(&mut self, now: Time, cues: Vec<Cue>) -> Vec<Cue> {
        let mut left = Vec::new();
        for cue in cues {
            match cue {
                Cue::LoadOn(load) => self.load.begin(now, load),
                Cue::LoadOff => self.load.end(now),
                Cue::Check => self.load.check(),
                Cue::Over => {
                    self.load.end(now);
                    left.push(cue);
                }
                Cue::Say(_)
                | Cue::Doing { .. }
                | Cue::Wish(_)
                | Cue::Fault(_)
                | Cue::Watching(_)
                | Cue::Judged(_) => left.push(cue),
            }
        }
        left
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::client::ClientConfig;
    use crate::config::Timing;
    use crate::dashboard::testing::Scene;
    use crate::lab::play::Pace;
    use crate::lab::scenario::parse;

    /// A scenario in a cluster of which no node is there.
    fn performance(lines: &str, folder: &tempfile::TempDir) -> Performance {
        let scenario = parse(&format!("title t\n{lines}")).expect("valid");
        let player = Player::new(scenario, Timing::FAST, Pace::Unread);
        let scene = Scene::led(80, 24);
        let config = ClientConfig {
            cluster: scene.model.setup.cluster.clone(),
            user: "demo".parse().expect("a name"),
            images_dir: folder.path().to_owned(),
            image_bytes_max: 1 << 20,
            deadline: Duration::from_secs(10),
        };
        Performance::new(player, LoadClients::new(config, folder.path().to_owned()))
    }

    fn at(ms: u64) -> Time {
        Time::ZERO + Duration::from_millis(ms)
    }

    #[tokio::test]
    async fn whoever_ends_a_scenario_ends_its_load() {
        let folder = tempfile::tempdir().expect("made");
        let mut early = performance("load on\nwait 60m", &folder);
        let scene = Scene::led(80, 24);
        early.look(at(0), &scene.model.cluster);
        assert_eq!(early.lane().clients, 2);
        early.end(at(1000));
        assert_eq!(early.lane().clients, 0);
        assert_eq!(
            early.lane().running(at(9000)),
            Duration::ZERO,
            "nobody waits any more"
        );
        early.load.are_gone().await;
    }

    #[tokio::test]
    async fn a_load_ends_with_a_fault_that_is_refused() {
        let folder = tempfile::tempdir().expect("made");
        let mut refused = performance("load on\ncut around node 3\nwait 60m", &folder);
        let scene = Scene::led(80, 24);
        refused.look(at(0), &scene.model.cluster);
        let cues = refused.look(at(1), &scene.model.cluster);
        assert!(matches!(cues.last(), Some(Cue::Fault(_))), "{cues:?}");
        let cues = refused.refused(at(2), "no".to_owned());
        assert_eq!(cues.last(), Some(&Cue::Over));
        assert_eq!(refused.lane().clients, 0);
        refused.load.are_gone().await;
    }
}
