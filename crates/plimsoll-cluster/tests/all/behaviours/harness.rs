//! Runs behaviours: a client, a namespace of their own, and short words for requests.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::path::Path;
use std::pin::Pin;
use std::time::Duration;

use futures::{FutureExt, StreamExt, stream};
use kube::Client;
use plimsoll_cluster::models::platform::Component;
use plimsoll_cluster::{Cluster, Options};
use serde_json::{Value, json};

/// Tries of a tenth of a second each: a real server on a busy machine is slow.
const PATIENCE: usize = 1_800;

/// One behaviour.
pub type Behaviour = fn(At) -> Pin<Box<dyn Future<Output = ()> + Send>>;

/// A refusal: code, reason and message.
#[derive(Debug)]
pub struct Refused {
    pub code: u16,
    pub reason: String,
    pub message: String,
}

/// A client in a namespace.
#[derive(Clone)]
pub struct At {
    pub client: Client,
    pub namespace: String,
    /// On whose behalf it asks; nobody's for the administrator.
    pub user: Option<String>,
}

type Answer = Result<Value, Refused>;

impl At {
    /// The path of a resource's collection in this namespace.
    fn path(&self, plural: &str) -> String {
        let namespace = &self.namespace;
        if let Some((group, rest)) = plural.split_once('/') {
            return format!("/apis/{group}/v1/namespaces/{namespace}/{rest}");
        }
        let resource = plural.split('?').next().unwrap_or(plural);
        let version = match resource {
            "customresourcedefinitions" => {
                return format!("/apis/apiextensions.k8s.io/v1/{plural}");
            }
            "namespaces" => return format!("/api/v1/{plural}"),
            "priorityclasses" => return format!("/apis/scheduling.k8s.io/v1/{plural}"),
            "deployments" | "replicasets" | "statefulsets" | "daemonsets" => "apis/apps/v1",
            "jobs" | "cronjobs" => "apis/batch/v1",
            "horizontalpodautoscalers" => "apis/autoscaling/v2",
            "networkpolicies" | "ingresses" => "apis/networking.k8s.io/v1",
            "poddisruptionbudgets" => "apis/policy/v1",
            "endpointslices" => "apis/discovery.k8s.io/v1",
            _ => "api/v1",
        };
        format!("/{version}/namespaces/{namespace}/{plural}")
    }

    /// The same client on behalf of a user.
    pub fn acting_as(&self, user: &str) -> Self {
        Self {
            user: Some(user.to_owned()),
            ..self.clone()
        }
    }

    /// The path of `configmaps/a`, `deployments/a/scale`, `configmaps`, with or without a query;
    /// what begins with a slash is one already.
    fn url(&self, what: &str) -> String {
        if what.starts_with('/') {
            return what.to_owned();
        }
        let (path, query) = what
            .split_once('?')
            .map_or((what, None), |(path, query)| (path, Some(query)));
        let custom = path
            .split('/')
            .next()
            .is_some_and(|first| first.contains('.'));
        let (plural, rest) = if custom {
            let mut parts = path.splitn(3, '/');
            let head = format!(
                "{}/{}",
                parts.next().unwrap_or_default(),
                parts.next().unwrap_or_default()
            );
            (head, parts.next().map(str::to_owned))
        } else {
            let mut parts = path.splitn(2, '/');
            (
                parts.next().unwrap_or_default().to_owned(),
                parts.next().map(str::to_owned),
            )
        };
        let mut url = self.path(&plural);
        if let Some(rest) = rest {
            url = format!("{url}/{rest}");
        }
        query.map_or(url.clone(), |query| format!("{url}?{query}"))
    }

    async fn send(&self, method: &str, what: &str, media_type: &str, body: &Value) -> Answer {
        let bytes = if body.is_null() {
            Vec::new()
        } else {
            serde_json::to_vec(body).expect("JSON")
        };
        let mut request = http::Request::builder()
            .method(method)
            .uri(self.url(what))
            .header("content-type", media_type)
            .header("user-agent", "behaviours");
        if let Some(user) = &self.user {
            request = request.header("impersonate-user", user);
        }
        let request = request.body(bytes).expect("a request");
        match self.client.request::<Value>(request).await {
            Ok(answer) => Ok(answer),
            Err(kube::Error::Api(status)) => Err(Refused {
                code: status.code,
                reason: status.reason.clone(),
                message: status.message.clone(),
            }),
            Err(other) => panic!("{method} {what}: {other}"),
        }
    }

