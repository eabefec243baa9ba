//! Migrations: Jobs named by what they run, in order, before the workloads that need them.

use crate::cx::{Cx, Objects};
use crate::program::Program;
use crate::release::job;
use crate::workload::{container, pod};
use plimsoll_source::{Sourced, Str};
use plimsoll_spec::app::Migration;
use plimsoll_spec::app::migration::Tool;
use plimsoll_spec::types::{Part, Target, TargetField, Template};
use plimsoll_world::{Expr, Form, ObjectForm, Op, Role, Scope, Unit, form};

/// The Job of a migration; none where the service migrates while it starts.
pub fn objects(cx: &Cx, migration: &Migration, program: &Program, out: &mut Objects) {
    let own = migration
        .tool
        .as_ref()
        .is_some_and(|tool| *tool.peek() == Tool::Own);
    if own {
        return;
    }
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

/// The command of a tool, as texts of the file. The URL stands in it as a reference.
pub fn command(migration: &Migration) -> Option<Vec<Template>> {
    let tool = migration.tool.as_ref()?;
    let folder = migration
        .folder
        .clone()
        .unwrap_or_else(|| tool.map(|_| Str::from("/migrations")));
    let origin = tool.origin();
    let word = |text: &str| Template::plain(tool.map(|_| Str::from(text)));
    let path = || Template::plain(folder.clone());
    let url = || {
        let part = Part::Credential {
            target: migration.target.clone(),
            field: TargetField::Url,
            origin: origin.clone(),
        };
        Template {
            parts: vec![part],
            written: tool.map(|_| Str::from("")),
        }
    };
    Some(match tool.peek() {
        Tool::Goose => vec![
            word("goose"),
            word("-dir"),
            path(),
            word("postgres"),
            url(),
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
        Tool::Sql => vec![
            word("psql"),
            url(),
            word("-v"),
            word("ON_ERROR_STOP=1"),
            word("-1"),
            word("-f"),
            path(),
        ],
        Tool::Own => return None,
    })
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

/// `IDENTITY-migrate-HASH`: the hash is over image, command, folder and store.
fn body(cx: &Cx, migration: &Migration, program: &Program) -> Form {
    let s = &Scope::new("release/migration").because(program.origin);
    let store = target(cx, migration, program);
    let runs = [
        container::image(cx, program.image),
        job::words(cx, program),
        Expr::text(s.origin(), "\n"),
        Expr::from(&store),
    ];
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
