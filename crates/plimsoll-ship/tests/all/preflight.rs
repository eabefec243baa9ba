//! What a cluster lacks is said in one go, before anything is written.

use plimsoll_ship::{How, Logical};
use serde_json::json;

use crate::harness::{client, cluster, everything, obstacles, virtually};
use crate::shop::{KINDS, object, shop};

/// Holds V10, P10: every missing thing with what mends it, in one list.
#[test]
fn everything_that_is_missing_is_one_list_and_nothing_is_written() {
    virtually(async {
        let cluster = cluster("");
        let before = everything(&cluster, KINDS);
        let mut release = shop();
        let add = |release: &mut plimsoll_ship::Release, api_version, kind, content| {
            release
                .objects
                .push(object(api_version, kind, "x", &content));
        };
        let ours = &mut release;
        let external = json!({ "spec": { "secretStoreRef": { "name": "vault" } } });
        add(ours, "external-secrets.io/v1", "ExternalSecret", external);
        let ingress = json!({ "spec": { "ingressClassName": "nginx" } });
        add(ours, "networking.k8s.io/v1", "Ingress", ingress);
        let disk = json!({ "spec": { "storageClassName": "golden" } });
        add(ours, "v1", "PersistentVolumeClaim", disk);
        ours.objects[1].key.namespace = Some("elsewhere".into());
        ours.objects[1].body["metadata"]["namespace"] = json!("elsewhere");
        ours.secrets[1].keys[0].how = How::Given {
            value: Logical::whole("db.password"),
        };
        let found = obstacles(&client(&cluster), &release).await;
        let about: Vec<&str> = found
            .iter()
            .filter_map(|line| line.split(": ").next())
            .collect();
        assert_eq!(
            about,
            [
                "external-secrets.io/v1 ExternalSecret",
                "Secret/db-credentials",
                "Namespace/elsewhere",
                "SecretStore/vault",
                "IngressClass/nginx",
                "StorageClass/golden",
            ],
            "{found:#?}"
        );
        assert_eq!(everything(&cluster, KINDS), before);
    });
}
