//! A prepared cluster for tests of models and of the network.

use super::platform::{self, Component};
use crate::controllers::runner::Runner;
use crate::controllers::testing::World;
use crate::faults::Faults;
use crate::node::facts::Facts;
use crate::node::machines::Machines;
use crate::state::State;
use serde_json::{Value, json};

/// A cluster with these components, all controllers and models; its objects live in `app`.
pub(crate) fn prepared(components: &[Component]) -> World {
    let mut state = State::new(1, 36);
    platform::install(&mut state, components).expect("the platform installs");
    Machines::default().install(&mut state);
    let mut controllers = crate::controllers::standard(Facts::default(), Faults::default());
    controllers.extend(super::all());
    let mut world = World {
        state,
        runner: Runner::new(controllers),
    };
    world.create(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "app"}}));
    world
}

/// A Deployment and a Service of one name.
pub(crate) fn serve(world: &mut World, name: &str, port: u16) {
    let labels = json!({"app.kubernetes.io/name": name});
    world.create(json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name},
        "spec": {"replicas": 2, "selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}, "spec": {
            "containers": [{"name": name, "image": "example/shop:1", "ports": [{"name": "http", "containerPort": port}]}],
        }}},
    }));
    world.create(json!({
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": name},
        "spec": {"selector": labels, "ports": [{"name": "http", "port": 80, "targetPort": "http"}]},
    }));
}

/// Reason and message of a condition.
pub(crate) fn condition(object: &Value, kind: &str) -> String {
    let conditions = object["status"]["conditions"]
        .as_array()
        .into_iter()
        .flatten();
    let mut found = conditions.filter(|one| one["type"] == kind).map(|one| {
        let text = |field: &str| one[field].as_str().unwrap_or_default().to_owned();
        format!("{} {} {}", text("status"), text("reason"), text("message"))
            .trim()
            .to_owned()
    });
    found
        .next_back()
        .unwrap_or_else(|| format!("no condition {kind}"))
}
