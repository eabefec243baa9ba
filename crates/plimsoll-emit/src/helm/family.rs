//! One set of forms for all environments: what differs between them becomes a word of the chart.

mod choices;
mod exprs;
mod forms;
mod order;
mod shape;
mod texts;

use super::canon;
use super::chart::text_at;
use super::path::{self, Places};
use super::words::{At, Words};
use plimsoll_source::{Node, Origin, Str};
use plimsoll_world::{Cond, Expr, Form, MapPart, ObjectForm, Unit, holds};
pub use shape::kind_of;
use std::sync::Arc;

/// Forms that no word can make one.
struct Clash;

/// An alternative that exists under a condition.
type Given = (Option<Cond>, Form);

/// Unifies the environments of a chart.
pub struct Family<'a> {
    /// Its words.
    pub words: Words,
    names: Vec<Str>,
    namespaces: Vec<Str>,
    places: &'a Places,
    own: Option<Str>,
}

impl<'a> Family<'a> {
    /// A family of environments with their names and main namespaces. `own` is the service whose
    /// chart it is.
    pub fn new(
        words: Words,
        names: Vec<Str>,
        namespaces: Vec<Str>,
        places: &'a Places,
        own: Option<&Str>,
    ) -> Self {
        Self {
            words,
            names,
            namespaces,
            places,
            own: own.cloned(),
        }
    }

    /// One object of the environments that have it.
    /// `alike` says in which environments anything of its block is.
    pub fn object(&mut self, per_env: &[Option<ObjectForm>], alike: &[bool]) -> ObjectForm {
        let first = per_env
            .iter()
            .flatten()
            .next()
            .expect("an object is in some environment");
        let at = At {
            unit: first.unit.clone(),
            own: self.own_steps(&first.unit),
            apart: apart(first),
            kind: kind_of(first),
            steps: Vec::new(),
        };
        let forms: Vec<(usize, Form)> = per_env
            .iter()
            .enumerate()
            .filter_map(|(env, object)| Some((env, object.as_ref()?.body.clone())))
            .collect();
        // Bodies are maps, and maps always become one.
        let body = self
            .form(&at, &forms)
            .unwrap_or_else(|Clash| forms[0].1.clone());
        let whens: Vec<Option<Option<Cond>>> = per_env
            .iter()
            .map(|object| object.as_ref().map(|object| open(&object.when)))
            .collect();
        let origins = asked_by(first);
        let when = self.presence(&at, &whens, alike, &origins);
        ObjectForm {
            when: when.unwrap_or_else(|| Cond::always("helm")),
            body,
            ..first.clone()
        }
    }

    fn own_steps(&self, unit: &Unit) -> Vec<String> {
        match unit {
            Unit::Service(name) if self.own.as_ref() == Some(name) => Vec::new(),
            other => path::of_unit(other),
        }
    }

    /// When something exists: as each environment says, else by a switch.
    fn presence(
        &mut self,
        at: &At,
        whens: &[Option<Option<Cond>>],
        alike: &[bool],
        origins: &[Origin],
    ) -> Option<Cond> {
        let present: Vec<&Option<Cond>> = whens.iter().flatten().collect();
        let one = present[0].clone();
        let same = present
            .iter()
            .all(|when| canon::when(when.as_ref()) == canon::when(one.as_ref()));
        if same && present.len() == whens.len() {
            return one;
        }
        if same && self.turned_off(one.as_ref(), whens) {
            return one;
        }
        let on = |when: &Option<Option<Cond>>| match when {
            None => false,
            Some(None) => true,
            Some(Some(_)) if same => true,
            Some(Some(cond)) => holds(cond),
        };
        let on: Vec<bool> = whens.iter().map(on).collect();
        let names = at.object_switches(self.places, origins);
        let mut names: Vec<String> = names.into_iter().map(enabled).collect();
        if on == alike {
            names.insert(0, enabled(at.own.join(".")));
        }
        let values = on.into_iter().map(flag).collect();
        let switch = Cond::Truthy(self.words.automatic(&names, values));
        Some(match one.filter(|_| same) {
            Some(when) => Cond::And(Arc::new((switch, when))),
            None => switch,
        })
    }

