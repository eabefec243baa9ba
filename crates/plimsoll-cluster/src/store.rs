//! Objects by kind, namespace and name, with an index by owner and a log of what changed last.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::sync::Weak;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::Value;

use crate::apply::Managers;
use crate::key::ObjectKey;
use crate::object;

/// This many changes are kept for those who come back with the version that they saw last.
const KEPT: usize = 1024;

/// An object without `metadata.managedFields`, and what stands there. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Stored {
    /// The object.
    pub object: Arc<Value>,
    /// Who owns which of its fields.
    pub managers: Managers,
}

impl Stored {
    /// The object with its `managedFields`, as clients know it.
    pub fn whole(&self) -> Value {
        let mut object = Value::clone(&self.object);
        if !self.managers.is_empty() {
            object["metadata"]["managedFields"] =
                serde_json::to_value(&self.managers).unwrap_or_default();
        }
        object
    }
}

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
    /// Who owned its fields after the change, or last.
    pub managers: Managers,
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

/// Somebody who reads the log: what comes after its place is kept for it.
#[derive(Debug)]
pub struct Reader(Arc<AtomicU64>);

impl Reader {
    /// The version up to which it has read.
    pub fn place(&self) -> u64 {
        self.0.load(Ordering::Acquire)
    }

    /// It has read up to here.
    pub fn move_to(&self, version: u64) {
        self.0.store(version, Ordering::Release);
    }
}

type Names = BTreeMap<String, Stored>;
type Namespaces = BTreeMap<String, Names>;

