//! Everything that is decided before the first write: what is there, what shall be, what is to be
//! done about each object.

use kube::Client;

use crate::behind::data_left_behind;
use crate::cause::Cause;
use crate::error::ShipError;
use crate::graph::Graph;
use crate::history;
use crate::inventory::{Entry, Inventory, Record};
use crate::issued::{self, with_certificates};
use crate::kinds::Kinds;
use crate::observe::{Observed, Scope};
use crate::obstacle::Obstacle;
use crate::prune::{self, Prune};
use crate::ready::{Readiness, readiness};
use crate::record::Store;
use crate::release::{ObjectKey, Release, SecretWish};
use crate::steps::{self, Past, Planned, Step};
use crate::up::Options;
use crate::wishes::{self, Action};

/// What was decided.
pub(crate) struct Decided {
    /// The kinds that the cluster serves.
    pub(crate) kinds: Kinds,
    /// The objects as they are.
    pub(crate) observed: Observed,
    /// What is to be done about each object of the release.
    pub(crate) planned: Vec<Planned>,
    /// What is to be done about each Secret that it wishes for.
    pub(crate) secrets: Vec<Action>,
    /// What there will be.
    pub(crate) inventory: Inventory,
    /// What there was.
    pub(crate) earlier: Record,
    /// What was found to stand in the way so far.
    pub(crate) obstacles: Vec<Obstacle>,
}

/// Looks at the cluster and decides.
pub(crate) async fn decide(
    client: &Client,
    release: &Release,
    graph: &Graph,
    options: &Options,
    store: &mut Store,
) -> Result<Decided, ShipError> {
    let earlier: Record = store.load().await?.unwrap_or_default();
    let kinds = kinds(client, release, &earlier).await?;
    let mut obstacles = not_served(&kinds, release);
    let mut inventory = Inventory::of(release, graph).remembering(&earlier.inventory);
    let mut observed = Observed::new(client);
    let scopes = inventory.0.keys().map(Scope::of);
    let namespaces = Scope {
        api_version: "v1".to_owned(),
        kind: "Namespace".to_owned(),
        namespace: None,
    };
    let scopes = scopes
        .chain(prune::scopes(&inventory))
        .chain(issued::scopes(release))
        .chain([namespaces]);
    observed.open(&kinds, scopes).await?;
    inventory.name_claims(&observed, |_, entry| entry.left && entry.keeps_claims);
    obstacles.extend(data_left_behind(release, &inventory, &observed));
    let past = Past {
        observed: &observed,
        inventory: &earlier.inventory,
        journal: &earlier.journal,
        adopt: options.adopt,
    };
    let planned = past.plan(release);
    let live = |wish: &SecretWish| observed.get(&wish.object());
    let moved = wishes_that_leave(client, release, &earlier, &inventory, &observed).await?;
    let decision = wishes::plan(
        &release.secrets,
        &moved,
        live,
        &options.randomness,
        options.given,
    );
    let secrets = match decision {
        Err(ShipError::Obstacles(missing)) => {
            obstacles.extend(missing);
            Vec::new()
        }
        decided => decided?,
    };
    Ok(Decided {
        kinds,
        observed,
        planned,
        secrets,
        inventory,
        earlier,
        obstacles,
    })
}

/// What the last release that came up wished for, where Secrets of it leave while others are made: a
/// service that gets another name or namespace keeps its values.
async fn wishes_that_leave(
    client: &Client,
    release: &Release,
    earlier: &Record,
    inventory: &Inventory,
    observed: &Observed,
) -> Result<Vec<SecretWish>, ShipError> {
    let is_new = |wish: &SecretWish| observed.get(&wish.object()).is_none();
    let leaves = |(key, entry): (&ObjectKey, &Entry)| {
        entry.left && key.kind == "Secret" && observed.get(key).is_some()
    };
    if !release.secrets.iter().any(is_new) || !inventory.0.iter().any(leaves) {
        return Ok(Vec::new());
    }
    let mut kept = earlier.journal.releases.iter().rev();
    let Some(last) = kept.find(|one| one.kept) else {
        return Ok(Vec::new());
    };
    let last = history::load(client, &release.target(), last.number).await?;
    Ok(last.map_or_else(Vec::new, |last| last.secrets))
}

/// The kinds of the release and of what was shipped before.
async fn kinds(client: &Client, release: &Release, earlier: &Record) -> Result<Kinds, ShipError> {
    let mut kinds = Kinds::default();
    let of_release = release.objects.iter().map(|object| &object.key);
    let versions = of_release
        .chain(earlier.inventory.0.keys())
        .map(|key| key.api_version.as_str());
    kinds
        .discover(client, versions.chain(["v1", "apps/v1"]))
        .await?;
    let is_definition = |object: &&crate::release::Desired| steps::defined(object).is_some();
    for object in release.objects.iter().filter(is_definition) {
        kinds.learn(&object.body);
    }
    Ok(kinds)
}

fn not_served(kinds: &Kinds, release: &Release) -> Vec<Obstacle> {
    let mut missing: Vec<Obstacle> = Vec::new();
    for object in &release.objects {
        let key = &object.key;
        let kind = format!("{} {}", key.api_version, key.kind);
        if kinds.get(&key.api_version, &key.kind).is_some()
            || missing.iter().any(|known| known.about == kind)
        {
            continue;
        }
        let cause = format!("the cluster does not serve this kind, and {key} is one");
        let remedy = match crate::preflight::brings(key.group()) {
            Some(component) => format!("install {component} first"),
            None => "install what defines it first".to_owned(),
        };
        missing.push(
            Obstacle::about(Cause::KindNotServed, kind, cause, remedy).at(object.place.clone()),
        );
    }
    missing
}

impl Decided {
    /// Whether everything is as it shall be, and up.
    pub(crate) fn is_quiet(&self, graph: &Graph, release: &Release) -> bool {
        let is_up = |(node, planned): (usize, &Planned)| match planned.step {
            Step::Remembered => true,
            Step::Keep => self.is_ready(graph.key(node)),
            _ => false,
        };
        self.obstacles.is_empty()
            && self.planned.iter().enumerate().all(is_up)
            && self
                .secrets
                .iter()
                .all(|action| matches!(action, Action::Keep))
            && self.inventory == self.earlier.inventory
            && !Prune::plan(&self.observed, &self.inventory, &release.target().id()).deletes()
    }

    /// Whether a live object is ready.
    pub(crate) fn is_ready(&self, key: &ObjectKey) -> bool {
        let served = self.kinds.get(&key.api_version, &key.kind);
        let has_status = served.is_some_and(|kind| kind.has_status);
        let live = self.observed.get(key);
        live.is_some_and(|live| {
            let now = readiness(live, has_status);
            with_certificates(key, live, &self.observed, now) == Readiness::Ready
        })
    }
}
