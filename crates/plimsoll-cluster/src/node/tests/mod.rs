//! Each reason for which a pod does not start or does not stay: a world in which only that is wrong.

use serde_json::{Value, json};

use super::facts::{Facts, ImageFacts, User};
use super::machines::Machines;
use crate::controllers::conditions;
use crate::controllers::testing::{World, pod};
use crate::object;

mod life;
mod reasons;

fn state(pod: &Value) -> &Value {
    &pod["status"]["containerStatuses"][0]["state"]
}

fn waiting(world: &World) -> (String, String) {
    let pod = world.pod();
    let waiting = &state(&pod)["waiting"];
    let text = |field: &str| waiting[field].as_str().unwrap_or_default().to_owned();
    (text("reason"), text("message"))
}

fn with_image(facts: ImageFacts) -> World {
    let facts = Facts::with(vec![("acme/api".to_owned(), facts)]);
    World::with(&Machines::default(), facts, "")
}

/// A pod with one container, after a change.
fn changed(change: impl FnOnce(&mut Value)) -> Value {
    let mut pod = pod("api");
    change(&mut pod["spec"]);
    pod
}

fn container(spec: &mut Value) -> &mut Value {
    &mut spec["containers"][0]
}

fn secret(world: &mut World, key: &str) {
    world.create(json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "db"}, "data": {key: "eA=="},
    }));
}

fn is_ready(world: &World) -> bool {
    world.ready() == 1
}

fn scheduled(pod: &Value) -> Option<&Value> {
    conditions::find(&pod["status"], "PodScheduled")
}

fn restarts(world: &World) -> i64 {
    world.pod()["status"]["containerStatuses"][0]["restartCount"]
        .as_i64()
        .unwrap()
}

fn gone(world: &World) -> bool {
    world.pods().iter().all(|pod| object::name(pod) != "api")
}

fn root() -> ImageFacts {
    ImageFacts {
        user: User::Root,
        ..ImageFacts::default()
    }
}
