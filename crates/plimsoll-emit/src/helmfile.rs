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

/// A hook that applies a file before its release is synced. Helmfile tells Helm the context and no
/// hook, so this one is told by its arguments: what the caller says holds over the environment.
pub(crate) fn apply_before(file: &str) -> Value {
    json!({
        "events": ["presync"],
        "showlogs": true,
        "command": "kubectl",
        "args": [
            "--context={{ or .Release.KubeContext .Environment.KubeContext }}",
            "apply", "--server-side", "-f", file,
        ],
    })
}
