//! A scenario on its way through a real cluster: the player joined with the load's clients and the captions.
//!
//! Whoever shows it (without a screen, or on the dashboard) owns the processes, folds what they tell, and
//! lends it [`Hands`] for what concerns them; the load is its own.

use std::collections::VecDeque;

use super::captions::Captions;
use super::load::{LoadClients, News};
use super::play::scene::Scene;
use super::play::verdict::Played;
use super::play::{Cue, Player};
use crate::dashboard::cluster::Cluster;
use crate::dashboard::stage::Stage;
use crate::event::process::Wish;
use crate::fault::{Fault, FaultError};
use crate::time::Time;

/// Who does to a cluster what a scenario wants, and hears what is done and found.
pub trait Hands {
    /// Returns the time on the clock of whoever supervises the cluster.
    fn now(&mut self) -> Time;

    /// Does something to a process.
    fn wish(&mut self, wish: Wish);

    /// Makes something wrong with links or disks.
    ///
    /// # Errors
    ///
    /// With what to do about it, when it cannot be done.
    fn fault(&mut self, fault: &Fault) -> Result<(), FaultError>;

    /// Hears a cue before it is carried out; a screen shows what is [on stage](Performance::on_stage) instead.
    fn hear(&mut self, _cue: &Cue) {}
}

/// A scenario on its way.
#[derive(Debug)]
pub struct Performance {
    player: Player,
    load: LoadClients,
    captions: Captions,
}

impl Performance {
    /// Makes a performance that has not begun.
    #[must_use]
    pub fn new(player: Player, load: LoadClients) -> Self {
        let captions = Captions::new(player.title());
        Self {
            player,
            load,
            captions,
        }
    }

    /// Looks at the cluster, after everything that was told is folded in; returns whether something was done.
    pub fn look(&mut self, hands: &mut impl Hands, cluster: &Cluster) -> bool {
        let lane = *self.load.lane();
        let scene = Scene { cluster, lane: &lane };
        let cues = self.player.look(hands.now(), &scene);
        let does = !cues.is_empty();
        self.carry_out(hands, cues);
        does
    }

    /// Looks at the cluster after one of many things was folded in.
    pub fn glance(&mut self, hands: &mut impl Hands, cluster: &Cluster) {
        let lane = *self.load.lane();
        let scene = Scene { cluster, lane: &lane };
        let cues = self.player.glance(hands.now(), &scene);
        self.carry_out(hands, cues);
    }

    /// Waits for news of the load. May be cancelled.
    pub async fn news(&mut self) -> News {
        self.load.next().await
    }

    /// Folds in news of the load.
    pub fn heard(&mut self, hands: &mut impl Hands, news: News) {
        let now = hands.now();
        if let Some(checked) = self.load.heard(now, news) {
            let cues = self.player.checked(now, &checked);
            self.carry_out(hands, cues);
        }
    }

    /// Ends what it does to the cluster, wherever it stands: nobody uploads into a cluster that stops.
    pub fn end(&mut self, now: Time) {
        self.load.end(now);
        self.load.give_up_checking();
    }

    /// Goes on from a caption.
    pub fn next(&mut self) {
        self.player.next();
    }

    /// Says whether nothing more happens.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.player.is_over()
    }

    /// Returns when to look again, and at what is on stage, though nothing was told.
    #[must_use]
    pub fn due(&self) -> Option<Time> {
        [self.player.poll_timeout(), self.captions.due()]
            .into_iter()
            .flatten()
            .min()
    }

    /// Returns what it came to by `now`.
    #[must_use]
    pub fn played(&self, now: Time) -> Played {
        self.player.played(now, self.load.lane())
    }

    /// Returns what a screen shows of it, if that has changed since it was last returned.
    pub fn on_stage(&mut self, now: Time) -> Option<&Stage> {
        self.captions.changed(&self.player, *self.load.lane(), now)
    }

    /// Does what is wanted, and what comes of a fault that cannot be done.
    fn carry_out(&mut self, hands: &mut impl Hands, cues: Vec<Cue>) {
        let mut cues = VecDeque::from(cues);
        while let Some(cue) = cues.pop_front() {
            let now = hands.now();
            hands.hear(&cue);
            match &cue {
                Cue::Wish(wish) => hands.wish(*wish),
                Cue::Fault(fault) => {
                    if let Err(why) = hands.fault(fault) {
                        cues.extend(self.player.refused(now, why.to_string()));
                    }
                }
                Cue::LoadOn(load) => self.load.begin(now, *load),
                Cue::LoadOff | Cue::Over => self.load.end(now),
                Cue::Check => self.load.check(),
                Cue::Say(_) | Cue::Doing { .. } | Cue::Watching(_) | Cue::Judged(_) => {}
            }
            let played = || self.player.played(now, self.load.lane());
            self.captions.heard(&cue, played);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::client::ClientConfig;
    use crate::config::Timing;
    use crate::dashboard::stage::NewsKind;
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

    /// Whoever can do nothing to any node.
    struct Nobody {
        now: Time,
        heard: Vec<Cue>,
    }

    impl Nobody {
        fn at(ms: u64) -> Self {
            let (now, heard) = (at(ms), Vec::new());
            Self { now, heard }
        }
    }

    impl Hands for Nobody {
        fn now(&mut self) -> Time {
            self.now
        }

        fn wish(&mut self, _: Wish) {}

        fn fault(&mut self, _: &Fault) -> Result<(), FaultError> {
            Err(FaultError::NotOurs)
        }

        fn hear(&mut self, cue: &Cue) {
            self.heard.push(cue.clone());
        }
    }

    #[tokio::test]
    async fn whoever_ends_a_scenario_ends_its_load() {
        let folder = tempfile::tempdir().expect("made");
        let mut early = performance("load on\nwait 60m", &folder);
        let scene = Scene::led(80, 24);
        early.look(&mut Nobody::at(0), &scene.model.cluster);
        assert_eq!(early.load.lane().clients, 2);
        early.end(at(1000));
        assert_eq!(early.load.lane().clients, 0);
        assert_eq!(
            early.load.lane().running(at(9000)),
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
        refused.look(&mut Nobody::at(0), &scene.model.cluster);
        let mut nobody = Nobody::at(1);
        refused.look(&mut nobody, &scene.model.cluster);
        assert!(
            matches!(nobody.heard[..], [.., Cue::Fault(_), Cue::Judged(_), Cue::Over]),
            "{:?}",
            nobody.heard
        );
        assert_eq!(refused.load.lane().clients, 0);
        let stage = refused.on_stage(at(1)).expect("a verdict");
        let failed = stage.news.as_ref().map(|news| news.kind);
        assert_eq!(failed, Some(NewsKind::Failed), "{stage:?}");
        refused.load.are_gone().await;
    }
}
