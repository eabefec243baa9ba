//! Canary: step by step from the stable version to the wanted one.

use super::{Progress, Work, analysis, length, replica_sets, traffic};
use crate::controllers::read::{self, Round, number_or_percent};
use serde_json::{Value, json};

/// Goes on as far as it can at this instant.
pub(super) fn advance(work: &mut Work<'_>) -> Progress {
    let stable = work.stable();
    if stable.is_empty() {
        return first(work);
    }
    if stable == work.hash {
        return rest(work);
    }
    if work.status["abort"] == true {
        return give_up(work, "");
    }
    point_services(work);
    match background(work) {
        Some(analysis::Verdict::Failed(why)) => {
            work.status["abort"] = json!(true);
            return give_up(
                work,
                &format!("Background analysis phase error/failed{why}"),
            );
        }
        Some(analysis::Verdict::Inconclusive) => {
            if work.pause_of(HELD).is_none() {
                work.pause(HELD);
            }
            return Progress::Paused;
        }
        _ => {}
    }
    let steps = steps(work);
    loop {
        let index = index(work);
        let Some(step) = steps.get(index) else {
            return finish(work);
        };
        match one_step(work, &steps, index, step) {
            Step::Done => next(work, index),
            Step::Waits(progress) => return progress,
        }
    }
}

/// The pause of an analysis without an answer.
const HELD: &str = "InconclusiveAnalysisRun";

enum Step {
    Done,
    Waits(Progress),
}

fn steps(work: &Work<'_>) -> Vec<Value> {
    read::items(&work.rollout, "/spec/strategy/canary/steps").to_vec()
}

fn index(work: &Work<'_>) -> usize {
    work.status["currentStepIndex"]
        .as_u64()
        .and_then(|index| usize::try_from(index).ok())
        .unwrap_or_default()
}

fn next(work: &mut Work<'_>, index: usize) {
    work.status["currentStepIndex"] = json!(index + 1);
    forget_pause(work);
}

fn forget_pause(work: &mut Work<'_>) {
    if let Some(status) = work.status.as_object_mut() {
        status.shift_remove("pauseConditions");
        status.shift_remove("controllerPause");
    }
}

/// The first version comes up whole: there is nothing to be careful of.
fn first(work: &mut Work<'_>) -> Progress {
    let (hash, wanted) = (work.hash.clone(), work.wanted());
    replica_sets::scale(work, &hash, wanted);
    if !replica_sets::settled(work, &hash, wanted) {
        return Progress::Moving;
    }
    work.status["stableRS"] = json!(hash);
    rest(work)
}

/// The wanted version is the stable one.
fn rest(work: &mut Work<'_>) -> Progress {
    let (hash, wanted) = (work.hash.clone(), work.wanted());
    work.status["currentStepIndex"] = json!(steps(work).len());
    forget_pause(work);
    point_services(work);
    traffic::set_weight(work, 0);
    replica_sets::scale(work, &hash, wanted);
    let delay = if traffic::is_routed(&work.rollout) {
        delay(work)
    } else {
        Value::Null
    };
    let gone = replica_sets::retire(work, &[&hash], &delay);
    if gone && replica_sets::settled(work, &hash, wanted)
        || replica_sets::available(work, &hash) >= wanted
    {
        Progress::Healthy
    } else {
        Progress::Moving
    }
}

/// Seconds until an old version goes after traffic has left it; 30 unless written.
fn delay(work: &Work<'_>) -> Value {
    let written = &work.rollout["spec"]["strategy"]["canary"]["scaleDownDelaySeconds"];
    if written.is_null() {
        json!(30)
    } else {
        written.clone()
    }
}

fn give_up(work: &mut Work<'_>, why: &str) -> Progress {
    let (stable, wanted, hash) = (work.stable(), work.wanted(), work.hash.clone());
    traffic::set_weight(work, 0);
    replica_sets::scale(work, &stable, wanted);
    replica_sets::scale(work, &hash, 0);
    Progress::Aborted(why.to_owned())
}

fn finish(work: &mut Work<'_>) -> Progress {
    let (hash, stable, wanted) = (work.hash.clone(), work.stable(), work.wanted());
    let routed = traffic::is_routed(&work.rollout);
    let old = if routed { wanted } else { 0 };
    let there = balance(work, &hash, &stable, wanted, old);
    if !there {
        return Progress::Moving;
    }
    traffic::set_weight(work, 100);
    work.status["stableRS"] = json!(hash);
    rest(work)
}

/// Weight that holds at a step: the last one set up to it.
fn weight_at(steps: &[Value], index: usize) -> u64 {
    steps[..=index]
        .iter()
        .rev()
        .find_map(|step| step["setWeight"].as_u64())
        .unwrap_or_default()
}

/// Pods of the canary that hold at a step.
fn canary_count(steps: &[Value], index: usize, wanted: u64) -> u64 {
    let share = |weight: u64| (wanted * weight).div_ceil(100);
    for step in steps[..=index].iter().rev() {
        let Some(scale) = step.get("setCanaryScale") else {
            continue;
        };
        if scale["matchTrafficWeight"] == true {
            break;
        }
        if let Some(count) = scale["replicas"].as_u64() {
            return count;
        }
        return share(scale["weight"].as_u64().unwrap_or_default());
    }
    share(weight_at(steps, index))
}

