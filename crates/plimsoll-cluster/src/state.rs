//! The whole cluster as one deterministic value: objects, kinds, time and logs, with no I/O.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::apply::Managers;
use crate::changes::{Changed, Changes};
use crate::clock;
use crate::error::ApiError;
use crate::key::ObjectKey;
use crate::kinds::Kinds;
use crate::object;
use crate::store::{LogEntry, Reader, Store, Stored};
use crate::write::{Write, Written};

/// Letters of generated name suffixes, those that Kubernetes uses.
const SUFFIX_LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";

/// Whether an Event tells of something normal.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum EventKind {
    /// As expected.
    Normal,
    /// Something to look at.
    Warning,
}

impl EventKind {
    /// `Normal` or `Warning`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Normal => "Normal",
            Self::Warning => "Warning",
        }
    }
}

/// What happens to the objects that a deleted one owns.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Propagation {
    /// They are deleted afterwards.
    Background,
    /// They are deleted first.
    Foreground,
    /// They stay, without that owner.
    Orphan,
}

/// How to delete.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DeleteOptions {
    /// Seconds that a pod is given to stop; its own wish when absent.
    pub grace_period_seconds: Option<i64>,
    /// What happens to dependents; the kind's default when absent.
    pub propagation: Option<Propagation>,
    /// Delete only the object with this uid.
    pub uid: Option<String>,
    /// Delete only the object of this version.
    pub resource_version: Option<String>,
    /// Check, but change nothing.
    pub dry_run: bool,
}

/// Lines of one container, and of its predecessor before the last restart.
pub(crate) type ContainerLogs = BTreeMap<(String, String, String), Vec<(Timestamp, String)>>;

/// The runtime that time follows, and from when on.
#[derive(Clone, Copy)]
struct Anchor {
    /// None outside of any.
    runtime: Option<tokio::runtime::Id>,
    since: tokio::time::Instant,
    base: Timestamp,
}

/// The cluster.
pub struct State {
    pub(crate) store: Store,
    pub(crate) kinds: Kinds,
    pub(crate) logs: ContainerLogs,
    pub(crate) now: Timestamp,
    pub(crate) seed: u64,
    pub(crate) minor: u16,
    pub(crate) counter: u64,
    anchor: Option<Anchor>,
    newest: Changes,
}

impl State {
    /// An empty cluster of Kubernetes 1.`minor` at [`clock::EPOCH`].
    pub fn new(seed: u64, minor: u16) -> Self {
        Self {
            store: Store::default(),
            kinds: Kinds::default(),
            logs: BTreeMap::new(),
            now: clock::EPOCH,
            seed,
            minor,
            counter: 0,
            anchor: None,
            newest: Changes::default(),
        }
    }

    /// Virtual now.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// Now as Kubernetes writes it in objects.
    pub fn now_text(&self) -> String {
        clock::time(self.now)
    }

    /// Moves the clock; never backwards.
    pub fn set_now(&mut self, now: Timestamp) {
        self.now = self.now.max(now);
    }

    /// From here on, time follows the clock of the tokio runtime that this is called in, paused or not.
    /// Between two runtimes it stands still: how long the wall clock went on meanwhile says nothing.
    pub fn follow_runtime(&mut self) {
        let runtime = current_runtime();
        if self.anchor.is_some_and(|anchor| anchor.runtime == runtime) {
            return;
        }
        self.anchor = Some(Anchor {
            runtime,
            since: tokio::time::Instant::now(),
            base: self.now,
        });
    }

    /// Tells the time from the runtime alone, without this state; `None` while it follows no runtime.
    pub fn runtime_clock(&self) -> Option<impl Fn() -> Timestamp + Send + use<>> {
        let Anchor { since, base, .. } = self.anchor?;
        Some(move || clock::after(base, since.elapsed()))
    }

    /// Brings the clock up to that of the runtime, when it follows the one that this is called in: outside
    /// of it, its instants are those of the wall clock.
    pub fn tick(&mut self) {
        let runtime = current_runtime();
        if self.anchor.is_none_or(|anchor| anchor.runtime != runtime) {
            return;
        }
        if let Some(now) = self.runtime_clock() {
            self.set_now(now());
        }
    }

