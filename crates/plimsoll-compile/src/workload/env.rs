//! Environment variables of a container.
//!
//! Secrets stand first, so that `$(KEY)` in the others finds them; then what edges bring; then
//! what depends on others; then plain texts, which a chart may add to.

use crate::address::{self, Side};
use crate::bucket;
use crate::cx::Cx;
use crate::program::Program;
use crate::secrets::{plan, source};
use crate::text;
use plimsoll_source::{Entry, Finding, Handle, Knob, Level, Node, Origin, Rule, Sourced, Str};
use plimsoll_spec::app::env::EnvIf;
use plimsoll_spec::app::{EnvValue, Use};
use plimsoll_spec::types::{Target, TargetField};
use plimsoll_world::{Cond, Expr, Form, Param, Scope, SeqBuilder, Var, form};
use std::sync::Arc;

/// A name in `env` and in `secrets`.
pub static TWO_VALUES: Rule = Rule {
    code: "PL0438",
    name: "two-values",
    level: Level::Error,
    consequence: "the API server refuses a list of variables with one name twice",
    docs: "A name has one value. `secrets` gives a variable of the same name, and so does the password of a store that is used \
           (`STORE_PASSWORD`): beside it `env` says something else, or another secret has a key of that name. Where a layer, `like` or the program of a \
           job brings the one or the other, take it away there with `null`.",
};

/// Whether a secret gives a variable: then `env` may only say that very secret, which is said once.
pub fn is_given(
    cx: &Cx,
    program: &Program,
    (name, value): (&Str, &EnvValue),
    secret: Option<&Origin>,
) -> bool {
    let Some(secret) = secret else { return false };
    let itself = match value {
        EnvValue::Text(template) if template.parts.len() == 1 => {
            let text = text::resolve(cx, program, template);
            text.is_some_and(|text| text.secrets.iter().any(|secret| secret.key == *name))
        }
        _ => false,
    };
    if !itself {
        let here = match value {
            EnvValue::Text(template) => template.written.origin(),
            EnvValue::Field(path) => path.origin(),
            EnvValue::If(either) => &either.origin,
        };
        let finding = Finding::new(
            &TWO_VALUES,
            format!("`{name}` is a secret and something else"),
        )
        .mark_origin(here, "something else")
        .mark_origin(secret, "this gives a secret of that name")
        .help("leave one of the two out");
        cx.report(finding);
    }
    true
}

/// What asks for the secret that gives a variable of a program.
fn asks<'p>(cx: &Cx, program: &'p Program, name: &str) -> Option<&'p Origin> {
    let key = plan::keys(cx, program).get(name)?;
    key.variable.then_some(&key.origin)
}

/// The variables of a program's container.
pub fn env(cx: &Cx, program: &Program) -> Form {
    let s = &Scope::new("workload/env");
    let plain = plain_texts(cx, program);
    let mut list = SeqBuilder::new(s);
    let kept = secrets(cx, s, program, &mut list);
    let taken = Taken {
        plain: &plain,
        kept: &kept,
    };
    for uses in program.uses.values() {
        for (name, expr) in from_edge(cx, program, uses) {
            item(
                s,
                &mut list,
                &taken,
                &name,
                available(cx, &uses.target),
                expr,
            );
        }
    }
    for (name, value) in program.env.peek() {
        if is_given(cx, program, (name, value), asks(cx, program, name)) {
            continue;
        }
        match value {
            EnvValue::Text(template) if template.text().is_some() => {}
            EnvValue::Text(template) => {
                if let Some(text) = text::resolve(cx, program, template) {
                    let when = Cond::known(true, template.written.origin());
                    item(s, &mut list, &taken, &fixed(name), when, text.expr);
                }
            }
            EnvValue::Field(path) => list.push(
                s,
                form!(s; {
                    name: s.text(name.clone()),
                    valueFrom: { fieldRef: { fieldPath: path } },
                }),
            ),
            EnvValue::If(either) => choice(cx, s, program, &taken, name, either, &mut list),
        }
    }
    list.each(
        Expr::Val(plain),
        form!(s; { name: Expr::Var(Var::Key), value: Expr::Var(Var::Item) }),
    );
    list.build()
}

