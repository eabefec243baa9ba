//! `kube::Client` over the service: requests, watches, apply and discovery as real clients make them.

use std::sync::{Arc, Mutex};

use futures::TryStreamExt;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{ConfigMap, Namespace, Pod};
use kube::api::{
    Api, DeleteParams, ListParams, Patch, PatchParams, PostParams, WatchEvent, WatchParams,
};
use kube::{Client, ResourceExt};
use plimsoll_cluster::api::ApiService;
use plimsoll_cluster::state::State;
use serde_json::json;

fn client() -> Client {
    let mut state = State::new(1, 36);
    state.follow_runtime();

    Client::new(ApiService::new(Arc::new(Mutex::new(state))), "default")
}

async fn with_namespace() -> Client {
    let client = client();
    let namespace =
        serde_json::from_value(json!({"metadata": {"name": "default"}})).expect("a namespace");
    Api::<Namespace>::all(client.clone())
        .create(&PostParams::default(), &namespace)
        .await
        .expect("created");
    client
}

fn map(name: &str, key: &str) -> ConfigMap {
    serde_json::from_value(json!({"metadata": {"name": name}, "data": {key: "1"}}))
        .expect("a config map")
}

#[tokio::test(start_paused = true)]
async fn objects_are_created_read_changed_and_deleted() {
    let maps: Api<ConfigMap> = Api::default_namespaced(with_namespace().await);
    maps.create(&PostParams::default(), &map("a", "x"))
        .await
        .expect("created");
    let again = maps
        .create(&PostParams::default(), &map("a", "x"))
        .await
        .expect_err("it exists");
    assert!(
        again
            .to_string()
            .contains("configmaps \"a\" already exists"),
        "{again}"
    );
    let patch = Patch::Merge(json!({"data": {"x": null, "y": "2"}}));
    let patched = maps
        .patch("a", &PatchParams::default(), &patch)
        .await
        .expect("patched");
    assert_eq!(
        patched.data.expect("data").into_iter().collect::<Vec<_>>(),
        [("y".to_owned(), "2".to_owned())]
    );
    maps.delete("a", &DeleteParams::default())
        .await
        .expect("deleted");
    assert!(maps.get_opt("a").await.expect("an answer").is_none());
}

#[tokio::test(start_paused = true)]
async fn applied_fields_of_two_managers_conflict() {
    let deployments: Api<Deployment> = Api::default_namespaced(with_namespace().await);
    let deployment = |replicas: i32| {
        Patch::Apply(json!({
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"},
            "spec": {
                "replicas": replicas,
                "selector": {"matchLabels": {"app": "web"}},
                "template": {
                    "metadata": {"labels": {"app": "web"}},
                    "spec": {"containers": [{"name": "web", "image": "web:1"}]},
                },
            },
        }))
    };
    let first = deployments
        .patch("web", &PatchParams::apply("one"), &deployment(1))
        .await
        .expect("applied");
    let again = deployments
        .patch("web", &PatchParams::apply("one"), &deployment(1))
        .await
        .expect("applied");
    assert_eq!(first.resource_version(), again.resource_version());
    let error = deployments
        .patch("web", &PatchParams::apply("two"), &deployment(2))
        .await
        .expect_err("a conflict");
    let kube::Error::Api(status) = error else {
        panic!("not an answer of the server")
    };
    assert_eq!(
        status.message,
        "Apply failed with 1 conflict: conflict with \"one\": .spec.replicas"
    );
    let forced = deployments
        .patch("web", &PatchParams::apply("two").force(), &deployment(2))
        .await
        .expect("forced");
    assert_eq!(forced.spec.replicas, Some(2));
    assert_eq!(forced.metadata.generation, Some(2));
}

