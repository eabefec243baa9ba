//! A real Kubernetes control plane on loopback: etcd, API server, controller manager, scheduler, and
//! nodes whose kubelets KWOK plays. A pod there becomes ready at once and a job's pod completes.
//!
//! Everything that it writes lies in one folder. A control plane of a test dies with the test
//! process, however that ends: a shell waits on a pipe from it, and cleans up once that is closed.

mod argo;
mod credentials;
mod objects;
mod processes;
mod stand_in;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};

use crate::cache;
pub use argo::Rollouts;
use processes::{Processes, Watchdog};
pub use stand_in::StandIn;

/// A machine that is shared by many builds is slow; a healthy start takes ten seconds.
const PATIENCE: Duration = Duration::from_mins(2);
const STEP: Duration = Duration::from_millis(100);

/// A Kubernetes minor version that a control plane can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Minor {
    /// The newest supported.
    V1_37,
    /// An old one.
    V1_30,
}

impl Minor {
    /// Reads `1.37` or `1.30`.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "1.37" => Some(Self::V1_37),
            "1.30" => Some(Self::V1_30),
            _ => None,
        }
    }

    fn program(self, name: &str) -> String {
        match self {
            Self::V1_37 => name.to_owned(),
            Self::V1_30 => format!("{name}-1.30"),
        }
    }
}

/// What is to be started.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Version of API server, controller manager and scheduler.
    pub minor: Minor,
    /// Number of nodes, spread over three zones.
    pub nodes: usize,
}

/// A running control plane that ends with this value, or with the process.
#[derive(Debug)]
pub struct ControlPlane {
    minor: Minor,
    folder: PathBuf,
    kubectl: PathBuf,
    processes: Processes,
    watchdog: Watchdog,
}

impl ControlPlane {
    /// Starts one with three nodes; `None` counts a skipped test, for a tool is missing.
    ///
    /// # Panics
    /// If it does not start, or if a tool is missing while `PLIMSOLL_DEMAND_TOOLS=1`.
    pub fn start(minor: Minor) -> Option<Self> {
        let programs = Programs::find(minor)?;
        let folder = tempfile::Builder::new().prefix("control-plane-").tempdir();
        // The watchdog removes the folder, also when this process is killed.
        let folder = folder.expect("a temporary folder").keep();
        let watchdog = Watchdog::over(&folder).expect("a shell to watch over the processes");
        match launch(&folder, Plan { minor, nodes: 3 }, &programs) {
            Ok(processes) => Some(Self {
                minor,
                folder,
                kubectl: programs.kubectl,
                processes,
                watchdog,
            }),
            Err(error) => panic!("the control plane did not start: {error:#}"),
        }
    }

    /// The one of this version that all tests of a program share; they use namespaces of their own.
    ///
    /// # Panics
    /// As [`ControlPlane::start`].
    pub fn shared(minor: Minor) -> Option<&'static Self> {
        static NEW: OnceLock<Option<ControlPlane>> = OnceLock::new();
        static OLD: OnceLock<Option<ControlPlane>> = OnceLock::new();
        let cell = match minor {
            Minor::V1_37 => &NEW,
            Minor::V1_30 => &OLD,
        };
        cell.get_or_init(|| Self::start(minor)).as_ref()
    }

    /// A kubeconfig whose only user may do everything.
    pub fn kubeconfig(&self) -> PathBuf {
        self.folder.join("kubeconfig")
    }

    /// The pinned kubectl, pointed at this control plane.
    pub fn kubectl(&self) -> Command {
        kubectl(&self.kubectl, &self.folder)
    }

    /// Runs kubectl and returns what it wrote to stdout.
    ///
    /// # Errors
    /// What it wrote to stderr, if it fails.
    pub fn run(&self, arguments: &[&str]) -> Result<String> {
        output(self.kubectl().args(arguments))
    }

    /// Applies the fetched custom resource definitions that this version can read and waits until they
    /// are served; `None` counts a skipped test, for they are missing.
    ///
    /// # Panics
    /// If the API server refuses one.
    pub fn with_crds(&self) -> Option<&Self> {
        self.with_definitions(&[""])
    }

    /// As [`with_crds`](Self::with_crds), of the groups that end like one of these alone: all of them take the
    /// API server half a minute.
    ///
    /// # Panics
    /// If the API server refuses one.
    pub fn with_definitions(&self, groups: &[&str]) -> Option<&Self> {
        let folder = cache::crds()?;
        let mut files = self.readable(&folder);
        files.retain(|file| {
            groups
                .iter()
                .any(|group| file.ends_with(&format!("{group}.yaml")))
        });
        let mut apply = vec!["apply", "--server-side"];
        apply.extend(files.iter().flat_map(|file| ["--filename", file.as_str()]));
        self.run(&apply)
            .expect("custom resource definitions are accepted");
        let wait = [
            "wait",
            "--for=condition=Established",
            "crd",
            "--all",
            "--timeout=600s",
        ];
        self.run(&wait)
            .expect("custom resource definitions are established");
        Some(self)
    }

    /// Serves the metrics API, empty: nothing here measures pods.
    ///
    /// # Panics
    /// If the API server refuses it.
    pub fn with_metrics(&self) -> &Self {
        let file = self.folder.join("metrics.json");
        fs::write(&file, objects::metrics().to_string()).expect("a file in our own folder");
        let file = file.to_string_lossy().into_owned();
        self.run(&["apply", "--server-side", "--validate=false", "-f", &file])
            .expect("the metrics API is accepted");
        let wait = [
            "wait",
            "--for=condition=Established",
            "crd",
            "--timeout=60s",
        ];
        self.run(&[&wait[..], &["pods.metrics.k8s.io", "nodes.metrics.k8s.io"]].concat())
            .expect("the metrics API is served");
        self
    }

    /// Definitions without rules in words of newer servers: `isIP` came to CEL with Kubernetes 1.31.
    fn readable(&self, folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).expect("the fetched definitions can be listed");
        let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        files.sort();
        let old = matches!(self.minor, Minor::V1_30);
        let newer =
            |file: &PathBuf| fs::read_to_string(file).is_ok_and(|text| text.contains("isIP("));
        files.retain(|file| file.extension().is_some_and(|kind| kind == "yaml"));
        files.retain(|file| !(old && newer(file)));
        files
            .iter()
            .map(|file| file.to_string_lossy().into_owned())
            .collect()
    }
}

