//! The life of an application on real control planes: the same code, the server's own answers.

use std::future::Future;
use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{ConfigMap, PersistentVolumeClaim, Pod};
use kube::Client;
use kube::api::{Api, ListParams, Patch, PatchParams};
use kube::config::{KubeConfigOptions, Kubeconfig};
use plimsoll_ship::{
    Action, Clock, DownOptions, Options, Outcome, Release, ShipError, down, drift, plan, roll_back,
    status, up,
};
use plimsoll_testkit::{ControlPlane, Minor};
use serde_json::json;

use crate::handover::{fixed, ranged, with_disk};
use crate::shop::{api, shop};

/// Holds V9, W8.
#[test]
fn an_application_lives_its_whole_life_on_a_new_server() {
    live(Minor::V1_37);
}

/// Holds V9.
#[test]
fn an_application_lives_its_whole_life_on_an_old_server() {
    live(Minor::V1_30);
}

fn live(minor: Minor) {
    let Some(plane) = ControlPlane::shared(minor) else {
        return;
    };
    plane.with_metrics();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.expect("a runtime").block_on(async {
        let client = client(&plane.kubeconfig(), None).await;
        comes_up(&client).await;
        an_edit_is_found(&client).await;
        Box::pin(numbers_change_hands(&client)).await;
        a_disk_grows(&client).await;
        what_cannot_change_is_refused(&client).await;
        who_may_not_write_is_told(plane, &client).await;
        goes_back(&client).await;
        goes_away(&client).await;
    });
}

async fn client(kubeconfig: &Path, user: Option<&str>) -> Client {
    let file = Kubeconfig::read_from(kubeconfig).expect("a kubeconfig");
    let options = KubeConfigOptions::default();
    let config = kube::Config::from_custom_kubeconfig(file, &options).await;
    let mut config = config.expect("a configuration");
    config.auth_info.impersonate = user.map(str::to_owned);
    Client::try_from(config).expect("a client")
}

fn options() -> Options {
    Options {
        clock: Clock::starting_at(Timestamp::now()),
        ..crate::harness::options("real")
    }
}

async fn ship(client: &Client, release: &Release) -> Outcome {
    let mut lines = Vec::new();
    let mut hear = |event: &plimsoll_ship::Event| lines.push(event.to_string());
    let outcome = up(client, release, &options(), &mut hear)
        .await
        .expect("an outcome");
    assert!(outcome.ready, "{:?}\n{}", outcome.failure, lines.join("\n"));
    let again = up(client, release, &options(), &mut |_: &_| {})
        .await
        .expect("an outcome");
    assert!(!again.changed_something(), "{:?}", again.objects);
    outcome
}

async fn actions(client: &Client, release: &Release) -> Vec<String> {
    let plan = plan(client, release, &options()).await.expect("a plan");
    assert_eq!(plan.obstacles, []);
    let line = |change: &plimsoll_ship::Change| format!("{} {}", change.action, change.object);
    plan.changes.iter().map(line).collect()
}

async fn comes_up(client: &Client) {
    let first = plan(client, &shop(), &options()).await.expect("a plan");
    assert_eq!(first.obstacles, []);
    assert_eq!(first.counts(), [(Action::Create, 10)]);
    let outcome = ship(client, &shop()).await;
    assert_eq!(outcome.pods.ready, 3);
    let status = status(client, &shop().target())
        .await
        .expect("read")
        .expect("shipped");
    assert!(status.ready, "{status:?}");
    let nothing = actions(client, &shop()).await;
    assert_eq!(nothing, Vec::<String>::new());
}

/// An edit by hand is drift, and a conflict that names field and manager before anything is written.
async fn an_edit_is_found(client: &Client) {
    let configs: Api<ConfigMap> = Api::namespaced(client.clone(), "shop");
    let edit = json!({ "data": { "MODE": "wild" } });
    let by = PatchParams {
        field_manager: Some("kubectl-edit".to_owned()),
        ..PatchParams::default()
    };
    configs
        .patch("api-config-1", &by, &Patch::Merge(&edit))
        .await
        .expect("edited");
    let found = drift(client, &shop().target(), &options())
        .await
        .expect("asked")
        .expect("shipped");
    let field = &found.changes[0].fields[0];
    assert_eq!(
        (field.path.as_str(), &field.after),
        ("data.MODE", &Some(json!("calm")))
    );
    assert!(field.owners[0].starts_with("kubectl-edit, "), "{field:?}");
    let stopped = up(client, &shop(), &options(), &mut |_: &_| {}).await;
    let Err(ShipError::Obstacles(found)) = stopped else {
        panic!("{stopped:?}");
    };
    assert_eq!(
        found[0].cause,
        "others set fields that the release sets otherwise: .data.MODE: kubectl-edit"
    );
    let adopting = Options {
        adopt: true,
        ..options()
    };
    assert!(
        up(client, &shop(), &adopting, &mut |_: &_| {})
            .await
            .expect("shipped")
            .ready
    );
    let live = configs.get("api-config-1").await.expect("there");
    assert_eq!(live.data.expect("data")["MODE"], "calm");
}

