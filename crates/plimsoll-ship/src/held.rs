//! Fields that Argo Rollouts holds while it releases: which version a Service leads to, and how routes
//! divide the traffic. The file says how they begin; as long as a Rollout has them they stay as they
//! are, so that a release does not fall back, and no two managers quarrel.

use std::collections::BTreeSet;

use kube::api::DynamicObject;
use serde_json::Value;

use crate::references::text;
use crate::release::{Desired, ObjectKey};

/// Label by which Argo Rollouts tells versions apart.
const VERSION: &str = "rollouts-pod-template-hash";

/// What the Rollouts of a release hold, by kind, namespace and name.
#[derive(Default)]
pub struct Held(BTreeSet<(&'static str, String, String)>);

impl Held {
    /// Reads the Rollouts of a release.
    pub fn of(objects: &[Desired]) -> Self {
        let mut held = Self::default();
        let rollouts = objects
            .iter()
            .filter(|object| object.key.kind == "Rollout" && object.key.group() == "argoproj.io");
        for rollout in rollouts {
            let home = rollout.key.namespace.clone().unwrap_or_default();
            held.add(&home, &rollout.body["spec"]["strategy"]);
        }
        held
    }

    fn add(&mut self, home: &str, strategy: &Value) {
        for (kind, pointer) in [
            ("Service", "/canary/stableService"),
            ("Service", "/canary/canaryService"),
            ("Service", "/blueGreen/activeService"),
            ("Service", "/blueGreen/previewService"),
            (
                "VirtualService",
                "/canary/trafficRouting/istio/virtualService/name",
            ),
            (
                "DestinationRule",
                "/canary/trafficRouting/istio/destinationRule/name",
            ),
        ] {
            self.insert(kind, home, text(strategy, pointer));
        }
        let plugin = &strategy["canary"]["trafficRouting"]["plugins"]["argoproj-labs/gatewayAPI"];
        let inside = text(plugin, "/namespace");
        for (kind, field) in [("HTTPRoute", "httpRoutes"), ("GRPCRoute", "grpcRoutes")] {
            for route in plugin[field].as_array().into_iter().flatten() {
                self.insert(kind, inside, text(route, "/name"));
            }
        }
    }

    fn insert(&mut self, kind: &'static str, namespace: &str, name: &str) {
        if !name.is_empty() {
            self.0.insert((kind, namespace.to_owned(), name.to_owned()));
        }
    }

    /// Puts into `body` what a Rollout has written into the live object.
    pub fn keep(&self, key: &ObjectKey, body: &mut Value, live: Option<&DynamicObject>) {
        let Some(live) = live else { return };
        let holds = |(kind, namespace, name): &(&str, String, String)| {
            *kind == key.kind && key.namespace.as_deref() == Some(namespace) && key.name == *name
        };
        if !self.0.iter().any(holds) {
            return;
        }
        let (wanted, live) = (&mut body["spec"], &live.data["spec"]);
        match key.kind.as_str() {
            "Service" => version(&mut wanted["selector"], &live["selector"]),
            "DestinationRule" => each(
                &mut wanted["subsets"],
                &live["subsets"],
                &mut |wanted, live| {
                    version(&mut wanted["labels"], &live["labels"]);
                },
            ),
            "VirtualService" => rules(&mut wanted["http"], &live["http"], "route"),
            _ => rules(&mut wanted["rules"], &live["rules"], "backendRefs"),
        }
    }
}

/// The version that a selector holds.
fn version(wanted: &mut Value, live: &Value) {
    if let (Some(wanted), Some(version)) = (wanted.as_object_mut(), live.get(VERSION)) {
        wanted.insert(VERSION.to_owned(), version.clone());
    }
}

/// The weights of the backends of each rule, where the rules lead to the same backends.
fn rules(wanted: &mut Value, live: &Value, field: &str) {
    each(wanted, live, &mut |wanted, live| {
        each(&mut wanted[field], &live[field], &mut |wanted, live| {
            let same = ["name", "destination"]
                .iter()
                .all(|who| wanted.get(who) == live.get(who));
            if let Some(weight) = live.get("weight").filter(|_| same) {
                wanted["weight"] = weight.clone();
            }
        });
    });
}

/// Items of two lists side by side; nothing where the lists are of other lengths.
fn each(wanted: &mut Value, live: &Value, change: &mut dyn FnMut(&mut Value, &Value)) {
    if let (Some(wanted), Some(live)) = (wanted.as_array_mut(), live.as_array())
        && wanted.len() == live.len()
    {
        wanted
            .iter_mut()
            .zip(live)
            .for_each(|(wanted, live)| change(wanted, live));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn key(kind: &str, name: &str) -> ObjectKey {
        ObjectKey {
            api_version: "v1".into(),
            kind: kind.into(),
            namespace: Some("shop".into()),
            name: name.into(),
        }
    }

    fn held(strategy: &Value) -> Held {
        let mut held = Held::default();
        held.add("shop", strategy);
        held
    }

    fn live(spec: &Value) -> DynamicObject {
        let object =
            json!({"apiVersion": "v1", "kind": "X", "metadata": {"name": "x"}, "spec": spec});
        serde_json::from_value(object).expect("an object")
    }

    /// Holds T3.
    #[test]
    fn weights_of_a_release_on_its_way_stay_and_other_routes_are_ours() {
        let held = held(&json!({"canary": {"trafficRouting": {"plugins": {
            "argoproj-labs/gatewayAPI": {"namespace": "shop", "httpRoutes": [{"name": "main"}]},
        }}}}));
        let backends = |one: u8, two: u8| {
            json!({"rules": [{"backendRefs": [
                {"name": "api", "weight": one}, {"name": "api-canary", "weight": two},
            ]}]})
        };
        let mut body = json!({"spec": backends(100, 0)});
        held.keep(
            &key("HTTPRoute", "main"),
            &mut body,
            Some(&live(&backends(70, 30))),
        );
        assert_eq!(body["spec"], backends(70, 30));
        let mut other = json!({"spec": backends(100, 0)});
        held.keep(
            &key("HTTPRoute", "other"),
            &mut other,
            Some(&live(&backends(70, 30))),
        );
        assert_eq!(other["spec"], backends(100, 0));
    }

    /// Holds T3.
    #[test]
    fn a_service_goes_on_leading_to_the_version_that_it_leads_to() {
        let held = held(&json!({"blueGreen": {"activeService": "api"}}));
        let mut body = json!({"spec": {"selector": {"app": "api"}}});
        let now = live(&json!({"selector": {"app": "api", VERSION: "abc"}}));
        held.keep(&key("Service", "api"), &mut body, Some(&now));
        assert_eq!(body["spec"]["selector"][VERSION], "abc");
    }
}
