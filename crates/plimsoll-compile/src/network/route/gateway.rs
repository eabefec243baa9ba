//! Routes by Gateway API: one Gateway for the application, a listener for each host.
//!
//! Source: Gateway API 1.5, standard channel.

use super::{Backed, backed, certificate, grpc, http, issuer, listener};
use crate::cx::{Cx, Objects};
use crate::names;
use crate::network::flow::{Flow, Peer, PodPort};
use crate::network::flows;
use crate::network::policy::{self, Guarded};
use plimsoll_source::{Node, Origin, Sourced, Str};
use plimsoll_spec::app::Route;
use plimsoll_spec::app::platform::GatewayUse;
use plimsoll_spec::app::route::TlsKind;
use plimsoll_world::{
    Cond, Expr, Form, Fragment, Lit, MapBuilder, ObjectForm, Role, Scope, SeqBuilder, Unit, Var,
    form,
};

/// The Gateway, its routes and redirects, and what lets routes reach other namespaces.
pub fn objects(cx: &Cx, out: &mut Objects) {
    out.push(gateway(cx));
    data_plane(cx, out);
    super::guard::of_gateway(cx, out);
    for route in cx.app.routes.values() {
        routes(cx, route, out);
    }
}

/// Whether any route is there.
pub(super) fn any(cx: &Cx) -> Cond {
    let none = Cond::known(false, &Origin::rule("network/route/gateway", []));
    cx.app
        .routes
        .values()
        .fold(none, |any, route| any.or(on(cx, route)))
}

/// Where the data plane runs beside us, the default policy cuts it too: the outside may come, and it
/// may go to the backends and to its control plane.
fn data_plane(cx: &Cx, out: &mut Objects) {
    let gateway = &cx.app.platform.gateway.use_;
    let (control, port) = match gateway.peek() {
        GatewayUse::Istio => ("istio-system", 15012),
        GatewayUse::NginxFabric => ("nginx-gateway", 8443),
        _ => return,
    };
    let because = gateway.origin();
    let selector = vec![("gateway.networking.k8s.io/gateway-name".into(), cx.name())];
    let ingress = [Flow::new(
        Peer::Anyone,
        vec![PodPort::tcp(80), PodPort::tcp(443)],
        because,
    )];
    let mut egress = flows::out_of_gateway(cx);
    egress.push(Flow::new(
        Peer::Namespace(Sourced::rule("network/route/gateway", control.into())),
        vec![PodPort::tcp(port)],
        because,
    ));
    let name = cx.name().map(|name| Str::from(format!("{name}-gateway")));
    let pods = Guarded {
        name: &name,
        namespace: cx.main_namespace(),
        labels: names::labels(cx, &name, "gateway"),
        selector: &selector,
        ingress: &ingress,
        egress: &egress,
        because,
    };
    let when = Cond::known(true, because);
    out.push(ObjectForm::new(Unit::Shared, when, policy::portable(&pods)));
}

pub(super) fn on(cx: &Cx, route: &Route) -> Cond {
    // A list of hosts may be empty: then the route waits for some.
    Cond::on(&route.enabled).and(Cond::Truthy(listener::hosts_of(cx, route)))
}

/// The hosts of a route as the word that turns them.
pub fn hosts(route: &Route) -> Expr {
    use std::sync::Arc;
    let list = route
        .hosts
        .peek()
        .iter()
        .map(|host| Node::Text(host.origin().clone(), host.peek().clone()));
    let value = Node::seq(route.hosts.origin().clone(), list.collect::<Vec<_>>());
    Expr::Val(Arc::new(plimsoll_world::Param {
        handle: route.hosts.handle().clone(),
        value,
    }))
}

/// The class: the file's, else the component's.
pub fn class(cx: &Cx) -> Expr {
    let gateway = &cx.app.platform.gateway;
    let default = gateway.use_.map(|use_| match use_ {
        GatewayUse::Envoy => "envoy",
        GatewayUse::Cilium => "cilium",
        GatewayUse::Istio => "istio",
        GatewayUse::Traefik => "traefik",
        GatewayUse::NginxFabric | GatewayUse::IngressNginx => "nginx",
        GatewayUse::None => "",
    });
    Expr::call(
        plimsoll_world::Op::Default,
        [Expr::from(&gateway.class), Expr::from(&default)],
    )
}

fn gateway(cx: &Cx) -> ObjectForm {
    let s = &Scope::new("network/route/gateway");
    let name = cx.name();
    let mut annotations = MapBuilder::new(s);
    let auto = cx
        .app
        .routes
        .values()
        .any(|route| *route.tls.kind.peek() == TlsKind::Auto);
    if let Some((key, value)) = issuer::annotation(cx).filter(|_| auto) {
        annotations.put(s, key, value);
    }
    let body = form!(s; {
        apiVersion: "gateway.networking.k8s.io/v1",
        kind: "Gateway",
        metadata: {
            name: &name,
            namespace: cx.main_namespace(),
            labels: names::labels(cx, &name, "gateway"),
            annotations: Fragment(annotations.build()),
        },
        spec: { gatewayClassName: class(cx), listeners: listener::all(cx, s) },
    });
    ObjectForm::new(Unit::Shared, any(cx), body).role(Role::Route)
}

