//! Defaults of platform, delivery, claims, secrets and dashboards.

use plimsoll_source::{Entry, Node, Origin};

use super::{Filler, pod};
use crate::app::{Platform, Ports};
use crate::read::{Word, spelled};
use crate::shape::Shape;
use crate::tree;

/// Fills the slots of the platform.
pub fn platform(root: &Node) -> Node {
    let mut filler = Filler::new("platform", root.get("platform").unwrap_or(&nothing()));
    let install = filler.node.get("install").cloned();
    let install = install.unwrap_or_else(|| tree::text(&filler.origin(&["install"]), "false"));
    for field in &Platform::block().fields {
        if let Shape::Block(_) = (field.shape)() {
            filler.value(&[field.key, "install"], install.clone());
        }
    }
    let gateway = filler.node.at(&["gateway", "use"]).cloned();
    let api = match gateway.as_ref().and_then(Node::text) {
        Some(text) if text == "ingress-nginx" => "ingress",
        _ => "gateway",
    };
    match &gateway {
        Some(gateway) => filler.text_because(&["gateway", "api"], api, gateway.origin()),
        None => filler.text(&["gateway", "api"], api),
    };
    if let Some(app) = root.get("app") {
        let name = app.text().cloned().unwrap_or_default();
        filler.text_from(&["secrets", "store", "name"], name, app.origin());
    }
    tree::with(root, &["platform"], filler.node)
}

/// Fills the strategy that services take.
pub fn deliver(root: &Node) -> Node {
    let mut filler = Filler::new("deliver", root.get("deliver").unwrap_or(&nothing()));
    let origin = filler.origin(&["strategy"]);
    let rolling = spelled(&crate::app::Strategy::shape(), "rolling", &origin);
    filler.value(&["strategy"], rolling);
    tree::with(root, &["deliver"], filler.node)
}

/// Fills whether dashboards are made.
pub fn observe(root: &Node) -> Node {
    let mut filler = Filler::new("observe", root.get("observe").unwrap_or(&nothing()));
    let slot = |slot: &str| root.at(&["platform", slot, "use"]).cloned();
    let none = |slot: &Option<Node>| {
        slot.as_ref()
            .and_then(Node::text)
            .is_some_and(|text| text == "none")
    };
    let (metrics, dashboards) = (slot("metrics"), slot("dashboards"));
    let drawn = if none(&metrics) || none(&dashboards) {
        "false"
    } else {
        "true"
    };
    match dashboards.or(metrics) {
        Some(slot) => filler.text_because(&["dashboards"], drawn, slot.origin()),
        None => filler.text(&["dashboards"], drawn),
    };
    tree::with(root, &["observe"], filler.node)
}

/// Fills the ports of an external.
pub fn external(_: &Node, entry: &Entry) -> Node {
    let mut filler = Filler::new("external", &entry.value);
    let origin = filler.origin(&["ports"]);
    filler.value(&["ports"], spelled(&Ports::shape(), "443", &origin));
    pod::ports(&mut filler);
    filler.node
}

/// Fills a claim.
pub fn claim(root: &Node, entry: &Entry) -> Node {
    let mut filler = Filler::new("claim", &entry.value);
    if let Some(namespace) = root.at(&["namespace", "name"]) {
        let name = namespace.text().cloned().unwrap_or_default();
        filler.text_from(&["namespace"], name, namespace.origin());
    }
    filler.node
}

/// Fills the name of a secret at the provider.
pub fn secret(root: &Node, entry: &Entry) -> Node {
    let mut filler = Filler::new("secret", &entry.value);
    let text = |key: &str| {
        root.get(key)
            .and_then(Node::text)
            .cloned()
            .unwrap_or_default()
    };
    let key = format!("{}/{}/{}", text("app"), text("env"), entry.key);
    let named = ["app", "env"].into_iter().filter_map(|key| root.get(key));
    let from = named
        .map(|node| node.origin().clone())
        .chain([entry.at.clone()]);
    filler.text_from(&["key"], key, &Origin::all(from));
    filler.node
}

fn nothing() -> Node {
    Node::map(plimsoll_source::Origin::rule("nothing", []), [])
}
