//! Values of the charts: what the application says about its platform, and what their own defaults
//! leave unsafe or unusable.

use plimsoll_source::Sourced;
use plimsoll_spec::App;
use plimsoll_spec::app::cluster::Distribution;
use plimsoll_spec::app::platform::{MeshMode, MeshUse, TracesUse};
use serde_json::{Value, json};

use super::select::Chosen;
use crate::{Environment, System, argocd};

/// The values of a component in an environment.
pub(super) fn of(system: &System<'_>, env: &Environment<'_>, chosen: &Chosen<'_>) -> Value {
    let own = own(system, env, chosen.component.name);
    match chosen.values {
        Some(said) => merged(own, said.resolve().to_json()),
        None => own,
    }
}

/// Upper over lower: maps by key, all else whole; `null` removes, as in Helm.
fn merged(lower: Value, upper: Value) -> Value {
    match (lower, upper) {
        (Value::Object(mut lower), Value::Object(upper)) => {
            for (key, value) in upper {
                let below = lower.remove(&key).unwrap_or(Value::Null);
                lower.insert(key, merged(below, value));
            }
            Value::Object(lower)
        }
        (_, upper) => upper,
    }
}

fn own(system: &System<'_>, env: &Environment<'_>, name: &str) -> Value {
    let app = env.app;
    let copies = copies(app);
    match name {
        "cert-manager" => json!({
            "crds": { "enabled": true, "keep": true },
            "replicaCount": copies,
            "config": {
                "apiVersion": "controller.config.cert-manager.io/v1alpha1",
                "kind": "ControllerConfiguration",
                "gatewayAPI": { "enabled": true },
            },
        }),
        "istiod" => istiod(app, copies),
        "cni" | "ztunnel" if is_ambient(app) => json!({ "profile": "ambient" }),
        "cilium" => json!({ "gatewayAPI": { "enabled": true }, "kubeProxyReplacement": true }),
        "openbao" | "vault" => vault(copies),
        "external-secrets" => json!({ "installCRDs": true, "replicaCount": copies }),
        // The name that kubeseal looks for.
        "sealed-secrets" => json!({ "fullnameOverride": "sealed-secrets-controller" }),
        "secrets-store-csi-driver" => json!({
            "syncSecret": { "enabled": true },
            "enableSecretRotation": true,
            "rotationPollInterval": app.platform.secrets.refresh.peek().go().as_str(),
        }),
        "reloader" => json!({ "reloader": { "reloadOnCreate": true } }),
        "kube-prometheus-stack" => prometheus(app, copies),
        "prometheus-adapter" => {
            json!({ "prometheus": { "url": "http://prometheus-operated.monitoring.svc" } })
        }
        "grafana" => grafana(app),
        "loki" => loki(app),
        "alloy" => alloy(app),
        "tempo" => json!({ "persistence": { "enabled": true } }),
        "opentelemetry-collector" => collector(app, copies),
        "argo-cd" => json!({
            "configs": {
                "cm": argocd::cm(system),
                "rbac": argocd::rbac(system),
                "params": argocd::parameters(),
            },
            "server": { "replicas": copies },
            "repoServer": { "replicas": copies },
        }),
        "argo-rollouts" => rollouts(env, copies),
        "cluster-autoscaler" => json!({
            "cloudProvider": cloud(app),
            "autoDiscovery": { "clusterName": cluster(env) },
            "extraArgs": { "balance-similar-node-groups": true, "expander": "least-waste" },
        }),
        "karpenter" => json!({ "settings": { "clusterName": cluster(env) } }),
        "vertical-pod-autoscaler" => json!({
            // Sizes are recommended, never set.
            "updater": { "enabled": false },
            "admissionController": { "enabled": false },
        }),
        "velero" => velero(app),
        _ => json!({}),
    }
}

/// One copy where the environment is small.
fn copies(app: &App) -> u64 {
    let small = app
        .cap
        .instances
        .as_ref()
        .is_some_and(|most| *most.peek() == 1);
    if small { 1 } else { 2 }
}

fn is_ambient(app: &App) -> bool {
    let mesh = &app.platform.mesh;
    *mesh.use_.peek() == MeshUse::Istio && *mesh.mode.peek() == MeshMode::Ambient
}

fn istiod(app: &App, copies: u64) -> Value {
    let mut values =
        json!({ "autoscaleMin": copies, "meshConfig": { "accessLogFile": "/dev/stdout" } });
    if is_ambient(app) {
        values["profile"] = json!("ambient");
    } else {
        values["pilot"] = json!({ "cni": { "enabled": true } });
    }
    values
}

fn vault(copies: u64) -> Value {
    // Secrets are synced by another component; nothing is put into pods.
    let injector = json!({ "enabled": false });
    match copies {
        1 => json!({ "injector": injector, "server": { "standalone": { "enabled": true } } }),
        _ => json!({
            "injector": injector,
            "server": { "ha": { "enabled": true, "replicas": 3, "raft": { "enabled": true } } },
        }),
    }
}

