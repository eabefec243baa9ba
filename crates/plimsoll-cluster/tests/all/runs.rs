//! Runs of whole clusters: equal from equal beginnings, and carried on after a pause.

use std::time::{Duration, Instant};

use kube::Client;
use plimsoll_cluster::state::State;
use plimsoll_cluster::{Cluster, Options};
use serde_json::{Value, json};

fn in_virtual_time<T>(run: impl Future<Output = T>) -> T {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    let runtime = builder.enable_all().start_paused(true).build();
    runtime.expect("a runtime").block_on(run)
}

fn deployment(name: &str) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "namespace": "default"},
        "spec": {
            "replicas": 2,
            "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": {"app": name}},
                "spec": {"containers": [{"name": "main", "image": "example.com/main:1"}]},
            },
        },
    })
}

async fn apply(client: &Client, name: &str) {
    let request = http::Request::patch(format!(
        "/apis/apps/v1/namespaces/default/deployments/{name}?fieldManager=test"
    ))
    .header("content-type", "application/apply-patch+yaml")
    .body(serde_json::to_vec(&deployment(name)).expect("JSON"))
    .expect("a request");
    client.request::<Value>(request).await.expect("applied");
}

/// The change log of twenty rollouts at once, as text.
fn log_of(seed: u64) -> String {
    in_virtual_time(async {
        let cluster = Cluster::new(Options {
            seed,
            ..Options::default()
        })
        .expect("a cluster");
        let client = Client::new(cluster.service(), "default");
        let reader = cluster.with(State::follow);
        tokio::spawn(cluster.run());
        for index in 0..20 {
            apply(&client, &format!("app-{index}")).await;
        }
        tokio::time::sleep(Duration::from_mins(2)).await;
        cluster.with(|state| {
            let entries = state.events_since(reader.place());
            let line = |object: Option<&std::sync::Arc<Value>>| object.map(ToString::to_string);
            entries
                .map(|entry| format!("{} {:?}\n", entry.key(), line(entry.new.as_ref())))
                .collect()
        })
    })
}

#[test]
fn the_same_seed_gives_the_same_log() {
    let first = log_of(7);
    assert!(first.lines().count() > 200, "{}", first.lines().count());
    assert!(first == log_of(7), "two runs differ");
    assert!(first != log_of(8), "the seed changes nothing");
}

/// Not a test of its own: what [`separate_processes_give_the_same_log`] starts twice.
#[test]
fn one_log_of_a_process() {
    #[expect(
        clippy::disallowed_methods,
        reason = "a test speaks to its own child process"
    )]
    let Some(file) = std::env::var_os("CLUSTER_LOG_FILE") else {
        return;
    };
    std::fs::write(file, log_of(7)).expect("the log is written");
}

#[test]
fn separate_processes_give_the_same_log() {
    let folder = tempfile::tempdir().expect("a folder");
    let program = std::env::current_exe().expect("this program");
    let logs = ["a", "b"].map(|name| {
        let file = folder.path().join(name);
        let status = std::process::Command::new(&program)
            .args(["--exact", "runs::one_log_of_a_process"])
            .env("CLUSTER_LOG_FILE", &file)
            .output()
            .expect("it runs");
        assert!(status.status.success());
        std::fs::read_to_string(file).expect("a log")
    });
    assert!(logs[0].lines().count() > 200);
    assert!(logs[0] == logs[1], "two processes differ");
}

#[test]
fn a_saved_cluster_goes_on_where_it_was() {
    let (saved, objects) = in_virtual_time(async {
        let cluster = Cluster::new(Options::default()).expect("a cluster");
        let client = Client::new(cluster.service(), "default");
        tokio::spawn(cluster.run());
        apply(&client, "web").await;
        tokio::time::sleep(Duration::from_mins(1)).await;
        let objects: Vec<Value> =
            cluster.with(|state| state.all().map(|one| Value::clone(one)).collect());
        (cluster.save().expect("saved"), objects)
    });
    in_virtual_time(async {
        let cluster = Cluster::load(&saved, Options::default()).expect("loaded");
        let now: Vec<Value> =
            cluster.with(|state| state.all().map(|one| Value::clone(one)).collect());
        assert_eq!(now, objects);
        let client = Client::new(cluster.service(), "default");
        tokio::spawn(cluster.run());
        let version = cluster.with(|state| state.version());
        apply(&client, "web").await;
        tokio::time::sleep(Duration::from_mins(1)).await;
        assert_eq!(
            cluster.with(|state| state.version()),
            version,
            "nothing changed, so nothing is written"
        );
        apply(&client, "more").await;
        tokio::time::sleep(Duration::from_mins(1)).await;
        let ready = cluster.with(|state| {
            let object = state
                .get("apps/Deployment", "default", "more")
                .expect("made");
            object["status"]["availableReplicas"].clone()
        });
        assert_eq!(ready, 2);
    });
}

/// Each command has a runtime of its own, and the wall clock goes on between two of them.
#[test]
fn time_stands_still_between_two_runtimes() {
    let cluster = Cluster::new(Options::default()).expect("a cluster");
    let minute = async || {
        let client = Client::new(cluster.service(), "default");
        let run = tokio::spawn(cluster.run());
        tokio::time::sleep(Duration::from_mins(1)).await;
        apply(&client, "web").await;
        run.abort();
    };
    let begin = cluster.with(|state| state.now());
    in_virtual_time(minute());
    std::thread::sleep(Duration::from_millis(20));
    in_virtual_time(minute());
    let passed = cluster.with(|state| state.now()).duration_since(begin);
    assert_eq!(passed, jiff::SignedDuration::from_mins(2));
}

#[test]
fn what_is_no_cluster_is_not_loaded() {
    assert!(Cluster::load(b"nonsense", Options::default()).is_err());
}

/// A bound that only a change of order of growth breaks; the real figures are in the benchmarks.
#[test]
fn thousands_of_objects_are_applied_quickly() {
    in_virtual_time(async {
        let cluster = Cluster::new(Options::default()).expect("a cluster");
        let client = Client::new(cluster.service(), "default");
        let start = Instant::now();
        for index in 0..2000 {
            apply(&client, &format!("app-{index}")).await;
        }
        let spent = start.elapsed();
        assert!(spent < Duration::from_mins(1), "{spent:?}");
    });
}