impl Drop for ControlPlane {
    fn drop(&mut self) {
        self.watchdog.end();
        self.processes.reap();
    }
}

/// Starts a control plane in `folder` that outlives this process; [`stop`] ends it.
///
/// # Errors
/// If one runs there already, a program is missing, or the API server does not become ready.
pub fn start_detached(folder: &Path, plan: Plan) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
    let folder = folder.canonicalize()?;
    ensure!(
        processes::running(&folder)?.is_empty(),
        "one runs in {} already",
        folder.display()
    );
    let programs = Programs::find(plan.minor).context("a program is missing")?;
    let watchdog = Watchdog::over(&folder)?;
    // On an error the watchdog ends what was started, and removes the folder.
    launch(&folder, plan, &programs)?;
    watchdog.dismiss()
}

/// Ends the control plane in `folder` and removes what it wrote there.
///
/// # Errors
/// If a process cannot be ended.
pub fn stop(folder: &Path) -> Result<()> {
    let folder = folder
        .canonicalize()
        .with_context(|| format!("opening {}", folder.display()))?;
    processes::kill_running(&folder)?;
    fs::remove_dir_all(&folder).with_context(|| format!("removing {}", folder.display()))
}

/// The programs of one version.
struct Programs {
    etcd: PathBuf,
    api_server: PathBuf,
    controller_manager: PathBuf,
    scheduler: PathBuf,
    kubectl: PathBuf,
    kwok: PathBuf,
}

impl Programs {
    fn find(minor: Minor) -> Option<Self> {
        Some(Self {
            etcd: cache::tool("etcd")?,
            api_server: cache::tool(&minor.program("kube-apiserver"))?,
            controller_manager: cache::tool(&minor.program("kube-controller-manager"))?,
            scheduler: cache::tool(&minor.program("kube-scheduler"))?,
            kubectl: cache::tool("kubectl")?,
            kwok: cache::tool("kwok")?,
        })
    }
}

fn launch(folder: &Path, plan: Plan, programs: &Programs) -> Result<Processes> {
    let [api, etcd, peer] = processes::free_ports()?;
    credentials::write(folder, api)?;
    let mut started = Processes::in_folder(folder);
    let etcd = format!("http://127.0.0.1:{etcd}");
    started.spawn("etcd", etcd_command(programs, folder, &etcd, peer))?;
    started.spawn(
        "kube-apiserver",
        api_server_command(programs, folder, &etcd, api),
    )?;
    await_until("the API server to be ready", &mut started, || {
        kubectl(&programs.kubectl, folder)
            .args(["get", "--raw", "/readyz"])
            .output()
    })?;

    let mut manager = Command::new(&programs.controller_manager);
    manager.args([
        "--use-service-account-credentials",
        "--allocate-node-cidrs=false",
    ]);
    manager.args([
        "--service-account-private-key-file",
        "sa.key",
        "--root-ca-file",
        "ca.crt",
    ]);
    started.spawn("kube-controller-manager", with_kubeconfig(manager, folder))?;
    let scheduler = Command::new(&programs.scheduler);
    started.spawn("kube-scheduler", with_kubeconfig(scheduler, folder))?;

    fs::write(
        folder.join("objects.json"),
        objects::list(plan.nodes).to_string(),
    )?;
    output(
        kubectl(&programs.kubectl, folder)
            .args(["create", "-f"])
            .arg("objects.json"),
    )?;
    if plan.nodes > 0 {
        started.spawn("kwok", kwok_command(programs, folder)?)?;
        await_until("the nodes to be ready", &mut started, || {
            let wait = [
                "wait",
                "--for=condition=Ready",
                "node",
                "--all",
                "--timeout=1s",
            ];
            kubectl(&programs.kubectl, folder).args(wait).output()
        })?;
    }
    // Without its account, a pod in the default namespace is refused.
    await_until("the default service account", &mut started, || {
        let get = ["get", "serviceaccount", "default", "--namespace", "default"];
        kubectl(&programs.kubectl, folder).args(get).output()
    })?;
    Ok(started)
}

