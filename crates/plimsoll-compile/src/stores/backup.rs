//! Copies of a store's data: CronJobs that dump, send the dump to a bucket and forget old ones, and
//! the drill that restores the last one into a scratch instance.
//!
//! The engine's own image dumps; rclone sends.

use super::credentials::{self, Credentials};
use super::helper::{self, HelperPod};
use super::recipe::Recipe;
use super::rules::NO_DUMP;
use super::text::Text;
use super::{drill, on, policy, statefulset};
use crate::copies::sender::{self, Sender};
use crate::copies::{Kept, bucket, scheduled};
use crate::cx::{Cx, Objects};
use crate::network::flow::Flow;
use crate::network::flows;
use crate::program::Program;
use crate::secrets::plan::Plan;
use crate::workload::container;
use indexmap::IndexMap;
use plimsoll_source::{Finding, Node, Origin, Sourced, Str};
use plimsoll_spec::app::store::{Backup, Copy, Dump};
use plimsoll_spec::app::{External, Store};
use plimsoll_spec::rules::NOT_YET;
use plimsoll_world::{Cond, Expr, Form, Fragment, ObjectForm, Scope, SeqBuilder, Unit, form};

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
        let Some(external) = bucket::of(cx, backup.to.as_ref(), copy) else {
            continue;
        };
        buckets.insert(external.name.peek().clone(), external);
        let body = cron(cx, store, &name, what, copy, external, dump, keys);
        let unit = Unit::Store(store.name.peek().clone());
        objects.push(ObjectForm::new(unit, on(store), body));
    }
    if let (Some(drill), Some(copy)) = (&backup.drill, &backup.full)
        && let Some(external) = bucket::of(cx, backup.to.as_ref(), copy)
    {
        buckets.insert(external.name.peek().clone(), external);
        drill::add(cx, store, drill, external, dump, &mut objects);
    }
    for external in buckets.values() {
        bucket::secret(cx, &Kept::store(store), external, plan);
    }
    recipe.helpers.push(name.clone());
    let mut egress = vec![Flow::new(
        flows::store_peer(cx, store, false),
        policy::client_ports(store),
        &backup.origin,
    )];
    egress.extend(buckets.values().map(|external| bucket::way(external)));
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

fn send_script() -> Node {
    let mut text = Text::new("stores/backup");
    text.line("set -eu")
        .line("rclone copyto /backup/dump \"$FOLDER/$(date -u +%Y%m%dT%H%M%SZ)\"")
        .line("exec rclone delete --min-age \"$KEEP\" \"$FOLDER\"");
    text.build()
}

/// Where the sender sees the dump.
pub fn dump_mount() -> Form {
    let s = &Scope::new("stores/backup");
    form!(s; [{ name: "dump", mountPath: "/backup" }])
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
    let send = Sender {
        name: "send",
        script: send_script(),
        what,
        env: form!(s; [{ name: "KEEP", value: &keep }]),
        mounts: dump_mount(),
    };
    let pod = HelperPod {
        name: labelled,
        before: vec![engine_container(cx, store, dump, keys)],
        own: sender::container(cx, &Kept::store(store), external, send),
        volumes: volumes(),
        ends: true,
        fewest: helper::one(s),
    };
    let name = helper::name(store, &format!("backup-{what}"));
    let schedule = copy.when.map(plimsoll_spec::types::Cron::five);
    let metadata = helper::metadata(cx, store, &name, labelled);
    let template = helper::template(cx, store, pod);
    scheduled(metadata, &schedule, &copy.timezone, template)
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
