//! Poolers: PgBouncer before a PostgreSQL, where users of the store connect.
//!
//! Source: PgBouncer 1.24, `config.md`.

use super::credentials::{self, Credentials};
use super::helper::{self, HelperPod};
use super::postgres_settings::connections;
use super::recipe::Recipe;
use super::text::Text;
use super::{on, policy, tls};
use crate::address::serves_tls;
use crate::cx::Cx;
use crate::names;
use crate::network::flow::Flow;
use crate::network::flows;
use crate::workload::resources;
use crate::workload::service::{self, Front};
use plimsoll_source::{Node, Sourced, Str};
use plimsoll_spec::app::Store;
use plimsoll_spec::app::store::{PoolMode, Pooler, Tls};
use plimsoll_world::{Expr, Form, Fragment, ObjectForm, Op, Role, Scope, SeqBuilder, Unit, form};

/// The image, whose own entry point is not used.
const IMAGE: &str = "docker.io/edoburu/pgbouncer:v1.24.1-p1";

/// The pooler of a store, if it has one.
pub fn add(cx: &Cx, store: &Store, recipe: &mut Recipe, keys: &mut Credentials) {
    let Some(pooler) = store.pooler.some() else {
        return;
    };
    let name = helper::name(store, "pooler");
    recipe.helpers.push(name.clone());
    let unit = Unit::Store(store.name.peek().clone());
    let new = |body: Form| ObjectForm::new(unit.clone(), on(store), body);
    let settings = settings(cx, store, pooler);
    let mut objects = vec![
        new(config(cx, store, &name, &settings)),
        new(deployment(cx, store, pooler, &name, &settings, keys)).role(Role::Store),
    ];
    let front = Front {
        unit: unit.clone(),
        name: name.clone(),
        pods: &name,
        namespace: &store.namespace,
        component: "store",
        ports: store.ports.main().into_iter().collect(),
        when: on(store),
        headless: false,
        also: Vec::new(),
    };
    objects.push(service::form_of(cx, &front));
    if *pooler.instances.peek() > 1 {
        objects.push(new(budget(cx, store, pooler, &name)));
    }
    let to_store = Flow::new(
        flows::store_peer(cx, store, false),
        policy::client_ports(store),
        &pooler.origin,
    );
    let ingress = flows::users_of(cx, store, true);
    helper::policy(cx, store, &name, (&ingress, &[to_store]), &mut objects);
    recipe.objects.append(&mut objects);
}

/// `pgbouncer.ini`: connections to the server are shared out among the poolers.
fn settings(cx: &Cx, store: &Store, pooler: &Pooler) -> Node {
    let mut text = Text::new("stores/pooler");
    text.line("[databases]");
    if let Some((_, port)) = store.ports.main() {
        text.from(port.at.origin());
        text.of(&store.name, |name| {
            format!("* = host={name} port={}", port.at.peek())
        });
    }
    text.line("[pgbouncer]").line("listen_addr = *");
    if let Some((_, port)) = store.ports.main() {
        text.pair("listen_port", " = ", &port.port);
    }
    text.line("unix_socket_dir =")
        .line("auth_type = scram-sha-256")
        .line("auth_file = /run/plimsoll/users.txt")
        .line("ignore_startup_parameters = extra_float_digits,options")
        .line("max_client_conn = 10000")
        .line("max_prepared_statements = 200");
    text.of(&pooler.mode, |mode| {
        let mode = match mode {
            PoolMode::Transaction => "transaction",
            PoolMode::Session => "session",
        };
        format!("pool_mode = {mode}")
    });
    let share = connections(store).zip(&pooler.instances, |most, poolers| {
        // A tenth is left to migrations, backups and people.
        (most * 9 / 10 / u64::from((*poolers).max(1))).max(1)
    });
    text.pair("max_db_connections", " = ", &share);
    let pairs = u64::try_from(store.databases.len().max(1)).unwrap_or(1);
    text.of(&share, |share| {
        format!("default_pool_size = {}", (share / pairs).max(1))
    });
    text.because(store.tls.origin());
    if serves_tls(cx, store) {
        let only = *store.tls.peek() == Tls::Only;
        let clients = if only { "require" } else { "allow" };
        text.line("server_tls_sslmode = verify-full")
            .line(format!("server_tls_ca_file = {}/ca.crt", tls::FOLDER))
            .line(format!("client_tls_sslmode = {clients}"))
            .line(format!("client_tls_cert_file = {}/tls.crt", tls::FOLDER))
            .line(format!("client_tls_key_file = {}/tls.key", tls::FOLDER));
    }
    text.build()
}

