//! One environment's forms as a chart sees them: words that a contract turns become paths of its
//! values, all others become what they are here.

use super::contract::Contract;
use super::path::NAMESPACE;
use super::{element, logic, sources};
use plimsoll_source::{Entry, Handle, Node, Origin, Str};
use plimsoll_world::{
    Cond, Expr, Form, MapPart, ObjectForm, Op, Param, SeqPart, Unit, plain, value,
};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Binds the forms of one environment.
pub struct Binder<'a> {
    contract: &'a Contract,
    namespace: Str,
    /// Where values may say that secrets come from.
    sources: Option<&'a [Str]>,
    /// What each path is in this environment, by the handles that say so.
    pub values: RefCell<BTreeMap<String, Vec<(Handle, Node)>>>,
}

impl<'a> Binder<'a> {
    /// Binds for a main namespace.
    pub fn new(contract: &'a Contract, namespace: &Str, sources: Option<&'a [Str]>) -> Self {
        Self {
            contract,
            sources,
            namespace: namespace.clone(),
            values: RefCell::default(),
        }
    }

    /// An object; `None` where this environment never has it.
    pub fn object(&self, object: &ObjectForm) -> Option<ObjectForm> {
        let when = self.cond(&object.when);
        if !when.may_hold() {
            return None;
        }
        let body = self.form(&object.body)?;
        let unit = match &object.unit {
            Unit::Namespace(name) if *name == self.namespace => Unit::Namespace(Str::default()),
            other => other.clone(),
        };
        Some(ObjectForm {
            unit,
            when,
            body,
            ..object.clone()
        })
    }

    fn turned(&self, param: &Param, value: Node) -> Option<Expr> {
        let binding = self.contract.binding(&param.handle)?;
        let mut values = self.values.borrow_mut();
        let known = values.entry(binding.path.clone()).or_default();
        if !known.iter().any(|(handle, _)| *handle == param.handle) {
            known.push((param.handle.clone(), value.clone()));
        }
        Some(Expr::Val(Arc::new(Param {
            handle: Handle(binding.path.as_str().into()),
            value,
        })))
    }

    fn is_turned(&self, param: &Param) -> bool {
        self.contract.binding(&param.handle).is_some()
    }

    fn form(&self, form: &Form) -> Option<Form> {
        match form {
            Form::Plain(node) => Some(self.localized("", node)),
            Form::Expr(expr) => as_form(self.expr(expr)),
            Form::Shrinking(inner) => match self.form(inner)? {
                Form::Plain(node) => plimsoll_world::truthy(&node).then_some(Form::Plain(node)),
                open => Some(Form::Shrinking(Arc::new(open))),
            },
            Form::Map(origin, parts) => Some(self.map(origin, parts)),
            Form::Seq(origin, parts) => Some(self.seq(origin, parts)),
        }
    }

    fn map(&self, origin: &Origin, parts: &[MapPart]) -> Form {
        let mut bound = Vec::with_capacity(parts.len());
        let mut whole: Option<(&Str, &Arc<Param>)> = None;
        for (at, part) in parts.iter().enumerate() {
            match part {
                MapPart::Entry { key, when, value } => {
                    if let Some((own, param)) = whole
                        && own == key
                        && is_whole(when.as_ref(), param, true)
                    {
                        continue;
                    }
                    if let Some(param) = self.whole(parts, at) {
                        whole = Some((key, param));
                        let parts = match parts.get(at + 1) {
                            Some(MapPart::Entry { value, .. }) => plain(value),
                            _ => None,
                        };
                        let value = parts.unwrap_or_else(|| param.value.clone());
                        let value = without_hostless(param, value);
                        let turned = self.turned(param, value).expect("it is turned");
                        bound.push(MapPart::Entry {
                            key: key.clone(),
                            when: Some(Cond::Truthy(turned.clone())),
                            value: Form::Expr(turned),
                        });
                        continue;
                    }
                    bound.extend(self.entry(key, when.as_ref(), value));
                }
                MapPart::Splice(expr) => match self.expr(expr) {
                    Expr::Lit(node) => bound.extend(node.entries().iter().map(entry_part)),
                    open => bound.push(MapPart::Splice(open)),
                },
            }
        }
        closed_map(origin, bound)
    }

