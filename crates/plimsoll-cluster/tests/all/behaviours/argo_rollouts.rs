//! What Argo Rollouts does with a Rollout: on the embedded cluster its model, on a real API server the real
//! controller, which runs beside it.

use serde_json::{Value, json};

use super::behaviours;
use super::harness::{At, service};

behaviours![
    with ["argo-rollouts", "istio"]
    the_first_version_comes_up_whole,
    a_canary_stops_at_its_weight_until_somebody_promotes_it,
    a_canary_goes_on_when_its_pause_is_over,
    an_aborted_canary_leaves_the_stable_version,
    a_router_is_given_weights_and_versions,
    services_of_a_canary_follow_their_versions,
    an_analysis_that_fails_aborts,
    an_analysis_without_an_answer_holds,
    blue_and_green_wait_for_promotion_and_keep_the_old_version,
    what_is_not_there_is_named,
];

fn path(at: &At, what: &str) -> String {
    let namespace = &at.namespace;
    format!("/apis/argoproj.io/v1alpha1/namespaces/{namespace}/{what}")
}

/// Four pods of the first version, all there.
async fn running(at: &At, strategy: Value) -> Value {
    let labels = json!({ "app": "web" });
    let container = json!({ "name": "main", "image": "example.com/main:1" });
    let rollout = json!({
        "apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "metadata": { "name": "web" },
        "spec": { "replicas": 4, "selector": { "matchLabels": labels }, "strategy": strategy,
            "template": { "metadata": { "labels": labels }, "spec": { "containers": [container] } } },
    });
    at.create(&path(at, "rollouts"), rollout).await;
    until(at, |status| status["phase"] == "Healthy").await
}

async fn new_version(at: &At) {
    let image = json!([{ "op": "replace", "path": "/spec/template/spec/containers/0/image",
        "value": "example.com/main:2" }]);
    at.patch("json", &path(at, "rollouts/web"), image).await;
}

/// The status once it is so.
async fn until(at: &At, good: impl Fn(&Value) -> bool) -> Value {
    let path = path(at, "rollouts/web");
    let rollout = at.until(&path, |rollout| good(&rollout["status"])).await;
    rollout["status"].clone()
}

/// The status once it stands still. The real controller writes its conditions a moment after the phase, and
/// forgets a promotion that comes in between.
async fn paused(at: &At) -> Value {
    let stands = |status: &Value| {
        status["phase"] == "Paused"
            && condition(status, "Paused") == "True RolloutPaused"
            && condition(status, "Progressing") == "Unknown RolloutPaused"
    };
    until(at, stands).await;
    at.rest().await;
    until(at, stands).await
}

/// What `kubectl argo rollouts promote` does.
async fn promote(at: &At) {
    let resumed = json!({ "status": { "pauseConditions": null } });
    let status = path(at, "rollouts/web/status");
    at.patch("merge", &status, resumed).await;
}

/// Status and reason of a condition.
fn condition(status: &Value, name: &str) -> String {
    let all = status["conditions"].as_array().into_iter().flatten();
    let mut named = all.filter(|condition| condition["type"] == name);
    named.next().map_or_else(String::new, |condition| {
        let text = |key: &str| condition[key].as_str().unwrap_or_default().to_owned();
        format!("{} {}", text("status"), text("reason"))
    })
}

fn reasons(status: &Value) -> Vec<&str> {
    let all = status["pauseConditions"].as_array().into_iter().flatten();
    all.filter_map(|pause| pause["reason"].as_str()).collect()
}

/// Pods that the first and the second version shall have.
async fn sizes(at: &At) -> [i64; 2] {
    let sets = at.get("replicasets").await;
    let mut sizes = [0; 2];
    for set in sets["items"].as_array().expect("a list") {
        let container = &set["spec"]["template"]["spec"]["containers"][0];
        let version = usize::from(container["image"] == "example.com/main:2");
        sizes[version] += set["spec"]["replicas"].as_i64().unwrap_or_default();
    }
    sizes
}

/// The version that a Service leads to.
async fn selected(at: &At, name: &str) -> Value {
    let service = at.get(&format!("services/{name}")).await;
    service["spec"]["selector"]["rollouts-pod-template-hash"].clone()
}

