//! Services of type `LoadBalancer` get an address after a while, as a cloud gives them one.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};

use super::{Controller, Key, MANAGER, Outcome, pods, read};
use crate::object;
use crate::state::{EventKind, State};
use crate::store::LogEntry;

const SOURCE: &str = "service-controller";
/// How long a cloud takes for an address.
const TAKES: Duration = Duration::from_secs(5);

/// The controller of load balancers.
#[derive(Debug)]
pub struct LoadBalancers;

impl Controller for LoadBalancers {
    fn name(&self) -> &'static str {
        SOURCE
    }

    fn interested(&mut self, entry: &LogEntry, _: &State) -> Vec<Key> {
        let asks = &*entry.kind == "Service"
            && entry
                .new
                .as_deref()
                .is_some_and(|new| read::text(new, "/spec/type") == "LoadBalancer");
        if asks {
            vec![Key::new(&entry.namespace, &entry.name)]
        } else {
            Vec::new()
        }
    }

    fn reconcile(&mut self, state: &mut State, key: &Key) -> Outcome {
        let Some(service) = state.get("Service", &key.namespace, &key.name) else {
            return Outcome::Done;
        };
        if !read::items(&service, "/status/loadBalancer/ingress").is_empty()
            || object::is_terminating(&service)
            || !read::text(&service, "/spec/loadBalancerClass").is_empty()
        {
            return Outcome::Done;
        }
        let ready = crate::clock::after(pods::created(&service).unwrap_or(state.now()), TAKES);
        if ready > state.now() {
            return Outcome::at(state, ready);
        }
        let address = free_address(state);
        let mut changed = Value::clone(&service);
        changed["status"]["loadBalancer"] = json!({"ingress": [{"ip": address, "ipMode": "VIP"}]});
        if state.update_status(MANAGER, changed).is_ok() {
            let message = "Ensured load balancer";
            state.record(
                &service,
                EventKind::Normal,
                "EnsuredLoadBalancer",
                message,
                SOURCE,
            );
        }
        Outcome::Done
    }
}

/// The lowest free address of the range that is set aside for documentation (RFC 5737).
fn free_address(state: &State) -> String {
    let services = state.list("Service");
    let used: BTreeSet<&str> = services
        .iter()
        .map(|one| read::text(one, "/status/loadBalancer/ingress/0/ip"))
        .collect();
    let range = (0..=u8::MAX).flat_map(|third| (1..u8::MAX).map(move |last| (third, last)));
    let mut free = range.map(|(third, last)| match third {
        0 => format!("203.0.113.{last}"),
        third => format!("198.18.{third}.{last}"),
    });
    free.find(|address| !used.contains(address.as_str()))
        .unwrap_or_default()
}
