//! The objects of a cluster as they are now: listed once per kind and namespace, then watched.
//!
//! A list becomes a watch only when [`Observed::next`] is asked for; a release with nothing to do
//! never opens one.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::join_all;
use futures::stream::{BoxStream, SelectAll, StreamExt};
use kube::Client;
use kube::api::{DynamicObject, TypeMeta};
use kube::runtime::WatchStreamExt;
use kube::runtime::watcher::{self, Config, Event, watcher};

use crate::error::{ShipError, code};
use crate::kinds::{Kinds, api};
use crate::release::ObjectKey;

/// All objects of one kind, in one namespace or everywhere.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Scope {
    /// Group and version.
    pub api_version: String,
    /// The kind.
    pub kind: String,
    /// None for kinds without namespace.
    pub namespace: Option<String>,
}

impl Scope {
    /// The scope that holds an object.
    pub fn of(key: &ObjectKey) -> Self {
        Self {
            api_version: key.api_version.clone(),
            kind: key.kind.clone(),
            namespace: key.namespace.clone(),
        }
    }

    fn key(&self, object: &DynamicObject) -> ObjectKey {
        ObjectKey {
            api_version: self.api_version.clone(),
            kind: self.kind.clone(),
            namespace: object.metadata.namespace.clone(),
            name: object.metadata.name.clone().unwrap_or_default(),
        }
    }
}

type Answer = (usize, Result<Event<DynamicObject>, watcher::Error>);

/// A picture of the cluster, kept up to date.
pub struct Observed {
    client: Client,
    scopes: Vec<Scope>,
    streams: SelectAll<BoxStream<'static, Answer>>,
    objects: BTreeMap<ObjectKey, DynamicObject>,
    /// Objects seen since a list began again; the others are gone when it ends.
    listing: BTreeMap<usize, BTreeSet<ObjectKey>>,
}

/// A list that fails this often in a row is given up.
const TRIES: usize = 6;

impl Observed {
    /// Nothing yet.
    pub fn new(client: &Client) -> Self {
        Self {
            client: client.clone(),
            scopes: Vec::new(),
            streams: SelectAll::new(),
            objects: BTreeMap::new(),
            listing: BTreeMap::new(),
        }
    }

    /// Lists every scope that is new and served, all at once.
    pub async fn open(
        &mut self,
        kinds: &Kinds,
        scopes: impl IntoIterator<Item = Scope>,
    ) -> Result<(), ShipError> {
        let mut lists = Vec::new();
        for scope in scopes.into_iter().collect::<BTreeSet<_>>() {
            let served = kinds.get(&scope.api_version, &scope.kind);
            let Some(served) =
                served.filter(|served| !served.is_coming && !self.scopes.contains(&scope))
            else {
                continue;
            };
            let number = self.scopes.len();
            let api = api(&self.client, served, scope.namespace.as_deref());
            let stream = watcher(api, Config::default()).default_backoff();
            lists.push(first_list(stream.map(move |event| (number, event)).boxed()));
            self.scopes.push(scope);
        }
        for (answers, stream) in join_all(lists).await {
            for (number, event) in answers {
                let scope = &self.scopes[number];
                let what = format!("listing objects of kind {}", scope.kind);
                let event = event.map_err(|error| failed(what, error))?;
                self.take(number, event);
            }
            self.streams.push(stream);
        }
        Ok(())
    }

    /// Waits for a change and returns the object that it is about. Never ends: a watch that breaks
    /// begins again.
    pub async fn next(&mut self) -> ObjectKey {
        loop {
            match self.streams.next().await {
                Some((number, Ok(event))) => {
                    if let Some(key) = self.take(number, event) {
                        return key;
                    }
                }
                Some((_, Err(_))) => {}
                None => std::future::pending().await,
            }
        }
    }

    /// An object as it is now.
    pub fn get(&self, key: &ObjectKey) -> Option<&DynamicObject> {
        self.objects.get(key)
    }

    /// All objects, ordered by name.
    pub fn all(&self) -> impl Iterator<Item = (&ObjectKey, &DynamicObject)> {
        self.objects.iter()
    }

