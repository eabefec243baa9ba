//! Whether a process may write where it must, and as whom it runs.

use serde_json::Value;

use super::facts::{ImageFacts, User};
use crate::controllers::read;

/// A setting of the container's security context, else of the pod's.
fn setting<'a>(pod: &'a Value, container: &'a Value, field: &str) -> Option<&'a Value> {
    let own = container["securityContext"]
        .get(field)
        .filter(|value| !value.is_null());
    own.or_else(|| {
        pod["spec"]["securityContext"]
            .get(field)
            .filter(|value| !value.is_null())
    })
}

/// Why the kubelet will not start a container that must not be root.
pub fn root_refusal(pod: &Value, container: &Value, facts: &ImageFacts) -> Option<String> {
    let strict = setting(pod, container, "runAsNonRoot")
        .and_then(Value::as_bool)
        .unwrap_or_default();
    if !strict {
        return None;
    }
    let chosen = setting(pod, container, "runAsUser").and_then(Value::as_i64);
    match (chosen, &facts.user) {
        (Some(0), _) => Some("container's runAsUser breaks non-root policy".to_owned()),
        (Some(_), _) | (None, User::Number(1..)) => None,
        (None, User::Root | User::Number(_)) => {
            Some("container has runAsNonRoot and image will run as root".to_owned())
        }
        (None, User::Name(name)) => Some(format!(
            "container has runAsNonRoot and image has non-numeric user ({name}), cannot verify user is non-root"
        )),
    }
}

/// What the log of a process says that could not write a path that it needs.
pub fn refusal(pod: &Value, container: &Value, facts: &ImageFacts) -> Option<String> {
    let sealed = setting(pod, container, "readOnlyRootFilesystem")
        .and_then(Value::as_bool)
        .unwrap_or_default();
    facts
        .writes
        .iter()
        .find_map(|path| match cover(pod, container, path) {
            Some(Cover::Writable) => None,
            Some(Cover::ReadOnly) => Some(format!("Read-only file system: {path}")),
            Some(Cover::Disk) if may_write_disk(pod, container, facts) => None,
            Some(Cover::Disk) => Some(format!("Permission denied: {path}")),
            None => sealed.then(|| format!("Read-only file system: {path}")),
        })
}

enum Cover {
    Writable,
    ReadOnly,
    /// A claim: belongs to root unless the pod says `fsGroup`.
    Disk,
}

/// The mount under which a path lies; one below it counts too, since data may be mounted deeper
/// than where the image keeps it by default.
fn cover(pod: &Value, container: &Value, path: &str) -> Option<Cover> {
    let mounts = read::items(container, "/volumeMounts");
    let within = |mount: &&Value| {
        let at = mount["mountPath"]
            .as_str()
            .unwrap_or_default()
            .trim_end_matches('/');
        is_below(path, at) || is_below(at, path) || is_below(&path.replace("/var/run", "/run"), at)
    };
    let mount = mounts
        .iter()
        .filter(within)
        .max_by_key(|mount| read::text(mount, "/mountPath").len())?;
    if read::flag(mount, "/readOnly") {
        return Some(Cover::ReadOnly);
    }
    let volume = read::items(pod, "/spec/volumes")
        .iter()
        .find(|one| one["name"] == mount["name"]);
    let has = |kind: &str| volume.is_some_and(|volume| volume[kind].is_object());
    if ["secret", "configMap", "projected", "downwardAPI"]
        .into_iter()
        .any(has)
    {
        return Some(Cover::ReadOnly);
    }
    let claimed = has("persistentVolumeClaim") || has("ephemeral") || volume.is_none();
    Some(if claimed {
        Cover::Disk
    } else {
        Cover::Writable
    })
}

fn is_below(path: &str, parent: &str) -> bool {
    path.strip_prefix(parent)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn may_write_disk(pod: &Value, container: &Value, facts: &ImageFacts) -> bool {
    let user = setting(pod, container, "runAsUser").and_then(Value::as_i64);
    let root = user == Some(0) || (user.is_none() && facts.user == User::Root);
    root || pod["spec"]["securityContext"]["fsGroup"].is_i64()
}
