//! Migrations: Jobs named by what they run, in order, before the workloads that need them.

use crate::cx::{Cx, Objects};
use crate::program::Program;
use crate::release::{job, sql};
use crate::workload::{config, container, pod};
use plimsoll_source::{Finding, Level, Origin, Rule, Sourced, Str};
use plimsoll_spec::app::Migration;
use plimsoll_spec::app::migration::Tool;
use plimsoll_spec::app::store::{Engine, Run};
use plimsoll_spec::types::{Part, Target, TargetField, Template};
use plimsoll_world::{Expr, Form, ObjectForm, Op, Role, Scope, Unit, form};

/// The Job of a migration.
pub fn objects(cx: &Cx, migration: &Migration, program: &Program, out: &mut Objects) {
    refuse(cx, migration);
    let mut after: Vec<Unit> = migration
        .after
        .iter()
        .map(|name| Unit::Migration(name.peek().clone()))
        .collect();
    if let Target::Store { store, .. } = &migration.target {
        after.push(Unit::Store(store.clone()));
    }
    let body = body(cx, migration, program);
    out.push(
        ObjectForm::new(program.unit.clone(), program.on(), body)
            .role(Role::Migration)
            .after(after),
    );
}

/// A tool that cannot migrate a store.
pub static WRONG_TOOL: Rule = Rule {
    code: "PL0437",
    name: "tool-cannot-migrate",
    level: Level::Error,
    consequence: "the migration would fail in every release",
    docs: "`goose` migrates PostgreSQL, MySQL, MariaDB and ClickHouse; `sqlx`, `flyway` and `prisma` PostgreSQL, MySQL and \
           MariaDB; `alembic` whatever the program's own dialects reach; `sql` PostgreSQL, and MySQL and MariaDB that run \
           in the cluster. Give the migration a `command` of its own instead of a `tool`.",
};

/// The engine of the store that is migrated.
fn engine(cx: &Cx, migration: &Migration) -> Option<Engine> {
    match &migration.target {
        Target::Store { store, .. } => Some(*cx.app.stores.get(store)?.engine.peek()),
        _ => None,
    }
}

/// Whether a tool knows the engine.
fn knows(tool: Tool, engine: Engine) -> bool {
    use Engine::{ClickHouse, MariaDb, MySql, Postgres, TimescaleDb};
    let sql = matches!(engine, Postgres | TimescaleDb | MySql | MariaDb);
    match tool {
        Tool::Own | Tool::Alembic => true,
        Tool::Goose => sql || engine == ClickHouse,
        Tool::Sqlx | Tool::Flyway | Tool::Prisma | Tool::Sql => sql,
    }
}

/// Whether the client wants the parts of a URL of which nobody here knows more than the whole.
fn out_of_reach(cx: &Cx, migration: &Migration) -> bool {
    let tool = migration.tool.as_ref().map(|tool| *tool.peek());
    let Target::Store { store, .. } = &migration.target else {
        return false;
    };
    let store = cx.app.stores.get(store);
    let external = store.is_some_and(|store| *store.run.peek() == Run::External);
    tool == Some(Tool::Sql) && external && speaks_mysql(engine(cx, migration))
}

fn refuse(cx: &Cx, migration: &Migration) {
    let Some(tool) = &migration.tool else { return };
    let wrong = |engine: &Engine| !knows(*tool.peek(), *engine) || out_of_reach(cx, migration);
    let Some(engine) = engine(cx, migration).filter(wrong) else {
        return;
    };
    let message = format!(
        "`{}` does not migrate `{}`, which is {}",
        tool.peek().word(),
        migration.store.peek(),
        engine.word()
    );
    let finding = Finding::new(&WRONG_TOOL, message)
        .mark_origin(tool.origin(), "this tool")
        .help("write the `command` that migrates it");
    cx.report(finding);
}

