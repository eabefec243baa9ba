//! Where pods go: spread, labels of nodes, hosts kept apart, priority, spot nodes.

use crate::cx::Cx;
use crate::names;
use crate::workload::priority;
use plimsoll_source::{Handle, Knob, Origin, Sourced, Str};
use plimsoll_spec::app::Placement;
use plimsoll_spec::app::placement::Spread;
use plimsoll_world::{Cond, Expr, Form, Fragment, Lit, MapBuilder, Param, Scope, form};
use std::sync::Arc;

/// Who owns the pods, which decides the label that tells revisions apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// Their ReplicaSet's hash.
    ReplicaSet,
    /// The hash that Argo Rollouts gives.
    Rollout,
    /// The revision of a StatefulSet or DaemonSet.
    Controller,
    /// A Job: its pods are not spread.
    Job,
}

/// What is known about the number of pods.
pub struct Pods<'a> {
    /// Fewest pods, as an expression.
    pub fewest: Expr,
    /// Who owns them.
    pub owner: Owner,
    /// Name of the thing.
    pub name: &'a Sourced<Str>,
}

/// The part of a pod's spec that says where it goes.
pub fn placement(cx: &Cx, knob: &Knob<Placement>, pods: &Pods) -> Form {
    let s = &Scope::new("workload/placement");
    let placement = knob.peek();
    let mut map = MapBuilder::new(s);
    map.put(
        s,
        "topologySpreadConstraints",
        spread(cx, s, placement, pods).map(Fragment),
    );
    let part = |word, form| Fragment(turned(knob, word, form));
    let nodes = part("nodeSelector", labels(s, &placement.nodes));
    map.put(s, "nodeSelector", nodes);
    map.put(s, "affinity", part("affinity", affinity(cx, s, placement)));
    map.put(s, "priorityClassName", priority::class(cx, placement));
    let tolerated = part("tolerations", tolerations(cx, s, placement));
    map.put(s, "tolerations", tolerated);
    map.build()
}

/// A part of a pod's spec that a chart may give instead; of services and what is taken from them.
fn turned(knob: &Knob<Placement>, word: &str, form: Form) -> Form {
    let handle = &knob.handle().0;
    match form {
        Form::Plain(value) if handle.starts_with("services.") => {
            let handle = Handle(format!("{handle}.{word}").into());
            Form::Expr(Expr::Val(Arc::new(Param { handle, value })))
        }
        fixed => fixed,
    }
}

fn labels(s: &Scope, labels: &indexmap::IndexMap<Str, Sourced<Str>>) -> Form {
    let mut map = MapBuilder::new(s);
    for (key, value) in labels {
        map.put(s, key.clone(), value);
    }
    map.build()
}

fn spread(cx: &Cx, s: &Scope, placement: &Placement, pods: &Pods) -> Option<Form> {
    if pods.owner == Owner::Job {
        return None;
    }
    let spread = &placement.spread;
    let zones = Cond::decided(spread, |spread| *spread == Spread::Zones);
    let hosts = Cond::decided(spread, |spread| *spread != Spread::None);
    let count = *cx.app.cluster.zones.peek();
    // A strict spread over more zones than pods would leave pods pending.
    let strict = Cond::decided(&cx.app.cluster.zones, |zones| *zones >= 2)
        .and(Cond::AtLeast(pods.fewest.clone(), i64::from(count)));
    let zone = constraint(cx, "topology.kubernetes.io/zone", strict, pods);
    let never = Cond::known(false, &Origin::rule("workload/placement", []));
    let host = constraint(cx, "kubernetes.io/hostname", never, pods);
    Some(form!(s; [when (zones) zone, when (hosts) host]))
}

fn constraint(cx: &Cx, domain: &'static str, strict: Cond, pods: &Pods) -> Form {
    let s = &Scope::new("workload/placement");
    let text = |text: &'static str| Expr::text(s.origin(), text);
    // Usable from 1.27 (beta, on by default); it keeps the old revision out of the count.
    let revision = match pods.owner {
        Owner::ReplicaSet => "pod-template-hash",
        Owner::Rollout => "rollouts-pod-template-hash",
        Owner::Controller | Owner::Job => "controller-revision-hash",
    };
    form!(s; {
        maxSkew: 1,
        topologyKey: Lit(domain),
        whenUnsatisfiable: Expr::either(strict, text("DoNotSchedule"), text("ScheduleAnyway")),
        labelSelector: { matchLabels: names::selector(cx, pods.name) },
        matchLabelKeys: [Lit(revision)],
    })
}

fn affinity(cx: &Cx, s: &Scope, placement: &Placement) -> Form {
    let prefer = !placement.prefer.is_empty();
    form!(s; {
        nodeAffinity: prefer.then(|| form!(s; {
            preferredDuringSchedulingIgnoredDuringExecution: [for (key, value) in &placement.prefer => {
                weight: 50,
                preference: { matchExpressions: [{ key: s.text(key.clone()), operator: "In", values: [value] }] },
            }],
        })),
        podAntiAffinity: (!placement.apart.is_empty()).then(|| form!(s; {
            requiredDuringSchedulingIgnoredDuringExecution: [for other in &placement.apart => {
                topologyKey: "kubernetes.io/hostname",
                labelSelector: { matchLabels: names::selector(cx, other) },
            }],
        })),
    })
}

/// Taints that clouds put on nodes that may be taken away, and those that the file names.
pub fn tolerations(cx: &Cx, s: &Scope, placement: &Placement) -> Form {
    use plimsoll_spec::app::cluster::Distribution;
    let (key, value) = match cx.app.cluster.distribution.peek() {
        Distribution::Aks => ("kubernetes.azure.com/scalesetpriority", "spot"),
        Distribution::Gke => ("cloud.google.com/gke-spot", "true"),
        Distribution::Eks => ("eks.amazonaws.com/capacityType", "SPOT"),
        _ => ("node.kubernetes.io/lifecycle", "spot"),
    };
    let s = &s.because(cx.app.cluster.distribution.origin());
    let own = placement
        .tolerate
        .as_ref()
        .map_or(&[][..], |list| list.items());
    form!(s; [
        when (Cond::decided(&placement.spot, |spot| *spot)) {
            key: Lit(key), operator: "Equal", value: Lit(value), effect: "NoSchedule",
        },
        for toleration in own => toleration.resolve(),
    ])
}
