//! The view of a type that server-side apply needs: what is one value, and how list items are told apart.

use plimsoll_schema::{Extra, ListKind, Schemas, Shape, TypeId};
use serde_json::{Map, Value};

use super::set::Step;

/// A type, or no type at all: then objects are granular and lists are one value.
#[derive(Clone, Copy, Debug)]
pub struct TypeRef<'a> {
    place: Option<(&'a Schemas, TypeId)>,
    /// The field that led here says that the value is one.
    atomic: bool,
}

/// How values of a type merge.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Form<'a> {
    /// As one value.
    Leaf,
    /// Field by field.
    Map,
    /// Item by item, where the items are the values themselves.
    Set,
    /// Item by item, told apart by these fields.
    Keyed(&'a [plimsoll_schema::Text]),
}

impl<'a> TypeRef<'a> {
    /// A known type.
    pub fn new(schemas: &'a Schemas, id: TypeId) -> Self {
        Self {
            place: Some((schemas, id)),
            atomic: false,
        }
    }

    /// No type.
    pub fn untyped() -> Self {
        Self {
            place: None,
            atomic: false,
        }
    }

    fn shape(self) -> &'a Shape {
        match self.place {
            Some((schemas, id)) => &schemas.get(id).shape,
            None => &Shape::Any,
        }
    }

    /// How this value of the type merges.
    pub fn form(self, value: &Value) -> Form<'a> {
        if self.atomic {
            return Form::Leaf;
        }
        match (self.shape(), value) {
            (Shape::Object { atomic: true, .. } | Shape::Map { atomic: true, .. }, _) => Form::Leaf,
            (Shape::Object { .. } | Shape::Map { .. } | Shape::Any, Value::Object(_)) => Form::Map,
            (
                Shape::List {
                    list: ListKind::Set,
                    ..
                },
                Value::Array(_),
            ) => Form::Set,
            (
                Shape::List {
                    list: ListKind::Map { keys },
                    ..
                },
                Value::Array(_),
            ) => Form::Keyed(keys),
            _ => Form::Leaf,
        }
    }

    /// The type of a field.
    #[must_use]
    pub fn field(self, name: &str) -> Self {
        let Some((schemas, id)) = self.place else {
            return Self::untyped();
        };
        let place = match &schemas.get(id).shape {
            Shape::Object { extra, .. } => match schemas.get(id).field(name) {
                Some(field) => {
                    return Self {
                        place: Some((schemas, field.ty)),
                        atomic: field.atomic,
                    };
                }
                None => match extra {
                    Extra::Of(value) => Some((schemas, *value)),
                    Extra::Kept | Extra::Refused => None,
                },
            },
            Shape::Map { value, .. } => Some((schemas, *value)),
            _ => None,
        };
        Self {
            place,
            atomic: false,
        }
    }

    /// Whether the type declares this field, as opposed to a free key.
    pub fn declares(self, name: &str) -> bool {
        self.place
            .is_some_and(|(schemas, id)| schemas.get(id).field(name).is_some())
    }

    /// The type of the items.
    #[must_use]
    pub fn item(self) -> Self {
        let place = match (self.place, self.shape()) {
            (Some((schemas, _)), Shape::List { item, .. }) => Some((schemas, *item)),
            _ => None,
        };
        Self {
            place,
            atomic: false,
        }
    }

    /// The step to a list item, such as `k:{"name":"app"}`.
    pub fn step(self, form: Form<'_>, item: &Value, index: usize) -> Step {
        match (form, item) {
            (Form::Set, value) => format!("v:{value}").into(),
            (Form::Keyed(keys), Value::Object(fields)) => {
                let ty = self.item();
                let mut names: Vec<&str> = keys.iter().map(AsRef::as_ref).collect();
                names.sort_unstable();
                let mut found = Map::new();
                for name in names {
                    let value = fields.get(name).cloned().or_else(|| ty.default_of(name));
                    if let Some(value) = value {
                        found.insert(name.to_owned(), value);
                    }
                }
                if found.is_empty() {
                    format!("i:{index}").into()
                } else {
                    format!("k:{}", Value::Object(found)).into()
                }
            }
            _ => format!("i:{index}").into(),
        }
    }

    fn default_of(self, name: &str) -> Option<Value> {
        let (schemas, id) = self.place?;
        let default = schemas.get(id).field(name)?.default.as_ref()?;
        serde_json::from_str(default).ok()
    }
}
