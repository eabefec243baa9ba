//! The release itself: every object starts when its own edges are met, and is watched until ready.
//!
//! One task, one event at a time, in an order that follows from the release and the cluster's
//! answers alone.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures::future::BoxFuture;
use futures::stream::{FuturesUnordered, StreamExt};
use kube::Client;
use kube::api::DynamicObject;
use tokio::time::{Instant, sleep_until};

use crate::apply::Refusal;
use crate::cause::Cause;
use crate::clock::Clock;
use crate::error::ShipError;
use crate::events::{Event, Listener, What};
use crate::examine::Suspicions;
use crate::family::wanted;
use crate::graph::{Graph, Need};
use crate::inventory::Inventory;
use crate::issued::{self, with_certificates};
use crate::journal::Journal;
use crate::kinds::Kinds;
use crate::lease::{Lease, RENEWAL};
use crate::observe::{Observed, Scope};
use crate::ready::{Readiness, readiness};
use crate::references::autoscaled;
use crate::release::{Desired, ObjectKey, RELEASE_LABEL, Release};
use crate::report::{Failure, Objects, Waves};
use crate::request::{Apply, Write};
use crate::steps::{self, Planned, Step};
use crate::transfer::{Growth, size_patch};
use crate::wishes::{self, Action};

/// Writes that are under way at once.
const AT_ONCE: usize = 16;

/// How often unready objects are looked at more closely.
const TICK: Duration = Duration::from_secs(5);

/// How far an object is.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum State {
    /// It waits for others.
    Blocked,
    /// Its write is under way.
    Starting,
    /// It exists since then; the text says what is missing.
    Waiting(Instant, Readiness),
    /// It is up.
    Ready,
}

type Sent = (usize, Result<DynamicObject, Refusal>);

/// A release under way.
pub(crate) struct Engine<'a> {
    pub(crate) client: &'a Client,
    pub(crate) release: &'a Release,
    pub(crate) graph: &'a Graph,
    pub(crate) kinds: Kinds,
    pub(crate) observed: Observed,
    pub(crate) planned: Vec<Planned>,
    pub(crate) secrets: Vec<Action>,
    pub(crate) inventory: Inventory,
    pub(crate) journal: Journal,
    pub(crate) clock: Clock,
    pub(crate) listener: &'a mut dyn Listener,
    pub(crate) states: Vec<State>,
    pub(crate) objects: Objects,
    pub(crate) waves: Waves,
    pub(crate) suspicions: Suspicions,
    pub(crate) failure: Option<Failure>,
    pub(crate) ran: BTreeSet<usize>,
    nodes: BTreeMap<ObjectKey, usize>,
    /// Fewest pods that an autoscaler of the release asks of a workload.
    minimums: BTreeMap<usize, i64>,
    /// What waits for certificates, by their Secrets.
    certificates: BTreeMap<ObjectKey, Vec<usize>>,
    open_edges: Vec<usize>,
    followers: Vec<Vec<(usize, Need)>>,
    startable: BTreeSet<(usize, usize)>,
    requests: FuturesUnordered<BoxFuture<'static, Sent>>,
    /// Uid and version of objects when their write was sent: a watch may be quicker than the answer.
    sent: BTreeMap<usize, Identity>,
    left: usize,
}

/// Uid and version of an object.
type Identity = (Option<String>, Option<String>);

/// What an engine is made of.
pub(crate) struct Parts<'a> {
    pub(crate) client: &'a Client,
    pub(crate) release: &'a Release,
    pub(crate) graph: &'a Graph,
    pub(crate) kinds: Kinds,
    pub(crate) observed: Observed,
    pub(crate) planned: Vec<Planned>,
    pub(crate) secrets: Vec<Action>,
    pub(crate) inventory: Inventory,
    pub(crate) journal: Journal,
    pub(crate) clock: Clock,
    pub(crate) listener: &'a mut dyn Listener,
}

