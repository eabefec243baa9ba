//! Named volumes. Docker makes them empty and root's, so a container that runs once gives each to the user
//! that mounts it, as `fsGroup` does, and makes the folders of it that are mounted.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::text::literal;

/// An image with a shell.
const SHELL: &str = "docker.io/library/busybox:1.37";

/// User and group of processes.
pub(super) type Owner = (u64, u64);

/// The volumes of the file.
#[derive(Default)]
pub(super) struct Volumes(BTreeMap<String, Volume>);

#[derive(Default)]
struct Volume {
    owners: BTreeSet<Owner>,
    folders: BTreeSet<String>,
    /// Options of a file system in memory.
    memory: Option<String>,
}

impl Volumes {
    /// A volume that somebody else fills.
    pub(super) fn add(&mut self, name: &str) {
        self.0.entry(name.to_owned()).or_default();
    }

    /// A disk, whose owner is root where none is named; gives the container that must have run before.
    pub(super) fn disk(
        &mut self,
        name: &str,
        owner: Option<Owner>,
        folder: Option<&str>,
    ) -> Option<String> {
        let volume = self.0.entry(name.to_owned()).or_default();
        volume.owners.extend(owner);
        volume.folders.extend(folder.map(str::to_owned));
        (owner.is_some() || folder.is_some()).then(|| maker_name(name))
    }

    /// A file system in memory that several containers mount.
    pub(super) fn memory(&mut self, name: &str, options: String) {
        let volume = self.0.entry(name.to_owned()).or_default();
        volume.memory = Some(options);
    }

    /// Containers that make disks ready.
    pub(super) fn makers(&self) -> Vec<(String, Map<String, Value>)> {
        let all = self.0.iter();
        let all = all.filter(|(_, volume)| !volume.owners.is_empty() || !volume.folders.is_empty());
        all.map(|(name, volume)| (maker_name(name), volume.maker(name)))
            .collect()
    }

    /// What stands at the top of the file.
    pub(super) fn section(&self) -> Map<String, Value> {
        let body = |volume: &Volume| match &volume.memory {
            Some(options) => json!({
                "driver_opts": { "type": "tmpfs", "device": "tmpfs", "o": options },
            }),
            None => json!({}),
        };
        let all = self.0.iter();
        all.map(|(name, volume)| (name.clone(), body(volume)))
            .collect()
    }
}

impl Volume {
    fn maker(&self, name: &str) -> Map<String, Value> {
        let folders = self.folders.iter();
        let folders = folders.map(|folder| format!(" '/volume/{folder}'"));
        let folders: String = folders.collect();
        let mut script = vec!["set -e".to_owned()];
        if !folders.is_empty() {
            script.push(format!("mkdir -p{folders}"));
        }
        let mut owners = self.owners.iter();
        match (owners.next(), owners.next()) {
            (Some((user, group)), None) => {
                script.push(format!("chown {user}:{group} /volume{folders}"));
            }
            // Nobody's alone.
            (Some(_), Some(_)) => script.push(format!("chmod 0777 /volume{folders}")),
            (None, _) => {}
        }
        let body = json!({
            "image": SHELL,
            "entrypoint": ["/bin/sh", "-c", literal(&(script.join("\n") + "\n"))],
            "user": "0:0",
            "network_mode": "none",
            "restart": "no",
            "volumes": [{ "type": "volume", "source": name, "target": "/volume" }],
        });
        let Value::Object(body) = body else {
            unreachable!("it is written as an object")
        };
        body
    }
}

fn maker_name(volume: &str) -> String {
    format!("{volume}-volume")
}
