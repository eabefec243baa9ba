//! A request through Gateway API objects: class, listener, certificate, route, filters, backends.

use super::backend::{certificate_secret, reach};
use super::request::{host_rank, host_takes};
use super::rule::{self, Chosen};
use super::service;
use super::walk::stop;
use super::{
    Answer, DataPlane, Flow, ObjectRef, Party, PortRef, Protocol, Request, Stop, Walk, data_plane,
    read, selector,
};
use crate::state::State;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

pub(super) const GATEWAY: &str = "gateway.networking.k8s.io/Gateway";
const CLASS: &str = "gateway.networking.k8s.io/GatewayClass";
const GRANT: &str = "gateway.networking.k8s.io/ReferenceGrant";
pub(super) const ROUTES: [&str; 2] = [
    "gateway.networking.k8s.io/GRPCRoute",
    "gateway.networking.k8s.io/HTTPRoute",
];
const GROUP: &str = "gateway.networking.k8s.io";

/// Answers `request` if some Gateway listens for its host; `None` if none does.
pub(super) fn answer(
    state: &State,
    request: &Request,
    walk: &mut Walk,
) -> Option<Result<Answer, Stop>> {
    let mut first = None;
    for gateway in state.list(GATEWAY) {
        let Some(listener) = best_listener(&gateway, request) else {
            continue;
        };
        let routes = attached(state, &gateway, listener, request);
        let chosen = rule::choose(&routes, request);
        let entrance = Entrance {
            state,
            gateway: Arc::clone(&gateway),
            listener: listener.clone(),
            request,
        };
        if let Some(chosen) = chosen {
            return Some(entrance.walk(walk, Some(&chosen)));
        }
        first.get_or_insert(entrance);
    }
    first.map(|entrance| entrance.walk(walk, None))
}

fn best_listener<'a>(gateway: &'a Value, request: &Request) -> Option<&'a Value> {
    let wanted = if request.tls { "HTTPS" } else { "HTTP" };
    let takes = |listener: &&Value| {
        listener["protocol"] == wanted
            && is_distinct(gateway, listener)
            && host_takes(read::text(listener, "/hostname"), &request.host)
    };
    let listeners = read::items(gateway, "/spec/listeners").iter().filter(takes);
    listeners.max_by_key(|listener| host_rank(read::text(listener, "/hostname")))
}

/// Whether no other listener of the Gateway has its port and host. Those that have shut each other out:
/// "Distinct Listeners" of Gateway API 1.5.
pub(crate) fn is_distinct(gateway: &Value, listener: &Value) -> bool {
    let same = |other: &&Value| {
        other["port"] == listener["port"] && other.get("hostname") == listener.get("hostname")
    };
    let listeners = read::items(gateway, "/spec/listeners").iter();
    listeners.filter(same).count() <= 1
}

/// Routes that name this listener as a parent and may.
fn attached(
    state: &State,
    gateway: &Value,
    listener: &Value,
    request: &Request,
) -> Vec<Arc<Value>> {
    let kinds = if request.grpc {
        &ROUTES[..]
    } else {
        &ROUTES[1..]
    };
    let routes = kinds.iter().flat_map(|kind| state.list(kind));
    routes
        .filter(|route| attaches(state, gateway, listener, route))
        .collect()
}

/// Whether `route` is attached to `listener` of `gateway`: it names it, and the listener lets it.
pub(crate) fn attaches(state: &State, gateway: &Value, listener: &Value, route: &Value) -> bool {
    let names = read::items(route, "/spec/parentRefs")
        .iter()
        .any(|parent| names_gateway(parent, gateway, route) && names_listener(parent, listener));
    names && allows_route(state, gateway, listener, route)
}

/// Whether a `parentRef` of `route` names this Gateway.
pub(crate) fn names_gateway(parent: &Value, gateway: &Value, route: &Value) -> bool {
    let namespace = parent["namespace"]
        .as_str()
        .unwrap_or_else(|| read::namespace(route));
    let kind = parent["kind"].as_str().unwrap_or("Gateway");
    kind == "Gateway"
        && namespace == read::namespace(gateway)
        && parent["name"] == gateway["metadata"]["name"]
}

pub(super) fn names_listener(parent: &Value, listener: &Value) -> bool {
    let section = parent
        .get("sectionName")
        .is_none_or(|section| *section == listener["name"]);
    section
        && parent
            .get("port")
            .is_none_or(|port| *port == listener["port"])
}

/// Whether the listener takes routes of this kind from this namespace.
pub(crate) fn allows_route(
    state: &State,
    gateway: &Value,
    listener: &Value,
    route: &Value,
) -> bool {
    let kinds = read::items(listener, "/allowedRoutes/kinds");
    if !kinds.is_empty() && !kinds.iter().any(|kind| kind["kind"] == route["kind"]) {
        return false;
    }
    match read::text(listener, "/allowedRoutes/namespaces/from") {
        "All" => true,
        "Selector" => {
            let party = Party::workload(state, read::namespace(route), BTreeMap::new());
            selector::matches(
                &listener["allowedRoutes"]["namespaces"]["selector"],
                &party.namespace_labels,
            )
        }
        _ => read::namespace(route) == read::namespace(gateway),
    }
}

