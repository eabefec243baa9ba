//! A pod's phase, conditions and quality of service. Source: `pkg/kubelet/status`, Kubernetes 1.37.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::clock;
use crate::controllers::conditions::{self, Condition};
use crate::controllers::{pods, read};

/// Sets the phase from the container statuses.
pub fn settle(pod: &Value, status: &mut Value) {
    let phase = phase(pod, status);
    status["phase"] = json!(phase);
}

fn phase(pod: &Value, status: &Value) -> &'static str {
    let policy = read::text(pod, "/spec/restartPolicy");
    let init = read::items(pod, "/spec/initContainers")
        .iter()
        .zip(read::items(status, "/initContainerStatuses"));
    for (spec, one) in init {
        let code = read::int(one, "/state/terminated/exitCode");
        let passed = if spec["restartPolicy"] == "Always" {
            read::flag(one, "/started")
        } else {
            code == Some(0)
        };
        if !passed {
            let failed = spec["restartPolicy"] != "Always" && policy == "Never" && code.is_some();
            return if failed { "Failed" } else { "Pending" };
        }
    }
    let main = read::items(status, "/containerStatuses");
    let number = |test: &dyn Fn(&Value) -> bool| main.iter().filter(|one| test(one)).count();
    let waiting = number(&|one| {
        one["state"]["waiting"].is_object() && !one["lastState"]["terminated"].is_object()
    });
    let running = number(&|one| one["state"]["running"].is_object() || in_back_off(one));
    let failed =
        number(&|one| read::int(one, "/state/terminated/exitCode").is_some_and(|code| code != 0));
    if waiting > 0 {
        return "Pending";
    }
    if running > 0 || policy == "Always" || policy.is_empty() {
        return "Running";
    }
    if failed == 0 { "Succeeded" } else { "Failed" }
}

fn in_back_off(status: &Value) -> bool {
    status["state"]["waiting"].is_object() && status["lastState"]["terminated"].is_object()
}

/// Sets the conditions that the kubelet writes.
pub fn set_conditions(pod: &Value, status: &mut Value, now: Timestamp) {
    let over = matches!(read::text(status, "/phase"), "Succeeded" | "Failed");
    let has_address = !read::text(status, "/podIP").is_empty() && !over;
    let network = if has_address {
        ("True", "", String::new())
    } else {
        ("False", "", String::new())
    };
    let init = initialised(pod, status);
    let containers = containers_ready(pod, status, over);
    let ready = ready(pod, status, &containers);
    let all = [
        ("PodReadyToStartContainers", network),
        ("Initialized", init),
        ("Ready", ready),
        ("ContainersReady", containers),
    ];
    for (kind, (word, reason, message)) in all {
        conditions::set(
            status,
            Condition {
                kind,
                status: word,
                reason,
                message: &message,
            },
            now,
        );
    }
}

type Verdict = (&'static str, &'static str, String);

fn initialised(pod: &Value, status: &Value) -> Verdict {
    let init = read::items(pod, "/spec/initContainers")
        .iter()
        .zip(read::items(status, "/initContainerStatuses"));
    let open: Vec<&str> = init
        .filter(|(spec, one)| {
            let sidecar = spec["restartPolicy"] == "Always";
            let ended = read::int(one, "/state/terminated/exitCode") == Some(0);
            !(ended || sidecar && read::flag(one, "/started"))
        })
        .map(|(spec, _)| read::text(spec, "/name"))
        .collect();
    if open.is_empty() {
        return ("True", "", String::new());
    }
    (
        "False",
        "ContainersNotInitialized",
        format!("containers with incomplete status: [{}]", open.join(" ")),
    )
}

/// The containers that stay: the sidecars among the init containers, and the others.
fn staying<'a>(pod: &'a Value, status: &'a Value) -> impl Iterator<Item = &'a Value> {
    let sidecars = read::items(pod, "/spec/initContainers")
        .iter()
        .zip(read::items(status, "/initContainerStatuses"))
        .filter(|(spec, _)| spec["restartPolicy"] == "Always")
        .map(|(_, one)| one);
    sidecars.chain(read::items(status, "/containerStatuses"))
}

fn containers_ready(pod: &Value, status: &Value, over: bool) -> Verdict {
    if over {
        let completed = read::text(status, "/phase") == "Succeeded";
        return (
            "False",
            if completed {
                "PodCompleted"
            } else {
                "PodFailed"
            },
            String::new(),
        );
    }
    let open: Vec<&str> = staying(pod, status)
        .filter(|one| !read::flag(one, "/ready"))
        .map(|one| read::text(one, "/name"))
        .collect();
    if open.is_empty() {
        return ("True", "", String::new());
    }
    (
        "False",
        "ContainersNotReady",
        format!("containers with unready status: [{}]", open.join(" ")),
    )
}

fn ready(pod: &Value, status: &Value, containers: &Verdict) -> Verdict {
    if containers.0 != "True" {
        return containers.clone();
    }
    let gates = read::items(pod, "/spec/readinessGates")
        .iter()
        .filter_map(|gate| gate["conditionType"].as_str());
    let open: Vec<&str> = gates
        .filter(|gate| !conditions::is_true(status, gate))
        .collect();
    match open.first() {
        None => ("True", "", String::new()),
        Some(gate) => {
            let message =
                format!("corresponding condition of pod readiness gate \"{gate}\" does not exist.");
            ("False", "ReadinessGatesNotReady", message)
        }
    }
}

/// Ends a container that still runs, or would.
pub fn end(status: &mut Value, code: i64, reason: &str, now: Timestamp) {
    if status["state"]["terminated"].is_object() {
        return;
    }
    let started = status["state"]["running"]["startedAt"].clone();
    let mut ended = json!({"exitCode": code, "reason": reason, "finishedAt": clock::time(now)});
    ended["startedAt"] = if started.is_string() {
        started
    } else {
        json!(clock::time(now))
    };
    status["state"] = json!({"terminated": ended});
    status["ready"] = json!(false);
    status["started"] = json!(false);
}

/// The status of a pod whose containers were stopped, for one that a finalizer keeps.
pub fn stopped(pod: &Value, now: Timestamp) -> Value {
    let mut status = pod["status"].clone();
    for list in ["initContainerStatuses", "containerStatuses"] {
        for one in status[list].as_array_mut().into_iter().flatten() {
            end(one, 143, "Error", now);
        }
    }
    status["phase"] = json!(if pods::phase(pod) == "Succeeded" {
        "Succeeded"
    } else {
        "Failed"
    });
    set_conditions(pod, &mut status, now);
    status
}

/// The quality-of-service class by requests and limits.
pub fn quality(pod: &Value) -> &'static str {
    let lists = ["/spec/containers", "/spec/initContainers"];
    let all: Vec<&Value> = lists
        .iter()
        .flat_map(|list| read::items(pod, list))
        .collect();
    let has = |container: &Value, part: &str, name: &str| {
        container["resources"][part].get(name).is_some()
    };
    let any = all.iter().any(|one| {
        ["requests", "limits"]
            .iter()
            .any(|part| ["cpu", "memory"].iter().any(|name| has(one, part, name)))
    });
    let equal = |one: &&Value, name: &str| {
        let requests = &one["resources"]["requests"][name];
        has(one, "limits", name)
            && (requests.is_null() || *requests == one["resources"]["limits"][name])
    };
    let guaranteed = all
        .iter()
        .all(|one| equal(one, "cpu") && equal(one, "memory"));
    match (any, guaranteed) {
        (false, _) => "BestEffort",
        (true, true) => "Guaranteed",
        (true, false) => "Burstable",
    }
}