impl<'a> Engine<'a> {
    pub(crate) fn new(parts: Parts<'a>) -> Self {
        let Parts { graph, .. } = parts;
        let mut followers = vec![Vec::new(); graph.len()];
        let mut waves = Waves::default();
        for node in 0..graph.len() {
            waves.count(graph.wave(node));
            for edge in graph.before(node) {
                followers[edge.before].push((node, edge.need));
            }
        }
        let open_edges: Vec<usize> = (0..graph.len())
            .map(|node| graph.before(node).len())
            .collect();
        let free = (0..graph.len()).filter(|&node| open_edges[node] == 0);
        let nodes: BTreeMap<ObjectKey, usize> = (0..graph.len())
            .map(|node| (graph.key(node).clone(), node))
            .collect();
        Self {
            client: parts.client,
            minimums: minimums(parts.release, &nodes),
            certificates: issued::waiting(parts.release),
            release: parts.release,
            graph,
            kinds: parts.kinds,
            observed: parts.observed,
            planned: parts.planned,
            secrets: parts.secrets,
            inventory: parts.inventory,
            journal: parts.journal,
            clock: parts.clock,
            listener: parts.listener,
            states: vec![State::Blocked; graph.len()],
            objects: Objects::default(),
            waves,
            suspicions: Suspicions::default(),
            failure: None,
            ran: BTreeSet::new(),
            nodes,
            startable: free.map(|node| (graph.wave(node), node)).collect(),
            open_edges,
            followers,
            requests: FuturesUnordered::new(),
            sent: BTreeMap::new(),
            left: graph.len(),
        }
    }

    /// Runs until everything is ready, or something fails for good.
    pub(crate) async fn run(&mut self, lease: &mut Lease) -> Result<(), ShipError> {
        let deadline = Instant::now() + self.release.deadline;
        let mut tick = Instant::now() + TICK;
        let mut renewal = Instant::now() + RENEWAL;
        loop {
            self.start_what_can().await?;
            if self.failure.is_some() {
                return self.finish_requests().await;
            }
            if self.left == 0 {
                return Ok(());
            }
            tokio::select! {
                biased;
                Some((node, answer)) = self.requests.next(), if !self.requests.is_empty() => {
                    self.answered(node, answer)?;
                }
                key = self.observed.next() => self.judge_key(&key),
                () = sleep_until(deadline) => self.give_up().await,
                () = sleep_until(tick) => {
                    self.examine().await;
                    tick = Instant::now() + TICK;
                }
                () = sleep_until(renewal) => {
                    lease.renew().await?;
                    renewal = Instant::now() + RENEWAL;
                }
            }
        }
    }

    /// Writes that are under way are waited for, so that what they made is known.
    async fn finish_requests(&mut self) -> Result<(), ShipError> {
        while let Some((node, answer)) = self.requests.next().await {
            self.answered(node, answer)?;
        }
        Ok(())
    }

    async fn start_what_can(&mut self) -> Result<(), ShipError> {
        while self.requests.len() < AT_ONCE && self.failure.is_none() {
            let Some((wave, node)) = self.startable.pop_first() else {
                return Ok(());
            };
            self.waves.started(wave, self.clock.elapsed());
            self.open_scope(node).await?;
            match self.write(node) {
                Start::Write(write) => self.send(node, write)?,
                Start::Nothing => self.exists(node, None),
                Start::Remembered => self.remembered(node),
                Start::Refused(cause) => self.fail(node, Cause::BelongsToOthers, cause, Vec::new()),
            }
        }
        Ok(())
    }

    /// Objects of a kind that was not served when the release began are listed now.
    async fn open_scope(&mut self, node: usize) -> Result<(), ShipError> {
        let key = self.graph.key(node);
        self.observed.open(&self.kinds, [Scope::of(key)]).await
    }

    fn apply(&self, key: &ObjectKey, planned: &Planned, instead_of: Option<String>) -> Start {
        // The main one was made for the inventory already.
        let is_other = steps::is_namespace(key) && key.name != self.release.namespace;
        let is_new = is_other && self.observed.get(key).is_none();
        let id = self.release.target().id();
        let transfer = &planned.transfer;
        let api = |key: &ObjectKey| self.kinds.api(self.client, key).ok();
        let scaler = transfer.scaler.as_ref();
        let grown = |growth: &Growth| {
            let claims = growth.claims.iter();
            let claims = claims.filter_map(|(claim, size)| {
                Some((api(claim)?, claim.name.clone(), size_patch(size)))
            });
            (claims.collect(), growth.uid.clone())
        };
        Start::Write(Write::Apply(Box::new(Apply {
            body: planned.body.clone(),
            namespace: is_new.then(|| steps::bare_namespace(&key.name, &id)),
            instead_of,
            hand_over: transfer.hand_over.clone(),
            scaler: scaler.and_then(|(key, uid)| Some((api(key)?, key.name.clone(), uid.clone()))),
            growth: transfer.growth.as_ref().map(grown),
            force: transfer.force,
        })))
    }

