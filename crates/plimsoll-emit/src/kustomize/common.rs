//! Objects that several environments have, and what stands in the base for them.

use std::collections::BTreeMap;

use plimsoll_source::{Node, Origin, Str};
use plimsoll_world::{Object, Unit, World};
use serde_json::{Value, json};

use super::images::Images;
use super::patch::Patch;
use crate::tree;

/// What tells objects of one environment apart, and finds them in another: there the main
/// namespace may have another name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Slot {
    api_version: Str,
    kind: Str,
    place: Place,
    name: Str,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Main,
    Other(Str),
    Cluster,
}

/// One object in all environments that have it.
pub(super) struct Common<'a> {
    slot: Slot,
    unit: &'a Unit,
    objects: Vec<Option<&'a Object>>,
    /// As the base would hold them: in its namespace, with its images.
    bodies: Vec<Option<Node>>,
    /// The environment whose object stands in the base.
    base: Option<usize>,
}

/// All objects of all environments.
pub(super) struct Shared<'a> {
    worlds: &'a [&'a World],
    chosen: usize,
    images: Images,
    commons: Vec<Common<'a>>,
    has_one_namespace: bool,
}

impl<'a> Shared<'a> {
    pub(super) fn of(worlds: &'a [&'a World], chosen: usize) -> Self {
        let images = Images::of(worlds, chosen);
        let has_one_namespace = worlds.iter().all(|world| lives_in_one_namespace(world));
        let mut order: Vec<Slot> = Vec::new();
        let mut found: BTreeMap<Slot, Vec<Option<&'a Object>>> = BTreeMap::new();
        // The chosen environment gives the order, so that a new one moves nothing in the base.
        let rest = (0..worlds.len()).filter(|at| *at != chosen);
        for at in std::iter::once(chosen).chain(rest) {
            for object in &worlds[at].objects {
                let slot = slot(worlds[at], object, has_one_namespace);
                let objects = found.entry(slot.clone()).or_insert_with(|| {
                    order.push(slot);
                    vec![None; worlds.len()]
                });
                objects[at] = Some(object);
            }
        }
        let namespace = &worlds[chosen].namespace;
        let commons = order.into_iter().map(|slot| {
            let objects = found
                .remove(&slot)
                .expect("every slot is in the order once");
            let body = |object: Option<&Object>| {
                let body = images.in_base(&object?.body);
                Some(moved(&body, &slot, namespace))
            };
            let bodies = objects.iter().copied().map(body).collect();
            Common::new(slot, bodies, objects)
        });
        Self {
            commons: commons.collect(),
            worlds,
            chosen,
            images,
            has_one_namespace,
        }
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Common<'a>> {
        self.commons.iter()
    }

    pub(super) fn base(&self) -> impl Iterator<Item = &Common<'a>> {
        self.all().filter(|common| common.is_in_base())
    }

    /// The namespace that an overlay sets for all of its objects.
    pub(super) fn namespace_of(&self, at: usize) -> Option<&str> {
        (self.has_one_namespace && self.has_moved(at)).then_some(self.worlds[at].namespace.as_str())
    }

    /// Patches that move what stands in the main namespace, where there are others too.
    pub(super) fn moves(&self, at: usize) -> Option<Value> {
        let namespace = &self.worlds[at].namespace;
        let from = &self.worlds[self.chosen].namespace;
        let is_there = || self.base().any(|common| common.slot.place == Place::Main);
        (!self.has_one_namespace && self.has_moved(at) && is_there()).then(|| {
            let patch =
                format!("- op: replace\n  path: /metadata/namespace\n  value: {namespace}\n");
            json!({ "patch": patch, "target": { "namespace": from.as_str() } })
        })
    }

    /// Images whose tag is another than in the base.
    pub(super) fn images(&self, at: usize) -> Vec<Value> {
        self.images.of_environment(at)
    }

    fn has_moved(&self, at: usize) -> bool {
        self.worlds[at].namespace != self.worlds[self.chosen].namespace
    }
}

impl<'a> Common<'a> {
    fn new(slot: Slot, bodies: Vec<Option<Node>>, objects: Vec<Option<&'a Object>>) -> Self {
        let first = objects.iter().flatten().next();
        let unit = &first.expect("a slot has an object").unit;
        let base = base(&bodies);
        Self {
            slot,
            unit,
            objects,
            bodies,
            base,
        }
    }

    pub(super) fn is_in_base(&self) -> bool {
        self.base.is_some()
    }

    /// What stands in the base.
    pub(super) fn base_body(&self) -> &Node {
        let at = self.base.expect("asked of objects of the base only");
        self.bodies[at]
            .as_ref()
            .expect("the base is one that is there")
    }

    /// The object of an environment, as the base would hold it.
    pub(super) fn body(&self, at: usize) -> Option<&Node> {
        self.bodies[at].as_ref()
    }

    /// The object of an environment as it is.
    pub(super) fn original(&self, at: usize) -> Option<&Node> {
        self.objects[at].map(|object| &object.body)
    }

