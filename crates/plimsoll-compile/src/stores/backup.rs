//! Copies of a store's data: CronJobs that dump, send the dump to a bucket and forget old ones, and
//! the drill that restores the last one into a scratch instance.
//!
//! The engine's own image dumps; rclone sends. Source: rclone 1.71, "Environment variables".

use super::credentials::{self, Credentials};
use super::helper::{self, HelperPod};
use super::recipe::Recipe;
use super::rules::NO_DUMP;
use super::text::Text;
use super::{drill, on, policy, statefulset};
use crate::cx::{Cx, Objects};
use crate::names::dashed;
use crate::network::flow::{Flow, Peer, PodPort};
use crate::network::flows;
use crate::program::Program;
use crate::secrets::plan::{self, Plan, PlannedSecret};
use crate::workload::container;
use indexmap::IndexMap;
use plimsoll_source::{Finding, Node, Origin, Sourced, Str};
use plimsoll_spec::app::pod::SecretUse;
use plimsoll_spec::app::store::{Backup, Copy, Dump};
use plimsoll_spec::app::{External, Store};
use plimsoll_spec::rules::NOT_YET;
use plimsoll_world::{Cond, Expr, Form, Fragment, ObjectForm, Scope, SeqBuilder, Unit, form};

/// The image that sends and fetches.
const SENDER: &str = "docker.io/rclone/rclone:1.71.0";

/// Adds the backups of a store.
pub fn add(cx: &Cx, store: &Store, recipe: &mut Recipe, keys: &mut Credentials, plan: &mut Plan) {
    let Some(backup) = store.backup.some() else {
        return;
    };
    let incremental = backup.incremental.as_ref().map(|copy| copy.when.origin());
    let recover = backup.recover.as_ref().map(Sourced::origin);
    for (key, origin) in [("incremental", incremental), ("recover", recover)] {
        if let Some(origin) = origin {
            let help = "use `run: operator` for points in time, or make `full` more often";
            not_yet(cx, key, origin, help);
        }
    }
    let Some(dump) = &store.dump else {
        no_dump(cx, store, backup);
        return;
    };
    let name = helper::name(store, "backup");
    let mut objects = Objects::new();
    let mut buckets: IndexMap<Str, &External> = IndexMap::new();
    for (what, copy) in copies(backup) {
        let Some(external) = bucket_of(cx, backup, copy) else {
            continue;
        };
        buckets.insert(external.name.peek().clone(), external);
        let body = cron(cx, store, &name, what, copy, external, dump, keys);
        let unit = Unit::Store(store.name.peek().clone());
        objects.push(ObjectForm::new(unit, on(store), body));
    }
    if let (Some(drill), Some(copy)) = (&backup.drill, &backup.full)
        && let Some(external) = bucket_of(cx, backup, copy)
    {
        buckets.insert(external.name.peek().clone(), external);
        drill::add(cx, store, drill, external, dump, &mut objects);
    }
    for external in buckets.values() {
        secret(cx, store, external, plan);
    }
    recipe.helpers.push(name.clone());
    let mut egress = vec![Flow::new(
        flows::store_peer(cx, store, false),
        policy::client_ports(store),
        &backup.origin,
    )];
    egress.extend(buckets.values().map(|external| outside(external)));
    helper::policy(cx, store, &name, (&[], &egress), &mut objects);
    recipe.objects.append(&mut objects);
}

fn copies(backup: &Backup) -> impl Iterator<Item = (&'static str, &Copy)> {
    let all = [
        ("full", &backup.full),
        ("offsite", &backup.offsite),
        ("archive", &backup.archive),
    ];
    all.into_iter()
        .filter_map(|(what, copy)| Some((what, copy.as_ref()?)))
}

/// A key of later work.
pub fn not_yet(cx: &Cx, key: &str, origin: &Origin, help: &str) {
    let message =
        format!("not-yet: stores.*.backup.{key} is read and has no effect in this version");
    let finding = Finding::new(&NOT_YET, message).mark_origin(origin, "this has no effect yet");
    cx.report(finding.help(help));
}

