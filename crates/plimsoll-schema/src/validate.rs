//! Strict validation of a value against a type, as the API server does it with `fieldValidation=Strict`.
use std::fmt;

use plimsoll_source::near;

use crate::tree::{Form, Tree};
use crate::{
    Bounds, Extra, Field, Minor, Path, Scalar, Schemas, Segment, Shape, Type, TypeId, kubernetes,
    lifecycle,
};

/// Something in a value that its type does not allow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where.
    pub path: Path,
    /// What.
    pub kind: ProblemKind,
}

/// What is wrong with a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProblemKind {
    /// No version has this field.
    UnknownField {
        /// The field probably meant.
        near: Option<String>,
    },
    /// A required field is absent.
    Missing,
    /// The value has another form.
    WrongType {
        /// What would be right, such as `an integer`.
        expected: &'static str,
        /// What is there, such as `a text`.
        found: &'static str,
    },
    /// Other versions have this field, the checked one does not.
    NotInVersion {
        /// The first version that has it.
        since: Minor,
        /// The last version that has it, if newer ones do not.
        until: Option<Minor>,
    },
    /// The checked version knows the field but drops it silently, as its feature gate is off by default.
    GatedOff {
        /// The first version that heeds it by default, if any does.
        usable: Option<Minor>,
    },
    /// The text is not among the allowed ones.
    BadEnum {
        /// The texts allowed in the checked version.
        allowed: Vec<String>,
        /// The text probably meant.
        near: Option<String>,
    },
    /// The value is too small or too large.
    OutOfBounds {
        /// What is allowed.
        bounds: Bounds,
        /// How large it is: a number's value, a text's characters, a list's items, a map's keys.
        size: i64,
    },
    /// The text is not of the form that is asked for.
    NoMatch {
        /// The form, as a regular expression.
        pattern: String,
    },
    /// The checked version has no such kind.
    UnknownKind {
        /// The first version that can serve it, if any can.
        since: Option<Minor>,
        /// The last version that can serve it, if newer ones cannot.
        until: Option<Minor>,
        /// `apiVersion` and kind that the checked version serves, probably meant.
        near: Option<(String, String)>,
    },
}

impl fmt::Display for ProblemKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownField { near: None } => f.write_str("unknown field"),
            Self::UnknownField { near: Some(near) } => {
                write!(f, "unknown field; did you mean `{near}`?")
            }
            Self::Missing => f.write_str("required value is missing"),
            Self::WrongType { expected, found } => write!(f, "expected {expected}, found {found}"),
            Self::NotInVersion { since, until: None } => {
                write!(f, "only known since Kubernetes {since}")
            }
            Self::NotInVersion {
                since,
                until: Some(until),
            } => {
                write!(f, "only known from Kubernetes {since} to {until}")
            }
            Self::GatedOff { usable: None } => {
                f.write_str("dropped silently unless a feature gate is turned on")
            }
            Self::GatedOff {
                usable: Some(usable),
            } => {
                write!(
                    f,
                    "dropped silently before Kubernetes {usable} unless a feature gate is turned on"
                )
            }
            Self::BadEnum {
                allowed,
                near: None,
            } => write!(f, "must be one of {}", allowed.join(", ")),
            Self::BadEnum {
                near: Some(near), ..
            } => write!(f, "unknown value; did you mean `{near}`?"),
            Self::OutOfBounds {
                bounds: Bounds { min: Some(min), .. },
                size,
            } if size < min => {
                write!(f, "{size} is less than {min}, the least allowed")
            }
            Self::OutOfBounds { bounds, size } => {
                write!(
                    f,
                    "{size} is more than {}, the most allowed",
                    bounds.max.unwrap_or_default()
                )
            }
            Self::NoMatch { pattern } => write!(f, "must match `{pattern}`"),
            Self::UnknownKind { since, until, near } => {
                match (since, until) {
                    (None, _) => f.write_str("unknown kind")?,
                    (Some(since), None) => write!(f, "kind only known since Kubernetes {since}")?,
                    (Some(since), Some(until)) => {
                        write!(f, "kind only known from Kubernetes {since} to {until}")?;
                    }
                }
                match near {
                    Some((version, kind)) => write!(f, "; did you mean `{kind}` of `{version}`?"),
                    None => Ok(()),
                }
            }
        }
    }
}

/// All problems of `value` as type `id` in version `at`, in the order of the value's fields.
pub fn validate(schemas: &Schemas, id: TypeId, value: &impl Tree, at: Minor) -> Vec<Problem> {
    let mut check = Check {
        schemas,
        at,
        path: Vec::new(),
        problems: Vec::new(),
    };
    check.value(id, value);
    check.problems
}

