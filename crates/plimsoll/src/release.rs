//! From a world to a release: what shipping is given.

use crate::prepare::{Application, Ready, Written};
use plimsoll_compile::address::Piece;
use plimsoll_compile::secrets::plan::{Login, Making, PlannedKey, PlannedSecret};
use plimsoll_secrets::{Half, Make, PairKind};
use plimsoll_ship::{
    Desired, How, KeyWish, Logical, ObjectKey, Part, Place, Release, Role, Rollback, SecretWish,
};
use plimsoll_source::{Origin, Sources, Str};
use plimsoll_spec::App;
use plimsoll_spec::app::platform::{SealScope, SecretSourceUse};
use plimsoll_spec::app::secret::SecretKind;
use plimsoll_spec::app::{Service, Strategy, deliver};
use plimsoll_spec::types::Target;
use plimsoll_world::{Cond, Object, Unit, World};
use std::collections::BTreeMap;
use std::time::Duration;

/// Where a release goes, as far as it changes what is shipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ground {
    /// The embedded cluster: it has no people who bring secrets, so it makes all.
    Embedded,
    /// A real one.
    Real,
}

/// The release of an environment.
pub fn of(sources: &Sources, ready: &Ready, ground: Ground) -> Release {
    let world = &ready.world;
    let objects = world.objects.iter();
    let release = Release {
        application: world.application.to_string(),
        environment: world.environment.to_string(),
        namespace: world.namespace.to_string(),
        objects: objects
            .map(|object| desired(sources, world, object))
            .collect(),
        secrets: Vec::new(),
        deadline: ready.deadline(),
        rollback: Rollback::Auto,
        revisions: BTreeMap::new(),
    };
    match &ready.written {
        Written::Application(application) => said(sources, application, world, release, ground),
        Written::Objects(_) => release,
    }
}

/// A release with what only an application file says.
fn said(
    sources: &Sources,
    application: &Application,
    world: &World,
    mut release: Release,
    ground: Ground,
) -> Release {
    let app = application.app();
    for (desired, object) in release.objects.iter_mut().zip(&world.objects) {
        desired.calls = called(app, world, object);
        desired.role = role(object);
    }
    release.secrets = secrets(sources, application, world, ground);
    release.deadline += longest_pauses(app);
    release.rollback = match app.deliver.rollback.peek() {
        deliver::Rollback::Auto => Rollback::Auto,
        deliver::Rollback::Ask => Rollback::Ask,
        deliver::Rollback::Never => Rollback::Never,
    };
    release.revisions = revisions(app);
    release
}

/// How long the canary with the longest pauses waits on purpose: that is no time lost.
fn longest_pauses(app: &App) -> Duration {
    let pauses = |service: &Service| match &service.strategy {
        Strategy::Canary(canary) => {
            let steps = canary.steps.peek().iter();
            let pauses = steps.filter_map(|step| step.peek().pause.as_ref());
            pauses.map(plimsoll_spec::types::Duration::std).sum()
        }
        _ => Duration::ZERO,
    };
    let on = app
        .services
        .values()
        .filter(|service| *service.enabled.peek());
    on.map(pauses).max().unwrap_or_default()
}

/// Revisions of each database that every program of the release can run on.
fn revisions(app: &plimsoll_spec::App) -> BTreeMap<String, (u32, u32)> {
    let mut revisions: BTreeMap<String, (u32, u32)> = BTreeMap::new();
    let services = app.services.values();
    let services = services.filter(|service| *service.enabled.peek());
    let jobs = app.jobs.values().filter(|job| *job.enabled.peek());
    let services = services.flat_map(|service| service.uses.values());
    let uses = services.chain(jobs.flat_map(|job| job.uses.values()));
    for used in uses {
        let Some(range) = &used.revision else {
            continue;
        };
        let own = (range.peek().min, range.peek().max);
        let both = revisions.entry(used.name.peek().to_string()).or_insert(own);
        *both = (both.0.max(own.0), both.1.min(own.1));
    }
    revisions
}

/// The key of an object as shipping names it.
fn key(object: &Object) -> ObjectKey {
    let key = &object.key;
    ObjectKey::new(
        &key.api_version,
        &key.kind,
        key.namespace.as_deref(),
        &key.name,
    )
}

fn desired(sources: &Sources, world: &World, object: &Object) -> Desired {
    Desired {
        key: key(object),
        body: object.body.to_json(),
        after: object
            .after
            .iter()
            .flat_map(|unit| ready_parts(world, unit))
            .collect(),
        exists_after: Vec::new(),
        calls: Vec::new(),
        protected: object.protected,
        // The disks of a store go with it where it says `protect: false`; what a service keeps is kept.
        keeps_claims: object.key.kind == "StatefulSet" && !matches!(object.unit, Unit::Store(_)),
        role: role_of_object(object),
        place: place(sources, object.body.origin()),
        unit: object.unit.to_string(),
    }
}

