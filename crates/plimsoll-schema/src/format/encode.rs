//! Writes a table as text.
use std::fmt::Write;

use super::SCALARS;
use crate::{Extra, Field, KindInfo, ListKind, Minor, PatchStrategy, Schemas, Shape, Text, Type};

/// The table as text; equal tables give equal texts.
///
/// # Panics
/// Never: writing to memory does not fail.
pub fn encode(schemas: &Schemas) -> String {
    let mut out = String::new();
    for ty in schemas.types() {
        write!(out, "T\t{}\t{}", ty.name, shape(ty)).expect("memory");
        type_attributes(&mut out, ty);
        for field in ty.fields() {
            write!(out, "\nF\t{}\t{}", field.name, field.ty.0).expect("memory");
            field_attributes(&mut out, field);
        }
        out.push('\n');
    }
    for kind in schemas.all_kinds() {
        write_kind(&mut out, kind);
    }
    out
}

fn shape(ty: &Type) -> String {
    match &ty.shape {
        Shape::Object {
            extra,
            atomic,
            embedded,
            ..
        } => {
            let mut code = String::from("o");
            code.push_str(if *atomic { "a" } else { "" });
            code.push_str(if *embedded { "e" } else { "" });
            code.push_str(if *extra == Extra::Kept { "k" } else { "" });
            code
        }
        Shape::Map { value, atomic } => format!("m{}{}", if *atomic { "a" } else { "" }, value.0),
        Shape::List {
            item,
            list: ListKind::Atomic,
        } => format!("la{}", item.0),
        Shape::List {
            item,
            list: ListKind::Set,
        } => format!("ls{}", item.0),
        Shape::List {
            item,
            list: ListKind::Map { keys },
        } => format!("lm{}:{}", item.0, keys.join(",")),
        Shape::Scalar(scalar) => SCALARS
            .iter()
            .find(|(_, known)| known == scalar)
            .map_or("*", |(code, _)| code)
            .to_owned(),
        Shape::Any => "*".to_owned(),
    }
}

/// `?` nullable, `>` least, `<` most, `~<pattern>`, `e<value>` allowed text (with `@since-until`), `+<type>` values of other keys.
fn type_attributes(out: &mut String, ty: &Type) {
    if ty.nullable {
        out.push_str("\t?");
    }
    if let Shape::Object {
        extra: Extra::Of(value),
        ..
    } = &ty.shape
    {
        write!(out, "\t+{}", value.0).expect("memory");
    }
    if let Some(min) = ty.bounds.min {
        write!(out, "\t>{min}").expect("memory");
    }
    if let Some(max) = ty.bounds.max {
        write!(out, "\t<{max}").expect("memory");
    }
    // A line has no room for one that breaks it.
    let pattern = ty.pattern.as_ref();
    if let Some(pattern) = pattern.filter(|pattern| !pattern.contains(['\t', '\n'])) {
        write!(out, "\t~{pattern}").expect("memory");
    }
    for choice in &ty.choices {
        write!(out, "\te{}", choice.value).expect("memory");
        if choice.since > Minor::FIRST || choice.until.is_some() || choice.value.contains('@') {
            let until = choice
                .until
                .map(|until| until.number().to_string())
                .unwrap_or_default();
            write!(out, "@{}-{until}", choice.since.number()).expect("memory");
        }
    }
}

/// `r` required, `a` atomic, `+<minor>` since, `-<minor>` until, `u<minor>` usable (`u` alone: never),
/// `p<strategy>`, `k<merge key>`, `d<default>`.
fn field_attributes(out: &mut String, field: &Field) {
    out.push_str(if field.required { "\tr" } else { "" });
    out.push_str(if field.atomic { "\ta" } else { "" });
    write_span(out, field.since, field.until);
    match field.usable {
        Some(usable) if usable == field.since => {}
        Some(usable) => write!(out, "\tu{}", usable.number()).expect("memory"),
        None => out.push_str("\tu"),
    }
    out.push_str(match field.patch {
        PatchStrategy::Replace => "",
        PatchStrategy::Merge => "\tpm",
        PatchStrategy::RetainKeys => "\tpr",
        PatchStrategy::MergeRetainKeys => "\tpb",
    });
    if let Some(key) = &field.merge_key {
        write!(out, "\tk{key}").expect("memory");
    }
    if let Some(default) = &field.default {
        write!(out, "\td{default}").expect("memory");
    }
}

fn write_span(out: &mut String, since: Minor, until: Option<Minor>) {
    if since > Minor::FIRST {
        write!(out, "\t+{}", since.number()).expect("memory");
    }
    if let Some(until) = until {
        write!(out, "\t-{}", until.number()).expect("memory");
    }
}

fn write_kind(out: &mut String, kind: &KindInfo) {
    let KindInfo {
        group,
        version,
        kind: name,
        plural,
        singular,
        ..
    } = kind;
    let scope = if kind.namespaced { "N" } else { "C" };
    let (short, categories, verbs) = (
        list(&kind.short_names),
        list(&kind.categories),
        list(&kind.verbs),
    );
    let ty = kind.ty.0;
    write!(out, "K\t{group}\t{version}\t{name}\t{plural}\t{singular}\t{scope}\t{short}\t{categories}\t{verbs}\t{ty}")
        .expect("memory");
    write_span(out, kind.since, kind.until);
    out.push('\n');
    for part in &kind.subresources {
        let verbs = list(&part.verbs);
        writeln!(
            out,
            "R\t{}\t{}\t{}\t{}\t{verbs}",
            part.name, part.group, part.version, part.kind
        )
        .expect("memory");
    }
}

fn list(texts: &[Text]) -> String {
    texts.join(",")
}
