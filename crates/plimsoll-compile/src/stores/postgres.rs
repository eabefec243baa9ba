//! PostgreSQL and TimescaleDB: the first pod writes, the others follow it by streaming.
//!
//! Sources: the entry point of the image `postgres`; PostgreSQL 18, chapters "Server
//! Configuration", "Client Authentication" and "Log-Shipping Standby Servers".

use super::credentials::{self, Credentials};
use super::exporter::{Exporter, Said};
use super::recipe::{Recipe, Scratch};
use super::several;
use super::text::Text;
use super::tls;
use super::{pooler, postgres_settings, postgres_setup, statefulset};
use crate::address::serves_tls;
use crate::cx::Cx;
use crate::workload::container;
use crate::workload::resources;
use plimsoll_source::{Node, Sourced, Str};
use plimsoll_spec::app::Store;
use plimsoll_spec::app::pod::Writable;
use plimsoll_spec::app::store::{Engine, Tls};
use plimsoll_world::{Expr, Form, Lit, Scope, form};

/// Where the files of the engine are.
pub const FOLDER: &str = "/etc/plimsoll";
/// Who copies data to the other instances.
pub const REPLICATOR: &str = "replicator";
/// Who reads the metrics.
pub const MONITOR: &str = "monitor";
/// Who may do everything.
pub const ADMIN: &str = "postgres";

/// What PostgreSQL adds to its pods.
pub fn recipe(cx: &Cx, store: &Store, keys: &mut Credentials) -> Recipe {
    let s = &Scope::new("stores/postgres").because(store.engine.origin());
    let mut recipe = Recipe {
        primary: true,
        peers: true,
        post_start: Some(setup(s)),
        ..Recipe::default()
    };
    for word in ["postgres", "-c"] {
        recipe.arg(s, word);
    }
    recipe.arg(s, format!("config_file={FOLDER}/postgresql.conf"));
    environment(cx, store, keys, &mut recipe);
    recipe.file(
        format!("{FOLDER}/postgresql.conf"),
        postgres_settings::text(cx, store),
    );
    recipe.file(format!("{FOLDER}/pg_hba.conf"), access(cx, store));
    recipe.file(
        format!("{FOLDER}/setup.sql"),
        postgres_setup::text(cx, store, keys),
    );
    // Parallel queries share memory there, and containers have 64Mi of it.
    recipe.scratch.push(Scratch {
        name: "shared-memory",
        path: "/dev/shm",
        memory: Some(postgres_settings::shared_memory(store)),
    });
    let replication = keys.inner(cx, store, "replication");
    let copy = copy(cx, store, &replication);
    recipe.before.push((several(store), copy));
    pooler::add(cx, store, &mut recipe, keys);
    recipe
}

fn environment(cx: &Cx, store: &Store, keys: &mut Credentials, recipe: &mut Recipe) {
    let admin = keys.user(cx, store, ADMIN);
    recipe.credential("POSTGRES_PASSWORD", &admin);
    recipe.set("PGDATA", Expr::from(&pgdata(store)));
    if let Some((_, port)) = store.ports.main() {
        let port = port.port.map(|port| Str::from(port.to_string()));
        recipe.set("PGPORT", Expr::from(&port));
    }
    if *store.engine.peek() == Engine::TimescaleDb {
        // The image would tune itself to the node it stands on.
        let text = Sourced::rule("stores/postgres", Str::from("true"));
        recipe.set("NO_TS_TUNE", Expr::from(&text));
    }
    for user in credentials::users(store) {
        let key = keys.user(cx, store, user.name.peek());
        recipe.credential(&key, &key);
    }
    let replication = keys.inner(cx, store, "replication");
    recipe.credential(&replication, &replication);
    // The copying process of an instance that follows finds its password here.
    recipe.credential_when(several(store), "PGPASSWORD", &replication);
    let monitor = keys.inner(cx, store, MONITOR);
    recipe.credential(&monitor, &monitor);
}

/// A folder inside of the disk: its root may hold `lost+found`.
pub fn pgdata(store: &Store) -> Sourced<Str> {
    store.data.map(|data| Str::from(format!("{data}/pgdata")))
}

/// Databases and users are made, and passwords set, each time an instance starts: what the file
/// adds later arrives as well.
fn setup(s: &Scope) -> Form {
    let script = format!(
        "until pg_isready --quiet --host 127.0.0.1; do sleep 1; done; \
         exec psql --no-psqlrc --quiet --username {ADMIN} --dbname postgres --file {FOLDER}/setup.sql"
    );
    form!(s; ["/bin/sh", "-c", s.text(script)])
}

