//! Ships a release: looks, decides, writes what differs, waits, prunes; goes back if it fails.

use std::collections::BTreeSet;

use kube::Client;
use plimsoll_secrets::Randomness;

use crate::apply::Refusal;
use crate::clock::Clock;
use crate::decide::{Decided, decide};
use crate::delete::foreign;
use crate::engine::{Engine, Parts};
use crate::error::ShipError;
use crate::events::{Event, Listener, What};
use crate::family::{has_pods, ready, wanted};
use crate::graph::Graph;
use crate::history;
use crate::inventory::{Record, hash_of};
use crate::journal::End;
use crate::lease::Lease;
use crate::look::{Depth, look};
use crate::observe::{Observed, Scope};
use crate::plan::{self, Plan};
use crate::pod_spec::runs_replicas;
use crate::prune::{self, Prune};
use crate::record::{Memory, Store};
use crate::release::{ObjectKey, Release, Role, Rollback, Target};
use crate::report::{
    Failure, Migration, MigrationState, Objects, Outcome, Pods, RolledBack, Waves,
};
use crate::request::Write;
use crate::steps;
use crate::switch;
use crate::widen::{narrow, pods_that_leave, widen};
use crate::wishes::Given;

/// How a release is shipped.
#[derive(Debug, Clone)]
pub struct Options {
    /// Time.
    pub clock: Clock,
    /// Who ships: written into the lease.
    pub holder: String,
    /// Where generated values come from.
    pub randomness: Randomness,
    /// What stands for values that a person brings.
    pub given: Given,
    /// Whether objects and fields of others are taken over.
    pub adopt: bool,
    /// The plan that somebody said yes to: exactly that is done, or nothing.
    pub approved: Option<Approved>,
}

/// A plan that somebody said yes to.
#[derive(Debug, Clone)]
pub struct Approved {
    /// The plan.
    pub plan: Plan,
    /// Whether it was made just now: then the cluster is not asked a second time about each object that
    /// would be made.
    pub is_fresh: bool,
}

/// Ships a release and waits until it is up, or has failed and the one before is back.
///
/// May be dropped at any moment: what was made is in the inventory, and the next run goes on.
pub async fn up(
    client: &Client,
    release: &Release,
    options: &Options,
    listener: &mut dyn Listener,
) -> Result<Outcome, ShipError> {
    let mut outcome = ship(client, release, options, None, listener).await?;
    let Some(failure) = &outcome.failure else {
        return Ok(outcome);
    };
    outcome.rollback = match release.rollback {
        Rollback::Never => None,
        Rollback::Ask => Some(RolledBack::Asks),
        Rollback::Auto => Some(go_back(client, release, options, listener, &failure.object).await?),
    };
    Ok(outcome)
}

/// Ships an earlier release again: the one with this number, else the last that came up and is
/// another than what was shipped last. Refused before anything is touched where a database moved on.
pub async fn roll_back(
    client: &Client,
    target: &Target,
    number: Option<u64>,
    options: &Options,
    listener: &mut dyn Listener,
) -> Result<Outcome, ShipError> {
    let record = recorded(client, target).await?;
    let number = history::choose(&record.journal, number)?;
    let before = history::load(client, target, number).await?;
    let before = before.ok_or(ShipError::NothingBefore)?;
    if let Some(obstacle) = history::database_moved(&record, &before) {
        return Err(ShipError::Obstacles(vec![obstacle]));
    }
    let before = history::keeping_disks(client, before).await?;
    ship(client, &before, options, Some(number), listener).await
}

async fn recorded(client: &Client, target: &Target) -> Result<Record, ShipError> {
    let mut store = Store::new(client, target, Memory::Inventory);
    Ok(store.load().await?.unwrap_or_default())
}

/// After a failure.
async fn go_back(
    client: &Client,
    release: &Release,
    options: &Options,
    listener: &mut dyn Listener,
    over: &ObjectKey,
) -> Result<RolledBack, ShipError> {
    let record = recorded(client, &release.target()).await?;
    let Ok(number) = history::choose(&record.journal, None) else {
        return Ok(RolledBack::NothingBefore);
    };
    let Some(before) = history::load(client, &release.target(), number).await? else {
        return Ok(RolledBack::NothingBefore);
    };
    if history::database_moved(&record, &before).is_some() {
        return Ok(RolledBack::DatabaseMoved);
    }
    let (at, object) = (options.clock.elapsed(), over.clone());
    listener.hear(&Event {
        at,
        object,
        wave: None,
        what: What::RollingBack,
    });
    let options = Options {
        approved: None,
        ..options.clone()
    };
    let before = history::keeping_disks(client, before).await?;
    let outcome = ship(client, &before, &options, Some(number), listener).await?;
    Ok(if outcome.ready {
        RolledBack::Done
    } else {
        RolledBack::Failed
    })
}