    /// The word at `at` that gives a whole whose parts the next entry gives otherwise.
    fn whole<'p>(&self, parts: &'p [MapPart], at: usize) -> Option<&'p Arc<Param>> {
        let MapPart::Entry {
            key,
            when: Some(Cond::Truthy(Expr::Val(param))),
            ..
        } = &parts[at]
        else {
            return None;
        };
        let Some(MapPart::Entry {
            key: next, when, ..
        }) = parts.get(at + 1)
        else {
            return None;
        };
        (key == next && is_whole(when.as_ref(), param, true) && self.is_turned(param))
            .then_some(param)
    }

    fn entry(&self, key: &Str, when: Option<&Cond>, value: &Form) -> Option<MapPart> {
        let when = self.when(when)?;
        let value = match value {
            Form::Plain(node) => self.localized(key, node),
            open => self.form(open)?,
        };
        Some(MapPart::Entry {
            key: key.clone(),
            when,
            value,
        })
    }

    /// A condition that may hold; `None` where it never does.
    fn when(&self, when: Option<&Cond>) -> Option<Option<Cond>> {
        let Some(when) = when else {
            return Some(None);
        };
        match self.cond(when) {
            Cond::Known(true, _) => Some(None),
            Cond::Known(false, _) => None,
            open => Some(Some(open)),
        }
    }

    fn seq(&self, origin: &Origin, parts: &[SeqPart]) -> Form {
        let mut bound = Vec::with_capacity(parts.len());
        for part in parts {
            match part {
                SeqPart::Item { when, value } => {
                    if let Some(when) = self.when(when.as_ref())
                        && let Some(value) = self.form(value)
                    {
                        bound.push(SeqPart::Item { when, value });
                    }
                }
                SeqPart::Each { over, item } => match self.expr(over) {
                    Expr::Lit(all) => bound.extend(self.items_of(&all, item)),
                    over => {
                        if let Some(item) = self.form(item) {
                            bound.push(SeqPart::Each { over, item });
                        }
                    }
                },
                SeqPart::Splice(expr) => match self.expr(expr) {
                    Expr::Lit(node) => bound.extend(node.items().iter().map(item_part)),
                    open => bound.push(SeqPart::Splice(open)),
                },
            }
        }
        closed_seq(origin, bound)
    }

    /// The items that a loop over a fixed map or list makes.
    fn items_of(&self, all: &Node, item: &Form) -> Vec<SeqPart> {
        let mut elements: Vec<(Node, Node)> = match all {
            Node::Seq(origin, items) => items
                .iter()
                .map(|item| (Node::Null(origin.clone()), item.clone()))
                .collect(),
            map => map
                .entries()
                .iter()
                .map(|entry| {
                    let key = Node::Text(entry.at.clone(), entry.key.clone());
                    (key, entry.value.clone())
                })
                .collect(),
        };
        if matches!(all, Node::Map(..)) {
            elements.sort_by(|a, b| a.0.text().cmp(&b.0.text()));
        }
        let made = elements
            .iter()
            .filter_map(|(key, value)| self.form(&element::form(item, key, value)));
        made.map(|value| SeqPart::Item { when: None, value })
            .collect()
    }

    fn cond(&self, cond: &Cond) -> Cond {
        match cond {
            Cond::Known(..) => cond.clone(),
            Cond::Truthy(expr) => self.decide(self.expr(expr), Cond::Truthy),
            Cond::AtLeast(expr, bound) => {
                self.decide(self.expr(expr), |expr| Cond::AtLeast(expr, *bound))
            }
            Cond::Is(Expr::Val(param), word) if self.is_never(param, word) => {
                Cond::Known(false, param.value.origin().clone())
            }
            Cond::Is(expr, word) => {
                self.decide(self.expr(expr), |expr| Cond::Is(expr, word.clone()))
            }
            Cond::Has(param, key) => match self.turned(param, param.value.clone()) {
                Some(Expr::Val(param)) => Cond::Has(param, key.clone()),
                _ => Cond::known(param.value.get(key).is_some(), param.value.origin()),
            },
            Cond::Not(inner) => self.cond(inner).not(),
            Cond::And(both) => logic::and(self.cond(&both.0), self.cond(&both.1)),
            Cond::Or(both) => logic::or(self.cond(&both.0), self.cond(&both.1)),
        }
    }

    /// Whether secrets never come from there by any values.
    fn is_never(&self, param: &Param, word: &Str) -> bool {
        let known = self.sources.filter(|_| &*param.handle.0 == sources::HANDLE);
        known.is_some_and(|known| !known.contains(word))
    }

    fn decide(&self, expr: Expr, cond: impl FnOnce(Expr) -> Cond) -> Cond {
        match expr {
            Expr::Lit(node) => {
                let because = node.origin().clone();
                let holds = plimsoll_world::holds(&cond(Expr::Lit(node)));
                Cond::Known(holds, because)
            }
            open => cond(open),
        }
    }

    fn expr(&self, expr: &Expr) -> Expr {
        match expr {
            Expr::Lit(node) => self.text_expr(node),
            Expr::Val(param) => match self.turned(param, param.value.clone()) {
                // An empty name means the usual one.
                Some(turned) if param.handle.0.ends_with(".secretName") => {
                    Expr::call(Op::Default, [turned, Expr::Lit(param.value.clone())])
                }
                Some(turned) => turned,
                None => Expr::Lit(param.value.clone()),
            },
            Expr::Var(_) => expr.clone(),
            Expr::Concat(parts) => joined(parts.iter().map(|part| self.expr(part))),
            Expr::If(parts) => {
                let (cond, yes, no) = &**parts;
                if let Cond::Truthy(Expr::Val(param)) = cond
                    && param.value.is_null()
                    && self.is_turned(param)
                {
                    // A whole that a chart gives: its parts say what it is here.
                    let whole = value(no);
                    return self.turned(param, whole).expect("it is turned");
                }
                match self.cond(cond) {
                    Cond::Known(true, _) => self.expr(yes),
                    Cond::Known(false, _) => self.expr(no),
                    open => Expr::If(Arc::new((open, self.expr(yes), self.expr(no)))),
                }
            }
            Expr::Tree(form) => match self.form(form) {
                Some(form) => Expr::tree(form),
                None => Expr::Lit(Node::Null(Origin::rule("helm", []))),
            },
            Expr::Call(op, args) => self.call(*op, args),
        }
    }

    fn call(&self, op: Op, args: &[Expr]) -> Expr {
        let fixed = matches!(
            op,
            Op::CpuSum
                | Op::BytesSum
                | Op::TenthMore
                | Op::Request
                | Op::Limit
                | Op::LimitOrRequest
        );
        if fixed {
            // No template can compute with quantities: what they are here stays.
            return Expr::Lit(value(&Expr::call(op, args.iter().cloned())));
        }
        let args: Vec<Expr> = args.iter().map(|arg| self.expr(arg)).collect();
        let known = args.iter().all(|arg| matches!(arg, Expr::Lit(_)));
        let call = Expr::call(op, args);
        if known && op != Op::Hash {
            Expr::Lit(value(&call))
        } else {
            call
        }
    }

    /// A text with the main namespace taken out where Helm knows it.
    fn text_expr(&self, node: &Node) -> Expr {
        match self.localized("", node) {
            Form::Plain(node) => Expr::Lit(node),
            Form::Expr(expr) => expr,
            other => Expr::tree(other),
        }
    }

    /// A plain tree in which the main namespace is the release's.
    fn localized(&self, key: &str, node: &Node) -> Form {
        match node {
            Node::Text(origin, text) => self.localized_text(key, origin, text),
            Node::Map(origin, entries) => {
                let forms: Vec<Form> = entries
                    .iter()
                    .map(|entry| self.localized(&entry.key, &entry.value))
                    .collect();
                if forms.iter().all(|form| form.plain().is_some()) {
                    return Form::Plain(node.clone());
                }
                let part = |(entry, value): (&Entry, Form)| MapPart::Entry {
                    key: entry.key.clone(),
                    when: None,
                    value,
                };
                Form::Map(
                    origin.clone(),
                    entries.iter().zip(forms).map(part).collect(),
                )
            }
            Node::Seq(origin, items) => {
                let forms: Vec<Form> = items.iter().map(|item| self.localized("", item)).collect();
                if forms.iter().all(|form| form.plain().is_some()) {
                    return Form::Plain(node.clone());
                }
                let part = |value| SeqPart::Item { when: None, value };
                Form::Seq(origin.clone(), forms.into_iter().map(part).collect())
            }
            other => Form::Plain(other.clone()),
        }
    }

    fn localized_text(&self, key: &str, origin: &Origin, text: &Str) -> Form {
        let here = || {
            Expr::Val(Arc::new(Param {
                handle: Handle(NAMESPACE.into()),
                value: Node::Text(origin.clone(), self.namespace.clone()),
            }))
        };
        let names = matches!(key, "namespace" | "kubernetes.io/metadata.name");
        if names && *text == self.namespace {
            return Form::Expr(here());
        }
        let mut parts = Vec::new();
        let mut rest = text.as_str();
        while let Some((before, after)) = self.named_in(rest) {
            parts.extend([Expr::text(origin, before), here()]);
            rest = after;
        }
        if parts.is_empty() {
            return Form::Plain(Node::Text(origin.clone(), text.clone()));
        }
        parts.push(Expr::text(origin, rest));
        Form::Expr(Expr::concat(parts))
    }

    /// What stands around the first place in a text that names the main namespace: in a host name, or in a
    /// query of Prometheus.
    fn named_in<'t>(&self, text: &'t str) -> Option<(&'t str, &'t str)> {
        let around = [(".", ".svc"), ("namespace=\"", "\"")];
        let found = around.iter().filter_map(|(before, after)| {
            let name = format!("{before}{}{after}", self.namespace);
            let at = text.find(&name)? + before.len();
            Some((at, at + self.namespace.len()))
        });
        let (from, to) = found.min()?;
        Some((&text[..from], &text[to..]))
    }
}

