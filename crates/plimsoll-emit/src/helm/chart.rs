//! What a chart is made of before it is printed: objects of all environments as one set of forms,
//! and the words that turn them.

use super::bind::Binder;
use super::canon;
use super::contract::{self, Contract};
use super::dialect;
use super::family::{Family, kind_of};
use super::parts::Part;
use super::path::{self, Places, camel};
use super::sources;
use super::words::{Word, Words};
use crate::rules::CONTRACT_CONFLICT;
use crate::{Environment, System};
use plimsoll_source::{Finding, Findings, Handle, Node, Str};
use plimsoll_world::{
    Blueprint, Cond, Expr, Form, MapPart, Object, ObjectForm, ObjectKey, Unit, Values, World,
    evaluate,
};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// A chart of an application.
pub struct Chart {
    /// Its name.
    pub name: String,
    /// The environments.
    pub environments: Vec<Str>,
    /// The environments' names in file names.
    pub shorts: Vec<Str>,
    /// The main namespace of each environment.
    pub namespaces: Vec<Str>,
    /// The environment whose values are the chart's own.
    pub main: usize,
    /// The forms, in Helm's dialect.
    pub objects: Vec<ObjectForm>,
    /// What `helm test` makes.
    pub tests: Vec<dialect::Trial>,
    /// The words.
    pub words: Words,
    /// The application, which labels every object.
    pub application: Str,
    /// Whether it is a chart of one service, beside others.
    pub of_service: bool,
    /// Whether it is the one of the stores, beside others.
    pub of_stores: bool,
    /// Charts that are installed before.
    pub needs: Vec<String>,
}

impl Chart {
    /// The chart of a part of the application.
    pub fn new(system: &System, part: &Part, findings: &mut Findings) -> Self {
        let own = part.service().map(Str::as_str);
        let environments = &system.environments;
        let mut places = Places::default();
        environments.iter().for_each(|env| places.add(env.tree));
        let names: Vec<Str> = environments.iter().map(|env| env.name().into()).collect();
        let namespaces: Vec<Str> = environments
            .iter()
            .map(|env| env.world.namespace.clone())
            .collect();
        let main = system.chosen;
        let handles = contract::handles(system);
        let scaled = contract::scaled(system);
        let contract = Contract::of(environments[main].app, &handles, &scaled, own);
        let secrets = sources::of_contract(system, &contract);
        let mut bound = Vec::new();
        let mut binders = Vec::new();
        for environment in environments {
            let binder = Binder::new(&contract, &environment.world.namespace, secrets.as_deref());
            let objects: Vec<ObjectForm> = environment
                .blueprint
                .objects
                .iter()
                .filter(|object| *kind_of(object) != *"Namespace" && part.holds(system, object))
                .filter_map(|object| binder.object(object))
                .collect();
            bound.push(objects);
            binders.push(binder);
        }
        let words = said(&contract, &binders, environments, findings);
        let mut family = Family::new(
            words,
            names.clone(),
            namespaces.clone(),
            &places,
            part.service(),
        );
        let objects = together(&mut family, &matched(bound, &names));
        let mut words = family.words;
        words.settle(&used(&objects));
        let tests = dialect::tests(&objects, &mut words, environments.len());
        let objects = dialect::of_helm(system, objects, &mut words);
        Self {
            name: part.name.clone(),
            environments: names,
            shorts: environments
                .iter()
                .map(|env| env.app.environment.short.peek().clone())
                .collect(),
            namespaces,
            main,
            objects,
            tests,
            words,
            application: environments[main].world.application.clone(),
            of_service: own.is_some(),
            of_stores: part.is_of_stores(),
            needs: Vec::new(),
        }
    }

    /// The objects that the chart makes with the values of an environment, in Helm's dialect.
    pub fn world(&self, environment: usize) -> World {
        let mut values = Values::of_the_file();
        for (path, word) in &self.words.all {
            let null = || Node::Null(plimsoll_source::Origin::rule("helm", []));
            let value = word.values[environment].clone().unwrap_or_else(null);
            values = values.turn(Handle(path.as_str().into()), value);
        }
        self.evaluate(values, self.namespaces[environment].clone())
    }