/// Who may connect, and how: by password, from elsewhere with TLS where only that is allowed.
fn access(cx: &Cx, store: &Store) -> Node {
    let mut text = Text::new("stores/postgres");
    let how = if store.users.is_none() {
        "trust"
    } else {
        "scram-sha-256"
    };
    if let plimsoll_spec::app::OrNone::None(because) = &store.users {
        text.because(because);
    }
    let only = serves_tls(cx, store) && *store.tls.peek() == Tls::Only;
    let kind = if only { "hostssl" } else { "host" };
    text.because(store.tls.origin())
        .line("# type database user address method")
        .line("local all all trust")
        .line(format!("host all all 127.0.0.1/32 {how}"))
        .line(format!("host all all ::1/128 {how}"))
        .line(format!("{kind} all all all {how}"))
        .line(format!("{kind} replication {REPLICATOR} all scram-sha-256"));
    for user in credentials::users(store).filter(|user| *user.replication.peek()) {
        text.from(user.replication.origin());
        text.of(&user.name, |name| {
            format!("{kind} replication \"{name}\" all scram-sha-256")
        });
    }
    text.build()
}

/// Copies the data of the first instance before another starts for the first time.
fn copy(cx: &Cx, store: &Store, replication: &Str) -> Form {
    let s = &Scope::new("stores/postgres").because(store.instances.origin());
    let pods = statefulset::pods_name(store);
    let first = store
        .name
        .zip(&pods, |name, pods| Str::from(format!("{name}-0.{pods}")));
    let port = store
        .ports
        .main()
        .map(|(_, port)| port.port.map(|port| Str::from(port.to_string())));
    let script = Lit(
        "case \"$HOSTNAME\" in *-0) exit 0;; esac; [ -s \"$PGDATA/PG_VERSION\" ] && exit 0; \
         until rm -rf \"$PGDATA\" && pg_basebackup --pgdata \"$PGDATA\" --wal-method stream --checkpoint fast; \
         do sleep 3; done; touch \"$PGDATA/standby.signal\"",
    );
    form!(s; {
        name: "copy",
        image: container::foreign_image(&store.image),
        imagePullPolicy: Form::Expr(Expr::from(&store.image.policy)),
        command: ["/bin/sh", "-c", script],
        env: [
            { name: "PGDATA", value: pgdata(store) },
            { name: "PGHOST", value: first },
            { name: "PGPORT", value: port },
            { name: "PGUSER", value: s.text(REPLICATOR) },
            when (plimsoll_world::Cond::known(serves_tls(cx, store), store.tls.origin()))
                { name: "PGSSLMODE", value: "require" },
            credentials::variable(s, store, "PGPASSWORD", replication),
        ],
        resources: resources::of_store(&store.size),
        securityContext: container::security(&store.security, &Writable::Paths(Vec::new())),
        volumeMounts: [{ name: "data", mountPath: &store.data }],
    })
}

/// What the exporter of PostgreSQL is told. Source: `postgres_exporter` 0.18.
pub fn exporter(cx: &Cx, store: &Store, keys: &mut Credentials) -> Exporter {
    let port = store.ports.main().map(|(_, port)| port.port.clone());
    let uri = port.map(|port| {
        let uri = port.map(|port| Str::from(format!("127.0.0.1:{port}/postgres?sslmode=disable")));
        ("DATA_SOURCE_URI", Said::Text(Expr::from(&uri)))
    });
    let user = Sourced::rule("stores/postgres", Str::from(MONITOR));
    let key = keys.inner(cx, store, MONITOR);
    Exporter {
        port: 9187,
        env: uri
            .into_iter()
            .chain([
                ("DATA_SOURCE_USER", Said::Text(Expr::from(&user))),
                ("DATA_SOURCE_PASS", Said::Key(key)),
            ])
            .collect(),
        args: Vec::new(),
    }
}

/// The certificate's files in the words of the server.
pub fn certificate_settings() -> [(&'static str, String); 3] {
    [
        ("ssl_cert_file", format!("{}/tls.crt", tls::FOLDER)),
        ("ssl_key_file", format!("{}/tls.key", tls::FOLDER)),
        ("ssl_ca_file", format!("{}/ca.crt", tls::FOLDER)),
    ]
}
