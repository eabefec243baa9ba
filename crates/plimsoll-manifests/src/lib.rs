//! Kubernetes objects that somebody wrote, or a chart or an overlay made, as a [`World`].
//!
//! What comes out is what an application file compiles to, so everything after it is the same: checks,
//! plans, waves, shipping. Every node knows its bytes in the text that it was read from.

mod hooks;
mod place;
mod role;
pub mod rules;
mod stream;

use plimsoll_schema::Minor;
use plimsoll_source::{Findings, Node, Origin, Sources, Str, yaml};
use plimsoll_world::{Object, ObjectKey, World};

pub use stream::split;

/// One text with YAML documents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// As a person knows it: a path, or the template that made it.
    pub name: Str,
    /// All of it.
    pub bytes: Vec<u8>,
}

/// What the objects are called together, and where they go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The application.
    pub application: Str,
    /// The environment.
    pub environment: Str,
    /// Where objects go that do not say; nothing for the one that they agree on, else `default`.
    pub namespace: Option<Str>,
}

/// What was read.
#[derive(Debug)]
pub struct Loaded {
    /// Every text.
    pub sources: Sources,
    /// What is wrong with them.
    pub findings: Findings,
    /// The objects.
    pub world: World,
}

/// Reads texts; what is not an object is a finding.
pub fn load(texts: &[Text], identity: &Identity, target: Minor) -> Loaded {
    let (mut sources, mut findings) = (Sources::default(), Findings::default());
    let mut bodies = Vec::new();
    for text in texts {
        let file = yaml::decode(&mut sources, text.name.clone(), &text.bytes, &mut findings);
        let documents = yaml::read(&sources, file, &mut findings);
        for document in documents.iter().filter(|document| !document.is_null()) {
            stream::unfold(&document.resolve(), &mut bodies);
        }
    }
    let bodies = rules::objects(bodies, &mut findings);
    let (bodies, hooks) = hooks::sort(bodies, &mut findings);
    let namespace = place::common(identity, &bodies, target);
    let mut objects: Vec<Object> = bodies
        .iter()
        .filter_map(|body| object(body, &bodies, &namespace, target))
        .collect();
    hooks::order(&mut objects, &hooks);
    rules::twice(&objects, &mut findings);
    let world = World {
        application: identity.application.clone(),
        environment: identity.environment.clone(),
        namespace,
        objects,
        decided: Origin::rule("manifests", []),
    };
    Loaded {
        sources,
        findings,
        world,
    }
}

fn object(body: &Node, all: &[Node], namespace: &Str, target: Minor) -> Option<Object> {
    let body = place::placed(body, all, namespace, target);
    let key = ObjectKey::of(&body)?;
    Some(Object {
        unit: role::unit(&key, &body),
        role: role::of(&key, &body),
        after: Vec::new(),
        protected: role::holds_data(&key, &body),
        key,
        body,
    })
}

#[cfg(test)]
mod tests;
