//! Systems of the examples on a real control plane, with fake nodes and a stand-in for the controllers of
//! custom resources: shipped, looked at, changed, taken back, removed.

use crate::examples::path;
use crate::harness::{Bench, Ran};
use plimsoll_testkit::{ControlPlane, Minor, StandIn};
use serde_json::{Value, json};
use std::io::Write as _;

/// The systems, each in the environment that is closest to production and can be shipped directly,
/// with what changes an image of it.
const SYSTEMS: [(&str, &str, &str); 5] = [
    // It brings a secret store of the name that another one wants to find: first.
    ("tartware", "staging", "images.tag=9.9.9"),
    ("identity-platform", "production", "images.tag=9.9.9"),
    ("sorcha", "production", "images.tag=9.9.9"),
    (
        "starter",
        "production",
        "services.api.image=registry.starter.dev/app-api:9.9.9",
    ),
    ("traversion", "production", "images.tag=9.9.9"),
];

/// Those that lean on few custom resources.
const ON_AN_OLD_SERVER: [(&str, &str, &str); 2] = [
    ("identity-platform", "production", "images.tag=9.9.9"),
    (
        "starter",
        "production",
        "services.api.image=registry.starter.dev/app-api:9.9.9",
    ),
];

/// Holds V9, W8, P9: on the newest server.
#[test]
fn systems_ship_change_go_back_and_go_away_on_a_new_server() {
    live(Minor::V1_37, "1.37", &SYSTEMS);
}

/// Holds V9: on an old server.
#[test]
fn systems_ship_change_go_back_and_go_away_on_an_old_server() {
    live(Minor::V1_30, "1.30", &ON_AN_OLD_SERVER);
}

