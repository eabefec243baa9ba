//! Which Secret objects there are, which keys each has, and which value stands behind each key.
//! Every key has one producer; no value is known here.

use crate::address::{self, Piece, SecretValue};
use crate::bucket;
use crate::cx::Cx;
use crate::program::Program;
use crate::secrets::composed;
use crate::text;
use crate::workload::companion;
use crate::workload::env::TWO_VALUES;
use indexmap::IndexMap;
use plimsoll_source::{Finding, Knob, Origin, Sourced, Str};
use plimsoll_spec::app::EnvValue;
use plimsoll_spec::app::secret::{Secret, SecretKind};
use plimsoll_spec::types::{Target, Template};
use plimsoll_world::{Cond, Unit};
use std::collections::BTreeMap;

/// How a value comes to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Making {
    /// Its kind.
    pub kind: SecretKind,
    /// Bytes before encoding; of a password letters and digits.
    pub length: u32,
}

/// Who logs in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Login {
    /// A name that is no secret.
    Named(Sourced<Str>),
    /// A part of the same secret.
    Part(Str),
}

/// A value behind a key.
#[derive(Clone, Debug)]
pub struct PlannedKey {
    /// Key in the Secret.
    pub key: Str,
    /// The value: equal names and parts are equal values, in whichever Secret.
    pub value: Str,
    /// Its part.
    pub part: Option<Str>,
    /// Name at the provider, `path#property`.
    pub provider: Sourced<Str>,
    /// The same in its parts: path and property.
    pub place: (Sourced<Str>, Option<Sourced<Str>>),
    /// How it is made where nobody brings it.
    pub making: Making,
    /// The value itself, where it is no secret, such as the name beside a password.
    pub fixed: Option<Sourced<Str>>,
    /// Who logs in with it, where the key holds lines for a gateway: a user, and the hash of the value.
    pub logins: Vec<Login>,
    /// What it is composed of, where it is a whole file: texts, and values that other keys of this Secret hold.
    pub composed: Vec<Piece>,
    /// Paths of the files that the program reads it as.
    pub files: Vec<Sourced<Str>>,
    /// Whether the program has it as a variable; what only its companions want is theirs alone.
    pub variable: bool,
    /// The line that asked for it.
    pub origin: Origin,
}

/// A Secret object.
#[derive(Clone, Debug)]
pub struct PlannedSecret {
    /// The block that it belongs to.
    pub unit: Unit,
    /// Namespace.
    pub namespace: Sourced<Str>,
    /// Name.
    pub name: Sourced<Str>,
    /// The word that renames it.
    pub knob: Option<Knob<Str>>,
    /// Type of the Secret, such as `kubernetes.io/tls`.
    pub kind: &'static str,
    /// What lets it exist.
    pub when: Cond,
    /// Its keys, in the order of asking.
    pub keys: IndexMap<Str, PlannedKey>,
    /// The line that asked for it.
    pub origin: Origin,
    /// What decides which keys it has.
    pub asked: Origin,
}

/// All Secrets of an environment, by namespace and name.
pub type Plan = BTreeMap<(Str, Str), PlannedSecret>;

/// The keys that a program has from its secrets, its edges and its texts.
pub fn keys<'p>(cx: &Cx, program: &'p Program) -> &'p IndexMap<Str, PlannedKey> {
    program.planned.get_or_init(|| plan_keys(cx, program))
}

fn plan_keys(cx: &Cx, program: &Program) -> IndexMap<Str, PlannedKey> {
    let mut keys: IndexMap<Str, PlannedKey> = IndexMap::new();
    let mut add = |secret: SecretValue, seen: Seen| {
        let new = planned(cx, secret);
        let known = keys.entry(new.key.clone()).or_insert_with(|| new.clone());
        if (&known.value, &known.part) != (&new.value, &new.part) {
            report_two(cx, known, &new);
        }
        match seen {
            Seen::Variable => known.variable = true,
            Seen::File(path) => known.files.push(path),
            Seen::Beside => {}
        }
    };
    for uses in program.secrets.values() {
        if uses.file.is_none() {
            asked(cx, uses)
                .into_iter()
                .for_each(|secret| add(secret, Seen::Variable));
        }
        for (path, secret) in files(cx, uses) {
            add(secret, Seen::File(path));
        }
    }
    for uses in program.uses.values() {
        for secret in brought(cx, program, uses) {
            add(secret, Seen::Variable);
        }
    }
    for template in templates(program) {
        for secret in text::resolve(cx, program, template)
            .into_iter()
            .flat_map(|t| t.secrets)
        {
            add(secret, Seen::Variable);
        }
    }
    for beside in program.companions() {
        for secret in companion::all_secrets(cx, program, beside) {
            add(secret, Seen::Beside);
        }
    }
    keys
}

/// How a program sees a value.
enum Seen {
    Variable,
    File(Sourced<Str>),
    /// A companion sees it, and the program does not.
    Beside,
}

