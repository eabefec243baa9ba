//! Pods that stand beside the instances of a store: those that form a cluster, pool connections,
//! save and try copies. They have labels of their own, so that no Service finds them.

use super::on;
use crate::cx::{Cx, Objects};
use crate::names;
use crate::network::{self, flow::Flow};
use crate::program::Program;
use crate::workload::container;
use crate::workload::placement::{self, Owner, Pods};
use crate::workload::pod;
use plimsoll_source::{Node, Sourced, Str};
use plimsoll_spec::app::Store;
use plimsoll_spec::app::pod::{Security, Writable};
use plimsoll_world::{Expr, Form, Fragment, MapBuilder, Scope, Unit, form};

/// `STORE-WHAT`: the name of a helper in labels and objects.
pub fn name(store: &Store, what: &str) -> Sourced<Str> {
    store.name.map(|name| Str::from(format!("{name}-{what}")))
}

/// What a helper's pod is made of.
pub struct HelperPod<'a> {
    /// Its name in the labels.
    pub name: &'a Sourced<Str>,
    /// Containers before it, in order.
    pub before: Vec<Form>,
    /// Its container.
    pub own: Form,
    /// Volumes.
    pub volumes: Form,
    /// Whether it runs and ends.
    pub ends: bool,
    /// How many there are at least.
    pub fewest: Expr,
}

/// The pod template of a helper: of the store's account, user and nodes.
pub fn template(cx: &Cx, store: &Store, helper: HelperPod) -> Form {
    let s = &Scope::new("stores/helper").because(&store.origin);
    let program = Program::store(store);
    let owner = if helper.ends {
        Owner::Job
    } else {
        Owner::ReplicaSet
    };
    let pods = Pods {
        fewest: helper.fewest,
        owner,
        name: helper.name,
    };
    let mut map = MapBuilder::new(s);
    map.splice(s, pod::common(cx, &program));
    map.put(s, "restartPolicy", helper.ends.then(|| s.text("Never")));
    map.put(s, "securityContext", pod::security(cx, &program));
    map.splice(s, placement::placement(cx, program.placement, &pods));
    map.put(
        s,
        "initContainers",
        Fragment(form!(s; [for before in helper.before => before])),
    );
    map.put(s, "containers", form!(s; [helper.own]));
    map.put(s, "volumes", Fragment(helper.volumes));
    let mut labels = MapBuilder::new(s);
    labels.splice(s, names::labels(cx, helper.name, "store"));
    labels.splice(s, pod::text_map(&store.labels));
    form!(s; {
        metadata: {
            labels: labels.build(),
            annotations: Fragment(pod::annotations(cx, &program)),
        },
        spec: map.build(),
    })
}

/// One, as an expression.
pub fn one(s: &Scope) -> Expr {
    Expr::Lit(Node::Int(s.origin().clone(), 1))
}

/// The context of a helper's container: restricted, with a read-only root.
pub fn security(security: &Security) -> Form {
    container::security(security, &Writable::Paths(Vec::new()))
}

/// What a helper that dumps or forms asks for.
pub fn resources(s: &Scope) -> Form {
    form!(s; {
        requests: { cpu: "100m", memory: "256Mi" },
        limits: { memory: "512Mi" },
    })
}

/// Metadata of a helper's object.
pub fn metadata(cx: &Cx, store: &Store, name: impl Into<Expr>, labelled: &Sourced<Str>) -> Form {
    let s = &Scope::new("stores/helper");
    form!(s; {
        name: name.into(),
        namespace: &store.namespace,
        labels: names::labels(cx, labelled, "store"),
    })
}

/// The policy of a helper.
pub fn policy(
    cx: &Cx,
    store: &Store,
    name: &Sourced<Str>,
    flows: (&[Flow], &[Flow]),
    out: &mut Objects,
) {
    network::guard(
        cx,
        &Unit::Store(store.name.peek().clone()),
        name,
        &store.namespace,
        "store",
        &on(store),
        flows,
        out,
    );
}
