//! A request through Ingress objects: class, certificate, rule, backend.

use super::backend::{certificate_secret, reach};
use super::request::{host_rank, host_takes};
use super::rule::literal_head;
use super::walk::stop;
use super::{
    Answer, DataPlane, Declared, Flow, ObjectRef, Party, PortRef, Protocol, Request, Stop, Walk,
    data_plane, nginx, read, service,
};
use crate::state::State;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

const INGRESS: &str = "networking.k8s.io/Ingress";
const CLASS: &str = "networking.k8s.io/IngressClass";
const DEFAULT_CLASS: &str = "ingressclass.kubernetes.io/is-default-class";

/// Answers `request` if some Ingress names its host; `None` if none does.
pub(super) fn answer(
    state: &State,
    request: &Request,
    walk: &mut Walk,
) -> Option<Result<Answer, Stop>> {
    let ingresses = state.list(INGRESS);
    let chosen = choose(&ingresses, request).or_else(|| fallback(&ingresses));
    if let Some((ingress, entry)) = chosen {
        return Some(through(state, request, walk, &ingress, &entry));
    }
    let host = |ingress: &&Arc<Value>| {
        read::items(ingress, "/spec/rules")
            .iter()
            .any(|rule| host_takes(read::text(rule, "/host"), &request.host))
    };
    let ingress = ingresses.iter().find(host)?;
    let why = format!("has no path for {}: it answers 404", request.path);
    Some(Err(stop(ObjectRef::of(ingress), why)))
}

/// Adds every request that Ingresses declare.
pub(super) fn declared(state: &State, all: &mut BTreeSet<Declared>) {
    for ingress in state.list(INGRESS) {
        for rule in read::items(&ingress, "/spec/rules") {
            let host = read::text(rule, "/host");
            for path in read::items(rule, "/http/paths")
                .iter()
                .filter(|_| !host.is_empty())
            {
                let text = path["path"].as_str().unwrap_or("/");
                let text = if path["pathType"] == "ImplementationSpecific" {
                    literal_head(text)
                } else {
                    text.to_owned()
                };
                all.insert(Declared {
                    host: host.to_owned(),
                    path: text,
                    tls: tls_secret(&ingress, host).is_some(),
                    method: None,
                    headers: BTreeMap::new(),
                    grpc: false,
                    object: ObjectRef::of(&ingress),
                });
            }
        }
    }
}

/// The class of an Ingress: named by it, or the default one.
pub(crate) fn class_of(state: &State, ingress: &Value) -> Option<Arc<Value>> {
    find_class(state, ingress).ok()
}

/// The class, or the name of the one that is missing.
fn find_class(state: &State, ingress: &Value) -> Result<Arc<Value>, String> {
    let legacy = || read::annotation(ingress, "kubernetes.io/ingress.class");
    let named = ingress
        .pointer("/spec/ingressClassName")
        .and_then(Value::as_str);
    if let Some(name) = named.or_else(legacy) {
        return state.get(CLASS, "", name).ok_or_else(|| name.to_owned());
    }
    let default = |class: &Arc<Value>| read::annotation(class, DEFAULT_CLASS) == Some("true");
    state
        .list(CLASS)
        .into_iter()
        .find(default)
        .ok_or_else(String::new)
}

/// The Ingress and the path of it that take a request.
fn choose(ingresses: &[Arc<Value>], request: &Request) -> Option<(Arc<Value>, Value)> {
    let path = request.path.split('?').next().unwrap_or_default();
    let of_host: Vec<&Arc<Value>> = ingresses
        .iter()
        .filter(|ingress| {
            let mut rules = read::items(ingress, "/spec/rules").iter();
            rules.any(|rule| host_takes(read::text(rule, "/host"), &request.host))
        })
        .collect();
    let patterns = nginx::has_patterns(&of_host);
    let mut best = None;
    for ingress in of_host {
        for rule in read::items(ingress, "/spec/rules") {
            let host = read::text(rule, "/host");
            if !host_takes(host, &request.host) {
                continue;
            }
            for entry in read::items(rule, "/http/paths")
                .iter()
                .filter(|entry| nginx::takes(entry, path, patterns))
            {
                let rank = (host_rank(host), nginx::rank(entry, patterns));
                if best.as_ref().is_none_or(|(known, _, _)| rank > *known) {
                    best = Some((rank, Arc::clone(ingress), entry.clone()));
                }
            }
        }
    }
    best.map(|(_, ingress, entry)| (ingress, entry))
}