fn one_step(work: &mut Work<'_>, steps: &[Value], index: usize, step: &Value) -> Step {
    let (hash, stable, wanted) = (work.hash.clone(), work.stable(), work.wanted());
    let weight = weight_at(steps, index);
    let canary = canary_count(steps, index, wanted);
    let old = if traffic::is_routed(&work.rollout) {
        wanted
    } else {
        wanted.saturating_sub(canary)
    };
    let there = balance(work, &hash, &stable, canary, old);
    if there {
        traffic::set_weight(work, weight);
    }
    if step.get("setWeight").is_some() || step.get("setCanaryScale").is_some() {
        return if there {
            Step::Done
        } else {
            Step::Waits(Progress::Moving)
        };
    }
    if let Some(pause) = step.get("pause") {
        return paused(work, pause);
    }
    if let Some(wanted) = step.get("analysis") {
        let told = "currentStepAnalysisRunStatus";
        return match analysis::run(work, wanted, &index.to_string(), told) {
            analysis::Verdict::Running => Step::Waits(Progress::Moving),
            analysis::Verdict::Passed => Step::Done,
            analysis::Verdict::Inconclusive => {
                if work.pause_of(HELD).is_none() {
                    work.pause(HELD);
                }
                Step::Waits(Progress::Paused)
            }
            analysis::Verdict::Failed(why) => {
                work.status["abort"] = json!(true);
                let why = format!("Step-based analysis phase error/failed{why}");
                Step::Waits(give_up(work, &why))
            }
        };
    }
    Step::Done
}

/// A pause ends by itself after its length, or when somebody takes its condition away.
fn paused(work: &mut Work<'_>, pause: &Value) -> Step {
    let Some(known) = work.pause_of("CanaryPauseStep") else {
        if work.status["controllerPause"] == true {
            return Step::Done;
        }
        work.pause("CanaryPauseStep");
        return paused(work, pause);
    };
    let start = read::instant(&known, "/startTime").unwrap_or_else(|| work.state.now());
    let timed = pause.get("duration").filter(|duration| !duration.is_null());
    match timed {
        Some(duration) if work.has_passed(start, length(duration)) => Step::Done,
        _ => Step::Waits(Progress::Paused),
    }
}

/// What the analysis beside the steps says, once it runs.
fn background(work: &mut Work<'_>) -> Option<analysis::Verdict> {
    let wanted = work
        .rollout
        .pointer("/spec/strategy/canary/analysis")?
        .clone();
    let start = wanted["startingStep"]
        .as_u64()
        .and_then(|step| usize::try_from(step).ok())
        .unwrap_or_default();
    if index(work) < start {
        return None;
    }
    let told = "currentBackgroundAnalysisRunStatus";
    Some(analysis::run(work, &wanted, "", told))
}

/// Services named for a version follow it.
fn point_services(work: &mut Work<'_>) {
    let service = |field: &str| {
        read::text(&work.rollout, &format!("/spec/strategy/canary/{field}")).to_owned()
    };
    let (canary, stable_service) = (service("canaryService"), service("stableService"));
    let (hash, stable) = (work.hash.clone(), work.stable());
    work.select(&canary, &hash);
    work.select(&stable_service, &stable);
    traffic::set_versions(work, &hash, &stable);
}

/// Moves both versions towards their counts, within surge and unavailability; whether they are there.
///
/// Both default to 25 %; if both come to nothing, one pod may be missing, else nothing would move.
fn balance(work: &mut Work<'_>, new: &str, old: &str, new_count: u64, old_count: u64) -> bool {
    let wanted = work.wanted();
    let bound = |field: &str, round: Round| {
        let written = &work.rollout["spec"]["strategy"]["canary"][field];
        let value = if written.is_null() {
            json!("25%")
        } else {
            written.clone()
        };
        let total = i64::try_from(wanted).unwrap_or(i64::MAX);
        number_or_percent(&value, total, round)
            .and_then(|number| u64::try_from(number).ok())
            .unwrap_or_default()
    };
    let surge = bound("maxSurge", Round::Up);
    let missing = bound("maxUnavailable", Round::Down).max(u64::from(surge == 0));
    let routed = traffic::is_routed(&work.rollout);
    let (new_now, old_now) = (
        replica_sets::wanted(work, new),
        replica_sets::wanted(work, old),
    );
    let room = (wanted + surge).saturating_sub(old_now);
    let new_next = if new_count > new_now && !routed {
        new_count.min(room.max(new_now))
    } else {
        new_count
    };
    replica_sets::scale(work, new, new_next);
    let floor = wanted
        .saturating_sub(missing)
        .saturating_sub(replica_sets::available(work, new));
    let old_next = if old_count < old_now {
        old_count.max(floor.min(old_now))
    } else {
        old_count
    };
    replica_sets::scale(work, old, old_next);
    replica_sets::settled(work, new, new_count) && replica_sets::wanted(work, old) == old_count
}