fn report_two(cx: &Cx, known: &PlannedKey, new: &PlannedKey) {
    let what = format!("`{}` is two secrets", known.key);
    let finding = Finding::new(&TWO_VALUES, what)
        .mark_origin(&new.origin, "this one")
        .mark_origin(&known.origin, "and this one")
        .help(
            "give one of them another name: `{ NAME: { from: SECRET.key } }`, or `as` of an edge",
        );
    cx.report(finding);
}

/// What decides which keys a program has: what it is given, its edges, its texts.
pub fn asked_by(program: &Program) -> Origin {
    let given = program
        .secrets
        .values()
        .map(|uses| uses.name.origin().clone());
    let edges = program.uses.values().flat_map(|uses| {
        let variable = match &uses.as_ {
            plimsoll_spec::app::OrNone::Some(name) => name.origin().clone(),
            plimsoll_spec::app::OrNone::None(origin) => origin.clone(),
        };
        [uses.origin.clone(), variable]
    });
    let texts = templates(program)
        .into_iter()
        .map(|text| text.written.origin().clone());
    let all = given
        .chain(edges)
        .chain(texts)
        .chain([program.origin.clone()]);
    Origin::rule("secrets/plan", []).because(&Origin::all(all))
}

/// The values behind one entry of `secrets` of a program: a secret with keys gives one each, a
/// pair its halves.
pub fn asked(cx: &Cx, uses: &plimsoll_spec::app::pod::SecretUse) -> Vec<SecretValue> {
    let from = uses.from.as_ref().unwrap_or(&uses.name);
    let origin = uses.name.origin().because(from.origin());
    let (name, part) = match from.peek().split_once('.') {
        Some((name, part)) => (name, Some(Str::from(part))),
        None => (from.peek().as_str(), None),
    };
    let value = |key: Str, part: Option<Str>| SecretValue {
        key,
        value: name.into(),
        part,
        origin: origin.clone(),
    };
    let Some(secret) = cx.app.secrets.get(name) else {
        return vec![value(uses.name.peek().clone(), part)];
    };
    if part.is_some() {
        return vec![value(uses.name.peek().clone(), part)];
    }
    if !secret.keys.is_empty() {
        let one = |key: &Sourced<Str>| SecretValue {
            origin: key.origin().because(&origin),
            ..value(key.peek().clone(), Some(key.peek().clone()))
        };
        return secret.keys.iter().map(one).collect();
    }
    if secret.kind.peek().is_pair() {
        let half = |part: &str, word: &str| {
            value(
                format!("{}_{word}", uses.name.peek()).into(),
                Some(part.into()),
            )
        };
        return vec![half("private", "PRIVATE"), half("public", "PUBLIC")];
    }
    vec![value(uses.name.peek().clone(), None)]
}

/// The files of one entry of `secrets` that asks for one: of a secret with several values its path is a
/// folder, with a file for each.
pub fn files(
    cx: &Cx,
    uses: &plimsoll_spec::app::pod::SecretUse,
) -> Vec<(Sourced<Str>, SecretValue)> {
    let Some(path) = &uses.file else {
        return Vec::new();
    };
    let values = asked(cx, uses);
    let is_folder = values.len() > 1;
    let place = |value: SecretValue| {
        let part = value.part.as_ref().filter(|_| is_folder);
        let path = match part {
            Some(part) => {
                path.map(|path| Str::from(format!("{}/{part}", path.trim_end_matches('/'))))
            }
            None => path.clone(),
        };
        (path, value)
    };
    values.into_iter().map(place).collect()
}

/// The credentials that an edge brings.
fn brought(cx: &Cx, program: &Program, uses: &plimsoll_spec::app::Use) -> Vec<SecretValue> {
    match &uses.target {
        Target::Store { .. } => {
            if let Some(secrets) = bucket::secrets(cx, program, uses) {
                return secrets;
            }
            if address::variable(cx, uses).is_none() {
                return Vec::new();
            }
            let field = plimsoll_spec::types::TargetField::Url;
            let from = program.namespace.peek();
            let side = address::Side::of(program, Some(uses));
            let pieces = address::field(
                cx,
                from,
                Some(uses),
                side,
                &uses.target,
                &field,
                &uses.origin,
            );
            pieces
                .into_iter()
                .flatten()
                .filter_map(|piece| match piece {
                    address::Piece::Secret(secret) => Some(secret),
                    address::Piece::Text(_) => None,
                })
                .collect()
        }
        Target::External(name) => {
            let Some(external) = cx.app.externals.get(name) else {
                return Vec::new();
            };
            // `as: none` says that its credentials are not wanted; a default says nothing.
            let refused = uses.as_.is_none() && said_none(uses);
            let Some(secret) = external.secret.as_ref().filter(|_| !refused) else {
                return Vec::new();
            };
            let uses = plimsoll_spec::app::pod::SecretUse {
                name: secret.clone(),
                from: None,
                file: None,
            };
            asked(cx, &uses)
        }
        Target::Service(_) | Target::Slot(_) => Vec::new(),
    }
}

/// Whether somebody wrote `as: none` at an edge.
pub fn said_none(uses: &plimsoll_spec::app::Use) -> bool {
    match &uses.as_ {
        plimsoll_spec::app::OrNone::None(origin) => origin.is_written(),
        plimsoll_spec::app::OrNone::Some(_) => false,
    }
}

