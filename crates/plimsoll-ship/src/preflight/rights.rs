//! Whether the one who ships may do what shipping does (`SelfSubjectAccessReview`). Who may do
//! everything is asked once.

use std::collections::BTreeSet;

use futures::stream::{self, StreamExt};
use kube::Client;
use kube::api::{Api, ApiResource, DynamicObject, PostParams};
use serde_json::{Value, json};

use super::{AT_ONCE, Objects, is_forbidden};
use crate::cause::Cause;
use crate::error::{ShipError, code};
use crate::kinds::Kinds;
use crate::obstacle::Obstacle;
use crate::release::Release;
use crate::retry::retrying;

/// What shipping does with every kind.
const VERBS: [&str; 6] = ["get", "list", "watch", "create", "patch", "delete"];

/// Something that is done: verb, group, resource, namespace (empty for the whole cluster).
type Deed = (String, String, &'static str, String);

/// Everything that may not be done.
pub(super) async fn missing(
    client: &Client,
    release: &Release,
    kinds: &Kinds,
) -> Result<Vec<Obstacle>, ShipError> {
    let reviews = reviews(client);
    let everything = ("*".to_owned(), "*".to_owned(), "*", String::new());
    match may(&reviews, &everything).await {
        Ok(true) => return Ok(Vec::new()),
        Ok(false) => {}
        // A cluster that does not review is asked by doing.
        Err(error) if is_forbidden(&error) || code(&error) == 404 => return Ok(Vec::new()),
        Err(error) => return Err(ShipError::request("asking what may be done")(error)),
    }
    let deeds: Vec<Deed> = deeds(release, kinds).into_iter().collect();
    let answers: Vec<(usize, Result<bool, kube::Error>)> = stream::iter(deeds.iter().enumerate())
        .map(|(at, deed)| {
            let reviews = &reviews;
            async move { (at, may(reviews, deed).await) }
        })
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    let mut refused: BTreeSet<usize> = BTreeSet::new();
    for (at, answer) in answers {
        if !answer.map_err(ShipError::request("asking what may be done"))? {
            refused.insert(at);
        }
    }
    Ok(told(refused.into_iter().map(|at| &deeds[at])))
}

/// One line for each resource in each namespace.
fn told<'a>(refused: impl Iterator<Item = &'a Deed>) -> Vec<Obstacle> {
    let mut lines: Vec<(String, String, Vec<&str>)> = Vec::new();
    for (group, resource, verb, namespace) in refused {
        let what = if group.is_empty() {
            resource.clone()
        } else {
            format!("{resource}.{group}")
        };
        let at = if namespace.is_empty() {
            "in the whole cluster".to_owned()
        } else {
            format!("in namespace {namespace}")
        };
        match lines.iter_mut().find(|(w, a, _)| *w == what && *a == at) {
            Some((_, _, verbs)) => verbs.push(verb),
            None => lines.push((what, at, vec![verb])),
        }
    }
    lines
        .into_iter()
        .map(|(what, at, verbs)| {
            let cause = format!("you may not {} {what} {at}", verbs.join(", "));
            Obstacle::about(
                Cause::NoRights,
                "rights",
                cause,
                "ask for a role that allows it",
            )
        })
        .collect()
}

fn deeds(release: &Release, kinds: &Kinds) -> BTreeSet<Deed> {
    let mut deeds = BTreeSet::new();
    let mut add = |group: &str, resource: &str, namespace: &str| {
        for verb in VERBS {
            deeds.insert((
                group.to_owned(),
                resource.to_owned(),
                verb,
                namespace.to_owned(),
            ));
        }
    };
    for object in &release.objects {
        let key = &object.key;
        if let Some(served) = kinds.get(&key.api_version, &key.kind) {
            let namespace = key.namespace.as_deref().unwrap_or_default();
            add(&served.resource.group, &served.resource.plural, namespace);
        }
    }
    for wish in &release.secrets {
        add("", "secrets", &wish.namespace);
    }
    add("", "secrets", &release.namespace);
    add("coordination.k8s.io", "leases", &release.namespace);
    deeds
}

async fn may(reviews: &Objects, deed: &Deed) -> Result<bool, kube::Error> {
    let (group, resource, verb, namespace) = deed;
    let review = json!({
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": { "resourceAttributes": {
            "group": group, "resource": resource, "verb": verb, "namespace": namespace,
        } },
    });
    let review: DynamicObject = serde_json::from_value(review).expect("a review is an object");
    let params = PostParams::default();
    let answer = retrying(|| async { reviews.create(&params, &review).await }).await?;
    Ok(answer.data.pointer("/status/allowed") == Some(&Value::Bool(true)))
}

fn reviews(client: &Client) -> Objects {
    let resource = ApiResource {
        group: "authorization.k8s.io".to_owned(),
        version: "v1".to_owned(),
        api_version: "authorization.k8s.io/v1".to_owned(),
        kind: "SelfSubjectAccessReview".to_owned(),
        plural: "selfsubjectaccessreviews".to_owned(),
    };
    Api::all_with(client.clone(), &resource)
}
