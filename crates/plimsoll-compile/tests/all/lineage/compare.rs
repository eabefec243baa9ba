//! Two worlds side by side: which leaves differ, and which origins stand above each.

use plimsoll_source::{Node, Origin, Span};
use plimsoll_world::{Object, ObjectKey, World};
use std::collections::{BTreeMap, BTreeSet};

/// A leaf of the old world: which object, and where the node is.
pub type Leaf = (usize, usize);

/// Leaves that a span drives, each with its place.
pub type Driven = BTreeMap<Leaf, String>;

/// A world with what each span drives.
pub struct Snapshot<'a> {
    world: &'a World,
    objects: BTreeMap<&'a ObjectKey, usize>,
    driven: BTreeMap<Span, Driven>,
}

/// Something that changed, with the origins that may explain it: its own, and those above.
pub struct Change {
    pub place: String,
    pub origins: Vec<Origin>,
    pub leaf: Option<Leaf>,
}

impl<'a> Snapshot<'a> {
    pub fn of(world: &'a World) -> Self {
        let objects = world.objects.iter().enumerate();
        let objects = objects.map(|(at, object)| (&object.key, at)).collect();
        let mut driven = BTreeMap::new();
        let mut memo = Memo::default();
        for (at, object) in world.objects.iter().enumerate() {
            leaves(&object.body, &object.key.to_string(), &mut |leaf, place| {
                for span in memo.driven(leaf.origin()) {
                    let places: &mut Driven = driven.entry(*span).or_default();
                    places.insert((at, address(leaf)), place.to_owned());
                }
            });
        }
        Self {
            world,
            objects,
            driven,
        }
    }

    /// What a span drives, for edits of it.
    pub fn driven(&self, span: Span) -> Driven {
        self.driven.get(&span).cloned().unwrap_or_default()
    }
}

/// Takes away what the edited span no longer drives in the new world: a decision changed there.
pub fn retain_driven(places: &mut Driven, new: &World, span: Span) {
    if places.is_empty() {
        return;
    }
    let wanted: BTreeSet<&String> = places.values().collect();
    let (mut memo, mut still) = (Memo::default(), BTreeSet::new());
    for object in &new.objects {
        leaves(&object.body, &object.key.to_string(), &mut |leaf, place| {
            if wanted.contains(&place.to_owned()) && memo.driven(leaf.origin()).contains(&span) {
                still.insert(place.to_owned());
            }
        });
    }
    places.retain(|_, place| still.contains(place));
}

/// Where a node is in memory: the old world stays.
fn address(node: &Node) -> usize {
    std::ptr::from_ref(node) as usize
}

fn leaves<'a>(node: &'a Node, place: &str, visit: &mut dyn FnMut(&'a Node, &str)) {
    for entry in node.entries() {
        leaves(&entry.value, &format!("{place} {}", entry.key), visit);
    }
    for (at, item) in node.items().iter().enumerate() {
        leaves(
            item,
            &format!("{place} [{}]", named(item).unwrap_or(at.to_string())),
            visit,
        );
    }
    if node.entries().is_empty() && node.items().is_empty() {
        visit(node, place);
    }
}

/// What names an item of a list.
fn named(item: &Node) -> Option<String> {
    let keys = [
        "name",
        "secretKey",
        "containerPort",
        "mountPath",
        "port",
        "type",
        "topologyKey",
    ];
    let value = keys.iter().find_map(|key| item.get(key))?;
    match value {
        Node::Int(_, number) => Some(number.to_string()),
        other => other.text().map(ToString::to_string),
    }
}

/// The place without the names of things: for counting what is alike.
pub fn pattern(place: &str) -> String {
    let step = |step: &str| match step.split_once('/') {
        Some((kind, _)) if kind.starts_with(|c: char| c.is_ascii_uppercase()) => kind.to_owned(),
        _ if step.starts_with('[') => "[]".to_owned(),
        _ => step.to_owned(),
    };
    place.split(' ').map(step).collect::<Vec<_>>().join(" ")
}

/// All that differs between two worlds.
pub fn changes(old: &Snapshot, new: &World) -> Vec<Change> {
    let mut walk = Walk {
        changes: Vec::new(),
        object: 0,
        above: Vec::new(),
    };
    let news: BTreeMap<&ObjectKey, &Object> = new
        .objects
        .iter()
        .map(|object| (&object.key, object))
        .collect();
    let mut renamed = Vec::new();
    for (at, object) in old.world.objects.iter().enumerate() {
        walk.object = at;
        let place = object.key.to_string();
        match news.get(&object.key) {
            Some(other) => walk.differ(&object.body, &other.body, &place),
            None => {
                walk.above = names(object);
                renamed.extend(walk.above.iter().cloned());
                walk.above.push(old.world.decided.clone());
                walk.gone(&object.body, &place);
                walk.above.clear();
            }
        }
    }
    for object in new
        .objects
        .iter()
        .filter(|object| !old.objects.contains_key(&object.key))
    {
        walk.above = renamed.clone();
        walk.above.push(old.world.decided.clone());
        walk.come(&format!("new {}", object.key));
        walk.above.clear();
    }
    walk.changes
}