async fn the_first_version_comes_up_whole(at: At) {
    let steps = json!([{ "setWeight": 25 }, { "pause": {} }]);
    let status = running(&at, json!({ "canary": { "steps": steps } })).await;
    assert_eq!(status["currentStepIndex"], 2, "no step is gone through");
    assert_eq!(status["stableRS"], status["currentPodHash"]);
    for count in [
        "replicas",
        "readyReplicas",
        "updatedReplicas",
        "availableReplicas",
        "HPAReplicas",
    ] {
        assert_eq!(status[count], 4, "{count}");
    }
    assert_eq!(condition(&status, "Available"), "True AvailableReason");
    assert_eq!(
        condition(&status, "Progressing"),
        "True NewReplicaSetAvailable"
    );
    assert_eq!(condition(&status, "Healthy"), "True RolloutHealthy");
    assert_eq!(condition(&status, "Completed"), "True RolloutCompleted");
    assert_eq!(condition(&status, "Paused"), "");
    assert!(
        status["observedGeneration"].is_string(),
        "unlike everywhere else"
    );
    assert_eq!(status["selector"], "app=web");
}

async fn a_canary_stops_at_its_weight_until_somebody_promotes_it(at: At) {
    let steps = json!([{ "setWeight": 25 }, { "pause": {} }, { "setWeight": 50 }, { "pause": {} }]);
    running(&at, json!({ "canary": { "steps": steps } })).await;
    new_version(&at).await;
    let status = paused(&at).await;
    assert_eq!(status["message"], "CanaryPauseStep");
    assert_eq!(reasons(&status), ["CanaryPauseStep"]);
    assert_eq!(status["controllerPause"], true);
    assert_eq!(status["currentStepIndex"], 1);
    assert_eq!(status["updatedReplicas"], 1);
    assert_eq!(sizes(&at).await, [3, 1]);
    assert_eq!(condition(&status, "Progressing"), "Unknown RolloutPaused");
    assert_eq!(condition(&status, "Paused"), "True RolloutPaused");
    assert_eq!(condition(&status, "Healthy"), "False RolloutHealthy");
    assert_eq!(condition(&status, "Completed"), "False RolloutCompleted");
    promote(&at).await;
    until(&at, |status| status["currentStepIndex"] == 3).await;
    paused(&at).await;
    assert_eq!(sizes(&at).await, [2, 2]);
    promote(&at).await;
    let status = until(&at, |status| status["phase"] == "Healthy").await;
    assert_eq!(status["stableRS"], status["currentPodHash"]);
    assert_eq!(status["currentStepIndex"], 4);
    assert_eq!(sizes(&at).await, [0, 4]);
    assert_eq!(condition(&status, "Paused"), "False RolloutPaused");
}

async fn a_canary_goes_on_when_its_pause_is_over(at: At) {
    let steps = json!([{ "setWeight": 50 }, { "pause": { "duration": "2s" } }]);
    running(
        &at,
        json!({ "canary": { "steps": steps, "maxSurge": 1, "maxUnavailable": 0 } }),
    )
    .await;
    new_version(&at).await;
    until(&at, |status| status["phase"] == "Paused").await;
    let status = until(&at, |status| status["phase"] == "Healthy").await;
    assert_eq!(status["stableRS"], status["currentPodHash"]);
    assert_eq!(sizes(&at).await, [0, 4]);
}

async fn an_aborted_canary_leaves_the_stable_version(at: At) {
    let steps = json!([{ "setWeight": 50 }, { "pause": {} }]);
    running(&at, json!({ "canary": { "steps": steps } })).await;
    new_version(&at).await;
    paused(&at).await;
    let abort = json!({ "status": { "abort": true } });
    at.patch("merge", &path(&at, "rollouts/web/status"), abort)
        .await;
    let status = until(&at, |status| status["phase"] == "Degraded").await;
    assert_eq!(
        status["message"],
        "RolloutAborted: Rollout aborted update to revision 2"
    );
    assert_eq!(condition(&status, "Progressing"), "False RolloutAborted");
    assert_ne!(status["stableRS"], status["currentPodHash"]);
    until(&at, |status| {
        status["availableReplicas"] == 4 && status["updatedReplicas"].as_i64().unwrap_or(0) == 0
    })
    .await;
    assert_eq!(sizes(&at).await, [4, 0]);
}

