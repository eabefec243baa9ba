//! Labels and names of what is made.
//!
//! `app.kubernetes.io/name` and `instance` select; the others describe.

use crate::cx::Cx;
use plimsoll_source::{Sourced, Str};
use plimsoll_world::{Form, IntoForm, Lit, Scope, form};

/// Label of the thing's name.
pub const NAME: &str = "app.kubernetes.io/name";
/// Label of the application.
pub const INSTANCE: &str = "app.kubernetes.io/instance";

/// The labels that select the pods of a thing.
pub fn selector(cx: &Cx, name: &Sourced<Str>) -> Form {
    let s = &Scope::new("names/selector");
    form!(s; {
        "app.kubernetes.io/name": name,
        "app.kubernetes.io/instance": cx.name(),
    })
}

/// The same labels one by one, for policies of others.
pub fn selecting(cx: &Cx, name: &Sourced<Str>) -> Vec<(Str, Sourced<Str>)> {
    vec![
        (Str::from(NAME), name.clone()),
        (Str::from(INSTANCE), cx.name()),
    ]
}

/// All labels of a thing's objects.
pub fn labels(cx: &Cx, name: impl IntoForm, component: &'static str) -> Form {
    let s = &Scope::new("names/labels");
    form!(s; {
        "app.kubernetes.io/name": name,
        "app.kubernetes.io/instance": cx.name(),
        "app.kubernetes.io/part-of": cx.name(),
        "app.kubernetes.io/component": Lit(component),
    })
}

/// `web-front.db` as the name of an environment variable: `WEB_FRONT_DB`.
pub fn variable(text: &str) -> String {
    let upper = |c: char| {
        if c.is_ascii_alphanumeric() {
            c.to_ascii_uppercase()
        } else {
            '_'
        }
    };
    text.chars().map(upper).collect()
}

/// A text as part of an object's name: lower case, `-` for what may not stand there.
pub fn dashed(text: &str) -> String {
    let lower = |c: char| {
        if c.is_ascii_alphanumeric() {
            c.to_ascii_lowercase()
        } else {
            '-'
        }
    };
    let dashed: String = text.chars().map(lower).collect();
    dashed.trim_matches('-').to_owned()
}
