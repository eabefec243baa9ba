//! Objects by kind, namespace and name, with an index by owner and an append-only log of changes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

use crate::key::ObjectKey;
use crate::object;

/// One change: `old` is absent at creation, `new` at deletion.
#[derive(Clone, Debug)]
pub struct LogEntry {
    /// Resource version of the change.
    pub version: u64,
    /// Group and kind, such as `apps/Deployment`.
    pub kind: Arc<str>,
    /// Empty for cluster-scoped kinds.
    pub namespace: String,
    /// `metadata.name`.
    pub name: String,
    /// The object before.
    pub old: Option<Arc<Value>>,
    /// The object after.
    pub new: Option<Arc<Value>>,
}

impl LogEntry {
    /// The object after the change, or the last one seen.
    pub fn object(&self) -> &Value {
        match (&self.new, &self.old) {
            (Some(object), _) | (None, Some(object)) => object,
            (None, None) => &Value::Null,
        }
    }

    /// The object's name in full.
    pub fn key(&self) -> ObjectKey {
        ObjectKey {
            kind: self.kind.clone(),
            namespace: self.namespace.clone(),
            name: self.name.clone(),
        }
    }
}

type Names = BTreeMap<String, Arc<Value>>;
type Namespaces = BTreeMap<String, Names>;

/// All objects and their history since [`Store::log_start`].
#[derive(Clone, Debug, Default)]
pub struct Store {
    objects: BTreeMap<Arc<str>, Namespaces>,
    dependents: BTreeMap<String, BTreeSet<ObjectKey>>,
    by_uid: BTreeMap<String, ObjectKey>,
    log: Vec<LogEntry>,
    log_start: u64,
    version: u64,
}

impl Store {
    /// The newest resource version.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Changes up to this version are no longer known.
    pub fn log_start(&self) -> u64 {
        self.log_start
    }

    /// One object.
    pub fn get(&self, kind: &str, namespace: &str, name: &str) -> Option<&Arc<Value>> {
        self.objects.get(kind)?.get(namespace)?.get(name)
    }

    /// All objects of a kind, ordered by namespace and name.
    pub fn list(&self, kind: &str) -> impl Iterator<Item = &Arc<Value>> {
        self.objects
            .get(kind)
            .into_iter()
            .flat_map(BTreeMap::values)
            .flat_map(BTreeMap::values)
    }

    /// All objects of a kind in one namespace, ordered by name.
    pub fn list_in(&self, kind: &str, namespace: &str) -> impl Iterator<Item = &Arc<Value>> {
        self.objects
            .get(kind)
            .and_then(|spaces| spaces.get(namespace))
            .into_iter()
            .flat_map(BTreeMap::values)
    }

    /// All objects, ordered by kind, namespace and name.
    pub fn iter(&self) -> impl Iterator<Item = (&Arc<str>, &Arc<Value>)> {
        self.objects.iter().flat_map(|(kind, spaces)| {
            spaces
                .values()
                .flat_map(BTreeMap::values)
                .map(move |object| (kind, object))
        })
    }

    /// The object with that uid.
    pub fn by_uid(&self, uid: &str) -> Option<&Arc<Value>> {
        let key = self.by_uid.get(uid)?;
        self.get(&key.kind, &key.namespace, &key.name)
    }

    /// All objects that name `uid` as an owner.
    pub fn dependents(&self, uid: &str) -> impl Iterator<Item = &Arc<Value>> {
        let keys = self.dependents.get(uid).into_iter().flatten();
        keys.filter_map(|key| self.get(&key.kind, &key.namespace, &key.name))
    }

    /// Changes after `version`, oldest first.
    pub fn since(&self, version: u64) -> &[LogEntry] {
        let from = self.log.partition_point(|entry| entry.version <= version);
        &self.log[from..]
    }

    /// Writes (`Some`) or removes (`None`) an object under the next version, which is put into it.
    pub fn commit(&mut self, key: ObjectKey, new: Option<Value>) -> Option<Arc<Value>> {
        self.version += 1;
        let new = new.map(|mut object| {
            object["metadata"]["resourceVersion"] = Value::String(self.version.to_string());
            Arc::new(object)
        });
        let old = self.replace(&key, new.as_ref());
        self.log.push(LogEntry {
            version: self.version,
            kind: key.kind,
            namespace: key.namespace,
            name: key.name,
            old,
            new: new.clone(),
        });
        new
    }

    /// Puts a saved object back without a log entry.
    pub(crate) fn restore(&mut self, key: &ObjectKey, object: Value) {
        self.replace(key, Some(&Arc::new(object)));
    }

    /// Forgets the log and goes on from `version`.
    pub(crate) fn restart_log(&mut self, version: u64) {
        self.version = version;
        self.log_start = version;
        self.log.clear();
    }

    fn replace(&mut self, key: &ObjectKey, new: Option<&Arc<Value>>) -> Option<Arc<Value>> {
        let old = match new {
            Some(object) => {
                let names = self
                    .objects
                    .entry(key.kind.clone())
                    .or_default()
                    .entry(key.namespace.clone())
                    .or_default();
                names.insert(key.name.clone(), object.clone())
            }
            None => self.take(key),
        };
        self.index(key, old.as_deref(), new.map(AsRef::as_ref));
        old
    }

    fn take(&mut self, key: &ObjectKey) -> Option<Arc<Value>> {
        let spaces = self.objects.get_mut(&key.kind)?;
        let names = spaces.get_mut(&key.namespace)?;
        let old = names.remove(&key.name);
        if names.is_empty() {
            spaces.remove(&key.namespace);
        }
        old
    }

    fn index(&mut self, key: &ObjectKey, old: Option<&Value>, new: Option<&Value>) {
        let uid_before = old.map(object::uid);
        let uid_after = new.map(object::uid);
        if uid_before != uid_after {
            if let Some(uid) = uid_before {
                self.by_uid.remove(uid);
            }
            if let Some(uid) = uid_after {
                self.by_uid.insert(uid.to_owned(), key.clone());
            }
        }
        let before = old.map(object::owners).unwrap_or_default();
        let after = new.map(object::owners).unwrap_or_default();
        if before == after {
            return;
        }
        for owner in before.iter().filter_map(|owner| owner["uid"].as_str()) {
            if let Some(keys) = self.dependents.get_mut(owner) {
                keys.remove(key);
                if keys.is_empty() {
                    self.dependents.remove(owner);
                }
            }
        }
        for owner in after.iter().filter_map(|owner| owner["uid"].as_str()) {
            self.dependents
                .entry(owner.to_owned())
                .or_default()
                .insert(key.clone());
        }
    }
}