async fn a_router_is_given_weights_and_versions(at: At) {
    let routing = json!({ "istio": {
        "virtualService": { "name": "web", "routes": ["primary"] },
        "destinationRule": { "name": "web", "canarySubsetName": "canary", "stableSubsetName": "stable" },
    } });
    let to = |subset: &str, weight: u8| json!({ "destination": { "host": "web", "subset": subset }, "weight": weight });
    let mesh = "/apis/networking.istio.io/v1/namespaces";
    let virtual_service = format!("{mesh}/{}/virtualservices", at.namespace);
    let rules = format!("{mesh}/{}/destinationrules", at.namespace);
    at.create(&virtual_service, json!({
        "apiVersion": "networking.istio.io/v1", "kind": "VirtualService", "metadata": { "name": "web" },
        "spec": { "hosts": ["web"], "http": [{ "name": "primary", "route": [to("stable", 100), to("canary", 0)] }] },
    })).await;
    let subsets =
        ["stable", "canary"].map(|name| json!({ "name": name, "labels": { "app": "web" } }));
    at.create(&rules, json!({
        "apiVersion": "networking.istio.io/v1", "kind": "DestinationRule", "metadata": { "name": "web" },
        "spec": { "host": "web", "subsets": subsets },
    })).await;
    let weights = async || {
        let live = at.get(&format!("{virtual_service}/web")).await;
        [0, 1].map(|one| {
            live["spec"]["http"][0]["route"][one]["weight"]
                .as_i64()
                .unwrap_or_default()
        })
    };
    let versions = async || {
        let live = at.get(&format!("{rules}/web")).await;
        [0, 1]
            .map(|one| live["spec"]["subsets"][one]["labels"]["rollouts-pod-template-hash"].clone())
    };
    let steps = json!([{ "setWeight": 10 }, { "pause": {} }]);
    running(&at, json!({ "canary": { "steps": steps, "trafficRouting": routing, "scaleDownDelaySeconds": 2 } })).await;
    new_version(&at).await;
    let status = paused(&at).await;
    assert_eq!(weights().await, [90, 10]);
    assert_eq!(status["canary"]["weights"]["canary"]["weight"], 10);
    assert_eq!(status["canary"]["weights"]["stable"]["weight"], 90);
    assert_eq!(
        versions().await,
        [status["stableRS"].clone(), status["currentPodHash"].clone()]
    );
    assert_eq!(sizes(&at).await, [4, 1], "the stable version stays whole");
    promote(&at).await;
    let status = until(&at, |status| status["phase"] == "Healthy").await;
    // All of it goes to the canary for a moment, until that is the stable version.
    while weights().await != [100, 0] {
        at.rest().await;
    }
    let stable = status["stableRS"].clone();
    assert_eq!(versions().await, [stable.clone(), stable]);
    until(&at, |status| status["replicas"] == 4).await;
    assert_eq!(
        sizes(&at).await,
        [0, 4],
        "the old version goes a while later"
    );
}

async fn services_of_a_canary_follow_their_versions(at: At) {
    for name in ["web", "web-canary"] {
        let mut service = service(name, json!([{ "port": 80 }]));
        service["spec"]["selector"] = json!({ "app": "web" });
        at.create("services", service).await;
    }
    let steps = json!([{ "setWeight": 25 }, { "pause": {} }]);
    let strategy = json!({ "canary": { "steps": steps, "stableService": "web", "canaryService": "web-canary" } });
    let status = running(&at, strategy).await;
    assert_eq!(selected(&at, "web").await, status["stableRS"]);
    assert_eq!(selected(&at, "web-canary").await, status["stableRS"]);
    new_version(&at).await;
    let status = paused(&at).await;
    assert_eq!(selected(&at, "web").await, status["stableRS"]);
    assert_eq!(selected(&at, "web-canary").await, status["currentPodHash"]);
    assert_ne!(status["stableRS"], status["currentPodHash"]);
}

/// A canary whose analysis runs beside it and has measured nothing yet; the name of its run.
async fn analysed(at: &At) -> String {
    let metric = json!({ "name": "errors", "initialDelay": "1h",
        "provider": { "web": { "url": "http://127.0.0.1:1/", "jsonPath": "{$.x}" } }, "successCondition": "result == 1" });
    let template = json!({ "apiVersion": "argoproj.io/v1alpha1", "kind": "AnalysisTemplate",
        "metadata": { "name": "errors" }, "spec": { "metrics": [metric] } });
    at.create(&path(at, "analysistemplates"), template).await;
    let steps = json!([{ "setWeight": 25 }, { "pause": {} }]);
    let analysis = json!({ "templates": [{ "templateName": "errors" }], "startingStep": 1 });
    let status = running(
        at,
        json!({ "canary": { "steps": steps, "analysis": analysis } }),
    )
    .await;
    assert!(status["canary"]["currentBackgroundAnalysisRunStatus"].is_null());
    new_version(at).await;
    let runs = |status: &Value| {
        status["canary"]["currentBackgroundAnalysisRunStatus"]["status"] == "Running"
    };
    let status = until(at, |status| status["phase"] == "Paused" && runs(status)).await;
    let name = &status["canary"]["currentBackgroundAnalysisRunStatus"]["name"];
    let hash = status["currentPodHash"].as_str().expect("a hash");
    assert_eq!(*name, format!("web-{hash}-2"));
    format!("web-{hash}-2")
}

