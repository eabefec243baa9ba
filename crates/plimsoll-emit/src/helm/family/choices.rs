//! What stands at one place in some environments only, or as one of several alternatives.

use super::super::chart::text_at;
use super::super::words::At;
use super::super::{canon, logic};
use super::shape::form_origin;
use super::{Family, Given, enabled, flag};
use plimsoll_source::Node;
use plimsoll_world::{Cond, Expr, Form};
use std::collections::BTreeSet;

impl Family<'_> {
    /// A switch for one of several things at a place: that of the object which it names, else one
    /// of its own.
    pub(super) fn switch(&mut self, at: &At, on: Vec<bool>, form: &Form) -> Cond {
        let values = on.into_iter().map(flag).collect();
        let kind = text_at(form, &["kind"]);
        let object = (!kind.is_empty()).then(|| at.switch_of(&kind));
        let origin = form_origin(form);
        let names = object
            .into_iter()
            .chain(at.names(self.places, origin.iter()));
        let names: Vec<String> = names.map(enabled).collect();
        Cond::Truthy(self.words.automatic(&names, values))
    }

    /// What stands at one key or place: one value under one condition, or several.
    pub(super) fn choices(&mut self, at: &At, given: &[(usize, Option<Given>)]) -> Vec<Given> {
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
                let switch = self.switch(at, on, &form);
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
    pub(super) fn optional(
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
}