/// Certificates of a route, without those for no host.
fn without_hostless(param: &Param, value: Node) -> Node {
    match value {
        Node::Seq(origin, items) if param.handle.0.ends_with(".tls") => {
            let with_hosts = |item: &&Node| {
                item.get("hosts")
                    .is_none_or(|hosts| !hosts.items().is_empty())
            };
            let kept: Vec<Node> = items.iter().filter(with_hosts).cloned().collect();
            Node::seq(origin, kept)
        }
        other => other,
    }
}

/// Whether a condition asks (or, negated, denies) that a whole is given.
fn is_whole(when: Option<&Cond>, param: &Arc<Param>, negated: bool) -> bool {
    let asks =
        |cond: &Cond| matches!(cond, Cond::Truthy(Expr::Val(own)) if own.handle == param.handle);
    match when {
        Some(Cond::Not(inner)) => negated && asks(inner),
        Some(cond) => !negated && asks(cond),
        None => false,
    }
}

/// An expression as a form; nothing where it is known to be nothing.
pub fn as_form(expr: Expr) -> Option<Form> {
    match expr {
        Expr::Lit(Node::Null(_)) => None,
        Expr::Lit(node) => Some(Form::Plain(node)),
        Expr::Tree(form) => Some((*form).clone()),
        open => Some(Form::Expr(open)),
    }
}