async fn came_to(at: &At, run: &str, phase: &str) {
    let status = json!({ "status": { "phase": phase, "message": "as the test says" } });
    at.patch("merge", &path(at, &format!("analysisruns/{run}")), status)
        .await;
}

async fn an_analysis_that_fails_aborts(at: At) {
    let run = analysed(&at).await;
    came_to(&at, &run, "Failed").await;
    let status = until(&at, |status| status["phase"] == "Degraded").await;
    assert_eq!(
        status["message"],
        "RolloutAborted: Rollout aborted update to revision 2: \
         Background analysis phase error/failed: as the test says"
    );
    assert_eq!(status["abort"], true);
    until(&at, |status| {
        status["availableReplicas"] == 4 && status["updatedReplicas"].as_i64().unwrap_or(0) == 0
    })
    .await;
    assert_eq!(sizes(&at).await, [4, 0]);
}

async fn an_analysis_without_an_answer_holds(at: At) {
    let run = analysed(&at).await;
    came_to(&at, &run, "Inconclusive").await;
    let held = |status: &Value| reasons(status).contains(&"InconclusiveAnalysisRun");
    let status = until(&at, held).await;
    assert_eq!(status["phase"], "Paused");
    at.rest().await;
    assert_eq!(sizes(&at).await, [3, 1]);
}

async fn blue_and_green_wait_for_promotion_and_keep_the_old_version(at: At) {
    for name in ["web", "web-preview"] {
        let mut service = service(name, json!([{ "port": 80 }]));
        service["spec"]["selector"] = json!({ "app": "web" });
        at.create("services", service).await;
    }
    let strategy = json!({ "blueGreen": { "activeService": "web", "previewService": "web-preview",
        "autoPromotionEnabled": false, "scaleDownDelaySeconds": 3 } });
    let status = running(&at, strategy).await;
    assert_eq!(
        status["blueGreen"]["activeSelector"],
        status["currentPodHash"]
    );
    new_version(&at).await;
    let status = paused(&at).await;
    assert_eq!(status["message"], "BlueGreenPause");
    assert_eq!(selected(&at, "web").await, status["stableRS"]);
    assert_eq!(selected(&at, "web-preview").await, status["currentPodHash"]);
    assert_eq!(
        status["blueGreen"]["previewSelector"],
        status["currentPodHash"]
    );
    assert_eq!(sizes(&at).await, [4, 4]);
    assert_eq!(status["replicas"], 8);
    assert_eq!(status["availableReplicas"], 4, "those that serve");
    promote(&at).await;
    let status = until(&at, |status| status["phase"] == "Healthy").await;
    assert_eq!(selected(&at, "web").await, status["currentPodHash"]);
    assert_eq!(status["stableRS"], status["currentPodHash"]);
    assert_eq!(status["replicas"], 8, "the old one is kept for a while");
    until(&at, |status| status["replicas"] == 4).await;
    assert_eq!(sizes(&at).await, [0, 4]);
}

async fn what_is_not_there_is_named(at: At) {
    let labels = json!({ "app": "web" });
    let container = json!({ "name": "main", "image": "example.com/main:1" });
    let rollout = |strategy: Value| {
        json!({
            "apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "metadata": { "name": "web" },
            "spec": { "replicas": 1, "selector": { "matchLabels": labels }, "strategy": strategy,
                "template": { "metadata": { "labels": labels }, "spec": { "containers": [container] } } },
        })
    };
    let analysis = json!({ "templates": [{ "templateName": "errors" }] });
    let missing =
        rollout(json!({ "canary": { "steps": [{ "setWeight": 10 }], "analysis": analysis } }));
    at.create(&path(&at, "rollouts"), missing).await;
    let status = until(&at, |status| status["phase"] == "Degraded").await;
    assert_eq!(
        status["message"],
        "InvalidSpec: The Rollout \"web\" is invalid: spec.strategy.canary.analysis.templates: \
         Invalid value: \"errors\": AnalysisTemplate 'errors' not found"
    );
    assert_eq!(condition(&status, "InvalidSpec"), "True InvalidSpec");
    at.delete(&path(&at, "rollouts/web")).await;
    at.until_gone(&path(&at, "rollouts/web")).await;
    let missing = rollout(json!({ "blueGreen": { "activeService": "nobody" } }));
    at.create(&path(&at, "rollouts"), missing).await;
    let status = until(&at, |status| status["phase"] == "Degraded").await;
    assert_eq!(
        status["message"],
        "InvalidSpec: The Rollout \"web\" is invalid: spec.strategy.blueGreen.activeService: \
         Invalid value: \"nobody\": service \"nobody\" not found"
    );
}
