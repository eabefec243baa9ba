//! Guards in the words of Istio: who may not come in, at the Gateway.

use super::{groups, ranges};
use crate::cx::{Cx, Objects};
use crate::names;
use plimsoll_source::Str;
use plimsoll_spec::app::Route;
use plimsoll_world::{Form, ObjectForm, Scope, SeqBuilder, Unit, form};

/// A refusal of all other addresses, for the hosts and paths of each group.
pub fn objects(cx: &Cx, route: &Route, out: &mut Objects) {
    for group in groups(cx, route) {
        let allow = group.guards.allow;
        let Some(first) = allow.first() else { continue };
        let s = &Scope::new("network/route/guard").because(first.origin());
        let name = group.name.map(|name| Str::from(format!("{name}-allow")));
        let body = form!(s; {
            apiVersion: "security.istio.io/v1",
            kind: "AuthorizationPolicy",
            metadata: {
                name: &name,
                namespace: cx.main_namespace(),
                labels: names::labels(cx, &route.name, "route"),
            },
            spec: {
                targetRefs: [{
                    group: "gateway.networking.k8s.io", kind: "Gateway", name: cx.name(),
                }],
                action: "DENY",
                rules: [{
                    from: [{ source: { notRemoteIpBlocks: ranges(s, allow) } }],
                    to: [{ operation: {
                        hosts: super::super::gateway::hostnames(cx, s, route),
                        paths: group.rules.is_some().then(|| paths(s, &group)),
                    } }],
                }],
            },
        });
        let unit = Unit::Route(route.name.peek().clone());
        out.push(ObjectForm::new(
            unit,
            super::super::gateway::on(cx, route),
            body,
        ));
    }
}

/// The paths of a group as patterns.
fn paths(s: &Scope, group: &super::Group) -> Form {
    let mut list = SeqBuilder::new(s);
    for path in &group.paths {
        let (text, exact) = super::super::matched(path);
        list.push(s, text.clone());
        if !exact {
            list.push(
                s,
                text.map(|text| Str::from(format!("{}/*", text.trim_end_matches('/')))),
            );
        }
    }
    list.build()
}
