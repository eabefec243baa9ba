//! Forms of all environments as one: maps by key, lists by name or place.

use super::super::bind::{as_form, closed_map, closed_seq};
use super::super::canon;
use super::super::words::{At, Step};
use super::order::{in_one_order, is_plain_scalar, map_id, merged, numbered, seq_id, step_of};
use super::shape::{all, as_expr, kinds, map_parts, seq_parts};
use super::{Clash, Family, Given};
use plimsoll_source::{Entry, Node, Origin};
use plimsoll_world::{Expr, Form, MapPart, SeqPart};
use std::sync::Arc;

impl Family<'_> {
    pub(super) fn form(&mut self, at: &At, forms: &[(usize, Form)]) -> Result<Form, Clash> {
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

    pub(super) fn map(
        &mut self,
        at: &At,
        maps: &[(usize, (Origin, Vec<MapPart>))],
    ) -> Result<Form, Clash> {
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
                let spliced = maps.iter().zip(&ids).map(|((env, (_, parts)), ids)| {
                    let at = ids.iter().position(|own| *own == id);
                    match at.map(|at| &parts[at]) {
                        Some(MapPart::Splice(expr)) => (*env, Some(expr.clone())),
                        _ => (*env, None),
                    }
                });
                let spliced: Vec<(usize, Option<Expr>)> = spliced.collect();
                out.extend(self.wherever(at, &spliced).map(MapPart::Splice));
                continue;
            };
            let made = self.choices(&at.step(Step::Key(key.to_string())), &given);
            out.extend(made.into_iter().map(|(when, value)| MapPart::Entry {
                key: key.clone(),
                when,
                value,
            }));
        }
        Ok(closed_map(&maps[0].1.0, out))
    }

    pub(super) fn seq(
        &mut self,
        at: &At,
        lists: &[(usize, (Origin, Vec<SeqPart>))],
    ) -> Result<Form, Clash> {
        let named: Vec<Vec<String>> = lists
            .iter()
            .map(|(_, (_, parts))| parts.iter().map(|part| seq_id(part, true)).collect())
            .collect();
        let exact: Vec<Vec<String>> = lists
            .iter()
            .map(|(_, (_, parts))| numbered(parts.iter().map(|part| seq_id(part, false))))
            .collect();
        let alike = named.iter().all(|ids| *ids == named[0]);
        let ids = if alike {
            let places = (0..named[0].len()).map(|at| at.to_string()).collect();
            vec![places; lists.len()]
        } else {
            let scalars = |(_, (_, parts)): &(usize, (Origin, Vec<SeqPart>))| {
                parts.iter().all(is_plain_scalar)
            };
            let named: Vec<Vec<String>> = named
                .iter()
                .map(|ids| numbered(ids.iter().cloned()))
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
            let first = parts.iter().find_map(|(_, part)| *part);
            let place: Option<usize> = id.parse().ok();
            let name = place.and_then(|place| named[0].get(place)).unwrap_or(&id);
            out.extend(self.item(&at.step(Step::Item(step_of(name, first))), &parts));
        }
        Ok(closed_seq(&lists[0].1.0, out))
    }

    pub(super) fn item(&mut self, at: &At, parts: &[(usize, Option<&SeqPart>)]) -> Vec<SeqPart> {
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
        self.elements(at, parts).into_iter().collect()
    }

    /// A loop, or the items of a list that is spliced in. The body of a loop may differ.
    fn elements(&mut self, at: &At, parts: &[(usize, Option<&SeqPart>)]) -> Option<SeqPart> {
        let bodies: Vec<(usize, Form)> = parts
            .iter()
            .filter_map(|(env, part)| match part {
                Some(SeqPart::Each { item, .. }) => Some((*env, item.clone())),
                _ => None,
            })
            .collect();
        let item = bodies.first().map(|(_, first)| {
            let made = self.form(at, &bodies);
            made.unwrap_or_else(|Clash| first.clone())
        });
        let by_key = item
            .as_ref()
            .is_some_and(|item| !canon::form(item).contains(canon::ITEM));
        let over: Vec<(usize, Option<Expr>)> = parts
            .iter()
            .map(|(env, part)| match part {
                Some(SeqPart::Each { over, .. }) if by_key => (*env, Some(keys_of(over))),
                Some(SeqPart::Each { over, .. } | SeqPart::Splice(over)) => {
                    (*env, Some(over.clone()))
                }
                _ => (*env, None),
            })
            .collect();
        let over = self.wherever(at, &over)?;
        Some(match item {
            Some(item) => SeqPart::Each { over, item },
            None => SeqPart::Splice(over),
        })
    }

    /// What holds elements, as one expression that holds none where an environment lacks it.
    fn wherever(&mut self, at: &At, given: &[(usize, Option<Expr>)]) -> Option<Expr> {
        let present: Vec<(usize, Expr)> = given
            .iter()
            .filter_map(|(env, expr)| Some((*env, expr.clone()?)))
            .collect();
        let (_, first) = present.first()?;
        let one = self
            .expr(at, &present)
            .unwrap_or_else(|Clash| first.clone());
        if present.len() == given.len() {
            return Some(one);
        }
        let mut on = vec![true; self.names.len()];
        for (env, expr) in given {
            on[*env] = expr.is_some();
        }
        let nothing = Expr::Lit(nothing_like(&one));
        let switch = self.switch(at, on, &Form::Expr(one.clone()));
        Some(Expr::either(switch, one, nothing))
    }

    /// A list of plain scalars that differs is one word.
    pub(super) fn whole_list(
        &mut self,
        at: &At,
        lists: &[(usize, (Origin, Vec<SeqPart>))],
    ) -> Form {
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
}

/// The same with each value of a fixed map named as its key: nobody looks at the values.
fn keys_of(over: &Expr) -> Expr {
    match over {
        Expr::Lit(Node::Map(origin, entries)) => {
            let named = entries.iter().map(|entry| Entry {
                value: Node::Text(entry.value.origin().clone(), entry.key.clone()),
                ..entry.clone()
            });
            Expr::Lit(Node::map(origin.clone(), named.collect::<Vec<_>>()))
        }
        Expr::If(parts) => {
            let (cond, yes, no) = &**parts;
            Expr::If(Arc::new((cond.clone(), keys_of(yes), keys_of(no))))
        }
        other => other.clone(),
    }
}

/// An empty map or list, as the other is one.
fn nothing_like(expr: &Expr) -> Node {
    let origin = Origin::rule("helm", []);
    match expr {
        Expr::Lit(Node::Map(..)) => Node::map(origin, []),
        Expr::Val(param) if matches!(param.value, Node::Map(..)) => Node::map(origin, []),
        Expr::If(parts) => nothing_like(&parts.1),
        _ => Node::seq(origin, []),
    }
}