/// An Ingress without rules that takes what nobody else does.
fn fallback(ingresses: &[Arc<Value>]) -> Option<(Arc<Value>, Value)> {
    let all = |ingress: &&Arc<Value>| {
        read::items(ingress, "/spec/rules").is_empty()
            && ingress["spec"]["defaultBackend"].is_object()
    };
    ingresses.iter().find(all).map(|ingress| {
        let entry = json!({"path": "/", "backend": ingress["spec"]["defaultBackend"]});
        (Arc::clone(ingress), entry)
    })
}

fn through(
    state: &State,
    request: &Request,
    walk: &mut Walk,
    ingress: &Value,
    entry: &Value,
) -> Result<Answer, Stop> {
    let object = ObjectRef::of(ingress);
    let (class, plane) = class_and_plane(state, walk, ingress)?;
    walk.pass(
        object.clone(),
        format!("takes {}{}", request.host, request.path),
    );
    let proxy = plane.party(state, &class, ingress);
    let port = (plane.listens)(if request.tls { 443 } else { 80 });
    let client = Party::world(request.from);
    let flow = Flow {
        from: &client,
        to: &proxy,
        port,
        protocol: Protocol::Tcp,
        host: None,
    };
    service::enter(state, walk, &flow)?;
    let certificate = tls_secret(ingress, &request.host);
    let elsewhere = nginx::redirect(ingress, entry, request);
    match (request.tls, certificate) {
        (true, Some(secret)) => certificate_secret(state, walk, read::namespace(ingress), secret)?,
        (true, None) => {
            return Err(stop(
                object,
                format!("names no certificate for {}", request.host),
            ));
        }
        (false, _) if elsewhere.is_some() => {}
        (false, Some(_)) if redirects(plane, ingress) => {
            return Ok(Answer::Redirect {
                status: 308,
                location: format!("https://{}{}", request.host, request.path),
            });
        }
        (false, _) => {}
    }
    if let Some(answer) = elsewhere {
        return Ok(answer);
    }
    if let Some(answer) = nginx::refusal(ingress, request) {
        return Ok(answer);
    }
    to_backend(state, walk, ingress, &entry["backend"], &proxy)
}

fn class_and_plane(
    state: &State,
    walk: &mut Walk,
    ingress: &Value,
) -> Result<(Arc<Value>, &'static DataPlane), Stop> {
    let class = find_class(state, ingress).map_err(|name| match name.as_str() {
        "" => stop(
            ObjectRef::of(ingress),
            "names no class, and no IngressClass is the default",
        ),
        name => stop(ObjectRef::new("IngressClass", "", name), "does not exist"),
    })?;
    let controller = read::text(&class, "/spec/controller");
    let plane = data_plane(controller).ok_or_else(|| {
        stop(
            ObjectRef::of(&class),
            format!("nobody attends to the controller {controller}"),
        )
    })?;
    walk.pass(
        ObjectRef::of(&class),
        format!("is served by {}", plane.name),
    );
    Ok((class, plane))
}

fn redirects(plane: &DataPlane, ingress: &Value) -> bool {
    plane.redirects_to_tls && nginx::said(ingress, "ssl-redirect") != Some("false")
}

fn tls_secret<'a>(ingress: &'a Value, host: &str) -> Option<&'a str> {
    let covers = |tls: &&Value| {
        let hosts = read::items(tls, "/hosts");
        hosts.is_empty()
            || hosts
                .iter()
                .filter_map(Value::as_str)
                .any(|declared| host_takes(declared, host))
    };
    read::items(ingress, "/spec/tls").iter().find(covers)?["secretName"].as_str()
}

fn to_backend(
    state: &State,
    walk: &mut Walk,
    ingress: &Value,
    backend: &Value,
    proxy: &Party,
) -> Result<Answer, Stop> {
    let name = read::text(backend, "/service/name");
    let port = match (
        backend.pointer("/service/port/number"),
        backend.pointer("/service/port/name"),
    ) {
        (Some(number), _) => number
            .as_u64()
            .and_then(|n| u16::try_from(n).ok())
            .map(PortRef::Number),
        (None, Some(name)) => name.as_str().map(|name| PortRef::Name(name.to_owned())),
        (None, None) => None,
    };
    let Some(port) = port else {
        return Err(stop(
            ObjectRef::of(ingress),
            "has a backend that is no port of a Service",
        ));
    };
    reach(state, walk, proxy, read::namespace(ingress), name, &port)
}
