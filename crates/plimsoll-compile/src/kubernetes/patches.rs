//! Changes of objects that were made, each found by kind and name.

use super::manifests::identity;
use super::rules::{BAD_PATCH, IDLE_PATCH, NOTHING_TO_PATCH};
use super::{json_patch, strategic};
use crate::cx::{Cx, Objects};
use plimsoll_source::{Finding, Node, Origin, near};
use plimsoll_spec::app::kubernetes::Patch;
use plimsoll_world::{Form, ObjectForm, ObjectKey, holds, plain};

/// Applies every patch, in the order of the file.
pub(super) fn apply(cx: &Cx, out: &mut Objects) {
    for patch in &cx.app.kubernetes.patches {
        one(cx, patch, out);
    }
}

fn one(cx: &Cx, patch: &Patch, out: &mut Objects) {
    let wanted = patch.object.peek();
    let is_meant =
        |object: &&mut ObjectForm| identity(object).is_some_and(|key| *wanted == key.to_string());
    let (mut found, mut is_on, mut changes) = (false, false, false);
    for object in out.iter_mut().filter(is_meant) {
        found = true;
        let Some(body) = patched(cx, patch, object) else {
            return;
        };
        is_on |= holds(&object.when);
        changes |= plain(&body) != plain(&object.body);
        object.body = body;
    }
    if !found {
        nothing(cx, patch, out);
    } else if is_on && !changes {
        let finding = Finding::new(&IDLE_PATCH, format!("`{wanted}` is like this already"));
        cx.report(finding.mark_origin(&patch.origin, "changes nothing"));
    }
}

fn patched(cx: &Cx, patch: &Patch, object: &ObjectForm) -> Option<Form> {
    let because = patch.object.origin();
    let refuse = |why: String, at: &Origin| {
        let what = format!("`{}` cannot be changed so", patch.object.peek());
        cx.report(Finding::new(&BAD_PATCH, what).mark_origin(at, why));
    };
    let body = if let Some(merge) = &patch.merge {
        let merge = merge.resolve();
        if !matches!(merge, Node::Map(..)) {
            refuse("is no map".to_owned(), merge.origin());
            return None;
        }
        let place = identity(object).and_then(|key| place(&key));
        strategic::merge(place, Some(&object.body), &merge, because)?
    } else if let Some(json) = &patch.json {
        match json_patch::apply(&object.body, &json.resolve(), because) {
            Ok(body) => body,
            Err(refused) => {
                refuse(refused.why, &refused.at);
                return None;
            }
        }
    } else {
        let remove = patch.remove.as_ref()?;
        if let Some(pointer) = remove.peek().strip_prefix('/') {
            let why = format!("write `{}`", dotted(pointer));
            refuse(why, remove.origin());
            return None;
        }
        match json_patch::remove(
            &object.body,
            &steps(remove.peek()),
            &because.because(remove.origin()),
        ) {
            Ok(body) => body,
            Err(why) => {
                refuse(why, remove.origin());
                return None;
            }
        }
    };
    if plain(&body).as_ref().and_then(ObjectKey::of) != identity(object) {
        refuse("would make it another object".to_owned(), &patch.origin);
        return None;
    }
    Some(body)
}

fn place(key: &ObjectKey) -> strategic::Place {
    let (schemas, kind) = plimsoll_schema::find_kind(&key.api_version, &key.kind)?;
    Some((schemas, kind.ty))
}

/// `spec.template.metadata.annotations[example.org/note]`, and numbers for items.
fn steps(path: &str) -> Vec<String> {
    let mut steps = Vec::new();
    for part in path.split(']') {
        let (dotted, key) = part
            .split_once('[')
            .map_or((part, None), |(dotted, key)| (dotted, Some(key)));
        steps.extend(
            dotted
                .split('.')
                .filter(|step| !step.is_empty())
                .map(str::to_owned),
        );
        steps.extend(key.map(str::to_owned));
    }
    steps
}

/// A JSON pointer, without its first `/`, as a path with dots.
fn dotted(pointer: &str) -> String {
    let mut path = String::new();
    for step in pointer.split('/') {
        let step = step.replace("~1", "/").replace("~0", "~");
        let plain = step.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let is_item = step.bytes().all(|byte| byte.is_ascii_digit());
        match (plain && !is_item, path.is_empty()) {
            (true, true) => path.push_str(&step),
            (true, false) => path.extend([".", step.as_str()]),
            (false, _) => path.extend(["[", step.as_str(), "]"]),
        }
    }
    path
}

fn nothing(cx: &Cx, patch: &Patch, out: &Objects) {
    let wanted = patch.object.peek();
    let names: Vec<String> = out
        .iter()
        .filter_map(identity)
        .map(|key| key.to_string())
        .collect();
    let finding = Finding::new(&NOTHING_TO_PATCH, format!("there is no `{wanted}`"));
    let finding = finding.mark_origin(patch.object.origin(), "is made by nobody");
    cx.report(match near(wanted, names.iter().map(String::as_str)) {
        Some(meant) => match patch.object.origin().place() {
            Some(place) => finding
                .help(format!("did you mean `{meant}`?"))
                .edit(place, meant),
            None => finding.help(format!("did you mean `{meant}`?")),
        },
        None => finding.help("`plimsoll render` shows what there is"),
    });
}
