//! NATS with `JetStream`; several instances are a cluster. Source: NATS 2.12, "Configuration".

use super::super::credentials::{self, Credentials};
use super::super::recipe::Recipe;
use super::super::text::Text;
use super::{FOLDER, pod_names, port_named, shared_secret, starts_by};
use crate::cx::Cx;
use plimsoll_spec::app::Store;

/// Adds the configuration, the logins and the cluster.
pub fn add(cx: &Cx, store: &Store, keys: &mut Credentials, recipe: &mut Recipe) {
    pod_names(store, recipe);
    shared_secret(cx, store, keys, recipe);
    recipe.file(format!("{FOLDER}/server.conf"), settings(store).build());
    starts_by(recipe, start(cx, store, keys));
}

fn settings(store: &Store) -> Text {
    let mut text = Text::new("stores/nats");
    text.line("server_name: $POD_NAME");
    for (key, name) in [("port", "nats"), ("http_port", "monitor")] {
        if let Some(port) = store.ports.all.get(name) {
            text.pair(key, ": ", &port.port);
        }
    }
    text.of(&store.data, |data| {
        format!("jetstream {{ store_dir: \"{data}\" }}")
    });
    if let Some(connections) = &store.connections {
        text.pair("max_connections", ": ", connections);
    }
    for (key, value) in &store.settings {
        text.pair(key, ": ", value);
    }
    text.line("include ./logins.conf");
    text.line("include ./cluster.conf");
    text
}

/// Passwords stand in quotes: without them, one that begins with a digit would be a number.
fn start(cx: &Cx, store: &Store, keys: &mut Credentials) -> Text {
    let cluster = port_named(store, "cluster").unwrap_or(6222);
    let mut text = Text::new("stores/nats");
    text.line("set -eu")
        .line("umask 077")
        .line("cd /run/plimsoll")
        .line(format!("cp {FOLDER}/server.conf server.conf"))
        .line("{")
        .line("  echo 'authorization { users: ['");
    for user in credentials::users(store) {
        let key = keys.user(cx, store, user.name.peek());
        text.of(&user.name, |name| {
            format!("  echo \"{{ user: \\\"{name}\\\", password: \\\"${key}\\\" }}\"")
        });
    }
    text.line("  echo '] }'")
        .line("} > logins.conf")
        .line("if [ \"$INSTANCES\" -gt 1 ]; then")
        .line("  routes=''; i=0")
        .line("  while [ \"$i\" -lt \"$INSTANCES\" ]; do")
        .line(format!(
            "    routes=\"$routes \\\"nats://cluster:$CLUSTER_SECRET@$STORE-$i.$DOMAIN:{cluster}\\\"\""
        ))
        .line("    i=$((i + 1))")
        .line("  done")
        .line(format!(
            "  echo \"cluster {{ name: \\\"$STORE\\\", port: {cluster}, authorization {{ user: cluster, password: \\\"$CLUSTER_SECRET\\\" }}, routes: [$routes] }}\""
        ))
        .line("fi > cluster.conf")
        .line("exec nats-server --config server.conf");
    text
}
