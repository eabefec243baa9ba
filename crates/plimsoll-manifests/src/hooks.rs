//! Hooks of charts: what Helm runs before and after the others becomes an order of this release.

use crate::rules;
use plimsoll_source::{Findings, Node, Str};
use plimsoll_world::{Object, ObjectKey, Role, Unit};

/// A Job of a chart that runs at its moment.
pub(crate) struct Hook {
    key: ObjectKey,
    after: bool,
    weight: i64,
}

/// Takes hooks out that a release has no moment for, and names those that it has.
pub(crate) fn sort(bodies: Vec<Node>, findings: &mut Findings) -> (Vec<Node>, Vec<Hook>) {
    let (mut kept, mut hooks) = (Vec::new(), Vec::new());
    for body in bodies {
        let Some(moments) = annotation(&body, "helm.sh/hook") else {
            kept.push(body);
            continue;
        };
        let has = |all: &[&str]| moments.split(',').any(|one| all.contains(&one.trim()));
        let before = has(&["pre-install", "pre-upgrade", "crd-install"]);
        let after = has(&["post-install", "post-upgrade"]);
        if !before && !after {
            rules::hook_left_out(&body, moments, findings);
            continue;
        }
        let runs = body
            .get("kind")
            .and_then(Node::text)
            .is_some_and(|kind| kind == "Job");
        if let Some(key) = ObjectKey::of(&body).filter(|_| runs) {
            let weight = annotation(&body, "helm.sh/hook-weight");
            hooks.push(Hook {
                key,
                after: !before,
                weight: weight.and_then(|text| text.parse().ok()).unwrap_or(0),
            });
        }
        kept.push(body);
    }
    (kept, hooks)
}

fn annotation<'a>(body: &'a Node, name: &str) -> Option<&'a Str> {
    body.at(&["metadata", "annotations", name])?.text()
}

/// Lets everything that runs pods wait for the hooks before it, hooks for those of lower weight, and
/// hooks at the end for everything that runs.
pub(crate) fn order(objects: &mut [Object], hooks: &[Hook]) {
    let hook_of = |object: &Object| {
        hooks.iter().find(|hook| {
            let (one, other) = (&hook.key, &object.key);
            (&one.kind, &one.name, &one.api_version)
                == (&other.kind, &other.name, &other.api_version)
        })
    };
    let job = |hook: &Hook| Unit::Job(hook.key.name.clone());
    let workloads: Vec<Unit> = objects
        .iter()
        .filter(|object| matches!(object.role, Role::Workload | Role::Store))
        .map(|object| object.unit.clone())
        .collect();
    for object in objects {
        let Some(hook) = hook_of(object) else {
            let runs = object.role == Role::Workload
                || object.role == Role::Store
                || object.key.group() == "batch";
            if runs {
                object.after = hooks.iter().filter(|hook| !hook.after).map(job).collect();
            }
            continue;
        };
        object.role = if hook.after {
            Role::After
        } else {
            Role::Before
        };
        let earlier = hooks
            .iter()
            .filter(|other| other.after == hook.after && other.weight < hook.weight);
        object.after = earlier.map(job).collect();
        if hook.after {
            object.after.extend(workloads.iter().cloned());
        }
    }
}
