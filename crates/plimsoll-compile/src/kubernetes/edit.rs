//! Changes of one entry or one item of a form. What depends on a condition stays so: where the condition
//! does not hold, the change makes the entry anew.

use plimsoll_source::{Node, Origin};
use plimsoll_world::{Cond, Form, MapPart, SeqPart, plain};

/// What becomes of a place: what is there, if anything, as what is wanted, if anything.
pub(super) type Change<'a> = dyn Fn(Option<&Form>) -> Option<Form> + 'a;

/// A map with one entry changed wherever it may come from.
pub(super) fn entry(map: Option<&Form>, key: &str, because: &Origin, change: &Change) -> Form {
    let (origin, parts) = opened(map, because);
    let (mut all, mut there) = (Vec::with_capacity(parts.len() + 1), Vec::new());
    let mut last = parts.len();
    for part in parts {
        match part {
            MapPart::Entry {
                key: own,
                when,
                value,
            } if own == key => {
                let (held, value) = match change(Some(&value)) {
                    Some(changed) => (when.clone(), changed),
                    None => (Some(Cond::known(false, because)), value),
                };
                all.push(MapPart::Entry {
                    key: own,
                    when: held,
                    value,
                });
                last = all.len();
                there.push(when);
            }
            other => all.push(other),
        }
    }
    if let Some(when) = elsewhere(there, because)
        && let Some(value) = change(None)
    {
        let made = MapPart::Entry {
            key: key.into(),
            when,
            value,
        };
        all.insert(last.min(all.len()), made);
    }
    Form::Map(origin, all.into())
}

/// A map with an entry, whatever stood there.
pub(super) fn put(map: Option<&Form>, key: &str, because: &Origin, value: Form) -> Form {
    let (origin, mut parts) = opened(map, because);
    let is_it = |part: &MapPart| matches!(part, MapPart::Entry { key: own, .. } if own == key);
    let at = parts.iter().position(is_it).unwrap_or(parts.len());
    parts.retain(|part| !is_it(part));
    parts.insert(
        at,
        MapPart::Entry {
            key: key.into(),
            when: None,
            value,
        },
    );
    Form::Map(origin, parts.into())
}

/// A map without an entry.
pub(super) fn take(map: Option<&Form>, key: &str, because: &Origin) -> Form {
    entry(map, key, because, &|_| None)
}

/// A list with the item changed whose field has a value; where there is none, it is made at the end.
pub(super) fn item(
    list: Option<&Form>,
    field: &str,
    wanted: &Node,
    because: &Origin,
    change: &Change,
) -> Form {
    let is_it = |form: &Form| {
        let node = plain(form);
        node.as_ref().and_then(|node| node.get(field)) == Some(wanted)
    };
    let (origin, mut all) = (origin(list, because), Vec::new());
    let mut there = Vec::new();
    for part in items(list) {
        match part {
            SeqPart::Item { when, value } if is_it(&value) => {
                if let Some(value) = change(Some(&value)) {
                    all.push(SeqPart::Item {
                        when: when.clone(),
                        value,
                    });
                }
                there.push(when);
            }
            SeqPart::Item { .. } => all.push(part),
            // What comes of a word as a whole stays so, unless the item is among it.
            other => {
                let made = made_of(&other, because);
                let hit = made.iter().any(&is_it);
                if !hit {
                    all.push(other);
                    continue;
                }
                there.push(None);
                for value in made {
                    let value = if is_it(&value) {
                        change(Some(&value))
                    } else {
                        Some(value)
                    };
                    all.extend(value.map(|value| SeqPart::Item { when: None, value }));
                }
            }
        }
    }
    if let Some(when) = elsewhere(there, because)
        && let Some(value) = change(None)
    {
        all.push(SeqPart::Item { when, value });
    }
    Form::Seq(origin, all.into())
}

/// The items of a list, one form for each that the values of the file make.
pub(super) fn frozen(list: &Form) -> Vec<Form> {
    match plain(list) {
        Some(Node::Seq(_, items)) => items.iter().cloned().map(Form::Plain).collect(),
        _ => Vec::new(),
    }
}

/// Where nothing was there: `None` if something always was.
fn elsewhere(there: Vec<Option<Cond>>, because: &Origin) -> Option<Option<Cond>> {
    let mut any = Cond::known(false, because);
    if there.is_empty() {
        return Some(None);
    }
    for when in there {
        match when {
            None => return None,
            Some(when) if is_reverse(&when, &any) => return None,
            Some(when) => any = any.or(when),
        }
    }
    let none = any.not();
    none.may_hold().then_some(Some(none))
}

/// Whether one holds just where the other does not.
fn is_reverse(one: &Cond, other: &Cond) -> bool {
    let text = |cond: &Cond| format!("{cond:?}");
    text(&one.clone().not()) == text(other) || text(one) == text(&other.clone().not())
}

/// The parts of a map; of what is none with the values of the file, no parts.
fn opened(map: Option<&Form>, because: &Origin) -> (Origin, Vec<MapPart>) {
    let of_node = |node: Option<Node>| {
        let entries = node.as_ref().map_or(&[][..], Node::entries).iter();
        let part = |entry: &plimsoll_source::Entry| MapPart::Entry {
            key: entry.key.clone(),
            when: None,
            value: Form::Plain(entry.value.clone()),
        };
        entries.map(part).collect::<Vec<_>>()
    };
    let parts = match map {
        Some(Form::Shrinking(inner)) => return opened(Some(inner), because),
        Some(Form::Map(_, parts)) => parts
            .iter()
            .flat_map(|part| match part {
                MapPart::Splice(expr) => of_node(Some(plimsoll_world::value(expr))),
                entry @ MapPart::Entry { .. } => vec![entry.clone()],
            })
            .collect(),
        Some(form) => of_node(plain(form)),
        None => Vec::new(),
    };
    (origin(map, because), parts)
}

fn items(list: Option<&Form>) -> Vec<SeqPart> {
    let item = |value: Form| SeqPart::Item { when: None, value };
    match list {
        Some(Form::Shrinking(inner)) => items(Some(inner)),
        Some(Form::Seq(_, parts)) => parts.to_vec(),
        Some(form) => frozen(form).into_iter().map(item).collect(),
        None => Vec::new(),
    }
}

fn made_of(part: &SeqPart, because: &Origin) -> Vec<Form> {
    frozen(&Form::Seq(because.clone(), [part.clone()].into()))
}

fn origin(form: Option<&Form>, because: &Origin) -> Origin {
    match form {
        Some(Form::Shrinking(inner)) => origin(Some(inner), because),
        Some(Form::Map(origin, _) | Form::Seq(origin, _)) => origin.because(because),
        Some(Form::Plain(node)) => node.origin().because(because),
        Some(Form::Expr(_)) | None => because.clone(),
    }
}
