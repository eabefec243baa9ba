//! Probes: start and ready ask whether it can serve, live whether a restart would help.

use crate::program::Program;
use plimsoll_source::{Node, Origin, Sourced, Str};
use plimsoll_spec::app::{Health, OrNone, Probe};
use plimsoll_spec::types::{Check, PortRef};
use plimsoll_world::{Form, MapBuilder, Scope, form};

/// Finds a port: its number and, where it has one, its name.
pub type FindPort<'a> = &'a dyn Fn(&PortRef) -> Option<(Sourced<u16>, Option<Str>)>;

/// The probes of a program's container, to be spliced into it.
pub fn of_program(program: &Program, health: &Health) -> Form {
    of(health, &|port| {
        program
            .port(port)
            .map(|(number, name)| (number, name.cloned()))
    })
}

/// The probes of a container whose ports `find` knows.
pub fn of(health: &Health, find: FindPort) -> Form {
    let s = &Scope::new("workload/probe");
    let mut map = MapBuilder::new(s);
    for (key, probe) in [
        ("startupProbe", &health.start),
        ("readinessProbe", &health.ready),
        ("livenessProbe", &health.live),
    ] {
        match probe {
            OrNone::Some(probe) => map.put(s, key, one(probe, find)),
            OrNone::None(because) => {
                let nothing = plimsoll_world::Cond::known(false, because);
                map.put_when(s, nothing, key, || form!(s; {}));
            }
        }
    }
    map.build()
}

fn one(probe: &Probe, find: FindPort) -> Option<Form> {
    let s = &Scope::new("workload/probe").because(&probe.origin);
    let mut map = MapBuilder::new(s);
    let (key, how) = how(s, probe, find)?;
    map.put(s, key, how);
    map.splice(
        s,
        form!(s; {
            periodSeconds: probe.every.map(seconds),
            timeoutSeconds: probe.timeout.map(seconds),
            failureThreshold: &probe.fails,
            when (plimsoll_world::Cond::decided(&probe.passes, |passes| *passes != 1))
                successThreshold: &probe.passes,
        }),
    );
    Some(map.build())
}

/// Whole seconds, at least one: probes know no smaller time.
fn seconds(duration: &plimsoll_spec::types::Duration) -> i64 {
    i64::try_from(duration.millis().div_ceil(1000).max(1)).unwrap_or(i64::MAX)
}

fn how(s: &Scope, probe: &Probe, find: FindPort) -> Option<(&'static str, Form)> {
    let check = &probe.check;
    // A number that stands in the check itself is driven by it.
    let said = |port: &PortRef| match (find(port)?, port) {
        ((number, name), PortRef::Number(_)) => {
            Some((Sourced::new(*number.peek(), check.origin().clone()), name))
        }
        (found, _) => Some(found),
    };
    let at = |port: &PortRef| port_node(check, said(port)?, false);
    Some(match check.peek() {
        Check::Http { port, path } => (
            "httpGet",
            form!(s; {
                path: check.map(|_| path.clone()),
                port: at(port)?,
                httpHeaders: (!probe.headers.is_empty()).then(|| headers(s, probe)),
            }),
        ),
        Check::Tcp { port } => ("tcpSocket", form!(s; { port: at(port)? })),
        Check::Grpc { port, service } => (
            "grpc",
            form!(s; {
                port: port_node(check, said(port)?, true),
                service: service.as_ref().map(|service| check.map(|_| service.clone())),
            }),
        ),
        Check::Command(words) => (
            "exec",
            form!(s; {
                command: [for word in words => word],
            }),
        ),
    })
}

fn headers(s: &Scope, probe: &Probe) -> Form {
    form!(s; [for (name, value) in &probe.headers => { name: s.text(name.clone()), value: value }])
}

/// A port by its name where it has one; gRPC probes want the number. The check says which.
fn port_node(
    check: &Sourced<Check>,
    port: (Sourced<u16>, Option<Str>),
    number: bool,
) -> Option<Node> {
    let rule = Origin::rule("workload/probe", []).because(check.origin());
    let origin = |drives: &Origin| drives.because(check.origin());
    Some(match port {
        (_, Some(name)) if !number => Node::Text(rule, name),
        (port, _) => Node::Int(origin(port.origin()), i64::from(*port.peek())),
    })
}
