//! Sealed values for hooks. One that is sealed for one Secret alone opens under no other name: the copy that a
//! hook needs has values of its own, which were sealed for it.

use super::super::chart::text_at;
use super::super::words::Words;
use super::copies::{SUFFIX, form};
use super::tree::{at, with};
use crate::{Environment, System};
use plimsoll_source::{Handle, Node, Origin, Str};
use plimsoll_spec::app::sealed::SealedValues;
use plimsoll_world::{Cond, Expr, Form, ObjectForm, Unit};

const DATA: [&str; 2] = ["spec", "encryptedData"];

/// The object with values that open in its copy; `None` where none were sealed for it.
pub(super) fn for_hooks(
    system: &System,
    object: &ObjectForm,
    words: &mut Words,
) -> Option<ObjectForm> {
    let is_for_one = at(&object.body, &["metadata", "annotations"]).is_none();
    if !is_for_one {
        return Some(object.clone());
    }
    let Some(Form::Expr(Expr::Val(own))) = at(&object.body, &DATA) else {
        return None;
    };
    let environments = system.environments.iter();
    let sealed: Vec<Option<&SealedValues>> = environments
        .map(|env| of_environment(env, object))
        .collect();
    sealed.iter().flatten().next()?;
    let nothing = || Node::map(Origin::rule("helm", []), []);
    let values = sealed.iter().map(|sealed| {
        let values = sealed.map_or_else(nothing, |sealed| sealed.values.clone());
        Some(values)
    });
    let path = format!("{}ForHooks", own.handle.0);
    let data = words.automatic(&[path], values.collect());
    if let Expr::Val(param) = &data
        && let Some(word) = words.all.get_mut(param.handle.0.as_str())
    {
        word.automatic = false;
        let name = text_at(&object.body, &["metadata", "name"]);
        let name = if name.contains('*') {
            "hooks"
        } else {
            name.as_str()
        };
        word.turns = vec![Handle(
            format!("platform.secrets.sealed.{name}{SUFFIX}").into(),
        )];
    }
    Some(ObjectForm {
        when: object.when.clone().and(Cond::Truthy(data.clone())),
        body: with(&object.body, &DATA, form(data)),
        ..object.clone()
    })
}

/// What an environment has for the copy of a Secret.
fn of_environment<'a>(env: &Environment<'a>, object: &ObjectForm) -> Option<&'a SealedValues> {
    let secrets = &env.app.platform.secrets.sealed.secrets;
    let name: Str = match &object.unit {
        Unit::Service(service) => env
            .app
            .services
            .get(service)?
            .secret_name
            .fixed()
            .peek()
            .clone(),
        _ => text_at(&object.body, &["metadata", "name"]).into(),
    };
    let wanted = format!("{name}{SUFFIX}");
    let mut found = secrets
        .iter()
        .filter(|((_, own), _)| *own == wanted.as_str());
    found.next().map(|(_, sealed)| sealed)
}
