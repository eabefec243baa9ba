//! What a cluster must have before a release goes there: namespaces, classes, stores of secrets,
//! issuers, the metrics API, and the right to write. Everything that is missing is found in one go.

mod needs;
mod rights;

use std::collections::BTreeSet;

use futures::stream::{self, StreamExt};
use kube::Client;
use kube::api::{Api, DynamicObject, ListParams};

use crate::cause::Cause;
use crate::decide::Decided;
use crate::error::{ShipError, code};
use crate::kinds::Kinds;
use crate::obstacle::Obstacle;
use crate::ready::in_conditions;
use crate::release::{ObjectKey, Release};
use crate::retry::{optional, retrying};
use needs::{Need, needs};

/// Requests that are under way at once.
const AT_ONCE: usize = 16;

/// The usual component that brings the kinds of a group.
pub(crate) fn brings(group: &str) -> Option<&'static str> {
    Some(match group {
        "gateway.networking.k8s.io" => "Gateway API and a controller for it",
        "gateway.envoyproxy.io" => "Envoy Gateway",
        "cert-manager.io" => "cert-manager",
        "external-secrets.io" => "External Secrets",
        "bitnami.com" => "Sealed Secrets",
        "postgresql.cnpg.io" => "CloudNativePG",
        "keda.sh" => "KEDA",
        "argoproj.io" => "Argo Rollouts or Argo CD",
        "monitoring.coreos.com" => "the Prometheus operator",
        "secrets-store.csi.x-k8s.io" => "the Secrets Store CSI driver",
        "velero.io" => "Velero",
        "autoscaling.k8s.io" => "the Vertical Pod Autoscaler",
        "networking.istio.io" | "security.istio.io" | "telemetry.istio.io" => "Istio",
        "policy.linkerd.io" => "Linkerd",
        "cilium.io" => "Cilium",
        "kyverno.io" => "Kyverno",
        "traefik.io" => "Traefik",
        _ => return None,
    })
}

/// Looks for everything that the release needs and does not bring.
pub(crate) async fn obstacles(
    client: &Client,
    release: &Release,
    decided: &mut Decided,
) -> Result<Vec<Obstacle>, ShipError> {
    let mut found = namespaces(release, decided);
    let needs = needs(release);
    let versions: BTreeSet<String> = needs
        .iter()
        .map(|need| need.object.api_version.clone())
        .collect();
    let kinds = &mut decided.kinds;
    kinds
        .discover(client, versions.iter().map(String::as_str))
        .await?;
    let kinds = &decided.kinds;
    let mut asked: Vec<(usize, Option<Obstacle>)> = stream::iter(needs.into_iter().enumerate())
        .map(|(at, need)| async move { (at, missing(client, kinds, need).await) })
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    asked.sort_by_key(|(at, _)| *at);
    found.extend(asked.into_iter().filter_map(|(_, obstacle)| obstacle));
    found.extend(default_class(client, release, kinds).await);
    found.extend(metrics(client, release).await?);
    found.extend(rights::missing(client, release, kinds).await?);
    Ok(found)
}

/// Namespaces that neither exist nor are shipped.
fn namespaces(release: &Release, decided: &Decided) -> Vec<Obstacle> {
    let mut found: Vec<Obstacle> = Vec::new();
    for object in &release.objects {
        let Some(namespace) = &object.key.namespace else {
            continue;
        };
        let key = ObjectKey::namespace(namespace);
        let is_shipped = release.objects.iter().any(|other| other.key == key);
        if is_shipped || decided.observed.get(&key).is_some() {
            continue;
        }
        if found.iter().all(|known| known.about != key.to_string()) {
            let cause = format!("it does not exist, and {} goes there", object.key);
            let remedy =
                format!("`kubectl create namespace {namespace}`, or install what it belongs to");
            found.push(Obstacle::of(Cause::NotThere, &key, cause, remedy).at(object.place.clone()));
        }
    }
    found
}

async fn missing(client: &Client, kinds: &Kinds, need: Need) -> Option<Obstacle> {
    let key = &need.object;
    let Ok(api) = kinds.api(client, key) else {
        let cause = format!(
            "the cluster does not serve {}, and {} names one",
            key.kind, need.by
        );
        let remedy = match brings(key.group()) {
            Some(component) => format!("install {component} first"),
            None => "install what defines it first".to_owned(),
        };
        return Some(Obstacle::of(Cause::KindNotServed, key, cause, remedy).at(need.place));
    };
    // Who may not look is not told that it is missing.
    let Ok(found) = optional(retrying(|| api.get(&key.name)).await) else {
        return None;
    };
    let cause = match &found {
        None => format!("it does not exist, and {} names it", need.by),
        Some(found) => match need.condition.map(|name| in_conditions(found, name)) {
            Some(Some((false, said))) => format!("it is not {}: {said}", need.word()),
            Some(None) => format!("no controller says that it is {}", need.word()),
            Some(Some((true, _))) | None => return None,
        },
    };
    let page = match found {
        None => Cause::NotThere,
        Some(_) => Cause::NotReadyYet,
    };
    Some(Obstacle::of(page, key, cause, need.remedy()).at(need.place))
}

/// Claims without a class take the default one.
async fn default_class(client: &Client, release: &Release, kinds: &Kinds) -> Option<Obstacle> {
    let (by, place) = needs::without_class(release)?;
    let class = ObjectKey::new("storage.k8s.io/v1", "StorageClass", None, "default");
    let api = kinds.api(client, &class).ok()?;
    let all = ListParams::default();
    let list = retrying(|| api.list(&all)).await.ok()?;
    let is_default = |class: &DynamicObject| {
        let annotations = class.metadata.annotations.as_ref();
        let mark = "storageclass.kubernetes.io/is-default-class";
        annotations
            .and_then(|all| all.get(mark))
            .is_some_and(|value| value == "true")
    };
    if list.items.iter().any(is_default) {
        return None;
    }
    let cause = format!("no class is the default, and a disk of {by} names none");
    let remedy = "name a class of the cluster, or mark one as the default";
    Some(Obstacle::about(Cause::NoDefaultClass, "StorageClass", cause, remedy).at(place))
}

/// Autoscalers that go by CPU or memory read the metrics API.
async fn metrics(client: &Client, release: &Release) -> Result<Option<Obstacle>, ShipError> {
    let Some((by, place)) = needs::reads_metrics(release) else {
        return Ok(None);
    };
    let mut kinds = Kinds::default();
    kinds.discover(client, ["metrics.k8s.io/v1beta1"]).await?;
    if kinds.get("metrics.k8s.io/v1beta1", "PodMetrics").is_some() {
        return Ok(None);
    }
    let cause = format!("the cluster does not serve metrics.k8s.io, and {by} scales by it");
    let remedy = "install metrics-server first";
    Ok(Some(
        Obstacle::about(Cause::NoMetrics, "metrics API", cause, remedy).at(place),
    ))
}

/// Whether a request was refused for want of rights.
pub(crate) fn is_forbidden(error: &kube::Error) -> bool {
    matches!(code(error), 401 | 403)
}

pub(crate) type Objects = Api<DynamicObject>;