/// Every text of a program in which a secret may stand.
fn templates<'a>(program: &Program<'a>) -> Vec<&'a Template> {
    let mut all: Vec<&Template> = Vec::new();
    for value in program.env.peek().values() {
        match value {
            EnvValue::Text(template) => all.push(template),
            EnvValue::If(either) => all.extend(either.then.iter().chain(&either.else_)),
            EnvValue::Field(_) => {}
        }
    }
    all.extend(program.command.into_iter().flatten());
    all.extend(program.args.into_iter().flatten());
    all
}

/// A value with what is known of it: where the provider has it, and how it is made.
pub fn planned(cx: &Cx, secret: SecretValue) -> PlannedKey {
    let known = cx.app.secrets.get(&secret.value);
    let place = place(cx, known, &secret);
    let provider = match &place {
        (path, Some(property)) => path.zip(property, |path, property| {
            format!("{path}#{property}").into()
        }),
        (path, None) => path.clone(),
    };
    let making = match known {
        Some(known) => Making {
            kind: *known.kind.peek(),
            length: *known.length.peek(),
        },
        None => Making {
            kind: SecretKind::Password,
            length: 32,
        },
    };
    PlannedKey {
        key: secret.key,
        value: secret.value,
        part: secret.part,
        provider,
        place,
        making,
        fixed: None,
        logins: Vec::new(),
        composed: Vec::new(),
        files: Vec::new(),
        variable: false,
        origin: secret.origin,
    }
}

/// Where the provider has a value: the path of the secret and the property in it.
fn place(
    cx: &Cx,
    known: Option<&Secret>,
    secret: &SecretValue,
) -> (Sourced<Str>, Option<Sourced<Str>>) {
    let Some(known) = known else {
        let name = |app: &Str, env: &Str| format!("{app}/{env}/{}", secret.value).into();
        let name = cx.name().zip(&cx.app.environment.name, name);
        return (name.because(&secret.origin), None);
    };
    if let Some((path, property)) = known.key.peek().split_once('#') {
        let part = |text: &str| known.key.map(|_| Str::from(text));
        return (part(path), Some(part(property)));
    }
    let part = secret.part.clone();
    let property = part.map(|part| Sourced::new(part, secret.origin.clone()));
    (known.key.clone().because(&secret.origin), property)
}

/// The service whose words turn the keys of a program's Secret: itself, or that whose Secret it
/// shares where both want the same of it.
pub fn turned_by(cx: &Cx, program: &Program) -> Option<Str> {
    match &program.unit {
        Unit::Service(name) => Some(name.clone()),
        Unit::Migration(_) => {
            let (_, knob) = name_of(cx, program);
            let service = service_of(&knob?)?;
            let of_service = Program::service(cx.app.services.get(&service)?);
            let same = keys(cx, &of_service).keys().eq(keys(cx, program).keys());
            same.then_some(service)
        }
        _ => None,
    }
}

/// The service of the word `services.S.secretName`.
pub fn service_of(knob: &Knob<Str>) -> Option<Str> {
    let path = knob.handle().0.strip_prefix("services.")?;
    path.strip_suffix(".secretName").map(Str::from)
}

/// Name of the Secret of a program.
pub fn name_of(cx: &Cx, program: &Program) -> (Sourced<Str>, Option<Knob<Str>>) {
    if let Some(knob) = program.secret_name {
        return (knob.fixed().clone(), Some(knob.clone()));
    }
    let Unit::Migration(name) = &program.unit else {
        return (
            program.name.map(|name| format!("{name}-secrets").into()),
            None,
        );
    };
    let service = cx
        .app
        .migrations
        .get(name)
        .and_then(|migration| migration.service.as_ref());
    let service = service.and_then(|service| cx.app.services.get(service.peek()));
    match service.filter(|service| service.namespace.peek() == program.namespace.peek()) {
        Some(service) => (
            service.secret_name.fixed().clone(),
            Some(service.secret_name.clone()),
        ),
        None => (
            program.name.map(|name| format!("{name}-secrets").into()),
            None,
        ),
    }
}

/// Adds the Secrets of a program to the plan; a Secret that several share has the keys of all.
pub fn add_program(cx: &Cx, program: &Program, plan: &mut Plan) {
    composed::add(cx, program, plan);
    let keys = keys(cx, program);
    if keys.is_empty() {
        return;
    }
    let (name, knob) = name_of(cx, program);
    let id = (program.namespace.peek().clone(), name.peek().clone());
    let entry = plan.entry(id).or_insert_with(|| PlannedSecret {
        unit: program.unit.clone(),
        namespace: program.namespace.clone(),
        name,
        knob,
        kind: "Opaque",
        when: program.on(),
        keys: IndexMap::new(),
        origin: program.origin.clone(),
        asked: asked_by(program),
    });
    if entry.unit != program.unit {
        entry.when = entry.when.clone().or(program.on());
        entry.asked = Origin::all([entry.asked.clone(), asked_by(program)]);
    }
    for (key, planned) in keys {
        let known = entry.keys.entry(key.clone());
        known.or_insert_with(|| planned.clone());
    }
}