#[tokio::test(start_paused = true)]
async fn a_watch_tells_what_changes_for_its_selector() {
    let maps: Api<ConfigMap> = Api::default_namespaced(with_namespace().await);
    let params = WatchParams::default().labels("on=yes").timeout(30);
    let mut events = Box::pin(maps.watch(&params, "0").await.expect("a watch"));
    maps.create(&PostParams::default(), &map("a", "x"))
        .await
        .expect("created");
    let on = Patch::Merge(json!({"metadata": {"labels": {"on": "yes"}}}));
    maps.patch("a", &PatchParams::default(), &on)
        .await
        .expect("patched");
    let off = Patch::Merge(json!({"metadata": {"labels": {"on": null}}}));
    maps.patch("a", &PatchParams::default(), &off)
        .await
        .expect("patched");
    let first = events.try_next().await.expect("a line");
    assert!(matches!(first, Some(WatchEvent::Added(_))), "{first:?}");
    let second = events.try_next().await.expect("a line");
    assert!(matches!(second, Some(WatchEvent::Deleted(_))), "{second:?}");
    assert!(events.try_next().await.expect("the end").is_none());
}

#[tokio::test(start_paused = true)]
async fn a_watch_that_comes_back_after_thousands_of_changes_begins_anew() {
    let maps: Api<ConfigMap> = Api::default_namespaced(with_namespace().await);
    let first = maps
        .create(&PostParams::default(), &map("a", "x"))
        .await
        .expect("created");
    let seen = first.resource_version().expect("a version");
    for change in 0..3000 {
        let patch = Patch::Merge(json!({"data": {"x": change.to_string()}}));
        maps.patch("a", &PatchParams::default(), &patch)
            .await
            .expect("patched");
    }
    let events = maps.watch(&WatchParams::default().timeout(5), &seen).await;
    let first = Box::pin(events.expect("a watch")).try_next().await;
    let Some(WatchEvent::Error(status)) = first.expect("a line") else {
        panic!("a watch that misses changes says nothing of it")
    };
    assert_eq!((status.code, status.reason.as_str()), (410, "Expired"));
    assert!(
        status
            .message
            .starts_with(&format!("too old resource version: {seen} (")),
        "{}",
        status.message
    );
}

#[tokio::test(start_paused = true)]
async fn long_lists_come_in_pages() {
    let maps: Api<ConfigMap> = Api::default_namespaced(with_namespace().await);
    for name in ["a", "b", "c"] {
        maps.create(&PostParams::default(), &map(name, "x"))
            .await
            .expect("created");
    }
    let page = maps
        .list(&ListParams::default().limit(2))
        .await
        .expect("a page");
    assert_eq!(page.metadata.remaining_item_count, Some(1));
    let token = page.metadata.continue_.expect("a token");
    let rest = maps
        .list(&ListParams::default().limit(2).continue_token(&token))
        .await
        .expect("a page");
    assert_eq!(
        rest.items
            .iter()
            .map(ResourceExt::name_any)
            .collect::<Vec<_>>(),
        ["c"]
    );
}

#[tokio::test(start_paused = true)]
async fn discovery_finds_every_kind_in_both_forms() {
    let client = with_namespace().await;
    let aggregated = kube::Discovery::new(client.clone())
        .run_aggregated()
        .await
        .expect("discovered");
    let plain = kube::Discovery::new(client)
        .run()
        .await
        .expect("discovered");
    for discovery in [aggregated, plain] {
        let group = discovery
            .groups()
            .find(|group| group.name() == "apps")
            .expect("apps");
        let kinds: Vec<String> = group
            .recommended_resources()
            .into_iter()
            .map(|(kind, _)| kind.kind)
            .collect();
        assert!(kinds.contains(&"Deployment".to_owned()), "{kinds:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_namespace_that_is_not_there_takes_nothing() {
    let pods: Api<Pod> = Api::namespaced(client(), "nowhere");
    let pod =
        serde_json::from_value(json!({"metadata": {"name": "a"}, "spec": {"containers": []}}))
            .expect("a pod");
    let error = pods
        .create(&PostParams::default(), &pod)
        .await
        .expect_err("no namespace");
    assert!(
        error
            .to_string()
            .contains("namespaces \"nowhere\" not found"),
        "{error}"
    );
}
