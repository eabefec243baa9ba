//! Building forms: what the `form!` macro expands to.

use crate::{Cond, Expr, Form, MapPart, SeqPart};
use plimsoll_source::{Entry, Knob, Node, Origin, Scalar, Sourced, Str, chosen, literal};

/// The rule that writes a form: the origin of its literals and of its maps and lists.
#[derive(Clone, Debug)]
pub struct Scope {
    origin: Origin,
}

impl Scope {
    /// The scope of a rule; its name is the module to open, such as `workload/deployment`.
    pub fn new(rule: &'static str) -> Self {
        Self {
            origin: chosen(rule),
        }
    }

    /// The same rule, at work because of something written.
    #[must_use]
    pub fn because(&self, decision: &Origin) -> Self {
        Self {
            origin: self.origin.because(decision),
        }
    }

    /// The origin of what the rule writes.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// A text that the rule writes.
    pub fn text(&self, text: impl Into<Str>) -> Node {
        Node::Text(self.origin.clone(), text.into())
    }
}

/// A literal of the rule's own source text.
#[derive(Clone, Copy, Debug)]
pub struct Lit<T>(pub T);

/// What can stand as a value in a form: all that knows its origin. Numbers and strings do not:
/// give the `Sourced` value itself.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no origin, so it cannot stand in a form",
    note = "give the `Sourced` or `Knob` value itself, `.map(…)` of it, or `scope.text(…)`"
)]
pub trait IntoForm {
    /// The form; `None` where there is nothing to write.
    fn into_form(self, scope: &Scope) -> Option<Form>;

    /// Why there is nothing to write, where the value knows.
    fn nothing(&self) -> Option<Origin> {
        None
    }
}

impl IntoForm for Form {
    fn into_form(self, _: &Scope) -> Option<Form> {
        Some(self)
    }
}

impl IntoForm for Node {
    fn into_form(self, _: &Scope) -> Option<Form> {
        Some(Form::Plain(self))
    }
}

impl IntoForm for &Node {
    fn into_form(self, _: &Scope) -> Option<Form> {
        Some(Form::Plain(self.clone()))
    }
}

impl IntoForm for Expr {
    fn into_form(self, _: &Scope) -> Option<Form> {
        Some(match self {
            Expr::Lit(node) => Form::Plain(node),
            other => Form::Expr(other),
        })
    }
}

impl IntoForm for &Expr {
    fn into_form(self, scope: &Scope) -> Option<Form> {
        self.clone().into_form(scope)
    }
}

impl<T: Scalar> IntoForm for &Sourced<T> {
    fn into_form(self, _: &Scope) -> Option<Form> {
        let node = self.peek().node(self.origin().clone());
        (!matches!(node, Node::Null(_))).then_some(Form::Plain(node))
    }

    fn nothing(&self) -> Option<Origin> {
        Some(self.origin().clone())
    }
}

impl<T: Scalar> IntoForm for Sourced<T> {
    fn into_form(self, scope: &Scope) -> Option<Form> {
        (&self).into_form(scope)
    }

    fn nothing(&self) -> Option<Origin> {
        Some(self.origin().clone())
    }
}

impl<T: Scalar> IntoForm for &Knob<T> {
    fn into_form(self, _: &Scope) -> Option<Form> {
        Some(Form::Expr(Expr::from(self)))
    }
}

impl<F: IntoForm> IntoForm for Option<F> {
    fn into_form(self, scope: &Scope) -> Option<Form> {
        self.and_then(|form| form.into_form(scope))
    }

    fn nothing(&self) -> Option<Origin> {
        self.as_ref().and_then(F::nothing)
    }
}

impl IntoForm for Lit<&'static str> {
    fn into_form(self, scope: &Scope) -> Option<Form> {
        Some(Form::Plain(scope.text(literal(self.0))))
    }
}

impl IntoForm for Lit<i32> {
    fn into_form(self, scope: &Scope) -> Option<Form> {
        Some(Form::Plain(Node::Int(
            scope.origin.clone(),
            i64::from(self.0),
        )))
    }
}

impl IntoForm for Lit<bool> {
    fn into_form(self, scope: &Scope) -> Option<Form> {
        Some(Form::Plain(Node::Bool(scope.origin.clone(), self.0)))
    }
}

/// What a [`Cond`] lets exist: nothing, something always, or something under a condition.
fn guard(cond: Cond, decided: &mut Vec<Origin>) -> Option<Option<Cond>> {
    match cond {
        Cond::Known(holds, because) => {
            decided.push(because);
            holds.then_some(None)
        }
        open => Some(Some(open)),
    }
}

fn settle(origin: &Origin, decided: Vec<Origin>) -> Origin {
    if decided.is_empty() {
        origin.clone()
    } else {
        origin.because(&Origin::all(decided))
    }
}

/// Builds a map, entry by entry.
#[derive(Debug)]
pub struct MapBuilder {
    origin: Origin,
    decided: Vec<Origin>,
    parts: Vec<MapPart>,
}

impl MapBuilder {
    /// An empty map of that scope.
    pub fn new(scope: &Scope) -> Self {
        Self {
            origin: scope.origin.clone(),
            decided: Vec::new(),
            parts: Vec::new(),
        }
    }

    /// Adds an entry; nothing is added where the value is nothing.
    pub fn put(&mut self, scope: &Scope, key: impl Into<Str>, value: impl IntoForm) {
        let nothing = value.nothing();
        match value.into_form(scope) {
            Some(value) => self.parts.push(MapPart::Entry {
                key: key.into(),
                when: None,
                value,
            }),
            None => self.decided.extend(nothing),
        }
    }

