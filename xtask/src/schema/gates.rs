//! Fields behind feature gates, and when each gate is on by default.
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use plimsoll_schema::Minor;

/// When gates are on by default.
#[derive(Default)]
pub struct Gates(BTreeMap<String, Option<Minor>>);

impl Gates {
    /// Adds what a newer release says; it wins.
    pub fn extend(&mut self, newer: Self) {
        self.0.extend(newer.0);
    }

    /// The first minor from which a gate stays on; `None` if none yet does.
    pub fn on_since(&self, gate: &str) -> Result<Option<Minor>> {
        let early = EARLY
            .iter()
            .find(|(name, _)| *name == gate)
            .map(|(_, minor)| Some(Minor::new(*minor)));
        self.0
            .get(gate)
            .copied()
            .or(early)
            .with_context(|| format!("no release lists the feature gate {gate}"))
    }
}

/// The gate of a field, if it has one.
pub fn of(definition: &str, field: &str) -> Option<&'static str> {
    let short = definition.strip_prefix("io.k8s.api.")?;
    GATED
        .iter()
        .find(|(owner, name, _)| *owner == short && *name == field)
        .map(|(.., gate)| *gate)
}

/// Reads the list of gates of a release; releases before 1.31 have none.
pub fn read(folder: &Path) -> Result<Gates> {
    let places = [
        "test/compatibility_lifecycle/reference/versioned_feature_list.yaml",
        "test/featuregates_linter/test_data/versioned_feature_list.yaml",
    ];
    let Some(path) = places
        .iter()
        .map(|place| folder.join(place))
        .find(|path| path.exists())
    else {
        return Ok(Gates::default());
    };
    let mut gates = Gates::default();
    let (mut name, mut on) = (String::new(), false);
    for line in fs::read_to_string(path)?.lines() {
        let line = line.trim().trim_start_matches("- ");
        match line.split_once(": ") {
            Some(("name", value)) => {
                value.clone_into(&mut name);
                gates.0.insert(name.clone(), None);
            }
            Some(("default", value)) => on = value == "true",
            Some(("version", value)) => {
                // Old gates give their whole history in one entry of version 1.0.
                let minor = value.trim_matches('"').parse::<Minor>()?;
                let known = gates.0.entry(name.clone()).or_default();
                *known = if on { known.or(Some(minor)) } else { None };
            }
            _ => {}
        }
    }
    Ok(gates)
}

/// Gates that were on and gone before releases listed them. Source: the feature gate pages of the
/// Kubernetes documentation.
const EARLY: &[(&str, u8)] = &[];

