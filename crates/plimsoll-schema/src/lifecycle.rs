//! When API versions are deprecated and removed, and what replaces them.
//!
//! Source: the `APILifecycle` methods of k8s.io/api, releases 1.24 to 1.37, and the Deprecated API
//! Migration Guide of the Kubernetes documentation.
use crate::Minor;

/// The end of one API version of a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lifecycle {
    /// The version that deprecated it.
    pub deprecated: Minor,
    /// The first version that does not serve it; may lie after the newest known version.
    pub removed: Option<Minor>,
    /// The `apiVersion` to write instead, if there is one.
    pub replacement: Option<&'static str>,
}

/// The end of this API version of a kind; `None` while none is planned.
pub fn lifecycle(group: &str, version: &str, kind: &str) -> Option<&'static Lifecycle> {
    ENDS.iter()
        .find(|(g, v, kinds, _)| {
            *g == group && *v == version && (kinds.is_empty() || kinds.contains(&kind))
        })
        .map(|(.., end)| end)
}

type End = (
    &'static str,
    &'static str,
    &'static [&'static str],
    Lifecycle,
);

/// Group, version, kinds (all if none is named), and their end.
const ENDS: &[End] = &[
    ("", "v1", &["Endpoints"], stays(33, "discovery.k8s.io/v1")),
    (
        "",
        "v1",
        &["ComponentStatus"],
        Lifecycle {
            deprecated: Minor::new(19),
            removed: None,
            replacement: None,
        },
    ),
    (
        "admissionregistration.k8s.io",
        "v1alpha1",
        POLICIES,
        gone(29, 32, "admissionregistration.k8s.io/v1"),
    ),
    (
        "admissionregistration.k8s.io",
        "v1alpha1",
        MUTATING,
        gone(35, 38, "admissionregistration.k8s.io/v1"),
    ),
    (
        "admissionregistration.k8s.io",
        "v1beta1",
        POLICIES,
        gone(31, 34, "admissionregistration.k8s.io/v1"),
    ),
    (
        "admissionregistration.k8s.io",
        "v1beta1",
        MUTATING,
        gone(37, 40, "admissionregistration.k8s.io/v1"),
    ),
    (
        "admissionregistration.k8s.io",
        "v1beta1",
        WEBHOOKS,
        gone(16, 22, "admissionregistration.k8s.io/v1"),
    ),
    (
        "apiextensions.k8s.io",
        "v1beta1",
        &[],
        gone(16, 22, "apiextensions.k8s.io/v1"),
    ),
    (
        "apiregistration.k8s.io",
        "v1beta1",
        &[],
        gone(19, 22, "apiregistration.k8s.io/v1"),
    ),
    ("apps", "v1beta1", &[], gone(8, 16, "apps/v1")),
    ("apps", "v1beta2", &[], gone(9, 16, "apps/v1")),
    (
        "authentication.k8s.io",
        "v1alpha1",
        &["SelfSubjectReview"],
        gone(28, 32, "authentication.k8s.io/v1"),
    ),
    (
        "authentication.k8s.io",
        "v1beta1",
        &["SelfSubjectReview"],
        gone(30, 33, "authentication.k8s.io/v1"),
    ),
    (
        "autoscaling",
        "v2beta1",
        &[],
        gone(22, 25, "autoscaling/v2"),
    ),
    (
        "autoscaling",
        "v2beta2",
        &[],
        gone(23, 26, "autoscaling/v2"),
    ),
    ("batch", "v1beta1", &[], gone(21, 25, "batch/v1")),
    (
        "certificates.k8s.io",
        "v1alpha1",
        &["ClusterTrustBundle"],
        gone(34, 37, "certificates.k8s.io/v1beta1"),
    ),
    (
        "certificates.k8s.io",
        "v1beta1",
        CERTIFICATES,
        gone(37, 40, "certificates.k8s.io/v1"),
    ),
    (
        "certificates.k8s.io",
        "v1beta1",
        &["CertificateSigningRequest"],
        gone(19, 22, "certificates.k8s.io/v1"),
    ),
    (
        "coordination.k8s.io",
        "v1alpha2",
        &["LeaseCandidate"],
        gone(35, 38, "coordination.k8s.io/v1beta1"),
    ),
    (
        "coordination.k8s.io",
        "v1beta1",
        &["LeaseCandidate"],
        end(36, 39),
    ),
    (
        "coordination.k8s.io",
        "v1beta1",
        &["Lease"],
        gone(19, 22, "coordination.k8s.io/v1"),
    ),
    (
        "discovery.k8s.io",
        "v1beta1",
        &[],
        gone(21, 25, "discovery.k8s.io/v1"),
    ),
    (
        "events.k8s.io",
        "v1beta1",
        &[],
        gone(22, 25, "events.k8s.io/v1"),
    ),
    (
        "extensions",
        "v1beta1",
        &["Ingress"],
        gone(14, 22, "networking.k8s.io/v1"),
    ),
    (
        "extensions",
        "v1beta1",
        &["DaemonSet", "Deployment", "ReplicaSet"],
        gone(8, 16, "apps/v1"),
    ),
    (
        "extensions",
        "v1beta1",
        &["NetworkPolicy"],
        gone(9, 16, "networking.k8s.io/v1"),
    ),
    ("extensions", "v1beta1", &["PodSecurityPolicy"], end(10, 16)),
    (
        "flowcontrol.apiserver.k8s.io",
        "v1beta1",
        &[],
        gone(23, 26, "flowcontrol.apiserver.k8s.io/v1"),
    ),
    (
        "flowcontrol.apiserver.k8s.io",
        "v1beta2",
        &[],
        gone(26, 29, "flowcontrol.apiserver.k8s.io/v1"),
    ),
    (
        "flowcontrol.apiserver.k8s.io",
        "v1beta3",
        &[],
        gone(29, 32, "flowcontrol.apiserver.k8s.io/v1"),
    ),
    (
        "networking.k8s.io",
        "v1beta1",
        &["IPAddress", "ServiceCIDR"],
        gone(34, 37, "networking.k8s.io/v1"),
    ),
    (
        "networking.k8s.io",
        "v1beta1",
        &["Ingress", "IngressClass"],
        gone(19, 22, "networking.k8s.io/v1"),
    ),
    (
        "node.k8s.io",
        "v1beta1",
        &[],
        gone(22, 25, "node.k8s.io/v1"),
    ),
    (
        "policy",
        "v1beta1",
        &["PodDisruptionBudget"],
        gone(21, 25, "policy/v1"),
    ),
    ("policy", "v1beta1", &["PodSecurityPolicy"], end(21, 25)),
    (
        "rbac.authorization.k8s.io",
        "v1beta1",
        &[],
        gone(17, 22, "rbac.authorization.k8s.io/v1"),
    ),
    (
        "resource.k8s.io",
        "v1beta1",
        &[],
        gone(35, 38, "resource.k8s.io/v1"),
    ),
    (
        "resource.k8s.io",
        "v1beta2",
        CLAIMS,
        gone(36, 39, "resource.k8s.io/v1"),
    ),
    (
        "scheduling.k8s.io",
        "v1beta1",
        &["PriorityClass"],
        gone(14, 22, "scheduling.k8s.io/v1"),
    ),
    (
        "storage.k8s.io",
        "v1alpha1",
        &["VolumeAttributesClass"],
        gone(32, 35, "storage.k8s.io/v1"),
    ),
    (
        "storage.k8s.io",
        "v1beta1",
        &["VolumeAttributesClass"],
        gone(34, 37, "storage.k8s.io/v1"),
    ),
    (
        "storage.k8s.io",
        "v1beta1",
        &["CSIStorageCapacity"],
        gone(24, 27, "storage.k8s.io/v1"),
    ),
    (
        "storage.k8s.io",
        "v1beta1",
        STORAGE,
        gone(19, 22, "storage.k8s.io/v1"),
    ),
    (
        "storagemigration.k8s.io",
        "v1beta1",
        &[],
        gone(37, 40, "storagemigration.k8s.io/v1"),
    ),
];

