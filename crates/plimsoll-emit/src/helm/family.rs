//! One set of forms for all environments: what differs between them becomes a word of the chart.

mod order;
mod texts;

use super::bind::{as_form, closed_map, closed_seq, entry_part, item_part, joined};
use super::path::Places;
use super::words::{At, Words};
use super::{canon, logic};
use order::{in_one_order, is_plain_scalar, map_id, merged, numbered, seq_id, step_of};
use plimsoll_source::{Node, Origin, Str};
use plimsoll_world::{Cond, Expr, Form, MapPart, ObjectForm, SeqPart, holds};
use std::collections::BTreeSet;
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
}

impl<'a> Family<'a> {
    /// A family of environments with their names and main namespaces.
    pub fn new(words: Words, names: Vec<Str>, namespaces: Vec<Str>, places: &'a Places) -> Self {
        Self {
            words,
            names,
            namespaces,
            places,
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
        let when = self.presence(&at, &whens, alike);
        ObjectForm {
            when: when.unwrap_or_else(|| Cond::always("helm")),
            body,
            ..first.clone()
        }
    }

    /// When something exists: as each environment says, else by a switch.
    fn presence(
        &mut self,
        at: &At,
        whens: &[Option<Option<Cond>>],
        alike: &[bool],
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
        let mut names = vec![enabled(at.object_switch())];
        if on == alike {
            names.insert(0, enabled(super::path::of_unit(&at.unit).join(".")));
        }
        let values = on.into_iter().map(flag).collect();
        let switch = Cond::Truthy(self.words.automatic(&names, values));
        Some(match one.filter(|_| same) {
            Some(when) => Cond::And(Arc::new((switch, when))),
            None => switch,
        })
    }

    /// Whether the block's own switch says that it is not there: then no other is needed.
    fn turned_off(&mut self, when: Option<&Cond>, whens: &[Option<Option<Cond>>]) -> bool {
        let Some(when) = when else { return false };
        let mut enabled = Vec::new();
        conjuncts(when, &mut |cond| {
            if let Cond::Truthy(Expr::Val(param)) = cond
                && param.handle.0.ends_with("enabled")
            {
                enabled.push(param.handle.0.to_string());
            }
        });
        for path in enabled {
            let Some(word) = self.words.all.get_mut(&path) else {
                continue;
            };
            let absent = |(when, value): (&Option<Option<Cond>>, &Option<Node>)| {
                when.is_some() || !matches!(value, Some(Node::Bool(_, true)))
            };
            if whens.iter().zip(&word.values).all(absent) {
                for (when, value) in whens.iter().zip(&mut word.values) {
                    if when.is_none() && value.is_none() {
                        *value = Some(Node::Bool(Origin::rule("helm", []), false));
                    }
                }
                return true;
            }
        }
        false
    }

    fn switch<'o>(
        &mut self,
        at: &At,
        on: Vec<bool>,
        origins: impl IntoIterator<Item = &'o Origin>,
    ) -> Cond {
        let values = on.into_iter().map(flag).collect();
        let names: Vec<String> = at
            .names(self.places, origins)
            .into_iter()
            .map(enabled)
            .collect();
        Cond::Truthy(self.words.automatic(&names, values))
    }

    fn form(&mut self, at: &At, forms: &[(usize, Form)]) -> Result<Form, Clash> {
        let first = canon::form(&forms[0].1);
        if forms.iter().all(|(_, form)| canon::form(form) == first) {
            return Ok(forms[0].1.clone());
        }
        if forms
            .iter()
            .any(|(_, form)| matches!(form, Form::Shrinking(_)))
        {
            let bare = |(env, form): &(usize, Form)| match form {
                Form::Shrinking(inner) => (*env, (**inner).clone()),
                other => (*env, other.clone()),
            };
            let bare: Vec<(usize, Form)> = forms.iter().map(bare).collect();
            return Ok(Form::Shrinking(Arc::new(self.form(at, &bare)?)));
        }
        if let Some(maps) = all(forms, map_parts) {
            return self.map(at, &maps);
        }
        if let Some(lists) = all(forms, seq_parts) {
            return self.seq(at, &lists);
        }
        let exprs = all(forms, as_expr).ok_or(Clash)?;
        let expr = self.expr(at, &exprs)?;
        as_form(expr).ok_or(Clash)
    }

