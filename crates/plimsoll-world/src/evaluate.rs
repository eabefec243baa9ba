//! From forms to plain trees: one recursive function of form and values.

use crate::{
    Blueprint, Cond, Expr, Form, MapPart, Object, ObjectForm, ObjectKey, Param, SeqPart, Var, World,
};
use plimsoll_source::{Entry, Handle, Node, Origin, Str};
use rayon::prelude::*;
use std::collections::BTreeMap;

/// Words that are turned away from what the file says.
#[derive(Clone, Debug, Default)]
pub struct Values {
    turned: BTreeMap<Handle, Node>,
}

impl Values {
    /// The values of the file.
    pub fn of_the_file() -> Self {
        Self::default()
    }

    /// Turns one word.
    #[must_use]
    pub fn turn(mut self, handle: Handle, value: Node) -> Self {
        self.turned.insert(handle, value);
        self
    }

    fn get<'a>(&'a self, param: &'a Param) -> &'a Node {
        self.turned.get(&param.handle).unwrap_or(&param.value)
    }
}

/// The plain objects that a Blueprint stands for under these values.
pub fn evaluate(blueprint: &Blueprint, values: &Values) -> World {
    let eval = Eval { values };
    let one = |form: &ObjectForm| {
        let (holds, because) = eval.cond(&form.when, None);
        let object = holds.then(|| eval.object(form, &because)).flatten();
        (because, object)
    };
    let forms = blueprint.objects.par_iter().with_min_len(64);
    let mut decided = vec![blueprint.decided()];
    let mut objects = Vec::with_capacity(blueprint.objects.len());
    for (because, object) in forms.map(one).collect::<Vec<_>>() {
        decided.push(because);
        objects.extend(object);
    }
    World {
        application: blueprint.application.clone(),
        environment: blueprint.environment.clone(),
        namespace: blueprint.namespace.clone(),
        objects,
        decided: Origin::all(decided),
    }
}

/// Whether a condition holds with the values of the file.
pub fn holds(cond: &Cond) -> bool {
    Eval {
        values: &Values::of_the_file(),
    }
    .cond(cond, None)
    .0
}

/// What an expression is with the values of the file.
pub fn value(expr: &Expr) -> Node {
    Eval {
        values: &Values::of_the_file(),
    }
    .expr(expr, None)
}

/// What a form is with the values of the file; `None` where it is nothing.
pub fn plain(form: &Form) -> Option<Node> {
    Eval {
        values: &Values::of_the_file(),
    }
    .form(form, None)
    .ok()
}

/// Whether a template would take the value for true: not nothing, false, zero or empty.
pub fn truthy(node: &Node) -> bool {
    match node {
        Node::Null(_) => false,
        Node::Bool(_, value) => *value,
        Node::Int(_, value) => *value != 0,
        Node::Float(_, value) => *value != 0.0,
        Node::Text(_, text) | Node::Plain(_, text) => !text.is_empty(),
        Node::Map(_, entries) => !entries.is_empty(),
        Node::Seq(_, items) => !items.is_empty(),
    }
}

/// The element that the body of an `Each` stands for.
struct Element<'a> {
    key: Node,
    item: &'a Node,
}

impl<'a> Element<'a> {
    fn of_entry(entry: &'a Entry) -> Self {
        Self {
            key: Node::Text(entry.at.clone(), entry.key.clone()),
            item: &entry.value,
        }
    }
}

struct Eval<'a> {
    values: &'a Values,
}

