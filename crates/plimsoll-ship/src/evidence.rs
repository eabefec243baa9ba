//! What the cluster knows beyond an object's status: events and the last lines of logs.

use http::Request;
use kube::Client;
use kube::api::{Api, ApiResource, DynamicObject, ListParams};

use crate::references::text;
use crate::release::ObjectKey;
use crate::retry::retrying;

/// Lines of a log that are kept.
const LINES: usize = 20;

/// A warning that a controller wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// One word.
    pub reason: String,
    /// A sentence.
    pub message: String,
}

/// Warnings about an object, oldest first; none where they cannot be read, for they only explain.
pub async fn warnings(client: &Client, about: &ObjectKey) -> Vec<Warning> {
    let Some(namespace) = &about.namespace else {
        return Vec::new();
    };
    let resource = ApiResource {
        group: String::new(),
        version: "v1".to_owned(),
        api_version: "v1".to_owned(),
        kind: "Event".to_owned(),
        plural: "events".to_owned(),
    };
    let api: Api<DynamicObject> = Api::namespaced_with(client.clone(), namespace, &resource);
    let params = ListParams::default().fields(&format!("involvedObject.name={}", about.name));
    let Ok(list) = retrying(|| api.list(&params)).await else {
        return Vec::new();
    };
    let mut found: Vec<&DynamicObject> = list
        .items
        .iter()
        .filter(|event| text(&event.data, "/type") == "Warning")
        .filter(|event| text(&event.data, "/involvedObject/kind") == about.kind)
        .filter(|event| text(&event.data, "/involvedObject/name") == about.name)
        .collect();
    found.sort_by(|a, b| last_seen(a).cmp(&last_seen(b)));
    let warning = |event: &&DynamicObject| Warning {
        reason: text(&event.data, "/reason").to_owned(),
        message: text(&event.data, "/message").to_owned(),
    };
    found.iter().map(warning).collect()
}

fn last_seen(event: &DynamicObject) -> (String, Option<&String>) {
    let times = ["/lastTimestamp", "/series/lastObservedTime", "/eventTime"];
    let time = times
        .iter()
        .map(|time| text(&event.data, time))
        .find(|time| !time.is_empty());
    (
        time.unwrap_or_default().to_owned(),
        event.metadata.name.as_ref(),
    )
}

/// The last lines of a container, oldest first; `previous`: of its run before this one.
pub async fn log(
    client: &Client,
    pod: &DynamicObject,
    container: &str,
    previous: bool,
) -> Vec<String> {
    let (Some(namespace), Some(name)) = (&pod.metadata.namespace, &pod.metadata.name) else {
        return Vec::new();
    };
    let mut lines = request(client, namespace, name, container, previous).await;
    // A container that was never restarted has no run before this one.
    if previous && lines.is_empty() {
        lines = request(client, namespace, name, container, false).await;
    }
    lines
}

async fn request(
    client: &Client,
    namespace: &str,
    pod: &str,
    container: &str,
    previous: bool,
) -> Vec<String> {
    let path = format!(
        "/api/v1/namespaces/{namespace}/pods/{pod}/log?container={container}&tailLines={LINES}&previous={previous}"
    );
    let Ok(request) = Request::get(path).body(Vec::new()) else {
        return Vec::new();
    };
    let text = client.request_text(request).await.unwrap_or_default();
    let lines: Vec<String> = text.lines().map(str::to_owned).collect();
    lines[lines.len().saturating_sub(LINES)..].to_vec()
}