/// The workloads of the services that a program uses.
fn called(app: &App, world: &World, object: &Object) -> Vec<ObjectKey> {
    let Unit::Service(name) = &object.unit else {
        return Vec::new();
    };
    let Some(service) = app.services.get(name) else {
        return Vec::new();
    };
    if object.role != plimsoll_world::Role::Workload {
        return Vec::new();
    }
    let services = service.uses.values().filter_map(|used| match &used.target {
        Target::Service(service) => Some(Unit::Service(service.clone())),
        _ => None,
    });
    let mut called: Vec<ObjectKey> = services
        .flat_map(|unit| ready_parts(world, &unit).collect::<Vec<_>>())
        .collect();
    called.sort();
    called.dedup();
    called
}

/// The objects of a block that others wait for.
fn ready_parts<'a>(world: &'a World, unit: &'a Unit) -> impl Iterator<Item = ObjectKey> + 'a {
    use plimsoll_world::Role as Kind;
    let waited = |object: &&Object| {
        matches!(
            object.role,
            Kind::Workload | Kind::Store | Kind::Migration | Kind::Before
        )
    };
    world
        .objects
        .iter()
        .filter(move |object| object.unit == *unit)
        .filter(waited)
        .map(key)
}

/// What an object is for that says so only by its kind: Jobs of a chart keep their names, and run again
/// when they change.
fn role_of_object(object: &Object) -> Role {
    match role(object) {
        Role::Job => Role::Hook,
        other => other,
    }
}

fn role(object: &Object) -> Role {
    use plimsoll_world::Role as Kind;
    match (object.role, &object.unit) {
        (Kind::Migration, Unit::Migration(name)) => Role::Migration {
            name: name.to_string(),
        },
        (Kind::Before | Kind::After | Kind::Migration, _) => Role::Job,
        (Kind::Workload, _) => Role::Workload,
        (Kind::Store, _) => Role::Store,
        (Kind::Route, _) => Role::Route,
        (Kind::Plain | Kind::SecretSource, _) => Role::Plain,
    }
}

fn place(sources: &Sources, origin: &Origin) -> Option<Place> {
    let span = origin.place()?;
    let at = sources.position(span);
    let file = sources.file(span.file).name.to_string();
    Some(Place {
        file,
        line: at.line,
        column: at.column,
    })
}

/// The Secrets that are made in the cluster, or must be there. What a controller brings is an
/// object of the world.
fn secrets(
    sources: &Sources,
    application: &Application,
    world: &World,
    ground: Ground,
) -> Vec<SecretWish> {
    let from = *application.app().platform.secrets.use_.peek();
    if matches!(from, SecretSourceUse::External | SecretSourceUse::Sealed) {
        return Vec::new();
    }
    let made = from == SecretSourceUse::Generated || ground == Ground::Embedded;
    wishes(sources, application, world, made, ground)
}

/// The Secrets whose values are sealed: what can be made of them is made. In a chart, Jobs that run before all
/// else read copies, which have names of their own; a value that opens in one Secret alone is sealed for
/// those too.
pub fn sealed(sources: &Sources, application: &Application, world: &World) -> Vec<SecretWish> {
    let mut wishes = wishes(sources, application, world, true, Ground::Real);
    if *application.app().platform.secrets.scope.peek() == SealScope::Strict {
        let first = |object: &&Object| {
            use plimsoll_world::Role as Kind;
            matches!(object.role, Kind::Migration | Kind::Before)
        };
        let jobs: Vec<String> = world
            .objects
            .iter()
            .filter(first)
            .map(|object| object.body.to_json().to_string())
            .collect();
        let copied = |wish: &&SecretWish| {
            let name = format!("\"{}\"", wish.name);
            jobs.iter().any(|job| job.contains(&name))
        };
        let copy = |wish: &SecretWish| SecretWish {
            name: format!("{}-hook", wish.name),
            ..wish.clone()
        };
        let copies: Vec<SecretWish> = wishes.iter().filter(copied).map(copy).collect();
        wishes.extend(copies);
    }
    wishes
}

fn wishes(
    sources: &Sources,
    application: &Application,
    world: &World,
    made: bool,
    ground: Ground,
) -> Vec<SecretWish> {
    let on = |secret: &&PlannedSecret| wanted(&secret.when);
    application
        .compiled
        .secrets
        .values()
        .filter(on)
        .map(|secret| SecretWish {
            namespace: secret.namespace.peek().to_string(),
            name: secret.name.peek().to_string(),
            kind: secret.kind.to_owned(),
            labels: labels(world, secret),
            keys: secret
                .keys
                .values()
                .map(|key| wish(key, made, ground))
                .collect(),
            unit: secret.unit.to_string(),
            place: place(sources, &secret.origin),
        })
        .collect()
}