/// Ships one release, whatever was before.
async fn ship(
    client: &Client,
    release: &Release,
    options: &Options,
    back_to: Option<u64>,
    listener: &mut dyn Listener,
) -> Result<Outcome, ShipError> {
    if release.objects.is_empty() {
        return Err(ShipError::Empty);
    }
    let mut graph = Graph::build(release)?;
    let mut store = Store::new(client, &release.target(), Memory::Inventory);
    let mut decided = decide(client, release, &graph, options, &mut store).await?;
    if decided.is_quiet(&graph, release) {
        return Ok(unchanged(&decided, &graph, release, options.clock));
    }
    switch::hold_back(release, &decided.observed, &mut graph);
    let depth = match &options.approved {
        Some(approved) if !approved.is_fresh => Depth::Everything,
        _ => Depth::Changes,
    };
    let fields = look(client, release, &mut decided, options.adopt, depth).await?;
    if let Some(approved) = &options.approved {
        let moved = plan::of(release, &graph, &decided, &fields).moved_since(&approved.plan);
        if !moved.is_empty() {
            return Err(ShipError::Moved(moved));
        }
    }
    if !decided.obstacles.is_empty() {
        return Err(ShipError::Obstacles(decided.obstacles));
    }
    ensure_main_namespace(client, release, &decided).await?;
    let mut lease = Lease::take(client, &release.target(), &options.holder, options.clock).await?;
    let run = Run {
        client,
        release,
        graph: &graph,
        options,
        back_to,
    };
    let outcome = run.write(decided, &mut store, &mut lease, listener).await;
    // A lease that was lost is another's by now.
    if !matches!(outcome, Err(ShipError::LeaseLost)) {
        lease.release().await?;
    }
    outcome
}

fn unchanged(decided: &Decided, graph: &Graph, release: &Release, clock: Clock) -> Outcome {
    let id = release.target().id();
    let mut waves = Waves::default();
    for node in 0..graph.len() {
        waves.count(graph.wave(node));
    }
    Outcome {
        ready: true,
        objects: Objects {
            unchanged: graph.len(),
            ..Objects::default()
        },
        pods: pods(&decided.observed, graph),
        waves: waves.list(),
        migrations: migrations(release, |_| MigrationState::RanBefore),
        seconds: clock.elapsed(),
        failure: None,
        foreign: foreign(&decided.observed, &decided.inventory, &id),
        kept: Prune::plan(&decided.observed, &decided.inventory, &id).kept(),
        rollback: None,
    }
}

/// The inventory lives in the main namespace, so that comes before everything.
async fn ensure_main_namespace(
    client: &Client,
    release: &Release,
    decided: &Decided,
) -> Result<(), ShipError> {
    let key = ObjectKey::namespace(&release.namespace);
    let is_shipped = release.objects.iter().any(|object| object.key == key);
    if decided.observed.get(&key).is_some() || !is_shipped {
        return Ok(());
    }
    let bare = steps::bare_namespace(&key.name, &release.target().id());
    let api = decided.kinds.api(client, &key)?;
    match Write::Create(bare).send(api, &key.name).await {
        Ok(_) | Err(Refusal::Conflict(_)) => Ok(()),
        Err(Refusal::Unreachable(error)) => Err(ShipError::request(format!("making {key}"))(error)),
        Err(Refusal::Refused(cause)) => Err(ShipError::NoNamespace {
            namespace: key.name,
            cause,
        }),
    }
}

/// One release on its way.
struct Run<'a> {
    client: &'a Client,
    release: &'a Release,
    graph: &'a Graph,
    options: &'a Options,
    /// The release that comes back.
    back_to: Option<u64>,
}

