//! What is known of each component that a Helmfile installs. One row each: to refresh a version,
//! change its row. Seen in November 2026.

/// A component.
#[derive(Debug)]
pub(super) struct Component {
    /// Name of its release, and of its chart.
    pub(super) name: &'static str,
    /// Where the chart is.
    pub(super) repository: &'static Repository,
    /// Version of the chart.
    pub(super) version: &'static str,
    /// Namespace, unless the file names another.
    pub(super) namespace: &'static str,
    /// Its licence.
    pub(super) licence: &'static Licence,
    /// Versions of Kubernetes that the project says it is made for, as minors of 1; both ends
    /// count, and nothing is what we have not read.
    pub(super) kubernetes: (Option<u8>, Option<u8>),
    /// Components that must be there before, where they are wanted at all.
    pub(super) needs: &'static [&'static str],
}

/// A repository of charts.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Repository {
    pub(super) name: &'static str,
    pub(super) url: &'static str,
    pub(super) oci: bool,
}

/// A licence.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Licence {
    /// Its SPDX name, or what comes nearest.
    pub(super) name: &'static str,
    /// How free it is.
    pub(super) freedom: Freedom,
}

/// How free a licence is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Freedom {
    /// Open source.
    Open,
    /// Open source; who offers a changed version as a service must publish it.
    Network,
    /// Its source can be read and its use is restricted.
    Closed,
}

macro_rules! licences {
    ($($name:ident = $text:literal, $freedom:ident;)*) => {$(
        pub(super) static $name: Licence = Licence { name: $text, freedom: Freedom::$freedom };
    )*};
}

licences! {
    APACHE = "Apache-2.0", Open;
    MIT = "MIT", Open;
    BSD = "BSD-3-Clause", Open;
    MPL = "MPL-2.0", Open;
    GPL = "GPL-2.0", Open;
    POSTGRESQL = "PostgreSQL", Open;
    AGPL = "AGPL-3.0", Network;
    REDIS = "AGPL-3.0, one of three to choose from", Network;
    RSAL = "RSALv2 or SSPLv1", Closed;
    SSPL = "SSPL-1.0", Closed;
    TSL = "Timescale License; Apache-2.0 in part", Closed;
    BUSL = "BUSL-1.1", Closed;
}

macro_rules! repositories {
    ($($name:ident = $short:literal, $url:literal, $oci:literal;)*) => {$(
        static $name: Repository = Repository { name: $short, url: $url, oci: $oci };
    )*};
}

repositories! {
    JETSTACK = "jetstack", "https://charts.jetstack.io", false;
    ARGO = "argo", "https://argoproj.github.io/argo-helm", false;
    ENVOY = "envoyproxy", "docker.io/envoyproxy", true;
    TRAEFIK = "traefik", "https://traefik.github.io/charts", false;
    NGINX = "nginx", "ghcr.io/nginx/charts", true;
    INGRESS_NGINX = "ingress-nginx", "https://kubernetes.github.io/ingress-nginx", false;
    CILIUM = "cilium", "https://helm.cilium.io", false;
    ISTIO = "istio", "https://istio-release.storage.googleapis.com/charts", false;
    EXTERNAL_SECRETS = "external-secrets", "https://charts.external-secrets.io", false;
    SEALED_SECRETS = "sealed-secrets", "https://bitnami-labs.github.io/sealed-secrets", false;
    CSI = "secrets-store-csi-driver", "https://kubernetes-sigs.github.io/secrets-store-csi-driver/charts", false;
    OPENBAO = "openbao", "https://openbao.github.io/openbao-helm", false;
    HASHICORP = "hashicorp", "https://helm.releases.hashicorp.com", false;
    CNPG = "cnpg", "https://cloudnative-pg.github.io/charts", false;
    OT = "ot-container-kit", "https://ot-container-kit.github.io/helm-charts", false;
    ALTINITY = "altinity", "https://helm.altinity.com", false;
    STRIMZI = "strimzi", "quay.io/strimzi-helm", true;
    PROMETHEUS = "prometheus-community", "https://prometheus-community.github.io/helm-charts", false;
    GRAFANA_COMMUNITY = "grafana-community", "https://grafana-community.github.io/helm-charts", false;
    GRAFANA = "grafana", "https://grafana.github.io/helm-charts", false;
    OPEN_TELEMETRY = "open-telemetry", "https://open-telemetry.github.io/opentelemetry-helm-charts", false;
    JAEGER = "jaegertracing", "https://jaegertracing.github.io/helm-charts", false;
    KEDA = "kedacore", "https://kedacore.github.io/charts", false;
    VELERO = "vmware-tanzu", "https://vmware-tanzu.github.io/helm-charts", false;
    METRICS_SERVER = "metrics-server", "https://kubernetes-sigs.github.io/metrics-server/", false;
    EXTERNAL_DNS = "external-dns", "https://kubernetes-sigs.github.io/external-dns/", false;
    AUTOSCALER = "autoscaler", "https://kubernetes.github.io/autoscaler", false;
    KARPENTER = "karpenter", "public.ecr.aws/karpenter", true;
    KYVERNO = "kyverno", "https://kyverno.github.io/kyverno/", false;
    STAKATER = "stakater", "https://stakater.github.io/stakater-charts", false;
}

const ANY: (Option<u8>, Option<u8>) = (None, None);

