//! Reads a table from text.
use std::borrow::Cow;
use std::fmt;

use super::SCALARS;
use crate::table::Slot;
use crate::{
    Choice, Extra, Field, KindInfo, ListKind, Minor, PatchStrategy, Schemas, Shape, Subresource,
    Text, Type, TypeId,
};

/// A type or kind of the table could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadTable {
    /// The number of its first line, counted from one.
    pub line: usize,
    /// Its lines.
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

/// The table that a text holds, all of it read.
///
/// # Errors
/// The first type or kind that cannot be read.
pub fn decode(text: &'static str) -> Result<Schemas, BadTable> {
    for record in records(text).filter(|record| !is_kind(record)) {
        read_type(record).ok_or_else(|| bad(text, record))?;
    }
    index(text)
}

/// The table that a text holds; its kinds are read, its types when they are asked for.
///
/// # Errors
/// The first kind that cannot be read.
pub fn index(text: &'static str) -> Result<Schemas, BadTable> {
    let (mut types, mut kinds) = (Vec::new(), Vec::new());
    for record in records(text) {
        if is_kind(record) {
            kinds.push(read_kind(record).ok_or_else(|| bad(text, record))?);
        } else {
            types.push(Slot::written(record));
        }
    }
    Ok(Schemas::from_parts(types, kinds))
}

/// The lines of each type and kind: a head and what belongs to it.
fn records(text: &'static str) -> impl Iterator<Item = &'static str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let end = rest
            .match_indices('\n')
            .map(|(at, _)| at + 1)
            .find(|at| !rest[*at..].starts_with(['F', 'R']))
            .unwrap_or(rest.len());
        let record;
        (record, rest) = rest.split_at(end);
        (!record.is_empty()).then_some(record)
    })
}

fn is_kind(record: &str) -> bool {
    record.starts_with('K')
}

fn bad(text: &str, record: &str) -> BadTable {
    let before = record.as_ptr() as usize - text.as_ptr() as usize;
    BadTable {
        line: text[..before].lines().count() + 1,
        text: record.trim_end().to_owned(),
    }
}

/// The type on these lines, its head first, then its fields.
pub fn read_type(lines: &'static str) -> Option<Type> {
    let mut lines = lines.lines();
    let mut ty = read_head(lines.next()?.strip_prefix("T\t")?.split('\t'))?;
    for line in lines {
        let Shape::Object { fields, .. } = &mut ty.shape else {
            return None;
        };
        fields.push(read_field(line.strip_prefix("F\t")?.split('\t'))?);
    }
    Some(ty)
}

fn read_head(mut parts: impl Iterator<Item = &'static str>) -> Option<Type> {
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
            ("~", pattern) => ty.pattern = Some(Cow::Borrowed(pattern)),
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

/// The kind on these lines, its head first, then its subresources.
fn read_kind(lines: &'static str) -> Option<KindInfo> {
    let mut lines = lines.lines();
    let mut kind = read_kind_head(lines.next()?.strip_prefix("K\t")?.split('\t'))?;
    for line in lines {
        let part = read_subresource(line.strip_prefix("R\t")?.split('\t'))?;
        kind.subresources.push(part);
    }
    Some(kind)
}

fn read_kind_head(mut parts: impl Iterator<Item = &'static str>) -> Option<KindInfo> {
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