fn prometheus(app: &App, copies: u64) -> Value {
    let metrics = &app.platform.metrics;
    json!({
        "grafana": { "enabled": false },
        "prometheus": { "prometheusSpec": {
            "replicas": copies,
            "retention": metrics.retention.peek().prometheus().as_str(),
            "storageSpec": { "volumeClaimTemplate": { "spec": {
                "accessModes": ["ReadWriteOnce"],
                "resources": { "requests": { "storage": metrics.storage.peek().to_string() } },
            } } },
            // Monitors and rules of every namespace count, not those of this release alone.
            "serviceMonitorSelectorNilUsesHelmValues": false,
            "podMonitorSelectorNilUsesHelmValues": false,
            "ruleSelectorNilUsesHelmValues": false,
            "probeSelectorNilUsesHelmValues": false,
            // Telemetry is written by the collector.
            "enableRemoteWriteReceiver": true,
        } },
        "alertmanager": { "alertmanagerSpec": { "replicas": copies } },
    })
}

/// Where a component of a slot answers.
fn host(
    namespace: Option<&plimsoll_source::Sourced<plimsoll_source::Str>>,
    service: &str,
    home: &str,
) -> String {
    let namespace = namespace.map_or(home, |name| name.peek());
    format!("{service}.{namespace}.svc")
}

fn grafana(app: &App) -> Value {
    let platform = &app.platform;
    let metrics = host(
        platform.metrics.component.namespace.as_ref(),
        "prometheus-operated",
        "monitoring",
    );
    let mut sources = vec![json!({
        "name": "Prometheus",
        "type": "prometheus",
        "url": format!("http://{metrics}:9090"),
        "isDefault": true,
    })];
    if *platform.logs.use_.peek() == plimsoll_spec::app::platform::LogsUse::Loki {
        let logs = host(
            platform.logs.component.namespace.as_ref(),
            "loki",
            "logging",
        );
        sources
            .push(json!({ "name": "Loki", "type": "loki", "url": format!("http://{logs}:3100") }));
    }
    let traces = platform.traces.component.namespace.as_ref();
    match platform.traces.use_.peek() {
        TracesUse::None => {}
        TracesUse::Tempo => {
            let url = format!("http://{}:3200", host(traces, "tempo", "tracing"));
            sources.push(json!({ "name": "Tempo", "type": "tempo", "url": url }));
        }
        TracesUse::Jaeger => {
            let url = format!("http://{}:16686", host(traces, "jaeger", "tracing"));
            sources.push(json!({ "name": "Jaeger", "type": "jaeger", "url": url }));
        }
    }
    json!({
        "persistence": { "enabled": true },
        "sidecar": { "dashboards": { "enabled": true, "searchNamespace": "ALL" } },
        "datasources": { "datasources.yaml": { "apiVersion": 1, "datasources": sources } },
    })
}

fn loki(app: &App) -> Value {
    let hours = app.platform.logs.retention.peek().secs().div_ceil(3600);
    json!({
        "deploymentMode": "SingleBinary",
        "singleBinary": { "replicas": 1 },
        "read": { "replicas": 0 },
        "write": { "replicas": 0 },
        "backend": { "replicas": 0 },
        "loki": {
            "auth_enabled": false,
            "commonConfig": { "replication_factor": 1 },
            "storage": { "type": "filesystem" },
            "schemaConfig": { "configs": [{
                "from": "2024-04-01",
                "store": "tsdb",
                "object_store": "filesystem",
                "schema": "v13",
                "index": { "prefix": "index_", "period": "24h" },
            }] },
            "limits_config": { "retention_period": format!("{hours}h") },
            "compactor": { "retention_enabled": true, "delete_request_store": "filesystem" },
        },
    })
}

fn alloy(app: &App) -> Value {
    let loki = host(
        app.platform.logs.component.namespace.as_ref(),
        "loki",
        "logging",
    );
    let config = format!(
        "discovery.kubernetes \"pods\" {{\n  role = \"pod\"\n}}\n\n\
         loki.source.kubernetes \"pods\" {{\n  targets    = discovery.kubernetes.pods.targets\n  \
         forward_to = [loki.write.default.receiver]\n}}\n\n\
         loki.write \"default\" {{\n  endpoint {{\n    url = \"http://{loki}:3100/loki/api/v1/push\"\n  }}\n}}\n"
    );
    json!({ "alloy": { "configMap": { "content": config } } })
}

