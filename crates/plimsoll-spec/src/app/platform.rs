//! Components around the application.

use indexmap::IndexMap;
use plimsoll_source::{Handle, Knob, Node, Origin, Sourced, Str};
use plimsoll_spec_derive::Spec;

use super::job::When;
use super::route::Oidc;
use super::sealed::Sealed;
use crate::types::{Bytes, Duration, Percent};

/// Components around the application: each slot is a name, `none`, or a map with `use`.
#[derive(Clone, Debug, Spec)]
pub struct Platform {
    /// Whether the components are ours to install (Helmfile), or there already.
    #[spec(default = "false")]
    pub install: Sourced<bool>,
    /// What lets the outside in.
    pub gateway: Gateway,
    /// What makes certificates.
    pub certificates: Certificates,
    /// Where values of secrets come from.
    pub secrets: SecretSource,
    /// A vault.
    pub vault: Vault,
    /// What restarts pods when a synced secret changes.
    pub reload: Reload,
    /// A mesh.
    pub mesh: Mesh,
    /// What reads metrics.
    pub metrics: MetricsSlot,
    /// What draws them.
    pub dashboards: Dashboards,
    /// What keeps logs.
    pub logs: Logs,
    /// What keeps traces.
    pub traces: Traces,
    /// What takes telemetry. Ports `grpc` 4317 (main) and `http` 4318; every service has an
    /// optional edge to it, built in.
    pub telemetry: Telemetry,
    /// What scales by requests and queries.
    pub autoscaler: Autoscaler,
    /// What brings nodes.
    pub nodes: NodeSource,
    /// What recommends sizes.
    pub vpa: Vpa,
    /// What applies from Git.
    pub gitops: Gitops,
    /// What does canary and blue-green releases.
    pub rollouts: Rollouts,
    /// What copies the cluster's objects and disks.
    pub backup: PlatformBackup,
    /// What writes DNS records.
    pub dns: Dns,
    /// What enforces policies in the cluster.
    pub policies: Policies,
}

/// What every slot has besides `use`.
#[derive(Clone, Debug, Spec)]
pub struct Component {
    /// Namespace of the component.
    #[spec(shown = "the component's own")]
    pub namespace: Option<Sourced<Str>>,
    /// Version of its chart.
    #[spec(shown = "the newest that is known")]
    pub version: Option<Sourced<Str>>,
    /// Whether it is ours to install.
    #[spec(shown = "`platform.install`")]
    pub install: Sourced<bool>,
    /// Values for its chart.
    pub values: Option<Node>,
    /// Where the slot was written.
    #[spec(origin)]
    pub origin: Origin,
}

/// What lets the outside in.
#[derive(Clone, Debug, Spec)]
#[spec(short = "use", idle = "use: !none")]
pub struct Gateway {
    /// Which.
    #[spec(default = "envoy")]
    pub use_: Sourced<GatewayUse>,
    /// By which API.
    #[spec(shown = "gateway; ingress where the component has nothing else")]
    pub api: Sourced<GatewayApi>,
    /// Its class.
    #[spec(shown = "the component's")]
    pub class: Knob<Option<Str>>,
    /// Which TLS is offered.
    #[spec(default = "intermediate")]
    pub tls: Sourced<TlsProfile>,
    /// Common keys.
    #[spec(flatten)]
    pub component: Component,
}

/// Gateways.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Spec)]
pub enum GatewayUse {
    /// Envoy Gateway.
    Envoy,
    /// Cilium.
    Cilium,
    /// Istio.
    Istio,
    /// Traefik.
    Traefik,
    /// NGINX Gateway Fabric.
    NginxFabric,
    /// Ingress NGINX, which is no longer kept.
    IngressNginx,
    /// None.
    None,
}

/// APIs by which the outside comes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Spec)]
pub enum GatewayApi {
    /// Gateway API.
    Gateway,
    /// Ingress.
    Ingress,
}

/// Which TLS is offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Spec)]
pub enum TlsProfile {
    /// 1.3 only.
    Modern,
    /// 1.2 and above.
    Intermediate,
}

/// What makes certificates.
#[derive(Clone, Debug, Spec)]
#[spec(short = "use", idle = "use: !none")]
pub struct Certificates {
    /// Which.
    #[spec(default = "cert-manager")]
    pub use_: Sourced<CertificatesUse>,
    /// `ClusterIssuer` that exists.
    #[spec(shown = "one of ours, at Let's Encrypt")]
    pub issuer: Option<Sourced<Str>>,
    /// Address that the issuer of ours tells about expiry. One that exists has its own.
    pub email: Option<Sourced<Str>>,
    /// How we prove that a host is ours.
    #[spec(default = "http01")]
    pub challenge: Sourced<Challenge>,
    /// Common keys.
    #[spec(flatten)]
    pub component: Component,
}

/// Makers of certificates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Spec)]
pub enum CertificatesUse {
    /// cert-manager.
    CertManager,
    /// None.
    None,
}

/// How we prove that a host is ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Spec)]
pub enum Challenge {
    /// By a page.
    Http01,
    /// By a record, which wildcards need.
    Dns01,
}

