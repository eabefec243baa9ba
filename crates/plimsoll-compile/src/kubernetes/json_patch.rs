//! A JSON patch of a form, step by step.
//!
//! Source: RFC 6902 and 6901. A list that is walked into is taken as the values of the file make it: its
//! numbers mean nothing otherwise.

use super::edit;
use super::strategic::owned;
use plimsoll_source::{Node, Origin};
use plimsoll_world::{Form, SeqPart, plain};
use std::cell::RefCell;

/// Why a step cannot be done, and what in the patch says so.
pub(super) struct Refused {
    pub(super) why: String,
    pub(super) at: Origin,
}

/// The form after every step.
pub(super) fn apply(form: &Form, patch: &Node, because: &Origin) -> Result<Form, Refused> {
    if !matches!(patch, Node::Seq(..)) {
        return Err(refused("a JSON patch is a list of steps", patch));
    }
    patch
        .items()
        .iter()
        .try_fold(form.clone(), |form, step| one(&form, step, because))
}

fn one(form: &Form, step: &Node, because: &Origin) -> Result<Form, Refused> {
    let text = |key: &str| {
        let node = step.get(key).and_then(Node::text);
        node.ok_or_else(|| refused(&format!("a step of a JSON patch has `{key}`"), step))
    };
    let value = || {
        let node = step.get("value");
        node.ok_or_else(|| refused("this step of a JSON patch has a `value`", step))
    };
    let how = [text("op")?, text("path")?];
    let path = tokens(how[1]);
    let says = |key: &str| step.get(key).map(|node| node.origin().clone());
    let said = ["op", "path", "from"].into_iter().filter_map(says);
    let because = &because.because(&Origin::all(said));
    let is_there = |path: &[String]| {
        let node = plain(form);
        at(node.as_ref(), path)
            .cloned()
            .ok_or_else(|| refused(&format!("there is no `/{}`", path.join("/")), step))
    };
    let set = |form: &Form, path: &[String], value: &Node, how: How| {
        let value = Form::Plain(owned(value, because));
        change(form, path, Some(&value), how, because).map_err(|why| refused(&why, step))
    };
    let take = |form: &Form, path: &[String]| {
        change(form, path, None, How::Replace, because).map_err(|why| refused(&why, step))
    };
    match how[0].as_str() {
        "add" => set(form, &path, value()?, How::Add),
        "replace" => {
            is_there(&path)?;
            set(form, &path, value()?, How::Replace)
        }
        "remove" => {
            is_there(&path)?;
            take(form, &path)
        }
        "copy" => {
            let found = is_there(&tokens(text("from")?))?;
            set(form, &path, &found, How::Add)
        }
        "move" => {
            let from = tokens(text("from")?);
            let found = is_there(&from)?;
            set(&take(form, &from)?, &path, &found, How::Add)
        }
        "test" if is_there(&path)? == *value()? => Ok(form.clone()),
        "test" => Err(refused(
            &format!("`/{}` is another value", path.join("/")),
            step,
        )),
        other => Err(refused(
            &format!("a JSON patch has no step `{other}`"),
            step,
        )),
    }
}

/// Takes away what stands at a path of keys and numbers.
pub(super) fn remove(form: &Form, path: &[String], because: &Origin) -> Result<Form, String> {
    let node = plain(form);
    if at(node.as_ref(), path).is_none() {
        return Ok(form.clone());
    }
    change(form, path, None, How::Replace, because)
}

/// Whether a value in a list moves others up.
#[derive(Clone, Copy)]
enum How {
    Add,
    Replace,
}

fn change(
    form: &Form,
    path: &[String],
    value: Option<&Form>,
    how: How,
    because: &Origin,
) -> Result<Form, String> {
    let Some((step, rest)) = path.split_first() else {
        return value
            .cloned()
            .ok_or_else(|| "an object cannot be removed by a patch".to_owned());
    };
    let node = plain(form);
    match (&node, rest) {
        (Some(Node::Seq(..)), _) => in_list(form, step, rest, value, how, because),
        (Some(Node::Map(..)), []) => Ok(match value {
            Some(value) => edit::put(Some(form), step, because, value.clone()),
            None => edit::take(Some(form), step, because),
        }),
        (Some(Node::Map(..)), _) => {
            let there = node.as_ref().and_then(|node| node.get(step));
            there.ok_or_else(|| format!("there is no `{step}`"))?;
            // Of an entry under several conditions, the path may lead on in one case alone.
            let refused = RefCell::new(None);
            let changed = edit::entry(Some(form), step, because, &|old| {
                let old = old?;
                let changed = change(old, rest, value, how, because);
                Some(changed.unwrap_or_else(|why| {
                    refused.replace(Some(why));
                    old.clone()
                }))
            });
            match refused.into_inner() {
                Some(why) if plain(&changed) == node => Err(why),
                _ => Ok(changed),
            }
        }
        _ => Err(format!("there is nothing below which `{step}` could be")),
    }
}

fn in_list(
    form: &Form,
    step: &str,
    rest: &[String],
    value: Option<&Form>,
    how: How,
    because: &Origin,
) -> Result<Form, String> {
    let mut items = edit::frozen(form);
    let number = match step {
        "-" if rest.is_empty() => items.len(),
        _ => step
            .parse()
            .map_err(|_| format!("`{step}` is no number of an item"))?,
    };
    match (value, rest) {
        (Some(value), []) if matches!(how, How::Add) && number <= items.len() => {
            items.insert(number, value.clone());
        }
        _ if number >= items.len() => return Err(format!("there is no item {number}")),
        (Some(value), []) => items[number] = value.clone(),
        (None, []) => drop(items.remove(number)),
        (_, rest) => items[number] = change(&items[number], rest, value, how, because)?,
    }
    let origin = plain(form).map_or_else(|| because.clone(), |node| node.origin().because(because));
    let items = items
        .into_iter()
        .map(|value| SeqPart::Item { when: None, value });
    Ok(Form::Seq(origin, items.collect::<Vec<_>>().into()))
}

fn at<'a>(node: Option<&'a Node>, path: &[String]) -> Option<&'a Node> {
    let steps: Vec<&str> = path.iter().map(String::as_str).collect();
    node?.at(&steps)
}

fn tokens(pointer: &str) -> Vec<String> {
    let steps = pointer.split('/').skip(1);
    steps
        .map(|step| step.replace("~1", "/").replace("~0", "~"))
        .collect()
}

fn refused(why: &str, at: &Node) -> Refused {
    Refused {
        why: why.to_owned(),
        at: at.origin().clone(),
    }
}
