//! Which kinds the cluster serves, and under which path: asked once per group and version.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::join_all;
use kube::api::{Api, ApiResource, DynamicObject};
use kube::{Client, Error};
use serde_json::Value;

use crate::error::{ShipError, code};
use crate::references::{items, text};
use crate::release::ObjectKey;
use crate::retry::retrying;

/// How a kind is served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Served {
    /// Name in paths, and names for the client.
    pub resource: ApiResource,
    /// Whether its objects live in namespaces.
    pub namespaced: bool,
    /// Whether somebody reports on its objects.
    pub has_status: bool,
    /// Known only from a definition that is shipped itself; not served before that is ready.
    pub is_coming: bool,
}

/// All kinds that a release needs.
#[derive(Debug, Default)]
pub struct Kinds {
    served: BTreeMap<(String, String), Served>,
    asked: BTreeSet<String>,
}

impl Kinds {
    /// Asks for every group and version that is new, at once.
    pub async fn discover(
        &mut self,
        client: &Client,
        versions: impl IntoIterator<Item = &str>,
    ) -> Result<(), ShipError> {
        let asked = &mut self.asked;
        let new: BTreeSet<&str> = versions
            .into_iter()
            .filter(|version| asked.insert((*version).to_owned()))
            .collect();
        let lists = join_all(new.iter().map(|version| list(client, version))).await;
        for (version, list) in new.into_iter().zip(lists) {
            let what = format!("asking which kinds {version} has");
            for resource in list.map_err(ShipError::request(what))? {
                self.add(version, resource);
            }
        }
        Ok(())
    }

    /// Learns the kinds of a definition that is shipped with the release.
    pub fn learn(&mut self, definition: &Value) {
        let group = text(definition, "/spec/group");
        for version in items(definition, "/spec/versions") {
            let api_version = format!("{group}/{}", text(version, "/name"));
            let kind = text(definition, "/spec/names/kind");
            let resource = ApiResource {
                group: group.to_owned(),
                version: text(version, "/name").to_owned(),
                api_version: api_version.clone(),
                kind: kind.to_owned(),
                plural: text(definition, "/spec/names/plural").to_owned(),
            };
            let served = Served {
                resource,
                namespaced: text(definition, "/spec/scope") == "Namespaced",
                has_status: version.pointer("/subresources/status").is_some(),
                is_coming: true,
            };
            self.served
                .entry((api_version, kind.to_owned()))
                .or_insert(served);
        }
    }

    /// How an object's kind is served.
    pub fn get(&self, api_version: &str, kind: &str) -> Option<&Served> {
        self.served.get(&(api_version.to_owned(), kind.to_owned()))
    }

    /// A definition that was shipped is established now.
    pub fn arrived(&mut self, group: &str, kind: &str) {
        for served in self.served.values_mut() {
            if served.resource.group == group && served.resource.kind == kind {
                served.is_coming = false;
            }
        }
    }

    /// The requests for objects of a kind, in the namespace of the key.
    pub fn api(&self, client: &Client, key: &ObjectKey) -> Result<Api<DynamicObject>, ShipError> {
        let not_served = || ShipError::NotServed(vec![format!("{} {}", key.api_version, key.kind)]);
        let served = self
            .get(&key.api_version, &key.kind)
            .ok_or_else(not_served)?;
        Ok(api(client, served, key.namespace.as_deref()))
    }

    fn add(&mut self, api_version: &str, found: Found) {
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        let resource = ApiResource {
            group: group.to_owned(),
            version: version.to_owned(),
            api_version: api_version.to_owned(),
            kind: found.kind.clone(),
            plural: found.plural,
        };
        let served = Served {
            resource,
            namespaced: found.namespaced,
            has_status: found.has_status,
            is_coming: false,
        };
        self.served
            .insert((api_version.to_owned(), found.kind), served);
    }
}

/// The requests for objects of a kind.
pub fn api(client: &Client, served: &Served, namespace: Option<&str>) -> Api<DynamicObject> {
    match namespace {
        Some(namespace) if served.namespaced => {
            Api::namespaced_with(client.clone(), namespace, &served.resource)
        }
        _ => Api::all_with(client.clone(), &served.resource),
    }
}

struct Found {
    kind: String,
    plural: String,
    namespaced: bool,
    has_status: bool,
}

/// The kinds of one group and version; none where the group is not there.
async fn list(client: &Client, api_version: &str) -> Result<Vec<Found>, Error> {
    let answer = retrying(|| async {
        if api_version.contains('/') {
            client.list_api_group_resources(api_version).await
        } else {
            client.list_core_api_resources(api_version).await
        }
    });
    let list = match answer.await {
        Ok(list) => list,
        Err(error) if code(&error) == 404 => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let with_status: BTreeSet<&str> = list
        .resources
        .iter()
        .filter_map(|one| one.name.strip_suffix("/status"))
        .collect();
    let whole = list.resources.iter().filter(|one| !one.name.contains('/'));
    Ok(whole
        .map(|one| Found {
            kind: one.kind.clone(),
            plural: one.name.clone(),
            namespaced: one.namespaced,
            has_status: with_status.contains(one.name.as_str()),
        })
        .collect())
}
