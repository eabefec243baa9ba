//! Lists and watches.

use serde_json::{Value, json};

use super::behaviours;
use super::harness::{At, config_map};

behaviours![
    a_watch_begins_where_it_is_told,
    a_watch_without_a_version_begins_with_what_is_there,
    a_selector_turns_changes_into_comings_and_goings,
    a_watch_of_one_name_tells_of_it_alone,
    a_watch_ends_after_its_time,
    initial_events_end_with_a_bookmark,
    a_deleted_object_carries_the_version_of_its_deletion,
    a_list_can_be_chosen_by_labels_and_fields,
    a_list_comes_in_pages,
    a_list_of_metadata_has_no_data,
];

async fn marked(at: &At, name: &str, on: &str) -> Value {
    let mut body = config_map(name, json!({"x": "1"}));
    body["metadata"]["labels"] = json!({"on": on});
    at.create("configmaps", body).await
}

async fn version(at: &At) -> String {
    let list = at.get("configmaps").await;
    list["metadata"]["resourceVersion"]
        .as_str()
        .unwrap_or_default()
        .to_owned()
}

async fn a_watch_begins_where_it_is_told(at: At) {
    marked(&at, "a", "yes").await;
    let since = version(&at).await;
    marked(&at, "b", "yes").await;
    at.patch("merge", "configmaps/a", json!({"data": {"y": "2"}}))
        .await;
    at.delete("configmaps/b").await;
    let mut lines = at
        .watch(&format!(
            "configmaps?labelSelector=on&resourceVersion={since}&timeoutSeconds=5"
        ))
        .await;
    for told in [("ADDED", "b"), ("MODIFIED", "a"), ("DELETED", "b")] {
        assert_eq!(lines.told().await, (told.0.to_owned(), told.1.to_owned()));
    }
}

async fn a_watch_without_a_version_begins_with_what_is_there(at: At) {
    marked(&at, "a", "yes").await;
    let mut lines = at
        .watch("configmaps?labelSelector=on&timeoutSeconds=5")
        .await;
    assert_eq!(lines.told().await, ("ADDED".to_owned(), "a".to_owned()));
}

async fn a_selector_turns_changes_into_comings_and_goings(at: At) {
    marked(&at, "a", "no").await;
    let since = version(&at).await;
    for on in ["yes", "no"] {
        at.patch(
            "merge",
            "configmaps/a",
            json!({"metadata": {"labels": {"on": on}}}),
        )
        .await;
    }
    let mut lines = at
        .watch(&format!(
            "configmaps?labelSelector=on%3Dyes&resourceVersion={since}&timeoutSeconds=5"
        ))
        .await;
    assert_eq!(lines.told().await.0, "ADDED");
    assert_eq!(lines.told().await.0, "DELETED");
}

async fn a_watch_of_one_name_tells_of_it_alone(at: At) {
    let since = version(&at).await;
    marked(&at, "a", "yes").await;
    marked(&at, "b", "yes").await;
    let mut lines = at
        .watch(&format!(
            "configmaps?fieldSelector=metadata.name%3Db&resourceVersion={since}&timeoutSeconds=5"
        ))
        .await;
    assert_eq!(lines.told().await, ("ADDED".to_owned(), "b".to_owned()));
}

async fn a_watch_ends_after_its_time(at: At) {
    let mut lines = at
        .watch("configmaps?labelSelector=on&timeoutSeconds=1")
        .await;
    assert_eq!(lines.next().await, None);
}

async fn initial_events_end_with_a_bookmark(at: At) {
    marked(&at, "a", "yes").await;
    let query = "sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan&timeoutSeconds=5";
    let mut lines = at
        .watch(&format!("configmaps?labelSelector=on&{query}"))
        .await;
    assert_eq!(lines.told().await, ("ADDED".to_owned(), "a".to_owned()));
    let bookmark = lines.next().await.expect("a bookmark");
    assert_eq!(bookmark["type"], "BOOKMARK");
    assert_eq!(
        bookmark["object"]["metadata"]["annotations"]["k8s.io/initial-events-end"],
        "true"
    );
}

async fn a_deleted_object_carries_the_version_of_its_deletion(at: At) {
    let made = marked(&at, "a", "yes").await;
    let since = version(&at).await;
    at.delete("configmaps/a").await;
    let mut lines = at
        .watch(&format!(
            "configmaps?labelSelector=on&resourceVersion={since}&timeoutSeconds=5"
        ))
        .await;
    let line = lines.next().await.expect("a line");
    assert_eq!(line["type"], "DELETED");
    assert_ne!(
        line["object"]["metadata"]["resourceVersion"],
        made["metadata"]["resourceVersion"]
    );
}

fn names(list: &Value) -> Vec<&str> {
    list["items"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|one| one["metadata"]["name"].as_str())
        .collect()
}

async fn a_list_can_be_chosen_by_labels_and_fields(at: At) {
    marked(&at, "a", "yes").await;
    marked(&at, "b", "no").await;
    assert_eq!(
        names(
            &at.get("configmaps?labelSelector=on%20in%20(yes,maybe)")
                .await
        ),
        ["a"]
    );
    assert_eq!(
        names(&at.get("configmaps?labelSelector=on,on!%3Dyes").await),
        ["b"]
    );
    assert_eq!(
        names(
            &at.get("configmaps?labelSelector=on&fieldSelector=metadata.name!%3Da")
                .await
        ),
        ["b"]
    );
}

async fn a_list_comes_in_pages(at: At) {
    for name in ["a", "b", "c"] {
        at.create(
            "secrets",
            json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}}),
        )
        .await;
    }
    let page = at.get("secrets?limit=2").await;
    assert_eq!(names(&page), ["a", "b"]);
    assert_eq!(page["metadata"]["remainingItemCount"], 1);
    let token = page["metadata"]["continue"].as_str().unwrap_or_default();
    assert_eq!(
        names(&at.get(&format!("secrets?limit=2&continue={token}")).await),
        ["c"]
    );
}

async fn a_list_of_metadata_has_no_data(at: At) {
    marked(&at, "a", "yes").await;
    let list = at.partial("configmaps?labelSelector=on").await;
    assert_eq!(list["kind"], "PartialObjectMetadataList");
    assert_eq!(names(&list), ["a"]);
    assert!(list["items"][0].get("data").is_none());
}