fn data(settings: &Node) -> Form {
    let s = &Scope::new("stores/pooler");
    form!(s; { "pgbouncer.ini": settings })
}

fn config_name(name: &Sourced<Str>, settings: &Node) -> Expr {
    let s = &Scope::new("stores/pooler");
    let hash = Expr::call(Op::Hash, [Expr::tree(data(settings))]);
    Expr::concat([Expr::from(name), Expr::text(s.origin(), "-"), hash])
}

fn config(cx: &Cx, store: &Store, name: &Sourced<Str>, settings: &Node) -> Form {
    let s = &Scope::new("stores/pooler");
    form!(s; {
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: helper::metadata(cx, store, config_name(name, settings), name),
        data: data(settings),
    })
}

fn deployment(
    cx: &Cx,
    store: &Store,
    pooler: &Pooler,
    name: &Sourced<Str>,
    settings: &Node,
    keys: &mut Credentials,
) -> Form {
    let s = &Scope::new("stores/pooler").because(&pooler.origin);
    let certificate = tls::volume(cx, store);
    let (volume, mount) = certificate.map_or((None, None), |(v, m)| (Some(v), Some(m)));
    let pod = HelperPod {
        name,
        before: Vec::new(),
        own: container(cx, store, pooler, mount, keys),
        volumes: form!(s; [
            { name: "settings", configMap: { name: config_name(name, settings) } },
            { name: "runtime", emptyDir: { medium: "Memory", sizeLimit: "4Mi" } },
            volume,
        ]),
        ends: false,
        fewest: Expr::from(&pooler.instances),
    };
    form!(s; {
        apiVersion: "apps/v1",
        kind: "Deployment",
        metadata: helper::metadata(cx, store, name, name),
        spec: {
            replicas: &pooler.instances,
            revisionHistoryLimit: 3,
            selector: { matchLabels: names::selector(cx, name) },
            strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
            template: helper::template(cx, store, pod),
        },
    })
}

fn container(
    cx: &Cx,
    store: &Store,
    pooler: &Pooler,
    certificate: Option<Form>,
    keys: &mut Credentials,
) -> Form {
    let s = &Scope::new("stores/pooler").because(&pooler.origin);
    let (users, env) = logins(cx, store, keys);
    let port = store.ports.main().map(|(_, port)| port.port.clone());
    let name = store.ports.main().map(|(name, _)| name.clone());
    let main = name.map(|name| s.text(name));
    form!(s; {
        name: "pooler",
        image: s.text(IMAGE),
        command: ["/bin/sh", "-c", users],
        env: Fragment(env),
        ports: [{ name: main.clone(), containerPort: port, protocol: "TCP" }],
        resources: resources::small(),
        securityContext: helper::security(&store.security),
        startupProbe: { tcpSocket: { port: main.clone() }, periodSeconds: 2, failureThreshold: 30 },
        readinessProbe: { tcpSocket: { port: main.clone() }, periodSeconds: 5, timeoutSeconds: 2 },
        lifecycle: { preStop: { exec: { command: ["sleep", "10"] } } },
        volumeMounts: [
            { name: "settings", mountPath: "/etc/plimsoll/pooler", readOnly: true },
            { name: "runtime", mountPath: "/run/plimsoll" },
            certificate,
        ],
    })
}

/// Writes the logins into memory, then becomes the pooler.
fn logins(cx: &Cx, store: &Store, keys: &mut Credentials) -> (Node, Form) {
    let s = &Scope::new("stores/pooler");
    let mut text = Text::new("stores/pooler");
    let mut env = SeqBuilder::new(s);
    text.line("umask 077").line("{");
    for user in credentials::users(store) {
        let key = keys.user(cx, store, user.name.peek());
        text.of(&user.name, |name| {
            format!("  printf '\"%s\" \"%s\"\\n' '{name}' \"${key}\"")
        });
        env.push(s, credentials::variable(s, store, &key, &key));
    }
    text.line("} > /run/plimsoll/users.txt")
        .line("exec pgbouncer /etc/plimsoll/pooler/pgbouncer.ini");
    (text.build(), env.build())
}

fn budget(cx: &Cx, store: &Store, pooler: &Pooler, name: &Sourced<Str>) -> Form {
    let s = &Scope::new("stores/pooler").because(pooler.instances.origin());
    form!(s; {
        apiVersion: "policy/v1",
        kind: "PodDisruptionBudget",
        metadata: helper::metadata(cx, store, name, name),
        spec: {
            maxUnavailable: 1,
            unhealthyPodEvictionPolicy: "AlwaysAllow",
            selector: { matchLabels: names::selector(cx, name) },
        },
    })
}