    pub async fn try_get(&self, what: &str) -> Answer {
        self.send("GET", what, "application/json", &Value::Null)
            .await
    }

    pub async fn get(&self, what: &str) -> Value {
        self.try_get(what)
            .await
            .unwrap_or_else(|refused| panic!("get {what}: {refused:?}"))
    }

    pub async fn try_create(&self, what: &str, body: Value) -> Answer {
        self.send("POST", what, "application/json", &body).await
    }

    pub async fn create(&self, what: &str, body: Value) -> Value {
        self.try_create(what, body)
            .await
            .unwrap_or_else(|refused| panic!("create {what}: {refused:?}"))
    }

    pub async fn try_put(&self, what: &str, body: &Value) -> Answer {
        self.send("PUT", what, "application/json", body).await
    }

    pub async fn put(&self, what: &str, body: &Value) -> Value {
        self.try_put(what, body)
            .await
            .unwrap_or_else(|refused| panic!("put {what}: {refused:?}"))
    }

    /// `kind` is `merge`, `json`, `strategic` or `apply`.
    pub async fn try_patch(&self, kind: &str, what: &str, body: Value) -> Answer {
        let media_type = match kind {
            "merge" => "application/merge-patch+json",
            "json" => "application/json-patch+json",
            "strategic" => "application/strategic-merge-patch+json",
            "apply" => "application/apply-patch+yaml",
            other => other,
        };
        self.send("PATCH", what, media_type, &body).await
    }

    pub async fn patch(&self, kind: &str, what: &str, body: Value) -> Value {
        self.try_patch(kind, what, body)
            .await
            .unwrap_or_else(|refused| panic!("patch {what}: {refused:?}"))
    }

    /// Applies as a manager.
    pub async fn try_apply(&self, manager: &str, what: &str, body: Value) -> Answer {
        let joint = if what.contains('?') { '&' } else { '?' };
        self.try_patch(
            "apply",
            &format!("{what}{joint}fieldManager={manager}"),
            body,
        )
        .await
    }

    pub async fn apply(&self, manager: &str, what: &str, body: Value) -> Value {
        self.try_apply(manager, what, body)
            .await
            .unwrap_or_else(|refused| panic!("apply {what}: {refused:?}"))
    }

    pub async fn try_delete(&self, what: &str, options: Value) -> Answer {
        self.send("DELETE", what, "application/json", &options)
            .await
    }

    pub async fn delete(&self, what: &str) -> Value {
        self.try_delete(what, Value::Null)
            .await
            .unwrap_or_else(|refused| panic!("delete {what}: {refused:?}"))
    }

    /// A list of metadata alone.
    pub async fn partial(&self, what: &str) -> Value {
        let accept = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";
        let request = http::Request::builder()
            .uri(self.url(what))
            .header("accept", accept);
        let request = request.body(Vec::new()).expect("a request");
        self.client.request::<Value>(request).await.expect("a list")
    }

    /// Starts a watch; its lines come when they are asked for.
    pub async fn watch(&self, what: &str) -> Lines {
        let joint = if what.contains('?') { '&' } else { '?' };
        let request = http::Request::builder()
            .uri(format!("{}{joint}watch=true", self.url(what)))
            .body(Vec::new())
            .expect("a request");
        let stream = self.client.request_stream(request).await.expect("a watch");
        Lines {
            reader: Box::pin(stream),
        }
    }

