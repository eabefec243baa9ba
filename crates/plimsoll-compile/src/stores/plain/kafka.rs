//! Kafka without ZooKeeper: each instance is broker and controller. Source: the image
//! `apache/kafka`, which makes settings of variables that begin with `KAFKA_`.

use super::super::credentials::{self, Credentials};
use super::super::exporter::Said;
use super::super::recipe::Recipe;
use super::super::text::Text;
use super::{heap, main_port, pod_names, port_named, starts_by};
use crate::cx::Cx;
use plimsoll_source::{Sourced, Str};
use plimsoll_spec::app::Store;
use plimsoll_world::Expr;

/// Adds listeners, login and quorum.
pub fn add(cx: &Cx, store: &Store, keys: &mut Credentials, recipe: &mut Recipe) {
    pod_names(store, recipe);
    recipe.set("KAFKA_HEAP_OPTS", heap(store));
    let (port, controller) = (
        main_port(store),
        port_named(store, "controller").unwrap_or(9093),
    );
    let user = credentials::users(store).next();
    let protocol = if user.is_some() {
        "SASL_PLAINTEXT"
    } else {
        "PLAINTEXT"
    };
    let settings = [
        ("PROCESS_ROLES", "broker,controller".to_owned()),
        (
            "LISTENERS",
            format!("CLIENT://:{port},CONTROLLER://:{controller}"),
        ),
        (
            "ADVERTISED_LISTENERS",
            format!("CLIENT://$(POD_NAME).$(DOMAIN):{port}"),
        ),
        ("CONTROLLER_LISTENER_NAMES", "CONTROLLER".to_owned()),
        ("INTER_BROKER_LISTENER_NAME", "CLIENT".to_owned()),
        (
            "LISTENER_SECURITY_PROTOCOL_MAP",
            format!("CLIENT:{protocol},CONTROLLER:PLAINTEXT"),
        ),
    ];
    for (name, value) in settings {
        let value = Sourced::new(Str::from(value), store.engine.origin().clone());
        recipe.set(&format!("KAFKA_{name}"), Expr::from(&value));
    }
    recipe.set(
        "KAFKA_LOG_DIRS",
        Expr::from(&store.data.map(|data| Str::from(format!("{data}/logs")))),
    );
    if let Some(user) = user {
        login(cx, store, user.name.peek(), keys, recipe);
    }
    for (key, value) in &store.settings {
        let name = key
            .to_ascii_uppercase()
            .replace('_', "__")
            .replace('-', "___")
            .replace('.', "_");
        recipe.set(&format!("KAFKA_{name}"), Expr::from(value));
    }
    starts_by(recipe, start(controller));
}

/// Clients and brokers log in with a password over the listener of clients.
fn login(cx: &Cx, store: &Store, user: &str, keys: &mut Credentials, recipe: &mut Recipe) {
    let origin = store.engine.origin();
    let text = |text: &str| Expr::text(origin, text);
    recipe.set("KAFKA_SASL_ENABLED_MECHANISMS", text("PLAIN"));
    recipe.set("KAFKA_SASL_MECHANISM_INTER_BROKER_PROTOCOL", text("PLAIN"));
    let key = keys.user(cx, store, user);
    let mut all = format!(
        "org.apache.kafka.common.security.plain.PlainLoginModule required username=\"{user}\" password=\"$({key})\""
    );
    for user in credentials::users(store) {
        let key = keys.user(cx, store, user.name.peek());
        for part in [" user_", user.name.peek(), "=\"$(", &key, ")\""] {
            all.push_str(part);
        }
    }
    all.push(';');
    let from = credentials::users(store).map(|user| user.name.origin().clone());
    let value = Sourced::new(
        Str::from(all),
        plimsoll_source::Origin::rule("stores/kafka", from),
    );
    recipe.set(
        "KAFKA_LISTENER_NAME_CLIENT_PLAIN_SASL_JAAS_CONFIG",
        Expr::from(&value),
    );
}

/// Number and quorum follow from the pod's name and the number of instances.
fn start(controller: u16) -> Text {
    let mut text = Text::new("stores/kafka");
    text.line("set -eu")
        .line("export KAFKA_NODE_ID=\"${POD_NAME##*-}\"")
        .line("voters=''; i=0")
        .line("while [ \"$i\" -lt \"$INSTANCES\" ]; do")
        .line(format!(
            "  voters=\"$voters${{voters:+,}}$i@$STORE-$i.$DOMAIN:{controller}\""
        ))
        .line("  i=$((i + 1))")
        .line("done")
        .line("copies=$((INSTANCES < 3 ? INSTANCES : 3))")
        .line("export KAFKA_CONTROLLER_QUORUM_VOTERS=\"$voters\"")
        .line("export KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR=\"$copies\"")
        .line("export KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR=\"$copies\"")
        .line("export KAFKA_TRANSACTION_STATE_LOG_MIN_ISR=\"$((copies < 2 ? 1 : 2))\"")
        .line("export KAFKA_DEFAULT_REPLICATION_FACTOR=\"$copies\"")
        .line("exec /etc/kafka/docker/run");
    text
}

/// What the exporter is told.
pub fn exporter(
    cx: &Cx,
    store: &Store,
    keys: &mut Credentials,
    env: &mut Vec<(&'static str, Said)>,
    args: &mut Vec<Expr>,
) {
    let origin = store.engine.origin();
    args.push(Expr::text(
        origin,
        format!("--kafka.server=127.0.0.1:{}", main_port(store)),
    ));
    if let Some(user) = credentials::users(store).next() {
        let key = keys.user(cx, store, user.name.peek());
        env.push(("SASL_USER_PASSWORD", Said::Key(key)));
        for word in [
            "--sasl.enabled",
            "--sasl.mechanism=plain",
            "--sasl.password=$(SASL_USER_PASSWORD)",
        ] {
            args.push(Expr::text(origin, word));
        }
        let user = user
            .name
            .map(|name| Str::from(format!("--sasl.username={name}")));
        args.push(Expr::from(&user));
    }
}
