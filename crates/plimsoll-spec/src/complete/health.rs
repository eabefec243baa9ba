//! Probes where none are written, and how patient they are.

use plimsoll_source::{Entry, Node, Origin, Str};

use super::Filler;
use crate::read::{Word, spelled};
use crate::types::{Duration, Leaf};
use crate::{app, tree};

/// The three probes.
const PROBES: [&str; 3] = ["start", "ready", "live"];

/// Fills the probes of a block whose main port answers, or whose engine says how to ask. `live`
/// never asks for dependencies.
pub fn fill(filler: &mut Filler, engine: Option<&str>, has_port: bool) {
    let heard = heard(&filler.node).filter(|_| has_port);
    let heard = heard.as_deref();
    let mut kind = filler.origin(&["health"]);
    for decision in ["ports", "engine"] {
        if let Some(decision) = filler.node.get(decision) {
            kind = kind.because(decision.origin());
        }
    }
    for probe in PROBES {
        let check = match (probe, engine) {
            ("live", Some(engine)) if has_port && !engine.starts_with('[') => heard,
            (_, Some(engine)) => Some(engine),
            (_, None) => heard,
        };
        let default = match check {
            Some(check) => spelled(&app::Probe::shape(), check, &kind),
            None => tree::text(&kind, "none"),
        };
        filler.value(&["health", probe], default);
        let written = filler.node.at(&["health", probe]).cloned();
        if let Some(written @ Node::Map(..)) = written {
            let filled = patience(&written, probe, check, &kind);
            filler.node = tree::with(&filler.node, &["health", probe], filled);
        }
    }
}

/// How to ask whether something listens: at the main port, or at the first that speaks TCP. What listens
/// for UDP alone cannot be asked so.
fn heard(node: &Node) -> Option<Str> {
    let ports = node.get("ports").map(Node::entries).unwrap_or_default();
    let speaks_tcp = |port: &&Entry| {
        let protocol = port.value.get("protocol").and_then(Node::text);
        !port.value.is_null() && protocol.is_none_or(|protocol| protocol == "tcp")
    };
    let mut there = ports.iter().filter(|port| !port.value.is_null());
    let main = there.next()?;
    if speaks_tcp(&main) {
        return Some("tcp".into());
    }
    let first = there.find(speaks_tcp)?;
    Some(format!("tcp:{}", first.key).into())
}

/// Fills how often a probe asks and how long it waits.
fn patience(probe: &Node, which: &str, check: Option<&str>, kind: &Origin) -> Node {
    let check_node = check.map(|check| spelled(&app::Probe::shape(), check, kind));
    let check_node = check_node
        .as_ref()
        .and_then(|node| node.get("check"))
        .cloned();
    let mut filler = Filler::new("probe", probe);
    if let Some(check) = check_node {
        filler.value(&["check"], check);
    }
    let decided = filler.node.get("check").map(|check| check.origin().clone());
    let is_command = matches!(filler.node.get("check"), Some(Node::Seq(..)));
    let every = if which == "start" { "2s" } else { "10s" };
    filler.text(&["every"], every);
    let timeout = if is_command { "5s" } else { "2s" };
    match &decided {
        Some(decided) => filler.text_because(&["timeout"], timeout, decided),
        None => filler.text(&["timeout"], timeout),
    };
    if which != "start" {
        filler.text(&["fails"], "3");
        return filler.node;
    }
    if filler.has(&["fails"]) {
        return filler.node;
    }
    let within = filler.node.get("within").cloned();
    let within = within.unwrap_or_else(|| tree::text(&filler.origin(&["within"]), "2m"));
    let tries = tries(&within, filler.node.get("every"));
    let from = [Some(&within), filler.node.get("every")];
    let from = from.into_iter().flatten().map(|node| node.origin().clone());
    let origin = Origin::rule("default: probe.fails", from);
    filler.value(&["fails"], Node::Text(origin, tries));
    filler.node
}

/// `within` / `every`, rounded up.
fn tries(within: &Node, every: Option<&Node>) -> Str {
    let millis = |node: &Node| {
        let text = node.text()?;
        Duration::parse(text).ok().map(|duration| duration.millis())
    };
    let (within, every) = (millis(within), every.and_then(millis));
    match (within, every) {
        (Some(within), Some(every)) if every > 0 => {
            within.div_ceil(every).max(1).to_string().into()
        }
        _ => "60".into(),
    }
}