/// Whether a condition holds with the values of the file.
fn wanted(when: &Cond) -> bool {
    plimsoll_world::holds(when)
}

fn labels(world: &World, secret: &PlannedSecret) -> Vec<(String, String)> {
    let label = |key: &str, value: &Str| (format!("app.kubernetes.io/{key}"), value.to_string());
    vec![
        label("name", secret.name.peek()),
        label("instance", &world.application),
        label("part-of", &world.application),
        label("component", &Str::from("secret")),
    ]
}

fn wish(key: &PlannedKey, made: bool, ground: Ground) -> KeyWish {
    if let Some(fixed) = &key.fixed {
        let how = How::Composed {
            parts: vec![Part::Text(fixed.peek().to_string())],
        };
        return KeyWish {
            key: key.key.to_string(),
            how,
        };
    }
    if !key.composed.is_empty() {
        let parts = key.composed.iter().map(part_of).collect();
        return KeyWish {
            key: key.key.to_string(),
            how: How::Composed { parts },
        };
    }
    if made && !key.logins.is_empty() {
        let parts = key
            .logins
            .iter()
            .flat_map(|login| line_of(key, login))
            .collect();
        return KeyWish {
            key: key.key.to_string(),
            how: How::Composed { parts },
        };
    }
    let making = &key.making;
    let value = logical(&key.value, key.part.as_ref());
    let half = value.half;
    let how = match (made, pair(making), one(making)) {
        (true, Some(kind), _) if half.is_some() => How::MadePair { value, kind },
        (true, _, Some(make)) => How::Made { value, make },
        // Nothing is pulled there, but the API server wants a login in this shape.
        _ if ground == Ground::Embedded && making.kind == SecretKind::Registry => How::Composed {
            parts: vec![Part::Text(r#"{"auths":{}}"#.to_owned())],
        },
        _ if ground == Ground::Embedded => How::Made {
            value,
            make: Make::Password { length: 32 },
        },
        _ => How::Given { value },
    };
    KeyWish {
        key: key.key.to_string(),
        how,
    }
}

/// A value by its name and its part.
fn logical(name: &Str, part: Option<&Str>) -> Logical {
    let part = part.map(Str::as_str);
    let half = match part {
        Some("private") => Some(Half::Private),
        Some("public") => Some(Half::Public),
        _ => None,
    };
    let name = match (half, part) {
        (None, Some(part)) => format!("{name}.{part}"),
        _ => name.to_string(),
    };
    Logical { name, half }
}

/// A part of a file that holds secrets.
fn part_of(piece: &Piece) -> Part {
    let secret = match piece {
        Piece::Text(text) => return Part::Text(text.peek().to_string()),
        Piece::Secret(secret) => secret,
    };
    Part::Value {
        value: logical(&secret.value, secret.part.as_ref()),
        escape: false,
    }
}

/// `user:{SHA}hash`, a line as gateways read it.
fn line_of(key: &PlannedKey, login: &Login) -> [Part; 4] {
    let logical = |part: Option<&Str>| logical(&key.value, part);
    let user = match login {
        Login::Named(user) => Part::Text(user.peek().to_string()),
        Login::Part(part) => Part::Value {
            value: logical(Some(part)),
            escape: false,
        },
    };
    let value = logical(key.part.as_ref());
    let text = |text: &str| Part::Text(text.to_owned());
    [user, text(":"), Part::Hashed { value }, text("\n")]
}

fn one(making: &Making) -> Option<Make> {
    let length = usize::try_from(making.length).unwrap_or(32);
    match making.kind {
        SecretKind::Password => Some(Make::Password { length }),
        SecretKind::Hex => Some(Make::Hex { length }),
        SecretKind::Base64 => Some(Make::Base64 { length }),
        SecretKind::JwtHs256 => Some(Make::JwtHs256 { length }),
        SecretKind::Uuid => Some(Make::Uuid),
        _ => None,
    }
}

fn pair(making: &Making) -> Option<PairKind> {
    match making.kind {
        SecretKind::JwtRs256 => Some(PairKind::JwtRs256),
        SecretKind::JwtEs256 => Some(PairKind::JwtEs256),
        SecretKind::Vapid => Some(PairKind::Vapid),
        SecretKind::Tls => Some(PairKind::Tls { hosts: Vec::new() }),
        _ => None,
    }
}
