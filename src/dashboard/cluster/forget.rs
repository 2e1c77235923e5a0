//! Forgetting what was, and keeping what is: a cluster to begin with, for the next audience.

use super::Cluster;
use crate::time::Time;

impl Cluster {
    /// Forgets what the panels tell of the past; what nodes are, and what runs, stays known.
    ///
    /// Nothing that is stored is touched.
    pub(in crate::dashboard) fn forget(&mut self, now: Time) {
        self.leadership.forget(now);
        self.requests.forget();
        self.tape.forget(now);
        self.elections.forget();
        self.logs.forget();
    }
}

#[cfg(test)]
mod tests {
    use crate::dashboard::cluster::failover::Cause;
    use crate::dashboard::cluster::logs::LogSource;
    use crate::dashboard::cluster::node::NodeState;
    use crate::dashboard::testing::{Scene, node};
    use crate::event::RequestKind;
    use crate::event::process::{ProcessFact, ProcessSignal};

    #[test]
    fn what_was_is_forgotten_and_what_is_stays_known() {
        let mut scene = Scene::led(120, 40);
        scene.upload(3, 1, 1, "test_image.png").after(500);
        scene.kill(3).suspect(2, 3).elect(2, 2, &[1, 2]).after(900);
        scene.upload_begins(2, 2, 1, "still going up.png");
        let reign = scene.model.cluster.leadership.reign;
        let now = scene.now();
        let cluster = &mut scene.model.cluster;
        cluster.forget(now);
        assert_eq!(
            (cluster.leadership.reign, cluster.leader()),
            (reign, Some(node(2)))
        );
        assert_eq!(cluster.leadership.history.len(), 0);
        assert_eq!(
            (cluster.elections.count(), cluster.elections.newest().count()),
            (0, 0)
        );
        assert_eq!(cluster.requests.done(RequestKind::Upload), 0);
        assert_eq!(cluster.requests.len(), 1, "what runs is no past");
        assert_eq!(cluster.logs.len(LogSource::Merged), 0);
        for number in 1..=3 {
            assert_eq!(cluster.tape.marks(node(number)).count(), 0);
            let spans: Vec<_> = cluster.tape.spans(node(number)).map(|span| span.from).collect();
            assert_eq!(spans, [now]);
        }
        let state = |number| cluster.nodes[&node(number)].state();
        assert_eq!((state(2), state(3)), (NodeState::Leading, NodeState::Dead));
    }

    #[test]
    fn who_had_nobody_to_lead_begins_like_a_cluster_that_starts() {
        let mut scene = Scene::led(120, 40);
        scene.kill(3).kill(2).suspect(1, 3).after(60_000);
        let now = scene.now();
        scene.model.cluster.forget(now);
        let text = scene.text();
        let stopwatch = text.lines().nth(3).expect("below the bar");
        assert!(stopwatch.starts_with(" started"), "{stopwatch}");
        scene.after(2000).elect(1, 2, &[1]);
        let leadership = &scene.model.cluster.leadership;
        let last = leadership.last().expect("it ended");
        assert_eq!((last.cause, last.began), (Cause::Start, now));
        assert_eq!(leadership.history.len(), 1);
    }

    #[test]
    fn a_leader_that_was_frozen_goes_on_as_if_nothing_had_been() {
        let mut scene = Scene::led(120, 40);
        for signal in [ProcessSignal::Freeze, ProcessSignal::Thaw] {
            scene.process(3, ProcessFact::Signalled { signal }).after(100);
            let now = scene.now();
            scene.model.cluster.forget(now);
        }
        let leadership = &scene.model.cluster.leadership;
        assert_eq!((leadership.running, leadership.history.len()), (None, 0));
        assert!(scene.text().contains("NODE 3 LEADS"), "{}", scene.text());
    }

    #[test]
    fn what_happens_afterwards_is_told_again() {
        let mut scene = Scene::led(120, 40);
        let now = scene.now();
        scene.model.cluster.forget(now);
        scene.kill(3).suspect(2, 3).elect(2, 2, &[1, 2]);
        let cluster = &scene.model.cluster;
        assert_eq!(cluster.leadership.history.len(), 1);
        assert_eq!(cluster.elections.count(), 1);
        assert!(cluster.logs.len(LogSource::Merged) > 0);
    }
}
