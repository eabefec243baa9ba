//! The drill: the last copy is fetched and loaded into an instance that lives as long as the Job.
//! A backup that was never restored is a hope.

use super::backup::{dump_mount, report_drill, volumes};
use super::helper::{self, HelperPod};
use super::text::Text;
use super::{on, redis};
use crate::copies::sender::{self, Sender};
use crate::copies::{Kept, bucket, scheduled};
use crate::cx::{Cx, Objects};
use crate::program::Program;
use crate::workload::container;
use crate::workload::volume::volume_name;
use plimsoll_source::{Node, Sourced, Str};
use plimsoll_spec::app::job::When;
use plimsoll_spec::app::pod::Writable;
use plimsoll_spec::app::store::{Dump, Engine};
use plimsoll_spec::app::{External, Store};
use plimsoll_spec::types::Moment;
use plimsoll_world::{Cond, Expr, Form, ObjectForm, Scope, SeqBuilder, Unit, form};

/// Adds the drill of a store, where its engine can be started for it.
pub fn add(
    cx: &Cx,
    store: &Store,
    when: &When,
    external: &External,
    dump: &Dump,
    out: &mut Objects,
) {
    let moment = when.when.fixed();
    let Moment::Cron(_) = moment.peek() else {
        return;
    };
    let Some(script) = script(store) else {
        report_drill(cx, store, moment.origin());
        return;
    };
    let s = &Scope::new("stores/drill").because(moment.origin());
    let name = helper::name(store, "drill");
    let fetch = Sender {
        name: "fetch",
        script: fetch_script(),
        what: "full",
        env: form!(s; []),
        mounts: dump_mount(),
    };
    let pod = HelperPod {
        name: &name,
        before: vec![sender::container(cx, &Kept::store(store), external, fetch)],
        own: scratch_instance(cx, store, dump, script),
        volumes: with_scratch(s, store),
        ends: true,
        fewest: helper::one(s),
    };
    let schedule = moment.map(|moment| match moment {
        Moment::Cron(cron) => cron.five(),
        _ => Str::default(),
    });
    let metadata = helper::metadata(cx, store, &name, &name);
    let template = helper::template(cx, store, pod);
    let body = scheduled(metadata, &schedule, &when.timezone, template);
    let unit = Unit::Store(store.name.peek().clone());
    out.push(ObjectForm::new(unit, on(store), body));
    helper::policy(cx, store, &name, (&[], &[bucket::way(external)]), out);
}

/// The newest copy; names are times, so the last one is.
fn fetch_script() -> Node {
    let mut text = Text::new("stores/drill");
    text.line("set -eu")
        .line("newest=$(rclone lsf --files-only \"$FOLDER\" | sort | tail -n 1)")
        .line("[ -n \"$newest\" ] || { echo 'there is no copy to restore'; exit 1; }")
        .line("exec rclone copyto \"$FOLDER/$newest\" /backup/dump");
    text.build()
}

fn with_scratch(s: &Scope, store: &Store) -> Form {
    let mut list = SeqBuilder::new(s);
    list.splice(s, volumes());
    list.push(s, form!(s; { name: "data", emptyDir: {} }));
    for path in runtime(store) {
        let name = path.map(|path| volume_name("scratch", path));
        let further = Cond::decided(path, is_further);
        list.push_when(s, further, || form!(s; { name: &name, emptyDir: {} }));
    }
    list.build()
}

/// `/tmp` is there already.
fn is_further(path: &Str) -> bool {
    path != "/tmp"
}

/// What the engine writes besides its data.
fn runtime(store: &Store) -> impl Iterator<Item = &Sourced<Str>> {
    let paths = match &store.writable {
        Writable::Paths(paths) => paths.as_slice(),
        Writable::All(_) => &[],
    };
    paths.iter()
}

/// Where the engine finds what it writes besides its data.
fn further_mounts(s: &Scope, store: &Store) -> Form {
    let mut list = SeqBuilder::new(s);
    for path in runtime(store) {
        let name = path.map(|path| volume_name("scratch", path));
        let further = Cond::decided(path, is_further);
        list.push_when(s, further, || form!(s; { name: &name, mountPath: path }));
    }
    list.build()
}

/// Starts an instance, loads the copy with the engine's own command, and looks whether there is
/// anything. `None` where it is not known how.
fn script(store: &Store) -> Option<Node> {
    let mut text = Text::new("stores/drill");
    text.because(store.engine.origin()).line("set -eu");
    match store.engine.peek() {
        Engine::Postgres | Engine::TimescaleDb => {
            text.line("docker-entrypoint.sh postgres &")
                .line("export PGHOST=127.0.0.1 PGUSER=postgres")
                .line("until pg_isready --quiet; do sleep 1; done")
                // A dump of everything makes the superuser first, who is there already.
                .line("grep -v '^CREATE ROLE postgres;' /backup/dump | sed '/^DROP ROLE IF EXISTS postgres;/d' > /tmp/dump")
                .line("\"$@\" < /tmp/dump")
                .line("[ \"$(psql -Atc \"select count(*) from pg_database where not datistemplate and datname <> 'postgres'\")\" -gt 0 ]");
        }
        Engine::Redis | Engine::Valkey => {
            let (server, client) = redis::programs(store);
            text.line("cp /backup/dump /restore/dump.rdb")
                .line(format!("{server} --dir /restore --save '' &"))
                .line(format!(
                    "until [ \"$({client} ping)\" = PONG ]; do sleep 1; done"
                ))
                .line(format!("{client} info keyspace"));
        }
        Engine::ClickHouse => {
            text.line("export STORE_HOST=127.0.0.1 STORE_PORT=9000 STORE_OPTIONS=''")
                .line("clickhouse-server --config-file=/etc/clickhouse-server/config.xml -- --path=/restore/ &")
                .line("until clickhouse-client --query 'select 1' > /dev/null 2>&1; do sleep 1; done")
                .line("\"$@\" < /backup/dump")
                .line("clickhouse-client --query 'show databases'");
        }
        _ => return None,
    }
    Some(text.build())
}

fn scratch_instance(cx: &Cx, store: &Store, dump: &Dump, script: Node) -> Form {
    let s = &Scope::new("stores/drill").because(&store.origin);
    let program = Program::store(store);
    form!(s; {
        name: "restore",
        image: container::foreign_image(&store.image),
        imagePullPolicy: Form::Expr(Expr::from(&store.image.policy)),
        command: ["/bin/sh", "-c", script, "restore"],
        args: container::words(cx, &program, Some(&dump.load)),
        env: [
            { name: "PGDATA", value: "/restore/pgdata" },
            { name: "POSTGRES_HOST_AUTH_METHOD", value: "trust" },
            { name: "NO_TS_TUNE", value: "true" },
        ],
        resources: crate::workload::resources::of_store(&store.size),
        securityContext: helper::security(&store.security),
        volumeMounts: [
            { name: "dump", mountPath: "/backup", readOnly: true },
            { name: "scratch", mountPath: "/tmp" },
            { name: "data", mountPath: "/restore" },
                        ..further_mounts(s, store),
        ],
    })
}
