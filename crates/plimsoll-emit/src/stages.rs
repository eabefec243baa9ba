//! An environment in the parts that a controller applies one after the other: what must be there
//! first, the migrations, and each service by itself.

use plimsoll_spec::App;
use plimsoll_world::{Object, Role, Unit};

use crate::{Environment, FileSet, disks, folders, manifests, tree};
use plimsoll_source::{Entry, Node, Origin, Str, yaml};

/// A part of an environment.
pub(crate) struct Stage<'a> {
    /// Its name, which is that of the service where it is one.
    pub(crate) name: String,
    /// What it is.
    pub(crate) kind: StageKind,
    /// Its objects.
    pub(crate) objects: Vec<&'a Object>,
}

/// What a part is, in the order of applying.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum StageKind {
    /// Namespaces, stores, secrets, and all else that belongs to no service alone.
    Foundation,
    /// Disks whose first pod belongs to a later part, or comes with a job: nobody waits for them.
    Claims,
    /// Jobs that bring databases to their shape.
    Migrations,
    /// One service with its routes.
    Service,
}

/// The parts of an environment, each with at least one object.
///
/// Secrets, accounts and policies of migrations belong to the foundation: a migration could not
/// start without them.
pub(crate) fn of<'a>(environment: &Environment<'a>) -> Vec<Stage<'a>> {
    let mut stages = vec![
        stage("foundation", StageKind::Foundation),
        stage("volume-claims", StageKind::Claims),
        stage("migrations", StageKind::Migrations),
    ];
    for name in environment.app.services.keys() {
        stages.push(stage(name, StageKind::Service));
    }
    for object in &environment.world.objects {
        let name = owner(environment.app, object);
        let known = stages.iter_mut().find(|stage| stage.name == name);
        let stage = known.expect("an owner is a service, the foundation or the migrations");
        stage.objects.push(object);
    }
    let disks: Vec<&Object> = stages.iter_mut().flat_map(take_unbound).collect();
    stages[1].objects.extend(disks);
    stages.retain(|stage| !stage.objects.is_empty());
    stages
}

/// Takes the disks out of a part that no pod of it binds.
fn take_unbound<'a>(stage: &mut Stage<'a>) -> Vec<&'a Object> {
    let all = stage.objects.clone();
    let is_unbound = |object: &Object| disks::is_unbound(object, all.iter().copied());
    stage.objects.retain(|object| !is_unbound(object));
    all.iter()
        .copied()
        .filter(|object| is_unbound(object))
        .collect()
}

/// The namespaces alone, for who takes all else from charts.
pub(crate) fn namespaces<'a>(environment: &Environment<'a>) -> Option<Stage<'a>> {
    let mut stage = stage("namespaces", StageKind::Foundation);
    let objects = environment.world.objects.iter();
    stage
        .objects
        .extend(objects.filter(|object| object.key.kind == "Namespace"));
    (!stage.objects.is_empty()).then_some(stage)
}

fn stage<'a>(name: &str, kind: StageKind) -> Stage<'a> {
    Stage {
        name: name.to_owned(),
        kind,
        objects: Vec::new(),
    }
}

/// The part that an object belongs to.
fn owner<'a>(app: &'a App, object: &'a Object) -> &'a str {
    let is_secret = object.role == Role::SecretSource || object.key.kind == "SecretStore";
    match &object.unit {
        Unit::Service(name) if app.services.contains_key(name) && !is_secret => name,
        Unit::Migration(_) | Unit::Job(_) if is_gate(object) => "migrations",
        Unit::Job(name) => {
            let service = app.jobs.get(name).and_then(|job| job.service.as_ref());
            let service = service.filter(|service| app.services.contains_key(service.peek()));
            match service {
                Some(service) if !is_secret => service.peek(),
                _ => "foundation",
            }
        }
        Unit::Route(name) => target(app, name).unwrap_or("foundation"),
        _ => "foundation",
    }
}

/// Whether a release waits for it before any service.
pub(crate) fn is_gate(object: &Object) -> bool {
    object.key.kind == "Job" && matches!(object.role, Role::Migration | Role::Before)
}

/// The one service that a route leads to.
fn target<'a>(app: &'a App, route: &str) -> Option<&'a str> {
    use plimsoll_spec::types::{RouteTarget, Target};
    let route = app.routes.get(route)?;
    let mut targets = route.paths.values().map(|path| match path.to.peek() {
        RouteTarget::Backend {
            target: Target::Service(name),
            ..
        } => Some(name),
        _ => None,
    });
    let first = targets.next()??;
    let same = targets.all(|other| other == Some(first));
    let (name, _) = app.services.get_key_value(first).filter(|_| same)?;
    Some(name)
}

/// How many migrations come before each, one after the other.
pub(crate) fn depth(app: &App, migration: &str) -> usize {
    fn below(app: &App, name: &str, left: usize) -> usize {
        let Some(migration) = app.migrations.get(name).filter(|_| left > 0) else {
            return 0;
        };
        let before = migration.after.iter();
        before
            .filter(|before| app.migrations.contains_key(before.peek()))
            .map(|before| 1 + below(app, before.peek(), left - 1))
            .max()
            .unwrap_or(0)
    }
    below(app, migration, app.migrations.len())
}

/// Writes the objects of a part, each with annotations of its own.
pub(crate) fn write(
    environment: &Environment<'_>,
    stage: &Stage<'_>,
    folder: &str,
    annotations: &dyn Fn(&Object) -> Vec<(&'static str, String)>,
    files: &mut FileSet,
) {
    for object in &stage.objects {
        let body = annotated(&object.body, &annotations(object));
        let name = manifests::file_name(environment.world, object);
        files.add(folders::join(folder, &name), yaml::write(&body));
    }
}

/// The object with further annotations.
fn annotated(body: &Node, new: &[(&'static str, String)]) -> Node {
    if new.is_empty() {
        return body.clone();
    }
    let origin = Origin::rule("output: annotations", []);
    let there = body
        .at(&["metadata", "annotations"])
        .map_or(&[][..], Node::entries);
    let is_new = |entry: &&Entry| new.iter().all(|(key, _)| entry.key.as_str() != *key);
    let entries = there.iter().filter(is_new).cloned();
    let entries = entries.chain(new.iter().map(|(key, value)| Entry {
        key: Str::from(*key),
        at: origin.clone(),
        value: Node::Text(origin.clone(), Str::from(value.as_str())),
    }));
    let annotations = Node::map(origin.clone(), entries.collect::<Vec<_>>());
    tree::set(body, &["metadata", "annotations"], annotations)
}
