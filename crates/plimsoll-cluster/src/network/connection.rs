//! A connection from inside the cluster: name, policies of both ends, Service, endpoints, a ready pod.

use super::backend::reach;
use super::service;
use super::walk::stop;
use super::{Answer, Flow, Identity, ObjectRef, Party, PortRef, Protocol, Stop, Walk, read};
use crate::state::State;
use serde_json::Value;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

/// Some address that is public; stands for a name outside the cluster.
const PUBLIC: IpAddr = IpAddr::V4(Ipv4Addr::new(9, 9, 9, 9));

/// Whom to call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A Service by name.
    Service {
        /// Its namespace.
        namespace: String,
        /// Its name.
        name: String,
        /// Its port.
        port: PortRef,
    },
    /// A host name as configuration holds it: short, with namespace, full, of a StatefulSet's pod, or outside.
    Host {
        /// The name.
        name: String,
        /// The port.
        port: u16,
    },
    /// A pod by its address.
    Pod {
        /// Its namespace.
        namespace: String,
        /// Its name.
        name: String,
        /// Port of a container.
        port: u16,
        /// Transport.
        protocol: Protocol,
    },
    /// Something outside the cluster.
    Outside {
        /// The name it was found by, if any.
        host: Option<String>,
        /// Its address.
        address: IpAddr,
        /// The port.
        port: u16,
        /// Transport.
        protocol: Protocol,
    },
    /// The API server, by its Service in `default`.
    ApiServer,
}

/// Walks one connection from `from` to `to`.
pub fn connection(state: &State, from: &Party, to: &Target) -> Walk {
    let mut walk = Walk::default();
    let outcome = connect(state, &mut walk, from, to);
    walk.end(outcome)
}

/// Walks a name look-up: the cluster's DNS by UDP and by TCP.
pub fn dns(state: &State, from: &Party) -> Walk {
    let mut walk = Walk::default();
    let outcome = look_up(state, &mut walk, from);
    walk.end(outcome)
}

fn connect(state: &State, walk: &mut Walk, from: &Party, to: &Target) -> Result<Answer, Stop> {
    match to {
        Target::Service {
            namespace,
            name,
            port,
        } => {
            look_up(state, walk, from)?;
            reach(state, walk, from, namespace, name, port)
        }
        Target::Host { name, port } => {
            look_up(state, walk, from)?;
            to_host(state, walk, from, name.trim_end_matches('.'), *port)
        }
        Target::Pod {
            namespace,
            name,
            port,
            protocol,
        } => {
            let pod = state
                .get("Pod", namespace, name)
                .ok_or_else(|| stop(ObjectRef::new("Pod", namespace, name), "does not exist"))?;
            service::deliver(state, walk, from, &pod, *port, *protocol)?;
            Ok(Answer::Pod(ObjectRef::of(&pod)))
        }
        Target::Outside {
            host,
            address,
            port,
            protocol,
        } => {
            if host.is_some() {
                look_up(state, walk, from)?;
            }
            outside(
                state,
                walk,
                from,
                host.as_deref(),
                *address,
                *port,
                *protocol,
            )
        }
        Target::ApiServer => {
            look_up(state, walk, from)?;
            to_api_server(state, walk, from)
        }
    }
}

fn outside(
    state: &State,
    walk: &mut Walk,
    from: &Party,
    host: Option<&str>,
    address: IpAddr,
    port: u16,
    protocol: Protocol,
) -> Result<Answer, Stop> {
    let to = Party::world(address);
    service::leave(
        state,
        walk,
        &Flow {
            from,
            to: &to,
            port,
            protocol,
            host,
        },
    )?;
    Ok(Answer::Outside(
        host.map_or_else(|| address.to_string(), str::to_owned),
    ))
}

fn to_host(
    state: &State,
    walk: &mut Walk,
    from: &Party,
    name: &str,
    port: u16,
) -> Result<Answer, Stop> {
    match resolve(state, &from.namespace, name) {
        Found::Service { namespace, name } => {
            reach(state, walk, from, &namespace, &name, &PortRef::Number(port))
        }
        Found::Pod(pod) => {
            service::deliver(state, walk, from, &pod, port, Protocol::Tcp)?;
            Ok(Answer::Pod(ObjectRef::of(&pod)))
        }
        Found::Outside => outside(state, walk, from, Some(name), PUBLIC, port, Protocol::Tcp),
        Found::Nothing(object) => Err(stop(
            object,
            format!("does not exist, so {name} is no name"),
        )),
    }
}

enum Found {
    Service { namespace: String, name: String },
    Pod(Arc<Value>),
    Outside,
    Nothing(ObjectRef),
}

