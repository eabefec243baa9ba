//! What components around the application are told, on parsed objects.

use crate::stores::tests::{assert_valid, made};
use serde_json::json;

/// Holds T10.
#[test]
fn velero_is_told_what_to_copy_and_where_to() {
    let text = "
services: { api: { ports: 80 } }
externals: { away: { bucket: 's3://copies/deep', region: eu-west-1 } }
platform: { backup: { use: velero, to: away, when: daily 03:00, namespaces: [argo, shop], keep: 30d } }
";
    assert_valid(text);
    let made = made(text);
    let schedule = made.object("Schedule/shop-default");
    assert_eq!(schedule["metadata"]["namespace"], "velero");
    assert_eq!(schedule["spec"]["schedule"], "0 3 * * *");
    let template = &schedule["spec"]["template"];
    assert_eq!(template["includedNamespaces"], json!(["argo", "shop"]));
    assert_eq!(template["ttl"], "720h0m0s");
    assert_eq!(template["storageLocation"], "shop-default");
    let location = made.object("BackupStorageLocation/shop-default");
    assert_eq!(location["spec"]["objectStorage"]["bucket"], "copies");
    assert_eq!(location["spec"]["config"], json!({"region": "eu-west-1"}));
}

/// Holds T8.
#[test]
fn a_vault_is_asked_for_secrets_by_our_namespaces_alone() {
    let text = "
services: { api: { ports: 80, secrets: [KEY] } }
secrets: { KEY: {} }
platform: { vault: openbao, secrets: { use: external, store: { name: vault } } }
";
    assert_valid(text);
    let made = made(text);
    let store = made.object("ClusterSecretStore/vault");
    let vault = &store["spec"]["provider"]["vault"];
    assert_eq!(vault["server"], "http://openbao.openbao:8200");
    assert_eq!(vault["auth"]["kubernetes"]["role"], "shop");
    assert_eq!(
        store["spec"]["conditions"],
        json!([{"namespaces": ["shop"]}])
    );
    let secret = made.object("ExternalSecret/api-secrets");
    assert_eq!(secret["spec"]["secretStoreRef"]["name"], "vault");
}

/// Holds V11.
#[test]
fn sizes_are_recommended_and_never_changed() {
    let text = "
services: { api: { ports: 80, scale: 2..5 } }
stores: { db: { engine: postgres } }
platform: { vpa: recommend }
";
    assert_valid(text);
    let made = made(text);
    for (name, kind) in [("api", "Deployment"), ("db", "StatefulSet")] {
        let spec = made.object(&format!("VerticalPodAutoscaler/{name}"))["spec"].clone();
        assert_eq!(spec["updatePolicy"]["updateMode"], "Off");
        assert_eq!(spec["targetRef"]["kind"], kind);
    }
}

/// Holds V11.
#[test]
fn spot_nodes_are_tolerated_where_the_cluster_has_them() {
    let text = "
services: { api: { ports: 80, placement: { nodes: { disk: ssd } } } }
cluster: { distribution: gke, nodes: { spot: true } }
";
    let pod = made(text).object("Deployment/api")["spec"]["template"]["spec"].clone();
    assert_eq!(pod["tolerations"][0]["key"], "cloud.google.com/gke-spot");
    assert_eq!(pod["nodeSelector"], json!({"disk": "ssd"}));
}

#[test]
fn a_priority_of_ours_is_a_class_that_is_there() {
    let text = "services: { api: { ports: 80, placement: { priority: high } } }";
    assert_valid(text);
    let made = made(text);
    let pod = &made.object("Deployment/api")["spec"]["template"]["spec"];
    assert_eq!(pod["priorityClassName"], "shop-high");
    assert_eq!(made.object("PriorityClass/shop-high")["value"], 1_000_000);
}

/// Holds T3, V4: inside of a mesh the same edges hold as in the network.
#[test]
fn a_mesh_lets_in_who_uses_a_service_and_nobody_else() {
    let text = "
services:
  web: { ports: 8080, uses: [api] }
  api: { ports: 3000, uses: [db], metrics: { port: 9100 } }
  lonely: { ports: 8080 }
stores: { db: { engine: postgres } }
platform: { mesh: istio }
";
    assert_valid(text);
    let made = made(text);
    let rules = made.object("AuthorizationPolicy/api")["spec"]["rules"].clone();
    assert_eq!(
        rules[0],
        json!({
            "from": [{"source": {"principals": ["cluster.local/ns/shop/sa/web"]}}],
            "to": [{"operation": {"ports": ["3000"]}}],
        })
    );
    assert_eq!(
        rules[1],
        json!({"to": [{"operation": {"ports": ["9100"]}}]}),
        "who reads metrics"
    );
    let db = made.object("AuthorizationPolicy/db")["spec"]["rules"].to_string();
    assert!(db.contains("sa/api") && !db.contains("sa/web"), "{db}");
    let lonely = made.object("AuthorizationPolicy/lonely")["spec"].clone();
    assert_eq!(lonely["rules"], json!([]));
}
