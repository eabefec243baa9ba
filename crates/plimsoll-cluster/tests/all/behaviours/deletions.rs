//! What deletion asks, leaves and takes along.

use serde_json::{Value, json};

use super::behaviours;
use super::harness::{At, config_map, deployment};

behaviours![
    a_deletion_can_name_its_version,
    a_deletion_of_what_was_seen_goes_through,
    an_unknown_propagation_is_refused,
    two_ways_of_propagation_are_refused,
    an_orphaned_replica_set_is_taken_over,
    a_deleted_job_leaves_its_pods,
    a_standing_namespace_stays,
    nothing_comes_into_a_namespace_that_goes,
    a_deleted_definition_takes_its_objects,
    a_definition_is_named_by_its_plural_and_group,
    a_definition_may_not_take_a_kind_that_is_taken,
];

async fn a_deletion_can_name_its_version(at: At) {
    let made = at.create("configmaps", config_map("a", json!({}))).await;
    let options = json!({"preconditions": {"resourceVersion": "1"}});
    let refused = at
        .try_delete("configmaps/a", options)
        .await
        .expect_err("another version");
    assert_eq!((refused.code, refused.reason.as_str()), (409, "Conflict"));
    let version = made["metadata"]["resourceVersion"].as_str();
    assert_eq!(
        refused.message,
        format!(
            "Operation cannot be fulfilled on ConfigMap \"a\": the ResourceVersion in the precondition (1) does not match the ResourceVersion in record ({}). The object might have been modified",
            version.unwrap_or_default()
        )
    );
}

async fn a_deletion_of_what_was_seen_goes_through(at: At) {
    let made = at.create("configmaps", config_map("a", json!({}))).await;
    let metadata = &made["metadata"];
    let options = json!({"preconditions": {
        "uid": metadata["uid"], "resourceVersion": metadata["resourceVersion"],
    }});
    at.try_delete("configmaps/a", options)
        .await
        .expect("it is the one that was seen");
    assert!(at.try_get("configmaps/a").await.is_err());
}

async fn an_unknown_propagation_is_refused(at: At) {
    at.create("configmaps", config_map("a", json!({}))).await;
    let refused = at
        .try_delete("configmaps/a", json!({"propagationPolicy": "Sometimes"}))
        .await
        .expect_err("no such way");
    assert_eq!((refused.code, refused.reason.as_str()), (422, "Invalid"));
    assert!(
        refused.message.starts_with(
            "DeleteOptions.meta.k8s.io \"\" is invalid: propagationPolicy: Unsupported value: \"Sometimes\": supported values: "
        ),
        "{}",
        refused.message
    );
}

async fn two_ways_of_propagation_are_refused(at: At) {
    at.create("configmaps", config_map("a", json!({}))).await;
    let both = json!({"propagationPolicy": "Orphan", "orphanDependents": true});
    let refused = at
        .try_delete("configmaps/a", both)
        .await
        .expect_err("one of both");
    assert_eq!(
        refused.message,
        "DeleteOptions.meta.k8s.io \"\" is invalid: propagationPolicy: Invalid value: \"Orphan\": orphanDependents and deletionPropagation cannot be both set"
    );
}

fn uids(list: &Value) -> Vec<String> {
    let items = list["items"].as_array().into_iter().flatten();
    let mut uids: Vec<String> = items
        .filter_map(|one| one["metadata"]["uid"].as_str().map(str::to_owned))
        .collect();
    uids.sort();
    uids
}

async fn an_orphaned_replica_set_is_taken_over(at: At) {
    at.create("deployments", deployment("web", 2)).await;
    let is_up = |one: &Value| one["status"]["availableReplicas"] == 2;
    at.until("deployments/web", is_up).await;
    let pods = uids(&at.get("pods").await);
    at.try_delete("deployments/web", json!({"propagationPolicy": "Orphan"}))
        .await
        .expect("deleted");
    at.until_gone("deployments/web").await;
    let sets = at.get("replicasets").await;
    assert_eq!(sets["items"][0]["metadata"].get("ownerReferences"), None);
    let again = at.create("deployments", deployment("web", 2)).await;
    at.until("deployments/web", is_up).await;
    let sets = at.get("replicasets").await;
    assert_eq!(sets["items"].as_array().map(Vec::len), Some(1));
    let owner = &sets["items"][0]["metadata"]["ownerReferences"][0];
    assert_eq!(owner["uid"], again["metadata"]["uid"]);
    assert_eq!(uids(&at.get("pods").await), pods, "the pods stay the same");
}

async fn a_deleted_job_leaves_its_pods(at: At) {
    let job = json!({
        "apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "once"},
        "spec": {"template": {"spec": {
            "restartPolicy": "Never", "nodeSelector": {"no": "where"},
            "containers": [{"name": "main", "image": "example.com/main:1"}],
        }}},
    });
    at.create("jobs", job).await;
    at.until("jobs/once", |one| one["status"]["active"] == 1)
        .await;
    at.delete("jobs/once").await;
    at.until_gone("jobs/once").await;
    let pods = at.get("pods").await;
    assert_eq!(pods["items"].as_array().map(Vec::len), Some(1));
    assert_eq!(pods["items"][0]["metadata"].get("ownerReferences"), None);
}

