//! Checks on objects alone, wherever they come from: an application file, manifests, a chart.

use plimsoll_schema::Minor;
use plimsoll_source::{Node, Str};
use plimsoll_world::{Object, World};

/// Objects that are checked.
#[derive(Clone, Copy)]
pub struct Objects<'a> {
    /// The objects.
    pub world: &'a World,
    /// The version of Kubernetes that they are written for.
    pub target: Minor,
}

impl<'a> Objects<'a> {
    /// Whether there is an object of this kind and name in a namespace; nothing for one outside of all.
    pub(crate) fn has(&self, kind: &str, namespace: Option<&Str>, name: &str) -> bool {
        self.world.objects.iter().any(|object| {
            let key = &object.key;
            key.kind == kind && key.name == name && key.namespace.as_ref() == namespace
        })
    }

    /// Every object that makes pods, with the template of their pods.
    pub(crate) fn pods(&self) -> impl Iterator<Item = (&'a Object, &'a Node)> {
        let objects = self.world.objects.iter();
        objects.filter_map(|object| Some((object, template(object)?)))
    }
}

/// The template of the pods of an object, or the pod itself.
fn template(object: &Object) -> Option<&Node> {
    let path: &[&str] = match (object.key.group(), object.key.kind.as_str()) {
        ("", "Pod") => &[],
        ("apps", _) | ("batch", "Job") | ("argoproj.io", "Rollout") => &["spec", "template"],
        ("batch", "CronJob") => &["spec", "jobTemplate", "spec", "template"],
        _ => return None,
    };
    object.body.at(path)
}

/// The containers of a pod template, those that start it included.
pub(crate) fn containers(template: &Node) -> impl Iterator<Item = &Node> {
    let list = |key: &str| template.at(&["spec", key]).map_or(&[][..], Node::items);
    list("initContainers").iter().chain(list("containers"))
}

/// The text at a path.
pub(crate) fn text<'a>(node: &'a Node, path: &[&str]) -> Option<&'a Str> {
    node.at(path)?.text()
}
