//! Defaults of services.

use plimsoll_source::{Entry, Node, Origin};

use super::pod::{self, has_ports};
use super::{Filler, health};
use crate::read::{Word, entries, spelled};
use crate::shape::canonical::says_none;
use crate::shape::short;
use crate::tree;
use crate::types::{Leaf, Range};

/// Fills a service.
pub fn complete(root: &Node, entry: &Entry) -> Node {
    let mut filler = Filler::new("service", &entry.value);
    pod::common(&mut filler, root);
    pod::secret_name(&mut filler, entry);
    pod::ports(&mut filler);
    let listens = has_ports(&filler.node);
    health::fill(&mut filler, None, listens);
    stop(&mut filler, listens);
    strategy(&mut filler, root);
    disruption(&mut filler);
    telemetry(&mut filler, root);
    metrics(&mut filler);
    filler.node
}

/// Behind a Service, endpoints must be forgotten before the process ends.
fn stop(filler: &mut Filler, listens: bool) {
    let (drain, grace) = if listens {
        ("10s", "40s")
    } else {
        ("0s", "30s")
    };
    let ports = filler.node.get("ports").map(|ports| ports.origin().clone());
    let ports = ports.unwrap_or_else(|| filler.origin(&["ports"]));
    filler.text_because(&["stop", "drain"], drain, &ports);
    filler.text_because(&["stop", "grace"], grace, &ports);
}

/// Text of `scale.replicas`.
fn replicas(node: &Node) -> Option<(String, Origin)> {
    let node = node.at(&["scale", "replicas"])?;
    Some((node.text()?.to_string(), node.origin().clone()))
}

/// Never two pods means that the old one goes first.
fn strategy(filler: &mut Filler, root: &Node) {
    if let Some((text, origin)) = replicas(&filler.node)
        && text == "single"
    {
        let origin = filler.origin(&["strategy"]).because(&origin);
        let recreate = short::map_of(&origin, [("recreate", short::empty(&origin))]);
        filler.value(&["strategy"], recreate);
    }
    let common = root.at(&["deliver", "strategy"]).cloned();
    let common = common.unwrap_or_else(|| {
        let origin = filler.origin(&["strategy"]);
        spelled(&crate::app::Strategy::shape(), "rolling", &origin)
    });
    filler.value(&["strategy"], common);
}

/// One pod away, or a tenth of many.
fn disruption(filler: &mut Filler) {
    let (text, origin) = replicas(&filler.node).unwrap_or_else(|| {
        let origin = filler.origin(&["scale", "replicas"]);
        ("2".to_owned(), origin)
    });
    let most = Range::parse(&text).map_or(1, |range| range.min);
    let away = match text.as_str() {
        "single" => "none",
        _ if most >= 20 => "10%",
        _ => "1",
    };
    filler.text_because(&["disruption"], away, &origin);
}

/// Every service may talk to the telemetry of the platform, if there is one.
fn telemetry(filler: &mut Filler, root: &Node) {
    let choice = root.at(&["platform", "telemetry", "use"]);
    let Some(choice) = choice.filter(|choice| choice.text().is_some_and(|text| text != "none"))
    else {
        return;
    };
    if filler.node.get("uses").is_some_and(says_none) {
        return;
    }
    let origin = Origin::rule("built-in: telemetry", []).because(choice.origin());
    let edge = Node::map(origin.clone(), []);
    let path = ["uses", "platform.telemetry"];
    filler.value(&path, edge);
    if matches!(filler.node.at(&path), Some(Node::Map(..))) {
        let optional = tree::text(&origin, "true");
        filler.value(&["uses", "platform.telemetry", "optional"], optional);
    }
}

/// Metrics are on the main port unless another is written.
fn metrics(filler: &mut Filler) {
    if !filler.has(&["metrics"]) {
        return;
    }
    let main = filler
        .node
        .get("ports")
        .and_then(|ports| entries(ports).next())
        .cloned();
    if let Some(main) = main {
        filler.text_from(&["metrics", "port"], main.key, &main.at);
    }
}
