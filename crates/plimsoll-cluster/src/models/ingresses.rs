//! Ingress controllers: an Ingress of a class that is modelled gets its address.

use super::writing::{Writer, status_of, too_young};
use crate::controllers::{Controller, Key, Outcome, read};
use crate::network::data_plane;
use crate::state::State;
use crate::store::LogEntry;
use serde_json::json;

const INGRESS: &str = "networking.k8s.io/Ingress";
const WRITER: Writer = Writer("ingress-controller");
/// Time until a proxy and its address are there.
const SECONDS: i64 = 2;

/// Gives Ingresses of a modelled class their address.
#[derive(Debug)]
pub(super) struct Ingresses;

impl Controller for Ingresses {
    fn name(&self) -> &'static str {
        "ingresses"
    }

    fn interested(&mut self, entry: &LogEntry, state: &State) -> Vec<Key> {
        match &*entry.kind {
            INGRESS => vec![Key::new(&entry.namespace, &entry.name)],
            "networking.k8s.io/IngressClass" => {
                state.list(INGRESS).iter().map(|one| Key::of(one)).collect()
            }
            _ => Vec::new(),
        }
    }

    fn reconcile(&mut self, state: &mut State, key: &Key) -> Outcome {
        let Some(ingress) = state.get(INGRESS, &key.namespace, &key.name) else {
            return Outcome::Done;
        };
        let class = crate::network::ingress_class(state, &ingress);
        if class.is_none_or(|class| data_plane(read::text(&class, "/spec/controller")).is_none()) {
            return Outcome::Done;
        }
        if let Some(wait) = too_young(state, &ingress, SECONDS) {
            return wait;
        }
        let mut status = status_of(&ingress);
        status["loadBalancer"] = json!({"ingress": [{"ip": "198.51.100.5"}]});
        WRITER.status(state, &ingress, status);
        Outcome::Done
    }
}
