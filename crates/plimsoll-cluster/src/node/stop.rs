//! How long a pod takes to stop: hooks, then the process, and never longer than its grace.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::controllers::read;

/// How long a process takes from the signal to its end.
const PROCESS: i64 = 1;

/// When the containers of a pod that is being deleted have ended.
pub fn ends_at(pod: &Value) -> Timestamp {
    let deadline = read::instant(pod, "/metadata/deletionTimestamp").unwrap_or(Timestamp::MIN);
    let grace = read::count(pod, "/metadata/deletionGracePeriodSeconds");
    let begin = deadline
        .checked_sub(SignedDuration::from_secs(grace))
        .unwrap_or(deadline);
    let wanted = needs(pod);
    begin
        .checked_add(SignedDuration::from_secs(wanted.min(grace)))
        .unwrap_or(deadline)
}

/// Seconds that the slowest running container needs; sidecars stop after the others.
fn needs(pod: &Value) -> i64 {
    let slowest = |pointer: &str, statuses: &str| {
        let all = read::items(pod, pointer).iter();
        all.filter(|one| runs(pod, statuses, one))
            .map(|one| hook(one) + PROCESS)
            .max()
            .unwrap_or_default()
    };
    slowest("/spec/containers", "/status/containerStatuses")
        + slowest("/spec/initContainers", "/status/initContainerStatuses")
}

fn runs(pod: &Value, statuses: &str, container: &Value) -> bool {
    let found = read::items(pod, statuses)
        .iter()
        .find(|one| one["name"] == container["name"]);
    found.is_some_and(|one| one["state"]["running"].is_object())
}

fn hook(container: &Value) -> i64 {
    let hook = &container["lifecycle"]["preStop"];
    if let Some(seconds) = hook["sleep"]["seconds"].as_i64() {
        return seconds;
    }
    let words = read::items(hook, "/exec/command")
        .iter()
        .filter_map(Value::as_str);
    let words: Vec<&str> = words.flat_map(str::split_whitespace).collect();
    let after_sleep = words
        .iter()
        .position(|word| word.ends_with("sleep"))
        .and_then(|at| words.get(at + 1));
    after_sleep
        .and_then(|number| number.trim_end_matches(['s', ';']).parse().ok())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::ends_at;

    #[test]
    fn a_pod_stops_after_its_hook_and_never_after_its_grace() {
        let pod = |grace: i64, deadline: &str| {
            json!({
                "metadata": {"deletionTimestamp": deadline, "deletionGracePeriodSeconds": grace},
                "spec": {"containers": [{
                    "name": "app", "lifecycle": {"preStop": {"exec": {"command": ["sh", "-c", "sleep 15"]}}},
                }]},
                "status": {"containerStatuses": [{"name": "app", "state": {"running": {}}}]},
            })
        };
        let ends = |grace, deadline| ends_at(&pod(grace, deadline)).to_string();
        assert_eq!(ends(30, "2026-01-01T00:00:30Z"), "2026-01-01T00:00:16Z");
        assert_eq!(ends(10, "2026-01-01T00:00:10Z"), "2026-01-01T00:00:10Z");
    }
}