    /// The objects that the chart makes with any values.
    pub fn evaluate(&self, values: Values, namespace: Str) -> World {
        let origin = plimsoll_source::Origin::rule("helm", []);
        let known = Node::Text(origin, namespace.clone());
        let values = values.turn(Handle(path::NAMESPACE.into()), known);
        let blueprint = Blueprint {
            application: self.name.as_str().into(),
            environment: Str::default(),
            namespace,
            objects: self.objects.clone(),
        };
        evaluate(&blueprint, &values)
    }
}

/// Each object as one form.
fn together(family: &mut Family, rows: &[Vec<Option<ObjectForm>>]) -> Vec<ObjectForm> {
    let unit = |row: &Vec<Option<ObjectForm>>| {
        row.iter()
            .flatten()
            .next()
            .map(|object| object.unit.clone())
    };
    let mut present: BTreeMap<Option<Unit>, Vec<bool>> = BTreeMap::new();
    for row in rows {
        let here = present
            .entry(unit(row))
            .or_insert_with(|| vec![false; row.len()]);
        for (here, object) in here.iter_mut().zip(row) {
            *here |= object.is_some();
        }
    }
    rows.iter()
        .map(|row| family.object(row, &present[&unit(row)]))
        .collect()
}

/// The words of the contract with their values in each environment.
fn said(
    contract: &Contract,
    binders: &[Binder],
    environments: &[Environment],
    findings: &mut Findings,
) -> Words {
    let mut words = Words::default();
    for (handle, binding) in contract.bindings() {
        if let Some(known) = words.all.get_mut(&binding.path) {
            known.turns.push(handle.clone());
            continue;
        }
        let mut word = Word::new(Vec::new(), false);
        word.turns.push(handle.clone());
        word.about.clone_from(&binding.about);
        word.item.clone_from(&binding.item);
        word.words.clone_from(&binding.words);
        for (binder, environment) in binders.iter().zip(environments) {
            let values = binder.values.borrow();
            let own = values.get(&binding.path).map_or(&[][..], Vec::as_slice);
            let first = own.first();
            let other = own
                .iter()
                .find(|(_, node)| first.is_some_and(|(_, one)| node != one));
            if let (Some((one, _)), Some((two, node)), Some(origin)) =
                (first, other, &binding.origin)
            {
                let message = format!(
                    "`{}` is both `{}` and `{}`, which differ in `{}`",
                    binding.path,
                    one.0,
                    two.0,
                    environment.name()
                );
                let finding = Finding::new(&CONTRACT_CONFLICT, message)
                    .mark_origin(origin, "this path")
                    .mark_origin(node.origin(), "one of the values")
                    .help("give the two words one value, or a path each");
                findings.report(finding);
            }
            word.values.push(first.map(|(_, node)| node.clone()));
        }
        if word.values.iter().any(Option::is_some) {
            words.order.push(binding.path.clone());
            words.all.insert(binding.path.clone(), word);
        }
    }
    words
}

/// Paths that any form uses.
fn used(objects: &[ObjectForm]) -> BTreeSet<String> {
    let mut used = BTreeSet::new();
    for object in objects {
        let mut visit = |param: &std::sync::Arc<plimsoll_world::Param>| {
            used.insert(param.handle.0.to_string());
        };
        object.when.params(&mut visit);
        object.body.params(&mut visit);
    }
    used
}

/// What makes an object the same one in another environment.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Identity {
    unit: Unit,
    kind: String,
    name: String,
}

fn identity(object: &ObjectForm, environment: &str) -> Identity {
    // What is named after its environment is the same in each.
    let name = text_at(&object.body, &["metadata", "name"]);
    let words = name.split('-').map(|word| {
        if word == environment {
            "*environment"
        } else {
            word
        }
    });
    let name = words.collect::<Vec<_>>().join("-");
    Identity {
        unit: object.unit.clone(),
        kind: format!(
            "{} {}",
            text_at(&object.body, &["apiVersion"]),
            kind_of(object)
        ),
        name,
    }
}