/// Definition without `io.k8s.api.`, field, gate. Source: `+featureGate` marks and field descriptions of
/// the API types; fields whose gate was on before 1.27 are left out.
const GATED: &[(&str, &str, &str)] = &[
    (
        "admissionregistration.v1.MutatingWebhook",
        "matchConditions",
        "AdmissionWebhookMatchConditions",
    ),
    (
        "admissionregistration.v1.ValidatingWebhook",
        "matchConditions",
        "AdmissionWebhookMatchConditions",
    ),
    (
        "apps.v1.RollingUpdateStatefulSetStrategy",
        "maxUnavailable",
        "MaxUnavailableStatefulSet",
    ),
    (
        "authorization.v1.ResourceAttributes",
        "fieldSelector",
        "AuthorizeWithSelectors",
    ),
    (
        "authorization.v1.ResourceAttributes",
        "labelSelector",
        "AuthorizeWithSelectors",
    ),
    (
        "autoscaling.v2.HPAScalingRules",
        "tolerance",
        "HPAConfigurableTolerance",
    ),
    (
        "batch.v1.JobSpec",
        "backoffLimitPerIndex",
        "JobBackoffLimitPerIndex",
    ),
    ("batch.v1.JobSpec", "managedBy", "JobManagedBy"),
    (
        "batch.v1.JobSpec",
        "maxFailedIndexes",
        "JobBackoffLimitPerIndex",
    ),
    (
        "batch.v1.JobSpec",
        "podReplacementPolicy",
        "JobPodReplacementPolicy",
    ),
    ("batch.v1.JobSpec", "scheduling", "WorkloadWithJob"),
    ("batch.v1.JobSpec", "successPolicy", "JobSuccessPolicy"),
    (
        "coordination.v1.LeaseSpec",
        "preferredHolder",
        "CoordinatedLeaderElection",
    ),
    (
        "coordination.v1.LeaseSpec",
        "strategy",
        "CoordinatedLeaderElection",
    ),
    (
        "core.v1.ClusterTrustBundleProjection",
        "user",
        "AtomicWriteVolumeUserFields",
    ),
    (
        "core.v1.ConfigMapVolumeSource",
        "defaultUser",
        "AtomicWriteVolumeUserFields",
    ),
    (
        "core.v1.Container",
        "resizePolicy",
        "InPlacePodVerticalScaling",
    ),
    ("core.v1.Container", "restartPolicy", "SidecarContainers"),
    (
        "core.v1.Container",
        "restartPolicyRules",
        "ContainerRestartRules",
    ),
    (
        "core.v1.DownwardAPIVolumeFile",
        "user",
        "AtomicWriteVolumeUserFields",
    ),
    (
        "core.v1.DownwardAPIVolumeSource",
        "defaultUser",
        "AtomicWriteVolumeUserFields",
    ),
    ("core.v1.EmptyDirVolumeSource", "mode", "EmptyDirVolumeMode"),
    ("core.v1.EnvVarSource", "fileKeyRef", "EnvFiles"),
    ("core.v1.GRPCAction", "mode", "GRPCContainerProbeTLS"),
    ("core.v1.HTTPGetAction", "protocol", "H2CContainerProbe"),
    ("core.v1.KeyToPath", "user", "AtomicWriteVolumeUserFields"),
    ("core.v1.Lifecycle", "stopSignal", "ContainerStopSignals"),
    (
        "core.v1.LifecycleHandler",
        "sleep",
        "PodLifecycleSleepAction",
    ),
    (
        "core.v1.LoadBalancerIngress",
        "ipMode",
        "LoadBalancerIPMode",
    ),
    (
        "core.v1.NodeSpec",
        "podPreemptionPolicy",
        "InPlacePodVerticalScalingSchedulerPreemption",
    ),
    (
        "core.v1.PersistentVolumeClaimSpec",
        "volumeAttributesClassName",
        "VolumeAttributesClass",
    ),
    (
        "core.v1.PersistentVolumeSpec",
        "volumeAttributesClassName",
        "VolumeAttributesClass",
    ),
    (
        "core.v1.PodAffinityTerm",
        "matchLabelKeys",
        "MatchLabelKeysInPodAffinity",
    ),
    (
        "core.v1.PodAffinityTerm",
        "mismatchLabelKeys",
        "MatchLabelKeysInPodAffinity",
    ),
    (
        "core.v1.PodCertificateProjection",
        "user",
        "AtomicWriteVolumeUserFields",
    ),
    (
        "core.v1.PodSecurityContext",
        "seLinuxChangePolicy",
        "SELinuxChangePolicy",
    ),
    (
        "core.v1.PodSecurityContext",
        "supplementalGroupsPolicy",
        "SupplementalGroupsPolicy",
    ),
    (
        "core.v1.PodSpec",
        "evictionResponders",
        "EvictionRequestAPI",
    ),
    ("core.v1.PodSpec", "hostUsers", "UserNamespacesSupport"),
    ("core.v1.PodSpec", "hostnameOverride", "HostnameOverride"),
    (
        "core.v1.PodSpec",
        "resourceClaims",
        "DynamicResourceAllocation",
    ),
    ("core.v1.PodSpec", "resources", "PodLevelResources"),
    ("core.v1.PodSpec", "schedulingGroup", "GenericWorkload"),
    (
        "core.v1.ProjectedVolumeSource",
        "defaultUser",
        "AtomicWriteVolumeUserFields",
    ),
    (
        "core.v1.ResourceRequirements",
        "claims",
        "DynamicResourceAllocation",
    ),
    (
        "core.v1.SecretVolumeSource",
        "defaultUser",
        "AtomicWriteVolumeUserFields",
    ),
    (
        "core.v1.ServiceAccountTokenProjection",
        "user",
        "AtomicWriteVolumeUserFields",
    ),
    (
        "core.v1.ServiceSpec",
        "trafficDistribution",
        "ServiceTrafficDistribution",
    ),
    (
        "core.v1.TypedObjectReference",
        "namespace",
        "CrossNamespaceVolumeDataSource",
    ),
    ("core.v1.Volume", "image", "ImageVolume"),
    (
        "core.v1.VolumeMount",
        "bindMountOptions",
        "VolumeBindMountOptions",
    ),
    (
        "core.v1.VolumeMount",
        "recursiveReadOnly",
        "RecursiveReadOnlyMounts",
    ),
    (
        "core.v1.VolumeProjection",
        "clusterTrustBundle",
        "ClusterTrustBundleProjection",
    ),
    (
        "core.v1.VolumeProjection",
        "podCertificate",
        "PodCertificateRequest",
    ),
    (
        "storage.v1.CSIDriverSpec",
        "nodeAllocatableUpdatePeriodSeconds",
        "MutableCSINodeAllocatableCount",
    ),
    (
        "storage.v1.CSIDriverSpec",
        "preventPodSchedulingIfMissing",
        "VolumeLimitScaling",
    ),
    (
        "storage.v1.CSIDriverSpec",
        "serviceAccountTokenInSecrets",
        "CSIServiceAccountTokenSecrets",
    ),
];