fn etcd_command(programs: &Programs, folder: &Path, url: &str, peer: u16) -> Command {
    let mut etcd = Command::new(&programs.etcd);
    etcd.arg("--data-dir").arg(folder.join("etcd"));
    etcd.args(["--unsafe-no-fsync", "--log-level", "error"]);
    etcd.args(["--listen-client-urls", url, "--advertise-client-urls", url]);
    etcd.args(["--listen-peer-urls", &format!("http://127.0.0.1:{peer}")]);
    etcd
}

/// Priority and fairness are off: tests send bursts that a fair queue would slow down.
fn api_server_command(programs: &Programs, folder: &Path, etcd: &str, port: u16) -> Command {
    let mut server = Command::new(&programs.api_server);
    server.arg("--cert-dir").arg(folder);
    server.args(["--etcd-servers", etcd, "--secure-port", &port.to_string()]);
    server.args([
        "--bind-address",
        "127.0.0.1",
        "--authorization-mode",
        "RBAC",
    ]);
    server.args([
        "--tls-cert-file",
        "api.crt",
        "--tls-private-key-file",
        "api.key",
    ]);
    server.args([
        "--client-ca-file",
        "ca.crt",
        "--token-auth-file",
        "tokens.csv",
    ]);
    server.args(["--service-account-issuer", "https://kubernetes.default.svc"]);
    server.args(["--service-account-key-file", "sa.pub"]);
    server.args(["--service-account-signing-key-file", "sa.key"]);
    server.args([
        "--service-cluster-ip-range",
        "10.0.0.0/16",
        "--allow-privileged",
    ]);
    server.arg("--enable-priority-and-fairness=false");
    server
}

fn kwok_command(programs: &Programs, folder: &Path) -> Result<Command> {
    let mut kwok = Command::new(&programs.kwok);
    kwok.arg("--kubeconfig").arg(folder.join("kubeconfig"));
    kwok.args([
        "--manage-all-nodes=true",
        "--node-lease-duration-seconds",
        "40",
    ]);
    kwok.args(["--cidr", "10.244.0.0/16"]);
    let stages = cache::kwok_stages();
    let mut files = Vec::new();
    for entry in fs::read_dir(&stages).with_context(|| format!("reading {}", stages.display()))? {
        files.push(entry?.path());
    }
    files.sort();
    for file in files {
        kwok.arg("--config").arg(file);
    }
    Ok(kwok)
}

fn with_kubeconfig(mut command: Command, folder: &Path) -> Command {
    command.arg("--kubeconfig").arg(folder.join("kubeconfig"));
    command.args([
        "--leader-elect=false",
        "--secure-port",
        "0",
        "--bind-address",
        "127.0.0.1",
    ]);
    command
}

fn kubectl(program: &Path, folder: &Path) -> Command {
    let mut kubectl = Command::new(program);
    kubectl.current_dir(folder);
    kubectl.arg("--kubeconfig").arg(folder.join("kubeconfig"));
    kubectl.arg("--cache-dir").arg(folder.join("kubectl-cache"));
    kubectl
}

fn output(command: &mut Command) -> Result<String> {
    let output = command
        .output()
        .with_context(|| format!("starting {command:?}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{command:?}: {}", said.trim());
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Asks until the answer is a success; a process that ended, or too long a wait, is an error.
fn await_until(
    what: &str,
    started: &mut Processes,
    ask: impl Fn() -> std::io::Result<std::process::Output>,
) -> Result<()> {
    let begin = Instant::now();
    loop {
        let answer = ask().with_context(|| format!("waiting for {what}"))?;
        if answer.status.success() {
            return Ok(());
        }
        started
            .check()
            .with_context(|| format!("waiting for {what}"))?;
        if begin.elapsed() > PATIENCE {
            bail!(
                "waited in vain for {what}: {}",
                String::from_utf8_lossy(&answer.stderr).trim()
            );
        }
        std::thread::sleep(STEP);
    }
}
