//! Redis and Valkey with sentinels: they choose who writes, and a proxy in each pod leads there, so
//! that clients need not ask them.
//!
//! Sources: `sentinel.conf` of Redis 8; the manual of HAProxy 3.2, `tcp-check` and
//! `server-template`.

use super::credentials::{self, Credentials};
use super::helper;
use super::recipe::{InnerPort, Recipe};
use super::redis::{FOLDER, login, port, programs};
use super::text::Text;
use crate::cx::{self, Cx};
use crate::workload::{container, resources};
use plimsoll_source::{Node, Sourced, Str};
use plimsoll_spec::app::Store;
use plimsoll_world::{Cond, Expr, Form, Scope, SeqBuilder, form};

const SENTINEL: u16 = 26_379;
const PROXY: &str = "docker.io/library/haproxy:3.2";

/// Where the server itself listens: the port of clients is the proxy's.
pub fn server_port(store: &Store) -> u16 {
    port(store) + 1
}

/// Adds sentinel and proxy to the pods.
pub fn add(cx: &Cx, store: &Store, recipe: &mut Recipe, keys: &mut Credentials) {
    recipe.primary = false;
    recipe.inner.push(InnerPort {
        name: "server",
        port: server_port(store),
    });
    recipe.sidecar_ports.push(SENTINEL);
    recipe.file(
        format!("{FOLDER}/sentinel.sh"),
        sentinel_script(cx, store, keys),
    );
    recipe.file(
        format!("{FOLDER}/haproxy.cfg"),
        proxy_settings(cx, store, keys),
    );
    recipe.beside.push(sentinel(cx, store, keys));
    recipe.fronts.push(proxy(cx, store, keys));
}

/// The name under which a pod is known, and the question who writes.
fn find_writer(store: &Store, text: &mut Text) {
    let (_, client) = programs(store);
    text.line("self=\"$POD_NAME.$PODS\"")
        .line(format!(
            "writer=$({client} -h \"$PODS\" -p {SENTINEL} sentinel get-master-addr-by-name \"$STORE\" 2>/dev/null | head -n 1 || true)"
        ))
        .line("[ -n \"$writer\" ] || writer=\"$FIRST.$PODS\"");
}

/// How an instance starts: it follows whom the sentinels name, else the first.
pub fn start(store: &Store, text: &mut Text) {
    let own = server_port(store);
    find_writer(store, text);
    text.line(format!(
        "{{ echo \"replica-announce-ip $self\"; echo 'replica-announce-port {own}'; }} >> \"$conf\""
    ))
    .line(format!(
        "[ \"$writer\" = \"$self\" ] || echo \"replicaof $writer {own}\" >> \"$conf\""
    ));
}

fn sentinel_script(cx: &Cx, store: &Store, keys: &mut Credentials) -> Node {
    let (server, _) = programs(store);
    let own = server_port(store);
    let mut text = Text::new("stores/redis-sentinel");
    text.because(store.mode.origin())
        .line("set -eu")
        .line("umask 077");
    find_writer(store, &mut text);
    text.line("quorum=$((INSTANCES / 2 + 1))")
        .line("{")
        .line(format!("  echo 'port {SENTINEL}'"))
        .line("  echo 'dir /tmp'")
        .line("  echo 'protected-mode no'")
        .line("  echo 'sentinel resolve-hostnames yes'")
        .line("  echo 'sentinel announce-hostnames yes'")
        .line("  echo \"sentinel announce-ip $self\"")
        .line(format!(
            "  echo \"sentinel monitor $STORE $writer {own} $quorum\""
        ))
        .line("  echo \"sentinel down-after-milliseconds $STORE 5000\"")
        .line("  echo \"sentinel failover-timeout $STORE 30000\"");
    if let Some(user) = login(store) {
        let key = keys.user(cx, store, user.name.peek());
        text.of(&user.name, |name| {
            format!("  echo \"sentinel auth-user $STORE {name}\"")
        });
        text.line(format!("  echo \"sentinel auth-pass $STORE ${key}\""))
            .line(format!("  echo \"requirepass ${key}\""))
            .line(format!("  echo \"sentinel sentinel-pass ${key}\""));
    }
    text.line("} > /run/plimsoll/sentinel.conf").line(format!(
        "exec {server} /run/plimsoll/sentinel.conf --sentinel"
    ));
    text.build()
}