/// The objects of one route: by namespace of the backends, so that most need no grant.
fn routes(cx: &Cx, route: &Route, out: &mut Objects) {
    let unit = Unit::Route(route.name.peek().clone());
    let found: Vec<Backed> = route
        .paths
        .values()
        .filter_map(|path| backed(cx, path))
        .collect();
    let home = home(cx, &found);
    let body = if grpc::is_spoken(cx, route) {
        Some(grpc::route(cx, route, &home))
    } else {
        http::route(cx, route, &home)
    };
    if let Some(body) = body {
        out.push(ObjectForm::new(unit.clone(), on(cx, route), body).role(Role::Route));
    }
    let redirects = Cond::decided(&route.redirect, |redirect| *redirect)
        .and(Cond::decided(&route.tls.kind, |kind| {
            *kind != TlsKind::None
        }));
    out.push(
        ObjectForm::new(
            unit.clone(),
            on(cx, route).and(redirects),
            redirect(cx, route),
        )
        .role(Role::Route),
    );
    grants(cx, route, &home, &found, &unit, out);
    super::guard::objects(cx, route, &home, out);
}

/// A route lives with its first backend of ours.
pub(super) fn home(cx: &Cx, found: &[Backed]) -> Sourced<Str> {
    let ours = |backed: &&Backed| {
        cx.lived_in
            .iter()
            .any(|(name, _)| name.peek() == backed.namespace.peek())
    };
    let first = found.iter().find(ours);
    first.map_or_else(
        || cx.main_namespace().clone(),
        |backed| backed.namespace.clone(),
    )
}

pub(super) fn parents(cx: &Cx, route: &Route, section: Option<&str>) -> Form {
    let s = &Scope::new("network/route/gateway");
    let name = match &route.gateway {
        Some(gateway) => gateway.clone(),
        None => cx.name(),
    };
    let mut list = SeqBuilder::new(s);
    match section {
        None if certificate(route).is_some() => return listener::references(cx, s, &name, route),
        section => list.push(
            s,
            form!(s; {
                name: &name,
                namespace: cx.main_namespace(),
                sectionName: s.text(section.unwrap_or("http")),
            }),
        ),
    }
    list.build()
}

pub(super) fn hostnames(cx: &Cx, s: &Scope, route: &Route) -> Form {
    let mut list = SeqBuilder::new(s);
    let hosts = listener::hosts_of(cx, route);
    list.each(hosts, Form::Expr(Expr::Var(Var::Item)));
    list.build()
}

pub(super) fn metadata(
    cx: &Cx,
    route: &Route,
    name: Sourced<Str>,
    namespace: &Sourced<Str>,
) -> Form {
    let s = &Scope::new("network/route/gateway").because(&route.origin);
    let mut labels = MapBuilder::new(s);
    labels.splice(s, names::labels(cx, &route.name, "route"));
    for (key, value) in &route.labels {
        labels.put(s, key.clone(), value);
    }
    let mut annotations = MapBuilder::new(s);
    for (key, value) in &route.annotations {
        annotations.put(s, key.clone(), value);
    }
    form!(s; {
        name: name,
        namespace: namespace,
        labels: labels.build(),
        annotations: Fragment(annotations.build()),
    })
}

/// HTTP is sent to HTTPS.
fn redirect(cx: &Cx, route: &Route) -> Form {
    let s = &Scope::new("network/route/redirect").because(route.redirect.origin());
    let name = route.name.map(|name| Str::from(format!("{name}-redirect")));
    form!(s; {
        apiVersion: "gateway.networking.k8s.io/v1",
        kind: "HTTPRoute",
        metadata: metadata(cx, route, name, cx.main_namespace()),
        spec: {
            parentRefs: parents(cx, route, Some("http")),
            hostnames: hostnames(cx, s, route),
            rules: [{ filters: [{
                type: "RequestRedirect",
                requestRedirect: { scheme: "https", statusCode: 301 },
            }] }],
        },
    })
}

/// A namespace lets routes of another reach its Services only if it says so.
fn grants(
    cx: &Cx,
    route: &Route,
    home: &Sourced<Str>,
    found: &[Backed],
    unit: &Unit,
    out: &mut Objects,
) {
    let mut granted: Vec<&Str> = Vec::new();
    let kind = grpc::kind(cx, route);
    for backed in found
        .iter()
        .filter(|backed| backed.namespace.peek() != home.peek())
    {
        if granted.contains(&backed.namespace.peek()) {
            continue;
        }
        granted.push(backed.namespace.peek());
        let s = &Scope::new("network/route/grant").because(&backed.path.origin);
        let name = route
            .name
            .zip(home, |route, home| Str::from(format!("{home}-{route}")));
        let body = form!(s; {
            apiVersion: "gateway.networking.k8s.io/v1beta1",
            kind: "ReferenceGrant",
            metadata: {
                name: &name,
                namespace: &backed.namespace,
                labels: names::labels(cx, &route.name, "route"),
            },
            spec: {
                from: [{ group: "gateway.networking.k8s.io", kind: Lit(kind), namespace: home }],
                to: [{ group: "", kind: "Service" }],
            },
        });
        out.push(ObjectForm::new(unit.clone(), on(cx, route), body));
    }
}