async fn a_standing_namespace_stays(at: At) {
    for name in ["default", "kube-system", "kube-public"] {
        let refused = at
            .try_delete(&format!("namespaces/{name}"), Value::Null)
            .await
            .expect_err("it belongs to the cluster");
        assert_eq!((refused.code, refused.reason.as_str()), (403, "Forbidden"));
        assert_eq!(
            refused.message,
            format!("namespaces \"{name}\" is forbidden: this namespace may not be deleted")
        );
    }
}

async fn nothing_comes_into_a_namespace_that_goes(at: At) {
    let mut held = config_map("held", json!({}));
    held["metadata"]["finalizers"] = json!(["example.com/hold"]);
    at.create("configmaps", held).await;
    let name = format!("namespaces/{}", at.namespace);
    at.delete(&name).await;
    let remaining = |one: &Value| {
        let conditions = one["status"]["conditions"].as_array().into_iter().flatten();
        let message = |kind: &str| {
            let found = conditions.clone().find(|one| one["type"] == kind);
            found
                .filter(|one| one["status"] == "True")
                .and_then(|one| one["message"].as_str().map(str::to_owned))
        };
        message("NamespaceContentRemaining").zip(message("NamespaceFinalizersRemaining"))
    };
    let going = at.until(&name, |one| remaining(one).is_some()).await;
    assert_eq!(
        remaining(&going),
        Some((
            "Some resources are remaining: configmaps. has 1 resource instances".to_owned(),
            "Some content in the namespace has finalizers remaining: example.com/hold in 1 resource instances".to_owned()
        ))
    );
    let refused = at
        .try_create("configmaps", config_map("late", json!({})))
        .await
        .expect_err("it goes");
    assert_eq!((refused.code, refused.reason.as_str()), (403, "Forbidden"));
    assert_eq!(
        refused.message,
        format!(
            "configmaps \"late\" is forbidden: unable to create new content in namespace {} because it is being terminated",
            at.namespace
        )
    );
    let free = json!({"metadata": {"finalizers": null}});
    at.patch("merge", "configmaps/held", free).await;
    at.until_gone(&name).await;
}

const DEFINITIONS: &str = "customresourcedefinitions";

fn definition(group: &str, plural: &str, kind: &str) -> Value {
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": format!("{plural}.{group}")},
        "spec": {
            "group": group, "scope": "Namespaced", "names": {"plural": plural, "kind": kind},
            "versions": [{
                "name": "v1", "served": true, "storage": true,
                "schema": {"openAPIV3Schema": {"type": "object"}},
            }],
        },
    })
}

async fn a_deleted_definition_takes_its_objects(at: At) {
    let group = "going.example.com";
    at.create(DEFINITIONS, definition(group, "parcels", "Parcel"))
        .await;
    let one = format!("{DEFINITIONS}/parcels.{group}");
    at.until(&one, |one| {
        let conditions = one["status"]["conditions"].as_array().into_iter().flatten();
        conditions
            .into_iter()
            .any(|one| one["type"] == "Established" && one["status"] == "True")
    })
    .await;
    let body =
        json!({"apiVersion": format!("{group}/v1"), "kind": "Parcel", "metadata": {"name": "a"}});
    // A real server may serve what it established a moment later.
    for _ in 0..50 {
        if at
            .try_create(&format!("{group}/parcels"), body.clone())
            .await
            .is_ok()
        {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    at.get(&format!("{group}/parcels/a")).await;
    at.delete(&one).await;
    at.until_gone(&one).await;
    at.until_gone(&format!("{group}/parcels/a")).await;
}

async fn a_definition_is_named_by_its_plural_and_group(at: At) {
    let mut body = definition("named.example.com", "parcels", "Parcel");
    body["metadata"]["name"] = json!("wrong.named.example.com");
    let refused = at
        .try_create(DEFINITIONS, body)
        .await
        .expect_err("a wrong name");
    assert_eq!(
        refused.message,
        "CustomResourceDefinition.apiextensions.k8s.io \"wrong.named.example.com\" is invalid: metadata.name: Invalid value: \"wrong.named.example.com\": must be spec.names.plural+\".\"+spec.group"
    );
}

async fn a_definition_may_not_take_a_kind_that_is_taken(at: At) {
    let group = "taken.example.com";
    at.create(DEFINITIONS, definition(group, "parcels", "Parcel"))
        .await;
    at.until(&format!("{DEFINITIONS}/parcels.{group}"), |one| {
        one["status"]["acceptedNames"]["kind"] == "Parcel"
    })
    .await;
    at.create(DEFINITIONS, definition(group, "packets", "Parcel"))
        .await;
    let second = at
        .until(&format!("{DEFINITIONS}/packets.{group}"), |one| {
            one["status"]["conditions"]
                .as_array()
                .is_some_and(|all| !all.is_empty())
        })
        .await;
    let told = |kind: &str| {
        let conditions = second["status"]["conditions"].as_array();
        let found = conditions
            .into_iter()
            .flatten()
            .find(|one| one["type"] == kind);
        found.map(|one| {
            (
                one["status"].clone(),
                one["reason"].clone(),
                one["message"].clone(),
            )
        })
    };
    assert_eq!(
        told("NamesAccepted"),
        Some((
            json!("False"),
            json!("ListKindConflict"),
            json!("\"ParcelList\" is already in use")
        ))
    );
    assert_eq!(
        told("Established"),
        Some((
            json!("False"),
            json!("NotAccepted"),
            json!("not all names are accepted")
        ))
    );
}
