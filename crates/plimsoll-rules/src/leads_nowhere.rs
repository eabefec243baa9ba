//! A name that leads to nothing of the release.

use crate::objects::{Objects, containers, text};
use plimsoll_source::{Finding, Findings, Level, Node, Rule, Str};
use plimsoll_world::Object;

/// The bad pattern.
pub static RULE: Rule = Rule {
    code: "PL0711",
    name: "leads-nowhere",
    level: Level::Warning,
    consequence: "unless the cluster has it already, pods do not start, or requests get no answer",
    docs: "An object names another one that is not among those that are shipped: a ConfigMap, a claim or a ServiceAccount \
           of a pod, the Service of a route, the workload of an autoscaler, or pods that a Service selects. It may be \
           there already; then nothing is wrong. Secrets are mostly brought by people, so nothing is said of them here: \
           `plan` looks whether the cluster has them.",
};

/// Reports every name that leads nowhere.
pub fn check(objects: Objects, findings: &mut Findings) {
    for (object, template) in objects.pods() {
        of_pods(objects, object, template, findings);
    }
    for object in &objects.world.objects {
        match (object.key.group(), object.key.kind.as_str()) {
            ("", "Service") => of_service(objects, object, findings),
            ("autoscaling", "HorizontalPodAutoscaler") => {
                let target = object.body.at(&["spec", "scaleTargetRef"]);
                if let Some((target, kind)) = target.zip(target.and_then(|target| text(target, &["kind"]))) {
                    named(objects, object, target.get("name"), kind, findings);
                }
            }
            ("networking.k8s.io", "Ingress") => {
                for rule in object.body.at(&["spec", "rules"]).map_or(&[][..], Node::items) {
                    for path in rule.at(&["http", "paths"]).map_or(&[][..], Node::items) {
                        let service = path.at(&["backend", "service", "name"]);
                        named(objects, object, service, "Service", findings);
                    }
                }
            }
            ("gateway.networking.k8s.io", kind) if kind.ends_with("Route") => {
                for rule in object.body.at(&["spec", "rules"]).map_or(&[][..], Node::items) {
                    let backends = rule.get("backendRefs").map_or(&[][..], Node::items);
                    let here = backends.iter().filter(|backend| backend.get("namespace").is_none());
                    for backend in here.filter(|backend| backend.get("kind").is_none()) {
                        named(objects, object, backend.get("name"), "Service", findings);
                    }
                }
            }
            _ => {}
        }
    }
}

fn of_pods(objects: Objects, object: &Object, template: &Node, findings: &mut Findings) {
    let account = template.at(&["spec", "serviceAccountName"]);
    if account.and_then(Node::text).is_some_and(|name| name != "default") {
        named(objects, object, account, "ServiceAccount", findings);
    }
    for volume in template.at(&["spec", "volumes"]).map_or(&[][..], Node::items) {
        let claim = volume.at(&["persistentVolumeClaim", "claimName"]);
        named(objects, object, claim, "PersistentVolumeClaim", findings);
        configuration(objects, object, volume.get("configMap"), findings);
    }
    for container in containers(template) {
        for from in container.get("envFrom").map_or(&[][..], Node::items) {
            configuration(objects, object, from.get("configMapRef"), findings);
        }
        for variable in container.get("env").map_or(&[][..], Node::items) {
            let from = variable.at(&["valueFrom", "configMapKeyRef"]);
            configuration(objects, object, from, findings);
        }
    }
}

/// A ConfigMap, unless the pod does without.
fn configuration(objects: Objects, object: &Object, from: Option<&Node>, findings: &mut Findings) {
    let optional = from.and_then(|from| from.get("optional"));
    if !matches!(optional, Some(Node::Bool(_, true))) {
        let name = from.and_then(|from| from.get("name"));
        named(objects, object, name, "ConfigMap", findings);
    }
}

fn named(objects: Objects, object: &Object, name: Option<&Node>, kind: &str, findings: &mut Findings) {
    let Some((node, name)) = name.and_then(|node| Some((node, node.text()?))) else {
        return;
    };
    // The API server puts this one into every namespace.
    let is_everywhere = kind == "ConfigMap" && name == "kube-root-ca.crt";
    if is_everywhere || objects.has(kind, object.key.namespace.as_ref(), name) {
        return;
    }
    let same = objects.world.objects.iter().filter(|other| other.key.kind == kind);
    let near = plimsoll_source::near(name, same.map(|other| other.key.name.as_str()));
    let finding = Finding::new(&RULE, format!("{} names {kind}/{name}, which is not shipped", object.key))
        .mark_origin(node.origin(), "leads nowhere")
        .about(object.key.to_string());
    findings.report(match near {
        Some(near) => finding.help(format!("a {kind} with a similar name is: `{near}`")),
        None => finding.help(format!("ship it too, or make sure that the cluster has it ({kind}/{name})")),
    });
}

/// A Service whose selector fits no pods. One without selector is led by others.
fn of_service(objects: Objects, object: &Object, findings: &mut Findings) {
    let Some(selector) = object.body.at(&["spec", "selector"]) else {
        return;
    };
    let inside: &Option<Str> = &object.key.namespace;
    let carries = |template: &Node| {
        let labels = template.at(&["metadata", "labels"]);
        selector
            .entries()
            .iter()
            .all(|entry| labels.and_then(|labels| labels.get(&entry.key)) == Some(&entry.value))
    };
    let fits = |(other, template): (&Object, &Node)| other.key.namespace == *inside && carries(template);
    // Operators make pods that nobody sees here.
    let all_are_known = objects.world.objects.iter().all(|other| {
        let group = other.key.group();
        !group.contains('.') || group.ends_with(".k8s.io") || group == "argoproj.io"
    });
    if selector.entries().is_empty() || !all_are_known || objects.pods().any(fits) {
        return;
    }
    findings.report(
        Finding::new(&RULE, format!("{} selects no pods that are shipped", object.key))
            .mark_origin(selector.origin(), "fits nothing")
            .about(object.key.to_string())
            .help("write labels that a pod template of the same namespace carries"),
    );
}
