//! What a pod asks of a node. Source: `pkg/scheduler/framework`, `resourcehelper.PodRequests`, 1.37.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::controllers::read;
use crate::quantity::{self, Milli};

/// Amounts by resource name, such as `cpu` and `memory`.
pub type Amounts = BTreeMap<String, Milli>;

/// What a pod requests: the sum over containers and sidecars, or what an init container needs at
/// its turn if that is more, plus the overhead of its runtime.
pub fn requests(pod: &Value) -> Amounts {
    counted(pod, "requests")
}

fn counted(pod: &Value, part: &str) -> Amounts {
    let mut total = Amounts::new();
    for container in read::items(pod, "/spec/containers") {
        add(&mut total, &of(container, part));
    }
    let mut sidecars = Amounts::new();
    let mut peak = Amounts::new();
    for container in read::items(pod, "/spec/initContainers") {
        let own = of(container, part);
        if container["restartPolicy"] == "Always" {
            add(&mut total, &own);
            add(&mut sidecars, &own);
            raise(&mut peak, &sidecars);
        } else {
            let mut turn = sidecars.clone();
            add(&mut turn, &own);
            raise(&mut peak, &turn);
        }
    }
    raise(&mut total, &peak);
    for (name, amount) in amounts(&pod["spec"]["resources"][part]) {
        total.insert(name, amount);
    }
    add(&mut total, &amounts(&pod["spec"]["overhead"]));
    total
}

/// What a pod is limited to, counted as its requests are.
pub fn limits(pod: &Value) -> Amounts {
    counted(pod, "limits")
}

/// Reads a map of quantities.
pub fn amounts(map: &Value) -> Amounts {
    let pairs = map.as_object().into_iter().flatten();
    pairs
        .filter_map(|(name, value)| Some((name.clone(), quantity::milli(value)?)))
        .collect()
}

/// Adds amounts.
pub fn add(total: &mut Amounts, more: &Amounts) {
    for (name, amount) in more {
        *total.entry(name.clone()).or_default() += amount;
    }
}

/// Takes amounts away.
pub fn subtract(total: &mut Amounts, less: &Amounts) {
    for (name, amount) in less {
        *total.entry(name.clone()).or_default() -= amount;
    }
}

fn of(container: &Value, part: &str) -> Amounts {
    amounts(&container["resources"][part])
}

fn raise(total: &mut Amounts, other: &Amounts) {
    for (name, amount) in other {
        let known = total.entry(name.clone()).or_default();
        *known = (*known).max(*amount);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::requests;

    #[test]
    fn a_pod_requests_the_larger_of_its_containers_and_its_init_containers() {
        let cpu = |amount: &str| json!({"requests": {"cpu": amount}});
        let pod = json!({"spec": {
            "initContainers": [
                {"resources": cpu("100m"), "restartPolicy": "Always"},
                {"resources": cpu("1")},
            ],
            "containers": [{"resources": cpu("300m")}, {"resources": cpu("200m")}],
        }});
        assert_eq!(requests(&pod)["cpu"], 1100);
    }
}