fn no_dump(cx: &Cx, store: &Store, backup: &Backup) {
    let message = format!(
        "nothing is known that dumps `{}`, so nothing is saved",
        store.name.peek()
    );
    cx.report(
        Finding::new(&NO_DUMP, message)
            .mark_origin(&backup.origin, "this backup")
            .mark_origin(store.engine.origin(), "this engine")
            .help("write `dump: { save: […], load: […] }`, or `backup: none`"),
    );
}

/// The external that a copy goes to, where it has a bucket.
pub fn bucket_of<'a>(cx: &Cx<'a>, backup: &Backup, copy: &Copy) -> Option<&'a External> {
    let name = copy.to.as_ref().or(backup.to.as_ref())?;
    let external = cx.app.externals.get(name.peek())?;
    external.bucket.is_some().then_some(external)
}

/// The way to an external.
pub fn outside(external: &External) -> Flow {
    let ports = external
        .ports
        .all
        .values()
        .map(|port| PodPort::of(port.port.clone(), "TCP"))
        .collect();
    let peer = if external.cidr.is_empty() {
        Peer::Public
    } else {
        let text =
            |cidr: &Sourced<plimsoll_spec::types::Cidr>| cidr.map(|c| Str::from(c.to_string()));
        Peer::Addresses(external.cidr.iter().map(text).collect())
    };
    Flow::new(peer, ports, &external.origin)
}

/// `STORE-backup-EXTERNAL`: the credentials of a bucket beside the store.
pub fn secret_name(store: &Store, external: &External) -> Sourced<Str> {
    store.name.zip(&external.name, |store, external| {
        Str::from(format!("{store}-backup-{}", dashed(external)))
    })
}

/// The keys that reach a bucket, by the names of their variables.
pub fn bucket_keys(cx: &Cx, external: &External) -> IndexMap<Str, plan::PlannedKey> {
    let Some(secret) = &external.secret else {
        return IndexMap::new();
    };
    let uses = SecretUse {
        name: secret.clone(),
        from: None,
        file: None,
    };
    let planned = plan::asked(cx, &uses)
        .into_iter()
        .map(|value| plan::planned(cx, value, None));
    planned.map(|key| (key.key.clone(), key)).collect()
}

/// The credentials of a bucket beside the store, as a Secret.
pub fn secret(cx: &Cx, store: &Store, external: &External, plan: &mut Plan) {
    let keys = bucket_keys(cx, external);
    if keys.is_empty() {
        return;
    }
    let name = secret_name(store, external);
    let id = (store.namespace.peek().clone(), name.peek().clone());
    let secret = PlannedSecret {
        unit: Unit::Store(store.name.peek().clone()),
        namespace: store.namespace.clone(),
        name,
        knob: None,
        kind: "Opaque",
        when: on(store),
        keys,
        origin: external.origin.clone(),
        asked: external.origin.clone(),
    };
    plan.insert(id, secret);
}

/// Folder of a store's copies of one kind in a bucket.
fn folder(cx: &Cx, store: &Store, external: &External, what: &str) -> Option<Sourced<Str>> {
    let bucket = external.bucket.as_ref()?;
    let environment = &cx.app.environment.name;
    let app = cx.name().zip(environment, |app, environment| {
        format!("{app}/{environment}")
    });
    let within = app.zip(&store.name, |app, store| format!("{app}/{store}/{what}"));
    Some(bucket.zip(&within, |bucket, within| {
        Str::from(format!("to:{}/{within}", bucket.path()))
    }))
}

