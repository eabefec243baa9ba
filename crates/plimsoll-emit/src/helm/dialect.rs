//! What only Helm reads, added to the forms of a chart: which Jobs run before and after a release,
//! with copies of what they need there, and what an uninstallation leaves in the cluster.

mod copies;
mod gates;
mod sealed;
mod tree;
mod trial;
mod waiting;

use super::canon;
use super::family::kind_of;
use super::words::Words;
use crate::System;
use copies::Copies;
use gates::{Gate, Moment};
use plimsoll_world::{Form, ObjectForm, Unit};
use std::collections::BTreeSet;
use tree::annotated;
pub use trial::Trial;

/// Weight of what the first hook needs.
const NEEDED: &str = "-10";

/// The forms of a chart in Helm's dialect.
pub fn of_helm(system: &System, objects: Vec<ObjectForm>, words: &mut Words) -> Vec<ObjectForm> {
    let gates = gates::of(system, &objects);
    let copies = Copies::of(&objects, &gates, &mut |secret| {
        sealed::for_hooks(system, secret, words)
    });
    let kept = kept(&objects);
    let mut out = Vec::with_capacity(objects.len() + copies.objects.len());
    for (at, object) in objects.iter().enumerate() {
        let body = match gates.get(&at) {
            Some(gate) => hook(&copies.renamed(object), gate.moment, &gate.weight()),
            None if gates.values().any(|gate| gate.takes_along(object)) => {
                hook(&object.body, Moment::Before, NEEDED)
            }
            None => match waiting::of(system, &objects, object) {
                Some(body) => body,
                None => object.body.clone(),
            },
        };
        let body = if kept.contains(&object.unit) && *kind_of(object) != *"Job" {
            annotated(&body, &[("helm.sh/resource-policy", "keep")])
        } else {
            body
        };
        out.push(ObjectForm {
            body,
            ..object.clone()
        });
        out.extend(copies.objects.get(&at).cloned());
    }
    out
}

/// The tests of a chart, whose image is one more word of it.
pub fn tests(objects: &[ObjectForm], words: &mut Words, environments: usize) -> Vec<Trial> {
    trial::of(objects, words, environments)
}

/// Blocks whose data survives everything: an uninstallation leaves all that keeps them running.
fn kept(objects: &[ObjectForm]) -> BTreeSet<Unit> {
    let protected = objects.iter().filter(|object| object.protected);
    let stands_alone = |unit: &&Unit| matches!(unit, Unit::Store(_) | Unit::Claim(_));
    let units = protected.map(|object| &object.unit);
    units.filter(stands_alone).cloned().collect()
}

/// A body that Helm applies before or after everything else, and removes once all went well.
fn hook(body: &Form, moment: Moment, weight: &str) -> Form {
    let annotations = [
        ("helm.sh/hook", moment.events()),
        ("helm.sh/hook-weight", weight),
        (
            "helm.sh/hook-delete-policy",
            "before-hook-creation,hook-succeeded",
        ),
    ];
    annotated(body, &annotations)
}

/// Whether two forms say the same.
fn same(one: &Form, other: &Form) -> bool {
    canon::form(one) == canon::form(other)
}

impl Gate {
    /// Whether an object is there for the Job alone, so that it is a hook itself.
    fn takes_along(&self, object: &ObjectForm) -> bool {
        const OF_THE_JOB: [&str; 6] = [
            "ServiceAccount",
            "Role",
            "RoleBinding",
            "NetworkPolicy",
            "CiliumNetworkPolicy",
            "AuthorizationPolicy",
        ];
        self.moment == Moment::Before
            && self.unit == object.unit
            && OF_THE_JOB.contains(&kind_of(object).as_str())
    }
}