/// All problems of a whole object of a kind in `schemas`, found by its `apiVersion` and `kind`.
pub fn validate_object(schemas: &Schemas, object: &impl Tree, at: Minor) -> Vec<Problem> {
    let text = |name: &str| {
        let value = object.at_key(name);
        value.and_then(Tree::as_text).unwrap_or_default()
    };
    let (api_version, kind) = (text("apiVersion"), text("kind"));
    let info = schemas.kind_of(api_version, kind);
    match info {
        Some(info) if info.known_at(at) => validate(schemas, info.ty, object, at),
        _ => vec![Problem {
            path: Path::of_fields("kind"),
            kind: ProblemKind::UnknownKind {
                since: info.map(|info| info.since),
                until: info.and_then(|info| info.until),
                near: near_kind(schemas, api_version, kind, at),
            },
        }],
    }
}

/// The kind probably meant: what replaced it, the same name elsewhere, or a near name.
fn near_kind(
    schemas: &Schemas,
    api_version: &str,
    kind: &str,
    at: Minor,
) -> Option<(String, String)> {
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    let replacement = lifecycle(group, version, kind).and_then(|end| end.replacement);
    let replacement = replacement.and_then(|version| schemas.kind_of(version, kind));
    let served = || schemas.kinds().filter(|info| info.served_at(at));
    let named = |name: &str| served().find(|info| info.kind == name);
    let close = || near(kind, served().map(|info| info.kind.as_ref())).and_then(named);
    let meant = replacement
        .filter(|info| info.served_at(at))
        .or_else(|| named(kind))
        .or_else(close)?;
    Some((meant.api_version(), meant.kind.to_string()))
}

/// A step of the walk; a [`Segment`] is made of it only where something is wrong.
#[derive(Clone, Copy)]
enum Step<'a> {
    Field(&'a str),
    Key(&'a str),
    Index(usize),
}

impl From<&Step<'_>> for Segment {
    fn from(step: &Step<'_>) -> Self {
        match *step {
            Step::Field(name) => Self::Field(name.to_owned()),
            Step::Key(key) => Self::Key(key.to_owned()),
            Step::Index(index) => Self::Index(index),
        }
    }
}

/// A walk over a value and its type.
struct Check<'a> {
    schemas: &'a Schemas,
    at: Minor,
    path: Vec<Step<'a>>,
    problems: Vec<Problem>,
}

impl<'a> Check<'a> {
    fn problem(&mut self, kind: ProblemKind) {
        self.problems.push(Problem {
            path: Path(self.path.iter().map(Segment::from).collect()),
            kind,
        });
    }

    fn inside(&mut self, step: Step<'a>, check: impl FnOnce(&mut Self)) {
        self.path.push(step);
        check(self);
        self.path.pop();
    }

    fn value<T: Tree>(&mut self, id: TypeId, value: &'a T) {
        let ty = self.schemas.get(id);
        let form = value.form();
        if form == Form::Null && ty.nullable {
            return;
        }
        let is_sized = self.bounds(ty, value);
        match (&ty.shape, form) {
            (Shape::Any, _) => {}
            (Shape::Object { embedded, .. }, Form::Map(_)) => {
                self.object(ty, *embedded, value);
            }
            (Shape::Map { value: inner, .. }, Form::Map(_)) => {
                for (key, value) in value.entries().filter(|(_, value)| !value.is_nothing()) {
                    self.inside(Step::Key(key), |check| check.value(*inner, value));
                }
            }
            (Shape::List { item, .. }, Form::List) => {
                for (index, value) in value.items().iter().enumerate() {
                    self.inside(Step::Index(index), |check| check.value(*item, value));
                }
            }
            (Shape::Scalar(scalar), form) if fits(*scalar, form) => {
                self.choice(ty, form);
                // As the API server: a text of a wrong length is not looked at any further.
                if is_sized {
                    self.pattern(ty, form);
                }
            }
            (shape, form) => {
                self.problem(ProblemKind::WrongType {
                    expected: wanted(shape),
                    found: found(form),
                });
            }
        }
    }

    fn object<T: Tree>(&mut self, ty: &'a Type, embedded: bool, object: &'a T) {
        let is_nullable = |field: &Field| self.schemas.get(field.ty).nullable;
        for (name, value) in object.entries() {
            if value.is_nothing() && !ty.field(name).is_some_and(is_nullable) {
                continue;
            }
            self.inside(Step::Field(name), |check| {
                check.field(ty, embedded, name, value);
            });
        }
        let at = self.at;
        for field in ty
            .fields()
            .iter()
            // A declared default is added before the API server validates.
            .filter(|field| field.required && field.default.is_none() && field.known_at(at))
        {
            let nullable = self.schemas.get(field.ty).nullable;
            if object
                .at_key(field.name.as_ref())
                .is_none_or(|value| value.is_nothing() && !nullable)
            {
                self.inside(Step::Field(&field.name), |check| {
                    check.problem(ProblemKind::Missing);
                });
            }
        }
    }

