//! MongoDB; several instances are a replica set. Source: the entry point of the image `mongo`.

use super::super::credentials::{self, Credentials};
use super::super::recipe::Recipe;
use super::super::several;
use super::super::text::Text;
use super::{FOLDER, main_port, pod_names, set_up_by, shared_secret, starts_by};
use crate::cx::Cx;
use plimsoll_spec::app::Store;
use plimsoll_world::Expr;

/// Who may do everything.
pub const ADMIN: &str = "root";

/// Adds users, databases and the replica set.
pub fn add(cx: &Cx, store: &Store, keys: &mut Credentials, recipe: &mut Recipe) {
    let root = keys.inner(cx, store, ADMIN);
    let admin = Expr::text(store.engine.origin(), ADMIN);
    recipe.set("MONGO_INITDB_ROOT_USERNAME", admin);
    recipe.credential("MONGO_INITDB_ROOT_PASSWORD", &root);
    recipe.credential("ADMIN_PASSWORD", &root);
    recipe.credential(&root, &root);
    shared_secret(cx, store, keys, recipe);
    pod_names(store, recipe);
    recipe.set_when(several(store), "REPLICA_SET", Expr::from(&store.name));
    starts_by(recipe, start(store));
    recipe.file(format!("{FOLDER}/setup.js"), users(cx, store, keys).build());
    let mut text = Text::new("stores/mongodb");
    text.line("case \"$POD_NAME\" in *-0) ;; *) exit 0;; esac")
        .line(format!(
            "until mongosh --quiet --nodb {FOLDER}/setup.js; do sleep 2; done"
        ));
    set_up_by(recipe, text);
}

/// Members after the first get their data, logins included, from it.
fn start(store: &Store) -> Text {
    let mut text = Text::new("stores/mongodb");
    text.line("set -eu")
        .line("set -- --bind_ip_all")
        .line("if [ -n \"${REPLICA_SET:-}\" ]; then")
        .line("  (umask 077; printf %s \"$CLUSTER_SECRET\" > /run/plimsoll/key)")
        .line("  set -- \"$@\" --replSet \"$REPLICA_SET\" --keyFile /run/plimsoll/key")
        .line("fi")
        .line("case \"$POD_NAME\" in *-0) ;; *) unset MONGO_INITDB_ROOT_USERNAME MONGO_INITDB_ROOT_PASSWORD;; esac");
    if let Some((_, port)) = store.ports.main() {
        text.of(&port.port, |port| format!("set -- \"$@\" --port {port}"));
    }
    if let Some(connections) = &store.connections {
        text.of(connections, |n| format!("set -- \"$@\" --maxConns {n}"));
    }
    for (key, value) in &store.settings {
        text.of(value, |value| {
            format!("set -- \"$@\" --setParameter '{key}={value}'")
        });
    }
    text.line("exec docker-entrypoint.sh mongod \"$@\"");
    text
}

fn users(cx: &Cx, store: &Store, keys: &mut Credentials) -> Text {
    let port = main_port(store);
    let mut text = Text::new("stores/mongodb");
    text.line(format!(
        "db = connect(`mongodb://{ADMIN}:${{process.env.ADMIN_PASSWORD}}@127.0.0.1:{port}/admin?directConnection=true`);"
    ))
    .line("const env = process.env;")
    .line("if (env.REPLICA_SET) {")
    .line(format!(
        "  const host = (i) => `${{env.STORE}}-${{i}}.${{env.DOMAIN}}:{port}`;"
    ))
    .line("  try { rs.status(); } catch (error) { rs.initiate({ _id: env.REPLICA_SET, members: [{ _id: 0, host: host(0) }] }); }")
    .line("  for (let i = 0; i < 30 && !db.hello().isWritablePrimary; i++) { sleep(1000); }")
    .line("  if (!db.hello().isWritablePrimary) { quit(0); }")
    .line("  const known = rs.conf().members.map((member) => member.host);")
    .line("  for (let i = 1; i < Number(env.INSTANCES); i++) { if (!known.includes(host(i))) { rs.add(host(i)); } }")
    .line("}")
    .line("const user = (name, pwd, roles) => db.getUser(name) ? db.updateUser(name, { pwd, roles }) : db.createUser({ user: name, pwd, roles });");
    for user in credentials::users(store) {
        let key = keys.user(cx, store, user.name.peek());
        let mut roles: Vec<String> = Vec::new();
        for database in store.databases.values() {
            if database.owner.peek() == user.name.peek() {
                text.from(database.name.origin())
                    .from(database.owner.origin());
                roles.push(format!(
                    "{{ role: \"dbOwner\", db: \"{}\" }}",
                    database.name.peek()
                ));
            }
        }
        text.because(user.superuser.origin());
        if *user.superuser.peek() {
            roles.push("{ role: \"root\", db: \"admin\" }".to_owned());
        }
        let roles = roles.join(", ");
        text.of(&user.name, |name| {
            format!("user(\"{name}\", env.{key}, [{roles}]);")
        });
    }
    text
}
