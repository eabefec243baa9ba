//! Files and disks of containers: configs, secrets, certificates, named volumes and scratch.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_source::Str;
use plimsoll_world::World;
use serde_json::{Map, Value, json};

use super::Model;
use super::pod::Pod;
use super::quantity;
use super::text::literal;

/// An image that we know, with a shell and `openssl`: `postgresql-common` brings it.
const OPENSSL: &str = "docker.io/library/postgres:18";

/// Certificates that a platform would make, by namespace and Secret.
pub(super) struct Certificates {
    known: BTreeMap<(Str, String), Vec<String>>,
    /// Those that pods mount, with user and group of the pod.
    wanted: BTreeMap<(Str, String), (u64, u64)>,
}

impl Certificates {
    pub(super) fn of(world: &World) -> Self {
        let certificates = world
            .objects
            .iter()
            .filter(|object| object.key.kind == "Certificate");
        let known = certificates.filter_map(|object| {
            let spec = object.body.get("spec")?.to_json();
            let secret = spec["secretName"].as_str()?.to_owned();
            let hosts = spec["dnsNames"].as_array().into_iter().flatten();
            let hosts = hosts.filter_map(Value::as_str).map(str::to_owned);
            Some(((object.key.namespace.clone()?, secret), hosts.collect()))
        });
        Self {
            known: known.collect(),
            wanted: BTreeMap::new(),
        }
    }

    /// The volume that a certificate is made in, if the Secret is one.
    fn volume(&mut self, namespace: &Str, secret: &str, owner: (u64, u64)) -> Option<String> {
        let key = (namespace.clone(), secret.to_owned());
        self.known.get(&key)?;
        self.wanted.entry(key).or_insert(owner);
        Some(secret.to_owned())
    }

    /// Containers that make what is wanted, once.
    pub(super) fn makers(&self) -> Vec<(String, Map<String, Value>)> {
        let maker = |(key, (user, group)): (&(Str, String), &(u64, u64))| {
            let hosts = &self.known[key];
            let names: Vec<String> = hosts.iter().map(|host| format!("DNS:{host}")).collect();
            let script = format!(
                "test -s /tls/tls.crt && exit 0\nset -e\ncd /tls\n\
                 openssl req -x509 -newkey rsa:2048 -nodes -days 825 -subj '/CN={}' \\\n  \
                 -addext 'subjectAltName={}' -keyout tls.key -out tls.crt\n\
                 cp tls.crt ca.crt\nchown {user}:{group} tls.* ca.crt\nchmod 0400 tls.key\n",
                hosts.first().map_or("localhost", String::as_str),
                names.join(",")
            );
            let body = json!({
                "image": OPENSSL,
                "entrypoint": ["/bin/sh", "-c", literal(&script)],
                "user": "0:0",
                "network_mode": "none",
                "restart": "no",
                "volumes": [{ "type": "volume", "source": key.1, "target": "/tls" }],
            });
            let Value::Object(body) = body else {
                unreachable!("it is written as an object")
            };
            (key.1.clone(), body)
        };
        self.wanted.iter().map(maker).collect()
    }
}

/// Adds what a container mounts.
pub(super) fn mount(
    model: &mut Model<'_>,
    pod: &Pod<'_>,
    name: &str,
    container: &Value,
    body: &mut Map<String, Value>,
) {
    let mut all = Mounts::default();
    for mount in container["volumeMounts"].as_array().into_iter().flatten() {
        let (Some(volume), Some(path)) = (mount["name"].as_str(), mount["mountPath"].as_str())
        else {
            continue;
        };
        let found = pod.volume(volume);
        if found.is_null() || found["persistentVolumeClaim"].is_object() {
            let claim = found["persistentVolumeClaim"]["claimName"].as_str();
            let source = claim.map_or_else(|| format!("{}-{volume}", pod.name()), str::to_owned);
            all.disk(model, pod, &source, path, mount);
        } else if found["emptyDir"].is_object() {
            all.scratch(model, pod, volume, path, &found["emptyDir"]);
        } else if let Some(config) = found["configMap"]["name"].as_str() {
            all.config(model, pod, config, path, mount, &found["configMap"]);
        } else if let Some(secret) = found["secret"]["secretName"].as_str() {
            all.secret(model, pod, secret, path, mount, &found["secret"]);
        } else {
            let what = format!("a volume of `{name}` at {path} is not in Compose");
            model.report(
                what,
                pod.origin(),
                "give it another kind of volume in this environment",
            );
        }
    }
    all.put(body);
}

#[derive(Default)]
struct Mounts {
    volumes: Vec<Value>,
    tmpfs: Vec<String>,
    configs: Vec<Value>,
    secrets: Vec<Value>,
    shm: Option<String>,
    makers: BTreeSet<String>,
}

impl Mounts {
    /// A disk, with the container that makes it ready.
    fn disk(
        &mut self,
        model: &mut Model<'_>,
        pod: &Pod<'_>,
        source: &str,
        path: &str,
        mount: &Value,
    ) {
        let folder = mount["subPath"].as_str();
        let owner = Some(pod.user()).filter(|(user, _)| *user > 0 && mount["readOnly"] != true);
        let maker = model.volumes.disk(source, owner, folder);
        let mut options = Map::new();
        if maker.is_some() {
            // As in a cluster: what the image has there, and whose it is, does not matter.
            options.insert("nocopy".into(), json!(true));
        }
        if let Some(folder) = folder {
            options.insert("subpath".into(), json!(folder));
        }
        self.volume(source, path, mount, options);
        self.makers.extend(maker);
    }

