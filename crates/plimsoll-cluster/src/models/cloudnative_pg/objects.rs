//! What stands around the instances: Secrets, Services, ServiceAccount, Role and budgets.

use super::super::secret_values::{encode, pem, value};
use super::super::writing::owned;
use super::WRITER;
use crate::controllers::read;
use crate::object;
use crate::state::State;
use serde_json::{Map, Value, json};

/// The image of the instances; the default of the release where none is written.
pub(super) fn image(cluster: &Value) -> &str {
    let written = read::text(cluster, "/spec/imageName");
    if written.is_empty() {
        "ghcr.io/cloudnative-pg/postgresql:18.1-system-trixie"
    } else {
        written
    }
}

/// Makes everything; says what is missing that others must bring.
pub(super) fn make(state: &mut State, cluster: &Value) -> Result<(), String> {
    for pointer in [
        "/spec/bootstrap/initdb/secret/name",
        "/spec/superuserSecret/name",
    ] {
        let name = read::text(cluster, pointer);
        if !name.is_empty()
            && state
                .get("Secret", object::namespace(cluster), name)
                .is_none()
        {
            return Err(format!("Secret {name:?} not found"));
        }
    }
    let mut wanted = secrets(state, cluster);
    wanted.extend(services(cluster));
    wanted.extend(account(cluster));
    wanted.extend(budgets(cluster));
    for object in wanted {
        if !WRITER.put(state, cluster, owned(object, cluster)) {
            return Err("an object around the instances was refused".to_owned());
        }
    }
    Ok(())
}

fn secret(cluster: &Value, suffix: &str, secret_type: &str, texts: &[(&str, String)]) -> Value {
    let name = object::name(cluster);
    let data: Map<String, Value> = texts
        .iter()
        .map(|(key, text)| ((*key).to_owned(), json!(encode(text))))
        .collect();
    json!({
        "apiVersion": "v1", "kind": "Secret", "type": secret_type, "data": data,
        "metadata": {
            "namespace": object::namespace(cluster), "name": format!("{name}-{suffix}"),
            "labels": {"cnpg.io/cluster": name, "cnpg.io/reload": "true"},
        },
    })
}

fn secrets(state: &State, cluster: &Value) -> Vec<Value> {
    let (namespace, name) = (object::namespace(cluster), object::name(cluster));
    let text = |kind: &str, part: &str| pem(state, kind, &["cnpg", namespace, name, part]);
    let pair = |part: &str| {
        [
            ("tls.crt", text("CERTIFICATE", part)),
            ("tls.key", text("PRIVATE KEY", part)),
        ]
    };
    let authority = [
        ("ca.crt", text("CERTIFICATE", "ca")),
        ("ca.key", text("PRIVATE KEY", "ca")),
    ];
    let mut all = vec![
        secret(cluster, "ca", "Opaque", &authority),
        secret(cluster, "server", "kubernetes.io/tls", &pair("server")),
        secret(
            cluster,
            "replication",
            "kubernetes.io/tls",
            &pair("replication"),
        ),
    ];
    if read::text(cluster, "/spec/bootstrap/initdb/secret/name").is_empty() {
        all.push(application(state, cluster));
    }
    all
}

/// The credentials of the application, in all forms that the operator writes.
fn application(state: &State, cluster: &Value) -> Value {
    let (namespace, name) = (object::namespace(cluster), object::name(cluster));
    let or_app = |pointer: &str| match read::text(cluster, pointer) {
        "" => "app".to_owned(),
        written => written.to_owned(),
    };
    let (database, user) = (
        or_app("/spec/bootstrap/initdb/database"),
        or_app("/spec/bootstrap/initdb/owner"),
    );
    let password = value(state, &["cnpg", namespace, name, "app"]);
    let host = format!("{name}-rw");
    let texts = [
        ("dbname", database.clone()),
        ("host", host.clone()),
        (
            "jdbc-uri",
            format!(
                "jdbc:postgresql://{host}.{namespace}:5432/{database}?password={password}&user={user}"
            ),
        ),
        ("password", password.clone()),
        (
            "pgpass",
            format!("{host}:5432:{database}:{user}:{password}\n"),
        ),
        ("port", "5432".to_owned()),
        (
            "uri",
            format!("postgresql://{user}:{password}@{host}.{namespace}:5432/{database}"),
        ),
        ("user", user.clone()),
        ("username", user),
    ];
    secret(cluster, "app", "kubernetes.io/basic-auth", &texts)
}

fn services(cluster: &Value) -> Vec<Value> {
    let name = object::name(cluster);
    let selectors = [
        (
            "rw",
            json!({"cnpg.io/cluster": name, "cnpg.io/instanceRole": "primary"}),
        ),
        (
            "ro",
            json!({"cnpg.io/cluster": name, "cnpg.io/instanceRole": "replica"}),
        ),
        (
            "r",
            json!({"cnpg.io/cluster": name, "cnpg.io/podRole": "instance"}),
        ),
    ];
    let one = |(suffix, selector): &(&str, Value)| {
        json!({
            "apiVersion": "v1", "kind": "Service",
            "metadata": {"namespace": object::namespace(cluster), "name": format!("{name}-{suffix}"), "labels": {"cnpg.io/cluster": name}},
            "spec": {"selector": selector, "ports": [{"name": "postgres", "port": 5432, "protocol": "TCP", "targetPort": 5432}]},
        })
    };
    selectors.iter().map(one).collect()
}

fn account(cluster: &Value) -> Vec<Value> {
    let metadata = json!({"namespace": object::namespace(cluster), "name": object::name(cluster)});
    let name = object::name(cluster);
    vec![
        json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata}),
        json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": metadata, "rules": [
            {"apiGroups": ["postgresql.cnpg.io"], "resources": ["clusters", "clusters/status"], "verbs": ["get", "list", "watch", "update", "patch"]},
        ]}),
        json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": metadata,
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": name},
            "subjects": [{"kind": "ServiceAccount", "name": name}]}),
    ]
}

/// One budget for the primary and, from three instances on, one for the replicas.
fn budgets(cluster: &Value) -> Vec<Value> {
    if cluster["spec"]["enablePDB"] == false {
        return Vec::new();
    }
    let name = object::name(cluster);
    let instances = cluster["spec"]["instances"].as_u64().unwrap_or(1);
    let budget = |name_of: String, minimum: u64, role: &str| {
        json!({
            "apiVersion": "policy/v1", "kind": "PodDisruptionBudget",
            "metadata": {"namespace": object::namespace(cluster), "name": name_of},
            "spec": {"minAvailable": minimum, "selector": {"matchLabels": {"cnpg.io/cluster": name, "cnpg.io/instanceRole": role}}},
        })
    };
    let mut all = vec![budget(format!("{name}-primary"), 1, "primary")];
    if instances > 2 {
        all.push(budget(name.to_owned(), instances - 2, "replica"));
    }
    all
}
