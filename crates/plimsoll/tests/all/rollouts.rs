//! Releases by the real controller of Argo Rollouts, on a real control plane: steps, weights, analysis,
//! promotion. Prometheus is a stand-in that answers what a test wants.

use crate::harness::{Bench, Ran};
use plimsoll_testkit::{ControlPlane, Minor, Rollouts};
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const FILE: &str = "\
app: shop
images: { registry: ghcr.example/shop }
platform:
  rollouts: argo-rollouts
  mesh: { use: istio, mode: sidecar }
defaults:
  ports: 8080
  metrics: { path: /metrics, series: { requests: requests_total, errors: 'code=~\"5..\"', duration: seconds } }
services:
  plain:
    image: plain:1
    scale: 4
    strategy: { canary: { steps: [25% for 2s, 50% for 2s], traffic: pods } }
  meshed:
    image: meshed:1
    strategy: { canary: { steps: [10% for 3s, 50% for 2s], traffic: mesh } }
  coloured:
    image: coloured:1
    strategy: { blue-green: { hold: 4s, promote: ask } }
deliver:
  deadline: 1m
  analysis: { success: 99%, latency: p95 500ms, stable: { success: 1% }, every: 1s, fails: 0 }
";

/// How long anything here may take on a busy machine.
const PATIENCE: Duration = Duration::from_mins(2);

/// What Prometheus would say.
#[derive(Clone, Copy)]
struct Measured {
    success: Option<f64>,
    latency: Option<f64>,
}

const GOOD: Measured = Measured {
    success: Some(0.999),
    latency: Some(0.1),
};

/// Stands where Prometheus is, as a proxy in front of the cluster's hosts.
#[derive(Clone)]
struct Prometheus {
    address: SocketAddr,
    says: Arc<Mutex<Measured>>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Prometheus {
    fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        let prometheus = Self {
            address: listener.local_addr().expect("an address"),
            says: Arc::new(Mutex::new(GOOD)),
            asked: Arc::default(),
        };
        let server = prometheus.clone();
        // It ends with the process.
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let server = server.clone();
                std::thread::spawn(move || server.serve(&stream));
            }
        });
        prometheus
    }

    /// One connection: requests until the other side closes it.
    fn serve(&self, stream: &TcpStream) -> Option<()> {
        let mut reader = BufReader::new(stream);
        loop {
            let mut first = String::new();
            let mut length = 0;
            reader.read_line(&mut first).ok().filter(|read| *read > 0)?;
            loop {
                let mut line = String::new();
                reader.read_line(&mut line).ok()?;
                let line = line.trim().to_ascii_lowercase();
                if line.is_empty() {
                    break;
                }
                if let Some(value) = line.strip_prefix("content-length:") {
                    length = value.trim().parse().ok()?;
                }
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).ok()?;
            let asked = format!("{} {}", first.trim(), String::from_utf8_lossy(&body));
            let answer = self.answer(&asked).to_string();
            self.asked.lock().expect("asked").push(asked);
            let head = format!(
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
                answer.len()
            );
            let mut stream = stream;
            stream.write_all(head.as_bytes()).ok()?;
            stream.write_all(answer.as_bytes()).ok()?;
        }
    }

    fn answer(&self, asked: &str) -> Value {
        let says = *self.says.lock().expect("says");
        // Both versions are as good as each other.
        let against = asked.contains("code") && asked.matches("requests_total").count() > 3;
        let value = if against {
            says.success.map(|_| 0.0)
        } else if asked.contains("histogram_quantile") {
            says.latency
        } else {
            says.success
        };
        let result = value.map(|value| json!({ "metric": {}, "value": [0, value.to_string()] }));
        let result: Vec<Value> = result.into_iter().collect();
        json!({ "status": "success", "data": { "resultType": "vector", "result": result } })
    }

    fn says(&self, measured: Measured) {
        *self.says.lock().expect("says") = measured;
    }
}

