//! Every program with the texts in which targets and secrets may stand.

use indexmap::IndexMap;
use plimsoll_source::{Sourced, Str};

use crate::app::pod::Companion;
use crate::app::{App, ConfigFile, EnvValue, Use};
use crate::types::Template;

/// A program and its texts.
pub struct Program<'a> {
    /// Its name.
    pub name: &'a Str,
    /// Where it runs.
    pub namespace: &'a Sourced<Str>,
    /// What it talks to.
    pub uses: &'a IndexMap<Str, Use>,
    /// Words of its commands, its variables and its files, and those of its companions.
    pub texts: Vec<&'a Template>,
}

/// Services, jobs, migrations and stores.
pub fn programs(app: &App) -> Vec<Program<'_>> {
    let mut all = Vec::new();
    for service in app.services.values() {
        let words = [&service.command, &service.args];
        let mut texts = texts(words, service.env.peek(), &service.config);
        companions(&mut texts, &service.init, &service.sidecars);
        all.push(Program {
            name: service.name.peek(),
            namespace: &service.namespace,
            uses: &service.uses,
            texts,
        });
    }
    for job in app.jobs.values() {
        all.push(Program {
            name: job.name.peek(),
            namespace: &job.namespace,
            uses: &job.uses,
            texts: texts([&job.command, &job.args], job.env.peek(), &job.config),
        });
    }
    for migration in app.migrations.values() {
        let words = [&migration.command, &migration.args];
        all.push(Program {
            name: migration.name.peek(),
            namespace: &migration.namespace,
            uses: &migration.uses,
            texts: texts(words, migration.env.peek(), &migration.config),
        });
    }
    for store in app.stores.values() {
        let words = [&store.command, &store.args];
        let mut texts = texts(words, store.env.peek(), &store.config);
        companions(&mut texts, &store.init, &store.sidecars);
        all.push(Program {
            name: store.name.peek(),
            namespace: &store.namespace,
            uses: &store.uses,
            texts,
        });
    }
    all
}

fn texts<'a>(
    words: [&'a Option<Vec<Template>>; 2],
    env: &'a IndexMap<Str, EnvValue>,
    config: &'a IndexMap<Str, ConfigFile>,
) -> Vec<&'a Template> {
    let words = words.into_iter().flatten().flatten();
    let variables = env.values().filter_map(read);
    let files = config.values().map(|file| &file.text);
    words.chain(variables).chain(files).collect()
}

/// The text of a variable that holds here.
fn read(value: &EnvValue) -> Option<&Template> {
    match value {
        EnvValue::Text(text) => Some(text),
        EnvValue::Field(_) => None,
        EnvValue::If(either) if *either.holds.peek() => either.then.as_ref(),
        EnvValue::If(either) => either.else_.as_ref(),
    }
}

fn companions<'a>(
    all: &mut Vec<&'a Template>,
    init: &'a IndexMap<Str, Companion>,
    sidecars: &'a IndexMap<Str, Companion>,
) {
    for companion in init.values().chain(sidecars.values()) {
        let words = [&companion.command, &companion.args];
        all.extend(words.into_iter().flatten().flatten());
        all.extend(companion.env.peek().values().filter_map(read));
    }
}
