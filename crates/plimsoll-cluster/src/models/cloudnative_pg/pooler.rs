//! Poolers: PgBouncer as a Deployment with a Service, once their Cluster is there.

use super::super::writing::{owned, status_of};
use super::{CLUSTER, WRITER};
use crate::controllers::{Controller, Key, Outcome, own_or_owned, read};
use crate::object;
use crate::state::State;
use crate::store::LogEntry;
use serde_json::{Map, Value, json};

const POOLER: &str = "postgresql.cnpg.io/Pooler";
const IMAGE: &str = "ghcr.io/cloudnative-pg/pgbouncer:1.25.1";

/// The operator, for Poolers.
#[derive(Debug)]
pub(in super::super) struct Poolers;

impl Controller for Poolers {
    fn name(&self) -> &'static str {
        "cloudnative-pg-pooler"
    }

    fn interested(&mut self, entry: &LogEntry, state: &State) -> Vec<Key> {
        match &*entry.kind {
            CLUSTER if entry.old.is_none() => state
                .list_in(POOLER, &entry.namespace)
                .iter()
                .map(|one| Key::of(one))
                .collect(),
            _ => own_or_owned(entry, POOLER, &["apps/Deployment"]),
        }
    }

    fn reconcile(&mut self, state: &mut State, key: &Key) -> Outcome {
        let Some(pooler) = state
            .get(POOLER, &key.namespace, &key.name)
            .filter(|p| !object::is_terminating(p))
        else {
            return Outcome::Done;
        };
        if state
            .get(
                CLUSTER,
                &key.namespace,
                read::text(&pooler, "/spec/cluster/name"),
            )
            .is_none()
        {
            return Outcome::Done;
        }
        let metadata = json!({"namespace": key.namespace, "name": key.name, "labels": {"cnpg.io/poolerName": key.name}});
        WRITER.put(
            state,
            &pooler,
            owned(
                json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata}),
                &pooler,
            ),
        );
        WRITER.put(state, &pooler, owned(service(&pooler, &metadata), &pooler));
        WRITER.put(
            state,
            &pooler,
            owned(deployment(&pooler, &metadata), &pooler),
        );
        let ready = state
            .get("apps/Deployment", &key.namespace, &key.name)
            .map_or(0, |d| read::count(&d, "/status/readyReplicas"));
        let mut status = status_of(&pooler);
        status["instances"] = json!(ready);
        WRITER.status(state, &pooler, status);
        Outcome::Done
    }
}

fn service(pooler: &Value, metadata: &Value) -> Value {
    let mut spec = json!({
        "selector": {"cnpg.io/poolerName": object::name(pooler)},
        "ports": [{"name": "pgbouncer", "port": 5432, "protocol": "TCP", "targetPort": "pgbouncer"}],
    });
    if let Some(service_type) = pooler.pointer("/spec/serviceTemplate/spec/type") {
        spec["type"] = service_type.clone();
    }
    json!({"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec})
}

fn deployment(pooler: &Value, metadata: &Value) -> Value {
    let name = object::name(pooler);
    let mut labels = pooler
        .pointer("/spec/template/metadata/labels")
        .and_then(Value::as_object)
        .cloned()
        .unwrap_or_default();
    let own = [
        ("cnpg.io/poolerName", name),
        ("cnpg.io/cluster", read::text(pooler, "/spec/cluster/name")),
        ("cnpg.io/podRole", "pooler"),
        ("app.kubernetes.io/managed-by", "cloudnative-pg"),
        ("app.kubernetes.io/name", "pgbouncer"),
    ];
    labels.extend(
        own.iter()
            .map(|(key, value)| ((*key).to_owned(), json!(value))),
    );
    let mut spec = pooler
        .pointer("/spec/template/spec")
        .and_then(Value::as_object)
        .cloned()
        .unwrap_or_default();
    spec.insert("serviceAccountName".to_owned(), json!(name));
    let containers = spec.entry("containers").or_insert_with(|| json!([]));
    complete(containers);
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata,
        "spec": {
            "replicas": pooler["spec"]["instances"].as_u64().unwrap_or(1),
            "selector": {"matchLabels": {"cnpg.io/poolerName": name}},
            "template": {"metadata": {"labels": labels}, "spec": spec},
        },
    })
}

/// Fills the container `pgbouncer` where the template leaves it open.
fn complete(containers: &mut Value) {
    let Some(list) = containers.as_array_mut() else {
        return;
    };
    if !list
        .iter()
        .any(|container| container["name"] == "pgbouncer")
    {
        list.push(json!({"name": "pgbouncer"}));
    }
    for container in list
        .iter_mut()
        .filter(|container| container["name"] == "pgbouncer")
        .filter_map(Value::as_object_mut)
    {
        fill(container, "image", json!(IMAGE));
        fill(
            container,
            "command",
            json!(["/controller/manager", "pgbouncer", "run"]),
        );
        fill(
            container,
            "ports",
            json!([
                {"name": "pgbouncer", "containerPort": 5432, "protocol": "TCP"},
                {"name": "metrics", "containerPort": 9127, "protocol": "TCP"},
            ]),
        );
        fill(
            container,
            "readinessProbe",
            json!({"tcpSocket": {"port": 5432}}),
        );
        fill(
            container,
            "securityContext",
            json!({
                "allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]}, "readOnlyRootFilesystem": true,
                "runAsNonRoot": true, "seccompProfile": {"type": "RuntimeDefault"},
            }),
        );
    }
}

fn fill(container: &mut Map<String, Value>, field: &str, usual: Value) {
    container.entry(field).or_insert(usual);
}