/// An application on a control plane with the controller.
struct Shop<'a> {
    plane: &'a ControlPlane,
    bench: Bench,
    images: [(&'static str, u8); 3],
}

impl Shop<'_> {
    fn run(&self, command: &str, more: &[&str]) -> Ran {
        let images: Vec<String> = self
            .images
            .iter()
            .map(|(service, version)| format!("services.{service}.image={service}:{version}"))
            .collect();
        let sets = images.iter().flat_map(|image| ["--set", image.as_str()]);
        let mut arguments = vec![command, "--context", "test"];
        arguments.extend(sets);
        arguments.extend(more);
        self.bench.run(&arguments)
    }

    fn up(&self) -> Ran {
        self.run("up", &["--yes", "--json"])
    }

    fn next(&mut self, service: &str) {
        let image = self.images.iter_mut().find(|(name, _)| *name == service);
        image.expect("a service").1 += 1;
    }

    fn get(&self, kind: &str, name: &str) -> Value {
        self.plane
            .await_object(kind, "shop", name, PATIENCE, |_| true)
    }

    /// Ships, and looks at the Rollout all the while: what differed from look to look.
    fn watched<T: PartialEq>(&self, look: impl Fn(&Self) -> T) -> (Ran, Vec<T>) {
        std::thread::scope(|scope| {
            let shipping = scope.spawn(|| self.up());
            let mut seen = Vec::new();
            while !shipping.is_finished() {
                let now = look(self);
                if seen.last() != Some(&now) {
                    seen.push(now);
                }
            }
            (shipping.join().expect("it ends"), seen)
        })
    }

    /// Pods of a service that are available, of all its versions, and the image of each version with the
    /// pods that it shall have.
    fn pods(&self, service: &str) -> (i64, Vec<(String, i64)>) {
        let selector = format!("app.kubernetes.io/name={service}");
        let get = [
            "get",
            "replicasets",
            "-n",
            "shop",
            "-l",
            &selector,
            "-o",
            "json",
        ];
        let sets = self.plane.run(&get).expect("a list");
        let sets: Value = serde_json::from_str(&sets).expect("JSON");
        let mut available = 0;
        let mut versions = Vec::new();
        for set in sets["items"].as_array().expect("items") {
            available += set["status"]["availableReplicas"].as_i64().unwrap_or(0);
            let image = &set["spec"]["template"]["spec"]["containers"][0]["image"];
            let image = image.as_str().unwrap_or_default().to_owned();
            versions.push((image, set["spec"]["replicas"].as_i64().unwrap_or(0)));
        }
        versions.sort();
        (available, versions)
    }

    /// Weights of the stable version and of the canary.
    fn weights(&self) -> (i64, i64) {
        let route = self.get("virtualservice", "meshed")["spec"]["http"][0]["route"].clone();
        let weight = |at: usize| route[at]["weight"].as_i64().unwrap_or(-1);
        (weight(0), weight(1))
    }

    fn version_behind(&self, service: &str) -> Value {
        self.get("service", service)["spec"]["selector"]["rollouts-pod-template-hash"].clone()
    }
}

/// Holds T3, T12.
#[test]
fn the_real_controller_goes_the_way_that_the_file_describes() {
    let Some(plane) = ControlPlane::start(Minor::V1_37) else {
        return;
    };
    let groups = ["argoproj.io", "istio.io", "monitoring.coreos.com"];
    if plane.with_definitions(&groups).is_none() {
        return;
    }
    let prometheus = Prometheus::start();
    let Some(_controller) = Rollouts::start(&plane, prometheus.address) else {
        return;
    };
    let mut bench = Bench::with(FILE);
    bench.see(plane.kubeconfig());
    let mut shop = Shop {
        plane: &plane,
        bench,
        images: [("plain", 1), ("meshed", 1), ("coloured", 1)],
    };
    let first = shop.up();
    assert_eq!(first.code, 0, "{}{}", first.stderr, first.stdout);
    assert!(
        shop.up().stdout.contains("\"changed\":0"),
        "nothing changes the second time"
    );
    pods_divide_the_traffic(&mut shop);
    the_mesh_divides_the_traffic(&mut shop, &prometheus);
    too_many_errors_bring_the_stable_version_back(&mut shop, &prometheus);
    without_traffic_it_holds(&mut shop, &prometheus);
    a_second_set_waits_for_promotion(&mut shop);
}

fn pods_divide_the_traffic(shop: &mut Shop<'_>) {
    shop.next("plain");
    let (ran, seen) = shop.watched(|shop| shop.pods("plain"));
    assert_eq!(ran.code, 0, "{}{}", ran.stderr, ran.stdout);
    let fewest = seen.iter().map(|(available, _)| *available).min();
    assert_eq!(fewest, Some(4), "{seen:?}");
    let halves: Vec<i64> = seen
        .iter()
        .filter_map(|(_, versions)| Some(versions.get(1)?.1))
        .collect();
    let mut steps = halves.clone();
    steps.dedup();
    assert!(
        steps.contains(&1) && steps.contains(&2),
        "a quarter, then a half: {seen:?}"
    );
    assert!(halves.is_sorted(), "never back: {seen:?}");
}

fn the_mesh_divides_the_traffic(shop: &mut Shop<'_>, prometheus: &Prometheus) {
    shop.next("meshed");
    let stable = shop.get("rollout", "meshed")["status"]["stableRS"].clone();
    let (ran, seen) = shop.watched(Shop::weights);
    assert_eq!(ran.code, 0, "{}{}", ran.stderr, ran.stdout);
    let steps: Vec<_> = seen.iter().filter(|weights| weights.1 > 0).collect();
    assert_eq!(steps[..2], [&(90, 10), &(50, 50)], "{seen:?}");
    assert_eq!(
        shop.weights(),
        (100, 0),
        "the new version is the stable one"
    );
    let status = shop.get("rollout", "meshed")["status"].clone();
    let text = |hash: &Value| hash.as_str().expect("a hash").to_owned();
    let (old, new) = (text(&stable), text(&status["stableRS"]));
    let asked = prometheus.asked.lock().expect("asked");
    let of = |version: &str| asked.iter().filter(|query| query.contains(version)).count();
    assert!(of(&new) > 2, "the new version is measured: {asked:#?}");
    assert!(
        of(&old) > 0,
        "and compared with the one that ran: {asked:#?}"
    );
    // Where the file has it, not some other host.
    assert!(
        asked
            .iter()
            .all(|query| query.contains("http://prometheus-operated.monitoring:9090/"))
    );
}

