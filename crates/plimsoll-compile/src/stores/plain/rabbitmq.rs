//! RabbitMQ; several instances find each other by DNS. Source: RabbitMQ 4.1, "Cluster Formation".

use super::super::credentials::{self, Credentials};
use super::super::recipe::Recipe;
use super::super::several;
use super::super::text::Text;
use super::{pod_names, starts_by};
use crate::cx::Cx;
use plimsoll_source::Str;
use plimsoll_spec::app::Store;
use plimsoll_world::Expr;

/// Adds the login, the settings and the cluster.
pub fn add(cx: &Cx, store: &Store, keys: &mut Credentials, recipe: &mut Recipe) {
    if let Some(user) = credentials::users(store).next() {
        let key = keys.user(cx, store, user.name.peek());
        recipe.set("RABBITMQ_DEFAULT_USER", Expr::from(&user.name));
        recipe.credential("RABBITMQ_DEFAULT_PASS", &key);
    }
    pod_names(store, recipe);
    let cookie = keys.inner(cx, store, "cluster");
    recipe.credential("CLUSTER_SECRET", &cookie);
    recipe.set_when(
        several(store),
        "RABBITMQ_USE_LONGNAME",
        Expr::text(store.engine.origin(), "true"),
    );
    let node = store
        .name
        .map(|_| Str::from("rabbit@$(POD_NAME).$(DOMAIN)"));
    recipe.set_when(several(store), "RABBITMQ_NODENAME", Expr::from(&node));
    recipe.file(
        "/etc/rabbitmq/conf.d/90-plimsoll.conf",
        settings(store).build(),
    );
    let mut text = Text::new("stores/rabbitmq");
    text.line("set -eu").of(&store.data, |data| {
        format!("(umask 077; printf %s \"$CLUSTER_SECRET\" > {data}/.erlang.cookie)")
    });
    text.line("exec docker-entrypoint.sh rabbitmq-server");
    starts_by(recipe, text);
}

fn settings(store: &Store) -> Text {
    let mut text = Text::new("stores/rabbitmq");
    if let Some((_, port)) = store.ports.main() {
        text.pair("listeners.tcp.default", " = ", &port.port);
    }
    text.line("loopback_users = none")
        .line("cluster_formation.peer_discovery_backend = dns");
    let domain = store.name.zip(&store.namespace, |name, ns| {
        format!("{name}-pods.{ns}.svc.cluster.local")
    });
    text.pair("cluster_formation.dns.hostname", " = ", &domain);
    for (key, value) in &store.settings {
        text.pair(key, " = ", value);
    }
    text
}
