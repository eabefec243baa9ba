//! Watches: changes after a version, as lines of JSON, until the client leaves or the time is up.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures::stream;
use serde::Serialize;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep_until};

use super::call::Call;
use super::path::Target;
use super::read::{self, Place};
use super::reply::{Reply, to_bytes};
use super::selector::Selector;
use super::shown::Shown;
use crate::apply::Managers;
use crate::changes::Changed;
use crate::error::ApiError;
use crate::state::State;
use crate::store::{LogEntry, Reader, Stored};

/// How often a watch that wants bookmarks gets one.
const BOOKMARK_EVERY: Duration = Duration::from_mins(1);
/// How long a watch lasts that names no time.
const DEFAULT_TIMEOUT: Duration = Duration::from_mins(30);

/// One running watch.
struct Watch {
    state: Arc<Mutex<State>>,
    changes: Changed,
    scope: Scope,
    /// Changes up to here were told.
    reader: Reader,
    pending: VecDeque<Bytes>,
    ends: Instant,
    next_bookmark: Option<Instant>,
    over: bool,
}

/// One line of a watch.
#[derive(Serialize)]
struct Line<'a> {
    #[serde(rename = "type")]
    change: &'static str,
    object: Shown<'a>,
}

/// What a watch is about, and in which form the client wants it.
struct Scope {
    place: Place,
    selector: Selector,
    partial: bool,
}

/// Starts a watch; its lines come as the cluster changes.
pub fn start(state: &Arc<Mutex<State>>, target: &Target, call: &Call) -> Result<Reply, ApiError> {
    let mut guard = super::lock(state);
    let scope = scope(&guard, target, call)?;
    let seconds = call
        .query("timeoutSeconds")
        .and_then(|text| text.parse().ok());
    let now = Instant::now();
    let mut watch = Watch {
        state: state.clone(),
        changes: guard.subscribe(),
        scope,
        reader: guard.follow(),
        pending: VecDeque::new(),
        ends: now + seconds.map_or(DEFAULT_TIMEOUT, Duration::from_secs),
        next_bookmark: call
            .flag("allowWatchBookmarks")
            .then_some(now + BOOKMARK_EVERY),
        over: false,
    };
    watch.begin(&guard, call);
    drop(guard);
    let lines = stream::unfold(watch, |mut watch| async move {
        Some((watch.next().await?, watch))
    });
    Ok(Reply::Stream(Box::pin(lines)))
}

fn scope(state: &State, target: &Target, call: &Call) -> Result<Scope, ApiError> {
    let mut selector = read::selector(call)?;
    let place = match target {
        Target::Collection {
            group,
            version,
            namespace,
            plural,
        } => Place::collection(state, group, version, plural, namespace.clone())?,
        Target::Object {
            group,
            version,
            namespace,
            plural,
            name,
        } => {
            selector = Selector::parse("", &format!("metadata.name={name}"))?;
            Place::object(
                state,
                group,
                version,
                plural,
                namespace.clone(),
                name.clone(),
            )?
        }
        _ => return Err(ApiError::unknown_path()),
    };
    Ok(Scope {
        place,
        selector,
        partial: call.wants("PartialObjectMetadata"),
    })
}

impl Watch {
    /// Queues what the client should hear first.
    fn begin(&mut self, state: &State, call: &Call) {
        let version = call.query("resourceVersion").unwrap_or("0");
        let initial = call.flag("sendInitialEvents");
        if initial || version == "0" {
            for Stored { object, managers } in
                read::select(state, &self.scope.place, &self.scope.selector)
            {
                self.pending
                    .push_back(self.scope.line("ADDED", object, managers, None));
            }
            if initial && call.flag("allowWatchBookmarks") {
                self.pending
                    .push_back(self.scope.bookmark(self.reader.place(), true));
            }
            return;
        }
        let Ok(wanted) = version.parse::<u64>() else {
            let message = format!("Invalid value: \"{version}\": resourceVersion must be a number");
            return self.fail(&ApiError::bad_request(message));
        };
        if wanted < state.store.log_start() {
            let message = format!(
                "too old resource version: {wanted} ({})",
                state.store.log_start()
            );
            return self.fail(&ApiError::expired(message));
        }
        self.reader.move_to(wanted);
    }

    fn fail(&mut self, error: &ApiError) {
        self.pending.push_back(to_bytes(
            &json!({"type": "ERROR", "object": error.to_status()}),
        ));
        self.over = true;
    }

    async fn next(&mut self) -> Option<Bytes> {
        loop {
            if let Some(line) = self.pending.pop_front() {
                return Some(line);
            }
            if self.over {
                return None;
            }
            self.collect();
            if !self.pending.is_empty() {
                continue;
            }
            let wake = self.next_bookmark.map_or(self.ends, |at| at.min(self.ends));
            tokio::select! {
                biased;
                () = self.changes.changed() => {}
                () = sleep_until(wake) => self.on_time(wake),
            }
        }
    }

    fn on_time(&mut self, now: Instant) {
        if now >= self.ends {
            self.over = true;
        }
        if self.next_bookmark.is_some_and(|at| at <= now) {
            self.next_bookmark = Some(now + BOOKMARK_EVERY);
            self.pending
                .push_back(self.scope.bookmark(self.reader.place(), false));
        }
    }

    /// Queues all changes since the last look.
    fn collect(&mut self) {
        let state = super::lock(&self.state);
        self.changes.mark_seen();
        let lines = state
            .events_since(self.reader.place())
            .filter_map(|entry| self.scope.tell(entry));
        self.pending.extend(lines);
        self.reader.move_to(state.version());
    }
}

impl Scope {
    /// The line for a change, when the client should hear of it.
    ///
    /// What matters is whether the object was selected before and is selected now.
    fn tell(&self, entry: &LogEntry) -> Option<Bytes> {
        let in_place = entry.kind == self.place.kind.key
            && self
                .place
                .namespace
                .as_ref()
                .is_none_or(|namespace| *namespace == entry.namespace);
        if !in_place {
            return None;
        }
        let chosen = |object: &&Arc<Value>| self.selector.matches(object);
        let (change, object, version) = match (
            entry.old.as_ref().filter(chosen),
            entry.new.as_ref().filter(chosen),
        ) {
            (None, Some(new)) => ("ADDED", new, None),
            (Some(_), Some(new)) => ("MODIFIED", new, None),
            (Some(old), None) => {
                let last = entry.new.as_ref().unwrap_or(old);
                ("DELETED", last, Some(entry.version))
            }
            (None, None) => return None,
        };
        Some(self.line(change, object, &entry.managers, version))
    }

    fn line(
        &self,
        change: &'static str,
        object: &Value,
        managers: &Managers,
        version: Option<u64>,
    ) -> Bytes {
        let place = &self.place;
        let object = Shown::of(object, managers)
            .in_version((place.version != place.kind.version).then(|| place.api_version()))
            .partial(self.partial)
            .at(version);
        to_bytes(&Line { change, object })
    }

    fn bookmark(&self, version: u64, ends_initial: bool) -> Bytes {
        let mut metadata =
            json!({"resourceVersion": version.to_string(), "creationTimestamp": null});
        if ends_initial {
            metadata["annotations"] = json!({"k8s.io/initial-events-end": "true"});
        }
        let (kind, api_version) = if self.partial {
            ("PartialObjectMetadata", "meta.k8s.io/v1".to_owned())
        } else {
            (self.place.kind.kind.as_str(), self.place.api_version())
        };
        to_bytes(&json!({
            "type": "BOOKMARK", "object": {"kind": kind, "apiVersion": api_version, "metadata": metadata},
        }))
    }
}