fn too_many_errors_bring_the_stable_version_back(shop: &mut Shop<'_>, prometheus: &Prometheus) {
    prometheus.says(Measured {
        success: Some(0.5),
        ..GOOD
    });
    let before = shop.get("rollout", "meshed")["status"]["stableRS"].clone();
    shop.next("meshed");
    let ran = shop.up();
    assert_eq!(ran.code, 1, "{}{}", ran.stderr, ran.stdout);
    let outcome: Value = serde_json::from_str(&ran.stdout).expect("JSON");
    let failure = &outcome["failure"];
    assert_eq!(failure["object"], "Rollout/meshed");
    let cause = failure["cause"].as_str().expect("a cause");
    assert!(
        cause.starts_with("Degraded: RolloutAborted: Rollout aborted update to revision 3")
            && cause.contains("Metric \"success\" assessed Failed"),
        "{cause}"
    );
    // The line of the service's strategy.
    assert_eq!(
        (&failure["file"], &failure["line"]),
        (&json!("plimsoll.yaml"), &json!(16))
    );
    let status = shop.get("rollout", "meshed")["status"].clone();
    assert_eq!(status["stableRS"], before, "it was never given up");
    assert_eq!(status["phase"], "Healthy", "the release before is back");
    assert_eq!(shop.weights(), (100, 0));
    shop.images[1].1 -= 1;
    let quiet = shop.run("status", &[]);
    assert_eq!(quiet.code, 0, "{}", quiet.stdout);
}

/// An answer that is none is neither good nor bad.
fn without_traffic_it_holds(shop: &mut Shop<'_>, prometheus: &Prometheus) {
    prometheus.says(Measured {
        success: None,
        latency: None,
    });
    shop.images[1].1 += 2;
    let held = |rollout: &Value| rollout["status"]["message"] == "InconclusiveAnalysisRun";
    let ran = std::thread::scope(|scope| {
        let shipping = scope.spawn(|| shop.run("up", &["--yes"]));
        let wait = |good: &dyn Fn(&Value) -> bool| {
            shop.plane
                .await_object("rollout", "shop", "meshed", PATIENCE, good)
        };
        let rollout = wait(&held);
        assert_eq!(rollout["status"]["phase"], "Paused");
        prometheus.says(GOOD);
        std::thread::sleep(Duration::from_secs(2));
        promote(shop, "meshed");
        shipping.join().expect("it ends")
    });
    assert_eq!(ran.code, 0, "{}{}", ran.stderr, ran.stdout);
    let said = format!("{}{}", ran.stdout, ran.stderr);
    assert!(
        said.contains(
            "waiting: Paused: its analysis has no answer; `kubectl argo rollouts promote meshed -n shop` goes on"
        ),
        "{said}"
    );
}

fn a_second_set_waits_for_promotion(shop: &mut Shop<'_>) {
    let before = shop.version_behind("coloured");
    shop.next("coloured");
    let paused = |rollout: &Value| rollout["status"]["message"] == "BlueGreenPause";
    let ran = std::thread::scope(|scope| {
        let shipping = scope.spawn(|| shop.up());
        shop.plane
            .await_object("rollout", "shop", "coloured", PATIENCE, paused);
        std::thread::sleep(Duration::from_secs(2));
        assert_eq!(
            shop.version_behind("coloured"),
            before,
            "nobody is served by it yet"
        );
        assert_ne!(shop.version_behind("coloured-preview"), before);
        assert!(!shipping.is_finished(), "`up` waits as well");
        promote(shop, "coloured");
        shipping.join().expect("it ends")
    });
    assert_eq!(ran.code, 0, "{}{}", ran.stderr, ran.stdout);
    assert_ne!(shop.version_behind("coloured"), before);
    let gone = |rollout: &Value| rollout["status"]["replicas"] == 2;
    shop.plane
        .await_object("rollout", "shop", "coloured", PATIENCE, gone);
}

/// What `kubectl argo rollouts promote` does.
fn promote(shop: &Shop<'_>, service: &str) {
    let resumed = r#"{"status":{"pauseConditions":null}}"#;
    let patch = [
        "patch",
        "rollout",
        service,
        "-n",
        "shop",
        "--subresource=status",
    ];
    let patched = shop
        .plane
        .run(&[&patch[..], &["--type=merge", "-p", resumed]].concat());
    patched.expect("it goes on");
}
