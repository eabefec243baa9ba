//! What Gateways and Ingresses share: the Secret of a certificate, and the way from a proxy to pods.

use super::service::{self, Behind};
use super::walk::stop;
use super::{Answer, ObjectRef, Party, PortRef, Stop, Walk, read};
use crate::state::State;

/// Checks the Secret of a listener's certificate.
pub(super) fn certificate_secret(
    state: &State,
    walk: &mut Walk,
    namespace: &str,
    name: &str,
) -> Result<(), Stop> {
    let object = ObjectRef::new("Secret", namespace, name);
    let Some(secret) = state.get("Secret", namespace, name) else {
        return Err(stop(object, "does not exist: no certificate"));
    };
    if secret["type"] != "kubernetes.io/tls" {
        return Err(stop(
            object,
            format!(
                "has the type {}, not kubernetes.io/tls",
                read::text(&secret, "/type")
            ),
        ));
    }
    for key in ["tls.crt", "tls.key"] {
        if secret["data"][key].as_str().is_none_or(str::is_empty) {
            return Err(stop(object, format!("has no {key}")));
        }
    }
    walk.pass(object, "holds the certificate");
    Ok(())
}

/// From a proxy to every ready pod of a Service port; the walk shows the first.
pub(super) fn reach(
    state: &State,
    walk: &mut Walk,
    from: &Party,
    namespace: &str,
    name: &str,
    port: &PortRef,
) -> Result<Answer, Stop> {
    match service::behind(state, walk, namespace, name, port)? {
        Behind::Name(outside) => Ok(Answer::Outside(outside)),
        Behind::Pods(pods, protocol) => {
            let mut shown: Option<Answer> = None;
            for (pod, port) in &pods {
                let mut way = Walk::default();
                service::deliver(state, &mut way, from, pod, *port, protocol)?;
                if shown.is_none() {
                    walk.steps.append(&mut way.steps);
                    shown = Some(Answer::Pod(ObjectRef::of(pod)));
                }
            }
            shown.ok_or_else(|| {
                stop(
                    ObjectRef::new("Service", namespace, name),
                    "has no ready endpoint",
                )
            })
        }
    }
}