/// The text at a path, with `*` for what is computed.
pub fn text_at(form: &Form, path: &[&str]) -> String {
    let Some((first, rest)) = path.split_first() else {
        return match form {
            Form::Plain(node) => node.text().map(ToString::to_string).unwrap_or_default(),
            Form::Expr(expr) => skeleton(expr),
            _ => String::new(),
        };
    };
    match form {
        Form::Plain(node) => node
            .get(first)
            .map(|node| text_at(&Form::Plain(node.clone()), rest))
            .unwrap_or_default(),
        Form::Map(_, parts) => parts
            .iter()
            .find_map(|part| match part {
                MapPart::Entry { key, value, .. } if key == first => Some(text_at(value, rest)),
                _ => None,
            })
            .unwrap_or_default(),
        Form::Shrinking(inner) => text_at(inner, path),
        _ => String::new(),
    }
}

fn skeleton(expr: &Expr) -> String {
    match expr {
        Expr::Lit(node) => node.text().map(ToString::to_string).unwrap_or_default(),
        Expr::Concat(parts) => parts.iter().map(skeleton).collect(),
        Expr::Val(param) => format!("${}", camel(&param.handle.0)),
        _ => "*".to_owned(),
    }
}

/// Objects of all environments, each with its counterparts.
fn matched(bound: Vec<Vec<ObjectForm>>, names: &[Str]) -> Vec<Vec<Option<ObjectForm>>> {
    let count = bound.len();
    let mut rows: Vec<(Identity, Vec<Option<ObjectForm>>)> = Vec::new();
    let mut numbers: BTreeMap<(usize, Identity), usize> = BTreeMap::new();
    let mut left = Vec::new();
    for (env, objects) in bound.into_iter().enumerate() {
        for object in objects {
            let mut id = identity(&object, &names[env]);
            // One name may stand twice under conditions that exclude each other.
            let number = numbers.entry((env, id.clone())).or_default();
            *number += 1;
            if *number > 1 {
                let _ = write!(id.name, " {number}");
            }
            match rows.iter_mut().find(|(own, _)| *own == id) {
                Some((_, row)) => row[env] = Some(object),
                None if env == 0 => {
                    let mut row = vec![None; count];
                    row[env] = Some(object);
                    rows.push((id, row));
                }
                None => left.push((env, id, object)),
            }
        }
    }
    // What is named otherwise elsewhere is found by its place among those of its kind.
    for (env, id, object) in left {
        let row = rows.iter_mut().find(|(own, row)| {
            row[env].is_none()
                && (*own == id
                    || (own.unit == id.unit && own.kind == id.kind && is_renamed(row, &object)))
        });
        if let Some((_, row)) = row {
            row[env] = Some(object);
        } else {
            let after = rows.iter().rposition(|(own, _)| own.unit <= id.unit);
            let mut row = vec![None; count];
            row[env] = Some(object);
            rows.insert(after.map_or(0, |at| at + 1), (id, row));
        }
    }
    rows.into_iter().map(|(_, row)| row).collect()
}

/// Whether an object is one of that row under another name: the only one, with the same keys.
fn is_renamed(row: &[Option<ObjectForm>], object: &ObjectForm) -> bool {
    let role = row.iter().flatten().all(|other| other.role == object.role);
    let when = row
        .iter()
        .flatten()
        .all(|other| canon::when(Some(&other.when)) == canon::when(Some(&object.when)));
    role && when && !matches!(object.unit, Unit::Shared)
}

/// Whether something always exists.
pub fn is_always(when: &Cond) -> bool {
    matches!(when, Cond::Known(true, _))
}

/// The key of an object, for comparing.
pub fn key(object: &Object) -> &ObjectKey {
    &object.key
}
