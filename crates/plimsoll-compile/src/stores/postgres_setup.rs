//! What is in PostgreSQL before anybody uses it: users, databases, owners, extensions. The script
//! can run any number of times; passwords come from the environment and stand nowhere in it.

use super::credentials::{self, Credentials};
use super::postgres::{ADMIN, MONITOR, REPLICATOR};
use super::text::Text;
use crate::cx::Cx;
use plimsoll_source::{Node, Origin, Str};
use plimsoll_spec::app::Store;
use plimsoll_spec::app::store::{Database, Engine};

/// The script, in psql's words (14 or newer, for `\getenv`).
pub fn text(cx: &Cx, store: &Store, keys: &mut Credentials) -> Node {
    let mut text = Text::new("stores/postgres-setup");
    text.line("\\set ON_ERROR_STOP on")
        .line("-- An instance that follows gets all this from the first one.")
        .line("SELECT pg_is_in_recovery() AS follows \\gset")
        .line("\\if :follows")
        .line("\\quit")
        .line("\\endif");
    for (name, what, rights) in [
        (REPLICATOR, "replication", "LOGIN REPLICATION"),
        (MONITOR, MONITOR, "LOGIN IN ROLE pg_monitor"),
    ] {
        let key = keys.inner(cx, store, what);
        role(&mut text, name, rights);
        password(&mut text, name, &key);
    }
    for user in credentials::users(store) {
        let name = user.name.peek();
        text.from(user.name.origin())
            .from(user.superuser.origin())
            .from(user.replication.origin());
        let superuser = if *user.superuser.peek() || name == ADMIN {
            "SUPERUSER"
        } else {
            "NOSUPERUSER"
        };
        let replication = if *user.replication.peek() || name == ADMIN {
            "REPLICATION"
        } else {
            "NOREPLICATION"
        };
        role(&mut text, name, "LOGIN");
        text.line(format!(
            "ALTER ROLE {} {superuser} {replication};",
            identifier(name)
        ));
        let key = keys.user(cx, store, name);
        password(&mut text, name, &key);
    }
    for database in store.databases.values() {
        one_database(&mut text, store, database);
    }
    text.build()
}

fn role(text: &mut Text, name: &str, rights: &str) {
    let (named, quoted) = (identifier(name), literal(name));
    let make = literal(&format!("CREATE ROLE {named} {rights}"));
    text.line(format!(
        "SELECT {make} WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = {quoted}) \\gexec"
    ));
}

fn password(text: &mut Text, name: &str, key: &Str) {
    text.line(format!("\\getenv password {key}")).line(format!(
        "ALTER ROLE {} PASSWORD :'password';",
        identifier(name)
    ));
}

fn one_database(text: &mut Text, store: &Store, database: &Database) {
    let (name, owner) = (database.name.peek(), database.owner.peek());
    text.from(database.name.origin())
        .from(database.owner.origin());
    let logs_in = credentials::users(store).any(|user| user.name.peek() == owner);
    if !logs_in && owner != ADMIN {
        role(text, owner, "NOLOGIN");
    }
    let make = literal(&format!(
        "CREATE DATABASE {} OWNER {}",
        identifier(name),
        identifier(owner)
    ));
    text.line(format!(
        "SELECT {make} WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = {}) \\gexec",
        literal(name)
    ));
    text.line(format!(
        "ALTER DATABASE {} OWNER TO {};",
        identifier(name),
        identifier(owner)
    ));
    let extensions = extensions(store, database);
    if extensions.is_empty() {
        return;
    }
    text.line(format!("\\connect {}", identifier(name)));
    for (extension, origin) in extensions {
        if let Some(origin) = origin {
            text.from(origin);
        }
        text.line(format!(
            "CREATE EXTENSION IF NOT EXISTS {};",
            identifier(extension)
        ));
    }
}

/// The file's extensions; TimescaleDB is why one takes its image.
fn extensions<'a>(store: &Store, database: &'a Database) -> Vec<(&'a str, Option<&'a Origin>)> {
    let mut all: Vec<(&str, Option<&Origin>)> = database
        .extensions
        .iter()
        .map(|extension| (extension.peek().as_str(), Some(extension.origin())))
        .collect();
    let own = *store.engine.peek() == Engine::TimescaleDb;
    if own && !all.iter().any(|(name, _)| *name == "timescaledb") {
        all.insert(0, ("timescaledb", None));
    }
    all
}

/// A name in SQL.
fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A text in SQL.
fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