/// The fewest ready pods of the service while something is done.
async fn fewest(client: &Client, work: impl Future<Output = Outcome>) -> i64 {
    let least = AtomicI64::new(i64::MAX);
    let deployments: Api<Deployment> = Api::namespaced(client.clone(), "shop");
    let watch = async {
        loop {
            let live = deployments.get("api").await.expect("there");
            let ready = live
                .status
                .and_then(|status| status.ready_replicas)
                .unwrap_or(0);
            least.fetch_min(ready.into(), Ordering::SeqCst);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::select! {
        _ = work => least.load(Ordering::SeqCst),
        () = watch => unreachable!("it watches for ever"),
    }
}

async fn numbers_change_hands(client: &Client) {
    ship(client, &fixed(5)).await;
    let plan = actions(client, &ranged()).await;
    assert_eq!(
        plan,
        [
            "hand over Deployment/api",
            "create HorizontalPodAutoscaler/api"
        ]
    );
    assert_eq!(fewest(client, Box::pin(ship(client, &ranged()))).await, 5);
    let plan = actions(client, &fixed(6)).await;
    assert_eq!(
        plan,
        ["change Deployment/api", "prune HorizontalPodAutoscaler/api"]
    );
    assert!(fewest(client, Box::pin(ship(client, &fixed(6)))).await >= 5);
}

async fn a_disk_grows(client: &Client) {
    ship(client, &shop()).await;
    let pods: Api<Pod> = Api::namespaced(client.clone(), "shop");
    let uid = || async { pods.get("db-0").await.expect("there").metadata.uid };
    let before = uid().await;
    assert_eq!(
        actions(client, &with_disk("2Gi")).await,
        ["replace StatefulSet/db"]
    );
    ship(client, &with_disk("2Gi")).await;
    assert_eq!(uid().await, before, "the pod is the same");
    let claims: Api<PersistentVolumeClaim> = Api::namespaced(client.clone(), "shop");
    let claim = claims
        .get("data-db-0")
        .await
        .expect("there")
        .spec
        .expect("a spec");
    let size = &claim
        .resources
        .expect("resources")
        .requests
        .expect("requests")["storage"];
    assert_eq!(size.0, "2Gi");
}

async fn what_cannot_change_is_refused(client: &Client) {
    let mut release = with_disk("2Gi");
    let spec = &mut release.objects[0].body["spec"];
    spec["selector"]["matchLabels"]["app.kubernetes.io/name"] = json!("other");
    spec["template"]["metadata"]["labels"]["app.kubernetes.io/name"] = json!("other");
    let stopped = up(client, &release, &options(), &mut |_: &_| {}).await;
    let Err(ShipError::Obstacles(found)) = stopped else {
        panic!("{stopped:?}");
    };
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].cause.contains("field is immutable"), "{found:?}");
    assert_eq!(found[0].place.as_ref().map(|place| place.line), Some(3));
}

async fn who_may_not_write_is_told(plane: &ControlPlane, client: &Client) {
    let verbs = "--verb=get,list,watch";
    plane
        .run(&["create", "clusterrole", "reads", verbs, "--resource=*.*"])
        .expect("a role");
    let bind = [
        "create",
        "clusterrolebinding",
        "reads",
        "--clusterrole=reads",
        "--user=reader",
    ];
    plane.run(&bind).expect("a binding");
    let reader = self::client(&plane.kubeconfig(), Some("reader")).await;
    let mut release = with_disk("2Gi");
    release.objects[0] = api("ghcr.example/api:9", "api-config-1");
    let stopped = up(&reader, &release, &options(), &mut |_: &_| {}).await;
    let Err(ShipError::Obstacles(found)) = stopped else {
        panic!("{stopped:?}");
    };
    let told: Vec<&str> = found.iter().map(|one| one.cause.as_str()).collect();
    assert!(
        told.contains(&"you may not create, delete, patch deployments.apps in namespace shop"),
        "{told:#?}"
    );
    assert_eq!(
        actions(client, &with_disk("2Gi")).await,
        Vec::<String>::new()
    );
}

async fn goes_back(client: &Client) {
    let mut next = with_disk("2Gi");
    next.objects[0] = api("ghcr.example/api:2", "api-config-1");
    ship(client, &next).await;
    let target = shop().target();
    let back = roll_back(client, &target, None, &options(), &mut |_: &_| {}).await;
    assert!(back.expect("back").ready);
    let deployments: Api<Deployment> = Api::namespaced(client.clone(), "shop");
    let live = deployments.get("api").await.expect("there").spec;
    let containers = live.template.spec.expect("a spec").containers;
    assert_eq!(containers[0].image.as_deref(), Some("ghcr.example/api:1"));
}

async fn goes_away(client: &Client) {
    let remove = async |data| {
        let options = DownOptions {
            clock: Clock::starting_at(Timestamp::now()),
            holder: "real".to_owned(),
            data,
            patience: Duration::from_mins(2),
        };
        let removed = down(client, &shop().target(), &options, &mut |_: &_| {}).await;
        removed.expect("removed").expect("something was there")
    };
    let removed = remove(false).await;
    assert!(removed.stuck.is_empty(), "{removed:?}");
    let kept: Vec<String> = removed.kept.iter().map(ToString::to_string).collect();
    assert!(kept.contains(&"StatefulSet/db".to_owned()), "{kept:?}");
    let claims: Api<PersistentVolumeClaim> = Api::namespaced(client.clone(), "shop");
    assert_eq!(
        claims
            .list(&ListParams::default())
            .await
            .expect("listed")
            .items
            .len(),
        1
    );
    let removed = remove(true).await;
    assert_eq!((removed.kept, removed.stuck), (Vec::new(), Vec::new()));
    let spaces: Api<k8s_openapi::api::core::v1::Namespace> = Api::all(client.clone());
    assert!(spaces.get_opt("shop").await.expect("asked").is_none());
}
