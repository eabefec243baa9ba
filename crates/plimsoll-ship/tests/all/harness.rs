//! A cluster in virtual time, and a transport that breaks on request.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use kube::Client;
use kube::api::{Api, DynamicObject, PostParams};
use kube::client::Body;
use plimsoll_cluster::cluster::{Cluster, Options as ClusterOptions};
use plimsoll_cluster::faults::Faults;
use plimsoll_secrets::Randomness;
use plimsoll_ship::{
    Change, Clock, DownOptions, Event, Given, Options, Outcome, Release, Removed, ShipError, down,
    plan, up,
};
use tower::{BoxError, ServiceExt, service_fn};

/// Runs a test in virtual time.
pub fn virtually<T>(test: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .expect("a runtime")
        .block_on(test)
}

/// A cluster that runs.
pub fn cluster(faults: &str) -> Cluster {
    let faults = Faults::parse(faults).expect("faults");
    let cluster = Cluster::new(ClusterOptions {
        faults,
        ..ClusterOptions::default()
    });
    let cluster = cluster.expect("a cluster");
    tokio::spawn(cluster.run());
    cluster
}

/// A client whose every request arrives.
pub fn client(cluster: &Cluster) -> Client {
    Client::new(cluster.service(), "default")
}

/// Where a transport breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Break {
    /// Nothing arrives from the Nth request on.
    Before(usize),
    /// The Nth request arrives and its answer is lost; nothing arrives after.
    After(usize),
}

/// Counts requests, and breaks.
#[derive(Clone, Default)]
pub struct Counter(Arc<AtomicUsize>);

impl Counter {
    pub fn count(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

/// A client that counts its requests and may break. Watches are no requests: they change nothing.
pub fn counting(cluster: &Cluster, at: Option<Break>) -> (Client, Counter) {
    let counter = Counter::default();
    let inner = cluster.service();
    let seen = counter.clone();
    let service = service_fn(move |request: http::Request<Body>| {
        let inner = inner.clone();
        let is_watch = request
            .uri()
            .query()
            .is_some_and(|query| query.contains("watch="));
        let number = if is_watch {
            0
        } else {
            seen.0.fetch_add(1, Ordering::SeqCst) + 1
        };
        async move {
            let is_cut = |at: Option<Break>| match at {
                Some(Break::Before(n)) => number >= n,
                Some(Break::After(n)) => number > n,
                None => false,
            };
            if is_cut(at) {
                return Err(BoxError::from("the connection broke"));
            }
            let answer = inner.oneshot(request).await.map_err(BoxError::from)?;
            if at == Some(Break::After(number)) {
                return Err(BoxError::from("the answer was lost"));
            }
            Ok(answer)
        }
    });
    (Client::new(service, "default"), counter)
}

/// Options that repeat themselves.
pub fn options(holder: &str) -> Options {
    Options {
        clock: clock(),
        holder: holder.to_owned(),
        randomness: Randomness::Seeded(b"test".to_vec()),
        given: Given::Demanded,
        adopt: false,
        approved: None,
    }
}

fn clock() -> Clock {
    Clock::starting_at(Timestamp::from_second(1_767_225_600).expect("a time"))
}

/// Ships and returns the events as lines.
pub async fn ship(client: &Client, release: &Release) -> (Outcome, Vec<String>) {
    let (outcome, lines) = try_to_ship(client, release, "test").await;
    (outcome.expect("an outcome"), lines)
}

/// Ships, and may stop.
pub async fn try_to_ship(
    client: &Client,
    release: &Release,
    holder: &str,
) -> (Result<Outcome, ShipError>, Vec<String>) {
    let mut lines = Vec::new();
    let mut listener = |event: &Event| lines.push(event.to_string());
    let outcome = up(client, release, &options(holder), &mut listener).await;
    (outcome, lines)
}

/// Removes.
pub async fn remove(client: &Client, release: &Release, data: bool) -> Option<Removed> {
    try_to_remove(client, release, data, "test")
        .await
        .expect("removed")
}

/// Removes, and may stop.
pub async fn try_to_remove(
    client: &Client,
    release: &Release,
    data: bool,
    holder: &str,
) -> Result<Option<Removed>, ShipError> {
    let patience = Duration::from_mins(5);
    let options = DownOptions {
        clock: clock(),
        holder: holder.to_owned(),
        data,
        patience,
    };
    down(client, &release.target(), &options, &mut |_: &Event| {}).await
}

/// Makes an object as another tool would.
pub async fn make_as(client: &Client, manager: &str, object: serde_json::Value) {
    let api_version = object["apiVersion"]
        .as_str()
        .expect("apiVersion")
        .to_owned();
    let kind = object["kind"].as_str().expect("kind").to_owned();
    let resource = kube::api::ApiResource {
        group: String::new(),
        version: "v1".to_owned(),
        plural: format!("{}s", kind.to_lowercase()),
        api_version,
        kind,
    };
    let object: DynamicObject = serde_json::from_value(object).expect("an object");
    let params = PostParams {
        field_manager: Some(manager.to_owned()),
        ..PostParams::default()
    };
    let api: Api<DynamicObject> = match &object.metadata.namespace {
        Some(namespace) => Api::namespaced_with(client.clone(), namespace, &resource),
        None => Api::all_with(client.clone(), &resource),
    };
    api.create(&params, &object).await.expect("created");
}

/// Every object of the shop, and every Namespace, as `Kind/namespace/name`.
pub fn everything(cluster: &Cluster, kinds: &[&str]) -> Vec<String> {
    cluster.with(|state| {
        let mut names = Vec::new();
        for kind in kinds {
            for object in state.list(kind) {
                let part = |pointer| {
                    object
                        .pointer(pointer)
                        .and_then(|v| v.as_str())
                        .unwrap_or("")
                };
                let (namespace, name) = (part("/metadata/namespace"), part("/metadata/name"));
                if namespace == "shop" || *kind == "Namespace" {
                    names.push(format!("{kind}/{namespace}/{name}"));
                }
            }
        }
        names
    })
}

/// What stands in the way of a release, as lines.
pub async fn obstacles(client: &Client, release: &Release) -> Vec<String> {
    match try_to_ship(client, release, "test").await.0 {
        Err(ShipError::Obstacles(obstacles)) => obstacles.iter().map(ToString::to_string).collect(),
        other => panic!("{other:?}"),
    }
}

/// What a release would do, as lines.
pub async fn planned(client: &Client, release: &Release) -> Vec<String> {
    let plan = plan(client, release, &options("test"))
        .await
        .expect("a plan");
    let line = |change: &Change| {
        let fields = change.fields.iter().map(|field| {
            let show = |value: &Option<serde_json::Value>| {
                value.as_ref().map_or("-".to_owned(), ToString::to_string)
            };
            format!(
                " {}: {} → {}",
                field.path,
                show(&field.before),
                show(&field.after)
            )
        });
        format!(
            "{} {}{}",
            change.action,
            change.object,
            fields.collect::<String>()
        )
    };
    plan.changes.iter().map(line).collect()
}
