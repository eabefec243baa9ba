//! What both Helmfiles have alike: an environment goes to its own cluster, and so do its hooks.

use serde_json::{Value, json};

use crate::Environment;

/// An environment of a Helmfile. Without a context in the file the caller's holds, `--kube-context`.
pub(crate) fn environment(env: &Environment<'_>, values: &Value) -> Value {
    let mut written = json!({ "values": [values] });
    if let Some(context) = &env.app.cluster.context {
        written["kubeContext"] = json!(context.peek().as_str());
    }
    written
}

/// A hook that applies a file before its release is synced.
pub(crate) fn apply_before(file: &str) -> Value {
    kubectl("presync", &["apply", "--server-side", "-f", file])
}

/// A hook that waits, after its release is synced, until the stores of a namespace serve.
pub(crate) fn await_stores_after(application: &str, namespace: &str) -> Value {
    let stores = format!(
        "--selector=app.kubernetes.io/part-of={application},app.kubernetes.io/component=store"
    );
    let namespace = format!("--namespace={namespace}");
    let wait = ["rollout", "status", "statefulset", &stores, &namespace];
    kubectl("postsync", &[&wait[..], &["--timeout=900s"]].concat())
}

/// Helmfile tells Helm the context and no hook, so this one is told by its arguments: what the caller says
/// holds over the environment.
fn kubectl(event: &str, arguments: &[&str]) -> Value {
    let context = "--context={{ or .Release.KubeContext .Environment.KubeContext }}";
    let arguments = [&[context], arguments].concat();
    json!({ "events": [event], "showlogs": true, "command": "kubectl", "args": arguments })
}
