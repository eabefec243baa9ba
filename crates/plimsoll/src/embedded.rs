//! The embedded cluster between commands: one file for each application file and environment.

use crate::prepare::Ready;
use anyhow::{Context, Result};
use plimsoll_cluster::faults::Faults;
use plimsoll_cluster::models::platform::{Component, bringing};
use plimsoll_cluster::node::machines::Machines;
use plimsoll_cluster::{Cluster, ClusterError, Options};
use plimsoll_source::{Node, Origin, Sourced, Str};
use plimsoll_spec::App;
use plimsoll_spec::app::cluster::Cni;
use plimsoll_spec::app::platform::{
    AutoscalerUse, BackupUse, CertificatesUse, DashboardsUse, GatewayApi, GatewayUse, GitopsUse,
    LogsUse, MeshUse, MetricsUse, PoliciesUse, ReloadUse, RolloutsUse, SecretSourceUse,
    TelemetryUse, TracesUse, VaultUse, VpaUse,
};
use plimsoll_spec::app::store::Run;
use plimsoll_world::World;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Where the cluster of an environment is kept: under `$XDG_STATE_HOME`, else `~/.local/state`.
pub fn path(file: &Path, environment: &str) -> Result<PathBuf> {
    let set = |name| {
        std::env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    let home = || set("HOME").map(|home| home.join(".local/state"));
    let state = set("XDG_STATE_HOME").or_else(home);
    let state = state.context("neither XDG_STATE_HOME nor HOME says where to keep state")?;
    let whole =
        std::fs::canonicalize(file).with_context(|| format!("finding {}", file.display()))?;
    let name = Node::Text(
        Origin::rule("path", []),
        whole.to_string_lossy().as_ref().into(),
    );
    let name = format!(
        "{}-{environment}.cluster",
        plimsoll_world::content_hash(&name)
    );
    Ok(state.join("plimsoll").join("embedded").join(name))
}

/// The cluster as the last command left it, else a fresh one. A file that cannot be read is set
/// aside; `note` is told.
pub fn open(path: &Path, options: Options, note: &mut dyn FnMut(&str)) -> Result<Cluster> {
    let saved = match std::fs::read(path) {
        Ok(saved) => saved,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Cluster::new(options).context("preparing the embedded cluster");
        }
        Err(error) => return Err(error).with_context(|| format!("reading {}", path.display())),
    };
    match Cluster::load(&saved, options.clone()) {
        Ok(cluster) => Ok(cluster),
        Err(ClusterError::NotSaved(why)) => {
            let aside = path.with_extension("aside");
            std::fs::rename(path, &aside)
                .with_context(|| format!("setting {} aside", path.display()))?;
            note(&format!(
                "the embedded cluster starts anew: {why}; the old file is {}",
                aside.display()
            ));
            Cluster::new(options).context("preparing the embedded cluster")
        }
        Err(error) => Err(error).context("preparing the embedded cluster"),
    }
}

/// Keeps the cluster for the next command.
pub fn keep(path: &Path, cluster: &Cluster) -> Result<()> {
    let saved = cluster.save().context("saving the embedded cluster")?;
    crate::write::file(path, &saved)
}

/// The cluster that an environment asks for: its version, its nodes, its platform.
pub fn options(ready: &Ready, faults: Faults) -> Options {
    let (machines, platform) = match ready.app() {
        Some(app) => (machines(app), components(app)),
        None => (Machines::default(), components_for(&ready.world)),
    };
    Options {
        seed: 1,
        minor: u16::from(ready.target.number()),
        machines,
        faults,
        platform,
        ..Options::default()
    }
}

/// The components that bring the kinds of objects which say nothing of a platform.
fn components_for(world: &World) -> Vec<Component> {
    let kinds = world.objects.iter().map(|object| &object.key);
    let names: BTreeSet<&str> = kinds
        .filter_map(|key| match (key.group(), key.kind.as_str()) {
            ("networking.k8s.io", "Ingress") => Some("ingress-nginx"),
            (group, kind) => bringing(&format!("{group}/{kind}")),
        })
        .collect();
    let named = |name: &str| Component {
        ingress: name == "ingress-nginx",
        ..Component::named(name)
    };
    names.into_iter().map(named).collect()
}

/// The nodes that `cluster.nodes` says, the fewest of a range; what it does not say is a small
/// production cluster.
fn machines(app: &App) -> Machines {
    let (default, nodes) = (Machines::default(), &app.cluster.nodes);
    let zones = usize::try_from(*app.cluster.zones.peek()).unwrap_or(1);
    let count = nodes.count.as_ref().map(|count| count.peek().min);
    Machines {
        count: count
            .and_then(|count| usize::try_from(count).ok())
            .unwrap_or(default.count),
        zones,
        cpu: nodes
            .cpu
            .as_ref()
            .map_or(default.cpu, |cpu| cpu.peek().to_string()),
        memory: nodes
            .memory
            .as_ref()
            .map_or(default.memory, |memory| memory.peek().to_string()),
        pods: *nodes.pods.peek(),
        labels: nodes
            .labels
            .iter()
            .map(|(label, value)| (label.to_string(), value.peek().to_string()))
            .collect(),
        ..Machines::default()
    }
}