    /// Adds an entry under a condition. The map remembers what decided, also where it says no.
    pub fn put_when<F: IntoForm>(
        &mut self,
        scope: &Scope,
        cond: Cond,
        key: impl Into<Str>,
        value: impl FnOnce() -> F,
    ) {
        if let Some(when) = guard(cond, &mut self.decided)
            && let Some(value) = value().into_form(scope)
        {
            self.parts.push(MapPart::Entry {
                key: key.into(),
                when,
                value,
            });
        }
    }

    /// Adds the entries of another map.
    pub fn splice(&mut self, scope: &Scope, map: impl IntoForm) {
        match map.into_form(scope) {
            None => {}
            Some(Form::Plain(Node::Map(origin, entries))) => {
                self.decided.push(origin);
                self.parts
                    .extend(entries.iter().map(|entry| MapPart::Entry {
                        key: entry.key.clone(),
                        when: None,
                        value: Form::Plain(entry.value.clone()),
                    }));
            }
            Some(Form::Map(origin, parts)) => {
                self.decided.push(origin);
                self.parts.extend(parts.iter().cloned());
            }
            Some(Form::Expr(expr)) => self.parts.push(MapPart::Splice(expr)),
            Some(other) => unreachable!("only maps are spliced into maps: {other:?}"),
        }
    }

    /// The map; plain where all of it is.
    pub fn build(self) -> Form {
        let origin = settle(&self.origin, self.decided);
        let plain = |part: &MapPart| match part {
            MapPart::Entry {
                when: None, value, ..
            } => value.plain().is_some(),
            _ => false,
        };
        if !self.parts.iter().all(plain) {
            return Form::Map(origin, self.parts.into());
        }
        let entries = self.parts.into_iter().filter_map(|part| match part {
            MapPart::Entry {
                key,
                value: Form::Plain(value),
                ..
            } => Some(Entry {
                key,
                at: self.origin.clone(),
                value,
            }),
            _ => None,
        });
        Form::Plain(Node::map(origin, entries))
    }
}

/// Builds a list, item by item.
#[derive(Debug)]
pub struct SeqBuilder {
    origin: Origin,
    decided: Vec<Origin>,
    parts: Vec<SeqPart>,
}

impl SeqBuilder {
    /// An empty list of that scope.
    pub fn new(scope: &Scope) -> Self {
        Self {
            origin: scope.origin.clone(),
            decided: Vec::new(),
            parts: Vec::new(),
        }
    }

    /// Adds an item; nothing is added where the value is nothing.
    pub fn push(&mut self, scope: &Scope, value: impl IntoForm) {
        let nothing = value.nothing();
        match value.into_form(scope) {
            Some(value) => self.parts.push(SeqPart::Item { when: None, value }),
            None => self.decided.extend(nothing),
        }
    }

    /// Adds an item under a condition. The list remembers what decided, also where it says no.
    pub fn push_when<F: IntoForm>(&mut self, scope: &Scope, cond: Cond, value: impl FnOnce() -> F) {
        if let Some(when) = guard(cond, &mut self.decided)
            && let Some(value) = value().into_form(scope)
        {
            self.parts.push(SeqPart::Item { when, value });
        }
    }

    /// Adds one item for each element of what can be turned.
    pub fn each(&mut self, over: Expr, item: Form) {
        self.parts.push(SeqPart::Each { over, item });
    }

    /// Adds the items of another list.
    pub fn splice(&mut self, scope: &Scope, list: impl IntoForm) {
        match list.into_form(scope) {
            None => {}
            Some(Form::Plain(Node::Seq(origin, items))) => {
                self.decided.push(origin);
                let item = |value: &Node| SeqPart::Item {
                    when: None,
                    value: Form::Plain(value.clone()),
                };
                self.parts.extend(items.iter().map(item));
            }
            Some(Form::Seq(origin, parts)) => {
                self.decided.push(origin);
                self.parts.extend(parts.iter().cloned());
            }
            Some(Form::Expr(expr)) => self.parts.push(SeqPart::Splice(expr)),
            Some(other) => unreachable!("only lists are spliced into lists: {other:?}"),
        }
    }

    /// The list; plain where all of it is.
    pub fn build(self) -> Form {
        let origin = settle(&self.origin, self.decided);
        let plain = |part: &SeqPart| match part {
            SeqPart::Item { when: None, value } => value.plain().is_some(),
            _ => false,
        };
        if !self.parts.iter().all(plain) {
            return Form::Seq(origin, self.parts.into());
        }
        let items = self.parts.into_iter().filter_map(|part| match part {
            SeqPart::Item {
                value: Form::Plain(value),
                ..
            } => Some(value),
            _ => None,
        });
        Form::Plain(Node::seq(origin, items))
    }
}

/// A form that leaves its place empty where it has nothing in it.
#[derive(Clone, Debug)]
pub struct Fragment(pub Form);

impl IntoForm for Fragment {
    fn into_form(self, _: &Scope) -> Option<Form> {
        match &self.0 {
            Form::Plain(node) if crate::evaluate::truthy(node) => Some(self.0),
            Form::Plain(_) => None,
            _ => Some(Form::Shrinking(std::sync::Arc::new(self.0))),
        }
    }

    fn nothing(&self) -> Option<Origin> {
        self.0.plain().map(|node| node.origin().clone())
    }
}
