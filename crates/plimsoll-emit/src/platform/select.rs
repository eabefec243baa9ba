//! Which components the blocks of an application call for.

use plimsoll_source::{Finding, Findings, Node, Origin};
use plimsoll_spec::App;
use plimsoll_spec::app::cluster::Distribution;
use plimsoll_spec::app::platform::{
    AutoscalerUse, BackupUse, CertificatesUse, Component as Slot, DashboardsUse, DnsUse,
    GatewayUse, GitopsUse, LogsUse, MeshMode, MeshUse, MetricsUse, NodeSourceUse, PoliciesUse,
    ReloadUse, RolloutsUse, SecretSourceUse, TelemetryUse, TracesUse, VaultUse, VpaUse,
};
use plimsoll_spec::app::store::{Engine, Run};

use super::catalogue::{self, Component};
use super::needs::Needs;
use crate::rules::NO_CHART;

/// A component that an environment calls for.
pub(super) struct Chosen<'a> {
    /// What is known of it.
    pub(super) component: &'static Component,
    /// The slot, `gateway`.
    pub(super) slot: &'static str,
    /// Its namespace.
    pub(super) namespace: String,
    /// Version of its chart.
    pub(super) version: String,
    /// Values that the file has for it.
    pub(super) values: Option<&'a Node>,
    /// The line that called for it.
    pub(super) origin: Origin,
}

/// The components that are ours to install, in the order of the catalogue.
pub(super) fn of<'a>(needs: Needs<'a>, findings: &mut Findings) -> Vec<Chosen<'a>> {
    let app = needs.app;
    let mut all = Selection {
        needs,
        chosen: Vec::new(),
        findings,
    };
    all.network(app);
    all.secrets(app);
    all.observability(app);
    all.delivery(app);
    all.cluster(app);
    all.stores(app);
    let mut chosen = all.chosen;
    let place = |name: &str| {
        catalogue::COMPONENTS
            .iter()
            .position(|known| known.name == name)
    };
    chosen.sort_by_key(|one| place(one.component.name));
    chosen.dedup_by_key(|one| one.component.name);
    chosen
}

struct Selection<'a, 'f> {
    needs: Needs<'a>,
    chosen: Vec<Chosen<'a>>,
    findings: &'f mut Findings,
}