/// The container that sends or fetches, with the credentials of the bucket.
pub fn sender(
    cx: &Cx,
    store: &Store,
    external: &External,
    what: &str,
    (name, script): (&'static str, Node),
    more: Form,
) -> Form {
    let s = &Scope::new("stores/backup").because(&external.origin);
    let secret = secret_name(store, external);
    let mut env = SeqBuilder::new(s);
    for key in bucket_keys(cx, external).into_values() {
        let key = Sourced::new(key.key, key.origin);
        env.push(
            s,
            form!(s; {
                name: &key,
                valueFrom: { secretKeyRef: { name: &secret, key: &key } },
            }),
        );
    }
    env.splice(s, more);
    let fixed = [
        ("RCLONE_CONFIG", "/tmp/rclone.conf"),
        ("RCLONE_CONFIG_TO_TYPE", "s3"),
        ("RCLONE_CONFIG_TO_ENV_AUTH", "true"),
    ];
    for (name, value) in fixed {
        env.push(s, form!(s; { name: s.text(name), value: s.text(value) }));
    }
    let provider = if external.endpoint.is_some() {
        "Other"
    } else {
        "AWS"
    };
    env.push(
        s,
        form!(s; { name: "RCLONE_CONFIG_TO_PROVIDER", value: s.text(provider) }),
    );
    if let Some(region) = &external.region {
        env.push(
            s,
            form!(s; { name: "RCLONE_CONFIG_TO_REGION", value: region }),
        );
    }
    if let Some(endpoint) = &external.endpoint {
        env.push(
            s,
            form!(s; { name: "RCLONE_CONFIG_TO_ENDPOINT", value: endpoint }),
        );
    }
    env.push(
        s,
        form!(s; { name: "FOLDER", value: folder(cx, store, external, what) }),
    );
    form!(s; {
        name: s.text(name),
        image: s.text(SENDER),
        command: ["/bin/sh", "-c", script],
        env: env.build(),
        resources: helper::resources(s),
        securityContext: helper::security(&store.security),
        volumeMounts: [
            { name: "dump", mountPath: "/backup" },
            { name: "scratch", mountPath: "/tmp" },
        ],
    })
}

fn send_script() -> Node {
    let mut text = Text::new("stores/backup");
    text.line("set -eu")
        .line("rclone copyto /backup/dump \"$FOLDER/$(date -u +%Y%m%dT%H%M%SZ)\"")
        .line("exec rclone delete --min-age \"$KEEP\" \"$FOLDER\"");
    text.build()
}

/// Scratch for the dump; it counts to the disk of the node until it is sent.
pub fn volumes() -> Form {
    let s = &Scope::new("stores/backup");
    form!(s; [
        { name: "dump", emptyDir: {} },
        { name: "scratch", emptyDir: {} },
    ])
}

/// The container that dumps, or loads: the engine's image, told where the store is.
pub fn engine_container(cx: &Cx, store: &Store, dump: &Dump, keys: &mut Credentials) -> Form {
    let s = &Scope::new("stores/backup").because(&store.origin);
    let program = Program::store(store);
    let words = container::words(cx, &program, Some(&dump.save));
    form!(s; {
        name: "save",
        image: container::foreign_image(&store.image),
        imagePullPolicy: Form::Expr(Expr::from(&store.image.policy)),
        command: ["/bin/sh", "-c", "exec \"$@\" > /backup/dump", "save"],
        args: words,
        env: Fragment(login(cx, store, keys)),
        resources: helper::resources(s),
        securityContext: helper::security(&store.security),
        volumeMounts: [
            { name: "dump", mountPath: "/backup" },
            { name: "scratch", mountPath: "/tmp" },
        ],
    })
}

/// Where the store is and as whom it is saved, in the words that clients of each engine read.
fn login(cx: &Cx, store: &Store, keys: &mut Credentials) -> Form {
    use plimsoll_spec::app::store::Engine;
    let s = &Scope::new("stores/backup");
    let pods = statefulset::pods_name(store);
    let first = store
        .name
        .zip(&pods, |name, pods| Str::from(format!("{name}-0.{pods}")));
    let port = store
        .ports
        .main()
        .map(|(_, port)| port.port.map(|port| Str::from(port.to_string())));
    let mut env = SeqBuilder::new(s);
    let (host_name, port_name, user, password_name) = match store.engine.peek() {
        Engine::Postgres | Engine::TimescaleDb => {
            ("PGHOST", "PGPORT", Some("postgres"), "PGPASSWORD")
        }
        Engine::Redis | Engine::Valkey => {
            ("STORE_HOST", "STORE_PORT", Some("default"), "REDISCLI_AUTH")
        }
        Engine::ClickHouse => ("STORE_HOST", "", Some("default"), "CLICKHOUSE_PASSWORD"),
        Engine::MySql | Engine::MariaDb => ("STORE_HOST", "STORE_PORT", Some("root"), "MYSQL_PWD"),
        _ => ("STORE_HOST", "STORE_PORT", None, "STORE_PASSWORD"),
    };
    env.push(s, form!(s; { name: s.text(host_name), value: &first }));
    if *store.engine.peek() == Engine::ClickHouse {
        let native = store.ports.all.get("native").map(|port| port.port.clone());
        let native = native.map(|port| port.map(|port| Str::from(port.to_string())));
        env.push(s, form!(s; { name: "STORE_PORT", value: native }));
        // The authority is not in this pod; the network policy says whom it reaches.
        let encrypted = Cond::known(crate::address::serves_tls(cx, store), store.tls.origin());
        env.push_when(
            s,
            encrypted,
            || form!(s; { name: "STORE_OPTIONS", value: "--secure --accept-invalid-certificate" }),
        );
    } else {
        env.push(s, form!(s; { name: s.text(port_name), value: port }));
    }
    if *store.engine.peek() == Engine::Postgres || *store.engine.peek() == Engine::TimescaleDb {
        env.push(s, form!(s; { name: "PGUSER", value: "postgres" }));
    }
    let user = user.map(Str::from).or_else(|| {
        credentials::users(store)
            .next()
            .map(|user| user.name.peek().clone())
    });
    let known = |user: &Str| {
        store
            .users
            .some()
            .is_some_and(|users| users.contains_key(user))
            || matches!(user.as_str(), "postgres" | "root")
            || *store.engine.peek() == Engine::ClickHouse
    };
    if let Some(user) = user.filter(known) {
        let key = keys.user(cx, store, &user);
        env.push(s, form!(s; { name: "STORE_USER", value: s.text(user) }));
        env.push(s, credentials::variable(s, store, password_name, &key));
    }
    env.build()
}

#[expect(clippy::too_many_arguments, reason = "one call for each kind of copy")]
fn cron(
    cx: &Cx,
    store: &Store,
    labelled: &Sourced<Str>,
    what: &'static str,
    copy: &Copy,
    external: &External,
    dump: &Dump,
    keys: &mut Credentials,
) -> Form {
    let s = &Scope::new("stores/backup").because(copy.when.origin());
    let keep = copy.keep.map(|keep| Str::from(format!("{}s", keep.secs())));
    let more = form!(s; [{ name: "KEEP", value: &keep }]);
    let pod = HelperPod {
        name: labelled,
        before: vec![engine_container(cx, store, dump, keys)],
        own: sender(cx, store, external, what, ("send", send_script()), more),
        volumes: volumes(),
        ends: true,
        fewest: helper::one(s),
    };
    let name = helper::name(store, &format!("backup-{what}"));
    let schedule = copy.when.map(plimsoll_spec::types::Cron::five);
    scheduled(cx, store, (&name, labelled), &schedule, &copy.timezone, pod)
}

/// A CronJob of a store: one at a time, tried again twice.
pub fn scheduled(
    cx: &Cx,
    store: &Store,
    (name, labelled): (&Sourced<Str>, &Sourced<Str>),
    schedule: &Sourced<Str>,
    timezone: &Sourced<Str>,
    pod: HelperPod,
) -> Form {
    let s = &Scope::new("stores/backup").because(schedule.origin());
    let zone = timezone.map(|zone| {
        if zone == "UTC" {
            Str::from("Etc/UTC")
        } else {
            zone.clone()
        }
    });
    form!(s; {
        apiVersion: "batch/v1",
        kind: "CronJob",
        metadata: helper::metadata(cx, store, name, labelled),
        spec: {
            schedule: schedule,
            timeZone: &zone,
            concurrencyPolicy: "Forbid",
            startingDeadlineSeconds: 3600,
            successfulJobsHistoryLimit: 3,
            failedJobsHistoryLimit: 3,
            jobTemplate: { spec: {
                backoffLimit: 2,
                activeDeadlineSeconds: 21600,
                template: helper::template(cx, store, pod),
            } },
        },
    })
}

/// A drill that cannot be done is a finding at its schedule.
pub fn report_drill(cx: &Cx, store: &Store, origin: &Origin) {
    let message = format!(
        "not-yet: stores.*.backup.drill is read and has no effect in this version for the engine of `{}`",
        store.name.peek()
    );
    cx.report(
        Finding::new(&NOT_YET, message)
            .mark_origin(origin, "this has no effect yet")
            .mark_origin(store.engine.origin(), "of this engine"),
    );
}
