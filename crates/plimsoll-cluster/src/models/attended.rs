//! Which custom kinds somebody attends to.

/// Custom kinds with a model that writes what the real controller writes, or that the real one only reads.
const ATTENDED: &[&str] = &[
    // Argo Rollouts 1.9.1
    "argoproj.io/AnalysisRun",
    "argoproj.io/AnalysisTemplate",
    "argoproj.io/ClusterAnalysisTemplate",
    "argoproj.io/Rollout",
    // Sealed Secrets 0.36.6
    "bitnami.com/SealedSecret",
    // cert-manager 1.21.1
    "cert-manager.io/Certificate",
    "cert-manager.io/ClusterIssuer",
    "cert-manager.io/Issuer",
    // Cilium 1.20.0: policies are judged by the network walk
    "cilium.io/CiliumClusterwideNetworkPolicy",
    "cilium.io/CiliumNetworkPolicy",
    // External Secrets 2.9.0
    "external-secrets.io/ClusterSecretStore",
    "external-secrets.io/ExternalSecret",
    "external-secrets.io/SecretStore",
    // Gateway API 1.6.1
    "gateway.networking.k8s.io/GRPCRoute",
    "gateway.networking.k8s.io/Gateway",
    "gateway.networking.k8s.io/GatewayClass",
    "gateway.networking.k8s.io/HTTPRoute",
    "gateway.networking.k8s.io/ReferenceGrant",
    // KEDA 2.20.2
    "keda.sh/ClusterTriggerAuthentication",
    "keda.sh/ScaledObject",
    "keda.sh/TriggerAuthentication",
    // Prometheus operator 0.93.1: read, never answered with a status
    "monitoring.coreos.com/PodMonitor",
    "monitoring.coreos.com/PrometheusRule",
    "monitoring.coreos.com/ServiceMonitor",
    // The vertical autoscaler 1.8.1: only recommends
    "autoscaling.k8s.io/VerticalPodAutoscaler",
    // Velero 1.18.1
    "velero.io/BackupStorageLocation",
    "velero.io/Schedule",
    // CloudNativePG 1.30.0
    "postgresql.cnpg.io/Cluster",
    "postgresql.cnpg.io/Database",
    "postgresql.cnpg.io/Pooler",
    "postgresql.cnpg.io/ScheduledBackup",
    "barmancloud.cnpg.io/ObjectStore",
];

/// Configuration that its controller attaches to others and that needs no answer to take effect here.
const READ_ONLY_GROUPS: &[&str] = &[
    "gateway.envoyproxy.io",
    "gateway.nginx.org",
    "networking.istio.io",
    "policy.linkerd.io",
    "security.istio.io",
    "telemetry.istio.io",
    "traefik.io",
];

/// Whether somebody attends to a kind such as `cert-manager.io/Certificate`. Built-in kinds: always.
pub fn attended(kind: &str) -> bool {
    let group = kind.rsplit_once('/').map_or("", |(group, _)| group);
    is_built_in(group) || ATTENDED.contains(&kind) || READ_ONLY_GROUPS.contains(&group)
}

/// The custom kinds with a model, sorted by the name of their project's group.
pub fn attended_kinds() -> &'static [&'static str] {
    ATTENDED
}

fn is_built_in(group: &str) -> bool {
    !group.contains('.')
        || (group.ends_with(".k8s.io")
            && group != "gateway.networking.k8s.io"
            && !group.contains(".x-k8s.io")
            && group != "snapshot.storage.k8s.io"
            && group != "autoscaling.k8s.io")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn built_in_kinds_are_attended_and_unknown_custom_ones_are_not() {
        assert!(attended("Pod"));
        assert!(attended("apps/Deployment"));
        assert!(attended("networking.k8s.io/Ingress"));
        assert!(attended("cert-manager.io/Certificate"));
        assert!(!attended("clickhouse.altinity.com/ClickHouseInstallation"));
        assert!(!attended("gateway.networking.k8s.io/TCPRoute"));
    }
}