impl Run<'_> {
    async fn write(
        &self,
        decided: Decided,
        store: &mut Store,
        lease: &mut Lease,
        listener: &mut dyn Listener,
    ) -> Result<Outcome, ShipError> {
        let Decided {
            kinds,
            mut observed,
            mut planned,
            secrets,
            inventory,
            earlier,
            obstacles: _,
        } = decided;
        if !inventory.names_the_same(&earlier.inventory) {
            let journal = earlier.journal.clone();
            store
                .save(&Record {
                    inventory: inventory.clone(),
                    journal,
                })
                .await?;
        }
        observed.open(&kinds, pod_scopes(self.release)).await?;
        let wide = widen(self.release, &mut planned, &observed, &inventory);
        let leaving = pods_that_leave(&observed, &inventory);
        if !wide.is_empty() {
            let scopes = leaving.iter().map(|(key, _)| pods_beside(key));
            observed.open(&kinds, scopes).await?;
        }
        let hash = hash_of(planned.iter().map(|planned| &planned.hash));
        let mut engine = Engine::new(Parts {
            client: self.client,
            release: self.release,
            graph: self.graph,
            kinds,
            observed,
            planned,
            secrets,
            inventory,
            journal: earlier.journal,
            clock: self.options.clock,
            listener,
        });
        engine.run(lease).await?;
        let kept = match &engine.failure {
            None => self.prune(&mut engine).await?,
            Some(_) => Vec::new(),
        };
        if engine.failure.is_none() {
            narrow(&mut engine, wide, &leaving).await?;
        }
        let failure = engine.failure.clone();
        let cause = failure
            .as_ref()
            .map(|failure| format!("{}: {}", failure.object, failure.cause));
        let end = End {
            hash,
            cause,
            images: self.release.images(),
            back_to: self.back_to,
        };
        engine.journal.ended(end, self.options.clock.now());
        self.note_revisions(&mut engine);
        if failure.is_none() {
            history::keep(self.client, self.release, &mut engine.journal).await?;
        }
        let record = Record {
            inventory: engine.inventory.clone(),
            journal: engine.journal.clone(),
        };
        store.save(&record).await?;
        Ok(self.outcome(&engine, failure, kept))
    }

    /// Migrations that ran brought their databases to the highest revision of the release.
    fn note_revisions(&self, engine: &mut Engine<'_>) {
        let has_migrated = |node: &usize| {
            let object = self.release.objects.get(*node);
            object.is_some_and(|object| matches!(object.role, Role::Migration { .. }))
        };
        if self.back_to.is_none() && engine.ran.iter().any(has_migrated) {
            let highest = self.release.revisions.iter();
            let highest = highest.map(|(store, (_, highest))| (store.clone(), *highest));
            engine.journal.revisions.extend(highest);
        }
    }

    /// Deletes what left the release; returns what left and stays.
    async fn prune(&self, engine: &mut Engine<'_>) -> Result<Vec<ObjectKey>, ShipError> {
        let scopes = prune::scopes(&engine.inventory);
        engine.observed.open(&engine.kinds, scopes).await?;
        let id = self.release.target().id();
        let prune = Prune::plan(&engine.observed, &engine.inventory, &id);
        let pruned = prune
            .run(
                self.client,
                &engine.kinds,
                &mut engine.inventory,
                self.options.clock,
                &mut *engine.listener,
            )
            .await?;
        engine.objects.pruned = pruned.len();
        for key in &pruned {
            engine.observed.forget(key);
        }
        Ok(prune.kept())
    }

    fn outcome(
        &self,
        engine: &Engine<'_>,
        failure: Option<Failure>,
        kept: Vec<ObjectKey>,
    ) -> Outcome {
        let id = self.release.target().id();
        Outcome {
            ready: failure.is_none(),
            objects: engine.objects,
            pods: pods(&engine.observed, self.graph),
            waves: engine.waves.list(),
            migrations: migrations(self.release, |job| migration_state(engine, job)),
            seconds: self.options.clock.elapsed(),
            failure,
            foreign: foreign(&engine.observed, &engine.inventory, &id),
            kept,
            rollback: None,
        }
    }
}

/// The pods in the namespace of an object.
fn pods_beside(key: &ObjectKey) -> Scope {
    Scope {
        api_version: "v1".to_owned(),
        kind: "Pod".to_owned(),
        namespace: key.namespace.clone(),
    }
}

/// Pods explain why a workload is not ready.
fn pod_scopes(release: &Release) -> BTreeSet<Scope> {
    let with_pods = release
        .objects
        .iter()
        .filter(|object| has_pods(&object.key, &object.body) || runs_replicas(&object.key));
    let namespaces: BTreeSet<_> = with_pods
        .map(|object| object.key.namespace.clone())
        .collect();
    let scope = |api_version: &str, kind: &str, namespace: &Option<String>| Scope {
        api_version: api_version.to_owned(),
        kind: kind.to_owned(),
        namespace: namespace.clone(),
    };
    namespaces
        .iter()
        .flat_map(|inside| {
            [
                scope("v1", "Pod", inside),
                scope("apps/v1", "ReplicaSet", inside),
            ]
        })
        .collect()
}

fn migrations(release: &Release, state: impl Fn(usize) -> MigrationState) -> Vec<Migration> {
    let named = release
        .objects
        .iter()
        .enumerate()
        .filter_map(|(node, object)| match &object.role {
            Role::Migration { name } => Some(Migration {
                name: name.clone(),
                job: object.key.name.clone(),
                state: state(node),
            }),
            _ => None,
        });
    named.collect()
}

fn migration_state(engine: &Engine<'_>, node: usize) -> MigrationState {
    let key = engine.graph.key(node);
    let failed = engine
        .failure
        .as_ref()
        .is_some_and(|failure| failure.object == *key);
    match () {
        () if failed => MigrationState::Failed,
        () if engine.ran.contains(&node) => MigrationState::Ran,
        () if engine.journal.has_run(key) => MigrationState::RanBefore,
        () => MigrationState::NotReached,
    }
}

fn pods(observed: &Observed, graph: &Graph) -> Pods {
    let workloads = (0..graph.len())
        .map(|node| graph.key(node))
        .filter(|key| runs_replicas(key));
    let live = workloads.filter_map(|key| observed.get(key));
    live.fold(Pods::default(), |sum, workload| Pods {
        ready: sum.ready + ready(workload),
        wanted: sum.wanted + wanted(workload),
    })
}