    fn map(&mut self, at: &At, maps: &[(usize, (Origin, Vec<MapPart>))]) -> Result<Form, Clash> {
        // What is named by kind and version is another thing where these differ.
        let kinds = |(_, (_, parts)): &(usize, (Origin, Vec<MapPart>))| kinds(parts);
        if !at.steps.is_empty() && maps.iter().any(|map| kinds(map) != kinds(&maps[0])) {
            return Err(Clash);
        }
        let ids: Vec<Vec<String>> = maps
            .iter()
            .map(|(_, (_, parts))| numbered(parts.iter().map(map_id)))
            .collect();
        let mut out = Vec::new();
        for id in merged(&ids) {
            let mut key = None;
            let given: Vec<(usize, Option<Given>)> = maps
                .iter()
                .zip(&ids)
                .map(|((env, (_, parts)), ids)| {
                    let found = ids.iter().position(|own| *own == id).map(|at| &parts[at]);
                    let given = match found {
                        Some(MapPart::Entry {
                            key: own,
                            when,
                            value,
                        }) => {
                            key = Some(own.clone());
                            Some((when.clone(), value.clone()))
                        }
                        _ => None,
                    };
                    (*env, given)
                })
                .collect();
            let Some(key) = key else {
                // What is spliced in is the same word everywhere.
                let spliced = maps.iter().zip(&ids).find_map(|((_, (_, parts)), ids)| {
                    let at = ids.iter().position(|own| *own == id)?;
                    Some(parts[at].clone())
                });
                out.extend(spliced);
                continue;
            };
            let made = self.choices(&at.step(key.as_str()), &given);
            out.extend(made.into_iter().map(|(when, value)| MapPart::Entry {
                key: key.clone(),
                when,
                value,
            }));
        }
        Ok(closed_map(&maps[0].1.0, out))
    }

    fn seq(&mut self, at: &At, lists: &[(usize, (Origin, Vec<SeqPart>))]) -> Result<Form, Clash> {
        let named: Vec<Vec<String>> = lists
            .iter()
            .map(|(_, (_, parts))| parts.iter().map(|part| seq_id(part, true)).collect())
            .collect();
        let exact: Vec<Vec<String>> = lists
            .iter()
            .map(|(_, (_, parts))| numbered(parts.iter().map(|part| seq_id(part, false))))
            .collect();
        let ids = if named.iter().all(|ids| *ids == named[0]) {
            let places = (0..named[0].len()).map(|at| at.to_string()).collect();
            vec![places; lists.len()]
        } else {
            let scalars = |(_, (_, parts)): &(usize, (Origin, Vec<SeqPart>))| {
                parts.iter().all(is_plain_scalar)
            };
            let named: Vec<Vec<String>> = named
                .into_iter()
                .map(|ids| numbered(ids.into_iter()))
                .collect();
            if lists.iter().all(scalars) {
                return Ok(self.whole_list(at, lists));
            } else if in_one_order(&named) && named.iter().flatten().any(|id| id.starts_with("n:"))
            {
                named
            } else if in_one_order(&exact) {
                exact
            } else {
                return Err(Clash);
            }
        };
        let mut out = Vec::new();
        for id in merged(&ids) {
            let parts: Vec<(usize, Option<&SeqPart>)> = lists
                .iter()
                .zip(&ids)
                .map(|((env, (_, parts)), ids)| {
                    (
                        *env,
                        ids.iter().position(|own| *own == id).map(|at| &parts[at]),
                    )
                })
                .collect();
            out.extend(self.item(&at.step(step_of(&id)), &parts));
        }
        Ok(closed_seq(&lists[0].1.0, out))
    }

