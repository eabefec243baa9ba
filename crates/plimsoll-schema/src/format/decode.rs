//! Reads a table from text.
use std::borrow::Cow;
use std::fmt;

use super::SCALARS;
use crate::{
    Choice, Extra, Field, KindInfo, ListKind, Minor, PatchStrategy, Schemas, Shape, Subresource,
    Text, Type, TypeId,
};

/// A line of the table could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadTable {
    /// Its number, counted from one.
    pub line: usize,
    /// Its text.
    pub text: String,
}

impl fmt::Display for BadTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "line {} of the schema table is damaged: `{}`",
            self.line, self.text
        )
    }
}

impl std::error::Error for BadTable {}

/// The table that a text holds.
///
/// # Errors
/// The first line that cannot be read.
pub fn decode(text: &'static str) -> Result<Schemas, BadTable> {
    let (mut types, mut kinds) = (Vec::new(), Vec::new());
    for (at, line) in text.lines().enumerate() {
        read_line(line, &mut types, &mut kinds).ok_or_else(|| BadTable {
            line: at + 1,
            text: line.to_owned(),
        })?;
    }
    Ok(Schemas::from_parts(types, kinds))
}

fn read_line(line: &'static str, types: &mut Vec<Type>, kinds: &mut Vec<KindInfo>) -> Option<()> {
    let mut parts = line.split('\t');
    match parts.next()? {
        "T" => types.push(read_type(parts)?),
        "F" => match &mut types.last_mut()?.shape {
            Shape::Object { fields, .. } => fields.push(read_field(parts)?),
            _ => return None,
        },
        "K" => kinds.push(read_kind(parts)?),
        "R" => kinds
            .last_mut()?
            .subresources
            .push(read_subresource(parts)?),
        _ => return None,
    }
    Some(())
}

fn read_type(mut parts: impl Iterator<Item = &'static str>) -> Option<Type> {
    let name = Cow::Borrowed(parts.next()?);
    let mut ty = Type {
        name,
        ..Type::nested(read_shape(parts.next()?)?)
    };
    for attribute in parts {
        match attribute.split_at_checked(1)? {
            ("?", _) => ty.nullable = true,
            (">", min) => ty.bounds.min = Some(min.parse().ok()?),
            ("<", max) => ty.bounds.max = Some(max.parse().ok()?),
            ("e", value) => ty.choices.push(read_choice(value)?),
            ("+", value) => match &mut ty.shape {
                Shape::Object { extra, .. } => *extra = Extra::Of(id(value)?),
                _ => return None,
            },
            _ => return None,
        }
    }
    Some(ty)
}

fn read_shape(code: &'static str) -> Option<Shape> {
    if let Some((_, scalar)) = SCALARS.iter().find(|(known, _)| *known == code) {
        return Some(Shape::Scalar(*scalar));
    }
    match code.split_at_checked(1)? {
        ("*", "") => Some(Shape::Any),
        ("o", flags) => Some(Shape::Object {
            fields: Vec::new(),
            extra: if flags.contains('k') {
                Extra::Kept
            } else {
                Extra::Refused
            },
            atomic: flags.contains('a'),
            embedded: flags.contains('e'),
        }),
        ("m", value) => match value.strip_prefix('a') {
            Some(value) => Some(Shape::Map {
                value: id(value)?,
                atomic: true,
            }),
            None => Some(Shape::Map {
                value: id(value)?,
                atomic: false,
            }),
        },
        ("l", list) => read_list(list),
        _ => None,
    }
}

fn read_list(code: &'static str) -> Option<Shape> {
    let (item, list) = match code.split_at_checked(1)? {
        ("a", item) => (item, ListKind::Atomic),
        ("s", item) => (item, ListKind::Set),
        ("m", rest) => {
            let (item, keys) = rest.split_once(':')?;
            (item, ListKind::Map { keys: texts(keys) })
        }
        _ => return None,
    };
    Some(Shape::List {
        item: id(item)?,
        list,
    })
}

fn read_choice(text: &'static str) -> Option<Choice> {
    let Some((value, span)) = text.rsplit_once('@') else {
        return Some(Choice {
            value: Cow::Borrowed(text),
            since: Minor::FIRST,
            until: None,
        });
    };
    let (since, until) = span.split_once('-')?;
    let until = if until.is_empty() {
        None
    } else {
        Some(minor(until)?)
    };
    Some(Choice {
        value: Cow::Borrowed(value),
        since: minor(since)?,
        until,
    })
}

fn read_field(mut parts: impl Iterator<Item = &'static str>) -> Option<Field> {
    let mut field = Field::new(parts.next()?, id(parts.next()?)?);
    for attribute in parts {
        match attribute.split_at_checked(1)? {
            ("r", "") => field.required = true,
            ("a", "") => field.atomic = true,
            ("+", since) => {
                field.since = minor(since)?;
                field.usable = Some(field.since);
            }
            ("-", until) => field.until = Some(minor(until)?),
            ("u", "") => field.usable = None,
            ("u", usable) => field.usable = Some(minor(usable)?),
            ("p", "m") => field.patch = PatchStrategy::Merge,
            ("p", "r") => field.patch = PatchStrategy::RetainKeys,
            ("p", "b") => field.patch = PatchStrategy::MergeRetainKeys,
            ("k", key) => field.merge_key = Some(Cow::Borrowed(key)),
            ("d", default) => field.default = Some(Cow::Borrowed(default)),
            _ => return None,
        }
    }
    Some(field)
}

fn read_kind(mut parts: impl Iterator<Item = &'static str>) -> Option<KindInfo> {
    let mut next = || parts.next();
    let mut kind = KindInfo {
        group: next()?.into(),
        version: next()?.into(),
        kind: next()?.into(),
        plural: next()?.into(),
        singular: next()?.into(),
        namespaced: next()? == "N",
        short_names: texts(next()?),
        categories: texts(next()?),
        verbs: texts(next()?),
        subresources: Vec::new(),
        ty: id(next()?)?,
        since: Minor::FIRST,
        until: None,
    };
    for attribute in parts {
        match attribute.split_at_checked(1)? {
            ("+", since) => kind.since = minor(since)?,
            ("-", until) => kind.until = Some(minor(until)?),
            _ => return None,
        }
    }
    Some(kind)
}

fn read_subresource(mut parts: impl Iterator<Item = &'static str>) -> Option<Subresource> {
    let mut next = || parts.next();
    Some(Subresource {
        name: next()?.into(),
        group: next()?.into(),
        version: next()?.into(),
        kind: next()?.into(),
        verbs: texts(next()?),
    })
}

fn texts(list: &'static str) -> Vec<Text> {
    list.split(',')
        .filter(|text| !text.is_empty())
        .map(Cow::Borrowed)
        .collect()
}

fn id(text: &str) -> Option<TypeId> {
    text.parse().ok().map(TypeId)
}

fn minor(text: &str) -> Option<Minor> {
    text.parse().ok().map(Minor::new)
}