impl<'a> Selection<'a, '_> {
    /// A component of a slot that something asks for. What comes beside the first one has its own version and values.
    fn add(&mut self, slot: &'static str, said: &'a Slot, origin: &Origin, names: &[&'static str]) {
        if !*said.install.peek() || !self.needs.slot(slot) {
            return;
        }
        for (at, name) in names.iter().enumerate() {
            let component = catalogue::named(name);
            let namespace = said.namespace.as_ref().map(|name| name.peek().to_string());
            let version = said.version.as_ref().filter(|_| at == 0);
            let version = version.map(|version| version.peek().to_string());
            self.chosen.push(Chosen {
                component,
                slot,
                namespace: namespace.unwrap_or_else(|| component.namespace.to_owned()),
                version: version.unwrap_or_else(|| component.version.to_owned()),
                values: said.values.as_ref().filter(|_| at == 0),
                origin: origin.clone(),
            });
        }
    }

    /// A component whose chart we do not know.
    fn unknown(&mut self, what: &str, said: &Slot, origin: &Origin) {
        if *said.install.peek() {
            let message =
                format!("no chart of {what} is known, so the Helmfile does not install it");
            let finding = Finding::new(&NO_CHART, message).mark_origin(origin, "called for here");
            let help = "install it yourself, and write `install: false` in its slot";
            self.findings.report(finding.help(help));
        }
    }

    fn network(&mut self, app: &'a App) {
        let platform = &app.platform;
        let (gateway, mesh) = (&platform.gateway, &platform.mesh);
        let origin = gateway.use_.origin();
        match gateway.use_.peek() {
            GatewayUse::Envoy => self.add("gateway", &gateway.component, origin, &["gateway-helm"]),
            GatewayUse::Cilium => self.add("gateway", &gateway.component, origin, &["cilium"]),
            GatewayUse::Istio => {
                self.add("gateway", &gateway.component, origin, &["istiod", "base"]);
            }
            GatewayUse::Traefik => self.add("gateway", &gateway.component, origin, &["traefik"]),
            GatewayUse::NginxFabric => {
                self.add(
                    "gateway",
                    &gateway.component,
                    origin,
                    &["nginx-gateway-fabric"],
                );
            }
            GatewayUse::IngressNginx => {
                self.add("gateway", &gateway.component, origin, &["ingress-nginx"]);
            }
            GatewayUse::None => {}
        }
        let origin = mesh.use_.origin();
        match (mesh.use_.peek(), mesh.mode.peek()) {
            (MeshUse::None, _) => {}
            (MeshUse::Istio, MeshMode::Ambient) => {
                self.add(
                    "mesh",
                    &mesh.component,
                    origin,
                    &["istiod", "base", "cni", "ztunnel"],
                );
            }
            // Without it sidecars need rights that restricted namespaces refuse.
            (MeshUse::Istio, MeshMode::Sidecar) => {
                self.add("mesh", &mesh.component, origin, &["istiod", "base", "cni"]);
            }
            (MeshUse::Linkerd, _) => self.unknown("Linkerd", &mesh.component, origin),
        }
        if *platform.certificates.use_.peek() == CertificatesUse::CertManager {
            let slot = &platform.certificates;
            self.add(
                "certificates",
                &slot.component,
                slot.use_.origin(),
                &["cert-manager"],
            );
        }
        if *platform.dns.use_.peek() == DnsUse::ExternalDns {
            self.add(
                "dns",
                &platform.dns.component,
                platform.dns.use_.origin(),
                &["external-dns"],
            );
        }
    }

    fn secrets(&mut self, app: &'a App) {
        let platform = &app.platform;
        let slot = &platform.secrets;
        let name = match slot.use_.peek() {
            SecretSourceUse::External => Some("external-secrets"),
            SecretSourceUse::Sealed => Some("sealed-secrets"),
            SecretSourceUse::Csi => Some("secrets-store-csi-driver"),
            _ => None,
        };
        if let Some(name) = name {
            self.add("secrets", &slot.component, slot.use_.origin(), &[name]);
        }
        let vault = &platform.vault;
        match vault.use_.peek() {
            VaultUse::None => {}
            VaultUse::OpenBao => {
                self.add("vault", &vault.component, vault.use_.origin(), &["openbao"]);
            }
            VaultUse::Vault => self.add("vault", &vault.component, vault.use_.origin(), &["vault"]),
        }
        // It restarts pods when a Secret changes that somebody else syncs.
        let syncs = matches!(
            slot.use_.peek(),
            SecretSourceUse::External | SecretSourceUse::Sealed
        );
        if *platform.reload.use_.peek() == ReloadUse::Reloader && syncs {
            let slot = &platform.reload;
            self.add("reload", &slot.component, slot.use_.origin(), &["reloader"]);
        }
    }

    fn observability(&mut self, app: &'a App) {
        let platform = &app.platform;
        let metrics = &platform.metrics;
        if *metrics.use_.peek() == MetricsUse::Prometheus {
            let adapter = *metrics.adapter.peek();
            let names: &[_] = if adapter {
                &["kube-prometheus-stack", "prometheus-adapter"]
            } else {
                &["kube-prometheus-stack"]
            };
            self.add("metrics", &metrics.component, metrics.use_.origin(), names);
        }
        if *platform.dashboards.use_.peek() == DashboardsUse::Grafana {
            let slot = &platform.dashboards;
            self.add(
                "dashboards",
                &slot.component,
                slot.use_.origin(),
                &["grafana"],
            );
        }
        if *platform.logs.use_.peek() == LogsUse::Loki {
            let slot = &platform.logs;
            self.add(
                "logs",
                &slot.component,
                slot.use_.origin(),
                &["loki", "alloy"],
            );
        }
        let traces = &platform.traces;
        match traces.use_.peek() {
            TracesUse::None => {}
            TracesUse::Tempo => self.add(
                "traces",
                &traces.component,
                traces.use_.origin(),
                &["tempo"],
            ),
            TracesUse::Jaeger => self.add(
                "traces",
                &traces.component,
                traces.use_.origin(),
                &["jaeger"],
            ),
        }
        if *platform.telemetry.use_.peek() == TelemetryUse::Otel {
            let slot = &platform.telemetry;
            self.add(
                "telemetry",
                &slot.component,
                slot.use_.origin(),
                &["opentelemetry-collector"],
            );
        }
        let scaler = &platform.autoscaler;
        match scaler.use_.peek() {
            AutoscalerUse::None => {}
            AutoscalerUse::Keda => self.add(
                "autoscaler",
                &scaler.component,
                scaler.use_.origin(),
                &["keda"],
            ),
            AutoscalerUse::PrometheusAdapter => {
                let names = &["prometheus-adapter"];
                self.add("autoscaler", &scaler.component, scaler.use_.origin(), names);
            }
        }
    }

    fn delivery(&mut self, app: &'a App) {
        let platform = &app.platform;
        let gitops = &platform.gitops;
        match gitops.use_.peek() {
            GitopsUse::None => {}
            GitopsUse::ArgoCd => self.add(
                "gitops",
                &gitops.component,
                gitops.use_.origin(),
                &["argo-cd"],
            ),
            GitopsUse::Flux => self.unknown("Flux", &gitops.component, gitops.use_.origin()),
        }
        if *platform.rollouts.use_.peek() == RolloutsUse::ArgoRollouts {
            let slot = &platform.rollouts;
            self.add(
                "rollouts",
                &slot.component,
                slot.use_.origin(),
                &["argo-rollouts"],
            );
        }
        if *platform.backup.use_.peek() == BackupUse::Velero {
            let slot = &platform.backup;
            self.add("backup", &slot.component, slot.use_.origin(), &["velero"]);
        }
    }

    fn cluster(&mut self, app: &'a App) {
        let platform = &app.platform;
        let nodes = &platform.nodes;
        match nodes.use_.peek() {
            NodeSourceUse::None => {}
            NodeSourceUse::Karpenter => self.add(
                "nodes",
                &nodes.component,
                nodes.use_.origin(),
                &["karpenter"],
            ),
            NodeSourceUse::ClusterAutoscaler => {
                self.add(
                    "nodes",
                    &nodes.component,
                    nodes.use_.origin(),
                    &["cluster-autoscaler"],
                );
            }
        }
        if *platform.vpa.use_.peek() == VpaUse::Recommend {
            let slot = &platform.vpa;
            self.add(
                "vpa",
                &slot.component,
                slot.use_.origin(),
                &["vertical-pod-autoscaler"],
            );
        }
        if *platform.policies.use_.peek() == PoliciesUse::Kyverno {
            let slot = &platform.policies;
            self.add(
                "policies",
                &slot.component,
                slot.use_.origin(),
                &["kyverno"],
            );
        }
        // Autoscaling by cpu reads the metrics API, which these clusters do not bring.
        let lacks = matches!(
            app.cluster.distribution.peek(),
            Distribution::Vanilla | Distribution::Eks
        );
        if lacks && *platform.install.peek() && self.needs.resource_metrics() {
            let slot = &platform.metrics;
            let component = catalogue::named("metrics-server");
            self.chosen.push(Chosen {
                component,
                slot: "metrics",
                namespace: component.namespace.to_owned(),
                version: component.version.to_owned(),
                values: None,
                origin: slot.component.install.origin().clone(),
            });
        }
    }

    /// Operators of stores that one runs.
    fn stores(&mut self, app: &'a App) {
        if !*app.platform.install.peek() {
            return;
        }
        for store in app.stores.values() {
            if !*store.enabled.peek() || *store.run.peek() != Run::Operator {
                continue;
            }
            let names: &[&'static str] = match store.engine.peek() {
                Engine::Postgres | Engine::TimescaleDb if store.backup.some().is_some() => {
                    &["cloudnative-pg", "plugin-barman-cloud"]
                }
                Engine::Postgres | Engine::TimescaleDb => &["cloudnative-pg"],
                Engine::Redis | Engine::Valkey => &["redis-operator"],
                Engine::ClickHouse => &["altinity-clickhouse-operator"],
                Engine::Kafka => &["strimzi-kafka-operator"],
                _ => &[],
            };
            for name in names {
                let component = catalogue::named(name);
                self.chosen.push(Chosen {
                    component,
                    slot: "stores",
                    namespace: component.namespace.to_owned(),
                    version: component.version.to_owned(),
                    values: None,
                    origin: store.run.origin().clone(),
                });
            }
        }
    }
}
