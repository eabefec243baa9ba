//! Forms of all environments as one: maps by key, lists by name or place.

use super::super::bind::{as_form, closed_map, closed_seq};
use super::super::canon;
use super::super::words::{At, Step};
use super::order::{in_one_order, is_plain_scalar, map_id, merged, numbered, seq_id, step_of};
use super::shape::{all, as_expr, kinds, map_parts, seq_parts};
use super::{Clash, Family, Given};
use plimsoll_source::{Node, Origin};
use plimsoll_world::{Form, MapPart, SeqPart};
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
                // What is spliced in is the same word everywhere.
                let spliced = maps.iter().zip(&ids).find_map(|((_, (_, parts)), ids)| {
                    let at = ids.iter().position(|own| *own == id)?;
                    Some(parts[at].clone())
                });
                out.extend(spliced);
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
