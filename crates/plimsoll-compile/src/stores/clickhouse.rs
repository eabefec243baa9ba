//! ClickHouse.
//!
//! Sources: the manual of ClickHouse 25.8, chapters "Configuration Files" (`from_env`) and "Server
//! Settings" (`startup_scripts`).

use super::credentials::{self, Credentials};
use super::recipe::Recipe;
use super::text::Text;
use crate::cx::Cx;
use plimsoll_source::{Node, Sourced, Str};
use plimsoll_spec::app::Store;
use plimsoll_world::{Expr, Scope};

const FOLDER: &str = "/etc/clickhouse-server";
/// The user that databases belong to and that the server's own scripts run as.
const ADMIN: &str = "default";

/// What ClickHouse adds to its pods.
pub fn recipe(cx: &Cx, store: &Store, keys: &mut Credentials) -> Recipe {
    let s = &Scope::new("stores/clickhouse").because(store.engine.origin());
    let mut recipe = Recipe {
        peers: true,
        ..Recipe::default()
    };
    for word in [
        "clickhouse-server",
        "--config-file=/etc/clickhouse-server/config.xml",
    ] {
        recipe
            .command
            .push(plimsoll_world::Form::Plain(s.text(word)));
    }
    let skip = Sourced::rule("stores/clickhouse", Str::from("1"));
    recipe.set("CLICKHOUSE_SKIP_USER_SETUP", Expr::from(&skip));
    let admin = keys.user(cx, store, ADMIN);
    recipe.credential("CLICKHOUSE_PASSWORD", &admin);
    recipe.credential(&admin, &admin);
    for user in credentials::users(store).filter(|user| user.name.peek() != ADMIN) {
        let key = keys.user(cx, store, user.name.peek());
        recipe.credential(&key, &key);
    }
    recipe.file(format!("{FOLDER}/config.d/plimsoll.xml"), settings(store));
    recipe.file(
        format!("{FOLDER}/users.d/plimsoll-users.xml"),
        users(cx, store, keys),
    );
    recipe
}

fn settings(store: &Store) -> Node {
    let mut text = Text::new("stores/clickhouse");
    text.line("<clickhouse>")
        .line("  <listen_host>0.0.0.0</listen_host>")
        .line("  <logger><console>1</console><log remove=\"1\"/><errorlog remove=\"1\"/></logger>");
    for (name, element) in [("http", "http_port"), ("native", "tcp_port")] {
        if let Some(port) = store.ports.all.get(name) {
            text.of(&port.port, |port| {
                format!("  <{element}>{port}</{element}>")
            });
        }
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
    if !store.databases.is_empty() {
        text.line("  <startup_scripts>");
        for database in store.databases.values() {
            text.of(&database.name, |name| {
                format!(
                    "    <scripts><query>CREATE DATABASE IF NOT EXISTS `{}`</query></scripts>",
                    escaped(name)
                )
            });
        }
        text.line("  </startup_scripts>");
    }
    text.line("</clickhouse>");
    text.build()
}

/// Each user may reach the databases that it owns; without any, all of them.
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

fn one_user(text: &mut Text, name: &str, key: &Str, all: bool) {
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

/// A text inside of XML.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
