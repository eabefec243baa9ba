//! ClickHouse; several instances are replicas of each other, the first of them keep the journal.
//!
//! Sources: the manual of ClickHouse 25.8, chapters "Configuration Files" (`from_env`), "Server
//! Settings" (`startup_scripts`, `keeper_server`) and "Distributed table engine".

use super::credentials::{self, Credentials};
use super::recipe::{EngineVariable, InnerPort, Recipe, Scratch, Variable};
use super::text::Text;
use super::{several, statefulset, tls};
use crate::address::serves_tls;
use crate::cx::Cx;
use plimsoll_source::{Node, Sourced, Str};
use plimsoll_spec::app::store::{Mode, Tls};
use plimsoll_spec::app::{Health, OrNone, Probe, Store};
use plimsoll_spec::types::Check;
use plimsoll_world::{Cond, Expr, Form, Scope};

const FOLDER: &str = "/etc/clickhouse-server";
/// Where the configuration is put together.
const RUNTIME: &str = "/run/plimsoll";
/// The user that the server's own scripts run as.
pub const ADMIN: &str = "default";
/// Where the keepers of the journal are asked, and where they talk to each other.
const KEEPER: u16 = 9181;
const RAFT: u16 = 9234;

/// What ClickHouse adds to its pods.
pub fn recipe(cx: &Cx, store: &Store, keys: &mut Credentials) -> Recipe {
    let s = &Scope::new("stores/clickhouse").because(store.engine.origin());
    let mut recipe = Recipe {
        peers: true,
        command: vec![
            Form::Plain(s.text("/bin/sh")),
            Form::Plain(s.text("/etc/plimsoll/start.sh")),
        ],
        ..Recipe::default()
    };
    recipe.inner.push(InnerPort {
        name: "keeper",
        port: KEEPER,
    });
    recipe.inner.push(InnerPort {
        name: "raft",
        port: RAFT,
    });
    let admin = keys.user(cx, store, ADMIN);
    recipe.credential(&admin, &admin);
    for user in credentials::users(store).filter(|user| user.name.peek() != ADMIN) {
        let key = keys.user(cx, store, user.name.peek());
        recipe.credential(&key, &key);
    }
    let cluster = keys.inner(cx, store, "cluster");
    recipe.credential_when(several(store), "CLUSTER_SECRET", &cluster);
    names(store, &mut recipe);
    recipe.file(
        format!("{FOLDER}/config.d/plimsoll.xml"),
        settings(cx, store),
    );
    recipe.file(
        format!("{FOLDER}/users.d/plimsoll-users.xml"),
        users(cx, store, keys),
    );
    recipe.file("/etc/plimsoll/start.sh", start(cx, store));
    recipe.scratch.push(Scratch {
        name: "runtime",
        path: RUNTIME,
        memory: Some(Sourced::rule("stores/clickhouse", Str::from("4Mi"))),
    });
    if serves_tls(cx, store) && *store.tls.peek() == Tls::Only {
        recipe.health = Some(health(store));
    }
    recipe
}

fn names(store: &Store, recipe: &mut Recipe) {
    recipe.env.push(EngineVariable {
        name: "POD_NAME".into(),
        when: Cond::always("stores/clickhouse"),
        value: Variable::Field("metadata.name"),
    });
    let pods = statefulset::pods_name(store);
    let domain = pods.zip(&store.namespace, |pods, ns| {
        Str::from(format!("{pods}.{ns}.svc.cluster.local"))
    });
    recipe.set("STORE", Expr::from(&store.name));
    recipe.set("DOMAIN", Expr::from(&domain));
    recipe.set("INSTANCES", Expr::concat([Expr::from(&store.instances)]));
    let shards = match store.mode.peek() {
        Mode::Cluster => store.shards.clone(),
        _ => store.mode.choose("stores/clickhouse", |_| 1),
    };
    let shards = shards.map(|shards| Str::from(shards.to_string()));
    recipe.set("SHARDS", Expr::from(&shards));
}

/// With TLS the port of the native protocol speaks it; that of HTTP only where nothing else may.
fn settings(cx: &Cx, store: &Store) -> Node {
    let mut text = Text::new("stores/clickhouse");
    text.line("<clickhouse>")
        .line("  <listen_host>0.0.0.0</listen_host>")
        .line("  <logger><console>1</console><log remove=\"1\"/><errorlog remove=\"1\"/></logger>");
    let encrypted = serves_tls(cx, store);
    text.because(store.tls.origin());
    let only = encrypted && *store.tls.peek() == Tls::Only;
    let elements = [
        ("http", "http_port", "https_port", only),
        ("native", "tcp_port", "tcp_port_secure", encrypted),
    ];
    for (name, plain, secure, encrypted) in elements {
        if let Some(port) = store.ports.all.get(name) {
            let (element, other) = if encrypted {
                (secure, plain)
            } else {
                (plain, secure)
            };
            text.of(&port.port, |port| {
                format!("  <{element}>{port}</{element}>")
            });
            text.line(format!("  <{other} remove=\"1\"/>"));
        }
    }
    if encrypted {
        text.line(format!(
            "  <openSSL><server><certificateFile>{0}/tls.crt</certificateFile><privateKeyFile>{0}/tls.key</privateKeyFile><verificationMode>none</verificationMode></server></openSSL>",
            tls::FOLDER
        ));
    }
    text.of(&store.data, |data| format!("  <path>{data}/</path>"));
    text.line("  <max_server_memory_usage_to_ram_ratio>0.8</max_server_memory_usage_to_ram_ratio>");
    if let Some(connections) = &store.connections {
        text.of(connections, |n| {
            format!("  <max_connections>{n}</max_connections>")
        });
    }
    for (key, value) in &store.settings {
        text.of(value, |value| {
            format!("  <{key}>{}</{key}>", escaped(value))
        });
    }
    text.line("  <startup_scripts>");
    for database in store.databases.values() {
        text.of(&database.name, |name| {
            format!(
                "    <scripts><query>CREATE DATABASE IF NOT EXISTS `{}`</query></scripts>",
                escaped(name)
            )
        });
    }
    text.line("  </startup_scripts>").line("</clickhouse>");
    text.build()
}

