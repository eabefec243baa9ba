//! Edges to a service on which nothing listens.

use super::flows;
use crate::cx::Cx;
use crate::program::Program;
use plimsoll_source::{Finding, Level, Origin, Rule, Sourced};
use plimsoll_spec::app::Service;
use plimsoll_spec::types::{PortRef, Target};
use plimsoll_world::Unit;

/// The bad pattern.
pub static NOTHING_LISTENS: Rule = Rule {
    code: "PL0442",
    name: "nothing-listens",
    level: Level::Error,
    consequence: "there is no Service and no open port: every call to it fails",
    docs: "`uses` opens the ports of a service for who uses it, `callers` for who is not in this file. A \
           service without `ports` is a worker: it has no Service and no address. Give it `ports`, or \
           take the edge away. `callers` that a service has from `defaults` or from what it is `like` are \
           passed over.",
};

/// Reports the edges of a program, and who calls it, where nothing listens.
pub fn report(cx: &Cx, program: &Program) {
    for uses in program.uses.values() {
        let Target::Service(name) = &uses.target else {
            continue;
        };
        let Some(service) = cx.app.services.get(name) else {
            continue;
        };
        if is_closed(service, uses.ports.as_deref()) {
            nobody(cx, service, &uses.origin, Level::Error);
        }
    }
    if let Unit::Service(name) = &program.unit
        && let Some(service) = cx.app.services.get(name)
    {
        let closed = service.callers.values().filter(|caller| {
            is_closed(service, caller.ports.as_deref())
                && is_own(cx, service, caller.caller.origin())
        });
        for caller in closed {
            nobody(cx, service, caller.caller.origin(), Level::Warning);
        }
    }
}

/// Whether an edge opens nothing because there is nothing: a port of a name that is not there is a finding
/// elsewhere.
fn is_closed(service: &Service, asked: Option<&[Sourced<PortRef>]>) -> bool {
    service.offered().all.is_empty() && flows::of_service(service, asked).is_empty()
}

/// Whether a service names a caller itself: no other has it from the same place, and the name of no other
/// service stands nearer above it.
fn is_own(cx: &Cx, service: &Service, origin: &Origin) -> bool {
    let Some(place) = origin.place() else {
        return false;
    };
    let others = || {
        let all = cx.app.services.values();
        all.filter(|other| !std::ptr::eq(*other, service))
    };
    let above = |service: &Service| {
        let names = service.origin.touched().into_iter();
        let names = names.filter(|name| name.file == place.file && name.start <= place.start);
        names.map(|name| name.start).max()
    };
    let shared = others().any(|other| {
        let mut callers = other.callers.values();
        callers.any(|caller| caller.caller.place() == Some(place))
    });
    !shared && others().all(|other| above(other) <= above(service)) && above(service).is_some()
}

fn nobody(cx: &Cx, service: &Service, origin: &Origin, level: Level) {
    let name = service.name.peek();
    let mut finding = Finding::new(
        &NOTHING_LISTENS,
        format!("`{name}` has no ports: nothing listens"),
    );
    finding.level = level;
    cx.report(
        finding
            .mark_origin(origin, "leads there")
            .mark_origin(&service.ports.origin, "without ports")
            .help(format!(
                "write `ports: 8080` in `services.{name}`, or take this away"
            ))
            .about(format!("NetworkPolicy/{name}")),
    );
}
