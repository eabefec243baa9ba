//! Argo's real engines beside a control plane: the controller of Argo Rollouts, and the sync engine of
//! Argo CD, which a small program of ours drives.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use serde_json::Value;

use super::processes::{self, Processes};
use super::{ControlPlane, output};
use crate::cache;

/// The controller of Argo Rollouts; it ends with this value, or with the control plane.
#[derive(Debug)]
pub struct Rollouts {
    processes: Processes,
}

impl Rollouts {
    /// Starts it; `None` counts a skipped test, for it is missing. What it asks of the cluster's hosts, such as
    /// Prometheus, goes to `proxy` over plain HTTP, as nothing here resolves their names.
    ///
    /// # Panics
    /// If it does not become healthy.
    pub fn start(plane: &ControlPlane, proxy: SocketAddr) -> Option<Self> {
        let program = cache::tool("rollouts-controller")?;
        let [health, metrics, _] = processes::free_ports().expect("free ports");
        let mut controller = Command::new(program);
        controller.arg("--kubeconfig").arg(plane.kubeconfig());
        controller.args(["--leader-elect=false", "--istio-api-version", "v1"]);
        controller.args(["--healthzPort", &health.to_string()]);
        controller.args(["--metricsPort", &metrics.to_string()]);
        // The API server is on loopback, where Go never asks a proxy.
        controller.env("HTTP_PROXY", format!("http://{proxy}"));
        controller.env("NO_PROXY", "");
        let mut processes = Processes::in_folder(&plane.folder);
        processes
            .spawn("rollouts-controller", controller)
            .expect("the controller starts");
        let begin = Instant::now();
        while std::net::TcpStream::connect(("127.0.0.1", health)).is_err() {
            processes.check().expect("the controller runs");
            assert!(begin.elapsed() < super::PATIENCE, "it does not answer");
            std::thread::sleep(super::STEP);
        }
        Some(Self { processes })
    }
}

impl Drop for Rollouts {
    fn drop(&mut self) {
        self.processes.reap();
    }
}

impl ControlPlane {
    /// Syncs a folder of manifests as the Application of this name: what differed, what was done, in which
    /// order, and what is not healthy. `None` counts a skipped test, for the engine is missing.
    ///
    /// # Errors
    /// What the engine says where it could not work at all.
    pub fn sync(&self, application: &str, namespace: &str, folder: &Path) -> Option<Result<Value>> {
        let program = cache::tool("argo-sync")?;
        let mut sync = Command::new(program);
        sync.arg(self.kubeconfig())
            .args([application, namespace])
            .arg(folder);
        let read = |text: String| serde_json::from_str(&text).context("reading what it says");
        Some(output(&mut sync).and_then(read))
    }

    /// Waits until an object of ours is as it should be.
    ///
    /// # Panics
    /// If it is not within `patience`; with what it was like in the end.
    pub fn await_object(
        &self,
        kind: &str,
        namespace: &str,
        name: &str,
        patience: Duration,
        is_so: impl Fn(&Value) -> bool,
    ) -> Value {
        let begin = Instant::now();
        loop {
            let got = self.run(&["get", kind, name, "-n", namespace, "-o", "json"]);
            let got = got.and_then(|text| serde_json::from_str(&text).context("reading JSON"));
            match got {
                Ok(object) if is_so(&object) => return object,
                other => assert!(
                    begin.elapsed() < patience,
                    "waited in vain for {kind}/{name}: {other:#?}"
                ),
            }
            std::thread::sleep(super::STEP);
        }
    }
}