/// What names an object decides about all of it.
fn names(object: &Object) -> Vec<Origin> {
    ["name", "namespace"]
        .into_iter()
        .filter_map(|word| object.body.at(&["metadata", word]))
        .map(|node| node.origin().clone())
        .collect()
}

struct Walk {
    changes: Vec<Change>,
    object: usize,
    above: Vec<Origin>,
}

impl Walk {
    fn change(&mut self, node: Option<&Node>, place: &str) {
        let mut origins = self.above.clone();
        origins.extend(node.map(|node| node.origin().clone()));
        let leaf = node.map(|node| (self.object, address(node)));
        self.changes.push(Change {
            place: place.to_owned(),
            origins,
            leaf,
        });
    }

    /// A subtree that is no longer there: each of its leaves.
    fn gone(&mut self, node: &Node, place: &str) {
        let mut all = Vec::new();
        leaves(node, place, &mut |leaf, place| {
            all.push((leaf, place.to_owned()));
        });
        self.above.push(node.origin().clone());
        for (leaf, place) in all {
            self.change(Some(leaf), &place);
        }
        self.above.pop();
    }

    /// A subtree that is new: what is above explains it.
    fn come(&mut self, place: &str) {
        self.change(None, place);
    }

    fn differ(&mut self, old: &Node, new: &Node, place: &str) {
        match (old, new) {
            (Node::Map(_, a), Node::Map(_, b)) if !a.is_empty() && !b.is_empty() => {
                self.above.push(old.origin().clone());
                let mut gone = Vec::new();
                for entry in a.iter() {
                    let place = format!("{place} {}", entry.key);
                    self.above.push(entry.at.clone());
                    match new.get(&entry.key) {
                        Some(other) => self.differ(&entry.value, other, &place),
                        None => {
                            gone.push(entry.at.clone());
                            self.gone(&entry.value, &place);
                        }
                    }
                    self.above.pop();
                }
                // Under another key it is another entry.
                let length = self.above.len();
                self.above.extend(gone);
                for entry in b.iter().filter(|entry| old.get(&entry.key).is_none()) {
                    self.come(&format!("{place} +{}", entry.key));
                }
                self.above.truncate(length - 1);
            }
            (Node::Seq(_, a), Node::Seq(_, b)) if !a.is_empty() && !b.is_empty() => {
                self.above.push(old.origin().clone());
                self.lists(a, b, place);
                self.above.pop();
            }
            _ if old == new => {}
            (Node::Map(..) | Node::Seq(..), _) | (_, Node::Map(..) | Node::Seq(..)) => {
                self.gone(old, place);
            }
            _ => self.change(Some(old), place),
        }
    }

    /// Lists: equal items first, then those of one name, then the rest in order.
    fn lists(&mut self, old: &[Node], new: &[Node], place: &str) {
        let mut rest: Vec<&Node> = new.iter().collect();
        let mut open: Vec<&Node> = old.iter().collect();
        open.retain(|item| match rest.iter().position(|other| other == item) {
            Some(at) => {
                rest.remove(at);
                false
            }
            None => true,
        });
        let mut left: Vec<&Node> = Vec::new();
        for item in open {
            let name = named(item);
            let found = name.and_then(|name| {
                rest.iter()
                    .position(|other| named(other).as_ref() == Some(&name))
            });
            match found {
                Some(at) => {
                    let other = rest.remove(at);
                    let place = format!("{place} [{}]", named(item).unwrap_or_default());
                    self.differ(item, other, &place);
                }
                None => left.push(item),
            }
        }
        let pairs = left.len().min(rest.len());
        for (item, other) in left.iter().zip(&rest) {
            self.differ(item, other, &format!("{place} [~]"));
        }
        for item in &left[pairs..] {
            self.gone(item, &format!("{place} [-]"));
        }
        for _ in &rest[pairs..] {
            self.come(&format!("{place} [+]"));
        }
    }
}

/// Spans of origins, each history looked through once.
#[derive(Default)]
pub struct Memo {
    touched: BTreeMap<usize, BTreeSet<Span>>,
    driven: BTreeMap<usize, BTreeSet<Span>>,
}

impl Memo {
    pub fn touches(&mut self, origins: &[Origin], span: Span) -> bool {
        origins.iter().any(|origin| {
            let id = std::ptr::from_ref(origin.step()) as usize;
            let spans = self.touched.entry(id).or_insert_with(|| origin.touched());
            spans.contains(&span)
        })
    }

    fn driven(&mut self, origin: &Origin) -> &BTreeSet<Span> {
        let id = std::ptr::from_ref(origin.step()) as usize;
        self.driven.entry(id).or_insert_with(|| origin.driven())
    }
}
