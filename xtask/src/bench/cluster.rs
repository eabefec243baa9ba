//! The same objects sent to a real API server by the program and by those that everybody knows.

use super::{objects, print, tool};
use crate::bench::measure::{self, Figures};
use anyhow::{Context as _, Result};
use plimsoll_testkit::{ControlPlane, Minor};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// `ConfigMap`s of the one load, services of the other.
const CONFIGS: usize = 1_000;
const SERVICES: usize = 100;

/// Prints how long each program needs for each load, how many requests, how much memory.
pub fn run(program: &Path, work: &Path) -> Result<()> {
    let tools = [tool("kubectl"), tool("helm")];
    let [Some(kubectl), Some(helm)] = tools else {
        return Ok(());
    };
    let Some(plane) = ControlPlane::start(Minor::V1_37) else {
        return Ok(());
    };
    let bench = Bench {
        program,
        kubectl,
        helm,
        work,
        plane: &plane,
    };
    bench.load("1000 ConfigMaps", "configs", &objects::configs(CONFIGS))?;
    bench.load(
        "100 services, 600 objects",
        "services",
        &objects::services(SERVICES),
    )
}

struct Bench<'a> {
    program: &'a Path,
    kubectl: PathBuf,
    helm: PathBuf,
    work: &'a Path,
    plane: &'a ControlPlane,
}

impl Bench<'_> {
    /// One load, by each program into a namespace of its own.
    fn load(&self, title: &str, name: &str, text: &str) -> Result<()> {
        let folder = self.work.join(name);
        let templates = folder.join("chart/templates");
        fs::create_dir_all(&templates)?;
        fs::create_dir_all(folder.join("plain"))?;
        fs::write(folder.join("plain/all.yaml"), text)?;
        fs::write(templates.join("all.yaml"), text)?;
        let chart = format!("apiVersion: v2\nname: {name}\nversion: 1.0.0\n");
        fs::write(folder.join("chart/Chart.yaml"), chart)?;
        for by in ["ours", "kubectl", "helm"] {
            self.plane
                .run(&["create", "namespace", &format!("{name}-{by}")])?;
        }
        let ours = self.ours(&folder.join("plain"), &format!("{name}-ours"));
        self.timed(&format!("{title}: up"), 1, &ours)?;
        self.timed(&format!("{title}: up, nothing to do"), 5, &ours)?;
        let applied = self.kubectl(&folder.join("plain"), &format!("{name}-kubectl"));
        self.timed(
            &format!("{title}: kubectl apply --server-side"),
            1,
            &applied,
        )?;
        self.timed(&format!("{title}: the same again"), 3, &applied)?;
        let installed = self.helm(&folder.join("chart"), &format!("{name}-helm"));
        self.timed(
            &format!("{title}: helm upgrade --install --wait"),
            1,
            &installed,
        )?;
        self.timed(&format!("{title}: the same again"), 3, &installed)
    }

    fn ours(&self, folder: &Path, namespace: &str) -> Command {
        let mut command = Command::new(self.program);
        command.arg("up").arg(folder);
        command.args([
            "--name",
            namespace,
            "-n",
            namespace,
            "--context",
            "test",
            "--yes",
        ]);
        command.env("KUBECONFIG", self.plane.kubeconfig());
        command
    }

    /// Applied, and waited for like the others.
    fn kubectl(&self, folder: &Path, namespace: &str) -> Command {
        let script = "\"$0\" apply --server-side -n \"$2\" -f \"$1\" && \
                      for kind in $(\"$0\" get deployments -n \"$2\" -o name); do \
                      \"$0\" rollout status -n \"$2\" \"$kind\" || exit 1; done";
        let mut command = Command::new("sh");
        command
            .args(["-c", script])
            .arg(&self.kubectl)
            .arg(folder)
            .arg(namespace);
        command.env("KUBECONFIG", self.plane.kubeconfig());
        command
    }

    fn helm(&self, chart: &Path, namespace: &str) -> Command {
        let mut command = Command::new(&self.helm);
        command
            .args(["upgrade", "--install", "--wait", "bench"])
            .arg(chart);
        command.args(["-n", namespace]);
        command.env("KUBECONFIG", self.plane.kubeconfig());
        command
    }

    fn timed(&self, name: &str, runs: usize, command: &Command) -> Result<()> {
        let before = self.requests()?;
        let figures: Figures =
            measure::under_a_process(runs, command).with_context(|| name.to_owned())?;
        let sent = self.requests()?.saturating_sub(before) / runs;
        print(name, &figures, &format!(" {sent:>6} requests"));
        Ok(())
    }

    /// Requests that the API server has answered so far about what is sent here, by whomever; watches
    /// count when they end.
    fn requests(&self) -> Result<usize> {
        let metrics = self.plane.run(&["get", "--raw", "/metrics"])?;
        let of_load = |line: &&str| {
            let sent = [
                "configmaps",
                "deployments",
                "services",
                "serviceaccounts",
                "poddisruptionbudgets",
                "networkpolicies",
            ];
            line.starts_with("apiserver_request_total{")
                && sent
                    .iter()
                    .any(|kind| line.contains(&format!("resource=\"{kind}\"")))
        };
        let count = |line: &str| line.rsplit(' ').next()?.parse::<usize>().ok();
        Ok(metrics.lines().filter(of_load).filter_map(count).sum())
    }
}
