//! The real tools that tests compare with, each pinned to one version of one Go module.
//!
//! A version here is the whole truth: the installer builds it, its stamp in the cache names it, and
//! a tool of another version counts as missing.

/// A program that is built from a Go module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tool {
    /// Name of the program in the cache; an older minor carries it as a suffix.
    pub name: &'static str,
    /// Go module that holds the program.
    pub module: &'static str,
    /// Exact version of the module.
    pub version: &'static str,
    /// Package of the program inside the module, empty for its root.
    pub package: &'static str,
    /// Modules of other tools that are required beside its own, all with the replacements of the first, so
    /// that what the tools share is compiled once; empty for a tool that stands alone.
    pub family: &'static [Pin],
    /// Text of a program of ours around the module; `None` where the module holds the program.
    pub main: Option<&'static str>,
}

/// A Go module in one version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pin {
    /// Path of the module.
    pub module: &'static str,
    /// Exact version.
    pub version: &'static str,
}

impl Tool {
    /// What the installer writes beside the program: another version, or another program of ours, is another
    /// stamp.
    pub fn stamp(&self) -> String {
        match self.main {
            None => self.version.to_owned(),
            // FNV-1a, which no version of Rust changes.
            Some(text) => {
                let step =
                    |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
                let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325, step);
                format!("{} {hash:016x}", self.version)
            }
        }
    }

    /// Import path of the program's package.
    pub fn import_path(&self) -> String {
        match self.package {
            "" => self.module.to_owned(),
            package => format!("{}/{package}", self.module),
        }
    }
}

const fn pinned(
    name: &'static str,
    module: &'static str,
    version: &'static str,
    package: &'static str,
) -> Tool {
    Tool {
        name,
        module,
        version,
        package,
        family: &[],
        main: None,
    }
}

const KUBERNETES: &str = "k8s.io/kubernetes";

/// Argo's engines. Argo Rollouts checks pods with the rules of the Kubernetes that it is built with: a newer
/// one refuses what a release of it takes, so its own stays.
const ARGO: &[Pin] = &[
    Pin {
        module: "github.com/argoproj/argo-rollouts",
        version: "v1.9.0",
    },
    // The sync engine of Argo CD 3.2.6; later ones are folders of Argo CD and not served as modules.
    Pin {
        module: "github.com/argoproj/gitops-engine",
        version: "v0.7.1-0.20251217140045-5baed5604d2d",
    },
];

/// Every tool, cheap ones first: an interrupted installation has then finished the most.
///
/// Kustomize 5.8.3 asks for Go 1.27, which builds an API server with a broken `/openapi`; so 5.8.1.
/// Sealed Secrets later than 0.27 moved to a module path that is not served.
pub const TOOLS: &[Tool] = &[
    pinned(
        "kubeconform",
        "github.com/yannh/kubeconform",
        "v0.8.0",
        "cmd/kubeconform",
    ),
    pinned(
        "actionlint",
        "github.com/rhysd/actionlint",
        "v1.7.12",
        "cmd/actionlint",
    ),
    // The loader of the Compose specification, which validates against its schema.
    pinned(
        "compose-go",
        "github.com/compose-spec/compose-go/v2",
        "v2.16.2",
        "cmd",
    ),
    pinned(
        "kustomize",
        "sigs.k8s.io/kustomize/kustomize/v5",
        "v5.8.1",
        "",
    ),
    pinned("etcd", "go.etcd.io/etcd/server/v3", "v3.6.6", ""),
    pinned(
        "kube-apiserver",
        KUBERNETES,
        "v1.37.1",
        "cmd/kube-apiserver",
    ),
    pinned(
        "kube-controller-manager",
        KUBERNETES,
        "v1.37.1",
        "cmd/kube-controller-manager",
    ),
    pinned(
        "kube-scheduler",
        KUBERNETES,
        "v1.37.1",
        "cmd/kube-scheduler",
    ),
    pinned("kubectl", KUBERNETES, "v1.37.1", "cmd/kubectl"),
    pinned("kwok", "sigs.k8s.io/kwok", "v0.8.0", "cmd/kwok"),
    pinned("helm", "helm.sh/helm/v4", "v4.3.1", "cmd/helm"),
    pinned("helm3", "helm.sh/helm/v3", "v3.22.0", "cmd/helm"),
    pinned(
        "kubeseal",
        "github.com/bitnami-labs/sealed-secrets",
        "v0.27.1",
        "cmd/kubeseal",
    ),
    pinned(
        "promtool",
        "github.com/prometheus/prometheus",
        "v0.315.0",
        "cmd/promtool",
    ),
    pinned(
        "kube-apiserver-1.30",
        KUBERNETES,
        "v1.30.14",
        "cmd/kube-apiserver",
    ),
    pinned(
        "kube-controller-manager-1.30",
        KUBERNETES,
        "v1.30.14",
        "cmd/kube-controller-manager",
    ),
    pinned(
        "kube-scheduler-1.30",
        KUBERNETES,
        "v1.30.14",
        "cmd/kube-scheduler",
    ),
    Tool {
        family: ARGO,
        ..pinned(
            "rollouts-controller",
            ARGO[0].module,
            ARGO[0].version,
            "cmd/rollouts-controller",
        )
    },
    Tool {
        family: ARGO,
        main: Some(include_str!("argo_sync.go")),
        ..pinned("argo-sync", ARGO[1].module, ARGO[1].version, "pkg/engine")
    },
    pinned("helmfile", "github.com/helmfile/helmfile", "v1.8.0", ""),
];

