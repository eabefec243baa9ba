//! PostgreSQL by CloudNativePG: what the operator is told instead of pods.
//!
//! Source: CloudNativePG 1.30, `postgresql.cnpg.io/v1`.

mod backup;
mod policy;

use super::credentials::users;
use super::helper;
use super::postgres_settings::{connections, memory};
use super::rules::OPERATOR_UNKNOWN;
use super::{on, regional, several};
use crate::address;
use crate::cx::{Cx, Objects};
use crate::names::{self, dashed};
use crate::program::Program;
use crate::secrets::plan::{self, Plan, PlannedSecret};
use crate::workload::container::foreign_image;
use crate::workload::placement::{self, Owner, Pods};
use crate::workload::{pod, resources};
use indexmap::IndexMap;
use plimsoll_source::{Finding, Sourced, Str};
use plimsoll_spec::app::store::{Database, Engine, PoolMode, Pooler, User};
use plimsoll_spec::app::{OrNone, Store};
use plimsoll_world::{
    Cond, Expr, Form, Fragment, Lit, MapBuilder, ObjectForm, Role, Scope, SeqBuilder, Unit, form,
};

/// The image of the operator's project; the official one lacks what the operator needs.
const IMAGE: &str = "ghcr.io/cloudnative-pg/postgresql";

/// Everything of a store that an operator runs.
pub fn objects(cx: &Cx, store: &Store, plan: &mut Plan, out: &mut Objects) {
    let known = match store.engine.peek() {
        Engine::Postgres => true,
        Engine::TimescaleDb => has_own_image(store),
        _ => false,
    };
    if !known {
        report(cx, store);
        return;
    }
    let unit = Unit::Store(store.name.peek().clone());
    let new = |body: Form| ObjectForm::new(unit.clone(), on(store), body);
    out.push(
        new(cluster(cx, store, plan))
            .role(Role::Store)
            .protected(*store.protect.peek()),
    );
    for database in store.databases.values() {
        out.push(new(one_database(cx, store, database)).protected(*store.protect.peek()));
    }
    for user in users(store) {
        secret(cx, store, user, plan);
    }
    if let Some(pooler) = store.pooler.some() {
        out.push(new(one_pooler(cx, store, pooler)).role(Role::Store));
    }
    regional::objects(cx, store, out);
    backup::schedules(cx, store, out);
    policy::objects(cx, store, out);
}

fn report(cx: &Cx, store: &Store) {
    let message = format!(
        "no operator that we know runs `{}` from its image",
        store.name.peek()
    );
    cx.report(
        Finding::new(&OPERATOR_UNKNOWN, message)
            .mark_origin(store.run.origin(), "an operator is wanted here")
            .mark_origin(store.engine.origin(), "of this engine")
            .help("write `run: statefulset`, or for timescaledb an `image` made for CloudNativePG"),
    );
}

fn cluster(cx: &Cx, store: &Store, plan: &mut Plan) -> Form {
    let s = &Scope::new("stores/operator").because(store.run.origin());
    let program = Program::store(store);
    let mut notes = MapBuilder::new(s);
    notes.splice(s, crate::claim::keep(&store.protect));
    notes.splice(s, pod::text_map(&store.annotations));
    form!(s; {
        apiVersion: "postgresql.cnpg.io/v1",
        kind: "Cluster",
        metadata: {
            name: &store.name,
            namespace: &store.namespace,
            labels: pod::pod_labels(cx, &program),
            annotations: Fragment(notes.build()),
        },
        spec: {
            instances: &store.instances,
            imageName: image(store),
            enableSuperuserAccess: false,
            bootstrap: bootstrap(store),
            managed: { roles: roles(store) },
            storage: storage(cx, store),
            resources: resources::of_store(&store.size),
            postgresql: {
                parameters: parameters(store),
                shared_preload_libraries: Fragment(preloaded(store)),
            },
            affinity: Fragment(affinity(cx, store, &program)),
            stopDelay: store.stop.grace.map(|grace| i64::try_from(grace.secs()).unwrap_or(i64::MAX)),
            inheritedMetadata: { labels: pod::pod_labels(cx, &program) },
            backup: backup::target(cx, store, plan),
        },
    })
}

/// Whether the file names another image than the engine's.
fn has_own_image(store: &Store) -> bool {
    let facts = store.engine.peek().facts();
    facts.is_none_or(|facts| store.image.name.peek() != facts.image)
}

fn image(store: &Store) -> Expr {
    if has_own_image(store) {
        return foreign_image(&store.image);
    }
    let image = store
        .version
        .map(|version| Str::from(format!("{IMAGE}:{version}")));
    Expr::from(&image)
}

/// The first database is made with the server; the others are objects.
fn bootstrap(store: &Store) -> Option<Form> {
    let s = &Scope::new("stores/operator");
    let database = store.databases.values().next()?;
    let login = users(store).find(|user| user.name.peek() == database.owner.peek());
    Some(form!(s; { initdb: {
        database: &database.name,
        owner: &database.owner,
        secret: login.map(|user| form!(s; { name: secret_name(store, user) })),
        dataChecksums: true,
    } }))
}

/// `STORE-user-NAME`: name and password of a user, as the operator reads them.
fn secret_name(store: &Store, user: &User) -> Sourced<Str> {
    store.name.zip(&user.name, |store, user| {
        Str::from(format!("{store}-user-{}", dashed(user)))
    })
}

