//! Ships a release: looks, decides, writes what differs, waits, prunes; goes back if it fails.

use std::collections::BTreeSet;

use kube::Client;
use plimsoll_secrets::Randomness;

use crate::apply::Refusal;
use crate::clock::Clock;
use crate::delete::foreign;
use crate::engine::{Engine, Parts};
use crate::error::ShipError;
use crate::events::{Event, Listener, What};
use crate::family::{has_pods, ready, wanted};
use crate::graph::Graph;
use crate::inventory::{Inventory, Record, hash_of};
use crate::kinds::Kinds;
use crate::lease::Lease;
use crate::observe::{Observed, Scope};
use crate::pod_spec::runs_replicas;
use crate::prune::{self, Prune};
use crate::ready::{Readiness, readiness};
use crate::record::{Memory, Store};
use crate::release::{ObjectKey, Release, Role, Rollback, Target};
use crate::report::{
    Failure, Migration, MigrationState, Objects, Outcome, Pods, RolledBack, Waves,
};
use crate::request::Write;
use crate::steps::{self, Past, Planned, Step};
use crate::wishes::{self, Action, Given};

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
    /// Whether objects that others made are taken over.
    pub adopt: bool,
}

/// Everything that was decided before the first write.
struct Decided {
    kinds: Kinds,
    observed: Observed,
    planned: Vec<Planned>,
    secrets: Vec<Action>,
    inventory: Inventory,
    earlier: Record,
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
    let mut outcome = ship(client, release, options, listener).await?;
    let Some(failure) = &outcome.failure else {
        return Ok(outcome);
    };
    outcome.rollback = match release.rollback {
        Rollback::Never => None,
        Rollback::Ask => Some(RolledBack::Asks),
        Rollback::Auto if has_migrated(&outcome) => Some(RolledBack::DatabaseMoved),
        Rollback::Auto => Some(go_back(client, release, options, listener, &failure.object).await?),
    };
    Ok(outcome)
}

/// Ships the last release that came up again.
pub async fn roll_back(
    client: &Client,
    target: &Target,
    options: &Options,
    listener: &mut dyn Listener,
) -> Result<Outcome, ShipError> {
    let before: Option<Release> = Store::new(client, target, Memory::Release).load().await?;
    let before = before.ok_or(ShipError::NothingBefore)?;
    ship(client, &before, options, listener).await
}

/// A release whose migration ran leaves a database that the one before may not know.
fn has_migrated(outcome: &Outcome) -> bool {
    outcome
        .migrations
        .iter()
        .any(|migration| migration.state == MigrationState::Ran)
}

async fn go_back(
    client: &Client,
    release: &Release,
    options: &Options,
    listener: &mut dyn Listener,
    over: &ObjectKey,
) -> Result<RolledBack, ShipError> {
    let mut store = Store::new(client, &release.target(), Memory::Release);
    let before: Option<Release> = store.load().await?;
    let Some(before) = before.filter(|before| before.objects != release.objects) else {
        return Ok(RolledBack::NothingBefore);
    };
    let (at, object) = (options.clock.elapsed(), over.clone());
    listener.hear(&Event {
        at,
        object,
        wave: None,
        what: What::RollingBack,
    });
    let outcome = ship(client, &before, options, listener).await?;
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
    listener: &mut dyn Listener,
) -> Result<Outcome, ShipError> {
    if release.objects.is_empty() {
        return Err(ShipError::Empty);
    }
    let graph = Graph::build(release)?;
    let mut store = Store::new(client, &release.target(), Memory::Inventory);
    let decided = decide(client, release, &graph, options, &mut store).await?;
    if is_quiet(&decided, &graph, release) {
        return Ok(unchanged(&decided, &graph, release, options.clock));
    }
    ensure_main_namespace(client, release, &decided).await?;
    let mut lease = Lease::take(client, &release.target(), &options.holder, options.clock).await?;
    let run = Run {
        client,
        release,
        graph: &graph,
        options,
    };
    let outcome = run.write(decided, &mut store, &mut lease, listener).await;
    // A lease that was lost is another's by now.
    if !matches!(outcome, Err(ShipError::LeaseLost)) {
        lease.release().await?;
    }
    outcome
}