/// Words that say variables themselves: what they name, nothing else does.
struct Taken<'a> {
    plain: &'a Arc<Param>,
    kept: &'a Arc<Param>,
}

impl Taken<'_> {
    fn leaves(&self, name: &Str) -> Cond {
        let has = |param: &Arc<Param>| Cond::Has(param.clone(), name.clone());
        has(self.plain).not().and(has(self.kept).not())
    }
}

fn item(
    s: &Scope,
    list: &mut SeqBuilder,
    taken: &Taken,
    name: &Sourced<Str>,
    when: Cond,
    value: Expr,
) {
    list.push_when(
        s,
        when.and(taken.leaves(name.peek())),
        || form!(s; { name: name, value: value }),
    );
}

/// The texts without references, as the word that a chart turns.
fn plain_texts(cx: &Cx, program: &Program) -> Arc<Param> {
    let entries = program.env.peek().iter().filter_map(|(name, value)| {
        let EnvValue::Text(template) = value else {
            return None;
        };
        let text = template
            .text()
            .filter(|_| asks(cx, program, name).is_none())?;
        let origin = text.origin().clone();
        let value = Node::Text(origin.clone(), escape(cx, program, text.peek()));
        Some(Entry {
            key: name.clone(),
            at: Origin::rule("workload/env", []).because(&origin),
            value,
        })
    });
    let origin = program.env.origin().clone();
    let value = Node::map(origin, entries.collect::<Vec<_>>());
    Arc::new(Param {
        handle: program.env.handle().clone(),
        value,
    })
}

/// A name that a key of the file or a rule says.
fn fixed(name: &Str) -> Sourced<Str> {
    Sourced::rule("workload/env", name.clone())
}

/// A `$(` that names no variable of the container is a literal one.
fn escape(cx: &Cx, program: &Program, text: &Str) -> Str {
    if !text.contains("$(") {
        return text.clone();
    }
    let known = |name: &str| {
        program.env.peek().contains_key(name) || plan::keys(cx, program).contains_key(name)
    };
    let (mut out, mut rest) = (String::new(), text.as_str());
    while let Some(at) = rest.find("$(") {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        let name = from[2..].split_once(')').map(|(name, _)| name);
        let escaped = before.ends_with('$');
        out.push_str(if escaped || name.is_some_and(known) {
            "$("
        } else {
            "$$("
        });
        rest = &from[2..];
    }
    out.push_str(rest);
    out.into()
}

/// One variable for each key of the program's Secret that is no file; gives the word that names
/// them.
fn secrets(cx: &Cx, s: &Scope, program: &Program, list: &mut SeqBuilder) -> Arc<Param> {
    let keys = plan::keys(cx, program);
    let entries: Vec<Entry> = keys
        .values()
        .filter(|key| key.variable)
        .map(|key| Entry {
            key: key.key.clone(),
            at: key.origin.clone(),
            value: Node::Text(key.provider.origin().clone(), key.provider.peek().clone()),
        })
        .collect();
    let turned_by = plan::turned_by(cx, program);
    let block = match &turned_by {
        Some(service) => format!("services.{service}"),
        None => path(program),
    };
    let handle = Handle(format!("{block}.secrets.keys").into());
    let origin = plan::asked_by(program);
    let param = Arc::new(Param {
        handle,
        value: Node::map(origin, entries),
    });
    let name = secret_name(cx, program);
    let keys = Expr::Val(param.clone());
    let over = match turned_by {
        Some(service) => {
            let values = source::values_of(&service);
            let given = source::is_static(cx, &values);
            Expr::either(given, Expr::Val(values), keys)
        }
        None => keys,
    };
    list.each(
        over,
        form!(s; {
            name: Expr::Var(Var::Key),
            valueFrom: { secretKeyRef: { name: name, key: Expr::Var(Var::Key) } },
        }),
    );
    param
}

/// Path of a program's block in the file.
pub fn path(program: &Program) -> String {
    use plimsoll_world::Unit;
    match &program.unit {
        Unit::Service(name) => format!("services.{name}"),
        Unit::Job(name) => format!("jobs.{name}"),
        Unit::Migration(name) => format!("migrations.{name}"),
        Unit::Store(name) => format!("stores.{name}"),
        other => other.to_string(),
    }
}

