//! The Jobs of a chart that are hooks.

use super::super::canon;
use super::super::chart::text_at;
use super::super::family::kind_of;
use super::tree::at;
use crate::{System, stages};
use plimsoll_world::{Form, ObjectForm, Role, Unit};
use std::collections::{BTreeMap, BTreeSet};

/// When a hook runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Moment {
    /// Before anything else of the release.
    Before,
    /// After everything else.
    After,
}

impl Moment {
    /// The events as Helm writes them.
    pub(super) fn events(self) -> &'static str {
        match self {
            Self::Before => "pre-install,pre-upgrade",
            Self::After => "post-install,post-upgrade",
        }
    }
}

/// A Job that is a hook.
pub(super) struct Gate {
    /// When it runs.
    pub(super) moment: Moment,
    /// Its block.
    pub(super) unit: Unit,
    /// How many come before it.
    depth: usize,
}

impl Gate {
    /// Its place among the hooks.
    pub(super) fn weight(&self) -> String {
        self.depth.to_string()
    }
}

/// The hooks of a chart, by their place among its objects. A Job whose store or disk stands in the
/// same chart is none: it would run before they are there.
pub(super) fn of(system: &System, objects: &[ObjectForm]) -> BTreeMap<usize, Gate> {
    let app = system.chosen().app;
    let depth = |name: &str| {
        let environments = system.environments.iter();
        let depths = environments.map(|env| stages::depth(env.app, name));
        depths.max().unwrap_or(0)
    };
    let last = 1 + app
        .migrations
        .keys()
        .map(|name| depth(name))
        .max()
        .unwrap_or(0);
    let mut gates = BTreeMap::new();
    let mut here = stored_here(objects);
    let jobs = objects.iter().enumerate();
    let jobs = jobs.filter(|(_, object)| *kind_of(object) == *"Job");
    let mut jobs: Vec<(usize, &ObjectForm, Gate)> = jobs
        .filter_map(|(at, object)| {
            let (moment, depth) = match (&object.role, &object.unit) {
                (Role::Migration, Unit::Migration(name)) => (Moment::Before, depth(name)),
                (Role::Before, _) => (Moment::Before, last),
                (Role::After, _) => (Moment::After, 0),
                _ => return None,
            };
            let unit = object.unit.clone();
            let gate = Gate {
                moment,
                unit,
                depth,
            };
            Some((at, object, gate))
        })
        .collect();
    jobs.sort_by_key(|(_, _, gate)| gate.depth);
    for (at, object, gate) in jobs {
        let waits = object.after.iter().any(|unit| here.contains(unit));
        if gate.moment == Moment::Before && (waits || mounts_one_of(object, objects)) {
            // Whoever waits for it waits for the same store.
            here.insert(gate.unit);
        } else {
            gates.insert(at, gate);
        }
    }
    gates
}

/// The stores whose pods the chart makes.
fn stored_here(objects: &[ObjectForm]) -> BTreeSet<Unit> {
    let units = objects.iter().map(|object| &object.unit);
    let stores = units.filter(|unit| matches!(unit, Unit::Store(_)));
    stores.cloned().collect()
}

/// Whether a Job mounts a disk that the chart makes.
fn mounts_one_of(job: &ObjectForm, objects: &[ObjectForm]) -> bool {
    let Some(volumes) = at(&job.body, &["spec", "template", "spec", "volumes"]) else {
        return false;
    };
    let volumes = canon::form(&volumes);
    objects.iter().any(|object| {
        let name = text_at(&object.body, &["metadata", "name"]);
        *kind_of(object) == *"PersistentVolumeClaim"
            && volumes.contains(&format!("\"claimName\":{name:?}"))
    })
}

/// Whether a form is an empty map.
pub(super) fn is_empty(form: &Form) -> bool {
    form.plain()
        .is_some_and(|node| node.entries().is_empty() && node.items().is_empty())
}
