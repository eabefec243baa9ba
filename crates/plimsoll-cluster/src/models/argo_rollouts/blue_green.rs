//! Blue-green: the wanted version comes up whole beside the active one, then the Service is switched.

use super::{HASH, Progress, Work, analysis, replica_sets};
use crate::controllers::read;
use jiff::SignedDuration;
use serde_json::{Value, json};

/// Goes on as far as it can at this instant.
pub(super) fn advance(work: &mut Work<'_>) -> Progress {
    let strategy = work.rollout["spec"]["strategy"]["blueGreen"].clone();
    let hash = work.hash.clone();
    let active = active(work, &strategy);
    let preview = read::text(&strategy, "/previewService");
    if !preview.is_empty() {
        work.select(preview, &hash);
        work.status["blueGreen"]["previewSelector"] = json!(hash);
    }
    let target = match strategy["previewReplicaCount"].as_u64() {
        Some(count) if !active.is_empty() && active != hash => count,
        _ => work.wanted(),
    };
    replica_sets::scale(work, &hash, target);
    if active == hash {
        return settle(work, &strategy);
    }
    if replica_sets::available(work, &hash) < target {
        return Progress::Moving;
    }
    if !active.is_empty()
        && let Some(waits) = before_promotion(work, &strategy)
    {
        return waits;
    }
    promote(work, &strategy)
}

/// The version that the active Service selects.
fn active(work: &Work<'_>, strategy: &Value) -> String {
    let service = work.state.get(
        "Service",
        work.namespace(),
        read::text(strategy, "/activeService"),
    );
    service
        .and_then(|service| {
            service["spec"]["selector"][HASH]
                .as_str()
                .map(str::to_owned)
        })
        .unwrap_or_default()
}

fn before_promotion(work: &mut Work<'_>, strategy: &Value) -> Option<Progress> {
    if let Some(wanted) = strategy.get("prePromotionAnalysis") {
        match analysis::run(
            work,
            wanted,
            "pre",
            "blueGreen/prePromotionAnalysisRunStatus",
        ) {
            analysis::Verdict::Running => return Some(Progress::Moving),
            analysis::Verdict::Failed(why) => {
                work.status["abort"] = json!(true);
                let why = format!("Blue/green pre-promotion analysis phase error/failed{why}");
                return Some(Progress::Aborted(why));
            }
            analysis::Verdict::Inconclusive => return Some(held(work)),
            analysis::Verdict::Passed => {}
        }
    }
    let seconds = strategy["autoPromotionSeconds"]
        .as_i64()
        .filter(|seconds| *seconds > 0);
    let automatic = strategy["autoPromotionEnabled"] != false;
    if automatic && seconds.is_none() {
        return None;
    }
    let Some(known) = work.pause_of("BlueGreenPause") else {
        if work.status["controllerPause"] == true {
            return None;
        }
        work.pause("BlueGreenPause");
        return before_promotion(work, strategy);
    };
    let start = read::instant(&known, "/startTime").unwrap_or_else(|| work.state.now());
    match seconds {
        Some(seconds) if work.has_passed(start, SignedDuration::from_secs(seconds)) => None,
        _ => Some(Progress::Paused),
    }
}

fn promote(work: &mut Work<'_>, strategy: &Value) -> Progress {
    let (hash, wanted) = (work.hash.clone(), work.wanted());
    replica_sets::scale(work, &hash, wanted);
    if replica_sets::available(work, &hash) < wanted {
        return Progress::Moving;
    }
    work.select(read::text(strategy, "/activeService"), &hash);
    if let Some(status) = work.status.as_object_mut() {
        status.shift_remove("pauseConditions");
        status.shift_remove("controllerPause");
    }
    settle(work, strategy)
}

/// The wanted version is active: once it has proven itself it is the stable one, and the others go.
fn settle(work: &mut Work<'_>, strategy: &Value) -> Progress {
    let (hash, wanted) = (work.hash.clone(), work.wanted());
    work.status["blueGreen"]["activeSelector"] = json!(hash);
    let is_new = work.stable() != hash && !work.stable().is_empty();
    if is_new && let Some(proof) = strategy.get("postPromotionAnalysis") {
        match analysis::run(
            work,
            proof,
            "post",
            "blueGreen/postPromotionAnalysisRunStatus",
        ) {
            analysis::Verdict::Running => return Progress::Moving,
            analysis::Verdict::Failed(why) => {
                let why = format!("Blue/green post-promotion analysis phase error/failed{why}");
                return back(work, strategy, why);
            }
            analysis::Verdict::Inconclusive => return held(work),
            analysis::Verdict::Passed => {}
        }
    }
    if replica_sets::available(work, &hash) < wanted {
        return Progress::Moving;
    }
    work.status["stableRS"] = json!(hash);
    let delay = &strategy["scaleDownDelaySeconds"];
    let delay = if delay.is_null() {
        json!(30)
    } else {
        delay.clone()
    };
    replica_sets::retire(work, &[&hash], &delay);
    Progress::Healthy
}

/// A failed proof switches the Service back.
fn back(work: &mut Work<'_>, strategy: &Value, why: String) -> Progress {
    let stable = work.stable();
    work.select(read::text(strategy, "/activeService"), &stable);
    work.status["blueGreen"]["activeSelector"] = json!(stable);
    work.status["abort"] = json!(true);
    Progress::Aborted(why)
}

/// An analysis without an answer holds until somebody promotes or aborts.
fn held(work: &mut Work<'_>) -> Progress {
    if work.pause_of("InconclusiveAnalysisRun").is_none() {
        work.pause("InconclusiveAnalysisRun");
    }
    Progress::Paused
}