/// Name of the program's Secret.
pub fn secret_name(cx: &Cx, program: &Program) -> Expr {
    match plan::name_of(cx, program) {
        (_, Some(knob)) => Expr::from(&knob),
        (name, None) => Expr::from(&name),
    }
}

/// Whether a target is here and on, as a condition.
pub fn available(cx: &Cx, target: &Target) -> Cond {
    match target {
        Target::Service(name) => switch(cx.app.services.get(name).map(|service| &service.enabled)),
        Target::Store { store, .. } => switch(cx.app.stores.get(store).map(|store| &store.enabled)),
        Target::External(_) => Cond::always("externals are there"),
        Target::Slot(slot) => match crate::platform::slots::facts(cx, slot) {
            Some(facts) => Cond::known(true, &facts.origin),
            None => Cond::known(false, &Origin::rule("platform/slots", [])),
        },
    }
}

fn switch(enabled: Option<&Knob<bool>>) -> Cond {
    match enabled {
        Some(knob) => Cond::on(knob),
        None => Cond::known(false, &Origin::rule("absent", [])),
    }
}

/// The variables that an edge brings: the URL under its name, the telemetry settings.
fn from_edge(cx: &Cx, program: &Program, uses: &Use) -> Vec<(Sourced<Str>, Expr)> {
    let from = program.namespace.peek();
    if matches!(&uses.target, Target::Slot(slot) if *slot == "telemetry") {
        return telemetry(cx, program, uses);
    }
    let mut all = bucket::variables(cx, program, uses);
    let external_secret = matches!(&uses.target, Target::Store { store, .. }
        if cx.app.stores.get(store).is_some_and(is_external));
    if external_secret {
        // Its URL is a secret of that very name already.
        return all;
    }
    if let Some(name) = address::variable(cx, uses)
        && let Some(pieces) = address::field(
            cx,
            from,
            Some(uses),
            Side::of(program, Some(uses)),
            &uses.target,
            &TargetField::Url,
            &uses.origin,
        )
    {
        all.push((name.clone(), text::of_pieces(pieces, &uses.origin).expr));
    }
    all
}

fn is_external(store: &plimsoll_spec::app::Store) -> bool {
    *store.run.peek() == plimsoll_spec::app::store::Run::External
}

/// Names and values of the OpenTelemetry specification, general SDK configuration.
fn telemetry(cx: &Cx, program: &Program, uses: &Use) -> Vec<(Sourced<Str>, Expr)> {
    let from = program.namespace.peek();
    let field = TargetField::Url;
    let pieces = address::field(
        cx,
        from,
        Some(uses),
        Side::Writer,
        &uses.target,
        &field,
        &uses.origin,
    );
    let Some(pieces) = pieces else {
        return Vec::new();
    };
    let text = |text: &str| Expr::text(&uses.origin, text);
    vec![
        (
            fixed(&"OTEL_EXPORTER_OTLP_ENDPOINT".into()),
            text::of_pieces(pieces, &uses.origin).expr,
        ),
        (fixed(&"OTEL_EXPORTER_OTLP_PROTOCOL".into()), text("grpc")),
        (
            fixed(&"OTEL_SERVICE_NAME".into()),
            Expr::from(&program.name),
        ),
    ]
}

/// `{ if: TARGET, then, else }`: both branches exist, whichever holds today.
fn choice(
    cx: &Cx,
    s: &Scope,
    program: &Program,
    taken: &Taken,
    name: &Str,
    either: &EnvIf,
    list: &mut SeqBuilder,
) {
    let holds = holds(cx, either);
    let mut branch = |when: Cond, template: &Option<plimsoll_spec::types::Template>| {
        let Some(template) = template else { return };
        if let Some(text) = text::resolve(cx, program, template) {
            item(s, list, taken, &fixed(name), when, text.expr);
        }
    };
    branch(holds.clone(), &either.then);
    branch(holds.not(), &either.else_);
}

/// Whether the condition of a choice holds.
pub fn holds(cx: &Cx, either: &EnvIf) -> Cond {
    let here = match &either.target {
        Some(target) => available(cx, target),
        None => Cond::decided(&either.holds, |holds| *holds != either.negated),
    };
    let here = here.and(Cond::known(true, either.name.origin()));
    if either.negated { here.not() } else { here }
}