    fn volume(&mut self, source: &str, path: &str, mount: &Value, options: Map<String, Value>) {
        let mut volume = json!({ "type": "volume", "source": source, "target": path });
        if mount["readOnly"] == true {
            volume["read_only"] = json!(true);
        }
        if !options.is_empty() {
            volume["volume"] = Value::Object(options);
        }
        self.volumes.push(volume);
    }

    /// What is gone with the pod: in memory if one container has it, or if the file says so.
    fn scratch(
        &mut self,
        model: &mut Model<'_>,
        pod: &Pod<'_>,
        volume: &str,
        path: &str,
        of: &Value,
    ) {
        let size = of["sizeLimit"].as_str().and_then(quantity::bytes);
        if path == "/dev/shm" {
            self.shm = size;
            return;
        }
        let is_memory = of["medium"] == "Memory";
        let (user, group) = pod.user();
        let mut options = format!("mode=1777,uid={user},gid={group}");
        if let Some(size) = size.filter(|_| is_memory) {
            options = format!("size={size},{options}");
        }
        let name = format!("{}-{volume}", pod.name());
        match (pod.is_shared(volume), is_memory) {
            (false, _) => self.tmpfs.push(format!("{path}:{options}")),
            (true, false) => self.disk(model, pod, &name, path, &Value::Null),
            (true, true) => {
                model.volumes.memory(&name, options);
                self.volume(&name, path, &Value::Null, Map::new());
            }
        }
    }

    /// Files of a `ConfigMap`: one, some, or all of them.
    fn config(
        &mut self,
        model: &mut Model<'_>,
        pod: &Pod<'_>,
        name: &str,
        path: &str,
        mount: &Value,
        of: &Value,
    ) {
        let found = model.world().objects.iter().find(|object| {
            object.key.kind == "ConfigMap"
                && object.key.name == name
                && object.key.namespace.as_ref() == Some(pod.namespace())
        });
        let data = found.map(|object| object.body.to_json()["data"].clone());
        let Some(Value::Object(data)) = data else {
            return;
        };
        for (key, target) in targets(path, mount, of, data.keys().cloned()) {
            let Some(text) = data.get(&key).and_then(Value::as_str) else {
                continue;
            };
            let source = format!("{name}-{}", key.replace(['.', '/'], "-"));
            model
                .configs
                .insert(source.clone(), json!({ "content": literal(text) }));
            let mut config = json!({ "source": source, "target": target });
            if let Some(mode) = of["defaultMode"].as_u64() {
                config["mode"] = json!(format!("{mode:04o}"));
            }
            self.configs.push(config);
        }
    }

    /// Files of a Secret: of a certificate from the volume that it is made in, else variables.
    fn secret(
        &mut self,
        model: &mut Model<'_>,
        pod: &Pod<'_>,
        name: &str,
        path: &str,
        mount: &Value,
        of: &Value,
    ) {
        if let Some(volume) = model.certificates.volume(pod.namespace(), name, pod.user()) {
            model.volumes.add(&volume);
            self.volume(&volume, path, mount, Map::new());
            self.makers.insert(volume);
            return;
        }
        let targets: Vec<_> = targets(path, mount, of, std::iter::empty()).collect();
        if targets.is_empty() {
            let what = format!("the files of Secret `{name}` at {path} are not in Compose");
            model.report(what, pod.origin(), "name each with `file` in `secrets`");
        }
        for (key, target) in targets {
            let variable = model.variables.name(pod.unit(), &key);
            let environment = json!({ "environment": variable });
            model.secrets.insert(variable.clone(), environment);
            self.secrets
                .push(json!({ "source": variable, "target": target }));
        }
    }

    fn put(self, body: &mut Map<String, Value>) {
        let lists = [
            ("volumes", self.volumes),
            ("tmpfs", self.tmpfs.into_iter().map(Value::from).collect()),
            ("configs", self.configs),
            ("secrets", self.secrets),
        ];
        for (key, list) in lists {
            if !list.is_empty() {
                body.insert(key.to_owned(), Value::Array(list));
            }
        }
        if let Some(size) = self.shm {
            body.insert("shm_size".to_owned(), json!(size));
        }
        if !self.makers.is_empty() {
            let names: Vec<_> = self.makers.into_iter().collect();
            body.insert(MAKERS.to_owned(), json!(names));
        }
    }
}

/// Key under which a container says which others make what it mounts, until that is known.
pub(super) const MAKERS: &str = "x-makers";

/// Keys of a volume with the paths of their files.
fn targets(
    path: &str,
    mount: &Value,
    of: &Value,
    all: impl Iterator<Item = String>,
) -> impl Iterator<Item = (String, String)> {
    let items = of["items"].as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let named: Vec<(String, String)> = if items.is_empty() {
        all.map(|key| (key.clone(), key)).collect()
    } else {
        let pair = |item: &Value| (text(&item["key"]), text(&item["path"]));
        items.iter().map(pair).collect()
    };
    let files: Vec<(String, String)> = match mount["subPath"].as_str() {
        Some(file) => {
            let key = named.iter().find(|(_, path)| path == file);
            let key = key.map_or_else(|| file.to_owned(), |(key, _)| key.clone());
            vec![(key, path.to_owned())]
        }
        None => named
            .into_iter()
            .map(|(key, file)| (key, format!("{}/{file}", path.trim_end_matches('/'))))
            .collect(),
    };
    files.into_iter()
}