/// Texts joined, neighbours that are known into one.
pub fn joined(parts: impl IntoIterator<Item = Expr>) -> Expr {
    let mut out: Vec<Expr> = Vec::new();
    let mut open: Vec<Expr> = parts.into_iter().collect();
    open.reverse();
    while let Some(part) = open.pop() {
        match (out.last_mut(), part) {
            (_, Expr::Concat(inner)) => open.extend(inner.iter().rev().cloned()),
            (Some(Expr::Lit(last)), Expr::Lit(next)) => {
                *last = value(&Expr::concat([Expr::Lit(last.clone()), Expr::Lit(next)]));
            }
            (_, other) => out.push(other),
        }
    }
    match &out[..] {
        [Expr::Lit(_)] => Expr::Lit(value(&Expr::concat(out))),
        [] => Expr::Lit(Node::Text(Origin::rule("helm", []), Str::default())),
        _ => Expr::concat(out),
    }
}

/// A plain entry as a part.
pub fn entry_part(entry: &Entry) -> MapPart {
    MapPart::Entry {
        key: entry.key.clone(),
        when: None,
        value: Form::Plain(entry.value.clone()),
    }
}

/// A plain item as a part.
pub fn item_part(item: &Node) -> SeqPart {
    SeqPart::Item {
        when: None,
        value: Form::Plain(item.clone()),
    }
}

/// A map of parts, plain where all of them are.
pub fn closed_map(origin: &Origin, parts: Vec<MapPart>) -> Form {
    let entry = |part: &MapPart| match part {
        MapPart::Entry {
            key,
            when: None,
            value: Form::Plain(value),
        } => Some(Entry {
            key: key.clone(),
            at: value.origin().clone(),
            value: value.clone(),
        }),
        _ => None,
    };
    match parts.iter().map(entry).collect::<Option<Vec<Entry>>>() {
        Some(entries) => Form::Plain(Node::map(origin.clone(), entries)),
        None => Form::Map(origin.clone(), parts.into()),
    }
}

/// A list of parts, plain where all of them are.
pub fn closed_seq(origin: &Origin, parts: Vec<SeqPart>) -> Form {
    let item = |part: &SeqPart| match part {
        SeqPart::Item {
            when: None,
            value: Form::Plain(value),
        } => Some(value.clone()),
        _ => None,
    };
    match parts.iter().map(item).collect::<Option<Vec<Node>>>() {
        Some(items) => Form::Plain(Node::seq(origin.clone(), items)),
        None => Form::Seq(origin.clone(), parts.into()),
    }
}