/// The proxy asks every instance whether it writes. Passwords come from its environment.
fn proxy_settings(cx: &Cx, store: &Store, keys: &mut Credentials) -> Node {
    let mut text = Text::new("stores/redis-sentinel");
    for line in [
        "global",
        "  maxconn 10000",
        "defaults",
        "  mode tcp",
        "  timeout connect 3s",
        "  timeout client 1h",
        "  timeout server 1h",
        "  timeout check 2s",
        "resolvers cluster",
        "  parse-resolv-conf",
        "  hold valid 5s",
        "frontend clients",
    ] {
        text.line(line);
    }
    if let Some((_, port)) = store.ports.main() {
        text.of(&port.port, |port| format!("  bind :{port}"));
    }
    text.line("  default_backend writer")
        .line("backend writer")
        .line("  option tcp-check")
        .line("  tcp-check connect");
    if let Some(user) = login(store) {
        let key = keys.user(cx, store, user.name.peek());
        text.of(&user.name, |name| {
            format!("  tcp-check send \"AUTH {name} ${{{key}}}\\r\\n\"")
        });
        text.line("  tcp-check expect string +OK");
    }
    text.line("  tcp-check send \"INFO replication\\r\\n\"")
        .line("  tcp-check expect string role:master")
        .line("  default-server inter 1s fall 2 rise 1 on-marked-down shutdown-sessions")
        .line(format!(
            "  server-template node 16 \"${{DOMAIN}}:{}\" check resolvers cluster init-addr none",
            server_port(store)
        ));
    text.build()
}

fn variables(cx: &Cx, store: &Store, keys: &mut Credentials) -> Form {
    let s = &Scope::new("stores/redis-sentinel");
    let mut env = SeqBuilder::new(s);
    for user in credentials::users(store) {
        let key = keys.user(cx, store, user.name.peek());
        env.push(s, credentials::variable(s, store, &key, &key));
    }
    if let Some(user) = login(store) {
        let key = keys.user(cx, store, user.name.peek());
        env.push(s, credentials::variable(s, store, "REDISCLI_AUTH", &key));
    }
    let first = store.name.map(|name| Str::from(format!("{name}-0")));
    let pods = super::statefulset::pods_name(store);
    let domain = pods.zip(&store.namespace, |pods, ns| {
        Str::from(format!("{pods}.{ns}.svc.cluster.local"))
    });
    env.push(
        s,
        form!(s; { name: "POD_NAME", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } }),
    );
    env.push(s, form!(s; { name: "STORE", value: &store.name }));
    env.push(s, form!(s; { name: "FIRST", value: &first }));
    env.push(s, form!(s; { name: "PODS", value: &pods }));
    env.push(s, form!(s; { name: "DOMAIN", value: &domain }));
    env.push(
        s,
        form!(s; { name: "INSTANCES", value: Expr::concat([Expr::from(&store.instances)]) }),
    );
    env.build()
}

fn sentinel(cx: &Cx, store: &Store, keys: &mut Credentials) -> Form {
    let s = &Scope::new("stores/redis-sentinel").because(store.mode.origin());
    let (native, because) = cx::since(cx, 29);
    let port = Sourced::new(SENTINEL, s.origin().clone());
    form!(s; {
        name: "sentinel",
        image: container::foreign_image(&store.image),
        imagePullPolicy: Form::Expr(Expr::from(&store.image.policy)),
        when (Cond::known(native, &because)) restartPolicy: "Always",
        command: ["/bin/sh", s.text(format!("{FOLDER}/sentinel.sh"))],
        env: variables(cx, store, keys),
        ports: [{ name: "sentinel", containerPort: &port, protocol: "TCP" }],
        resources: resources::small(),
        securityContext: helper::security(&store.security),
        readinessProbe: { tcpSocket: { port: "sentinel" }, periodSeconds: 5, timeoutSeconds: 2 },
        volumeMounts: [
            { name: "sentinel", mountPath: "/run/plimsoll" },
            { name: "sentinel", mountPath: "/tmp", subPath: "tmp" },
            { name: "engine", mountPath: s.text(format!("{FOLDER}/sentinel.sh")), subPath: "sentinel.sh", readOnly: true },
        ],
    })
}

fn proxy(cx: &Cx, store: &Store, keys: &mut Credentials) -> Form {
    let s = &Scope::new("stores/redis-sentinel").because(store.mode.origin());
    let main = store.ports.main().map(|(name, _)| s.text(name.clone()));
    form!(s; {
        name: "proxy",
        image: s.text(PROXY),
        args: ["haproxy", "-W", "-db", "-f", s.text(format!("{FOLDER}/haproxy.cfg"))],
        env: variables(cx, store, keys),
        ports: container::ports(&store.ports),
        resources: resources::small(),
        securityContext: helper::security(&store.security),
        livenessProbe: { tcpSocket: { port: main }, periodSeconds: 10, timeoutSeconds: 2 },
        volumeMounts: [
            { name: "engine", mountPath: s.text(format!("{FOLDER}/haproxy.cfg")), subPath: "haproxy.cfg", readOnly: true },
        ],
    })
}