    /// Objects of a kind, ordered by namespace and name.
    pub fn of_kind<'a>(
        &'a self,
        api_version: &'a str,
        kind: &'a str,
    ) -> impl Iterator<Item = (&'a ObjectKey, &'a DynamicObject)> {
        let first = ObjectKey::new(api_version, kind, None, "");
        let same = move |key: &ObjectKey| key.api_version == api_version && key.kind == kind;
        self.objects
            .range(first..)
            .take_while(move |(key, _)| same(key))
    }

    /// Takes what a request answered, so that nobody acts on what was before it.
    pub fn put(&mut self, key: ObjectKey, object: DynamicObject) {
        if !self.is_newer(&key, &object) {
            self.objects.insert(key, object);
        }
    }

    /// Forgets an object that a request found to be gone.
    pub fn forget(&mut self, key: &ObjectKey) {
        self.objects.remove(key);
    }

    fn take(&mut self, number: usize, event: Event<DynamicObject>) -> Option<ObjectKey> {
        let scope = &self.scopes[number];
        match event {
            Event::Init => {
                self.listing.insert(number, BTreeSet::new());
                None
            }
            Event::InitApply(object) | Event::Apply(object) => {
                let key = scope.key(&object);
                let types = TypeMeta {
                    api_version: key.api_version.clone(),
                    kind: key.kind.clone(),
                };
                if let Some(seen) = self.listing.get_mut(&number) {
                    seen.insert(key.clone());
                }
                self.put(
                    key.clone(),
                    DynamicObject {
                        types: Some(types),
                        ..object
                    },
                );
                Some(key)
            }
            Event::Delete(object) => {
                let key = scope.key(&object);
                let known = self.objects.get(&key)?;
                // A deletion that was overtaken by a new object of the same name is old news.
                if known.metadata.uid == object.metadata.uid {
                    self.objects.remove(&key);
                }
                Some(key)
            }
            Event::InitDone => {
                let seen = self.listing.remove(&number)?;
                let scope = scope.clone();
                self.objects
                    .retain(|key, _| seen.contains(key) || Scope::of(key) != scope);
                None
            }
        }
    }

    /// Whether the known object is newer than this one. Versions of one object grow (promised
    /// since Kubernetes 1.35, true before).
    fn is_newer(&self, key: &ObjectKey, object: &DynamicObject) -> bool {
        let version = |object: &DynamicObject| {
            let version = object.metadata.resource_version.as_ref();
            version.and_then(|version| version.parse::<u64>().ok())
        };
        self.objects.get(key).is_some_and(|known| {
            known.metadata.uid == object.metadata.uid
                && version(known)
                    .zip(version(object))
                    .is_some_and(|(known, new)| known > new)
        })
    }
}

/// Reads a stream until its first list is complete, or fails for good.
async fn first_list(
    mut stream: BoxStream<'static, Answer>,
) -> (Vec<Answer>, BoxStream<'static, Answer>) {
    let mut answers = Vec::new();
    let mut failures = 0;
    while let Some((number, answer)) = stream.next().await {
        match answer {
            Ok(event) => {
                let is_done = matches!(event, Event::InitDone);
                answers.push((number, Ok(event)));
                if is_done {
                    break;
                }
            }
            Err(error) => {
                failures += 1;
                if status(&error) == 404 {
                    break;
                }
                if failures == TRIES || matches!(status(&error), 400..=403) {
                    answers.push((number, Err(error)));
                    break;
                }
            }
        }
    }
    (answers, stream)
}

fn status(error: &watcher::Error) -> u16 {
    match error {
        watcher::Error::InitialListFailed(error)
        | watcher::Error::WatchStartFailed(error)
        | watcher::Error::WatchFailed(error) => code(error),
        watcher::Error::WatchError(status) => status.code,
        watcher::Error::NoResourceVersion => 0,
    }
}

fn failed(what: String, error: watcher::Error) -> ShipError {
    let source = match error {
        watcher::Error::InitialListFailed(error)
        | watcher::Error::WatchStartFailed(error)
        | watcher::Error::WatchFailed(error) => error,
        watcher::Error::WatchError(status) => kube::Error::Api(status),
        watcher::Error::NoResourceVersion => kube::Error::LinesCodecMaxLineLengthExceeded,
    };
    ShipError::request(what)(source)
}
