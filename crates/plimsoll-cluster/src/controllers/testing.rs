//! A small world for tests of controllers: a state, all controllers, and a clock moved by hand.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::runner::Runner;
use crate::faults::Faults;
use crate::key::Gk;
use crate::node::facts::Facts;
use crate::node::machines::Machines;
use crate::object;
use crate::state::{DeleteOptions, State};

/// A cluster for one test; its objects live in the namespace `app`.
pub struct World {
    pub state: State,
    pub runner: Runner,
}

impl World {
    /// Six empty nodes.
    pub fn new() -> Self {
        Self::with(&Machines::default(), Facts::default(), "")
    }

    /// Six empty nodes and faults.
    pub fn faulty(faults: &str) -> Self {
        Self::with(&Machines::default(), Facts::default(), faults)
    }

    pub fn with(machines: &Machines, facts: Facts, faults: &str) -> Self {
        let mut state = State::new(1, 36);
        machines.install(&mut state);
        let runner = Runner::new(super::standard(facts, Faults::parse(faults).unwrap()));
        let mut world = Self { state, runner };
        world.create(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "app"}}));
        world
    }

    /// Creates an object and lets everybody see it at once.
    pub fn create(&mut self, mut object: Value) -> Arc<Value> {
        let namespaced = self
            .state
            .kinds()
            .get(&Gk::of(&object).to_string())
            .unwrap()
            .namespaced;
        if namespaced && object::namespace(&object).is_empty() {
            object["metadata"]["namespace"] = json!("app");
        }
        let made = self.state.create("test", object).unwrap();
        self.runner.step(&mut self.state);
        made
    }

    /// Lets that much time pass.
    pub fn pass(&mut self, seconds: u64) {
        let end = crate::clock::after(self.state.now(), Duration::from_secs(seconds));
        self.runner
            .settle(&mut self.state, Duration::from_secs(seconds));
        self.state.set_now(end);
        self.runner.step(&mut self.state);
    }

    /// Changes an object through `edit`.
    pub fn edit(&mut self, kind: &str, name: &str, edit: impl FnOnce(&mut Value)) {
        let mut object = Value::clone(&self.get(kind, name));
        edit(&mut object);
        self.state.update("test", object).unwrap();
        self.runner.step(&mut self.state);
    }

    pub fn delete(&mut self, kind: &str, name: &str) {
        self.delete_with(kind, name, &DeleteOptions::default());
    }

    pub fn delete_with(&mut self, kind: &str, name: &str, options: &DeleteOptions) {
        let space = self.space(kind);
        self.state.delete(kind, space, name, options).unwrap();
        self.runner.step(&mut self.state);
    }

    fn space(&self, kind: &str) -> &'static str {
        if self.state.kinds().get(kind).unwrap().namespaced {
            "app"
        } else {
            ""
        }
    }

    pub fn find(&self, kind: &str, name: &str) -> Option<Arc<Value>> {
        self.state.get(kind, self.space(kind), name)
    }

    pub fn get(&self, kind: &str, name: &str) -> Arc<Value> {
        self.find(kind, name)
            .unwrap_or_else(|| panic!("no {kind} {name}"))
    }

    /// Pods of the namespace by name.
    pub fn pods(&self) -> Vec<Arc<Value>> {
        self.state.list_in("Pod", "app")
    }

    /// How many pods are ready.
    pub fn ready(&self) -> usize {
        self.pods()
            .iter()
            .filter(|pod| super::pods::is_ready(pod))
            .count()
    }

    /// The only pod.
    pub fn pod(&self) -> Arc<Value> {
        let pods = self.pods();
        assert_eq!(pods.len(), 1, "not one pod");
        pods[0].clone()
    }

    /// Messages of events with that reason, oldest object first.
    pub fn events(&self, reason: &str) -> Vec<String> {
        let all = self.state.list("Event");
        let found = all.iter().filter(|event| event["reason"] == reason);
        found
            .map(|event| event["message"].as_str().unwrap_or_default().to_owned())
            .collect()
    }

    /// All log lines of the only container of a pod.
    pub fn log(&self, pod: &Value) -> String {
        let container = pod["spec"]["containers"][0]["name"].as_str().unwrap();
        let lines = self.state.log_lines("app", object::name(pod), container);
        lines
            .into_iter()
            .map(|(_, line)| line)
            .collect::<Vec<_>>()
            .join("\n")
    }
}

/// A pod template that serves on 8080 and is ready when it listens.
pub fn template(name: &str) -> Value {
    json!({
        "metadata": {"labels": {"app": name, "app.kubernetes.io/name": name}},
        "spec": {
            "restartPolicy": "Always",
            "containers": [{
                "name": name,
                "image": format!("ghcr.io/acme/{name}:1"),
                "ports": [{"name": "http", "containerPort": 8080, "protocol": "TCP"}],
                "readinessProbe": {"httpGet": {"path": "/ready", "port": "http"}, "periodSeconds": 1},
            }],
        },
    })
}

/// A Deployment of such pods with surge 25 % and unavailability 25 %.
pub fn deployment(name: &str, replicas: i64) -> Value {
    json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": name}},
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"}},
            "progressDeadlineSeconds": 600,
            "revisionHistoryLimit": 10,
            "template": template(name),
        },
    })
}

/// A single pod.
pub fn pod(name: &str) -> Value {
    let template = template(name);
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": template["metadata"]["labels"]},
        "spec": template["spec"],
    })
}
