//! What a walk reports: the objects passed, and where and why it stopped.

use super::read;
use serde_json::Value;
use std::fmt;

/// One object, named as people name it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ObjectRef {
    /// Kind without its group, such as `HTTPRoute`.
    pub kind: String,
    /// Empty for what has no namespace.
    pub namespace: String,
    /// Name of the object; of something missing, the name that was looked for.
    pub name: String,
}

impl ObjectRef {
    /// Names an object that may not exist.
    pub fn new(kind: &str, namespace: &str, name: &str) -> Self {
        Self {
            kind: kind.to_owned(),
            namespace: namespace.to_owned(),
            name: name.to_owned(),
        }
    }

    /// Names `object`.
    pub fn of(object: &Value) -> Self {
        Self::new(
            read::text(object, "/kind"),
            read::namespace(object),
            read::name(object),
        )
    }
}

impl fmt::Display for ObjectRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.namespace.is_empty() {
            write!(f, "{} {}", self.kind, self.name)
        } else {
            write!(f, "{} {}/{}", self.kind, self.namespace, self.name)
        }
    }
}

/// An object that let the traffic pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The object.
    pub object: ObjectRef,
    /// What it did, such as `listener https takes shop.example`.
    pub what: String,
}

/// The object at which the traffic stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stop {
    /// The object, or the missing one that was looked for.
    pub object: ObjectRef,
    /// Why, as part of a sentence: `has no ready endpoint`.
    pub why: String,
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.object, self.why)
    }
}

/// Who answers a request that arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// A ready pod.
    Pod(ObjectRef),
    /// The gateway itself sends the client elsewhere.
    Redirect {
        /// HTTP status, such as 301.
        status: u16,
        /// The address that the client is sent to.
        location: String,
    },
    /// The gateway itself answers with a status.
    Status(u16),
    /// Something outside the cluster.
    Outside(String),
}

/// The way of one request or connection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Walk {
    /// Objects passed, in order.
    pub steps: Vec<Step>,
    /// Where it stopped; `None` if it arrived.
    pub stopped: Option<Stop>,
    /// Who answers; `None` if nobody does.
    pub answer: Option<Answer>,
}

impl Walk {
    /// Whether somebody answered.
    pub fn arrived(&self) -> bool {
        self.stopped.is_none() && self.answer.is_some()
    }

    pub(crate) fn pass(&mut self, object: ObjectRef, what: impl Into<String>) {
        self.steps.push(Step {
            object,
            what: what.into(),
        });
    }

    /// Ends the walk with the outcome of its last part.
    pub(crate) fn end(mut self, outcome: Result<Answer, Stop>) -> Self {
        match outcome {
            Ok(answer) => self.answer = Some(answer),
            Err(stop) => self.stopped = Some(stop),
        }
        self
    }
}

/// A stop at `object`.
pub(crate) fn stop(object: ObjectRef, why: impl Into<String>) -> Stop {
    Stop {
        object,
        why: why.into(),
    }
}