    fn item(&mut self, at: &At, parts: &[(usize, Option<&SeqPart>)]) -> Vec<SeqPart> {
        let items: Vec<(usize, Option<Given>)> = parts
            .iter()
            .map(|(env, part)| match part {
                Some(SeqPart::Item { when, value }) => (*env, Some((when.clone(), value.clone()))),
                _ => (*env, None),
            })
            .collect();
        if items.iter().any(|(_, given)| given.is_some()) {
            let made = self.choices(at, &items);
            return made
                .into_iter()
                .map(|(when, value)| SeqPart::Item { when, value })
                .collect();
        }
        // A loop over one word: its body may differ.
        let bodies: Vec<(usize, Form)> = parts
            .iter()
            .filter_map(|(env, part)| match part {
                Some(SeqPart::Each { item, .. }) => Some((*env, item.clone())),
                _ => None,
            })
            .collect();
        let first = parts.iter().find_map(|(_, part)| *part).cloned();
        match first {
            Some(SeqPart::Each { over, item }) => {
                let item = self.form(at, &bodies).unwrap_or(item);
                vec![SeqPart::Each { over, item }]
            }
            other => other.into_iter().collect(),
        }
    }

    /// A list of plain scalars that differs is one word.
    fn whole_list(&mut self, at: &At, lists: &[(usize, (Origin, Vec<SeqPart>))]) -> Form {
        let nodes: Vec<(usize, Node)> = lists
            .iter()
            .map(|(env, (origin, parts))| {
                let items = parts.iter().filter_map(|part| match part {
                    SeqPart::Item {
                        value: Form::Plain(node),
                        ..
                    } => Some(node.clone()),
                    _ => None,
                });
                (*env, Node::seq(origin.clone(), items))
            })
            .collect();
        Form::Expr(self.word(at, &nodes))
    }

    /// What stands at one key or place: one value under one condition, or several.
    fn choices(&mut self, at: &At, given: &[(usize, Option<Given>)]) -> Vec<Given> {
        let present: Vec<(usize, &Given)> = given
            .iter()
            .filter_map(|(env, given)| Some((*env, given.as_ref()?)))
            .collect();
        let mut classes: Vec<(Vec<usize>, Given)> = Vec::new();
        let same_when = present.iter().all(|(_, (when, _))| {
            canon::when(when.as_ref()) == canon::when(present[0].1.0.as_ref())
        });
        let forms: Vec<(usize, Form)> = present
            .iter()
            .map(|(env, (_, form))| (*env, form.clone()))
            .collect();
        let unified = if same_when {
            self.form(at, &forms).ok()
        } else {
            None
        };
        if let Some(form) = unified {
            let envs = present.iter().map(|(env, _)| *env).collect();
            classes.push((envs, (present[0].1.0.clone(), form)));
        } else {
            for (env, (when, form)) in &present {
                let id = (canon::when(when.as_ref()), canon::form(form));
                let known = classes
                    .iter_mut()
                    .find(|(_, (own, body))| (canon::when(own.as_ref()), canon::form(body)) == id);
                match known {
                    Some((envs, _)) => envs.push(*env),
                    None => classes.push((vec![*env], (when.clone(), form.clone()))),
                }
            }
        }
        let here: BTreeSet<usize> = given.iter().map(|(env, _)| *env).collect();
        let everywhere = present.len() == given.len();
        if classes.len() == 1 && everywhere {
            return classes.into_iter().map(|(_, given)| given).collect();
        }
        let count = classes.len();
        if let [(envs, (when, form))] = &classes[..]
            && let Some(given) = self.optional(at, envs, when.as_ref(), form)
        {
            return vec![given];
        }
        let mut out = Vec::new();
        // Of several alternatives at most one stands there, whatever the switches say.
        let mut before: Option<Cond> = None;
        for (number, (envs, (when, form))) in classes.into_iter().enumerate() {
            let on = (0..self.names.len())
                .map(|env| !here.contains(&env) || envs.contains(&env))
                .collect();
            let others = before.clone().map(Cond::not);
            let own = if everywhere && number > 0 && number + 1 == count {
                None
            } else {
                let origin = form_origin(&form);
                let switch = self.switch(at, on, origin.iter());
                before = Some(match before {
                    Some(before) => logic::or(before, switch.clone()),
                    None => switch.clone(),
                });
                Some(switch)
            };
            let conditions = [others, own, when].into_iter().flatten();
            out.push((conditions.reduce(logic::and), form));
        }
        out
    }