/// Where custom resource definitions are found: a folder or a file of a Go module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Definitions {
    /// Go module that holds them.
    pub module: &'static str,
    /// Exact version of the module.
    pub version: &'static str,
    /// Folder or file inside the module.
    pub path: &'static str,
}

const fn definitions(
    module: &'static str,
    version: &'static str,
    path: &'static str,
) -> Definitions {
    Definitions {
        module,
        version,
        path,
    }
}

/// Every set of definitions: of the components that Plimsoll writes objects for.
///
/// Each is the newest version whose module can be had with Go 1.26.
pub const DEFINITIONS: &[Definitions] = &[
    definitions("sigs.k8s.io/gateway-api", "v1.6.3", "config/crd/standard"),
    definitions(
        "github.com/cert-manager/cert-manager",
        "v1.21.2",
        "deploy/crds",
    ),
    definitions(
        "github.com/external-secrets/external-secrets",
        "v1.3.2",
        "config/crds/bases",
    ),
    definitions(
        "github.com/bitnami-labs/sealed-secrets",
        "v0.27.1",
        "helm/sealed-secrets/crds",
    ),
    definitions("github.com/kedacore/keda/v2", "v2.21.0", "config/crd/bases"),
    definitions(
        "github.com/cloudnative-pg/cloudnative-pg",
        "v1.30.0",
        "config/crd/bases",
    ),
    definitions(
        "github.com/cilium/cilium",
        "v1.20.2",
        "pkg/k8s/apis/cilium.io/client/crds/v2",
    ),
    definitions(
        "github.com/argoproj/argo-rollouts",
        "v1.9.0",
        "manifests/crds",
    ),
    definitions("github.com/argoproj/argo-cd/v3", "v3.5.7", "manifests/crds"),
    definitions(
        "github.com/prometheus-operator/prometheus-operator",
        "v0.85.0",
        "example/prometheus-operator-crd",
    ),
    definitions(
        "istio.io/api",
        "v1.31.1",
        "kubernetes/customresourcedefinitions.gen.yaml",
    ),
    definitions(
        "github.com/vmware-tanzu/velero",
        "v1.18.3",
        "config/crd/v1/bases",
    ),
    definitions(
        "k8s.io/autoscaler/vertical-pod-autoscaler",
        "v1.8.1",
        "deploy/vpa-v1-crd-gen.yaml",
    ),
    definitions(
        "github.com/envoyproxy/gateway",
        "v1.9.1",
        "charts/gateway-crds-helm/templates/generated",
    ),
    definitions(
        "github.com/traefik/traefik/v3",
        "v3.7.13",
        "docs/content/reference/dynamic-configuration/kubernetes-crd-definition-v1.yml",
    ),
    definitions(
        "github.com/fluxcd/source-controller",
        "v1.9.6",
        "config/crd/bases",
    ),
    definitions(
        "github.com/fluxcd/kustomize-controller",
        "v1.9.6",
        "config/crd/bases",
    ),
];

/// One line for each set: the stamp of a complete copy in the cache.
pub fn definitions_stamp() -> String {
    let line = |set: &Definitions| format!("{} {} {}\n", set.module, set.version, set.path);
    DEFINITIONS.iter().map(line).collect::<Vec<_>>().concat()
}

/// The tool of that name.
pub fn named(name: &str) -> Option<&'static Tool> {
    TOOLS.iter().find(|tool| tool.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_tool_has_a_name_of_its_own_and_an_exact_version() {
        let names: BTreeSet<_> = TOOLS.iter().map(|tool| tool.name).collect();
        assert_eq!(names.len(), TOOLS.len());
        for tool in TOOLS {
            // What has no release is named by its commit.
            let version = tool.version.split('-').next().unwrap_or_default();
            let parts: Vec<_> = version.trim_start_matches('v').split('.').collect();
            assert!(parts.len() == 3 && parts.iter().all(|part| part.parse::<u32>().is_ok()));
        }
    }

    #[test]
    fn a_tool_with_a_program_of_ours_is_another_one_when_the_program_changes() {
        let sync = *named("argo-sync").unwrap();
        let changed = Tool {
            main: Some("package main"),
            ..sync
        };
        assert_ne!(sync.stamp(), changed.stamp());
        assert_eq!(named("etcd").unwrap().stamp(), "v3.6.6");
    }

    #[test]
    fn the_import_path_joins_module_and_package() {
        let path = |name| named(name).map(Tool::import_path);
        assert_eq!(path("etcd").as_deref(), Some("go.etcd.io/etcd/server/v3"));
        assert_eq!(
            path("kubectl").as_deref(),
            Some("k8s.io/kubernetes/cmd/kubectl")
        );
    }
}
