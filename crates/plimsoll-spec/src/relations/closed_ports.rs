//! Texts that name a port which their program may not reach.

use plimsoll_source::{Finding, Findings, Str};

use super::texts::programs;
use crate::app::{App, Port, Ports, Use};
use crate::rules::relations;
use crate::types::{Part, PortRef, Target, TargetField};

/// Reports `${SERVICE.ports.NAME}` where the edge opens other ports: policies cut the connection.
pub fn check(app: &App, findings: &mut Findings) {
    for program in programs(app) {
        for part in program.texts.iter().flat_map(|text| &text.parts) {
            let Part::Target {
                target,
                field: TargetField::PortNamed(port),
                origin,
            } = part
            else {
                continue;
            };
            let uses = program.uses.values().find(|uses| uses.target == *target);
            let (Some(uses), Target::Service(name)) = (uses, target) else {
                continue;
            };
            let Some(service) = app.services.get(name) else {
                continue;
            };
            let offered = service.offered();
            let opened = opened(&offered, uses);
            if !offered.all.contains_key(port) || opened.iter().any(|(open, _)| *open == port) {
                continue;
            }
            let names: Vec<&str> = opened.iter().map(|(name, _)| name.as_str()).collect();
            let all = [&names[..], &[port.as_str()]].concat().join(", ");
            let what = format!("the port `{port}` of `{name}` is not opened here");
            let finding = Finding::new(&relations::CLOSED_PORT, what)
                .mark_origin(origin, "named here")
                .mark_origin(uses.name.origin(), "opens others")
                .help(format!(
                    "write `uses: [{{ {name}: {{ ports: [{all}] }} }}]`"
                ));
            findings.report(finding);
        }
    }
}

/// The ports of a service that an edge opens.
pub fn opened<'a>(offered: &'a Ports, uses: &Use) -> Vec<(&'a Str, &'a Port)> {
    let Some(asked) = &uses.ports else {
        return offered.main().into_iter().collect();
    };
    let find = |asked: &PortRef| match asked {
        PortRef::Main => offered.main(),
        PortRef::Named(name) => offered.all.get_key_value(name),
        PortRef::Number(number) => {
            let mut ports = offered.all.iter();
            ports.find(|(_, port)| port.at.peek() == number)
        }
    };
    asked
        .iter()
        .filter_map(|asked| find(asked.peek()))
        .collect()
}
