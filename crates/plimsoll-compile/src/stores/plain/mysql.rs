//! MySQL and MariaDB. Sources: the entry points of the images `mysql` and `mariadb`.

use super::super::credentials::{self, Credentials};
use super::super::recipe::Recipe;
use super::super::text::Text;
use super::{FOLDER, set_up_by};
use crate::cx::Cx;
use plimsoll_spec::app::Store;
use plimsoll_spec::app::store::{Database, Engine, User};

/// Who reads the metrics.
pub const MONITOR: &str = "monitor";
/// Who may do everything.
const ADMIN: &str = "root";

/// Adds databases, users and settings.
pub fn add(cx: &Cx, store: &Store, keys: &mut Credentials, recipe: &mut Recipe) {
    let root = keys.user(cx, store, ADMIN);
    let name = match store.engine.peek() {
        Engine::MariaDb => "MARIADB_ROOT_PASSWORD",
        _ => "MYSQL_ROOT_PASSWORD",
    };
    recipe.credential(name, &root);
    let monitor = keys.inner(cx, store, MONITOR);
    recipe.credential(&monitor, &monitor);
    recipe.file(format!("{FOLDER}/server.cnf"), settings(store).build());
    set_up_by(recipe, script(cx, store, keys));
    let s = &plimsoll_world::Scope::new("stores/mysql");
    let server = match store.engine.peek() {
        Engine::MariaDb => "mariadbd",
        _ => "mysqld",
    };
    recipe.arg(s, server);
    recipe.arg(s, format!("--defaults-extra-file={FOLDER}/server.cnf"));
}

fn settings(store: &Store) -> Text {
    let mut text = Text::new("stores/mysql");
    text.line("[mysqld]").line("bind-address = *");
    if let Some((_, port)) = store.ports.main() {
        text.pair("port", " = ", &port.port);
    }
    if let Some(connections) = &store.connections {
        text.pair("max_connections", " = ", connections);
    }
    for (key, value) in &store.settings {
        text.pair(key, " = ", value);
    }
    text
}

/// Databases, their owners and all passwords; it may run any number of times.
fn script(cx: &Cx, store: &Store, keys: &mut Credentials) -> Text {
    let (ping, client, root) = match store.engine.peek() {
        Engine::MariaDb => ("mariadb-admin", "mariadb", "MARIADB_ROOT_PASSWORD"),
        _ => ("mysqladmin", "mysql", "MYSQL_ROOT_PASSWORD"),
    };
    let monitor = keys.inner(cx, store, MONITOR);
    let mut text = Text::new("stores/mysql");
    text.because(store.engine.origin())
        .line("set -eu")
        .line(format!(
            "until {ping} ping --silent --host=127.0.0.1; do sleep 1; done"
        ))
        // Not in the environment of the server: its own first steps have no password yet.
        .line(format!("export MYSQL_PWD=\"${root}\""))
        .line(format!("exec {client} --user=root <<SQL"));
    login(&mut text, MONITOR, &monitor);
    text.line(format!(
        "GRANT PROCESS, REPLICATION CLIENT, SELECT ON *.* TO '{MONITOR}'@'%';"
    ));
    for user in credentials::users(store) {
        let key = keys.user(cx, store, user.name.peek());
        text.from(user.name.origin());
        login(&mut text, user.name.peek(), &key);
        rights(&mut text, user);
    }
    for database in store.databases.values() {
        one_database(&mut text, store, database);
    }
    text.line("SQL");
    text
}

fn login(text: &mut Text, name: &str, key: &str) {
    text.line(format!("CREATE USER IF NOT EXISTS '{name}'@'%';"))
        .line(format!("ALTER USER '{name}'@'%' IDENTIFIED BY '${key}';"));
}

fn rights(text: &mut Text, user: &User) {
    text.because(user.superuser.origin());
    text.because(user.replication.origin());
    let name = user.name.peek();
    if *user.superuser.peek() {
        text.line(format!(
            "GRANT ALL ON *.* TO '{name}'@'%' WITH GRANT OPTION;"
        ));
    }
    if *user.replication.peek() {
        text.line(format!("GRANT REPLICATION SLAVE ON *.* TO '{name}'@'%';"));
    }
}

fn one_database(text: &mut Text, store: &Store, database: &Database) {
    let (name, owner) = (database.name.peek(), database.owner.peek());
    text.from(database.name.origin());
    text.line(format!("CREATE DATABASE IF NOT EXISTS \\`{name}\\`;"));
    if credentials::users(store).any(|user| user.name.peek() == owner) {
        text.from(database.owner.origin());
        text.line(format!("GRANT ALL ON \\`{name}\\`.* TO '{owner}'@'%';"));
    }
}