    /// The folder of its block.
    pub(super) fn folder(&self) -> String {
        match self.unit {
            Unit::Namespace(_) => match &self.slot.place {
                Place::Other(name) => format!("namespaces/{name}"),
                Place::Cluster if self.slot.name.as_str() != "" => {
                    format!("namespaces/{}", self.slot.name)
                }
                _ => "namespace".to_owned(),
            },
            Unit::Shared => "shared".to_owned(),
            Unit::Store(name) => format!("stores/{name}"),
            Unit::Claim(name) => format!("claims/{name}"),
            Unit::Migration(name) => format!("migrations/{name}"),
            Unit::Job(name) => format!("jobs/{name}"),
            Unit::Service(name) => format!("services/{name}"),
            Unit::Route(name) => format!("routes/{name}"),
        }
    }

    /// Kind and name, short where the folder says it already.
    pub(super) fn file_name_in_folder(&self) -> String {
        let own = match self.unit {
            Unit::Shared => None,
            Unit::Store(name)
            | Unit::Claim(name)
            | Unit::Migration(name)
            | Unit::Job(name)
            | Unit::Service(name)
            | Unit::Route(name)
            | Unit::Namespace(name) => Some(name),
        };
        let is_own = own == Some(&self.slot.name) || self.slot.name.is_empty();
        let says_place = matches!(self.unit, Unit::Namespace(_));
        self.named(if is_own { "" } else { &self.slot.name }, !says_place)
    }

    /// Kind, name and what else tells it apart.
    pub(super) fn file_name(&self) -> String {
        self.named(&self.slot.name, true)
    }

    fn named(&self, name: &str, with_place: bool) -> String {
        let kind = self.slot.kind.to_lowercase();
        let group = match self.slot.api_version.split_once('/') {
            Some((group, _)) if !is_known_group(group) => {
                format!("-{}", group.split('.').next().unwrap_or(group))
            }
            _ => String::new(),
        };
        let place = match &self.slot.place {
            Place::Other(namespace) if with_place => format!("-in-{namespace}"),
            _ => String::new(),
        };
        let name = match name {
            "" => String::new(),
            name => format!("{}-", name.replace(':', "-")),
        };
        format!("{name}{kind}{group}{place}.yaml")
    }
}

/// Groups whose kinds no other group of ours has.
fn is_known_group(group: &str) -> bool {
    const GROUPS: [&str; 12] = [
        "apps",
        "autoscaling",
        "batch",
        "bitnami.com",
        "cert-manager.io",
        "external-secrets.io",
        "gateway.networking.k8s.io",
        "keda.sh",
        "monitoring.coreos.com",
        "networking.k8s.io",
        "policy",
        "rbac.authorization.k8s.io",
    ];
    GROUPS.contains(&group)
}

/// The environment whose object makes the patches of the others shortest, unless at most half of
/// them have the object.
fn base(bodies: &[Option<Node>]) -> Option<usize> {
    let there: Vec<usize> = (0..bodies.len())
        .filter(|at| bodies[*at].is_some())
        .collect();
    if there.len() * 2 <= bodies.len() {
        return None;
    }
    let cost = |from: usize| -> usize {
        let from = bodies[from].as_ref().expect("one that is there");
        let patches = bodies.iter().flatten().filter(|body| *body != from);
        patches
            .filter_map(|to| Patch::between(from, to))
            .map(|patch| patch.text().len())
            .sum()
    };
    there.into_iter().min_by_key(|at| (cost(*at), *at))
}

/// Whether a transformer for the namespace may walk over all objects: it would move those of other
/// namespaces too, and give one to kinds without that it does not know.
fn lives_in_one_namespace(world: &World) -> bool {
    world
        .objects
        .iter()
        .all(|object| match &object.key.namespace {
            Some(namespace) => *namespace == world.namespace,
            None => match object.key.kind.as_str() {
                "Namespace" => object.key.name == world.namespace,
                kind => matches!(kind, "ClusterRole" | "ClusterRoleBinding" | "PriorityClass"),
            },
        })
}

fn slot(world: &World, object: &Object, has_one_namespace: bool) -> Slot {
    let key = &object.key;
    let is_main = key.kind == "Namespace" && key.name == world.namespace;
    let place = match &key.namespace {
        Some(namespace) if *namespace == world.namespace => Place::Main,
        Some(namespace) => Place::Other(namespace.clone()),
        None => Place::Cluster,
    };
    Slot {
        api_version: key.api_version.clone(),
        kind: key.kind.clone(),
        place,
        // The main namespace is renamed by the transformer.
        name: if is_main && has_one_namespace {
            Str::new()
        } else {
            key.name.clone()
        },
    }
}

/// The object with the main namespace of the base.
fn moved(body: &Node, slot: &Slot, namespace: &Str) -> Node {
    let text = Node::Text(Origin::rule("kustomize: namespace", []), namespace.clone());
    match slot.place {
        Place::Main => tree::with(body, &["metadata", "namespace"], text),
        Place::Cluster if slot.name.is_empty() => tree::with(body, &["metadata", "name"], text),
        _ => body.clone(),
    }
}
