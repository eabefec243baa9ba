//! The Blueprint: the forms of one environment.

use crate::{Cond, Form, Param, Role, Unit};
use plimsoll_source::{Handle, Origin, Str};
use std::collections::BTreeMap;
use std::sync::Arc;

/// An object that may exist, and what it is made of.
#[derive(Clone, Debug)]
pub struct ObjectForm {
    /// Its block.
    pub unit: Unit,
    /// What it is for a release.
    pub role: Role,
    /// What lets it exist.
    pub when: Cond,
    /// Units whose objects must be ready before it starts.
    pub after: Vec<Unit>,
    /// Whether its data survives.
    pub protected: bool,
    /// Its tree.
    pub body: Form,
}

impl ObjectForm {
    /// An object that waits for nothing and is not protected.
    pub fn new(unit: Unit, when: Cond, body: Form) -> Self {
        Self {
            unit,
            role: Role::Plain,
            when,
            after: Vec::new(),
            protected: false,
            body,
        }
    }

    /// The same with a role.
    #[must_use]
    pub fn role(mut self, role: Role) -> Self {
        self.role = role;
        self
    }

    /// The same, started after what these blocks make is ready.
    #[must_use]
    pub fn after(mut self, units: impl IntoIterator<Item = Unit>) -> Self {
        self.after.extend(units);
        self
    }

    /// The same, kept with its data whatever happens.
    #[must_use]
    pub fn protected(mut self, protected: bool) -> Self {
        self.protected = protected;
        self
    }
}

/// Everything that an environment may put into a cluster, and the words that turn it.
#[derive(Clone, Debug)]
pub struct Blueprint {
    /// Name of the application.
    pub application: Str,
    /// The environment.
    pub environment: Str,
    /// Its main namespace.
    pub namespace: Str,
    /// The forms.
    pub objects: Vec<ObjectForm>,
}

impl Blueprint {
    /// Every word that can be turned, once, by its handle.
    pub fn params(&self) -> BTreeMap<Handle, Arc<Param>> {
        let mut params = BTreeMap::new();
        let mut visit = |param: &Arc<Param>| {
            params
                .entry(param.handle.clone())
                .or_insert_with(|| param.clone());
        };
        for object in &self.objects {
            object.when.params(&mut visit);
            object.body.params(&mut visit);
        }
        params
    }

    /// What decided, once and for all, which forms there are.
    pub fn decided(&self) -> Origin {
        let known = |object: &ObjectForm| match &object.when {
            Cond::Known(_, because) => Some(because.clone()),
            _ => None,
        };
        Origin::rule("blueprint", self.objects.iter().filter_map(known))
    }
}