    /// A single value that stands in some environments only is a word that may be left out.
    fn optional(
        &mut self,
        at: &At,
        envs: &[usize],
        when: Option<&Cond>,
        form: &Form,
    ) -> Option<Given> {
        if when.is_some() {
            return None;
        }
        let expr = match form {
            Form::Plain(node)
                if plimsoll_world::truthy(node)
                    && matches!(node, Node::Text(..) | Node::Int(..)) =>
            {
                let nodes: Vec<(usize, Node)> =
                    envs.iter().map(|env| (*env, node.clone())).collect();
                self.word(at, &nodes)
            }
            Form::Expr(Expr::Val(param)) => {
                let word = self.words.all.get(param.handle.0.as_str())?;
                let truthy = |env: &usize| {
                    word.values[*env]
                        .as_ref()
                        .is_some_and(plimsoll_world::truthy)
                };
                if !word.automatic || !envs.iter().all(truthy) || !word.is_missing_somewhere() {
                    return None;
                }
                Expr::Val(param.clone())
            }
            _ => return None,
        };
        if let Expr::Val(param) = &expr
            && let Some(word) = self.words.all.get_mut(param.handle.0.as_str())
        {
            word.optional = true;
        }
        Some((Some(Cond::Truthy(expr.clone())), Form::Expr(expr)))
    }

    fn expr(&mut self, at: &At, exprs: &[(usize, Expr)]) -> Result<Expr, Clash> {
        let first = canon::expr(&exprs[0].1);
        if exprs.iter().all(|(_, expr)| canon::expr(expr) == first) {
            return Ok(exprs[0].1.clone());
        }
        if let Some(nodes) = all(exprs, |expr| match expr {
            Expr::Lit(node) => Some(node.clone()),
            _ => None,
        }) {
            return self.literals(at, &nodes);
        }
        if let Some(trees) = all(exprs, |expr| match expr {
            Expr::Tree(form) => Some((**form).clone()),
            Expr::Lit(node @ (Node::Map(..) | Node::Seq(..))) => Some(Form::Plain(node.clone())),
            _ => None,
        }) {
            return Ok(Expr::tree(self.form(at, &trees)?));
        }
        if let Some(calls) = all(exprs, |expr| match expr {
            Expr::Call(op, args) => Some((*op, args.clone())),
            _ => None,
        }) {
            let (op, args) = &calls[0].1;
            if calls
                .iter()
                .any(|(_, (o, a))| o != op || a.len() != args.len())
            {
                return Err(Clash);
            }
            let lists: Vec<(usize, Arc<[Expr]>)> = calls
                .iter()
                .map(|(env, (_, args))| (*env, args.clone()))
                .collect();
            return Ok(Expr::call(*op, self.each(at, &lists)?));
        }
        if let Some(ifs) = all(exprs, |expr| match expr {
            Expr::If(parts) => Some(parts.clone()),
            _ => None,
        }) {
            let cond = canon::when(Some(&ifs[0].1.0));
            if ifs
                .iter()
                .any(|(_, parts)| canon::when(Some(&parts.0)) != cond)
            {
                return Err(Clash);
            }
            let yes: Vec<_> = ifs
                .iter()
                .map(|(env, parts)| (*env, parts.1.clone()))
                .collect();
            let no: Vec<_> = ifs
                .iter()
                .map(|(env, parts)| (*env, parts.2.clone()))
                .collect();
            let (yes, no) = (self.expr(at, &yes)?, self.expr(at, &no)?);
            return Ok(Expr::If(Arc::new((ifs[0].1.0.clone(), yes, no))));
        }
        let texts = all(exprs, |expr| match expr {
            Expr::Concat(parts) => Some(parts.clone()),
            Expr::Lit(Node::Text(..)) | Expr::Val(_) => Some(Arc::from([expr.clone()])),
            _ => None,
        });
        let texts = texts.ok_or(Clash)?;
        if texts
            .iter()
            .all(|(_, parts)| parts.len() == texts[0].1.len())
        {
            return Ok(joined(self.each(at, &texts)?));
        }
        Err(Clash)
    }

    fn each(&mut self, at: &At, lists: &[(usize, Arc<[Expr]>)]) -> Result<Vec<Expr>, Clash> {
        let one = |at: usize| -> Vec<(usize, Expr)> {
            lists
                .iter()
                .map(|(env, args)| (*env, args[at].clone()))
                .collect()
        };
        (0..lists[0].1.len())
            .map(|n| self.expr(at, &one(n)))
            .collect()
    }

