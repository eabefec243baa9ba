//! Calls by gRPC to several pods, which stick to one of them.

use plimsoll_source::{Finding, Findings};

use super::closed_ports::opened;
use super::texts::{Program, programs};
use crate::app::platform::MeshUse;
use crate::app::port::Speaks;
use crate::app::service::Kind;
use crate::app::{App, Port, Service, Use};
use crate::rules::relations;
use crate::types::{Part, Target, TargetField};

/// Reports each such edge: nothing divides the calls of one connection.
pub fn check(app: &App, findings: &mut Findings) {
    if *app.platform.mesh.use_.peek() != MeshUse::None {
        return;
    }
    for program in programs(app) {
        for uses in program.uses.values() {
            let Target::Service(name) = &uses.target else {
                continue;
            };
            let Some(service) = app.services.get(name).filter(|service| is_many(service)) else {
                continue;
            };
            if asks_pods(&program, &uses.target) {
                continue;
            }
            if let Some(port) = spoken(service, uses) {
                let what = format!("all calls of `{}` go to one pod of `{name}`", program.name);
                let finding = Finding::new(&relations::GRPC_STICKS, what)
                    .mark_origin(uses.name.origin(), "by gRPC")
                    .mark_origin(port.speaks.origin(), "speaks grpc")
                    .mark_origin(&service.scale.replicas.origin, "several pods")
                    .help(format!(
                        "divide them in the client, with `dns:///${{{name}.pods}}:PORT` as its address, or write `platform: {{ mesh: istio }}`"
                    ));
                findings.report(finding);
            }
        }
    }
}

fn is_many(service: &Service) -> bool {
    *service.scale.replicas.max.peek() > 1 || *service.kind.peek() == Kind::DaemonSet
}

/// Whether a program asks for the pods one by one.
fn asks_pods(program: &Program, target: &Target) -> bool {
    let asks = |part: &Part| matches!(part, Part::Target { target: other, field: TargetField::Pods, .. } if other == target);
    let mut parts = program.texts.iter().flat_map(|text| &text.parts);
    parts.any(asks)
}

/// A port that the edge opens and that speaks gRPC.
fn spoken(service: &Service, uses: &Use) -> Option<Port> {
    let offered = service.offered();
    let mut opened = opened(&offered, uses).into_iter().map(|(_, port)| port);
    let speaks = |port: &&Port| *port.speaks.peek() == Speaks::Grpc;
    opened.find(speaks).cloned()
}