    /// The minor version of the Kubernetes that is played, 36 in 1.36.
    pub fn minor(&self) -> u16 {
        self.minor
    }

    /// The newest resource version.
    pub fn version(&self) -> u64 {
        self.store.version()
    }

    /// Tells the newest resource version after each change.
    pub fn subscribe(&self) -> Changed {
        self.newest.subscribe()
    }

    /// The kinds that are served.
    pub fn kinds(&self) -> &Kinds {
        &self.kinds
    }

    /// One object; `kind` as in `apps/Deployment`, `namespace` empty for cluster-scoped kinds.
    pub fn get(&self, kind: &str, namespace: &str, name: &str) -> Option<Arc<Value>> {
        self.store.get(kind, namespace, name).cloned()
    }

    /// All objects of a kind, ordered by namespace and name.
    pub fn list(&self, kind: &str) -> Vec<Arc<Value>> {
        self.store.list(kind).cloned().collect()
    }

    /// All objects of a kind in one namespace, ordered by name.
    pub fn list_in(&self, kind: &str, namespace: &str) -> Vec<Arc<Value>> {
        self.store.list_in(kind, namespace).cloned().collect()
    }

    /// All objects, ordered by kind, namespace and name.
    pub fn all(&self) -> impl Iterator<Item = &Arc<Value>> {
        self.store.iter().map(|(_, stored)| &stored.object)
    }

    /// The objects whose controlling owner has this uid.
    pub fn owned_by(&self, uid: &str) -> Vec<Arc<Value>> {
        let controlled = |object: &&Arc<Value>| {
            object::controller_of(object).is_some_and(|owner| owner["uid"] == uid)
        };
        self.store
            .dependents(uid)
            .filter(controlled)
            .cloned()
            .collect()
    }

    /// The objects that name this uid as an owner, controlling or not.
    pub fn dependents(&self, uid: &str) -> Vec<Arc<Value>> {
        self.store.dependents(uid).cloned().collect()
    }

    /// The object with this uid.
    pub fn by_uid(&self, uid: &str) -> Option<Arc<Value>> {
        self.store.by_uid(uid).cloned()
    }

    /// Changes after `version`, oldest first.
    pub fn events_since(&self, version: u64) -> impl ExactSizeIterator<Item = &LogEntry> {
        self.store.since(version)
    }

    /// Keeps all changes from now on for a reader; without one only the newest are kept.
    pub fn follow(&mut self) -> Reader {
        let version = self.version();
        self.store.follow(version)
    }

    /// Creates an object with defaults, admission and validation.
    pub fn create(&mut self, manager: &str, object: Value) -> Result<Arc<Value>, ApiError> {
        self.create_with(object, &Write::by(manager))
            .map(Written::into_object)
    }

    /// Replaces everything but the status; does nothing when nothing differs.
    pub fn update(&mut self, manager: &str, object: Value) -> Result<Arc<Value>, ApiError> {
        self.update_with(object, &Write::by(manager))
            .map(Written::into_object)
    }

    /// Replaces the status alone; does nothing when nothing differs.
    pub fn update_status(&mut self, manager: &str, object: Value) -> Result<Arc<Value>, ApiError> {
        self.update_with(object, &Write::by(manager).on("status"))
            .map(Written::into_object)
    }

    /// Deletes an object, now or, with finalizers or a grace period, later.
    pub fn delete(
        &mut self,
        kind: &str,
        namespace: &str,
        name: &str,
        options: &DeleteOptions,
    ) -> Result<(), ApiError> {
        self.delete_with(kind, namespace, name, options).map(|_| ())
    }

    /// Writes an Event about an object; one that tells the same again only counts up.
    pub fn record(
        &mut self,
        about: &Value,
        kind: EventKind,
        reason: &str,
        message: &str,
        source: &str,
    ) {
        self.record_of((about, ""), kind, reason, message, source);
    }