    fn write(&self, node: usize) -> Start {
        let id = self.release.target().id();
        let key = self.graph.key(node);
        let Some(planned) = self.planned.get(node) else {
            return self.write_secret(node - self.planned.len(), key, &id);
        };
        match &planned.step {
            Step::Keep => Start::Nothing,
            Step::Remembered => Start::Remembered,
            Step::Apply => self.apply(key, planned, None),
            Step::Again(uid) => self.apply(key, planned, Some(uid.clone())),
            Step::Foreign(owner) => Start::Refused(format!(
                "it is there already and belongs to {owner}; it is taken over only where that is asked for"
            )),
        }
    }

    fn write_secret(&self, at: usize, key: &ObjectKey, id: &str) -> Start {
        let action = &self.secrets[at];
        match action {
            Action::Keep => Start::Nothing,
            Action::Create(_) => {
                let wish = &self.release.secrets[at];
                Start::Write(Write::Create(wishes::body(
                    wish,
                    (RELEASE_LABEL, id),
                    action,
                )))
            }
            Action::Put(_) => {
                let live = self.observed.get(key);
                let version = live.and_then(|live| live.metadata.resource_version.clone());
                let data = serde_json::Value::Object(action.data());
                Start::Write(Write::Put {
                    data,
                    version: version.unwrap_or_default(),
                })
            }
        }
    }

    fn send(&mut self, node: usize, write: Write) -> Result<(), ShipError> {
        let key = self.graph.key(node);
        let api = self.kinds.api(self.client, key)?;
        let name = key.name.clone();
        if let Some(live) = self.observed.get(key) {
            let metadata = &live.metadata;
            let identity = (metadata.uid.clone(), metadata.resource_version.clone());
            self.sent.insert(node, identity);
        }
        self.states[node] = State::Starting;
        self.requests.push(Box::pin(
            async move { (node, write.send(api, &name).await) },
        ));
        Ok(())
    }

    fn answered(
        &mut self,
        node: usize,
        answer: Result<DynamicObject, Refusal>,
    ) -> Result<(), ShipError> {
        match answer {
            Ok(object) => self.exists(node, Some(object)),
            Err(Refusal::Conflict(fields)) => {
                let cause = format!(
                    "others set fields that the release sets otherwise: {}",
                    fields.join(", ")
                );
                self.fail(node, Cause::FieldOfOthers, cause, Vec::new());
            }
            Err(Refusal::Refused(cause)) => {
                let cause = format!("the cluster refuses it: {cause}");
                self.fail(node, Cause::Refused, cause, Vec::new());
            }
            Err(Refusal::Unreachable(error)) => {
                let what = format!("applying {}", self.graph.key(node));
                return Err(ShipError::request(what)(error));
            }
        }
        Ok(())
    }

    /// An object is there, by this answer or from before.
    fn exists(&mut self, node: usize, answer: Option<DynamicObject>) {
        let key = self.graph.key(node).clone();
        match answer {
            None => self.objects.unchanged += 1,
            Some(object) => self.count(node, &key, object),
        }
        if let (Some(live), Some(entry)) = (self.observed.get(&key), self.inventory.0.get_mut(&key))
        {
            entry.uid.clone_from(&live.metadata.uid);
            entry.hash = self.planned.get(node).map(|planned| planned.hash.clone());
        }
        self.states[node] = State::Waiting(Instant::now(), just_made());
        self.meet(node, Need::Exists);
        self.judge(node);
    }

    fn count(&mut self, node: usize, key: &ObjectKey, object: DynamicObject) {
        let before = self.sent.get(&node);
        let replaced = before.is_none_or(|(uid, _)| *uid != object.metadata.uid);
        let is_same =
            before.is_some_and(|(_, version)| *version == object.metadata.resource_version);
        if replaced {
            self.objects.created += 1;
            self.say(node, What::Created);
        } else if is_same {
            self.objects.unchanged += 1;
        } else {
            self.objects.changed += 1;
            self.say(node, What::Changed);
        }
        self.confirmed(key, object);
    }

    /// Takes an object as the cluster answered it.
    pub(crate) fn confirmed(&mut self, key: &ObjectKey, object: DynamicObject) {
        let types = Some(kube::api::TypeMeta {
            api_version: key.api_version.clone(),
            kind: key.kind.clone(),
        });
        let object = DynamicObject { types, ..object };
        self.observed.put(key.clone(), object);
    }

    fn remembered(&mut self, node: usize) {
        let key = self.graph.key(node).clone();
        self.objects.unchanged += 1;
        if let (Some(live), Some(entry)) = (self.observed.get(&key), self.inventory.0.get_mut(&key))
        {
            entry.uid.clone_from(&live.metadata.uid);
        }
        self.journal.ran_before(&key, self.clock.now());
        self.say(node, What::Remembered);
        self.meet(node, Need::Exists);
        self.states[node] = State::Ready;
        self.left -= 1;
        self.meet(node, Need::Ready);
    }

