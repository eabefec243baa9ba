//! Definitions of the custom kinds that a prepared cluster serves.
//!
//! Names, versions, scopes and subresources are those of the releases named at each component;
//! the schemas accept every field, since a strict check of them is not this table's work.

use crate::kinds::api_version;
use serde_json::{Value, json};

/// One row: component, group, versions (stored one first), kind, plural, scope, `status` or `-`, short names, scale paths.
///
/// Versions: Gateway API 1.6.1, Envoy Gateway 1.9.0, Cilium 1.20.0, Traefik 3.7, Istio 1.30.3, cert-manager 1.21.1,
/// External Secrets 2.9.0, Sealed Secrets 0.36.6, KEDA 2.20.2, CloudNativePG 1.30.0, Argo Rollouts 1.9.1,
/// Argo CD 3.5, Flux 2.8, Prometheus operator 0.93.1, Velero 1.18.1, OpenTelemetry operator 0.150,
/// Kyverno 1.17, external-snapshotter 8.6.0, Linkerd 2.19, VPA 1.6.
const ROWS: &str = "
gateway-api gateway.networking.k8s.io v1 BackendTLSPolicy backendtlspolicies Namespaced status btlspolicy -
gateway-api gateway.networking.k8s.io v1,v1beta1 Gateway gateways Namespaced status gtw -
gateway-api gateway.networking.k8s.io v1,v1beta1 GatewayClass gatewayclasses Cluster status gc -
gateway-api gateway.networking.k8s.io v1 GRPCRoute grpcroutes Namespaced status - -
gateway-api gateway.networking.k8s.io v1,v1beta1 HTTPRoute httproutes Namespaced status - -
gateway-api gateway.networking.k8s.io v1 ListenerSet listenersets Namespaced status lset -
gateway-api gateway.networking.k8s.io v1,v1beta1 ReferenceGrant referencegrants Namespaced - refgrant -
gateway-api gateway.networking.k8s.io v1 TCPRoute tcproutes Namespaced status - -
gateway-api gateway.networking.k8s.io v1 TLSRoute tlsroutes Namespaced status - -
gateway-api gateway.networking.k8s.io v1 UDPRoute udproutes Namespaced status - -
envoy gateway.envoyproxy.io v1alpha1 Backend backends Namespaced status be -
envoy gateway.envoyproxy.io v1alpha1 BackendTrafficPolicy backendtrafficpolicies Namespaced status btp -
envoy gateway.envoyproxy.io v1alpha1 ClientTrafficPolicy clienttrafficpolicies Namespaced status ctp -
envoy gateway.envoyproxy.io v1alpha1 EnvoyExtensionPolicy envoyextensionpolicies Namespaced status eep -
envoy gateway.envoyproxy.io v1alpha1 EnvoyPatchPolicy envoypatchpolicies Namespaced status epp -
envoy gateway.envoyproxy.io v1alpha1 EnvoyProxy envoyproxies Namespaced status eproxy -
envoy gateway.envoyproxy.io v1alpha1 HTTPRouteFilter httproutefilters Namespaced - hrf -
envoy gateway.envoyproxy.io v1alpha1 SecurityPolicy securitypolicies Namespaced status sp -
cilium cilium.io v2 CiliumClusterwideEnvoyConfig ciliumclusterwideenvoyconfigs Cluster - ccec -
cilium cilium.io v2 CiliumClusterwideNetworkPolicy ciliumclusterwidenetworkpolicies Cluster status ccnp -
cilium cilium.io v2 CiliumEnvoyConfig ciliumenvoyconfigs Namespaced - cec -
cilium cilium.io v2alpha1 CiliumGatewayClassConfig ciliumgatewayclassconfigs Namespaced status cgcc -
cilium cilium.io v2 CiliumLoadBalancerIPPool ciliumloadbalancerippools Cluster status ippools -
cilium cilium.io v2 CiliumNetworkPolicy ciliumnetworkpolicies Namespaced status cnp,ciliumnp -
traefik traefik.io v1alpha1 IngressRoute ingressroutes Namespaced - - -
traefik traefik.io v1alpha1 Middleware middlewares Namespaced - - -
traefik traefik.io v1alpha1 MiddlewareTCP middlewaretcps Namespaced - - -
traefik traefik.io v1alpha1 ServersTransport serverstransports Namespaced - - -
traefik traefik.io v1alpha1 TLSOption tlsoptions Namespaced - - -
traefik traefik.io v1alpha1 TLSStore tlsstores Namespaced - - -
traefik traefik.io v1alpha1 TraefikService traefikservices Namespaced - - -
nginx-fabric gateway.nginx.org v1alpha1 ClientSettingsPolicy clientsettingspolicies Namespaced status - -
nginx-fabric gateway.nginx.org v1alpha2 NginxProxy nginxproxies Namespaced - - -
nginx-fabric gateway.nginx.org v1alpha1 RateLimitPolicy ratelimitpolicies Namespaced status - -
nginx-fabric gateway.nginx.org v1alpha1 SnippetsFilter snippetsfilters Namespaced status - -
nginx-fabric gateway.nginx.org v1alpha1 UpstreamSettingsPolicy upstreamsettingspolicies Namespaced status - -
istio networking.istio.io v1,v1beta1,v1alpha3 DestinationRule destinationrules Namespaced status dr -
istio networking.istio.io v1alpha3 EnvoyFilter envoyfilters Namespaced status - -
istio networking.istio.io v1,v1beta1,v1alpha3 Gateway gateways Namespaced status gw -
istio networking.istio.io v1,v1beta1,v1alpha3 ServiceEntry serviceentries Namespaced status se -
istio networking.istio.io v1,v1beta1,v1alpha3 Sidecar sidecars Namespaced status - -
istio networking.istio.io v1,v1beta1,v1alpha3 VirtualService virtualservices Namespaced status vs -
istio security.istio.io v1,v1beta1 AuthorizationPolicy authorizationpolicies Namespaced status ap -
istio security.istio.io v1,v1beta1 PeerAuthentication peerauthentications Namespaced status pa -
istio security.istio.io v1,v1beta1 RequestAuthentication requestauthentications Namespaced status ra -
istio telemetry.istio.io v1,v1alpha1 Telemetry telemetries Namespaced status telemetry -
linkerd policy.linkerd.io v1alpha1 AuthorizationPolicy authorizationpolicies Namespaced - authzpolicy -
linkerd policy.linkerd.io v1alpha1 MeshTLSAuthentication meshtlsauthentications Namespaced - meshtlsauthn -
linkerd policy.linkerd.io v1alpha1 NetworkAuthentication networkauthentications Namespaced - netauthn -
linkerd policy.linkerd.io v1beta3,v1beta2,v1beta1 Server servers Namespaced - srv -
linkerd linkerd.io v1alpha2 ServiceProfile serviceprofiles Namespaced - sp -
cert-manager acme.cert-manager.io v1 Challenge challenges Namespaced status - -
cert-manager acme.cert-manager.io v1 Order orders Namespaced status - -
cert-manager cert-manager.io v1 Certificate certificates Namespaced status cert,certs -
cert-manager cert-manager.io v1 CertificateRequest certificaterequests Namespaced status cr,crs -
cert-manager cert-manager.io v1 ClusterIssuer clusterissuers Cluster status ciss -
cert-manager cert-manager.io v1 Issuer issuers Namespaced status iss -
external-secrets external-secrets.io v1 ClusterExternalSecret clusterexternalsecrets Cluster status ces -
external-secrets external-secrets.io v1 ClusterSecretStore clustersecretstores Cluster status css -
external-secrets external-secrets.io v1 ExternalSecret externalsecrets Namespaced status es -
external-secrets external-secrets.io v1alpha1 PushSecret pushsecrets Namespaced status ps -
external-secrets external-secrets.io v1 SecretStore secretstores Namespaced status ss -
external-secrets generators.external-secrets.io v1alpha1 Password passwords Namespaced status - -
external-secrets generators.external-secrets.io v1alpha1 UUID uuids Namespaced status - -
sealed-secrets bitnami.com v1alpha1 SealedSecret sealedsecrets Namespaced status - -
csi-secrets secrets-store.csi.x-k8s.io v1 SecretProviderClass secretproviderclasses Namespaced - - -
csi-secrets secrets-store.csi.x-k8s.io v1 SecretProviderClassPodStatus secretproviderclasspodstatuses Namespaced - - -
keda keda.sh v1alpha1 ClusterTriggerAuthentication clustertriggerauthentications Cluster status cta -
keda keda.sh v1alpha1 ScaledJob scaledjobs Namespaced status sj -
keda keda.sh v1alpha1 ScaledObject scaledobjects Namespaced status so -
keda keda.sh v1alpha1 TriggerAuthentication triggerauthentications Namespaced status ta -
cloudnative-pg postgresql.cnpg.io v1 Backup backups Namespaced status - -
cloudnative-pg postgresql.cnpg.io v1 Cluster clusters Namespaced status - .spec.instances,.status.instances,.status.selector
cloudnative-pg postgresql.cnpg.io v1 ClusterImageCatalog clusterimagecatalogs Cluster - - -
cloudnative-pg postgresql.cnpg.io v1 Database databases Namespaced status - -
cloudnative-pg postgresql.cnpg.io v1 ImageCatalog imagecatalogs Namespaced - - -
cloudnative-pg postgresql.cnpg.io v1 Pooler poolers Namespaced status - .spec.instances,.status.instances
cloudnative-pg postgresql.cnpg.io v1 Publication publications Namespaced status - -
cloudnative-pg postgresql.cnpg.io v1 ScheduledBackup scheduledbackups Namespaced status - -
cloudnative-pg postgresql.cnpg.io v1 Subscription subscriptions Namespaced status - -
cloudnative-pg barmancloud.cnpg.io v1 ObjectStore objectstores Namespaced status - -
argo-rollouts argoproj.io v1alpha1 AnalysisRun analysisruns Namespaced - ar -
argo-rollouts argoproj.io v1alpha1 AnalysisTemplate analysistemplates Namespaced - at -
argo-rollouts argoproj.io v1alpha1 ClusterAnalysisTemplate clusteranalysistemplates Cluster - cat -
argo-rollouts argoproj.io v1alpha1 Experiment experiments Namespaced - exp -
argo-rollouts argoproj.io v1alpha1 Rollout rollouts Namespaced status ro .spec.replicas,.status.HPAReplicas,.status.selector
argocd argoproj.io v1alpha1 Application applications Namespaced - app,apps -
argocd argoproj.io v1alpha1 ApplicationSet applicationsets Namespaced status appset -
argocd argoproj.io v1alpha1 AppProject appprojects Namespaced - appproj -
flux kustomize.toolkit.fluxcd.io v1 Kustomization kustomizations Namespaced status ks -
flux helm.toolkit.fluxcd.io v2 HelmRelease helmreleases Namespaced status hr -
flux source.toolkit.fluxcd.io v1 GitRepository gitrepositories Namespaced status gitrepo -
flux source.toolkit.fluxcd.io v1 HelmRepository helmrepositories Namespaced status helmrepo -
flux source.toolkit.fluxcd.io v1 OCIRepository ocirepositories Namespaced status ocirepo -
prometheus monitoring.coreos.com v1 Alertmanager alertmanagers Namespaced status am .spec.replicas,.status.replicas
prometheus monitoring.coreos.com v1alpha1 AlertmanagerConfig alertmanagerconfigs Namespaced status amcfg -
prometheus monitoring.coreos.com v1 PodMonitor podmonitors Namespaced status pmon -
prometheus monitoring.coreos.com v1 Probe probes Namespaced status prb -
prometheus monitoring.coreos.com v1 Prometheus prometheuses Namespaced status prom .spec.shards,.status.shards
prometheus monitoring.coreos.com v1 PrometheusRule prometheusrules Namespaced status promrule -
prometheus monitoring.coreos.com v1alpha1 ScrapeConfig scrapeconfigs Namespaced status scfg -
prometheus monitoring.coreos.com v1 ServiceMonitor servicemonitors Namespaced status smon -
otel opentelemetry.io v1alpha1 Instrumentation instrumentations Namespaced status otelinst -
otel opentelemetry.io v1beta1,v1alpha1 OpenTelemetryCollector opentelemetrycollectors Namespaced status otelcol .spec.replicas,.status.scale.replicas
velero velero.io v1 Backup backups Namespaced - - -
velero velero.io v1 BackupStorageLocation backupstoragelocations Namespaced - bsl -
velero velero.io v1 Restore restores Namespaced - - -
velero velero.io v1 Schedule schedules Namespaced - - -
velero velero.io v1 VolumeSnapshotLocation volumesnapshotlocations Namespaced - vsl -
snapshots snapshot.storage.k8s.io v1 VolumeSnapshot volumesnapshots Namespaced status vs -
snapshots snapshot.storage.k8s.io v1 VolumeSnapshotClass volumesnapshotclasses Cluster - vsclass -
snapshots snapshot.storage.k8s.io v1 VolumeSnapshotContent volumesnapshotcontents Cluster status vsc -
vpa autoscaling.k8s.io v1 VerticalPodAutoscaler verticalpodautoscalers Namespaced status vpa -
vpa autoscaling.k8s.io v1 VerticalPodAutoscalerCheckpoint verticalpodautoscalercheckpoints Namespaced - vpacheckpoint -
kyverno policies.kyverno.io v1,v1beta1 MutatingPolicy mutatingpolicies Cluster status mpol -
kyverno policies.kyverno.io v1,v1beta1 ValidatingPolicy validatingpolicies Cluster status vpol -
";