/// Where values of secrets come from.
#[derive(Clone, Debug, Spec)]
#[spec(short = "use", idle = "use: !none")]
pub struct SecretSource {
    /// Which.
    #[spec(default = "generated")]
    pub use_: Knob<SecretSourceUse>,
    /// Provider, of `external` and `csi`: `aws`, `azure`, `gcp`, `vault`.
    #[spec(only = "use: external csi")]
    pub provider: Option<Sourced<Str>>,
    /// Store, of `external`.
    #[spec(only = "use: external")]
    pub store: SecretStore,
    /// How often it is read again.
    #[spec(default = "1h")]
    #[spec(only = "use: external csi")]
    pub refresh: Sourced<Duration>,
    /// How far a sealed value holds.
    #[spec(default = "strict")]
    #[spec(only = "use: sealed")]
    pub scope: Sourced<SealScope>,
    /// File of the certificate that `plimsoll secrets seal` seals values with. What it sealed for an
    /// environment stands in `sealed/ENVIRONMENT.yaml` beside this file.
    #[spec(only = "use: sealed")]
    pub certificate: Option<Sourced<Str>>,
    /// What was sealed.
    #[spec(skip)]
    pub sealed: Sealed,
    /// Common keys.
    #[spec(flatten)]
    pub component: Component,
}

/// Where values of secrets come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Spec)]
pub enum SecretSourceUse {
    /// `up` makes what is missing in the cluster; other outputs only refer.
    Generated,
    /// The Secrets exist, and are never ours.
    Existing,
    /// External Secrets.
    External,
    /// Sealed Secrets.
    Sealed,
    /// The secrets store CSI driver.
    Csi,
    /// Only in a chart's values.
    Static,
}

/// How far a sealed value holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Spec)]
pub enum SealScope {
    /// For one Secret.
    Strict,
    /// For its namespace.
    Namespace,
    /// Everywhere.
    Cluster,
}

impl SealScope {
    /// What a value is bound to: opened elsewhere, it does not open. Source: `EncryptionLabel` of
    /// Sealed Secrets.
    pub fn label(self, namespace: &str, name: &str) -> String {
        match self {
            Self::Strict => format!("{namespace}/{name}"),
            Self::Namespace => namespace.to_owned(),
            Self::Cluster => String::new(),
        }
    }

    /// The annotation that tells the controller; none of the narrowest.
    pub fn annotation(self) -> Option<&'static str> {
        match self {
            Self::Strict => None,
            Self::Namespace => Some("sealedsecrets.bitnami.com/namespace-wide"),
            Self::Cluster => Some("sealedsecrets.bitnami.com/cluster-wide"),
        }
    }
}

/// A store of External Secrets.
#[derive(Clone, Debug, Spec)]
#[spec(short = "name")]
pub struct SecretStore {
    /// Its name.
    #[spec(shown = "the name of the application")]
    pub name: Sourced<Str>,
    /// `ClusterSecretStore` or `SecretStore`.
    #[spec(default = "ClusterSecretStore")]
    pub kind: Sourced<Str>,
    /// The handle `platform.secrets.store`.
    #[spec(handle)]
    pub handle: Handle,
}

/// A mesh.
#[derive(Clone, Debug, Spec)]
#[spec(short = "use", idle = "use: !none")]
pub struct Mesh {
    /// Which.
    #[spec(default = "none")]
    pub use_: Sourced<MeshUse>,
    /// How it reaches pods.
    #[spec(default = "ambient")]
    pub mode: Sourced<MeshMode>,
    /// Common keys.
    #[spec(flatten)]
    pub component: Component,
}

/// Meshes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Spec)]
pub enum MeshUse {
    /// None.
    None,
    /// Istio.
    Istio,
    /// Linkerd.
    Linkerd,
}

/// How a mesh reaches pods.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Spec)]
pub enum MeshMode {
    /// By the node.
    Ambient,
    /// By a container in each pod.
    Sidecar,
}

/// What reads metrics.
#[derive(Clone, Debug, Spec)]
#[spec(short = "use", idle = "use: !none")]
pub struct MetricsSlot {
    /// Which.
    #[spec(default = "prometheus")]
    pub use_: Sourced<MetricsUse>,
    /// How long they are kept.
    #[spec(default = "15d")]
    pub retention: Sourced<Duration>,
    /// Disk.
    #[spec(default = "50Gi")]
    pub storage: Sourced<Bytes>,
    /// Whether the custom metrics API is served from it.
    #[spec(default = "false")]
    pub adapter: Sourced<bool>,
    /// Common keys.
    #[spec(flatten)]
    pub component: Component,
}

/// Readers of metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Spec)]
pub enum MetricsUse {
    /// Prometheus, by its operator.
    Prometheus,
    /// None.
    None,
}

/// What keeps logs.
#[derive(Clone, Debug, Spec)]
#[spec(short = "use", idle = "use: !none")]
pub struct Logs {
    /// Which.
    #[spec(default = "none")]
    pub use_: Sourced<LogsUse>,
    /// How long they are kept.
    #[spec(default = "14d")]
    pub retention: Sourced<Duration>,
    /// Common keys.
    #[spec(flatten)]
    pub component: Component,
}