macro_rules! components {
    ($($name:literal $version:literal $repository:ident $namespace:literal $licence:ident $kubernetes:expr, needs $needs:expr;)*) => {
        /// All of them; one that is needed stands before those that need it.
        pub(super) static COMPONENTS: &[Component] = &[$(Component {
            name: $name,
            version: $version,
            repository: &$repository,
            namespace: $namespace,
            licence: &$licence,
            kubernetes: $kubernetes,
            needs: &$needs,
        }),*];
    };
}

components! {
    "metrics-server" "3.13.1" METRICS_SERVER "kube-system" APACHE (Some(31), None), needs [];
    "kube-prometheus-stack" "88.5.3" PROMETHEUS "monitoring" APACHE ANY, needs [];
    "cert-manager" "v1.21.1" JETSTACK "cert-manager" APACHE ANY, needs ["kube-prometheus-stack"];
    "base" "1.30.3" ISTIO "istio-system" APACHE ANY, needs [];
    "istiod" "1.30.3" ISTIO "istio-system" APACHE ANY, needs ["base"];
    "cni" "1.30.3" ISTIO "istio-system" APACHE ANY, needs ["istiod"];
    "ztunnel" "1.30.3" ISTIO "istio-system" APACHE ANY, needs ["cni"];
    "cilium" "1.20.0" CILIUM "kube-system" APACHE ANY, needs [];
    "gateway-helm" "v1.9.0" ENVOY "envoy-gateway-system" APACHE ANY, needs ["cert-manager"];
    "traefik" "41.3.0" TRAEFIK "traefik" MIT ANY, needs [];
    "nginx-gateway-fabric" "2.6.7" NGINX "nginx-gateway" APACHE ANY, needs ["cert-manager"];
    "ingress-nginx" "4.15.1" INGRESS_NGINX "ingress-nginx" APACHE ANY, needs [];
    "openbao" "0.29.2" OPENBAO "vault" MPL (Some(30), None), needs ["cert-manager"];
    "vault" "0.34.1" HASHICORP "vault" BUSL ANY, needs ["cert-manager"];
    "external-secrets" "2.9.0" EXTERNAL_SECRETS "external-secrets" APACHE ANY, needs ["openbao", "vault"];
    "sealed-secrets" "2.18.5" SEALED_SECRETS "kube-system" APACHE ANY, needs [];
    "secrets-store-csi-driver" "1.6.0" CSI "kube-system" APACHE (Some(30), None), needs [];
    "reloader" "2.2.16" STAKATER "reloader" APACHE ANY, needs [];
    "prometheus-adapter" "5.3.0" PROMETHEUS "monitoring" APACHE ANY, needs ["kube-prometheus-stack"];
    "grafana" "12.11.1" GRAFANA_COMMUNITY "monitoring" AGPL ANY, needs ["kube-prometheus-stack"];
    "loki" "18.11.0" GRAFANA_COMMUNITY "logging" AGPL ANY, needs ["kube-prometheus-stack"];
    "alloy" "1.11.1" GRAFANA "logging" APACHE ANY, needs ["loki"];
    "tempo" "2.2.4" GRAFANA_COMMUNITY "tracing" AGPL ANY, needs ["kube-prometheus-stack"];
    "jaeger" "4.11.1" JAEGER "tracing" APACHE ANY, needs [];
    "opentelemetry-collector" "0.170.0" OPEN_TELEMETRY "telemetry" APACHE ANY, needs ["tempo", "jaeger", "loki"];
    "keda" "2.20.2" KEDA "keda" APACHE ANY, needs ["kube-prometheus-stack"];
    "cloudnative-pg" "0.29.0" CNPG "cnpg-system" APACHE (Some(29), None), needs ["cert-manager"];
    "plugin-barman-cloud" "0.7.0" CNPG "cnpg-system" APACHE ANY, needs ["cloudnative-pg", "cert-manager"];
    "redis-operator" "0.26.1" OT "redis-operator" APACHE ANY, needs ["cert-manager"];
    "altinity-clickhouse-operator" "0.27.1" ALTINITY "clickhouse-operator" APACHE ANY, needs [];
    "strimzi-kafka-operator" "1.2.0" STRIMZI "strimzi" APACHE ANY, needs [];
    "velero" "12.1.0" VELERO "velero" APACHE ANY, needs [];
    "external-dns" "1.21.1" EXTERNAL_DNS "external-dns" APACHE ANY, needs [];
    "vertical-pod-autoscaler" "0.11.0" AUTOSCALER "kube-system" APACHE ANY, needs ["metrics-server"];
    "cluster-autoscaler" "9.59.0" AUTOSCALER "kube-system" APACHE ANY, needs [];
    "karpenter" "1.14.1" KARPENTER "kube-system" APACHE ANY, needs [];
    "kyverno" "3.9.0" KYVERNO "kyverno" APACHE ANY, needs [];
    "argo-rollouts" "2.41.0" ARGO "argo-rollouts" APACHE ANY, needs ["kube-prometheus-stack", "istiod"];
    "argo-cd" "10.9.0" ARGO "argocd" APACHE (Some(33), Some(36)), needs ["cert-manager", "kube-prometheus-stack", "external-secrets"];
}

/// The row of that name.
pub(super) fn named(name: &str) -> &'static Component {
    let found = COMPONENTS.iter().find(|component| component.name == name);
    found.expect("a component that is chosen has a row")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn what_is_needed_is_a_row_of_its_own_and_stands_before() {
        let mut before = BTreeSet::new();
        for component in COMPONENTS {
            for need in component.needs {
                assert!(before.contains(need), "{need} before {}", component.name);
            }
            assert!(before.insert(component.name), "{} once", component.name);
        }
    }
}