fn users(cx: &Cx, store: &Store, keys: &mut Credentials) -> Node {
    let mut text = Text::new("stores/clickhouse");
    let admin = keys.user(cx, store, ADMIN);
    text.line("<clickhouse>").line("  <users>");
    one_user(&mut text, ADMIN, &admin, true);
    for user in credentials::users(store).filter(|user| user.name.peek() != ADMIN) {
        let key = keys.user(cx, store, user.name.peek());
        text.from(user.name.origin()).from(user.superuser.origin());
        one_user(&mut text, user.name.peek(), &key, *user.superuser.peek());
    }
    text.line("  </users>").line("</clickhouse>");
    text.build()
}

fn one_user(text: &mut Text, name: &str, key: &str, all: bool) {
    let manages = u8::from(all);
    text.line(format!("    <{name}>"))
        .line(format!(
            "      <password from_env=\"{key}\" replace=\"1\"/>"
        ))
        .line("      <networks replace=\"1\"><ip>::/0</ip></networks>")
        .line("      <profile>default</profile>")
        .line("      <quota>default</quota>")
        .line(format!(
            "      <access_management>{manages}</access_management>"
        ))
        .line(format!("    </{name}>"));
}

/// Puts the configuration together; who is a replica of whom follows from the pod's name and the
/// number of instances. Up to three instances keep the journal.
fn start(cx: &Cx, store: &Store) -> Node {
    let native = store
        .ports
        .all
        .get("native")
        .map_or(9000, |port| *port.port.peek());
    let secure = u8::from(serves_tls(cx, store));
    let mut text = Text::new("stores/clickhouse");
    text.because(store.tls.origin())
        .line("set -eu")
        .line(format!("cp -rL {FOLDER}/. {RUNTIME}/"))
        .line("if [ \"$INSTANCES\" -gt 1 ]; then")
        .line("  own=${POD_NAME##*-}")
        .line("  replicas=$((INSTANCES / SHARDS))")
        .line("  keepers=$((INSTANCES < 3 ? 1 : 3))")
        .line("  {")
        .line("    echo '<clickhouse>'")
        .line("    echo \"<interserver_http_host>$POD_NAME.$DOMAIN</interserver_http_host>\"")
        .line("    echo \"<macros><cluster>$STORE</cluster><shard>$((own / replicas))</shard><replica>$POD_NAME</replica></macros>\"")
        .line("    echo \"<remote_servers><$STORE><secret>$CLUSTER_SECRET</secret>\"")
        .line("    i=0")
        .line("    while [ \"$i\" -lt \"$INSTANCES\" ]; do")
        .line("      [ $((i % replicas)) -ne 0 ] || echo '<shard><internal_replication>true</internal_replication>'")
        .line(format!(
            "      echo \"<replica><host>$STORE-$i.$DOMAIN</host><port>{native}</port><secure>{secure}</secure></replica>\""
        ))
        .line("      [ $((i % replicas)) -ne $((replicas - 1)) ] || echo '</shard>'")
        .line("      i=$((i + 1))")
        .line("    done")
        .line("    echo \"</$STORE></remote_servers><zookeeper>\"")
        .line("    i=0")
        .line(format!(
            "    while [ \"$i\" -lt \"$keepers\" ]; do echo \"<node><host>$STORE-$i.$DOMAIN</host><port>{KEEPER}</port></node>\"; i=$((i + 1)); done"
        ))
        .line("    echo '</zookeeper>'")
        .line("    if [ \"$own\" -lt \"$keepers\" ]; then")
        .line(format!(
            "      echo \"<keeper_server><tcp_port>{KEEPER}</tcp_port><server_id>$((own + 1))</server_id>\""
        ));
    text.of(&store.data, |data| {
        format!(
            "      echo '<log_storage_path>{data}/coordination/log</log_storage_path><snapshot_storage_path>{data}/coordination/snapshots</snapshot_storage_path><raft_configuration>'"
        )
    });
    text.line("      i=0")
        .line(format!(
            "      while [ \"$i\" -lt \"$keepers\" ]; do echo \"<server><id>$((i + 1))</id><hostname>$STORE-$i.$DOMAIN</hostname><port>{RAFT}</port></server>\"; i=$((i + 1)); done"
        ))
        .line("      echo '</raft_configuration></keeper_server>'")
        .line("    fi")
        .line("    echo '</clickhouse>'")
        .line(format!("  }} > {RUNTIME}/config.d/cluster.xml"))
        .line("fi")
        .line(format!("exec clickhouse-server --config-file={RUNTIME}/config.xml"));
    text.build()
}

/// Where HTTP is encrypted too, the kubelet only sees whether somebody listens.
fn health(store: &Store) -> Health {
    let ask = |probe: &OrNone<Probe>| match probe {
        OrNone::Some(probe) => {
            let mut probe = probe.clone();
            probe.check = probe.check.map(|check| match check {
                Check::Http { port, .. } => Check::Tcp { port: port.clone() },
                other => other.clone(),
            });
            OrNone::Some(probe)
        }
        OrNone::None(because) => OrNone::None(because.clone()),
    };
    Health {
        start: ask(&store.health.start),
        ready: ask(&store.health.ready),
        live: ask(&store.health.live),
    }
}

/// A text inside of XML.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
