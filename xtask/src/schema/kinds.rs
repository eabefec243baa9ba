//! The resources of one release, from the paths of its OpenAPI document and its discovery files.
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::Result;
use serde_json::{Map, Value};

use super::openapi::{Gvk, word, words};

/// How a kind is served.
#[derive(Clone, Default)]
pub struct Resource {
    pub plural: String,
    pub namespaced: bool,
    pub verbs: BTreeSet<String>,
    pub parts: BTreeMap<String, Part>,
}

/// A subresource.
#[derive(Clone, Default)]
pub struct Part {
    pub gvk: Gvk,
    pub verbs: BTreeSet<String>,
}

/// Names of a resource that only discovery tells.
#[derive(Clone, Default)]
pub struct Names {
    pub short: Vec<String>,
    pub categories: Vec<String>,
}

/// The kinds that a definition or an operation names.
pub fn gvks(schema: &Value) -> Vec<Gvk> {
    let entry = &schema["x-kubernetes-group-version-kind"];
    let entries = entry
        .as_array()
        .map_or(std::slice::from_ref(entry), Vec::as_slice);
    let gvk = |entry: &Value| {
        let part = |name| word(entry, name).to_owned();
        (part("group"), part("version"), part("kind"))
    };
    // These are listed for every group, but are requests and answers rather than objects.
    let object = |(group, _, kind): &Gvk| match kind.as_str() {
        "" | "DeleteOptions" | "WatchEvent" => false,
        "Status" => group.is_empty(),
        _ => true,
    };
    entries.iter().map(gvk).filter(object).collect()
}

/// The resources that the paths of a document serve, by kind.
pub fn resources(paths: &Map<String, Value>) -> BTreeMap<Gvk, Resource> {
    // By group, version and plural; the kind is known once an operation on whole objects is seen.
    let mut found: BTreeMap<(&str, &str, &str), (Option<Gvk>, Resource)> = BTreeMap::new();
    for (path, item) in paths {
        let Some(at) = place(path) else { continue };
        let (kind, resource) = found.entry((at.group, at.version, at.plural)).or_default();
        at.plural.clone_into(&mut resource.plural);
        resource.namespaced |= at.namespaced;
        for (method, operation) in item.as_object().into_iter().flatten() {
            let Some(verb) = verb(method, word(operation, "x-kubernetes-action")) else {
                continue;
            };
            if let Some(part) = at.part {
                let part = resource.parts.entry(part.to_owned()).or_default();
                part.verbs.insert(verb.to_owned());
                part.gvk = gvks(operation).pop().unwrap_or_default();
            } else {
                resource.verbs.insert(verb.to_owned());
                *kind = gvks(operation).pop().or(kind.take());
            }
        }
    }
    found
        .into_values()
        .filter_map(|(kind, resource)| Some((kind?, resource)))
        .collect()
}

/// What a path serves.
struct Place<'a> {
    group: &'a str,
    version: &'a str,
    namespaced: bool,
    plural: &'a str,
    part: Option<&'a str>,
}

fn place(path: &str) -> Option<Place<'_>> {
    let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
    let (group, version, rest) = match parts.as_slice() {
        ["api", version, rest @ ..] => ("", *version, rest),
        ["apis", group, version, rest @ ..] => (*group, *version, rest),
        _ => return None,
    };
    let rest = if let ["watch", rest @ ..] = rest {
        rest
    } else {
        rest
    };
    let (namespaced, rest) = match rest {
        ["namespaces", "{namespace}", rest @ ..] => (true, rest),
        _ => (false, rest),
    };
    let (plural, part) = match rest {
        [plural] | [plural, "{name}"] => (*plural, None),
        [plural, "{name}", part] => (*plural, Some(*part)),
        _ => return None,
    };
    Some(Place {
        group,
        version,
        namespaced,
        plural,
        part,
    })
}

fn verb(method: &str, action: &str) -> Option<&'static str> {
    Some(match (action, method) {
        ("list", _) => "list",
        ("watch" | "watchlist", _) => "watch",
        ("get", _) | ("connect", "get") => "get",
        ("post", _) | ("connect", "post") => "create",
        ("put", _) | ("connect", "put") => "update",
        ("patch", _) | ("connect", "patch") => "patch",
        ("delete", _) | ("connect", "delete") => "delete",
        ("deletecollection", _) => "deletecollection",
        _ => return None,
    })
}

/// Short names and categories by group and plural, from the discovery files of newer releases.
pub fn short_names(folder: &Path) -> Result<BTreeMap<(String, String), Names>> {
    let mut names = BTreeMap::new();
    let Ok(files) = fs::read_dir(folder.join("api/discovery")) else {
        return Ok(names);
    };
    for file in files {
        let document: Value = serde_json::from_slice(&fs::read(file?.path())?)?;
        let Some(version) = document["groupVersion"].as_str() else {
            continue;
        };
        let group = version.split_once('/').map_or("", |(group, _)| group);
        for resource in document["resources"].as_array().into_iter().flatten() {
            let own = Names {
                short: words(resource, "shortNames"),
                categories: words(resource, "categories"),
            };
            names.insert((group.to_owned(), word(resource, "name").to_owned()), own);
        }
    }
    Ok(names)
}
