//! A pod that may do to its node what it likes.

use crate::objects::{Objects, containers};
use plimsoll_source::{Finding, Findings, Level, Node, Rule};
use plimsoll_world::Object;

/// The bad pattern.
pub static RULE: Rule = Rule {
    code: "PL0712",
    name: "unsafe-pod",
    level: Level::Warning,
    consequence: "who breaks into this pod has the node; a namespace with pod security refuses the pod",
    docs: "The pod asks for what the level `baseline` of the Pod Security Standards forbids: a privileged container, a \
           network, process or memory space of its node, or a folder of its node. Agents of nodes need that; an \
           application does not. Namespaces of applications here carry the level `restricted`.",
};

/// Reports each such word.
pub fn check(objects: Objects, findings: &mut Findings) {
    for (object, template) in objects.pods() {
        for key in ["hostNetwork", "hostPID", "hostIPC"] {
            report_if_on(object, template.at(&["spec", key]), key, findings);
        }
        for volume in template.at(&["spec", "volumes"]).map_or(&[][..], Node::items) {
            if let Some(path) = volume.get("hostPath") {
                report(object, path, "hostPath", findings);
            }
        }
        for container in containers(template) {
            let privileged = container.at(&["securityContext", "privileged"]);
            report_if_on(object, privileged, "privileged", findings);
        }
    }
}

fn report_if_on(object: &Object, node: Option<&Node>, key: &str, findings: &mut Findings) {
    if let Some(node @ Node::Bool(_, true)) = node {
        report(object, node, key, findings);
    }
}

fn report(object: &Object, node: &Node, key: &str, findings: &mut Findings) {
    findings.report(
        Finding::new(&RULE, format!("pods of {} ask for `{key}`", object.key))
            .mark_origin(node.origin(), "of the node")
            .about(object.key.to_string())
            .help(format!("leave out `{key}`, or move what needs it to a namespace of its own")),
    );
}
