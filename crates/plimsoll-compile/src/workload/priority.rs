//! Priorities of ours: classes belong to the whole cluster, so each environment has its own.

use crate::cx::{Cx, Objects};
use crate::names;
use plimsoll_source::{Sourced, Str};
use plimsoll_spec::app::Placement;
use plimsoll_world::{Cond, Lit, ObjectForm, Scope, Unit, form};

/// The words that stand for a class of ours, with its value and what it says.
const CLASSES: [(&str, i32, &str); 2] = [
    ("low", -1000, "May wait, and makes room for others."),
    (
        "high",
        1_000_000,
        "Takes the room of others where there is none.",
    ),
];

/// The class of a placement: `normal` is what pods have anyway, another word is a class that exists.
pub fn class(cx: &Cx, placement: &Placement) -> Option<Sourced<Str>> {
    let priority = &placement.priority;
    match priority.peek().as_str() {
        "normal" => None,
        "low" | "high" => Some(name(cx, priority)),
        _ => Some(priority.clone()),
    }
}

fn name(cx: &Cx, word: &Sourced<Str>) -> Sourced<Str> {
    cx.main_namespace().zip(word, |namespace, word| {
        Str::from(format!("{namespace}-{word}"))
    })
}

/// The classes that some pods have.
pub fn objects(cx: &Cx, out: &mut Objects) {
    for (word, value, says) in CLASSES {
        let asks = |placement: &&Placement| placement.priority.peek() == word;
        let Some(placement) = cx
            .edges
            .programs()
            .iter()
            .map(|p| p.placement.peek())
            .find(asks)
        else {
            continue;
        };
        let s = &Scope::new("workload/priority").because(placement.priority.origin());
        let body = form!(s; {
            apiVersion: "scheduling.k8s.io/v1",
            kind: "PriorityClass",
            metadata: {
                name: name(cx, &placement.priority),
                labels: names::labels(cx, cx.name(), "priority"),
            },
            value: Lit(value),
            description: s.text(says),
        });
        let when = Cond::known(true, placement.priority.origin());
        out.push(ObjectForm::new(Unit::Shared, when, body));
    }
}