fn collector(app: &App, copies: u64) -> Value {
    let platform = &app.platform;
    let mut exporters = json!({ "debug": {} });
    let mut pipelines = json!({});
    let traces = platform.traces.component.namespace.as_ref();
    let backend = match platform.traces.use_.peek() {
        TracesUse::None => None,
        TracesUse::Tempo => Some(host(traces, "tempo", "tracing")),
        TracesUse::Jaeger => Some(host(traces, "jaeger", "tracing")),
    };
    if let Some(backend) = backend {
        exporters["otlp/traces"] =
            json!({ "endpoint": format!("{backend}:4317"), "tls": { "insecure": true } });
        pipelines["traces"] = json!({
            "receivers": ["otlp"],
            "processors": ["memory_limiter", "probabilistic_sampler", "batch"],
            "exporters": ["otlp/traces"],
        });
    }
    let metrics = host(
        platform.metrics.component.namespace.as_ref(),
        "prometheus-operated",
        "monitoring",
    );
    exporters["prometheusremotewrite"] =
        json!({ "endpoint": format!("http://{metrics}:9090/api/v1/write") });
    pipelines["metrics"] = json!({
        "receivers": ["otlp"],
        "processors": ["memory_limiter", "batch"],
        "exporters": ["prometheusremotewrite"],
    });
    if *platform.logs.use_.peek() == plimsoll_spec::app::platform::LogsUse::Loki {
        let logs = host(
            platform.logs.component.namespace.as_ref(),
            "loki",
            "logging",
        );
        exporters["otlphttp/logs"] = json!({ "endpoint": format!("http://{logs}:3100/otlp") });
        pipelines["logs"] = json!({
            "receivers": ["otlp"],
            "processors": ["memory_limiter", "batch"],
            "exporters": ["otlphttp/logs"],
        });
    }
    json!({
        "mode": "deployment",
        "replicaCount": copies,
        "image": { "repository": "otel/opentelemetry-collector-k8s" },
        "config": {
            "processors": { "probabilistic_sampler": {
                "sampling_percentage": percent(*platform.traces.sample.peek()),
            } },
            "exporters": exporters,
            "service": { "pipelines": pipelines },
        },
    })
}

/// `10%` as 10.
fn percent(percent: plimsoll_spec::types::Percent) -> f64 {
    let text = percent.to_string();
    text.trim_end_matches('%').parse().unwrap_or(100.0)
}

/// The plugin that moves weights of the Gateway API, where a release uses it.
fn rollouts(env: &Environment<'_>, copies: u64) -> Value {
    const PLUGIN: &str = "argoproj-labs/gatewayAPI";
    let mut values =
        json!({ "controller": { "replicas": copies }, "dashboard": { "enabled": false } });
    let mut bodies = env.world.objects.iter();
    if bodies.any(|object| object.body.to_json().to_string().contains(PLUGIN)) {
        let file = "v0.15.0/gatewayapi-plugin-linux-amd64";
        let home = "https://github.com/argoproj-labs/rollouts-plugin-trafficrouter-gatewayapi";
        values["controller"]["trafficRouterPlugins"] =
            json!([{ "name": PLUGIN, "location": format!("{home}/releases/download/{file}") }]);
    }
    values
}

fn cloud(app: &App) -> &'static str {
    match app.cluster.distribution.peek() {
        Distribution::Aks => "azure",
        Distribution::Gke => "gce",
        Distribution::Vanilla | Distribution::OpenShift | Distribution::K3s => "clusterapi",
        Distribution::Eks => "aws",
    }
}

/// The cluster's name: its context, else the application in this environment.
fn cluster(env: &Environment<'_>) -> String {
    match &env.app.cluster.context {
        Some(context) => context.peek().to_string(),
        None => format!("{}-{}", env.world.application, env.name()),
    }
}

fn velero(app: &App) -> Value {
    let to = app.platform.backup.to.as_ref();
    let external = to.and_then(|to| app.externals.get(to.peek()));
    let Some(external) = external else {
        return json!({});
    };
    let bucket = external.bucket.as_ref().map(Sourced::peek);
    let (bucket, prefix) = bucket.map_or(("", ""), |bucket| {
        (bucket.name().as_str(), bucket.folder().as_str())
    });
    let mut config = json!({});
    if let Some(region) = &external.region {
        config["region"] = json!(region.peek().as_str());
    }
    if let Some(endpoint) = &external.endpoint {
        config["s3Url"] = json!(endpoint.peek().as_str());
        config["s3ForcePathStyle"] = json!("true");
    }
    let mut location = json!({ "name": "default", "provider": "aws", "bucket": bucket });
    if !prefix.is_empty() {
        location["prefix"] = json!(prefix);
    }
    location["config"] = config;
    json!({
        "credentials": { "existingSecret": "velero-credentials" },
        "configuration": { "backupStorageLocation": [location] },
        "initContainers": [{
            "name": "velero-plugin-for-aws",
            "image": "velero/velero-plugin-for-aws:v1.13.0",
            "volumeMounts": [{ "name": "plugins", "mountPath": "/target" }],
        }],
    })
}