    /// Whether the block's own switch, or what it is made of, says that it is not there: then no other
    /// switch is needed.
    fn turned_off(&mut self, when: Option<&Cond>, whens: &[Option<Option<Cond>>]) -> bool {
        let Some(when) = when else { return false };
        if self.is_another_word(when, whens) {
            return true;
        }
        let mut enabled = Vec::new();
        conjuncts(when, &mut |cond| {
            let Cond::Truthy(Expr::Val(param)) = cond else {
                return;
            };
            let origin = Origin::rule("helm", []);
            if param.handle.0.ends_with("enabled") {
                enabled.push((param.handle.0.to_string(), Node::Bool(origin, false)));
            } else if matches!(param.value, Node::Map(..)) {
                enabled.push((param.handle.0.to_string(), Node::map(origin, [])));
            }
        });
        for (path, off) in enabled {
            let Some(word) = self.words.all.get_mut(&path) else {
                continue;
            };
            let absent = |(when, value): (&Option<Option<Cond>>, &Option<Node>)| {
                when.is_some()
                    || value
                        .as_ref()
                        .is_none_or(|value| !plimsoll_world::truthy(value))
            };
            if whens.iter().zip(&word.values).all(absent) {
                for (when, value) in whens.iter().zip(&mut word.values) {
                    if when.is_none() && value.is_none() {
                        *value = Some(off.clone());
                    }
                }
                return true;
            }
        }
        false
    }

    /// Whether where it is not there, a word that it asks for is another one.
    fn is_another_word(&self, when: &Cond, whens: &[Option<Option<Cond>>]) -> bool {
        let mut found = false;
        conjuncts(when, &mut |cond| {
            let Cond::Is(Expr::Val(param), wanted) = cond else {
                return;
            };
            let Some(word) = self.words.all.get(&*param.handle.0) else {
                return;
            };
            let other = |(when, value): (&Option<Option<Cond>>, &Option<Node>)| {
                let text = value.as_ref().and_then(Node::text);
                when.is_some() || text.is_some_and(|text| text != wanted)
            };
            found |= whens.iter().zip(&word.values).all(other);
        });
        found
    }
}

fn conjuncts(cond: &Cond, visit: &mut dyn FnMut(&Cond)) {
    match cond {
        Cond::And(both) => {
            conjuncts(&both.0, visit);
            conjuncts(&both.1, visit);
        }
        other => visit(other),
    }
}

/// What of an object's name is not that of its block.
fn apart(object: &ObjectForm) -> String {
    let name = text_at(&object.body, &["metadata", "name"]);
    let block = match &object.unit {
        Unit::Service(name) | Unit::Store(name) | Unit::Job(name) | Unit::Claim(name) => {
            name.as_str()
        }
        Unit::Route(name) | Unit::Migration(name) => name.as_str(),
        Unit::Namespace(_) | Unit::Shared => "",
    };
    let rest = name.strip_prefix(block).unwrap_or(&name);
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let rest: String = rest.chars().filter(|c| plain(*c)).collect();
    rest.trim_matches('-').to_owned()
}

/// What in the file asks for an object: what decided that it is there, and what it is made of.
fn asked_by(object: &ObjectForm) -> Vec<Origin> {
    let mut origins = Vec::new();
    if let Cond::Known(_, because) = &object.when {
        origins.push(because.clone());
    }
    let mut levels = vec![object.body.clone()];
    for _ in 0..3 {
        let mut below = Vec::new();
        for form in &levels {
            origins.extend(shape::form_origin(form));
            if let Some((_, parts)) = shape::map_parts(form) {
                below.extend(parts.into_iter().filter_map(|part| match part {
                    MapPart::Entry { value, .. } => Some(value),
                    MapPart::Splice(_) => None,
                }));
            }
        }
        levels = below;
    }
    origins
}

/// A condition, unless it always holds.
fn open(cond: &Cond) -> Option<Cond> {
    match cond {
        Cond::Known(true, _) => None,
        other => Some(other.clone()),
    }
}

/// A switch in one environment.
fn flag(on: bool) -> Option<Node> {
    Some(Node::Bool(Origin::rule("helm", []), on))
}

/// The path of a switch.
fn enabled(name: String) -> String {
    match name.as_str() {
        "" => "enabled".to_owned(),
        path if path == "enabled" || path.ends_with(".enabled") => name,
        _ => format!("{name}.enabled"),
    }
}
