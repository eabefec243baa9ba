//! Words of Kubernetes that no values path may hold, because nobody wrote them, and what charts say instead.

use std::collections::BTreeSet;
use std::sync::OnceLock;

/// What charts say where a field differs between environments that no line of the file names.
const SPOKEN: [(&str, &str); 9] = [
    ("egress", "outgoing"),
    ("expr", "query"),
    ("ingress", "incoming"),
    ("name", "called"),
    ("podName", "onlyPod"),
    ("pods", "mostPods"),
    ("tolerations", "taintedNodes"),
    ("values", "choices"),
    ("whenUnsatisfiable", "spreading"),
];

/// A key of an object as a step of a values path; `None` where the path says enough without it.
pub fn step(key: &str) -> Option<String> {
    let key = super::path::camel(key);
    if let Some((_, spoken)) = SPOKEN.iter().find(|(field, _)| *field == key) {
        return Some((*spoken).to_owned());
    }
    (!is_field(&key)).then_some(key)
}

/// Whether some object of Kubernetes has a field of that name.
fn is_field(key: &str) -> bool {
    static FIELDS: OnceLock<BTreeSet<String>> = OnceLock::new();
    let all = || {
        let types = plimsoll_schema::kubernetes().types();
        let fields = types.flat_map(|ty| ty.fields().iter().map(|field| field.name.to_string()));
        fields.collect()
    };
    FIELDS.get_or_init(all).contains(key)
}