/// Resolves a name as a pod of `namespace` does, by the search path of `ClusterFirst`.
fn resolve(state: &State, namespace: &str, name: &str) -> Found {
    let bare = name.strip_suffix(".cluster.local").unwrap_or(name);
    let inside = bare.strip_suffix(".svc");
    let labels: Vec<_> = inside.unwrap_or(bare).split('.').collect();
    match (labels.as_slice(), inside.is_some()) {
        ([service], false) => service_or_nothing(state, namespace, service),
        ([service, other], true) => service_or_nothing(state, other, service),
        ([service, other], false) if state.get("Namespace", "", other).is_some() => {
            service_or_nothing(state, other, service)
        }
        ([host, service, other], true) => pod_of_service(state, other, service, host),
        ([host, service, other], false) if state.get("Service", other, service).is_some() => {
            pod_of_service(state, other, service, host)
        }
        ([host, service], false) if state.get("Service", namespace, service).is_some() => {
            pod_of_service(state, namespace, service, host)
        }
        (_, false) => Found::Outside,
        (_, true) => Found::Nothing(ObjectRef::new("Service", namespace, bare)),
    }
}

fn service_or_nothing(state: &State, namespace: &str, name: &str) -> Found {
    match state.get("Service", namespace, name) {
        Some(_) => Found::Service {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
        },
        None => Found::Nothing(ObjectRef::new("Service", namespace, name)),
    }
}

/// A pod has a name of its own if its `hostname` is that, and its `subdomain` a headless Service.
fn pod_of_service(state: &State, namespace: &str, service: &str, host: &str) -> Found {
    let headless = state
        .get("Service", namespace, service)
        .is_some_and(|s| s["spec"]["clusterIP"] == "None");
    if !headless {
        return Found::Nothing(ObjectRef::new("Service", namespace, service));
    }
    let named =
        |pod: &Arc<Value>| pod["spec"]["hostname"] == host && pod["spec"]["subdomain"] == service;
    let pod = state.list_in("Pod", namespace).into_iter().find(named);
    pod.map_or_else(
        || Found::Nothing(ObjectRef::new("Pod", namespace, host)),
        Found::Pod,
    )
}

fn look_up(state: &State, walk: &mut Walk, from: &Party) -> Result<Answer, Stop> {
    if from.identity != Identity::Pod {
        return Ok(Answer::Outside("the resolver of the node".to_owned()));
    }
    let is_dns = |service: &Arc<Value>| {
        let label = |key: &str| {
            service["metadata"]["labels"]
                .get(key)
                .and_then(Value::as_str)
        };
        label("k8s-app") == Some("kube-dns")
            || label("dns.operator.openshift.io/owning-dns") == Some("default")
    };
    let Some(service) = state.list("Service").into_iter().find(is_dns) else {
        return Err(stop(
            ObjectRef::new("Service", "kube-system", "kube-dns"),
            "does not exist: no name can be looked up",
        ));
    };
    let mut answer = None;
    for port in read::items(&service, "/spec/ports")
        .iter()
        .filter(|port| port["port"] == 53)
    {
        let port = PortRef::Name(read::text(port, "/name").to_owned());
        let mut way = Walk::default();
        answer = Some(reach(
            state,
            &mut way,
            from,
            read::namespace(&service),
            read::name(&service),
            &port,
        )?);
    }
    let object = ObjectRef::of(&service);
    let Some(answer) = answer else {
        return Err(stop(object, "has no port 53"));
    };
    walk.pass(object, "answers names by UDP and TCP");
    Ok(answer)
}

fn to_api_server(state: &State, walk: &mut Walk, from: &Party) -> Result<Answer, Stop> {
    let object = ObjectRef::new("Service", "default", "kubernetes");
    let Some(slice) = state.get("discovery.k8s.io/EndpointSlice", "default", "kubernetes") else {
        return Err(stop(object, "has no endpoint"));
    };
    let Ok(address) = read::text(&slice, "/endpoints/0/addresses/0").parse() else {
        return Err(stop(ObjectRef::of(&slice), "has no address"));
    };
    let port = slice
        .pointer("/ports/0/port")
        .and_then(Value::as_u64)
        .and_then(|port| u16::try_from(port).ok());
    let to = Party::api_server(Some(address));
    let flow = Flow {
        from,
        to: &to,
        port: port.unwrap_or(6443),
        protocol: Protocol::Tcp,
        host: None,
    };
    service::leave(state, walk, &flow)?;
    walk.pass(object, "leads to the API server");
    Ok(Answer::Outside("the API server".to_owned()))
}