/// Keepers of logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Spec)]
pub enum LogsUse {
    /// None.
    None,
    /// Loki.
    Loki,
}

/// What keeps traces.
#[derive(Clone, Debug, Spec)]
#[spec(short = "use", idle = "use: !none")]
pub struct Traces {
    /// Which.
    #[spec(default = "none")]
    pub use_: Sourced<TracesUse>,
    /// Part that is kept.
    #[spec(default = "10%")]
    pub sample: Sourced<Percent>,
    /// Common keys.
    #[spec(flatten)]
    pub component: Component,
}

/// Keepers of traces.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Spec)]
pub enum TracesUse {
    /// None.
    None,
    /// Tempo.
    Tempo,
    /// Jaeger.
    Jaeger,
}

/// What applies from Git.
#[derive(Clone, Debug, Spec)]
#[spec(short = "use", idle = "use: !none")]
pub struct Gitops {
    /// Which.
    #[spec(default = "none")]
    pub use_: Sourced<GitopsUse>,
    /// Login of people.
    pub sso: Option<Oidc>,
    /// Role → what it may, as the component writes it.
    pub roles: IndexMap<Str, Vec<Sourced<Str>>>,
    /// Account → role.
    pub accounts: IndexMap<Str, Sourced<Str>>,
    /// Common keys.
    #[spec(flatten)]
    pub component: Component,
}

/// What applies from Git.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Spec)]
pub enum GitopsUse {
    /// Nothing.
    None,
    /// Argo CD.
    #[spec(word = "argocd")]
    ArgoCd,
    /// Flux.
    Flux,
}

/// What copies the cluster's objects and disks.
#[derive(Clone, Debug, Spec)]
#[spec(short = "use", idle = "use: !none")]
pub struct PlatformBackup {
    /// Which.
    #[spec(default = "none")]
    pub use_: Sourced<BackupUse>,
    /// Where to: an external with a bucket.
    pub to: Option<Sourced<Str>>,
    /// When.
    #[spec(default = "daily 01:00")]
    pub when: When,
    /// Which namespaces.
    #[spec(shown = "all of ours")]
    pub namespaces: Vec<Sourced<Str>>,
    /// How long a copy is kept.
    #[spec(default = "30d")]
    pub keep: Sourced<Duration>,
    /// Common keys.
    #[spec(flatten)]
    pub component: Component,
}

/// What copies a cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Spec)]
pub enum BackupUse {
    /// Nothing.
    None,
    /// Velero.
    Velero,
}

/// Slots without keys of their own.
macro_rules! plain_slots {
    ($($(#[$doc:meta])* $slot:ident $use:ident = $default:literal {
        $($(#[$word_doc:meta])* $word:ident),*
    })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, Spec)]
        #[spec(short = "use", idle = "use: !none")]
        pub struct $slot {
            /// Which.
            #[spec(default = $default)]
            pub use_: Sourced<$use>,
            /// Common keys.
            #[spec(flatten)]
            pub component: Component,
        }

        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Spec)]
        pub enum $use {
            $($(#[$word_doc])* $word),*
        }
    )*};
}

plain_slots! {
    /// A vault.
    Vault VaultUse = "none" {
        /// None.
        None,
        /// `OpenBao`.
        #[spec(word = "openbao")]
        OpenBao,
        /// Vault.
        Vault
    }
    /// What restarts pods when a synced secret changes.
    Reload ReloadUse = "reloader" {
        /// Reloader.
        Reloader,
        /// Nothing.
        None
    }
    /// What draws metrics.
    Dashboards DashboardsUse = "grafana" {
        /// Grafana.
        Grafana,
        /// Nothing.
        None
    }
    /// What takes telemetry.
    Telemetry TelemetryUse = "none" {
        /// Nothing.
        None,
        /// The OpenTelemetry collector.
        Otel
    }
    /// What scales by requests and queries.
    Autoscaler AutoscalerUse = "keda" {
        /// KEDA.
        Keda,
        /// The adapter of Prometheus.
        PrometheusAdapter,
        /// Nothing.
        None
    }
    /// What brings nodes.
    NodeSource NodeSourceUse = "none" {
        /// Nothing.
        None,
        /// Karpenter.
        Karpenter,
        /// The cluster autoscaler.
        ClusterAutoscaler
    }
    /// What recommends sizes.
    Vpa VpaUse = "none" {
        /// Nothing.
        None,
        /// The vertical autoscaler, which only recommends.
        Recommend
    }
    /// What does canary and blue-green releases.
    Rollouts RolloutsUse = "none" {
        /// Nothing.
        None,
        /// Argo Rollouts.
        ArgoRollouts
    }
    /// What writes DNS records.
    Dns DnsUse = "none" {
        /// Nothing.
        None,
        /// `ExternalDNS`.
        ExternalDns
    }
    /// What enforces policies in the cluster.
    Policies PoliciesUse = "none" {
        /// Nothing.
        None,
        /// Admission policies of Kubernetes itself.
        Admission,
        /// Kyverno.
        Kyverno
    }
}