fn live(minor: Minor, version: &str, systems: &[(&str, &str, &str)]) {
    // One of its own: whole systems come and go here, namespaces with them. It ends with the process.
    let Some(plane) = ControlPlane::start(minor) else {
        return;
    };
    let plane = Box::leak(Box::new(plane));
    if plane.with_metrics().with_crds().is_none() {
        return;
    }
    let _stand_in = StandIn::start(plane);
    let mut bench = Bench::empty();
    bench.see(plane.kubeconfig());
    let mut failed = Vec::new();
    for (system, environment, change) in systems {
        let life = Life {
            plane,
            bench: &bench,
            path: path(system),
            environment,
            change,
            version: format!("cluster.version={version}"),
        };
        let begin = std::time::Instant::now();
        let lived = life.live();
        let took = begin.elapsed();
        let _ = writeln!(std::io::stderr(), "{system} on {version}: {took:.0?}");
        if let Err(why) = lived {
            failed.push(format!("{system} {environment}: {why}"));
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n\n"));
}

/// One system on one control plane.
struct Life<'a> {
    plane: &'a ControlPlane,
    bench: &'a Bench,
    path: String,
    environment: &'a str,
    change: &'a str,
    version: String,
}

impl Life<'_> {
    fn live(&self) -> Result<(), String> {
        self.bring_what_is_missing()?;
        let first = self.json("up", &["--yes"])?;
        expect(&first, first["ready"] == true)?;
        let again = self.json("up", &["--yes"])?;
        expect(&again["objects"], again["objects"]["changed"] == 0)?;
        let status = self.json("status", &[])?;
        expect(&status, status["ready"] == true)?;
        let drift = self.json("drift", &[])?;
        expect(&drift, drift["changes"] == json!([]))?;
        let change = ["--set", self.change, "--yes"];
        let changed = self.json("up", &change)?;
        expect(
            &changed,
            changed["ready"] == true && changed["objects"]["changed"] != 0,
        )?;
        self.go_back()?;
        let removed = self.json("down", &["--yes"])?;
        expect(&removed, removed["stuck"] == json!([]))
    }

    /// Where migrations ran in between, going back is refused before anything is touched.
    fn go_back(&self) -> Result<(), String> {
        let ran = self.run("rollback", &["--yes"]);
        let answer: Value = read(&ran)?;
        let moved = answer["obstacles"][0]["about"] == "database";
        expect(&answer, moved || answer["ready"] == true)
    }

    /// Makes what `up` says is missing, until nothing is: the list has to be whole, and to the point.
    fn bring_what_is_missing(&self) -> Result<(), String> {
        for _ in 0..60 {
            let ran = self.run("plan", &[]);
            let plan = read(&ran)?;
            let obstacles = plan["obstacles"].as_array().cloned().unwrap_or_default();
            if obstacles.is_empty() {
                return Ok(());
            }
            for obstacle in &obstacles {
                self.bring(obstacle)?;
            }
            // The stand-in looks every now and then.
            std::thread::sleep(std::time::Duration::from_secs(1));
        }
        let plan = read(&self.run("plan", &[]))?;
        expect(&plan["obstacles"], plan["obstacles"].is_null())
    }

    fn bring(&self, obstacle: &Value) -> Result<(), String> {
        let text = |key: &str| obstacle[key].as_str().unwrap_or_default();
        let (about, cause) = (text("about"), text("cause"));
        let (kind, name) = about.split_once('/').unwrap_or((about, ""));
        let made = match kind {
            "Secret" => return self.bring_secret(name, cause, text("remedy")),
            _ if !cause.contains("does not exist") => return Ok(()),
            "Namespace" => json!({ "apiVersion": "v1", "kind": kind }),
            "GatewayClass" => json!({ "apiVersion": "gateway.networking.k8s.io/v1", "kind": kind,
                "spec": { "controllerName": "example.org/stand-in" } }),
            "IngressClass" => json!({ "apiVersion": "networking.k8s.io/v1", "kind": kind,
                "spec": { "controller": "example.org/stand-in" } }),
            "StorageClass" => json!({ "apiVersion": "storage.k8s.io/v1", "kind": kind,
                "provisioner": "kubernetes.io/no-provisioner", "allowVolumeExpansion": true }),
            "ClusterIssuer" => json!({ "apiVersion": "cert-manager.io/v1", "kind": kind,
                "spec": { "selfSigned": {} } }),
            "ClusterSecretStore" => json!({ "apiVersion": "external-secrets.io/v1", "kind": kind,
                "spec": { "provider": { "fake": { "data": [] } } } }),
            _ => return Err(format!("nobody knows how to make {obstacle}")),
        };
        let mut made = made;
        made["metadata"] = json!({ "name": name });
        self.apply(&made)?;
        if kind == "StorageClass" {
            for number in 0..20 {
                self.apply(&volume(name, number))?;
            }
        }
        Ok(())
    }

    fn apply(&self, object: &Value) -> Result<(), String> {
        self.bench.write("made.json", &object.to_string());
        let file = self.bench.folder().join("made.json");
        let file = file.to_string_lossy().into_owned();
        let apply = ["apply", "--server-side", "--validate=false", "-f", &file];
        let applied = self.plane.run(&apply);
        applied.map(drop).map_err(|error| format!("{error:#}"))
    }

    /// `key K must be there …`, in the namespace that the remedy names.
    fn bring_secret(&self, name: &str, cause: &str, remedy: &str) -> Result<(), String> {
        let word = |text: &str, after: &str| {
            let rest = text.split_once(after).map_or("", |(_, rest)| rest);
            rest.split_whitespace()
                .next()
                .unwrap_or_default()
                .to_owned()
        };
        let (key, namespace) = (word(cause, "key "), word(remedy, "-n "));
        if self.plane.run(&["get", "namespace", &namespace]).is_err() {
            let made = self.plane.run(&["create", "namespace", &namespace]);
            made.map_err(|error| format!("{error:#}"))?;
        }
        let (literal, patch) = (
            format!("--from-literal={key}=brought"),
            json!({ "stringData": { key: "brought" } }).to_string(),
        );
        let create = [
            "create", "secret", "generic", name, "-n", &namespace, &literal,
        ];
        let patch = ["patch", "secret", name, "-n", &namespace, "-p", &patch];
        let done = self.plane.run(&create).or_else(|_| self.plane.run(&patch));
        done.map(drop).map_err(|error| format!("{error:#}"))
    }

    fn run(&self, command: &str, more: &[&str]) -> Ran {
        let same = [
            command,
            &self.path,
            "-e",
            self.environment,
            "--context",
            "test",
            "--set",
            "deliver.by=direct",
            "--set",
            &self.version,
            "--json",
        ];
        self.bench.run(&[&same[..], more].concat())
    }

    fn json(&self, command: &str, more: &[&str]) -> Result<Value, String> {
        let ran = self.run(command, more);
        let answer = read(&ran).map_err(|why| format!("{command}: {why}"))?;
        if ran.code == 0 {
            return Ok(answer);
        }
        let last: Vec<&str> = ran.stderr.lines().rev().take(12).collect();
        Err(format!(
            "{command} ended with {}: {answer}\n{}",
            ran.code,
            last.join("\n")
        ))
    }
}

/// A disk of a class that nothing provisions.
fn volume(class: &str, number: usize) -> Value {
    let name = format!("{class}-{number}");
    json!({ "apiVersion": "v1", "kind": "PersistentVolume", "metadata": { "name": name },
        "spec": { "capacity": { "storage": "5Ti" }, "accessModes": ["ReadWriteOnce", "ReadWriteMany"],
            "storageClassName": class, "hostPath": { "path": format!("/volumes/{name}") } } })
}

fn read(ran: &Ran) -> Result<Value, String> {
    serde_json::from_str(&ran.stdout).map_err(|_| {
        format!(
            "ended with {} and no JSON: {}{}",
            ran.code, ran.stdout, ran.stderr
        )
    })
}

fn expect(shown: &Value, holds: bool) -> Result<(), String> {
    if holds {
        Ok(())
    } else {
        Err(shown.to_string())
    }
}
