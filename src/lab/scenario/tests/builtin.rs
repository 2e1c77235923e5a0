//! What is built in: that it can be played, and that its captions tell the story in its order.

use super::members;
use crate::dashboard::message::Message;
use crate::dashboard::stage::{News, NewsKind, Stage};
use crate::dashboard::testing::Scene;
use crate::lab::scenario::action::Action;
use crate::lab::scenario::check::check;
use crate::lab::scenario::{Expectation, Instruction, Step, builtin, parse};

/// What is built in, with each caption beside the steps up to the next one.
fn told() -> Vec<(&'static str, String, Vec<Step>)> {
    let mut told = Vec::new();
    for builtin in builtin::ALL {
        let read = parse(builtin.text).unwrap_or_else(|mistakes| panic!("{mistakes}"));
        for step in read.steps {
            match (&step.what, told.last_mut()) {
                (Instruction::Say(text), _) => told.push((builtin.name, text.clone(), Vec::new())),
                (_, Some((_, _, steps))) => steps.push(step),
                (_, None) => panic!("{} begins without a word", builtin.name),
            }
        }
    }
    told
}

#[test]
fn the_built_in_scenarios_are_valid_in_the_cluster_they_want() {
    for builtin in builtin::ALL {
        let read = parse(builtin.text)
            .unwrap_or_else(|mistakes| panic!("{}", mistakes.shown(builtin.name, builtin.text)));
        let nodes = members(read.wants.nodes.expect("said"));
        assert_eq!(check(&read, &nodes), [], "{}", builtin.name);
        assert_eq!(
            parse(&read.to_string()).map(|read| read.to_string()),
            Ok(read.to_string())
        );
    }
}

#[test]
fn captions_announce_what_is_done_after_them_and_never_tell_it_as_if_it_had_been_done() {
    for (name, caption, steps) in told() {
        let harms =
            |step: &&Step| matches!(step.what, Instruction::Do(Action::Process(..) | Action::Fault(_)));
        let announces = |word: &str| caption.contains(word);
        assert_eq!(
            steps.iter().any(|step| harms(&step)),
            announces("Next, ") && !announces("two clients begin"),
            "{name}: {caption}"
        );
        let reads_back = steps
            .iter()
            .any(|step| step.what == Instruction::Expect(Expectation::NothingLost));
        assert_eq!(reads_back, announces("Last, "), "{name}: {caption}");
    }
}

#[test]
fn what_is_built_in_ends_with_what_has_been_shown() {
    for builtin in builtin::ALL {
        let read = parse(builtin.text).unwrap_or_else(|mistakes| panic!("{mistakes}"));
        let last = read.steps.last().map(|step| &step.what);
        assert!(
            matches!(last, Some(Instruction::Say(_))),
            "{}: {last:?}",
            builtin.name
        );
    }
}

#[test]
fn captions_of_what_is_built_in_leave_room_for_what_is_found_on_80_columns() {
    let found = "wait until everybody agrees on node 3 within 20s: node 3 leads, epoch 31 (after 12345 ms)";
    for (name, caption, _) in told() {
        let mut scene = Scene::led(80, 24);
        let news = News {
            kind: NewsKind::Held,
            text: found.to_owned(),
        };
        scene.send(Message::Stage(Box::new(Stage {
            caption: caption.clone(),
            news: Some(news),
            ..Stage::default()
        })));
        let text = scene.text();
        let last = caption.rsplit(' ').next().expect("a word");
        assert!(
            text.contains(last) && text.contains("(after 12345 ms)"),
            "{name}:\n{text}"
        );
    }
}
