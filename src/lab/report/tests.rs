//! Reports of made-up runs.

use std::time::Duration;

use super::{Run, json, junit};
use crate::dashboard::lane::{Checked, Lane};
use crate::lab::play::line;
use crate::lab::play::verdict::{Outcome, Played, Verdict};

fn verdict(number: usize, outcome: Outcome) -> Verdict {
    Verdict {
        line: number,
        text: "expect a <leader> within 1s".to_owned(),
        at: Duration::from_millis(2500),
        took: Duration::from_secs(1),
        after_action: Some(Duration::from_millis(12)),
        outcome,
        seen: "node 1 & \"others\"".to_owned(),
    }
}

fn run(last: Outcome) -> Run {
    let mut lane = Lane::default();
    lane.acknowledged = 7;
    lane.retried = 2;
    lane.checked = Some(Checked {
        acknowledged: 7,
        lost: 0,
    });
    let skipped = match last {
        Outcome::Held => Vec::new(),
        Outcome::Failed => vec![(9, "expect no acknowledged upload lost".to_owned())],
    };
    let played = Played {
        title: "A title".to_owned(),
        verdicts: vec![verdict(3, Outcome::Held), verdict(5, last)],
        skipped,
        lane,
        longest: Duration::from_millis(120),
        without_service: Duration::from_millis(240),
        took: Duration::from_secs(3),
    };
    Run {
        name: "x".to_owned(),
        played,
    }
}

#[test]
fn junit_counts_cases_and_says_what_was_seen_instead() {
    let xml = junit(&[run(Outcome::Held), run(Outcome::Failed)]);
    assert!(
        xml.contains(
            r#"<testsuites name="heirloom demo" tests="5" failures="1" errors="0" skipped="1" time="6.000">"#
        ),
        "{xml}"
    );
    assert!(
        xml.contains(r#"name="line 3: expect a &lt;leader&gt; within 1s" time="1.000"/>"#),
        "{xml}"
    );
    assert!(xml.contains(r#"<failure message="node 1 &amp; &quot;others&quot;">line 5, 2.500 s after the beginning: node 1 &amp; &quot;others&quot;</failure>"#), "{xml}");
    assert!(
        xml.contains(r#"name="line 9: expect no acknowledged upload lost"><skipped/>"#),
        "{xml}"
    );
}

#[test]
fn json_holds_the_same() {
    let report: serde_json::Value = serde_json::from_str(&json(&[run(Outcome::Failed)])).expect("JSON");
    assert_eq!(report["passed"], false);
    let run = &report["runs"][0];
    assert_eq!(
        (&run["found"][1]["line"], &run["found"][1]["outcome"]),
        (&5.into(), &"failed".into())
    );
    assert_eq!(run["load"]["checked"]["lost"], 0);
    assert_eq!(run["skipped"][0]["line"], 9);
}

#[test]
fn the_last_line_says_what_it_came_to() {
    assert_eq!(
        line::ended(&run(Outcome::Held).played),
        "passed in 3000 ms: 2 of 2 as expected; 7 requests ok, 2 retried, 0 failed, \
         120 ms without service at most, 240 ms in all; 7 acknowledged, 0 lost"
    );
    assert!(line::ended(&run(Outcome::Failed).played).starts_with("failed in 3000 ms: 1 of 3 as expected"));
    assert_eq!(
        line::judged(&verdict(5, Outcome::Failed)),
        "\u{2717} line 5: expect a <leader> within 1s: not so after 1000 ms: node 1 & \"others\""
    );
}