impl Eval<'_> {
    fn object(&self, form: &ObjectForm, because: &Origin) -> Option<Object> {
        let body = self.form(&form.body, None).ok()?;
        let body = {
            let origin = body.origin().because(because);
            body.with_origin(origin)
        };
        Some(Object {
            key: ObjectKey::of(&body)?,
            unit: form.unit.clone(),
            role: form.role,
            after: form.after.clone(),
            protected: form.protected,
            body,
        })
    }

    /// The tree; `None` where an expression says that there is nothing.
    /// What a form becomes; where that is nothing, what decided so.
    fn form(&self, form: &Form, element: Option<&Element>) -> Result<Node, Origin> {
        match form {
            Form::Plain(node) => Ok(node.clone()),
            Form::Expr(expr) => match self.expr(expr, element) {
                Node::Null(because) => Err(because),
                node => Ok(node),
            },
            Form::Shrinking(form) => match self.form(form, element)? {
                node if truthy(&node) => Ok(node),
                empty => Err(empty.origin().clone()),
            },
            Form::Map(origin, parts) => Ok(self.map(origin, parts, element)),
            Form::Seq(origin, parts) => Ok(self.seq(origin, parts, element)),
        }
    }

    fn map(&self, origin: &Origin, parts: &[MapPart], element: Option<&Element>) -> Node {
        let (mut entries, mut decided) = (Vec::with_capacity(parts.len()), Vec::new());
        for part in parts {
            match part {
                MapPart::Entry { key, when, value } => {
                    if !self.allows(when.as_ref(), element, &mut decided) {
                        continue;
                    }
                    match self.form(value, element) {
                        Ok(value) => entries.push(Entry {
                            key: key.clone(),
                            at: origin.clone(),
                            value,
                        }),
                        Err(because) => decided.push(because),
                    }
                }
                MapPart::Splice(expr) => {
                    let map = self.expr(expr, element);
                    decided.push(map.origin().clone());
                    entries.extend(map.entries().iter().cloned());
                }
            }
        }
        Node::map(settle(origin, decided), entries)
    }

    fn seq(&self, origin: &Origin, parts: &[SeqPart], element: Option<&Element>) -> Node {
        let (mut items, mut decided) = (Vec::with_capacity(parts.len()), Vec::new());
        for part in parts {
            match part {
                SeqPart::Item { when, value } => {
                    if !self.allows(when.as_ref(), element, &mut decided) {
                        continue;
                    }
                    match self.form(value, element) {
                        Ok(item) => items.push(item),
                        Err(because) => decided.push(because),
                    }
                }
                SeqPart::Each { over, item } => {
                    let all = self.expr(over, element);
                    decided.push(all.origin().clone());
                    for element in elements(&all) {
                        items.extend(self.form(item, Some(&element)));
                    }
                }
                SeqPart::Splice(expr) => {
                    let list = self.expr(expr, element);
                    decided.push(list.origin().clone());
                    items.extend(list.items().iter().cloned());
                }
            }
        }
        Node::seq(settle(origin, decided), items)
    }

    fn allows(
        &self,
        when: Option<&Cond>,
        element: Option<&Element>,
        decided: &mut Vec<Origin>,
    ) -> bool {
        when.is_none_or(|cond| {
            let (holds, because) = self.cond(cond, element);
            decided.push(because);
            holds
        })
    }

    fn cond(&self, cond: &Cond, element: Option<&Element>) -> (bool, Origin) {
        match cond {
            Cond::Known(holds, because) => (*holds, because.clone()),
            Cond::Truthy(expr) => self.test(expr, element, truthy),
            Cond::AtLeast(expr, bound) => self.test(expr, element, |node| {
                node.int().is_some_and(|value| value >= *bound)
            }),
            Cond::Is(expr, wanted) => self.test(expr, element, |node| {
                node.text().is_some_and(|text| text == wanted)
            }),
            Cond::Has(param, key) => {
                let map = self.values.get(param);
                (map.get(key).is_some(), map.origin().clone())
            }
            Cond::Not(inner) => {
                let (holds, because) = self.cond(inner, element);
                (!holds, because)
            }
            Cond::And(both) => self.join(both, element, |a, b| a && b),
            Cond::Or(both) => self.join(both, element, |a, b| a || b),
        }
    }

    fn test(
        &self,
        expr: &Expr,
        element: Option<&Element>,
        test: impl FnOnce(&Node) -> bool,
    ) -> (bool, Origin) {
        let node = self.expr(expr, element);
        (test(&node), node.origin().clone())
    }

    fn join(
        &self,
        both: &(Cond, Cond),
        element: Option<&Element>,
        join: impl FnOnce(bool, bool) -> bool,
    ) -> (bool, Origin) {
        let (a, because_a) = self.cond(&both.0, element);
        let (b, because_b) = self.cond(&both.1, element);
        (join(a, b), Origin::all([because_a, because_b]))
    }

    fn expr(&self, expr: &Expr, element: Option<&Element>) -> Node {
        match expr {
            Expr::Lit(node) => node.clone(),
            Expr::Val(param) => self.values.get(param).clone(),
            Expr::Var(var) => match (element, var) {
                (Some(element), Var::Key) => element.key.clone(),
                (Some(element), Var::Item) => element.item.clone(),
                (None, _) => unreachable!("a variable stands only inside of `Each`"),
            },
            Expr::Tree(form) => self.form(form, element).unwrap_or_else(Node::Null),
            Expr::Concat(parts) => self.concat(parts, element),
            Expr::If(parts) => {
                let (holds, because) = self.cond(&parts.0, element);
                let node = self.expr(if holds { &parts.1 } else { &parts.2 }, element);
                let origin = node.origin().because(&because);
                node.with_origin(origin)
            }
            Expr::Call(op, args) => {
                let args: Vec<Node> = args.iter().map(|arg| self.expr(arg, element)).collect();
                op.apply(op.origin(&args), &args)
            }
        }
    }

    fn concat(&self, parts: &[Expr], element: Option<&Element>) -> Node {
        let (mut text, mut from) = (String::new(), Vec::with_capacity(parts.len()));
        for part in parts {
            let node = self.expr(part, element);
            match &node {
                Node::Int(_, value) => text.push_str(&value.to_string()),
                Node::Bool(_, value) => text.push_str(&value.to_string()),
                other => text.push_str(other.text().map_or("", Str::as_str)),
            }
            from.push(node.origin().clone());
        }
        Node::Text(Origin::all(from), text.into())
    }
}

fn settle(origin: &Origin, decided: Vec<Origin>) -> Origin {
    if decided.is_empty() {
        origin.clone()
    } else {
        origin.because(&Origin::all(decided))
    }
}

/// The elements of a map in the order of its keys' bytes, as templates range over them, or those
/// of a list in their order.
fn elements(all: &Node) -> Vec<Element<'_>> {
    if let Node::Seq(_, items) = all {
        let key = |at: usize| i64::try_from(at).unwrap_or(i64::MAX);
        let element = |(at, item)| Element {
            key: Node::Int(all.origin().clone(), key(at)),
            item,
        };
        return items.iter().enumerate().map(element).collect();
    }
    let mut entries: Vec<_> = all.entries().iter().collect();
    entries.sort_by(|a, b| a.key.cmp(&b.key));
    entries.into_iter().map(Element::of_entry).collect()
}