/// One custom kind and the component that brings it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row {
    pub(crate) component: &'static str,
    pub(crate) group: &'static str,
    pub(crate) kind: &'static str,
    versions: &'static str,
    plural: &'static str,
    scope: &'static str,
    status: bool,
    short: &'static str,
    scale: &'static str,
}

/// All rows.
pub(crate) fn rows() -> impl Iterator<Item = Row> {
    ROWS.lines().filter_map(|line| {
        let words: Vec<&'static str> = line.split_whitespace().collect();
        let [
            component,
            group,
            versions,
            kind,
            plural,
            scope,
            status,
            short,
            scale,
        ] = words[..]
        else {
            return None;
        };
        Some(Row {
            component,
            group,
            kind,
            versions,
            plural,
            scope,
            status: status == "status",
            short,
            scale,
        })
    })
}

impl Row {
    /// The `CustomResourceDefinition`.
    pub(crate) fn definition(&self) -> Value {
        let versions = self
            .versions
            .split(',')
            .enumerate()
            .map(|(at, name)| self.version(name, at == 0));
        json!({
            "apiVersion": api_version("apiextensions.k8s.io", "v1"),
            "kind": "CustomResourceDefinition",
            "metadata": {"name": format!("{}.{}", self.plural, self.group)},
            "spec": {
                "group": self.group,
                "names": {
                    "kind": self.kind,
                    "listKind": format!("{}List", self.kind),
                    "plural": self.plural,
                    "singular": self.kind.to_lowercase(),
                    "shortNames": self.short.split(',').filter(|short| *short != "-").collect::<Vec<_>>(),
                },
                "scope": self.scope,
                "versions": versions.collect::<Vec<_>>(),
            },
        })
    }

    fn version(&self, name: &str, stored: bool) -> Value {
        let mut version = json!({
            "name": name,
            "served": true,
            "storage": stored,
            "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}},
        });
        if self.status {
            version["subresources"] = json!({"status": {}});
        }
        let paths: Vec<_> = self.scale.split(',').collect();
        if let [wanted, actual, rest @ ..] = &paths[..] {
            version["subresources"]["scale"] =
                json!({"specReplicasPath": wanted, "statusReplicasPath": actual});
            if let [selector] = rest {
                version["subresources"]["scale"]["labelSelectorPath"] = json!(selector);
            }
        }
        version
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_table_is_a_row() {
        let lines = ROWS.lines().filter(|line| !line.is_empty()).count();
        assert_eq!(rows().count(), lines);
    }

    #[test]
    fn a_scale_subresource_names_its_paths() {
        let rollout = rows()
            .find(|row| row.kind == "Rollout")
            .expect("a row")
            .definition();
        let scale = &rollout["spec"]["versions"][0]["subresources"]["scale"];
        assert_eq!(scale["statusReplicasPath"], ".status.HPAReplicas");
        assert_eq!(rollout["metadata"]["name"], "rollouts.argoproj.io");
    }
}
