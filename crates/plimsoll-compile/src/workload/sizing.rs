//! What recommends sizes: a `VerticalPodAutoscaler` for each service and store that only says what it
//! would choose. It never changes a pod: two autoscalers of one resource would work against each other.
//!
//! Source: the vertical autoscaler 1.8, `autoscaling.k8s.io/v1`.

use crate::cx::{Cx, Objects};
use crate::names;
use crate::program::Program;
use crate::stores::on;
use crate::workload::rollout;
use plimsoll_source::{Sourced, Str};
use plimsoll_spec::app::platform::VpaUse;
use plimsoll_spec::app::service::Kind;
use plimsoll_spec::app::store::Run;
use plimsoll_world::{Cond, Form, Lit, ObjectForm, Scope, Unit, form};

/// A recommender for everything that keeps running.
pub fn objects(cx: &Cx, out: &mut Objects) {
    let vpa = &cx.app.platform.vpa.use_;
    let wanted = Cond::decided(vpa, |vpa| *vpa == VpaUse::Recommend);
    for service in cx.app.services.values() {
        let program = Program::service(service);
        let (group, kind) = match service.kind.peek() {
            _ if rollout::is_rollout(cx, service) => ("argoproj.io/v1alpha1", "Rollout"),
            Kind::Deployment => ("apps/v1", "Deployment"),
            Kind::StatefulSet => ("apps/v1", "StatefulSet"),
            Kind::DaemonSet => ("apps/v1", "DaemonSet"),
        };
        let because = rollout::decided(cx, service);
        let s = &Scope::new("workload/sizing").because(&because);
        let target = form!(s; { apiVersion: Lit(group), kind: Lit(kind), name: &program.name });
        let body = recommender(cx, &program.name, program.namespace, "service", target);
        let when = program.on().and(wanted.clone());
        out.push(ObjectForm::new(program.unit.clone(), when, body));
    }
    for store in cx.app.stores.values() {
        let (group, kind) = match store.run.peek() {
            Run::StatefulSet => ("apps/v1", "StatefulSet"),
            Run::Operator => ("postgresql.cnpg.io/v1", "Cluster"),
            Run::External => continue,
        };
        let s = &Scope::new("workload/sizing").because(store.run.origin());
        let target = form!(s; { apiVersion: Lit(group), kind: Lit(kind), name: &store.name });
        let body = recommender(cx, &store.name, &store.namespace, "store", target);
        let unit = Unit::Store(store.name.peek().clone());
        out.push(ObjectForm::new(unit, on(store).and(wanted.clone()), body));
    }
}

fn recommender(
    cx: &Cx,
    name: &Sourced<Str>,
    namespace: &Sourced<Str>,
    component: &'static str,
    target: Form,
) -> Form {
    let s = &Scope::new("workload/sizing");
    form!(s; {
        apiVersion: "autoscaling.k8s.io/v1",
        kind: "VerticalPodAutoscaler",
        metadata: {
            name: name,
            namespace: namespace,
            labels: names::labels(cx, name, component),
        },
        spec: { targetRef: target, updatePolicy: { updateMode: "Off" } },
    })
}