    /// Plain values that differ: the namespace or the environment inside a text, else a word.
    fn literals(&mut self, at: &At, nodes: &[(usize, Node)]) -> Result<Expr, Clash> {
        if nodes.iter().all(|(_, node)| matches!(node, Node::Map(..))) {
            let forms: Vec<(usize, Form)> = nodes
                .iter()
                .map(|(env, node)| (*env, Form::Plain(node.clone())))
                .collect();
            return Ok(Expr::tree(self.form(at, &forms)?));
        }
        if let Some(expr) = self.with_context(nodes) {
            return Ok(expr);
        }
        if let Some(expr) = self.by_lines(at, nodes) {
            return Ok(expr);
        }
        let kind = std::mem::discriminant(&nodes[0].1);
        if nodes
            .iter()
            .any(|(_, node)| std::mem::discriminant(node) != kind)
        {
            return Err(Clash);
        }
        Ok(self.word(at, nodes))
    }

    fn word(&mut self, at: &At, nodes: &[(usize, Node)]) -> Expr {
        let mut values = vec![None; self.names.len()];
        for (env, node) in nodes {
            values[*env] = Some(node.clone());
        }
        let names = at.names(self.places, nodes.iter().map(|(_, node)| node.origin()));
        self.words.automatic(&names, values)
    }
}

/// All of one shape, else nothing.
fn all<T, U>(given: &[(usize, T)], of: impl Fn(&T) -> Option<U>) -> Option<Vec<(usize, U)>> {
    given
        .iter()
        .map(|(env, value)| Some((*env, of(value)?)))
        .collect()
}

/// What a map says about the kind of what it names.
fn kinds(parts: &[MapPart]) -> Vec<String> {
    let of = |wanted: &str| {
        let mut found = parts.iter().filter_map(|part| match part {
            MapPart::Entry { key, value, .. } if key == wanted => Some(canon::form(value)),
            _ => None,
        });
        found.next().unwrap_or_default()
    };
    vec![of("apiVersion"), of("kind")]
}

fn map_parts(form: &Form) -> Option<(Origin, Vec<MapPart>)> {
    match form {
        Form::Map(origin, parts) => Some((origin.clone(), parts.to_vec())),
        Form::Plain(Node::Map(origin, entries)) => {
            Some((origin.clone(), entries.iter().map(entry_part).collect()))
        }
        _ => None,
    }
}

fn seq_parts(form: &Form) -> Option<(Origin, Vec<SeqPart>)> {
    match form {
        Form::Seq(origin, parts) => Some((origin.clone(), parts.to_vec())),
        Form::Plain(Node::Seq(origin, items)) => {
            Some((origin.clone(), items.iter().map(item_part).collect()))
        }
        _ => None,
    }
}

fn as_expr(form: &Form) -> Option<Expr> {
    match form {
        Form::Plain(node) => Some(Expr::Lit(node.clone())),
        Form::Expr(expr) => Some(expr.clone()),
        _ => None,
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

/// A condition, unless it always holds.
fn open(cond: &Cond) -> Option<Cond> {
    match cond {
        Cond::Known(true, _) => None,
        other => Some(other.clone()),
    }
}

/// The kind of an object's form.
pub fn kind_of(object: &ObjectForm) -> Str {
    let plain = |key: &str| {
        map_parts(&object.body)?
            .1
            .into_iter()
            .find_map(|part| match part {
                MapPart::Entry {
                    key: own,
                    value: Form::Plain(Node::Text(_, text)),
                    ..
                } if own == key => Some(text),
                _ => None,
            })
    };
    plain("kind").unwrap_or_default()
}

fn form_origin(form: &Form) -> Option<Origin> {
    match form {
        Form::Plain(node) => Some(node.origin().clone()),
        Form::Map(origin, _) | Form::Seq(origin, _) => Some(origin.clone()),
        Form::Shrinking(inner) => form_origin(inner),
        Form::Expr(Expr::Val(param)) => Some(param.value.origin().clone()),
        Form::Expr(_) => None,
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