fn secret(cx: &Cx, store: &Store, user: &User, plan: &mut Plan) {
    let value = address::user_password(store, user.name.peek(), user.name.origin());
    let mut password = plan::planned(cx, value);
    password.key = "password".into();
    let mut name = password.clone();
    name.key = "username".into();
    name.fixed = Some(user.name.clone());
    let object = secret_name(store, user);
    let id = (store.namespace.peek().clone(), object.peek().clone());
    let keys = [name, password].map(|key| (key.key.clone(), key));
    let secret = PlannedSecret {
        unit: Unit::Store(store.name.peek().clone()),
        namespace: store.namespace.clone(),
        name: object,
        knob: None,
        kind: "kubernetes.io/basic-auth",
        when: on(store),
        keys: IndexMap::from(keys),
        origin: user.name.origin().clone(),
        asked: user.name.origin().clone(),
    };
    plan.insert(id, secret);
}

fn roles(store: &Store) -> Form {
    let s = &Scope::new("stores/operator");
    form!(s; [for user in users(store) => {
        name: &user.name,
        ensure: "present",
        login: true,
        superuser: &user.superuser,
        replication: &user.replication,
        passwordSecret: { name: secret_name(store, user) },
    }])
}

fn storage(cx: &Cx, store: &Store) -> Form {
    let s = &Scope::new("stores/operator");
    match &store.storage {
        OrNone::Some(storage) => form!(s; {
            size: &storage.size,
            storageClass: regional::class(cx, store, storage),
            resizeInUseVolumes: true,
        }),
        // The operator knows no instance without a disk.
        OrNone::None(because) => {
            let s = &s.because(because);
            form!(s; { size: "1Gi" })
        }
    }
}

/// From the size, with those of the file over them.
fn parameters(store: &Store) -> Form {
    let s = &Scope::new("stores/operator");
    let mut map = MapBuilder::new(s);
    let memory = memory(store);
    let made = [
        ("max_connections", connections(store).map(u64::to_string)),
        (
            "shared_buffers",
            memory.map(|m| format!("{}MB", (m / 4).max(16))),
        ),
        (
            "effective_cache_size",
            memory.map(|m| format!("{}MB", (m * 3 / 4).max(32))),
        ),
        (
            "maintenance_work_mem",
            memory.map(|m| format!("{}MB", (m / 16).clamp(16, 2048))),
        ),
    ];
    for (key, value) in made {
        if !store.settings.contains_key(key) {
            map.put(s, key, value);
        }
    }
    for (key, value) in store
        .settings
        .iter()
        .filter(|(key, _)| *key != "shared_preload_libraries")
    {
        map.put(s, key.clone(), value);
    }
    map.build()
}

fn preloaded(store: &Store) -> Form {
    let s = &Scope::new("stores/operator");
    let mut list = SeqBuilder::new(s);
    if *store.engine.peek() == Engine::TimescaleDb {
        list.push(s, s.text("timescaledb"));
    }
    if let Some(written) = store.settings.get("shared_preload_libraries") {
        for name in written.peek().split(',') {
            list.push(s, written.map(|_| Str::from(name.trim())));
        }
    }
    list.build()
}

fn affinity(cx: &Cx, store: &Store, program: &Program) -> Form {
    let s = &Scope::new("stores/operator");
    let zones = *cx.app.cluster.zones.peek() > 1;
    let key = if zones {
        "topology.kubernetes.io/zone"
    } else {
        "kubernetes.io/hostname"
    };
    let pods = Pods {
        fewest: Expr::from(&store.instances),
        owner: Owner::Job,
        name: &store.name,
    };
    let placed = placement::placement(cx, program.placement, &pods);
    let placed = match &placed {
        Form::Plain(node) => ["nodeSelector", "tolerations"].map(|key| node.get(key).cloned()),
        _ => [None, None],
    };
    let [nodes, tolerations] = placed;
    form!(s; {
        when (several(store).and(Cond::decided(&cx.app.cluster.zones, |_| true))) topologyKey: Lit(key),
        nodeSelector: nodes,
        tolerations: tolerations,
    })
}

fn one_database(cx: &Cx, store: &Store, database: &Database) -> Form {
    let s = &Scope::new("stores/operator").because(database.name.origin());
    let name = store.name.zip(&database.name, |store, name| {
        Str::from(format!("{store}-{}", dashed(name)))
    });
    form!(s; {
        apiVersion: "postgresql.cnpg.io/v1",
        kind: "Database",
        metadata: {
            name: &name,
            namespace: &store.namespace,
            labels: names::labels(cx, &store.name, "store"),
            annotations: Fragment(crate::claim::keep(&store.protect)),
        },
        spec: {
            cluster: { name: &store.name },
            name: &database.name,
            owner: &database.owner,
            ensure: "present",
            databaseReclaimPolicy: store.protect.map(|protect| if *protect { "retain" } else { "delete" }),
            extensions: Fragment(form!(s; [for extension in &database.extensions => {
                name: extension,
                ensure: "present",
            }])),
        },
    })
}

fn one_pooler(cx: &Cx, store: &Store, pooler: &Pooler) -> Form {
    let s = &Scope::new("stores/operator").because(&pooler.origin);
    let name = helper::name(store, "pooler");
    let share = connections(store).zip(&pooler.instances, |most, poolers| {
        (most * 9 / 10 / u64::from((*poolers).max(1)))
            .max(1)
            .to_string()
    });
    form!(s; {
        apiVersion: "postgresql.cnpg.io/v1",
        kind: "Pooler",
        metadata: helper::metadata(cx, store, &name, &name),
        spec: {
            cluster: { name: &store.name },
            instances: &pooler.instances,
            type: "rw",
            pgbouncer: {
                poolMode: pooler.mode.map(|mode| match mode {
                    PoolMode::Transaction => "transaction",
                    PoolMode::Session => "session",
                }),
                parameters: { max_client_conn: "10000", max_db_connections: &share },
            },
        },
    })
}