    /// Waits until the object looks as it should.
    pub async fn until(&self, what: &str, good: impl Fn(&Value) -> bool) -> Value {
        let mut last = Value::Null;
        for _ in 0..PATIENCE {
            if let Ok(object) = self.try_get(what).await {
                if good(&object) {
                    return object;
                }
                last = object;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("{what} stays as {last}");
    }

    /// Waits until the object is gone.
    pub async fn until_gone(&self, what: &str) {
        for _ in 0..PATIENCE {
            if self
                .try_get(what)
                .await
                .is_err_and(|refused| refused.code == 404)
            {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("{what} does not go");
    }

    /// Waits for a while in which controllers may do what they should not.
    pub async fn rest(&self) {
        tokio::time::sleep(Duration::from_secs(2)).await;
    }
}

/// The lines of a watch.
pub struct Lines {
    reader: Pin<Box<dyn futures::AsyncBufRead + Send>>,
}

impl Lines {
    /// The next line; `None` at the end.
    pub async fn next(&mut self) -> Option<Value> {
        use futures::AsyncBufReadExt;
        let mut line = String::new();
        self.reader.read_line(&mut line).await.expect("a line");
        (!line.is_empty()).then(|| serde_json::from_str(&line).expect("JSON"))
    }

    /// The next line's type and object name.
    pub async fn told(&mut self) -> (String, String) {
        let line = self.next().await.expect("one more line");
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        (
            text(&line["type"]),
            text(&line["object"]["metadata"]["name"]),
        )
    }
}

/// Runs a behaviour on an embedded cluster of its own, in virtual time.
pub fn embedded(components: &[&str], behaviour: Behaviour) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build();
    runtime.expect("a runtime").block_on(async {
        let platform = components.iter().map(|name| Component::named(name));
        let options = Options {
            platform: platform.collect(),
            ..Options::default()
        };
        let cluster = Cluster::new(options).expect("a cluster");
        let client = Client::new(cluster.service(), "default");
        tokio::spawn(cluster.run());
        let at = prepared(client, "behaviour").await;
        behaviour(at).await;
    });
}

/// Runs all behaviours on a real API server; returns what went wrong.
pub fn real(kubeconfig: &Path, all: &[(&'static str, Behaviour)]) -> Vec<String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let config = kube::config::Kubeconfig::read_from(kubeconfig).expect("a kubeconfig");
        let options = kube::config::KubeConfigOptions::default();
        let config = kube::Config::from_custom_kubeconfig(config, &options).await;
        let mut config = config.expect("a configuration");
        // A refusal is an answer, not an occasion to try again.
        config.default_retry = false;
        let client = Client::try_from(config).expect("a client");
        let runs = all.iter().enumerate().map(|(index, (name, behaviour))| {
            let client = client.clone();
            async move {
                let at = prepared(client, &format!("behaviour-{index}")).await;
                at.until("serviceaccounts/default", |_| true).await;
                let outcome = AssertUnwindSafe(behaviour(at)).catch_unwind().await;
                let panic = outcome.err()?;
                let text = panic.downcast_ref::<String>().map(String::as_str);
                let text = text.or(panic.downcast_ref::<&str>().copied());
                Some(format!("{name}: {}", text.unwrap_or_default()))
            }
        });
        // They wait far more than they work.
        let outcomes: Vec<Option<String>> = stream::iter(runs).buffered(10).collect().await;
        outcomes.into_iter().flatten().collect()
    })
}

async fn prepared(client: Client, namespace: &str) -> At {
    let at = At {
        client,
        namespace: namespace.to_owned(),
        user: None,
    };
    let body = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}});
    at.create("namespaces", body).await;
    at
}

/// A config map.
pub fn config_map(name: &str, data: Value) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data})
}

/// A Deployment of one container.
pub fn deployment(name: &str, replicas: i32) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": {"app": name}},
                "spec": {"containers": [{"name": "main", "image": "example.com/main:1"}]},
            },
        },
    })
}

/// A pod of one container.
pub fn pod(name: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": {"app": name}},
        "spec": {"containers": [{"name": "main", "image": "example.com/main:1"}]},
    })
}

/// A service.
pub fn service(name: &str, ports: Value) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": name},
        "spec": {"selector": {"app": name}, "ports": ports},
    })
}

/// The owners of an object, as manager and operation.
pub fn managers(object: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let entries = object["metadata"]["managedFields"]
        .as_array()
        .into_iter()
        .flatten();
    entries
        .map(|entry| (text(&entry["manager"]), text(&entry["operation"])))
        .collect()
}

/// The fields of a manager.
pub fn fields_of<'v>(object: &'v Value, manager: &str) -> &'v Value {
    let entries = object["metadata"]["managedFields"]
        .as_array()
        .into_iter()
        .flatten();
    entries
        .into_iter()
        .find(|entry| entry["manager"] == manager)
        .map_or(&Value::Null, |entry| &entry["fieldsV1"])
}