    /// As [`State::record`] about a part of an object, such as `spec.containers{main}`.
    pub fn record_of(
        &mut self,
        (about, part): (&Value, &str),
        kind: EventKind,
        reason: &str,
        message: &str,
        source: &str,
    ) {
        let name = object::name(about);
        let namespace = match object::namespace(about) {
            "" => "default",
            namespace => namespace,
        };
        let same = fingerprint(&[
            object::uid(about),
            kind.as_str(),
            reason,
            message,
            source,
            name,
            part,
        ]);
        let key = ObjectKey {
            kind: "Event".into(),
            namespace: namespace.to_owned(),
            name: format!("{name}.{}", &same[..16]),
        };
        let now = self.now_text();
        if let Some(known) = self.store.get("Event", namespace, &key.name) {
            let mut event = Value::clone(known);
            event["count"] = json!(event["count"].as_u64().unwrap_or(1) + 1);
            event["lastTimestamp"] = json!(now);
            self.commit(key, Some((event, Managers::default())));
            return;
        }
        let mut event = json!({
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {
                "name": key.name, "namespace": namespace, "uid": self.next_uid(), "creationTimestamp": now,
            },
            "involvedObject": {
                "kind": about["kind"], "apiVersion": about["apiVersion"], "namespace": object::namespace(about),
                "name": name, "uid": object::uid(about), "resourceVersion": about["metadata"]["resourceVersion"],
            },
            "reason": reason,
            "message": message,
            "source": {"component": source},
            "reportingComponent": source,
            "reportingInstance": "",
            "firstTimestamp": now,
            "lastTimestamp": now,
            "count": 1,
            "type": kind.as_str(),
        });
        if !part.is_empty() {
            event["involvedObject"]["fieldPath"] = json!(part);
        }
        self.commit(key, Some((event, Managers::default())));
    }

    /// Adds a line to the log of a container.
    pub fn log_line(&mut self, namespace: &str, pod: &str, container: &str, line: &str) {
        let key = (namespace.to_owned(), pod.to_owned(), container.to_owned());
        self.logs
            .entry(key)
            .or_default()
            .push((self.now, line.to_owned()));
    }

    /// All lines of a container so far, oldest first.
    pub fn log_lines(
        &self,
        namespace: &str,
        pod: &str,
        container: &str,
    ) -> Vec<(Timestamp, String)> {
        let key = (namespace.to_owned(), pod.to_owned(), container.to_owned());
        self.logs.get(&key).cloned().unwrap_or_default()
    }

    /// The next uid: a hash of the seed and a counter in the form of a version 4 UUID.
    pub fn next_uid(&mut self) -> String {
        let hash = self.next_hash();
        let hex = hex(&hash[..16]);
        format!(
            "{}-{}-4{}-a{}-{}",
            &hex[..8],
            &hex[8..12],
            &hex[13..16],
            &hex[17..20],
            &hex[20..32]
        )
    }

    /// The next random-looking suffix of five letters, as `generateName` adds.
    pub fn next_suffix(&mut self) -> String {
        let hash = self.next_hash();
        hash[..5]
            .iter()
            .map(|byte| char::from(SUFFIX_LETTERS[usize::from(*byte) % SUFFIX_LETTERS.len()]))
            .collect()
    }

    /// The next 32 bytes that look random and depend on the seed alone.
    pub fn next_hash(&mut self) -> [u8; 32] {
        self.counter += 1;
        let mut hasher = Sha256::new();
        hasher.update(self.seed.to_le_bytes());
        hasher.update(self.counter.to_le_bytes());
        hasher.finalize().into()
    }

    /// Writes or removes an object without any check, and wakes those who wait.
    pub(crate) fn commit(
        &mut self,
        key: ObjectKey,
        new: Option<(Value, Managers)>,
    ) -> Option<Stored> {
        let written = self.store.commit(key, new);
        self.newest.tell(self.store.version());
        written
    }
}

fn current_runtime() -> Option<tokio::runtime::Id> {
    let current = tokio::runtime::Handle::try_current();
    current.ok().map(|handle| handle.id())
}

/// A hash over texts, in hexadecimal.
pub(crate) fn fingerprint(texts: &[&str]) -> String {
    let mut hasher = Sha256::new();
    for text in texts {
        hasher.update(text.as_bytes());
        hasher.update([0]);
    }
    hex(&hasher.finalize())
}

/// Bytes in hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