const POLICIES: &[&str] = &[
    "ValidatingAdmissionPolicy",
    "ValidatingAdmissionPolicyBinding",
];
const MUTATING: &[&str] = &["MutatingAdmissionPolicy", "MutatingAdmissionPolicyBinding"];
const WEBHOOKS: &[&str] = &[
    "MutatingWebhookConfiguration",
    "ValidatingWebhookConfiguration",
];
const CERTIFICATES: &[&str] = &["ClusterTrustBundle", "PodCertificateRequest"];
const CLAIMS: &[&str] = &[
    "ResourceClaim",
    "ResourceClaimTemplate",
    "ResourceSlice",
    "DeviceClass",
];
const STORAGE: &[&str] = &["CSIDriver", "CSINode", "StorageClass", "VolumeAttachment"];

const fn gone(deprecated: u8, removed: u8, replacement: &'static str) -> Lifecycle {
    Lifecycle {
        deprecated: Minor::new(deprecated),
        removed: Some(Minor::new(removed)),
        replacement: Some(replacement),
    }
}

const fn end(deprecated: u8, removed: u8) -> Lifecycle {
    Lifecycle {
        deprecated: Minor::new(deprecated),
        removed: Some(Minor::new(removed)),
        replacement: None,
    }
}

const fn stays(deprecated: u8, replacement: &'static str) -> Lifecycle {
    Lifecycle {
        deprecated: Minor::new(deprecated),
        removed: None,
        replacement: Some(replacement),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kubernetes;

    #[test]
    fn a_removed_version_names_its_replacement() {
        let end = lifecycle("batch", "v1beta1", "CronJob").expect("it ended");
        assert_eq!(end.removed, Some(Minor::new(25)));
        assert_eq!(end.replacement, Some("batch/v1"));
        assert_eq!(lifecycle("batch", "v1", "CronJob"), None);
    }

    #[test]
    fn removals_agree_with_what_each_version_serves() {
        let mut wrong = Vec::new();
        for kind in kubernetes().kinds() {
            let removed = kind
                .lifecycle()
                .and_then(|end| end.removed)
                .filter(|at| *at <= Minor::LAST);
            let absent = kind.until.map(Minor::next);
            if removed.is_some() && absent != removed {
                wrong.push(format!(
                    "{} {}: {removed:?}, absent from {absent:?}",
                    kind.api_version(),
                    kind.kind
                ));
            }
        }
        assert_eq!(wrong, Vec::<String>::new());
    }
}
