//! The custom resources of components that applications lean on.
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use plimsoll_schema::{Schemas, custom_kinds};

use super::yaml;
use crate::go;

/// Where one component publishes its custom resources.
struct Component {
    module: &'static str,
    version: &'static str,
    /// A folder or a file.
    place: &'static str,
    /// The plurals to take; all if none is named.
    plurals: &'static [&'static str],
}

const COMPONENTS: &[Component] = &[
    Component {
        module: "sigs.k8s.io/gateway-api",
        version: "v1.6.1",
        place: "config/crd/standard",
        plurals: &[],
    },
    Component {
        module: "github.com/cert-manager/cert-manager",
        version: "v1.21.2",
        place: "deploy/crds",
        plurals: &[],
    },
    Component {
        module: "github.com/external-secrets/external-secrets",
        version: "v1.3.2",
        place: "config/crds/bases",
        plurals: &[
            "externalsecrets",
            "clusterexternalsecrets",
            "secretstores",
            "clustersecretstores",
            "pushsecrets",
        ],
    },
    Component {
        module: "github.com/kedacore/keda/v2",
        version: "v2.21.0",
        place: "config/crd/bases",
        plurals: &[
            "scaledobjects",
            "scaledjobs",
            "triggerauthentications",
            "clustertriggerauthentications",
        ],
    },
    Component {
        module: "github.com/cloudnative-pg/cloudnative-pg",
        version: "v1.30.0",
        place: "config/crd/bases",
        plurals: &[],
    },
    Component {
        module: "github.com/cilium/cilium",
        version: "v1.20.2",
        place: "pkg/k8s/apis/cilium.io/client/crds/v2",
        plurals: &[
            "ciliumnetworkpolicies",
            "ciliumclusterwidenetworkpolicies",
            "ciliumcidrgroups",
            "ciliumegressgatewaypolicies",
        ],
    },
    Component {
        module: "github.com/argoproj/argo-rollouts",
        version: "v1.9.0",
        place: "manifests/crds",
        plurals: &[],
    },
    Component {
        module: "github.com/argoproj/argo-cd/v3",
        version: "v3.5.1",
        place: "manifests/crds",
        plurals: &[],
    },
    Component {
        module: "github.com/prometheus-operator/prometheus-operator",
        version: "v0.92.0",
        place: "example/prometheus-operator-crd",
        plurals: &[
            "servicemonitors",
            "podmonitors",
            "probes",
            "prometheusrules",
            "scrapeconfigs",
            "alertmanagerconfigs",
        ],
    },
    Component {
        module: "github.com/bitnami-labs/sealed-secrets",
        version: "v0.40.0",
        place: "helm/sealed-secrets/crds",
        plurals: &[],
    },
    Component {
        module: "istio.io/api",
        version: "v1.31.1",
        place: "kubernetes/customresourcedefinitions.gen.yaml",
        plurals: &[],
    },
    Component {
        module: "github.com/vmware-tanzu/velero",
        version: "v1.17.0",
        place: "config/crd/v1/bases",
        plurals: &[
            "backups",
            "restores",
            "schedules",
            "backupstoragelocations",
            "volumesnapshotlocations",
        ],
    },
    Component {
        module: "github.com/envoyproxy/gateway",
        version: "v1.9.1",
        place: "charts/gateway-crds-helm/templates/generated",
        plurals: &[
            "backendtrafficpolicies",
            "clienttrafficpolicies",
            "httproutefilters",
            "securitypolicies",
        ],
    },
    Component {
        module: "github.com/traefik/traefik/v3",
        version: "v3.7.13",
        place: "docs/content/reference/dynamic-configuration/kubernetes-crd-definition-v1.yml",
        plurals: &["middlewares", "tlsoptions"],
    },
    Component {
        module: "k8s.io/autoscaler/vertical-pod-autoscaler",
        version: "v1.8.1",
        place: "deploy/vpa-v1-crd-gen.yaml",
        plurals: &["verticalpodautoscalers"],
    },
];

/// Modules and versions of all components.
#[cfg(test)]
pub fn modules() -> impl Iterator<Item = (&'static str, &'static str)> {
    COMPONENTS
        .iter()
        .map(|component| (component.module, component.version))
}

/// The table of all components.
pub fn table() -> Result<Schemas> {
    let mut schemas = Schemas::new();
    for component in COMPONENTS {
        add(&mut schemas, component).with_context(|| component.module.to_owned())?;
    }
    Ok(schemas)
}

fn add(schemas: &mut Schemas, component: &Component) -> Result<()> {
    let place = go::download(component.module, component.version)?
        .folder
        .join(component.place);
    let mut found = Vec::new();
    for text in texts(&place)? {
        for document in yaml::documents(&go::without_templates(&text))? {
            let plural = document["spec"]["names"]["plural"]
                .as_str()
                .unwrap_or_default();
            let wanted = component.plurals.is_empty() || component.plurals.contains(&plural);
            if document["kind"] == "CustomResourceDefinition" && wanted {
                custom_kinds(schemas, &document);
                found.push(plural.to_owned());
            }
        }
    }
    let absent = component
        .plurals
        .iter()
        .find(|plural| !found.iter().any(|known| known == *plural));
    ensure!(
        absent.is_none() && !found.is_empty(),
        "{} has no {absent:?}",
        place.display()
    );
    Ok(())
}

/// The YAML files at a place, ordered by name.
fn texts(place: &Path) -> Result<Vec<String>> {
    if place.is_file() {
        return Ok(vec![fs::read_to_string(place)?]);
    }
    let mut files = fs::read_dir(place)?
        .map(|file| Ok(file?.path()))
        .collect::<Result<Vec<_>>>()?;
    files.retain(|file| {
        file.extension()
            .is_some_and(|extension| extension == "yaml")
    });
    files.sort();
    files
        .iter()
        .map(|file| Ok(fs::read_to_string(file)?))
        .collect()
}
