//! Who may talk to whom, and how the outside comes in.

pub mod deny;
pub mod edges;
pub mod flow;
pub mod flows;
pub mod listens;
pub mod mesh;
pub mod policy;
pub mod route;
#[cfg(test)]
mod tests;

use crate::cx::{Cx, Objects};
use crate::names;
use crate::program::Program;
use flow::Flow;
use plimsoll_source::{Sourced, Str};
use plimsoll_spec::app::cluster::Cni;
use plimsoll_world::{Cond, ObjectForm, Unit};
use policy::Guarded;

/// The policy of a set of pods, and what only a dialect can say of them.
pub fn guard(
    cx: &Cx,
    unit: &Unit,
    name: &Sourced<Str>,
    namespace: &Sourced<Str>,
    component: &'static str,
    when: &Cond,
    flows: (&[Flow], &[Flow]),
    out: &mut Objects,
) {
    let selector = names::selecting(cx, name);
    let pods = Guarded {
        name,
        namespace,
        labels: names::labels(cx, name, component),
        selector: &selector,
        ingress: flows.0,
        egress: flows.1,
        because: name.origin(),
    };
    out.push(ObjectForm::new(
        unit.clone(),
        when.clone(),
        policy::portable(&pods),
    ));
    if mesh::asks(cx) {
        out.push(ObjectForm::new(
            unit.clone(),
            when.clone(),
            mesh::policy(cx, &pods),
        ));
    }
    if cx.cni() == Cni::Cilium
        && let Some(body) = policy::cilium(&pods)
    {
        out.push(ObjectForm::new(unit.clone(), when.clone(), body));
    }
}

/// The policy of a program.
pub fn of_program(cx: &Cx, program: &Program, out: &mut Objects) {
    listens::report(cx, program);
    let ingress = flows::into_program(cx, program);
    let egress = flows::out_of_program(cx, program);
    guard(
        cx,
        &program.unit,
        &program.name,
        program.namespace,
        program.component,
        &program.on(),
        (&ingress, &egress),
        out,
    );
}