/// Whether a reference from one namespace to another is granted there. Same namespace: always.
pub(crate) fn granted(
    state: &State,
    from: (&str, &str),
    from_namespace: &str,
    to: (&str, &str, &str),
    to_namespace: &str,
) -> bool {
    if from_namespace == to_namespace {
        return true;
    }
    state.list_in(GRANT, to_namespace).iter().any(|grant| {
        let by = read::items(grant, "/spec/from").iter();
        let mut by = by.filter(|f| {
            f["group"] == from.0 && f["kind"] == from.1 && f["namespace"] == from_namespace
        });
        let on = read::items(grant, "/spec/to").iter();
        let mut on = on.filter(|t| {
            t["group"] == to.0 && t["kind"] == to.1 && t.get("name").is_none_or(|n| n == to.2)
        });
        by.next().is_some() && on.next().is_some()
    })
}

struct Entrance<'a> {
    state: &'a State,
    gateway: Arc<Value>,
    listener: Value,
    request: &'a Request,
}

impl Entrance<'_> {
    fn walk(&self, walk: &mut Walk, chosen: Option<&Chosen>) -> Result<Answer, Stop> {
        let (class, plane) = self.class(walk)?;
        let proxy = plane.party(self.state, &class, &self.gateway);
        self.listen(walk, plane, &proxy)?;
        let Some(chosen) = chosen else {
            let why = format!(
                "no attached route takes {}{}: it answers 404",
                self.request.host, self.request.path
            );
            return Err(stop(ObjectRef::of(&self.gateway), why));
        };
        let route = &chosen.route;
        walk.pass(
            ObjectRef::of(route),
            format!("takes {}{}", self.request.host, self.request.path),
        );
        if let Some(answer) = self.filtered(walk, chosen)? {
            return Ok(answer);
        }
        let declared = read::items(&chosen.rule, "/backendRefs");
        if declared.is_empty() {
            // No valid backend and no filter that answers: "traffic MUST receive a 500".
            return Ok(Answer::Status(500));
        }
        let backends: Vec<_> = declared.iter().filter(|b| b["weight"] != 0).collect();
        if backends.is_empty() {
            let why = "every backend of the rule has the weight 0: it answers 500";
            return Err(stop(ObjectRef::of(route), why));
        }
        let mut answer = Answer::Status(500);
        for backend in backends {
            answer = self.backend(walk, route, backend, &proxy)?;
        }
        Ok(answer)
    }

    fn class(&self, walk: &mut Walk) -> Result<(Arc<Value>, &'static DataPlane), Stop> {
        let name = read::text(&self.gateway, "/spec/gatewayClassName");
        let Some(class) = self.state.get(CLASS, "", name) else {
            return Err(stop(
                ObjectRef::new("GatewayClass", "", name),
                "does not exist",
            ));
        };
        let controller = read::text(&class, "/spec/controllerName");
        let object = ObjectRef::of(&class);
        let Some(plane) = data_plane(controller) else {
            return Err(stop(
                object,
                format!("nobody attends to the controller {controller}"),
            ));
        };
        if !read::condition_is_true(&class, "Accepted") {
            return Err(stop(object, "is not accepted"));
        }
        walk.pass(object, format!("is served by {}", plane.name));
        Ok((class, plane))
    }

    fn listen(&self, walk: &mut Walk, plane: &DataPlane, proxy: &Party) -> Result<(), Stop> {
        let object = ObjectRef::of(&self.gateway);
        if !read::condition_is_true(&self.gateway, "Programmed") {
            return Err(stop(object, "is not programmed"));
        }
        let name = read::text(&self.listener, "/name");
        walk.pass(
            object.clone(),
            format!(
                "listener {name} takes {}://{}",
                self.request.scheme(),
                self.request.host
            ),
        );
        let port = self.listener["port"]
            .as_u64()
            .and_then(|p| u16::try_from(p).ok())
            .unwrap_or_default();
        let client = Party::world(self.request.from);
        let flow = Flow {
            from: &client,
            to: proxy,
            port: (plane.listens)(port),
            protocol: Protocol::Tcp,
            host: None,
        };
        service::enter(self.state, walk, &flow)?;
        if !self.request.tls {
            return Ok(());
        }
        let certificates = read::items(&self.listener, "/tls/certificateRefs");
        if certificates.is_empty() {
            return Err(stop(
                object,
                format!("listener {name} names no certificate"),
            ));
        }
        certificates
            .iter()
            .try_for_each(|certificate| self.certificate(walk, certificate))
    }

    fn certificate(&self, walk: &mut Walk, reference: &Value) -> Result<(), Stop> {
        let own = read::namespace(&self.gateway);
        let (namespace, name) = (
            reference["namespace"].as_str().unwrap_or(own),
            read::text(reference, "/name"),
        );
        if !granted(
            self.state,
            (GROUP, "Gateway"),
            own,
            ("", "Secret", name),
            namespace,
        ) {
            let why = format!("no ReferenceGrant lets Gateways of {own} use it");
            return Err(stop(ObjectRef::new("Secret", namespace, name), why));
        }
        certificate_secret(self.state, walk, namespace, name)
    }

    fn filtered(&self, walk: &mut Walk, chosen: &Chosen) -> Result<Option<Answer>, Stop> {
        let object = ObjectRef::of(&chosen.route);
        for filter in read::items(&chosen.rule, "/filters") {
            match read::text(filter, "/type") {
                "RequestRedirect" => {
                    return Ok(Some(
                        self.redirect(&filter["requestRedirect"], &chosen.prefix),
                    ));
                }
                "ExtensionRef" => {
                    if let Some(answer) =
                        self.extension(walk, &chosen.route, &filter["extensionRef"])?
                    {
                        return Ok(Some(answer));
                    }
                }
                other => walk.pass(object.clone(), format!("filter {other}")),
            }
        }
        Ok(None)
    }

    fn extension(
        &self,
        walk: &mut Walk,
        route: &Value,
        reference: &Value,
    ) -> Result<Option<Answer>, Stop> {
        let (group, kind, name) = (
            read::text(reference, "/group"),
            read::text(reference, "/kind"),
            read::text(reference, "/name"),
        );
        let namespace = read::namespace(route);
        let Some(filter) = self.state.get(&format!("{group}/{kind}"), namespace, name) else {
            return Err(stop(
                ObjectRef::new(kind, namespace, name),
                format!("does not exist, and {} names it", ObjectRef::of(route)),
            ));
        };
        walk.pass(ObjectRef::of(&filter), "filters the request");
        // Envoy Gateway's HTTPRouteFilter can answer by itself.
        let Some(direct) = filter.pointer("/spec/directResponse") else {
            return Ok(None);
        };
        let status = direct["statusCode"]
            .as_u64()
            .and_then(|code| u16::try_from(code).ok())
            .unwrap_or(200);
        Ok(Some(Answer::Status(status)))
    }

    fn redirect(&self, redirect: &Value, prefix: &str) -> Answer {
        let scheme = redirect["scheme"]
            .as_str()
            .unwrap_or_else(|| self.request.scheme());
        let host = redirect["hostname"].as_str().unwrap_or(&self.request.host);
        let port = redirect["port"]
            .as_u64()
            .filter(|port| (scheme, *port) != ("https", 443) && (scheme, *port) != ("http", 80));
        let port = port.map(|port| format!(":{port}")).unwrap_or_default();
        let path = match read::text(redirect, "/path/type") {
            "ReplaceFullPath" => read::text(redirect, "/path/replaceFullPath").to_owned(),
            "ReplacePrefixMatch" => {
                let rest = self
                    .request
                    .path
                    .strip_prefix(prefix.trim_end_matches('/'))
                    .unwrap_or_default();
                let head = read::text(redirect, "/path/replacePrefixMatch").trim_end_matches('/');
                format!("{head}{rest}")
            }
            _ => self.request.path.clone(),
        };
        let status = redirect["statusCode"]
            .as_u64()
            .and_then(|code| u16::try_from(code).ok())
            .unwrap_or(302);
        Answer::Redirect {
            status,
            location: format!("{scheme}://{host}{port}{path}"),
        }
    }

    fn backend(
        &self,
        walk: &mut Walk,
        route: &Value,
        backend: &Value,
        proxy: &Party,
    ) -> Result<Answer, Stop> {
        let own = read::namespace(route);
        let (namespace, name) = (
            backend["namespace"].as_str().unwrap_or(own),
            read::text(backend, "/name"),
        );
        let (group, kind) = (
            read::text(backend, "/group"),
            backend["kind"].as_str().unwrap_or("Service"),
        );
        let object = ObjectRef::new(kind, namespace, name);
        if !granted(
            self.state,
            (GROUP, read::text(route, "/kind")),
            own,
            (group, kind, name),
            namespace,
        ) {
            let why = format!(
                "no ReferenceGrant in {namespace} lets {} of {own} use it",
                read::text(route, "/kind")
            );
            return Err(stop(object, why));
        }
        if (group, kind) != ("", "Service") {
            return Err(stop(
                object,
                "is no Service; nobody attends to such a backend",
            ));
        }
        let Some(port) = backend["port"]
            .as_u64()
            .and_then(|port| u16::try_from(port).ok())
        else {
            return Err(stop(
                ObjectRef::of(route),
                format!("names no port of Service {name}"),
            ));
        };
        reach(
            self.state,
            walk,
            proxy,
            namespace,
            name,
            &PortRef::Number(port),
        )
    }
}