/// The command of a tool, as texts of the file. The URL stands in it as a reference.
pub fn command(cx: &Cx, migration: &Migration) -> Option<Vec<Template>> {
    let tool = migration.tool.as_ref()?;
    let engine = engine(cx, migration);
    let folder = migration
        .folder
        .clone()
        .unwrap_or_else(|| tool.map(|_| Str::from("/migrations")));
    let origin = tool.origin();
    let word = |text: &str| Template::plain(tool.map(|_| Str::from(text)));
    let path = || Template::plain(folder.clone());
    let text = |parts: &[Result<TargetField, &str>]| {
        let parts = parts.iter().map(|part| match part {
            Ok(field) => of_target(&migration.target, field, origin),
            Err(text) => Part::Text(tool.map(|_| Str::from(*text))),
        });
        Template {
            parts: parts.collect(),
            written: tool.map(|_| Str::from("")),
        }
    };
    let url = || text(&[Ok(TargetField::Url)]);
    Some(match tool.peek() {
        Tool::Goose => vec![
            word("goose"),
            word("-dir"),
            path(),
            word(goose_driver(engine)),
            match engine {
                // Its driver reads no URL.
                _ if speaks_mysql(engine) => text(&[
                    Ok(TargetField::User),
                    Err(":"),
                    Ok(TargetField::Password),
                    Err("@tcp("),
                    Ok(TargetField::Address),
                    Err(")/"),
                    Ok(TargetField::Database),
                    Err("?parseTime=true"),
                ]),
                _ => url(),
            },
            word("up"),
        ],
        Tool::Sqlx => {
            vec![
                word("sqlx"),
                word("migrate"),
                word("run"),
                word("--source"),
                path(),
                word("--database-url"),
                url(),
            ]
        }
        Tool::Flyway => vec![
            word("flyway"),
            joined("-locations=filesystem:", &folder),
            text(&[
                Err(jdbc(engine)),
                Ok(TargetField::Address),
                Err("/"),
                Ok(TargetField::Database),
            ]),
            text(&[Err("-user="), Ok(TargetField::User)]),
            text(&[Err("-password="), Ok(TargetField::Password)]),
            word("migrate"),
        ],
        Tool::Alembic => vec![
            word("alembic"),
            word("-c"),
            joined("", &folder.map(|f| format!("{f}/alembic.ini").into())),
            word("upgrade"),
            word("head"),
        ],
        Tool::Prisma => vec![
            word("prisma"),
            word("migrate"),
            word("deploy"),
            word("--schema"),
            path(),
        ],
        Tool::Sql if speaks_mysql(engine) => vec![
            word("/bin/sh"),
            word("-c"),
            word(sql::MYSQL),
            word(if engine == Some(Engine::MariaDb) {
                "mariadb"
            } else {
                "mysql"
            }),
            text(&[Ok(TargetField::Host)]),
            text(&[Ok(TargetField::Port)]),
            text(&[Ok(TargetField::User)]),
            text(&[Ok(TargetField::Password)]),
            text(&[Ok(TargetField::Database)]),
        ],
        Tool::Sql => vec![
            word("/bin/sh"),
            word("-c"),
            word(sql::POSTGRES),
            word("psql"),
            url(),
        ],
        Tool::Own => return None,
    })
}

/// A part that says something of the store.
fn of_target(target: &Target, field: &TargetField, origin: &Origin) -> Part {
    let (target, field, origin) = (target.clone(), field.clone(), origin.clone());
    match field {
        TargetField::Url | TargetField::Password => Part::Credential {
            target,
            field,
            origin,
        },
        _ => Part::Target {
            target,
            field,
            origin,
        },
    }
}

fn speaks_mysql(engine: Option<Engine>) -> bool {
    matches!(engine, Some(Engine::MySql | Engine::MariaDb))
}

fn goose_driver(engine: Option<Engine>) -> &'static str {
    match engine {
        Some(Engine::MySql | Engine::MariaDb) => "mysql",
        Some(Engine::ClickHouse) => "clickhouse",
        _ => "postgres",
    }
}

fn jdbc(engine: Option<Engine>) -> &'static str {
    match engine {
        Some(Engine::MySql) => "-url=jdbc:mysql://",
        Some(Engine::MariaDb) => "-url=jdbc:mariadb://",
        _ => "-url=jdbc:postgresql://",
    }
}

fn joined(before: &str, folder: &Sourced<Str>) -> Template {
    Template::plain(folder.map(|folder| format!("{before}{folder}").into()))
}

/// The store that is migrated, and its namespace where that is another than the Job's: a store that moves
/// begins empty, and is migrated anew.
fn target(cx: &Cx, migration: &Migration, program: &Program) -> Sourced<Str> {
    let named = migration.store.clone();
    let store = match &migration.target {
        Target::Store { store, .. } => cx.app.stores.get(store),
        _ => None,
    };
    let Some(store) = store else { return named };
    let (home, namespace) = (program.namespace, &store.namespace);
    let named = if namespace.peek() == home.peek() {
        named
    } else {
        named.zip(namespace, |named, namespace| {
            format!("{namespace}/{named}").into()
        })
    };
    named.because(namespace.origin()).because(home.origin())
}

/// `IDENTITY-migrate-HASH`: the hash is over image, command, folder, files and store.
fn body(cx: &Cx, migration: &Migration, program: &Program) -> Form {
    let s = &Scope::new("release/migration").because(program.origin);
    let store = target(cx, migration, program);
    let mut runs = vec![
        container::image(cx, program.image),
        job::words(cx, program),
        Expr::text(s.origin(), "\n"),
        Expr::from(&store),
    ];
    runs.extend(config::name_by_content(cx, program));
    let hash = Expr::call(Op::Hash, [Expr::concat(runs)]);
    let name = Expr::concat([Expr::from(&program.name), Expr::text(s.origin(), "-"), hash]);
    form!(s; {
        apiVersion: "batch/v1",
        kind: "Job",
        metadata: {
            name: name,
            namespace: program.namespace,
            labels: pod::pod_labels(cx, program),
        },
        spec: job::spec(cx, program, &migration.retries, &migration.deadline),
    })
}