async fn decide(
    client: &Client,
    release: &Release,
    graph: &Graph,
    options: &Options,
    store: &mut Store,
) -> Result<Decided, ShipError> {
    let earlier: Record = store.load().await?.unwrap_or_default();
    let mut kinds = Kinds::default();
    let versions = release
        .objects
        .iter()
        .map(|object| object.key.api_version.as_str());
    let before = earlier
        .inventory
        .0
        .keys()
        .map(|key| key.api_version.as_str());
    kinds
        .discover(client, versions.chain(before).chain(["v1", "apps/v1"]))
        .await?;
    for object in release
        .objects
        .iter()
        .filter(|object| steps::defined(object).is_some())
    {
        kinds.learn(&object.body);
    }
    all_served(&kinds, release)?;
    let inventory = Inventory::of(release, graph).remembering(&earlier.inventory);
    let mut observed = Observed::new(client);
    let scopes = inventory
        .0
        .keys()
        .map(Scope::of)
        .chain(prune::scopes(&inventory));
    observed.open(&kinds, scopes).await?;
    let past = Past {
        observed: &observed,
        inventory: &earlier.inventory,
        journal: &earlier.journal,
        adopt: options.adopt,
    };
    let planned = past.plan(release);
    let live = |wish: &crate::release::SecretWish| observed.get(&wish.object());
    let secrets = wishes::plan(&release.secrets, live, &options.randomness, options.given)?;
    Ok(Decided {
        kinds,
        observed,
        planned,
        secrets,
        inventory,
        earlier,
    })
}

fn all_served(kinds: &Kinds, release: &Release) -> Result<(), ShipError> {
    let missing: BTreeSet<String> = release
        .objects
        .iter()
        .filter(|object| {
            kinds
                .get(&object.key.api_version, &object.key.kind)
                .is_none()
        })
        .map(|object| format!("{} {}", object.key.api_version, object.key.kind))
        .collect();
    if missing.is_empty() {
        Ok(())
    } else {
        Err(ShipError::NotServed(missing.into_iter().collect()))
    }
}

/// Whether everything is as it shall be, and up.
fn is_quiet(decided: &Decided, graph: &Graph, release: &Release) -> bool {
    let is_up = |(node, planned): (usize, &Planned)| match planned.step {
        Step::Remembered => true,
        Step::Keep => is_ready(decided, graph.key(node)),
        _ => false,
    };
    decided.planned.iter().enumerate().all(is_up)
        && decided
            .secrets
            .iter()
            .all(|action| matches!(action, Action::Keep))
        && decided.inventory == decided.earlier.inventory
        && !Prune::plan(
            &decided.observed,
            &decided.inventory,
            &release.target().id(),
        )
        .deletes()
}

fn is_ready(decided: &Decided, key: &ObjectKey) -> bool {
    let has_status = decided
        .kinds
        .get(&key.api_version, &key.kind)
        .is_some_and(|k| k.has_status);
    let live = decided.observed.get(key);
    live.is_some_and(|live| readiness(live, has_status) == Readiness::Ready)
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
        Ok(_) => Ok(()),
        Err(Refusal::Unreachable(error)) => Err(ShipError::request(format!("making {key}"))(error)),
        Err(_) => Err(ShipError::NoNamespace(key.name)),
    }
}

/// One release on its way.
struct Run<'a> {
    client: &'a Client,
    release: &'a Release,
    graph: &'a Graph,
    options: &'a Options,
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
            planned,
            secrets,
            inventory,
            earlier,
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
        let failure = engine.failure.clone();
        let cause = failure
            .as_ref()
            .map(|failure| format!("{}: {}", failure.object, failure.cause));
        engine.journal.ended(hash, self.options.clock.now(), cause);
        if failure.is_none() {
            let mut last = Store::new(self.client, &self.release.target(), Memory::Release);
            let _: Option<Release> = last.load().await?;
            last.save(self.release).await?;
        }
        let record = Record {
            inventory: engine.inventory.clone(),
            journal: engine.journal.clone(),
        };
        store.save(&record).await?;
        Ok(self.outcome(&engine, failure, kept))
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