    fn judge_key(&mut self, key: &ObjectKey) {
        if let Some(&node) = self.nodes.get(key) {
            self.judge(node);
        }
        for node in self.certificates.get(key).cloned().unwrap_or_default() {
            self.judge(node);
        }
    }

    /// Looks at an object that is waited for.
    fn judge(&mut self, node: usize) {
        let State::Waiting(since, before) = &self.states[node] else {
            return;
        };
        let (since, before) = (*since, before.clone());
        let key = self.graph.key(node);
        let has_status = self
            .kinds
            .get(&key.api_version, &key.kind)
            .is_some_and(|k| k.has_status);
        let now = match self.observed.get(key) {
            Some(live) => {
                let now = self.with_minimum(node, live, readiness(live, has_status));
                with_certificates(key, live, &self.observed, now)
            }
            None => Readiness::Waiting("it is gone".to_owned()),
        };
        if now == Readiness::Ready {
            // What is ready by existing has its line already.
            if before != just_made() {
                self.say(node, What::Ready);
            }
            self.became_ready(node);
            return;
        }
        if let Readiness::Waiting(missing) = &now
            && now != before
            && now != Readiness::unseen()
        {
            self.say(node, What::Waiting(missing.clone()));
        }
        self.states[node] = State::Waiting(since, now);
    }

    /// A workload starts with one pod; it is up when its autoscaler has brought it to the fewest.
    fn with_minimum(&self, node: usize, live: &DynamicObject, now: Readiness) -> Readiness {
        let minimum = self.minimums.get(&node).copied().unwrap_or(0);
        let asked = wanted(live);
        if now == Readiness::Ready && asked < minimum {
            return Readiness::Waiting(format!("{asked} of at least {minimum} pods are asked for"));
        }
        now
    }

    fn became_ready(&mut self, node: usize) {
        self.states[node] = State::Ready;
        self.left -= 1;
        self.waves
            .ready(self.graph.wave(node), self.clock.elapsed());
        let object = self.release.objects.get(node);
        if object.is_some_and(|object| object.role.runs_once()) {
            self.journal.ran(self.graph.key(node), self.clock.now());
            self.ran.insert(node);
        }
        if let Some((group, kind)) = object.and_then(steps::defined) {
            self.kinds.arrived(group, kind);
        }
        self.meet(node, Need::Ready);
    }

    fn meet(&mut self, node: usize, met: Need) {
        for &(follower, need) in &self.followers[node] {
            if need == met {
                self.open_edges[follower] -= 1;
                if self.open_edges[follower] == 0 {
                    self.startable.insert((self.graph.wave(follower), follower));
                }
            }
        }
    }

    pub(crate) fn fail(&mut self, node: usize, page: Cause, cause: String, log: Vec<String>) {
        if self.failure.is_some() {
            return;
        }
        self.say(node, What::Failed(cause.clone()));
        let object = self.release.objects.get(node);
        if object.is_some_and(|object| object.role.runs_once()) {
            self.journal.failed(self.graph.key(node), log.clone());
        }
        let wish = node
            .checked_sub(self.release.objects.len())
            .map(|at| &self.release.secrets[at]);
        let place = object.and_then(|object| object.place.clone());
        let place = place.or_else(|| wish.and_then(|wish| wish.place.clone()));
        self.failure = Some(Failure {
            object: self.graph.key(node).clone(),
            page,
            cause,
            log,
            place,
        });
    }

    fn say(&mut self, node: usize, what: What) {
        let event = Event {
            at: self.clock.elapsed(),
            object: self.graph.key(node).clone(),
            wave: Some(self.graph.wave(node)),
            what,
        };
        self.listener.hear(&event);
    }
}

fn just_made() -> Readiness {
    Readiness::Waiting("it was just made".to_owned())
}

/// Workloads under an autoscaler, with the fewest pods that it asks for.
fn minimums(release: &Release, nodes: &BTreeMap<ObjectKey, usize>) -> BTreeMap<usize, i64> {
    let of = |object: &Desired| {
        let (target, minimum) = autoscaled(object)?;
        Some((*nodes.get(&target)?, minimum))
    };
    release.objects.iter().filter_map(of).collect()
}

/// How an object starts.
enum Start {
    Write(Write),
    Nothing,
    Remembered,
    Refused(String),
}