/// The components around the application, as `platform` names them.
fn components(app: &App) -> Vec<Component> {
    let platform = &app.platform;
    let mut all = vec![Component::named("gateway-api")];
    let mut add = |name: &str, on: bool, namespace: Option<&Sourced<Str>>| {
        if on {
            let namespace = namespace.map(|namespace| namespace.peek().to_string());
            all.push(Component {
                namespace,
                ..Component::named(name)
            });
        }
    };
    let at = |component: &plimsoll_spec::app::platform::Component| component.namespace.clone();
    let metrics = at(&platform.metrics.component);
    let dashboards = at(&platform.dashboards.component);
    let traces = at(&platform.traces.component);
    let (logs, telemetry) = (
        at(&platform.logs.component),
        at(&platform.telemetry.component),
    );
    add(
        "prometheus",
        *platform.metrics.use_.peek() == MetricsUse::Prometheus,
        metrics.as_ref(),
    );
    add(
        "grafana",
        *platform.dashboards.use_.peek() == DashboardsUse::Grafana,
        dashboards.as_ref(),
    );
    add(
        "loki",
        *platform.logs.use_.peek() == LogsUse::Loki,
        logs.as_ref(),
    );
    add(
        "tempo",
        *platform.traces.use_.peek() == TracesUse::Tempo,
        traces.as_ref(),
    );
    add(
        "jaeger",
        *platform.traces.use_.peek() == TracesUse::Jaeger,
        traces.as_ref(),
    );
    add(
        "otel",
        *platform.telemetry.use_.peek() == TelemetryUse::Otel,
        telemetry.as_ref(),
    );
    add(
        "keda",
        *platform.autoscaler.use_.peek() == AutoscalerUse::Keda,
        None,
    );
    add(
        "reloader",
        *platform.reload.use_.peek() == ReloadUse::Reloader,
        None,
    );
    add(
        "linkerd",
        *platform.mesh.use_.peek() == MeshUse::Linkerd,
        None,
    );
    add(
        "argocd",
        *platform.gitops.use_.peek() == GitopsUse::ArgoCd,
        None,
    );
    add(
        "flux",
        *platform.gitops.use_.peek() == GitopsUse::Flux,
        None,
    );
    add(
        "argo-rollouts",
        *platform.rollouts.use_.peek() == RolloutsUse::ArgoRollouts,
        None,
    );
    add(
        "velero",
        *platform.backup.use_.peek() == BackupUse::Velero,
        None,
    );
    add("vpa", *platform.vpa.use_.peek() == VpaUse::Recommend, None);
    add(
        "kyverno",
        *platform.policies.use_.peek() == PoliciesUse::Kyverno,
        None,
    );
    add(
        "sealed-secrets",
        *platform.secrets.use_.peek() == SecretSourceUse::Sealed,
        None,
    );
    add(
        "csi-secrets",
        *platform.secrets.use_.peek() == SecretSourceUse::Csi,
        None,
    );
    let operated = app
        .stores
        .values()
        .any(|store| *store.run.peek() == Run::Operator);
    add("cloudnative-pg", operated, None);
    all.extend(gateway(app));
    all.extend(certificates(app));
    all.extend(external_secrets(app));
    // Its kinds of policies; as the gateway it is there already.
    let cilium = *app.cluster.cni.peek() == Cni::Cilium;
    if cilium && all.iter().all(|component| component.name != "cilium") {
        all.push(Component::named("cilium"));
    }
    let istio = *platform.mesh.use_.peek() == MeshUse::Istio;
    if istio && all.iter().all(|component| component.name != "istio") {
        all.push(Component::named("istio"));
    }
    all
}

fn gateway(app: &App) -> Option<Component> {
    let gateway = &app.platform.gateway;
    let name = match gateway.use_.peek() {
        GatewayUse::Envoy => "envoy",
        GatewayUse::Cilium => "cilium",
        GatewayUse::Istio => "istio",
        GatewayUse::Traefik => "traefik",
        GatewayUse::NginxFabric => "nginx-fabric",
        GatewayUse::IngressNginx => "ingress-nginx",
        GatewayUse::None => return None,
    };
    Some(Component {
        namespace: gateway
            .component
            .namespace
            .as_ref()
            .map(|ns| ns.peek().to_string()),
        class: gateway.class.peek().as_ref().map(ToString::to_string),
        ingress: *gateway.api.peek() == GatewayApi::Ingress,
        ..Component::named(name)
    })
}

fn certificates(app: &App) -> Option<Component> {
    let certificates = &app.platform.certificates;
    if *certificates.use_.peek() != CertificatesUse::CertManager {
        return None;
    }
    let issuer = certificates
        .issuer
        .as_ref()
        .map_or("letsencrypt", |issuer| issuer.peek());
    Some(Component {
        issuers: vec![issuer.to_owned()],
        ..Component::named("cert-manager")
    })
}

fn external_secrets(app: &App) -> Option<Component> {
    let source = &app.platform.secrets;
    if *source.use_.peek() != SecretSourceUse::External {
        return None;
    }
    let (kind, name) = (
        source.store.kind.peek().to_string(),
        source.store.name.peek().to_string(),
    );
    let namespace = match kind.as_str() {
        "SecretStore" => app.namespace.name.peek().to_string(),
        _ => String::new(),
    };
    Some(Component {
        // A store of a vault of ours comes with the release.
        stores: match app.platform.vault.use_.peek() {
            VaultUse::None => vec![(kind, namespace, name)],
            VaultUse::OpenBao | VaultUse::Vault => Vec::new(),
        },
        ..Component::named("external-secrets")
    })
}
