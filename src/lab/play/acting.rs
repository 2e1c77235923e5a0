//! From what a scenario does to what is to be done: who is meant now, and which wish or fault that is.

use super::Cue;
use super::scene::Scene;
use crate::event::line::nodes;
use crate::event::process::Wish;
use crate::id::NodeId;
use crate::lab::scenario::action::{Action, Deed, Harm, Who, Whom};

/// Returns who is meant, in words where the action does not say it, and what is to be done.
///
/// # Errors
///
/// When nobody is now what the action names.
pub(super) fn cues_of(scene: &Scene<'_>, action: &Action) -> Result<(String, Vec<Cue>), String> {
    match action {
        Action::Process(deed, whom) => {
            let (names, found) = found(scene, *deed, *whom)?;
            let wishes = found.into_iter().map(|node| Cue::Wish(wish(*deed, node)));
            Ok((names, wishes.collect()))
        }
        Action::Fault(harm) => fault(scene, harm),
        Action::LoadOn(load) => Ok((String::new(), vec![Cue::LoadOn(*load)])),
        Action::LoadOff => Ok((String::new(), vec![Cue::LoadOff])),
    }
}

fn found(scene: &Scene<'_>, deed: Deed, whom: Whom) -> Result<(String, Vec<NodeId>), String> {
    match whom {
        Whom::One(Who::Node(node)) => Ok((String::new(), vec![node])),
        Whom::One(who @ (Who::Leader | Who::Heir)) => {
            let node = scene.find(who)?;
            Ok((format!("node {node}"), vec![node]))
        }
        Whom::All => {
            let all = scene.all_for(deed);
            Ok((nodes(&all), all))
        }
    }
}

fn fault(scene: &Scene<'_>, harm: &Harm) -> Result<(String, Vec<Cue>), String> {
    let names: Vec<String> = [Who::Leader, Who::Heir]
        .into_iter()
        .filter(|who| harm.names().contains(who))
        .map(|who| scene.find(who).map(|node| format!("{who} is node {node}")))
        .collect::<Result<_, _>>()?;
    let nobody = || "nobody is what it names".to_owned();
    let fault = harm.with(|who| scene.find(who).ok()).ok_or_else(nobody)?;
    Ok((names.join(", "), vec![Cue::Fault(fault)]))
}

fn wish(deed: Deed, node: NodeId) -> Wish {
    match deed {
        Deed::Kill => Wish::Kill(node),
        Deed::Stop => Wish::Stop(node),
        Deed::Freeze => Wish::Freeze(node),
        Deed::Thaw => Wish::Thaw(node),
        Deed::Start => Wish::Start(node),
        Deed::Restart => Wish::Restart(node),
    }
}