    fn field<T: Tree>(&mut self, ty: &Type, embedded: bool, name: &str, value: &'a T) {
        let extra = match &ty.shape {
            Shape::Object { extra, .. } => *extra,
            _ => Extra::Kept,
        };
        match (ty.field(name), extra) {
            (Some(field), _) => {
                self.availability(field);
                self.value(field.ty, value);
            }
            (None, Extra::Kept) => {}
            (None, Extra::Of(inner)) => self.value(inner, value),
            (None, Extra::Refused) if embedded && name == "metadata" => self.metadata(value),
            (None, Extra::Refused) if embedded && matches!(name, "apiVersion" | "kind") => {}
            (None, Extra::Refused) => {
                let known = ty.fields().iter().filter(|field| field.known_at(self.at));
                let near = near(name, known.map(|field| field.name.as_ref())).map(str::to_owned);
                self.problem(ProblemKind::UnknownField { near });
            }
        }
    }

    fn availability(&mut self, field: &Field) {
        if !field.known_at(self.at) {
            self.problem(ProblemKind::NotInVersion {
                since: field.since,
                until: field.until,
            });
        } else if !field.usable_at(self.at) {
            self.problem(ProblemKind::GatedOff {
                usable: field.usable,
            });
        }
    }

    fn metadata<T: Tree>(&mut self, value: &'a T) {
        let builtin = kubernetes();
        if let Some(id) = builtin.named("io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta") {
            let mut check = Check {
                schemas: builtin,
                at: self.at,
                path: std::mem::take(&mut self.path),
                problems: std::mem::take(&mut self.problems),
            };
            check.value(id, value);
            (self.path, self.problems) = (check.path, check.problems);
        }
    }

    /// Whether a value is neither too small nor too large.
    fn bounds<T: Tree>(&mut self, ty: &Type, value: &T) -> bool {
        let bounds = ty.bounds;
        if bounds == Bounds::default() {
            return true;
        }
        let size = match value.form() {
            Form::Whole(number) => number,
            Form::Text(text) => i64::try_from(text.chars().count()).ok(),
            Form::List => i64::try_from(value.items().len()).ok(),
            Form::Map(keys) => i64::try_from(keys).ok(),
            Form::Fraction | Form::Null | Form::Bool => None,
        };
        let small = |size: &i64| bounds.min.is_some_and(|min| *size < min);
        let large = |size: &i64| bounds.max.is_some_and(|max| *size > max);
        let wrong = size.filter(|size| small(size) || large(size));
        if let Some(size) = wrong {
            self.problem(ProblemKind::OutOfBounds { bounds, size });
        }
        wrong.is_none()
    }

    fn pattern(&mut self, ty: &Type, form: Form<'_>) {
        let (Form::Text(text), Some(pattern)) = (form, &ty.pattern) else {
            return;
        };
        if !crate::pattern::matches(pattern, text) {
            let pattern = pattern.to_string();
            self.problem(ProblemKind::NoMatch { pattern });
        }
    }

    fn choice(&mut self, ty: &Type, form: Form<'_>) {
        let Form::Text(text) = form else { return };
        if ty.choices.is_empty() {
            return;
        }
        let known = || {
            ty.choices
                .iter()
                .filter(|choice| choice.known_at(self.at))
                .map(|choice| choice.value.as_ref())
        };
        // Where the version lists no choices, every text is allowed.
        if known().next().is_some() && !known().any(|choice| choice == text) {
            let near = near(text, known()).map(str::to_owned);
            let allowed = known().map(str::to_owned).collect();
            self.problem(ProblemKind::BadEnum { allowed, near });
        }
    }
}

fn fits(scalar: Scalar, form: Form<'_>) -> bool {
    let is_text = matches!(form, Form::Text(_));
    let is_whole = matches!(form, Form::Whole(Some(_)));
    let is_number = matches!(form, Form::Whole(_) | Form::Fraction);
    match scalar {
        Scalar::String | Scalar::Time | Scalar::MicroTime | Scalar::Bytes => is_text,
        Scalar::Int32 => matches!(form, Form::Whole(Some(number)) if i32::try_from(number).is_ok()),
        Scalar::Int64 => is_whole,
        Scalar::Number => is_number,
        Scalar::Boolean => form == Form::Bool,
        Scalar::Quantity => is_text || is_number,
        Scalar::IntOrString => is_text || is_whole,
    }
}

const fn wanted(shape: &Shape) -> &'static str {
    match shape {
        Shape::Object { .. } => "an object",
        Shape::Map { .. } => "a map",
        Shape::List { .. } => "a list",
        Shape::Any => "anything",
        Shape::Scalar(scalar) => match scalar {
            Scalar::String => "a text",
            Scalar::Int32 => "an integer of 32 bits",
            Scalar::Int64 => "an integer",
            Scalar::Number => "a number",
            Scalar::Boolean => "true or false",
            Scalar::Quantity => "a quantity",
            Scalar::IntOrString => "an integer or a text",
            Scalar::Time | Scalar::MicroTime => "a time",
            Scalar::Bytes => "base64 text",
        },
    }
}

const fn found(form: Form<'_>) -> &'static str {
    match form {
        Form::Null => "null",
        Form::Bool => "a truth value",
        Form::Fraction => "a fraction",
        Form::Whole(_) => "an integer",
        Form::Text(_) => "a text",
        Form::List => "a list",
        Form::Map(_) => "an object",
    }
}
