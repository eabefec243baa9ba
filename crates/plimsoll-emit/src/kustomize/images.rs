//! Tags that differ between environments: one line each in an overlay instead of patches.
//!
//! Kustomize sets the tag of an image by its name, in every container; so it can do that only for
//! a name that has one tag in each environment.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_source::{Node, Str};
use plimsoll_world::World;
use serde_json::{Value, json};

use crate::tree;

/// What follows the name of an image.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Version {
    tag: Option<Str>,
    digest: Option<Str>,
}

/// The images whose versions overlays set.
pub(super) struct Images {
    /// By name: the version in the base, and in each environment that has it.
    uniform: BTreeMap<Str, (Version, Vec<Option<Version>>)>,
}

impl Images {
    pub(super) fn of(worlds: &[&World], chosen: usize) -> Self {
        let used: Vec<BTreeMap<Str, BTreeSet<Version>>> =
            worlds.iter().map(|world| used(world)).collect();
        let names: BTreeSet<&Str> = used.iter().flat_map(BTreeMap::keys).collect();
        let uniform = names.into_iter().filter_map(|name| {
            let versions: Vec<Option<Version>> = used
                .iter()
                .map(|used| match used.get(name) {
                    None => Ok(None),
                    Some(one) if one.len() == 1 => Ok(one.first().cloned()),
                    Some(_) => Err(()),
                })
                .collect::<Result<_, ()>>()
                .ok()?;
            let base = versions[chosen]
                .clone()
                .or_else(|| versions.iter().flatten().next().cloned())?;
            let differs = versions.iter().flatten().any(|version| *version != base);
            differs.then(|| (name.clone(), (base, versions)))
        });
        Self {
            uniform: uniform.collect(),
        }
    }

    /// A tree with the versions of the base.
    pub(super) fn in_base(&self, body: &Node) -> Node {
        if self.uniform.is_empty() {
            return body.clone();
        }
        in_containers(body, &|image| {
            let (name, _) = split(image);
            let (base, _) = self.uniform.get(&name)?;
            Some(base.image(&name))
        })
    }

    /// The lines of an overlay.
    pub(super) fn of_environment(&self, at: usize) -> Vec<Value> {
        let differing = self.uniform.iter().filter_map(|(name, (base, versions))| {
            let version = versions[at].as_ref().filter(|version| *version != base)?;
            let mut line = json!({ "name": name.as_str() });
            if let Some(tag) = &version.tag {
                line["newTag"] = json!(tag.as_str());
            }
            if let Some(digest) = &version.digest {
                line["digest"] = json!(digest.as_str());
            }
            Some(line)
        });
        differing.collect()
    }
}

impl Version {
    fn image(&self, name: &str) -> String {
        let tag = self.tag.as_ref().map(|tag| format!(":{tag}"));
        let digest = self.digest.as_ref().map(|digest| format!("@{digest}"));
        [Some(name.to_owned()), tag, digest]
            .into_iter()
            .flatten()
            .collect()
    }
}

fn used(world: &World) -> BTreeMap<Str, BTreeSet<Version>> {
    let used = std::cell::RefCell::new(BTreeMap::<Str, BTreeSet<Version>>::new());
    for object in &world.objects {
        in_containers(&object.body, &|image| {
            let (name, version) = split(image);
            used.borrow_mut().entry(name).or_default().insert(version);
            None
        });
    }
    // A version that is neither tag nor digest, or both, cannot be set by one line.
    let mut used = used.into_inner();
    used.retain(|_, versions| {
        versions
            .iter()
            .all(|version| version.tag.is_some() != version.digest.is_some())
    });
    used
}

/// Changes the image of every container.
fn in_containers(body: &Node, change: &dyn Fn(&str) -> Option<String>) -> Node {
    tree::map_entries(body, &|entry| {
        let is_list = matches!(entry.key.as_str(), "containers" | "initContainers");
        if !is_list {
            return None;
        }
        let Node::Seq(origin, items) = &entry.value else {
            return None;
        };
        let items = items.iter().map(|item| {
            let image = item.get("image").and_then(Node::text);
            match (image.and_then(|image| change(image)), item.get("image")) {
                (Some(new), Some(old)) => {
                    let new = Node::Text(old.origin().clone(), Str::from(new));
                    tree::with(item, &["image"], new)
                }
                _ => item.clone(),
            }
        });
        Some(Node::seq(origin.clone(), items.collect::<Vec<_>>()))
    })
}

/// `host:5000/a/b:1.2@sha256:…` into name and version.
fn split(image: &str) -> (Str, Version) {
    let (rest, digest) = match image.split_once('@') {
        Some((rest, digest)) => (rest, Some(digest)),
        None => (image, None),
    };
    let last = rest.rfind('/').map_or(0, |at| at + 1);
    let (name, tag) = match rest[last..].find(':') {
        Some(at) => (&rest[..last + at], Some(&rest[last + at + 1..])),
        None => (rest, None),
    };
    let version = Version {
        tag: tag.map(Str::from),
        digest: digest.map(Str::from),
    };
    (Str::from(name), version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_in_a_host_is_no_tag() {
        let (name, version) = split("host:5000/a/b:1.2");
        assert_eq!(name, "host:5000/a/b");
        assert_eq!(version.tag.as_deref(), Some("1.2"));
        assert_eq!(split("host:5000/a").1.tag, None);
        let (name, version) = split("a@sha256:00");
        assert_eq!(
            (name.as_str(), version.digest.as_deref()),
            ("a", Some("sha256:00"))
        );
    }
}
