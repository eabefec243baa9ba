//! Logs of a service, a store or a migration: of every container of every pod.

use futures::io::AsyncBufReadExt;
use futures::stream::{self, BoxStream, StreamExt};
use k8s_openapi::api::core::v1::Pod;
use kube::Client;
use kube::api::{Api, DynamicObject, LogParams};

use crate::error::ShipError;
use crate::references::{items, text};
use crate::release::Target;
use crate::units;

/// Which lines are wanted.
#[derive(Debug, Clone, Copy)]
pub struct Wanted {
    /// How many of each container, from the end.
    pub tail: i64,
    /// Of the run before this one.
    pub previous: bool,
    /// New lines as they come, for ever.
    pub follow: bool,
}

/// A line, and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Line {
    /// The pod.
    pub pod: String,
    /// Its container.
    pub container: String,
    /// What it said.
    pub text: String,
}

/// The lines of all containers of a unit: one container after the other, or with
/// [`Wanted::follow`] as they come. A container that has not started says why in its one line.
pub async fn logs(
    client: &Client,
    target: &Target,
    unit: &str,
    wanted: Wanted,
) -> Result<BoxStream<'static, Line>, ShipError> {
    let unit = units::find(client, target, unit).await?;
    let mut streams = Vec::new();
    for pod in unit.pods() {
        for container in containers(pod) {
            streams.push(of_container(client.clone(), pod.clone(), container, wanted));
        }
    }
    if wanted.follow {
        return Ok(stream::select_all(streams).boxed());
    }
    Ok(stream::iter(streams).flatten().boxed())
}

fn containers(pod: &DynamicObject) -> Vec<String> {
    let lists = ["/spec/initContainers", "/spec/containers"];
    let all = lists.iter().flat_map(|list| items(&pod.data, list));
    all.map(|one| text(one, "/name").to_owned()).collect()
}

fn of_container(
    client: Client,
    pod: DynamicObject,
    container: String,
    wanted: Wanted,
) -> BoxStream<'static, Line> {
    let name = pod.metadata.name.clone().unwrap_or_default();
    let line = move |text: String| Line {
        pod: name.clone(),
        container: container.clone(),
        text,
    };
    let first = line(String::new());
    let lines = async move {
        let namespace = pod.metadata.namespace.clone().unwrap_or_default();
        let api: Api<Pod> = Api::namespaced(client, &namespace);
        let params = LogParams {
            container: Some(first.container),
            follow: wanted.follow,
            previous: wanted.previous,
            tail_lines: Some(wanted.tail),
            ..LogParams::default()
        };
        match api.log_stream(&first.pod, &params).await {
            Ok(reader) => reader
                .lines()
                .map(|text| text.unwrap_or_else(|error| format!("(the log broke off: {error})")))
                .boxed(),
            Err(error) => stream::iter([format!("(no log: {error})")]).boxed(),
        }
    };
    stream::once(lines).flatten().map(line).boxed()
}