/// All objects and their history since [`Store::log_start`].
#[derive(Debug, Default)]
pub struct Store {
    objects: BTreeMap<Arc<str>, Namespaces>,
    dependents: BTreeMap<String, BTreeSet<ObjectKey>>,
    by_uid: BTreeMap<String, ObjectKey>,
    log: VecDeque<LogEntry>,
    log_start: u64,
    /// The log is looked through for what can be forgotten when it has this length.
    full_at: usize,
    readers: Vec<Weak<AtomicU64>>,
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
        self.stored(kind, namespace, name)
            .map(|stored| &stored.object)
    }

    /// One object and who owns its fields.
    pub fn stored(&self, kind: &str, namespace: &str, name: &str) -> Option<&Stored> {
        self.objects.get(kind)?.get(namespace)?.get(name)
    }

    /// All objects of a kind, ordered by namespace and name.
    pub fn list(&self, kind: &str) -> impl Iterator<Item = &Arc<Value>> {
        self.list_stored(kind).map(|stored| &stored.object)
    }

    /// All objects of a kind in one namespace, ordered by name.
    pub fn list_in(&self, kind: &str, namespace: &str) -> impl Iterator<Item = &Arc<Value>> {
        self.list_stored_in(kind, namespace)
            .map(|stored| &stored.object)
    }

    /// As [`Store::list`], with the owners of fields.
    pub fn list_stored(&self, kind: &str) -> impl Iterator<Item = &Stored> {
        self.objects
            .get(kind)
            .into_iter()
            .flat_map(BTreeMap::values)
            .flat_map(BTreeMap::values)
    }

    /// As [`Store::list_in`], with the owners of fields.
    pub fn list_stored_in(&self, kind: &str, namespace: &str) -> impl Iterator<Item = &Stored> {
        self.objects
            .get(kind)
            .and_then(|spaces| spaces.get(namespace))
            .into_iter()
            .flat_map(BTreeMap::values)
    }

    /// All objects, ordered by kind, namespace and name.
    pub fn iter(&self) -> impl Iterator<Item = (&Arc<str>, &Stored)> {
        self.objects.iter().flat_map(|(kind, spaces)| {
            spaces
                .values()
                .flat_map(BTreeMap::values)
                .map(move |stored| (kind, stored))
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
    pub fn since(&self, version: u64) -> impl ExactSizeIterator<Item = &LogEntry> {
        let from = self.log.partition_point(|entry| entry.version <= version);
        self.log.range(from..)
    }

    /// Keeps all changes after `version` for a reader, for as long as it is there.
    pub fn follow(&mut self, version: u64) -> Reader {
        let reader = Reader(Arc::new(AtomicU64::new(version)));
        self.readers.push(Arc::downgrade(&reader.0));
        reader
    }

    /// Writes (`Some`) or removes (`None`) an object under the next version, which is put into it.
    pub fn commit(&mut self, key: ObjectKey, new: Option<(Value, Managers)>) -> Option<Stored> {
        self.version += 1;
        let new = new.map(|(mut object, managers)| {
            object["metadata"]["resourceVersion"] = Value::String(self.version.to_string());
            Stored {
                object: Arc::new(object),
                managers,
            }
        });
        let old = self.replace(&key, new.as_ref());
        let managers = new.as_ref().or(old.as_ref()).map(|one| &one.managers);
        self.log.push_back(LogEntry {
            version: self.version,
            kind: key.kind,
            namespace: key.namespace,
            name: key.name,
            managers: managers.cloned().unwrap_or_default(),
            old: old.map(|old| old.object),
            new: new.as_ref().map(|new| new.object.clone()),
        });
        if self.log.len() >= self.full_at {
            self.forget();
        }
        new
    }

    /// Drops the oldest changes that nobody waits for.
    fn forget(&mut self) {
        self.readers.retain(|reader| reader.strong_count() > 0);
        let places = self.readers.iter().filter_map(Weak::upgrade);
        let slowest = places.map(|place| place.load(Ordering::Acquire)).min();
        let read = slowest.map_or(self.log.len(), |version| {
            self.log.partition_point(|entry| entry.version <= version)
        });
        let count = read.min(self.log.len().saturating_sub(KEPT));
        if let Some(last) = self.log.drain(..count).next_back() {
            self.log_start = last.version;
        }
        self.full_at = self.log.len() + KEPT;
    }

    /// Puts a saved object back without a log entry.
    pub(crate) fn restore(&mut self, key: &ObjectKey, object: Value, managers: Managers) {
        let object = Arc::new(object);
        self.replace(key, Some(&Stored { object, managers }));
    }

    /// Forgets the log and goes on from `version`.
    pub(crate) fn restart_log(&mut self, version: u64) {
        self.version = version;
        self.log_start = version;
        self.log.clear();
    }

    fn replace(&mut self, key: &ObjectKey, new: Option<&Stored>) -> Option<Stored> {
        let old = match new {
            Some(stored) => {
                let names = self
                    .objects
                    .entry(key.kind.clone())
                    .or_default()
                    .entry(key.namespace.clone())
                    .or_default();
                names.insert(key.name.clone(), stored.clone())
            }
            None => self.take(key),
        };
        let object = |stored: &Stored| stored.object.clone();
        let (before, after) = (old.as_ref().map(object), new.map(object));
        self.index(key, before.as_deref(), after.as_deref());
        old
    }

    fn take(&mut self, key: &ObjectKey) -> Option<Stored> {
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn write(store: &mut Store, name: &str) {
        let key = ObjectKey {
            kind: "ConfigMap".into(),
            namespace: "default".to_owned(),
            name: name.to_owned(),
        };
        let object = json!({"metadata": {"name": name, "uid": name}});
        store.commit(key, Some((object, Managers::default())));
    }

    #[test]
    fn old_changes_are_forgotten_unless_somebody_has_yet_to_read_them() {
        let mut store = Store::default();
        let reader = store.follow(0);
        for _ in 0..5 * KEPT {
            write(&mut store, "a");
        }
        assert_eq!(store.since(0).len(), 5 * KEPT);
        reader.move_to(u64::try_from(3 * KEPT).unwrap());
        for _ in 0..5 * KEPT {
            write(&mut store, "a");
        }
        assert_eq!(store.log_start(), reader.place());
        drop(reader);
        for _ in 0..8 * KEPT {
            write(&mut store, "a");
        }
        assert!(store.since(0).len() <= 2 * KEPT, "{}", store.since(0).len());
        assert!(store.since(0).len() >= KEPT);
        assert_eq!(store.list("ConfigMap").count(), 1);
    }
}
